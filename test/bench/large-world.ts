/** A controller after years: a ledger with very many receipts, and a source in which very many tasks are held. */
import type { ControllerStatus } from '../../src/controller/status.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { collectDesired, type Desired } from '../../src/manifest/collect.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import type { Decision } from '../../src/plan/decision.ts';
import type { Origin } from '../../src/plan/facts.ts';
import { loadPolicies, type PolicySet } from '../../src/policy/policy-set.ts';
import { Watched } from '../http/watched.ts';
import { claimed, issued, Ledger, settled } from '../ledger/events.ts';

export interface Size {
  readonly receipts: number;
  readonly held: number;
}

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
const windowsMax = 20;
const devicesMax = 8_000;
const batchSize = 40;
/** Tasks that run, and of a hundred that have ended those that have failed. */
const flyingMax = 200;
const failedPercent = 2;
const fleets = ['lab', 'sea'] as const;
const beginMs = Date.parse('2020-01-01T00:00:00Z');
const nowMs = Date.parse('2026-11-23T12:00:00Z');

const fleetOf = (index: number): string => fleets[index % fleets.length] ?? 'lab';
const deviceOf = (index: number): string => `smd-${String(index % devicesMax).padStart(14, '0')}`;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A year of a name that is asked for five times, each time as another revision. */
function lifeOf(index: number, size: Size): LedgerEvent[] {
  const token = index.toString(16).padStart(64, '0');
  const device = deviceOf(index);
  const at = new Date(beginMs + index * 60_000).toISOString();
  const isFlying = index >= size.receipts - flyingMax;
  const name = isFlying ? `reboot-now-${index}` : `reboot-${Math.floor(index / 10)}`;
  const base = { token, fleet: fleetOf(index), name, at };
  const taskId = `st-${index}`;
  const state = index % 100 < failedPercent ? 'FAILED' : 'SUCCEEDED';
  const request = claimed().request;
  const asked =
    request === undefined ? {} : { request: { ...request, clientToken: token, targets: [device] } };
  const begun: LedgerEvent[] = [claimed({ ...base, ...asked }), issued({ ...base, taskId })];
  if (isFlying) return begun;
  const executions = [{ device, state, executionId: `ex-${index}` }];
  const outcome = state === 'FAILED' ? ('failed' as const) : ('succeeded' as const);
  return [...begun, settled({ ...base, executions, outcome })];
}

function makeLedger(size: Size): Ledger {
  const ledger = new Ledger();
  for (let first = 0; first < size.receipts; first += batchSize) {
    const events: LedgerEvent[] = [];
    for (let index = first; index < Math.min(first + batchSize, size.receipts); index += 1)
      events.push(...lifeOf(index, size));
    ledger.write(...events);
  }
  return ledger;
}

function makeDesired(size: Size): Desired {
  const files = Array.from({ length: size.held }, (_, index) => {
    const text = `apiVersion: snowgate/v1
kind: Task
metadata:
  name: unlock-${index}
  labels: {site: aurora}
  annotations: {change: CHG${index}, reason: customs inspection}
spec:
  fleet: ${fleetOf(index)}
  command: unlock
  targets: [${deviceOf(index)}]
  description: Unlock after customs inspection
`;
    const parsed = parseManifestFile(encode(text), limits);
    return { path: `tasks/${fleetOf(index)}/unlock-${index}.yaml`, blob: 'a'.repeat(40), parsed };
  });
  return collectDesired(files.sort((a, b) => (a.path < b.path ? -1 : 1)));
}

function makePolicies(): PolicySet {
  const texts = Array.from(
    { length: windowsMax },
    (_, index) => `apiVersion: snowgate/v1
kind: Window
metadata: {name: nights-${index}}
spec: {timeZone: Europe/Oslo, open: [{start: "0 ${index} * * *", duration: 3h}], cutoff: 15m}
---
apiVersion: snowgate/v1
kind: Policy
metadata: {name: p${index}}
spec:
  match: {commands: [unlock]}
  rules: [{name: window, window: nights-${index}}]
`,
  );
  const content = { kind: 'bytes', bytes: encode(texts.join('---\n')) } as const;
  const set = loadPolicies([{ path: 'policies/all.yaml', blob: 'f'.repeat(40), content }], limits);
  if (set.problems.length > 0) throw new Error(JSON.stringify(set.problems[0]));
  return set;
}

function makeDecisions(desired: Desired): Decision[] {
  return [...desired.tasks].map(([key, { manifest }], index) => {
    const rules = [index % windowsMax, (index + 7) % windowsMax];
    return {
      key,
      fleet: manifest.fleet,
      name: manifest.name,
      token: manifest.token,
      action: 'hold',
      untilMs: nowMs + 3_600_000,
      reasons: rules.map((rule) => ({
        code: 'SG6300',
        message: `p${rule}/window: nights-${rule} is closed until 2026-11-24T00:00:00Z for ${deviceOf(index)}`,
        policy: `p${rule}`,
        rule: 'window',
        place: { path: 'policies/all.yaml', line: 12, column: 5 },
        endedBy: 'time',
      })),
    };
  });
}

function makeOrigins(desired: Desired): Map<string, Origin> {
  const origin = (position: number): Origin => ({
    position,
    introducedMs: nowMs - position * 1_000,
    introduced: null,
    changed: null,
    touchesPolicies: false,
  });
  return new Map([...desired.tasks.values()].map(({ manifest }, index) => [manifest.token, origin(index)]));
}

/** A controller of that size. What it tells is made up; what it tells it with is not. */
export class LargeWorld {
  readonly watched = new Watched();
  readonly #ledger: Ledger;
  readonly #size: Size;
  #fixed: ControllerStatus;
  #passes = 1;
  #atMs = nowMs;
  #grown = 0;

  constructor(size: Size) {
    const desired = makeDesired(size);
    const decisions = makeDecisions(desired);
    this.#size = size;
    this.#ledger = makeLedger(size);
    const plain = this.watched.status();
    this.#fixed = {
      ...plain,
      atMs: nowMs,
      view: this.#ledger.view,
      desired,
      decisions,
      origins: makeOrigins(desired),
      policySet: makePolicies(),
      fleets: plain.fleets.map((fleet) => ({
        ...fleet,
        devices: new Set(Array.from({ length: devicesMax }, (_, index) => deviceOf(index))),
      })),
    };
  }

  status(): ControllerStatus {
    const passes = { ...this.#fixed.passes, ended: this.#passes, tookMs: 1_000 };
    return { ...this.#fixed, atMs: this.#atMs, passes };
  }

  /** Some seconds later there is one more commit: claims and what became of them, as while a batch is issued. */
  grow(): void {
    this.#atMs += 10_000;
    const events: LedgerEvent[] = [];
    for (let index = 0; index < batchSize; index += 1)
      events.push(
        ...lifeOf(this.#size.receipts + this.#grown + index, {
          ...this.#size,
          receipts: Number.POSITIVE_INFINITY,
        }),
      );
    this.#grown += batchSize;
    this.#ledger.write(...events);
  }

  /** A pass has ended; it decided the same anew. */
  pass(): void {
    this.#passes += 1;
    const { decisions, desired } = this.#fixed;
    this.#fixed = {
      ...this.#fixed,
      decisions: [...decisions],
      desired: desired === null ? null : { ...desired },
    };
  }
}
