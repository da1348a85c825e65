/**
 * What a controller knows of itself at this moment, for whoever looks in from outside: health, metrics, API, pages. Nothing is
 * asked of anybody, and nothing can be changed through it.
 */
import type { LedgerView } from '../ledger/view.ts';
import { elapsedMs, type Moment, readMoment } from '../lib/clock.ts';
import type { Desired, PlacedProblem } from '../manifest/collect.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Decision } from '../plan/decision.ts';
import type { Origin } from '../plan/facts.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { type Reason, reasonFrom } from '../policy/verdict.ts';
import { fleetConditions, unknownStrangers } from './fleet-check.ts';
import { callListener } from './listener.ts';
import type { PassReport } from './pass.ts';
import type { CommitId, Journal } from './ports.ts';
import type { RecentEvents } from './recent-events.ts';
import type { Controller, FleetState } from './state.ts';
import { isObserved } from './state.ts';

/** Something that is fetched again and again. */
export interface SyncStatus {
  /** The commit it stood at; null before the first fetch of this life that went well. */
  readonly head: CommitId | null;
  /** Since its last good fetch began; null before the first. */
  readonly ageMs: number | null;
}

export interface SourceStatus extends SyncStatus {
  /** Why the history of what waits could not be read: rules know nothing of it then. Null where it could. */
  readonly historyFault: Reason | null;
}

export interface LedgerStatus extends SyncStatus {
  /** The UUID; null before it was read. */
  readonly id: string | null;
  readonly halt: Reason | null;
  /** Why its server takes no commit; null where nothing is known against it. */
  readonly refusal: Reason | null;
  /** Outcomes that are not written down yet. */
  readonly unwritten: number;
}

/** `halted` waits for a person, `paused` for a time. */
export type FleetStand = 'open' | 'paused' | 'halted' | 'observed';

export interface FleetStatus {
  readonly name: string;
  readonly account: string | null;
  readonly region: string;
  /**
   * It is known whose the credentials are: STS has proved the account in this life, where one is named, and nothing that needs
   * a person has kept it from doing so since. An observed fleet is asked nothing, and proves nothing.
   */
  readonly isProved: boolean;
  /** Its tasks were listed once in this life: nothing is claimed before that. */
  readonly isListed: boolean;
  readonly stand: FleetStand;
  readonly reason: Reason | null;
  /** Managed devices, as listed last; null before that. */
  readonly devices: ReadonlySet<string> | null;
  readonly unknownTasks: number;
  /** Tasks in flight that were made around Git. */
  readonly foreignTasks: number;
}

/** Whether STS has proved the account of a fleet; null where none is named, and STS is not asked. */
export function accountProof({
  account,
  isProved,
}: Pick<FleetStatus, 'account' | 'isProved'>): boolean | null {
  return account === null ? null : isProved;
}

export interface PassStatus {
  /** Passes of this life that ended, and those that a bug has ended. */
  readonly ended: number;
  readonly bugs: number;
  /** The newest one was ended by a bug. */
  readonly isBroken: boolean;
  /** Since the loop last began or ended a pass. */
  readonly turnedAgoMs: number;
  /** How long the last one took; null before the first has ended. */
  readonly tookMs: number | null;
}

export interface ControllerStatus {
  readonly replica: string;
  readonly run: string;
  /** When this was read, and when the controller began; by the wall clock. */
  readonly atMs: number;
  readonly begunMs: number;
  readonly passes: PassStatus;
  readonly maxAgeMs: number;
  readonly source: SourceStatus;
  /** Null where policies lie beside the manifests. */
  readonly policies: SyncStatus | null;
  readonly ledger: LedgerStatus;
  readonly fleets: readonly FleetStatus[];
  /**
   * The newest pass has read the ledger, the source, its history and its policies, found no halt, and decided every task.
   * Else decisions, what the source asks for, its history and its problems may be those of an earlier pass, and what is
   * not found is not known to be over.
   */
  readonly isJudged: boolean;
  /** What stands in the way of everything, as the last pass found it. */
  readonly problems: readonly Reason[];
  /** What halts whole fleets, and clocks that disagree. */
  readonly halts: readonly Reason[];
  /** Of the files, as they were read last; null before that. */
  readonly sourceProblems: readonly PlacedProblem[] | null;
  readonly decisions: readonly Decision[];
  /** What the source asks for, as it was read last; null before that. */
  readonly desired: Desired | null;
  /** Where in history what may be asked for was introduced, as it was read last. */
  readonly origins: ReadonlyMap<Token, Origin>;
  /** The newest events of the ledger. */
  readonly recent: RecentEvents;
  /** What is in force of windows and policies, as it was loaded last. */
  readonly policySet: PolicySet;
  /** The ledger as it was folded last; null before its first fetch. It is shared, and only read. */
  readonly view: LedgerView | null;
}

/** What the loop does, noted as it turns. */
export class PassBook {
  #begun: Moment | null = null;
  #turned: Moment;
  #ended = 0;
  #bugs = 0;
  #isBroken = false;
  #tookMs: number | null = null;
  #report: PassReport | null = null;
  #desired: Desired | null = null;
  #origins: ReadonlyMap<Token, Origin> = new Map();
  #sourceProblems: readonly PlacedProblem[] | null = null;
  readonly #journal: Journal;
  readonly #listeners = new Set<() => void>();

  constructor(now: Moment, journal: Journal) {
    this.#turned = now;
    this.#journal = journal;
  }

  noteBegin(now: Moment): void {
    this.#begun = now;
    this.#turned = now;
  }

  /** A pass has ended; returns how long it took. */
  noteReport(report: PassReport, now: Moment): number {
    const tookMs = now.monotonicMs - (this.#begun ?? now).monotonicMs;
    this.#turned = now;
    this.#ended += 1;
    this.#isBroken = false;
    this.#tookMs = tookMs;
    this.#report = report;
    this.#desired = report.desired ?? this.#desired;
    this.#origins = report.origins ?? this.#origins;
    this.#sourceProblems = report.sourceProblems ?? this.#sourceProblems;
    for (const listener of this.#listeners)
      callListener(this.#journal, 'a bug kept a pass from being told', listener);
    return tookMs;
  }

  noteBug(now: Moment): void {
    this.#turned = now;
    this.#bugs += 1;
    this.#isBroken = true;
  }

  /** Has the listener told of each pass that ends, until the answer is called. It must be quick. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get report(): PassReport | null {
    return this.#report;
  }

  get desired(): Desired | null {
    return this.#desired;
  }

  get origins(): ReadonlyMap<Token, Origin> {
    return this.#origins;
  }

  get sourceProblems(): readonly PlacedProblem[] | null {
    return this.#sourceProblems;
  }

  read(now: Moment): PassStatus {
    return {
      ended: this.#ended,
      bugs: this.#bugs,
      isBroken: this.#isBroken,
      turnedAgoMs: elapsedMs(this.#turned, now),
      tookMs: this.#tookMs,
    };
  }
}

/** Reads it all. Cheap, and good for this moment alone: lists and maps are the controller's own. */
export function readStatus(c: Controller, book: PassBook): ControllerStatus {
  const { state, config } = c;
  const now = readMoment(c.clock);
  const age = (fresh: Moment | null): number | null => (fresh === null ? null : elapsedMs(fresh, now));
  const { report } = book;
  return {
    replica: config.replica,
    run: c.run,
    atMs: now.wallMs,
    begunMs: state.begun.wallMs,
    passes: book.read(now),
    maxAgeMs: config.source.maxAgeMs,
    source: {
      head: state.head,
      ageMs: age(state.sourceFresh),
      historyFault: state.historyFault === null ? null : reasonFrom(state.historyFault),
    },
    policies: c.policySource === null ? null : { head: state.policyHead, ageMs: age(state.policyFresh) },
    ledger: readLedger(c, age(state.ledgerFresh)),
    fleets: readFleets(c),
    isJudged: report?.isJudged === true,
    problems: report?.problems ?? [],
    halts: report?.halts ?? [],
    sourceProblems: book.sourceProblems,
    decisions: state.decisions,
    desired: book.desired,
    origins: book.origins,
    recent: state.recent,
    policySet: state.policies,
    view: state.view,
  };
}

function readLedger({ state }: Controller, ageMs: number | null): LedgerStatus {
  const halt = state.ledgerHalt ?? state.branchHalt;
  const { view, pushHalt } = state;
  return {
    id: view?.ledgerId ?? null,
    head: view?.tip ?? null,
    ageMs,
    halt: halt === null ? null : reasonFrom(halt),
    refusal: pushHalt === null ? null : reasonFrom(pushHalt),
    unwritten: state.outbox.length,
  };
}

function readFleets(c: Controller): FleetStatus[] {
  const { view } = c.state;
  const conditions = view === null ? null : fleetConditions(c, view);
  return [...c.state.fleets].map(([name, fleet]): FleetStatus => {
    const condition = conditions?.get(name);
    const { config, around } = fleet;
    return {
      name,
      account: config.account ?? null,
      region: config.region,
      isProved: fleet.identified,
      isListed: fleet.startListed,
      stand: condition?.kind ?? standBefore(fleet),
      reason: condition === undefined || condition.kind === 'open' ? null : condition.reason,
      devices: around.devices,
      unknownTasks: view === null ? 0 : unknownStrangers(fleet, view).length,
      foreignTasks: [...around.foreign.values()].filter(({ isOurs, busy }) => !isOurs && busy.length > 0)
        .length,
    };
  });
}

/** Before the ledger was read nothing is known of a fleet but its configuration. */
function standBefore(fleet: FleetState): FleetStand {
  return isObserved(fleet) ? 'observed' : 'paused';
}
