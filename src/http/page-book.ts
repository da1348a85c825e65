/**
 * The tasks that pages list, sorted into what pages ask for. It is made once for all that ask before the next pass, in slices: a
 * ledger of years has a million receipts, and what a page costs must not grow with them. So of what has ended only the newest
 * are listed; the rest is counted.
 */
import type { ControllerStatus } from '../controller/status.ts';
import { type Receipt, receiptState } from '../ledger/receipt.ts';
import { endedMax } from '../ledger/summary.ts';
import { emptyView, type LedgerView } from '../ledger/view.ts';
import { eachInSlices, type Slices, sortInSlices, type Turns } from '../lib/turns.ts';
import type { Desired } from '../manifest/collect.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Reason } from '../policy/verdict.ts';
import {
  compareUrgency,
  eachTask,
  type GroupedTask,
  type GroupInput,
  type StatusGroup,
  statusGroups,
} from '../report/task-groups.ts';

export interface ShownTask extends GroupedTask {
  /** When it came into its state, as far as its receipt tells; ISO 8601. */
  readonly since: string | null;
}

/** The tasks of one fleet, the most urgent first. */
export interface FleetTasks {
  /** What is under way, waits or needs somebody. */
  readonly open: readonly ShownTask[];
  readonly over: readonly ShownTask[];
  readonly inFlight: number;
}

/** What waits for a window: the first of it, the most urgent first, and how many there are. */
export interface WaitingTasks {
  readonly first: readonly ShownTask[];
  readonly number: number;
}

export interface TaskBook {
  /** Changes when a pass has ended, and never comes back in another life. */
  readonly revision: string;
  /** What the source asked for when it was made. */
  readonly desired: Desired | null;
  /** Of each group, the most urgent first. */
  readonly groups: ReadonlyMap<StatusGroup, readonly ShownTask[]>;
  /** Revisions that have ended, or were never to be issued, and are counted alone. */
  readonly older: { readonly ended: number; readonly quiet: number };
  readonly byFleet: ReadonlyMap<string, FleetTasks>;
  readonly byWindow: ReadonlyMap<string, WaitingTasks>;
  /** The windows of each window rule, by `policy/rule`. */
  readonly windowsByRule: ReadonlyMap<string, readonly string[]>;
}

/**
 * Of what has ended so many are listed, the newest. What is open is listed all: it is bounded by `source.limits` and by what may
 * be in flight.
 */
export const endedListedMax = 20_000;
/** Of what waits for a window. */
export const waitingMax = 200;
/** A pass may take minutes, and the ledger grows meanwhile: so old a book may be then. */
export const bookAgeMaxMs = 5_000;

const nothingDesired: Desired = {
  tasks: new Map(),
  problems: [],
  frozen: new Set(),
  quarantined: new Map(),
};

/** Everything that stands in the way of everything, each once. */
export function haltsOf({ problems, halts, ledger }: ControllerStatus): Reason[] {
  const told = new Map<string, Reason>();
  for (const reason of [ledger.halt, ledger.refusal, ...problems, ...halts]) {
    if (reason !== null) told.set(`${reason.code} ${reason.message}`, reason);
  }
  return [...told.values()];
}

/** What tasks are grouped by. */
export function groupInputOf(status: ControllerStatus): GroupInput {
  const { view, decisions, desired } = status;
  return {
    view: view ?? emptyView('', ''),
    decisions,
    desired: desired ?? nothingDesired,
    halted: desired === null || haltsOf(status).length > 0,
  };
}

/** The same task with the time of its state. */
export function withSince(task: GroupedTask): ShownTask {
  return { ...task, since: task.receipt === null ? null : changedAt(task.receipt) };
}

/** When a receipt came to be what it is; null where only notes are known. */
function changedAt({ settled, cancel, progressAt, issuedAt, release, attempts }: Receipt): string | null {
  if (settled !== null) return settled.at;
  const told = [cancel?.at, progressAt, issuedAt, release?.at, attempts.at(-1)?.claimedAt];
  return told.flatMap((at) => at ?? []).reduce<string | null>((a, b) => (a !== null && a > b ? a : b), null);
}

/** Those of the ledger that are listed: what is not at its end, bad ends, and the newest ends of each fleet; each once. */
function* listedReceipts({ receipts, restless, summary }: LedgerView): Generator<Receipt, void, undefined> {
  const share = Math.min(endedMax, Math.floor(endedListedMax / Math.max(1, summary.ended.size)));
  const seen = new Set<string>();
  const lists: Iterable<string>[] = [restless, summary.badEnds.values()];
  for (const tokens of summary.ended.values()) lists.push(tokens.slice(-share).reverse());
  for (const list of lists) {
    for (const token of list) {
      const receipt = receipts.get(token);
      if (receipt === undefined || seen.has(token)) continue;
      seen.add(token);
      yield receipt;
    }
  }
}

/** The book of a status. The ledger may grow while it is made: then what has come last is in the next one. */
export function* makeBook(status: ControllerStatus): Slices<TaskBook> {
  const input = groupInputOf(status);
  const unsorted = new Map<StatusGroup, ShownTask[]>(statusGroups.map((group) => [group, []]));
  const known = { all: 0, baseline: 0 };
  yield* eachInSlices(eachTask(input, listedReceipts(input.view)), (task) => {
    unsorted.get(task.group)?.push(withSince(task));
    if (task.receipt === null) return;
    known.all += 1;
    if (receiptState(task.receipt) === 'baseline') known.baseline += 1;
  });
  const { receipts, summary } = input.view;
  const quiet = Math.max(0, (summary.states.get('baseline') ?? 0) - known.baseline);
  const unlisted = Math.max(0, receipts.size - known.all - quiet);
  const groups = new Map<StatusGroup, ShownTask[]>();
  // Decisions came from the last to the first.
  for (const [group, tasks] of unsorted)
    groups.set(group, yield* sortInSlices(tasks.reverse(), compareUrgency));
  const cut = groups.get('ended')?.splice(endedListedMax).length ?? 0;
  const windowsByRule = rulesOfWindows(status.policySet);
  return {
    revision: revisionOf(status),
    desired: status.desired,
    groups,
    older: { ended: unlisted + cut, quiet },
    byFleet: yield* sortByFleet(groups),
    byWindow: yield* sortByWindow(groups, windowsByRule),
    windowsByRule,
  };
}

/** Changes when a pass has ended, and never comes back in another life. */
export function revisionOf({ run, passes }: ControllerStatus): string {
  return `${run}.${passes.ended}.${passes.bugs}`;
}

/** What has ended and what was never to be issued. */
function isOver({ group }: Pick<ShownTask, 'group'>): boolean {
  return group === 'ended' || group === 'quiet';
}

function* sortByFleet(groups: ReadonlyMap<StatusGroup, ShownTask[]>): Slices<Map<string, FleetTasks>> {
  const fleets = new Map<string, { open: ShownTask[]; over: ShownTask[]; inFlight: number }>();
  for (const tasks of groups.values()) {
    yield* eachInSlices(tasks, (task) => {
      const fleet = fleets.get(task.fleet) ?? { open: [], over: [], inFlight: 0 };
      fleets.set(task.fleet, fleet);
      (isOver(task) ? fleet.over : fleet.open).push(task);
      if (task.group === 'inFlight') fleet.inFlight += 1;
    });
  }
  return fleets;
}

function rulesOfWindows({ policies }: PolicySet): Map<string, readonly string[]> {
  const rules = policies.flatMap(({ name: policy, rules: all }) =>
    all.flatMap((rule) => (rule.kind === 'window' ? [[`${policy}/${rule.name}`, rule.anyOf] as const] : [])),
  );
  return new Map(rules);
}

/** The windows that reasons are about, each once. */
export function windowsOf(
  reasons: readonly Reason[],
  { windowsByRule }: Pick<TaskBook, 'windowsByRule'>,
): Set<string> {
  return new Set(reasons.flatMap(({ policy, rule }) => windowsByRule.get(`${policy}/${rule}`) ?? []));
}

function* sortByWindow(
  groups: ReadonlyMap<StatusGroup, ShownTask[]>,
  windowsByRule: TaskBook['windowsByRule'],
): Slices<Map<string, WaitingTasks>> {
  const windows = new Map<string, { first: ShownTask[]; number: number }>();
  for (const group of ['needsPerson', 'waiting'] as const) {
    yield* eachInSlices(groups.get(group) ?? [], (task) => {
      for (const name of windowsOf(task.decision?.reasons ?? [], { windowsByRule })) {
        const waiting = windows.get(name) ?? { first: [], number: 0 };
        windows.set(name, waiting);
        waiting.number += 1;
        if (waiting.first.length < waitingMax) waiting.first.push(task);
      }
    });
  }
  return windows;
}

interface Edition {
  /** Counts the books that were begun. */
  readonly number: number;
  readonly revision: string;
  readonly halts: string;
  readonly seq: number | null;
  readonly atMs: number;
  readonly book: TaskBook;
}

/** The newest book, and the one that is being made. */
export class TaskBooks {
  readonly #readStatus: () => ControllerStatus;
  readonly #turns: Turns;
  #begun = 0;
  #newest: Edition | null = null;
  #making: Promise<void> | null = null;

  constructor(readStatus: () => ControllerStatus, turns: Turns) {
    this.#readStatus = readStatus;
    this.#turns = turns;
  }

  /** A book of the last pass that had ended when this was called, or of a later one. */
  async read(): Promise<TaskBook> {
    const status = this.#readStatus();
    const begun = this.#begun;
    for (;;) {
      const newest = this.#newest;
      if (newest !== null && (newest.number > begun || isCurrent(newest, status))) return newest.book;
      this.#making ??= this.#make().finally(() => {
        this.#making = null;
      });
      await this.#making;
    }
  }

  async #make(): Promise<void> {
    const status = this.#readStatus();
    this.#begun += 1;
    const edition = {
      number: this.#begun,
      revision: revisionOf(status),
      halts: haltNames(status),
      seq: status.view?.seq ?? null,
      atMs: status.atMs,
    };
    this.#newest = { ...edition, book: await this.#turns.run(makeBook(status)) };
  }
}

function haltNames(status: ControllerStatus): string {
  return haltsOf(status)
    .map(({ code }) => code)
    .join(' ');
}

/** Between passes nothing changes but the ledger, and what halts. */
function isCurrent({ revision, halts, seq, atMs }: Edition, status: ControllerStatus): boolean {
  if (revision !== revisionOf(status) || halts !== haltNames(status)) return false;
  const isGrown = seq !== (status.view?.seq ?? null);
  return !isGrown || Math.abs(status.atMs - atMs) < bookAgeMaxMs;
}
