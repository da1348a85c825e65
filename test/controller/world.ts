/**
 * A controller in a world of doubles: source and ledger in memory, AWS as each test scripts it, and clocks that move only
 * when something sleeps or a test says so.
 */
import type { ControllerConfig, FleetConfig, SourceConfig } from '../../src/config/config.ts';
import type { PassReport } from '../../src/controller/pass.ts';
import { runPass } from '../../src/controller/pass.ts';
import type { CommitId, LogFields, LogLevel } from '../../src/controller/ports.ts';
import type { Controller } from '../../src/controller/state.ts';
import { makeController } from '../../src/controller/state.ts';
import { decodeSegment, encodeFormat, encodeSegment } from '../../src/ledger/codec.ts';
import type { BatchHeader, LedgerEvent } from '../../src/ledger/events.ts';
import { commitMessage, segmentPath } from '../../src/ledger/message.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { type Fault, fault } from '../../src/lib/faults.ts';
import { isoInstant } from '../../src/policy/verdict.ts';
import type { LedgerMemory, PushFault } from '../doubles/ledger.ts';
import { emptyLedgerMemory, LedgerRemote, openLedgerDouble } from '../doubles/ledger.ts';
import { MemoryPolicies } from '../doubles/policies.ts';
import { MemorySource, SourceOrigin } from '../doubles/source.ts';
import { ScriptedFleet } from './scripted-fleet.ts';

export const ledgerId = '6f1c0000-0000-4000-8000-000000000001';
export const startMs = Date.parse('2026-11-23T12:00:00.000Z');
const policiesAway = fault('SG3002', 'retry', 'the policies cannot be reached (planned by the test)');
const sourceAway = fault('SG3002', 'retry', 'the source cannot be reached (planned by the test)');
const unreadable = fault('SG3009', 'retry', 'git did not answer in time (planned by the test)');
const paced = { pushesPerMinute: 600, replicas: 1, sharesSource: false } as const;
const remote = { branch: 'main', auth: { kind: 'none' }, insecureTransport: false } as const;

/** Wall and monotonic clock, moved by hand. Sleeping moves both. */
export class HandClock implements Clock {
  wall = startMs;
  monotonic = 1_000;
  wallMs = (): number => this.wall;
  monotonicMs = (): number => this.monotonic;

  advance(durationMs: number): void {
    this.wall += durationMs;
    this.monotonic += durationMs;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted !== true) this.advance(Math.max(0, durationMs));
  }
}

export function makeConfig(over: Partial<ControllerConfig> = {}): ControllerConfig {
  const source: SourceConfig = {
    ...remote,
    url: 'memory:source',
    path: 'tasks',
    policies: 'policies',
    namesPolicies: false,
    schedule: '*/30 * * * * *',
    maxAgeMs: 300_000,
    maxRemovals: 10,
    limits: {
      fileBytes: 65_536,
      files: 1_000,
      documentsPerFile: 100,
      depth: 32,
      fetchTimeoutMs: 60_000,
      historyCommits: 1_000,
    },
  };
  return {
    source,
    policy: { uncovered: 'allow', separateCommits: false },
    ledger: { ...remote, ...paced, url: 'memory:ledger' },
    stateDir: 'nowhere',
    replica: 'one',
    repeatGuard: true,
    fleets: new Map([fleetConfig('lab'), fleetConfig('sea')].map((fleet) => [fleet.name, fleet])),
    issue: {
      batch: 40,
      concurrency: 8,
      deadlineMs: 60_000,
      requestTimeoutMs: 5_000,
      rate: 10,
      maxWaitMs: 30 * 24 * 3_600_000,
      maxPerPass: 40,
    },
    recovery: { takeoverMs: 180_000, settlingMs: 30_000, listTrustMs: 24 * 3_600_000 },
    // None: a permission is good to its last millisecond, unless a test says otherwise.
    cancel: { leadMs: 0 },
    observe: { rate: 10 },
    clock: { toleranceMs: 30_000 },
    shutdown: { timeoutMs: 25_000 },
    ...over,
  };
}

export function fleetConfig(name: string, over: Partial<FleetConfig> = {}): FleetConfig {
  return {
    name,
    region: 'eu-west-1',
    account: '111122223333',
    labels: {},
    requirePolicies: [],
    ...over,
  };
}

/** Policies that come from a repository of their own. */
export const policySource = { ...remote, url: 'memory:policies', path: 'policies' } as const;

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

export interface LifeOptions {
  readonly config?: ControllerConfig;
  /** A new one is a lost state directory. */
  readonly memory?: LedgerMemory;
  readonly run?: string;
}

/** One life of a process. */
export class Life {
  readonly c: Controller;
  readonly #stop = new AbortController();

  constructor(makeIt: (signal: AbortSignal) => Controller) {
    this.c = makeIt(this.#stop.signal);
  }

  /** SIGTERM. */
  stop(): void {
    this.#stop.abort();
  }

  pass(drain = true): Promise<PassReport> {
    return runPass(this.c, { drain });
  }

  /** Passes with a second between them, until nothing is left that could be done at once. */
  async settle(): Promise<PassReport> {
    for (let passes = 1; passes <= 20; passes += 1) {
      const report = await this.pass();
      await this.c.clock.sleep(1_000);
      if (!report.again && this.c.state.outbox.length === 0) return report;
    }
    throw new Error('does not come to rest');
  }
}

export class World {
  readonly clock = new HandClock();
  readonly origin = new SourceOrigin();
  /** The policies' own repository, which a life reads whose configuration has a policySource. */
  readonly policyOrigin = new SourceOrigin();
  readonly remote = new LedgerRemote(encodeFormat({ v: 1, ledger: ledgerId }));
  readonly fleets = new Map([
    ['lab', new ScriptedFleet('lab', this.clock)],
    ['sea', new ScriptedFleet('sea', this.clock)],
  ]);
  readonly log: LogLine[] = [];
  readonly memory = emptyLedgerMemory();
  /** What befalls the next pushes, in order; none where it is empty. */
  readonly pushFaults: (PushFault | undefined)[] = [];
  /** Runs when a push begins. */
  beforePush: () => void = () => undefined;
  pushes = 0;
  sourceDown = false;
  /** The source was fetched, and its files, or its history, cannot be read. */
  isUnreadable = false;
  isUntraceable = false;
  policiesDown = false;
  ledgerDown = false;
  /** The mirror lies in the state directory, and is lost with it. */
  readonly #mirrors = new Map<LedgerMemory, MemorySource>();
  readonly #policyMirrors = new Map<LedgerMemory, MemoryPolicies>();
  #lives = 0;

  get lab(): ScriptedFleet {
    return this.fleet('lab');
  }

  fleet(name: string): ScriptedFleet {
    const fleet = this.fleets.get(name);
    if (fleet === undefined) throw new Error(`no fleet ${name}`);
    return fleet;
  }

  /** Commits files below tasks/ (null removes), at the time of the clock. */
  commit(files: Readonly<Record<string, string | null>>): CommitId {
    return this.#commitBelow(this.origin, 'tasks', files);
  }

  /** The same below policies/, beside the manifests or in their own repository. */
  rule(files: Readonly<Record<string, string | null>>, origin = this.origin): CommitId {
    return this.#commitBelow(origin, 'policies', files);
  }

  #commitBelow(
    origin: SourceOrigin,
    folder: string,
    files: Readonly<Record<string, string | null>>,
  ): CommitId {
    const below = Object.entries(files).map(([name, text]) => [`${folder}/${name}.yaml`, text] as const);
    return origin.commit({ files: Object.fromEntries(below), timeMs: this.clock.wall });
  }

  start({ config = makeConfig(), memory = this.memory, run }: LifeOptions = {}): Life {
    this.#lives += 1;
    const life = run ?? `life-${this.#lives}`;
    const plan = {
      onPush: () => {
        this.pushes += 1;
        this.beforePush();
        return this.pushFaults.shift();
      },
      onFetch: () => (this.ledgerDown ? ('unreachable' as const) : undefined),
    };
    const source =
      this.#mirrors.get(memory) ??
      new MemorySource(this.origin, {
        onFetch: () => (this.sourceDown ? sourceAway : undefined),
        onRead: () => (this.isUnreadable ? unreadable : undefined),
        onTrace: () => (this.isUntraceable ? unreadable : undefined),
      });
    this.#mirrors.set(memory, source);
    const onFetch = (): Fault | undefined => (this.policiesDown ? policiesAway : undefined);
    const policies = this.#policyMirrors.get(memory) ?? new MemoryPolicies(this.policyOrigin, { onFetch });
    this.#policyMirrors.set(memory, policies);
    return new Life((signal) =>
      makeController({
        config,
        clock: this.clock,
        journal: { write: (level, event, fields = {}) => this.log.push({ level, event, fields }) },
        source,
        policySource: config.policySource === undefined ? null : policies,
        ledger: openLedgerDouble(this.remote, { plan, memory }),
        apis: this.fleets,
        run: life,
        tzdata: '2026a',
        signal,
      }),
    );
  }

  /** Every commit of the ledger, decoded. */
  batches(): { readonly header: BatchHeader; readonly events: readonly LedgerEvent[] }[] {
    return this.remote.segments().map((segment) => {
      const decoded = decodeSegment(segment);
      if (!decoded.ok) throw new Error(decoded.fault.message);
      return decoded.value;
    });
  }

  events(): LedgerEvent[] {
    return this.batches().flatMap(({ events }) => events);
  }

  /** A commit by somebody else: another replica, or a person with `ledger resolve`. */
  async write(
    events: readonly LedgerEvent[],
    source: CommitId | null = null,
    policies: CommitId | null = source,
  ): Promise<void> {
    const store = openLedgerDouble(this.remote);
    const fetched = await store.fetch();
    if (fetched.kind !== 'fetched') throw new Error(fetched.fault.message);
    const at = isoInstant(this.clock.wall);
    const seq = fetched.segments.length + 1;
    const header = {
      v: 1,
      kind: 'batch',
      seq,
      replica: 'person',
      run: 'by-hand',
      source,
      policies,
      at,
    } as const;
    const batch = { header, events };
    const built = await store.commit({
      parent: fetched.tip,
      path: segmentPath(header),
      text: encodeSegment(batch),
      message: commitMessage(batch),
      atMs: this.clock.wall,
    });
    const answer = built.ok ? await store.push(built.value) : null;
    if (answer?.kind !== 'landed') throw new Error('the commit by hand did not land');
  }

  kinds(): string[] {
    return this.events().map(({ kind }) => kind);
  }

  /** How often AWS was asked to make a task, over all fleets. */
  get creates(): number {
    return [...this.fleets.values()].reduce((sum, { requests }) => sum + requests.length, 0);
  }
}

/** What a report says of a name. */
export function say(report: PassReport, key = 'lab/job'): string {
  const about = report.decisions.filter((decision) => decision.key === key);
  return about
    .map(({ action, reasons }) => [action, ...reasons.map(({ code }) => code)].join(' '))
    .join(', ');
}

export const codesOf = (report: PassReport): string[] => report.problems.map(({ code }) => code);
