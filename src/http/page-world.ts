/** What every page is made from: the status, and what is worked out of it once for all that ask before the next pass. */
import type { ControllerConfig } from '../config/config.ts';
import type { ControllerStatus } from '../controller/status.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { emptyView } from '../ledger/view.ts';
import type { Desired } from '../manifest/collect.ts';
import type { Reason } from '../policy/verdict.ts';
import { compareUrgency, type GroupedTask, groupTasks, type StatusGroup } from '../report/task-groups.ts';
import type { Forges } from './page-forge.ts';

export interface ShownTask extends GroupedTask {
  /** When it came into its state, as far as its receipt tells; ISO 8601. */
  readonly since: string | null;
}

/** The tasks, and the same by what pages ask for; each list the most urgent first. */
export interface TaskBook {
  readonly all: readonly ShownTask[];
  readonly byGroup: ReadonlyMap<StatusGroup, readonly ShownTask[]>;
  readonly byKey: ReadonlyMap<string, readonly ShownTask[]>;
}

export interface PageWorld {
  readonly status: ControllerStatus;
  readonly config: ControllerConfig;
  readonly forges: Forges;
  /** Every revision of every task. */
  readonly tasks: TaskBook;
  /** Whether device ids may be shown, and so linked. */
  readonly showsDevices: boolean;
}

const nothingDesired: Desired = {
  tasks: new Map(),
  problems: [],
  frozen: new Set(),
  quarantined: new Map(),
};

/** Every revision that source or ledger know, the most urgent first. */
function listTasks(status: ControllerStatus): ShownTask[] {
  const { view, decisions, desired } = status;
  const grouped = groupTasks({
    view: view ?? emptyView('', ''),
    decisions,
    desired: desired ?? nothingDesired,
    halted: desired === null || haltsOf(status).length > 0,
  });
  return grouped
    .map((task) => ({ ...task, since: task.receipt === null ? null : changedAt(task.receipt) }))
    .sort(compareUrgency);
}

/** When a receipt came to be what it is; null where only notes are known. */
function changedAt({ settled, cancel, progressAt, issuedAt, release, attempts }: Receipt): string | null {
  if (settled !== null) return settled.at;
  const told = [cancel?.at, progressAt, issuedAt, release?.at, attempts.at(-1)?.claimedAt];
  return told.flatMap((at) => at ?? []).reduce<string | null>((a, b) => (a !== null && a > b ? a : b), null);
}

/** Everything that stands in the way of everything, each once. */
export function haltsOf({ problems, halts, ledger }: ControllerStatus): Reason[] {
  const told = new Map<string, Reason>();
  for (const reason of [ledger.halt, ledger.refusal, ...problems, ...halts]) {
    if (reason !== null) told.set(`${reason.code} ${reason.message}`, reason);
  }
  return [...told.values()];
}

/** The tasks of one group. */
export function tasksIn(group: StatusGroup, { tasks }: PageWorld): readonly ShownTask[] {
  return tasks.byGroup.get(group) ?? [];
}

function sortInto<Key>(all: readonly ShownTask[], keyOf: (task: ShownTask) => Key): Map<Key, ShownTask[]> {
  const lists = new Map<Key, ShownTask[]>();
  for (const task of all) {
    const list = lists.get(keyOf(task));
    if (list === undefined) lists.set(keyOf(task), [task]);
    else list.push(task);
  }
  return lists;
}

/**
 * The tasks of a status, worked out again only when a pass has ended or the ledger has grown: a ledger of years has many, each
 * browser asks after each pass, and meanwhile the controller waits.
 */
export function rememberTasks(): (status: ControllerStatus) => TaskBook {
  let known: { readonly name: string; readonly of: unknown; readonly book: TaskBook } | null = null;
  return (status) => {
    const { passes, view, decisions, ledger } = status;
    const name = [passes.ended, passes.bugs, view?.seq, ledger.halt?.code, ledger.refusal?.code].join(' ');
    if (known?.name !== name || known.of !== decisions) {
      const all = listTasks(status);
      const byGroup = sortInto(all, ({ group }) => group);
      known = { name, of: decisions, book: { all, byGroup, byKey: sortInto(all, ({ key }) => key) } };
    }
    return known.book;
  };
}
