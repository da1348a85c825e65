/** Every task by what a person has to do about it, with what the events of the ledger tell of it. */
import type { OutsideRun } from '../ledger/events.ts';
import type { Desired } from '../manifest/collect.ts';
import type { Decision } from '../plan/decision.ts';
import type { Reason } from '../policy/verdict.ts';
import { type DeviceTime, deviceTimes } from '../report/device-times.ts';
import { compareUrgency, type GroupedTask, groupTasks } from '../report/task-groups.ts';
import { describeNewestClaim } from '../report/verdict-words.ts';
import type { LedgerReading } from './ledger-reading.ts';
import type { Live } from './live.ts';
import type { Planning } from './planning.ts';
import { describeCancel } from './receipt-view.ts';

/** One revision of one task. */
export interface StatusEntry extends GroupedTask {
  readonly taskId: string | null;
  /** When it came into this state, as the ledger told; ISO 8601. */
  readonly since: string | null;
  readonly untilMs: number | null;
  readonly reasons: readonly Reason[];
  /** Empty before there is a task. */
  readonly devices: readonly DeviceTime[];
  readonly cancel: string | null;
  /** Why its newest claim was allowed, and until when. */
  readonly allowed: string | null;
  /** Devices that began after its permission to run had ended. */
  readonly outside: readonly OutsideRun[];
}

/** All that is shown. */
export interface Status {
  readonly planning: Planning;
  readonly entries: readonly StatusEntry[];
  /** Null where AWS was not to be asked. */
  readonly live: Live | null;
}

interface Input {
  readonly reading: LedgerReading;
  readonly decisions: readonly Decision[];
  readonly desired: Desired;
  /** A halted source: what it lacks is not taken for removed. */
  readonly halted: boolean;
}

/** Brings them together; the order within a group is that of the names, of what has ended the newest first. */
export function makeEntries({ reading, ...input }: Input): StatusEntry[] {
  return groupTasks({ view: reading.view, ...input })
    .map((task) => makeEntry(task, reading))
    .sort(compareUrgency);
}

/** Devices that ran outside the window of a task. */
export function countOutside(entries: readonly StatusEntry[]): number {
  return entries.reduce((sum, { outside }) => sum + outside.length, 0);
}

function makeEntry(task: GroupedTask, reading: LedgerReading): StatusEntry {
  const { decision, receipt, token } = task;
  const told = reading.events.get(token ?? '');
  const events = (told ?? []).map(({ event }) => event);
  return {
    ...task,
    taskId: receipt?.taskIds[0] ?? null,
    since: events.at(-1)?.at ?? null,
    untilMs: decision?.untilMs ?? null,
    reasons: decision?.reasons ?? [],
    devices: deviceTimes(receipt?.revision?.targets ?? [], events) ?? [],
    cancel: receipt === null || receipt.cancel === null ? null : describeCancel(receipt),
    allowed: describeNewestClaim(told) || null,
    outside: receipt?.outside ?? [],
  };
}
