/**
 * What a controller holds between passes. All of it may be lost at any moment: what must not be lost is in the ledger,
 * and whatever is here is learned again, or watched again from zero.
 */
import type { ControllerConfig, FleetConfig, FleetIdentity } from '../config/config.ts';
import { fleetIdentity } from '../config/config.ts';
import type { Batch, CancelAnsweredEvent, OutcomeEvent } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Clock, Moment } from '../lib/clock.ts';
import { carefulClock, readMoment } from '../lib/clock.ts';
import type { Fault } from '../lib/faults.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { Decision } from '../plan/decision.ts';
import type { Observation } from '../plan/observation.ts';
import type { DescribedFacts } from '../policy/facts.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { emptyPolicySet } from '../policy/policy-set.ts';
import type { Reason } from '../policy/verdict.ts';
import { Announcer } from './announcer.ts';
import { ClockGuard } from './clock-guard.ts';
import { Pacer } from './pacer.ts';
import type {
  CommitId,
  Journal,
  LedgerCommit,
  LedgerStore,
  PolicyRepository,
  SourceRepository,
  TaskApi,
} from './ports.ts';
import { RecentEvents } from './recent-events.ts';
import { Watch } from './watch.ts';

/** The world and the words: everything a controller is given. */
export interface ControllerDeps {
  readonly config: ControllerConfig;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly source: SourceRepository;
  /** Where policies come from a repository of their own; null where they lie beside the manifests. */
  readonly policySource: PolicyRepository | null;
  readonly ledger: LedgerStore;
  readonly apis: ReadonlyMap<string, TaskApi>;
  /** Random id of this process's life: with the replica's name, who a claim belongs to. */
  readonly run: string;
  /** Version of the time-zone data that verdicts are computed with. */
  readonly tzdata: string;
  /** Aborted when the process is told to stop: no further call starts. */
  readonly signal: AbortSignal;
}

/** A commit whose push nobody could answer for: nothing else is written until its fate is known. */
export interface UndecidedCommit {
  readonly commit: LedgerCommit;
  readonly batch: Batch;
}

/** A task in AWS that bears our marks and that the ledger does not know. */
export interface Stranger {
  readonly taskId: string;
  readonly token: string;
}

/** One task in flight, as this process follows it; all times monotonic. */
export interface Followed {
  readonly dueMs: number;
  /** When it was last seen to change. */
  readonly changedMs: number;
  /** When it was last asked for; null before this process has. */
  readonly askedMs: number | null;
  readonly failures: number;
  readonly seen: Observation | null;
  /** Since when `seen` holds what the ledger does not. */
  readonly seenMs: number;
  readonly starts: Starts;
}

/** When devices began, by AWS's time; null for one that began in time, did not, or of which AWS does not say. */
export type Starts = ReadonlyMap<string, number | null>;

/** A task that was made around Git, or that this ledger does not follow for another reason. */
export interface ForeignTask {
  readonly targets: readonly string[];
  readonly isOurs: boolean;
  /** Devices that were in flight when they were last asked for, and when that was (monotonic). */
  readonly busy: readonly string[];
  readonly askedMs: number;
}

/** What AWS told of a device, or why it did not, and when that was; by both clocks, since one stands still in a machine that is suspended. */
export interface DescribedEntry {
  readonly asked: Moment;
  readonly facts: DescribedFacts | null;
  readonly reason: Reason | null;
}

export interface Around {
  readonly foreign: Map<string, ForeignTask>;
  devices: ReadonlySet<string> | null;
  readonly described: Map<string, DescribedEntry>;
  /** When the devices, and the active tasks, were last listed whole (monotonic). */
  devicesMs: number;
  surveyedMs: number | null;
}

export interface FleetState {
  readonly config: FleetConfig;
  readonly expected: FleetIdentity;
  /** Nothing is claimed before this (monotonic); doubles with every failure in a row. */
  pausedUntilMs: number;
  pauseReason: Reason | null;
  readonly failures: { calls: number; access: number; reads: number };
  /** A call and then the probe were denied: nothing is claimed until a probe is answered. */
  closed: Reason | null;
  /** When the next probe of a closed fleet, or of clocks that disagree, may be made. */
  probeAtMs: number;
  probes: number;
  /** Credentials were had and the account was proved, in this pass. */
  proved: boolean;
  /** STS has proved the account in this life, and nothing that needs a person has kept it from doing so since. */
  identified: boolean;
  /** The tasks in flight, by token, and what was last seen of them. */
  readonly follows: Map<Token, Followed>;
  /** `observe.rate`, for every question that is not about issuing. */
  readonly observePacer: Pacer;
  /** No task is followed before this (monotonic), after questions in a row that failed. */
  observeAtMs: number;
  observeFailures: number;
  /** What was seen of the fleet beside our own tasks. */
  readonly around: Around;
  /** Listed once since the start. */
  startListed: boolean;
  strangers: readonly Stranger[];
  /** No listing before this (monotonic), after one that failed or one that was only for the ambiguous. */
  listAtMs: number;
  /** Why AWS could not be read, the last time that it was tried. */
  readReason: Reason | null;
  /** When the ambiguous were last looked for. */
  ambiguousListedMs: number | null;
}

export interface PendingCancel {
  readonly answer: CancelAnsweredEvent | null;
  readonly failures: number;
  readonly dueMs: number;
}

export interface ControllerState {
  /** When this life began. */
  readonly begun: Moment;
  view: LedgerView | null;
  /** What was folded into it last. */
  readonly recent: RecentEvents;
  /** What is written in the ledger cannot be trusted: until the process starts again, because the view is spoilt. */
  ledgerHalt: Fault | null;
  /** The branch is gone, went back or was tampered with, as its last fetch found. */
  branchHalt: Fault | null;
  /** When the last good fetch began. */
  ledgerFresh: Moment | null;
  sourceFresh: Moment | null;
  /** Of the policies' own repository, where they have one. */
  policyFresh: Moment | null;
  policyHead: CommitId | null;
  /** Why their last fetch failed; null where it did not. */
  policyFault: Fault | null;
  head: CommitId | null;
  /** Why the history of what waits could not be read, the last time that it was tried; null where it could. */
  historyFault: Fault | null;
  /** The newest set without policies that was found to lose nothing, with what the ledger told of before. */
  harmless: string | null;
  /** As loaded last; of files that have not changed it is used again. */
  policies: PolicySet;
  /** What was wanted at the head that this process acted on last: withdrawals and removals are counted from it. */
  lastTasks: ReadonlyMap<TaskKey, WantedTask>;
  lastHead: CommitId | null;
  /** The policies that were acted on last. */
  lastPolicies: PolicySet;
  outbox: OutcomeEvent[];
  /** When the oldest outcome in the outbox came to be (monotonic). */
  outboxSinceMs: number | null;
  /** Cancels that were asked for: their answers until they have landed, or when they are tried again (monotonic). */
  readonly cancels: Map<Token, PendingCancel>;
  undecided: UndecidedCommit | null;
  /** Commits of this process that the store may hand out again. */
  readonly landed: Set<CommitId>;
  readonly fleets: ReadonlyMap<string, FleetState>;
  /** Pushes that failed in a row, and when the next may be tried (monotonic). */
  pushFailures: number;
  pushAtMs: number;
  pushHalt: Fault | null;
  /** Fetches of the ledger that failed in a row, and those of the source. */
  fetchFailures: number;
  sourceFailures: number;
  /** Batches in a row of which no call could start before the deadline, and when the next may be claimed (monotonic). */
  lateBatches: number;
  claimAtMs: number;
  turn: number;
  /** Of the last pass that has read the source. */
  decisions: readonly Decision[];
}

export interface Controller extends ControllerDeps {
  readonly state: ControllerState;
  readonly watch: Watch;
  readonly guard: ClockGuard;
  readonly pushPacer: Pacer;
  readonly announcer: Announcer;
}

/** Pushes that may go at once before the pace binds: a claim, its outcomes, and the next claim. */
const pushBurst = 3;

/** A controller at the beginning of its life: it knows nothing, and has asked nothing. */
export function makeController(deps: ControllerDeps): Controller {
  const { config, run } = deps;
  const clock = carefulClock(deps.clock);
  const fleets = new Map(
    [...config.fleets].map(([name, fleet]) => [name, makeFleetState(fleet, config.observe.rate)]),
  );
  return {
    ...deps,
    clock,
    state: {
      begun: readMoment(clock),
      view: null,
      recent: new RecentEvents(),
      ledgerHalt: null,
      branchHalt: null,
      ledgerFresh: null,
      sourceFresh: null,
      policyFresh: null,
      policyHead: null,
      policyFault: null,
      policies: emptyPolicySet,
      head: null,
      historyFault: null,
      harmless: null,
      lastTasks: new Map(),
      lastHead: null,
      lastPolicies: emptyPolicySet,
      outbox: [],
      outboxSinceMs: null,
      cancels: new Map(),
      undecided: null,
      landed: new Set(),
      fleets,
      pushFailures: 0,
      pushAtMs: 0,
      pushHalt: null,
      fetchFailures: 0,
      sourceFailures: 0,
      lateBatches: 0,
      claimAtMs: 0,
      turn: 0,
      decisions: [],
    },
    watch: new Watch(run, config.recovery),
    guard: new ClockGuard(config.clock.toleranceMs, (lostMs) => clock.addLost(lostMs)),
    pushPacer: new Pacer(config.ledger.pushesPerMinute / config.ledger.replicas / 60, pushBurst),
    announcer: new Announcer(deps.journal, clock),
  };
}

/** Questions that may be asked at once before `observe.rate` binds: those of one survey. */
const observeBurst = 5;

function makeFleetState(config: FleetConfig, observeRate: number): FleetState {
  return {
    config,
    expected: fleetIdentity(config, config.account ?? ''),
    pausedUntilMs: 0,
    pauseReason: null,
    failures: { calls: 0, access: 0, reads: 0 },
    follows: new Map(),
    observePacer: new Pacer(observeRate, observeBurst),
    observeAtMs: 0,
    observeFailures: 0,
    around: { foreign: new Map(), devices: null, described: new Map(), devicesMs: 0, surveyedMs: null },
    closed: null,
    probeAtMs: 0,
    probes: 0,
    proved: false,
    identified: false,
    startListed: false,
    strangers: [],
    listAtMs: 0,
    readReason: null,
    ambiguousListedMs: null,
  };
}

/** Whether the fleet is only looked at by its plan: of AWS nothing is asked for it. */
export function isObserved({ config }: FleetState): boolean {
  return config.mode === 'observe';
}
