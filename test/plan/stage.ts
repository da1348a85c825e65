/**
 * A source that people edit and a ledger that passes write, with the plan between them: what AWS sees is what the plan
 * called issuable, claimed and issued by the fold's own rules.
 */
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { sha256Hex } from '../../src/lib/digest.ts';
import type { Desired, WantedTask } from '../../src/manifest/collect.ts';
import { collectDesired } from '../../src/manifest/collect.ts';
import type { Manifest, TaskKey, Token } from '../../src/manifest/manifest.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import { buildRequest } from '../../src/manifest/request.ts';
import type { FleetCondition } from '../../src/plan/claimable.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { judgeEnd } from '../../src/plan/observation.ts';
import type { Plan, PlanInput } from '../../src/plan/plan.ts';
import { makePlan } from '../../src/plan/plan.ts';
import {
  cancelAnswered,
  cancelRequested,
  claimed,
  commitId,
  issued,
  Ledger,
  laterClaim,
  noted,
  progress,
  settled,
} from '../ledger/events.ts';
import { openInput } from './input.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
export const noonMs = Date.parse('2026-11-23T12:00:00.000Z');
export const openFleets = (...names: string[]): Map<string, FleetCondition> =>
  new Map(names.map((name) => [name, { kind: 'open' }]));

export interface TaskText {
  readonly name?: string;
  readonly fleet?: string;
  readonly command?: string;
  /** Two devices of its own where none are written: tasks do not meet unless a test lets them. */
  readonly targets?: readonly string[];
  readonly description?: string;
  readonly run?: number;
  /** Further lines of the spec, of the metadata. */
  readonly spec?: readonly string[];
  readonly metadata?: readonly string[];
}

function ownDevices(name: string): string[] {
  return name === 'job' ? ['smd-1', 'smd-2'] : [`smd-${name}-1`, `smd-${name}-2`];
}

/** A manifest as a person writes it. */
export function yaml(task: TaskText = {}): string {
  const lines = [
    'apiVersion: snowgate/v1',
    'kind: Task',
    'metadata:',
    `  name: ${task.name ?? 'job'}`,
    ...(task.metadata ?? []).map((line) => `  ${line}`),
    'spec:',
    `  fleet: ${task.fleet ?? 'lab'}`,
    `  command: ${task.command ?? 'reboot'}`,
    `  targets: [${(task.targets ?? ownDevices(task.name ?? 'job')).join(', ')}]`,
    ...(task.description === undefined ? [] : [`  description: ${task.description}`]),
    ...(task.run === undefined ? [] : [`  run: ${task.run}`]),
    ...(task.spec ?? []).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

export type Files = Readonly<Record<string, string>>;

/** What the files mean, by the product's own parser. */
export function readFiles(files: Files): Desired {
  return collectDesired(
    Object.entries(files).map(([path, text]) => ({
      path,
      blob: sha256Hex(text).slice(0, 40),
      parsed: parseManifestFile(new TextEncoder().encode(text), limits),
    })),
  );
}

export function manifestOf(text: string): Manifest {
  const [task] = readFiles({ 'tasks/one.yaml': text }).tasks.values();
  if (task === undefined) throw new Error('no manifest');
  return task.manifest;
}

/** The first claim of a manifest's revision, frozen as a controller freezes it. */
function claimOf({ manifest, path, blob }: WantedTask): LedgerEvent {
  const { token, fleet, name, run, annotations } = manifest;
  const request = buildRequest(manifest, { commit: commitId(5), ledgerId: 'ledger' });
  const origin = { path, blob, commit: commitId(5), author: 'Ann', annotations };
  return claimed({ token, fleet, name, taskRun: run, request, manifest: origin });
}

export class Stage {
  readonly ledger = new Ledger();
  /** Every request that AWS was sent: name, command, targets and run. */
  readonly seen: string[] = [];
  files: Files = {};
  previous: ReadonlyMap<TaskKey, WantedTask> = new Map();
  nowMs = noonMs;
  options: Partial<PlanInput> = {};

  get desired(): Desired {
    return readFiles(this.files);
  }

  plan(options: Partial<PlanInput> = {}): Plan {
    const fleets = openFleets('lab', 'sea');
    return makePlan({
      ...openInput(this.desired, this.ledger.view, this.nowMs, [...fleets.keys()]),
      previous: this.previous,
      ...this.options,
      ...options,
    });
  }

  /** One pass in which everything goes well: notes are written, and what is issuable is issued. */
  pass(): Plan {
    const plan = this.plan();
    for (const { token, fleet, name, reason, message } of plan.notes) {
      this.ledger.write(noted({ token, fleet, name, reason, message }));
    }
    for (const { token, fleet, name, taskId, reason } of plan.cancellations) {
      if (this.ledger.receipt(token).cancel !== null) continue;
      this.ledger.write(cancelRequested({ token, fleet, name, taskId, reason }));
      const isQueued = this.ledger.receipt(token).executions.every(({ state }) => state === 'QUEUED');
      if (isQueued) this.seen.push(`cancel ${taskId}`);
      this.ledger.write(cancelAnswered({ token, fleet, name, answer: isQueued ? 'accepted' : 'begun' }));
      if (isQueued) this.move(token, 'CANCELED');
    }
    for (const { task } of plan.issuable) {
      this.claim(task.manifest.token);
      this.issue(task.manifest.token);
    }
    this.previous = this.desired.tasks;
    return plan;
  }

  claim(token: Token): void {
    const task = [...this.desired.tasks.values()].find(({ manifest }) => manifest.token === token);
    if (task === undefined) throw new Error('not wanted');
    const { fleet, name, run } = task.manifest;
    const attempts = this.ledger.view.receipts.get(token)?.attempts.length ?? 0;
    this.ledger.write(
      attempts === 0
        ? claimOf(task)
        : laterClaim({ token, fleet, name, taskRun: run, attempt: attempts + 1 }),
    );
  }

  issue(token: Token): void {
    const { fleet, name, attempts, request, revision } = this.ledger.receipt(token);
    this.seen.push(`${name} ${request?.command} ${request?.targets.join(' ')} run ${revision?.run}`);
    this.ledger.write(
      issued({ token, fleet, name, attempt: attempts.length, taskId: `st-${this.seen.length}` }),
    );
  }

  /** The devices of a task come to a state, the first ones to theirs where there are several; its end is written where it is one. */
  move(token: Token, ...states: string[]): void {
    const { fleet, name, revision } = this.ledger.receipt(token);
    const executions = (revision?.targets ?? []).map((device, index) => {
      const state = states[index] ?? states.at(-1) ?? 'QUEUED';
      return { device, state, executionId: null };
    });
    const outcome = judgeEnd(revision?.targets ?? [], executions, null);
    const news = { token, fleet, name, executions };
    this.ledger.write(outcome === null ? progress(news) : settled({ ...news, outcome }));
  }

  /** The token of what is wanted under a name. */
  tokenOf(key = 'lab/job'): Token {
    return this.desired.tasks.get(key)?.manifest.token ?? '';
  }

  /** Every task in AWS comes to its end. */
  end(): void {
    for (const { token, fleet, name, taskIds, settled: done } of [...this.ledger.view.receipts.values()]) {
      if (taskIds.length === 1 && done === null) this.ledger.write(settled({ token, fleet, name }));
    }
  }

  /** What the plan says of a name, without its tokens. */
  say(key = 'lab/job', plan = this.plan()): string {
    const about = plan.decisions.filter((decision: Decision) => decision.key === key);
    return about
      .map(({ action, reasons }) => [action, ...reasons.map(({ code }) => code)].join(' '))
      .join(', ');
  }
}
