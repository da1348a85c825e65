/**
 * What AWS shows of a task, held against what the ledger says of it. The truth is with the devices: a TaskState of
 * COMPLETED says that the task is over, and not that anything went well.
 */
import type { DeviceExecution, SettledOutcome } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';

/** What AWS showed of a task at one moment. */
export interface Observation {
  /** TaskState; null where nobody asked, because the executions said enough. */
  readonly state: string | null;
  readonly executions: readonly DeviceExecution[];
  /** AWS does not know the task any more. */
  readonly gone: boolean;
}

export type News =
  | { readonly kind: 'none' }
  | { readonly kind: 'progress'; readonly executions: readonly DeviceExecution[] }
  | {
      readonly kind: 'settled';
      readonly outcome: SettledOutcome;
      readonly executions: readonly DeviceExecution[];
    };

const finalStates: ReadonlySet<string> = new Set([
  'CANCELED',
  'FAILED',
  'SUCCEEDED',
  'REJECTED',
  'TIMED_OUT',
]);

/** Whether an execution of this state is over, by the service's model. A word that is not in it is not. */
export function isFinalState(state: string): boolean {
  return finalStates.has(state);
}

/** Whether a device is still to begin with the task. What AWS has not listed yet is taken for queued. */
export function isQueued(receipt: Pick<Receipt, 'executions'>, device: string): boolean {
  const known = receipt.executions.find((execution) => execution.device === device);
  return known === undefined || known.state === 'QUEUED';
}

/**
 * What of an observation is news. Only devices that were asked count, one execution each; and no device goes back: an
 * answer that was on its way while another replica wrote a later one is old.
 */
export function judgeNews(receipt: Receipt, seen: Observation): News {
  const targets = receipt.revision?.targets ?? [];
  if (seen.gone) return { kind: 'settled', outcome: 'vanished', executions: receipt.executions };
  // A task that is over is what AWS lists of it now: what was queued once may have been dropped unseen.
  const isOver = seen.state === 'COMPLETED' || seen.state === 'CANCELED';
  const known = isOver ? receipt.executions.filter(({ state }) => isFinalState(state)) : receipt.executions;
  const executions = mergeExecutions(targets, known, seen.executions);
  const outcome = nameEnd(receipt, judgeEnd(targets, executions, seen.state));
  if (outcome !== null) return { kind: 'settled', outcome, executions };
  return isNews(receipt.executions, executions) ? { kind: 'progress', executions } : { kind: 'none' };
}

/** Where nothing ran because its time was over, nobody has called it off: it was missed, and may be asked for again. */
function nameEnd({ cancel }: Receipt, outcome: SettledOutcome | null): SettledOutcome | null {
  const isOver = cancel !== null && cancel.endMs !== null;
  return isOver && outcome === 'canceled' ? 'missed' : outcome;
}

function mergeExecutions(
  targets: readonly string[],
  known: readonly DeviceExecution[],
  seen: readonly DeviceExecution[],
): DeviceExecution[] {
  const before = new Map(known.map((execution) => [execution.device, execution]));
  const now = new Map(seen.map((execution) => [execution.device, execution]));
  return targets.flatMap((device): DeviceExecution[] => {
    const [old, fresh] = [before.get(device), now.get(device)];
    const later = fresh === undefined || (old !== undefined && rank(old) > rank(fresh)) ? old : fresh;
    return later === undefined ? [] : [later];
  });
}

function rank({ state }: DeviceExecution): number {
  if (state === 'QUEUED') return 0;
  return isFinalState(state) ? 2 : 1;
}

/** That everything is queued is what `issued` says already. */
function isNews(known: readonly DeviceExecution[], now: readonly DeviceExecution[]): boolean {
  const before = new Map(known.map(({ device, state }) => [device, state]));
  return now.some(({ device, state }) => state !== (before.get(device) ?? 'QUEUED'));
}

/**
 * How a task ended; null while any device may yet begin or go on. `state` is the TaskState, where it is known: once
 * the task is over, a device without an execution did not run, and one in a state that the model does not have did
 * not succeed.
 */
export function judgeEnd(
  targets: readonly string[],
  executions: readonly { readonly device: string; readonly state: string }[],
  state: string | null,
): SettledOutcome | null {
  const isOver = state === 'COMPLETED' || state === 'CANCELED';
  const byDevice = new Map(executions.map((execution) => [execution.device, execution.state]));
  if (targets.length === 0) return null;
  const ends = targets.map((target) => byDevice.get(target) ?? null);
  for (const end of ends) {
    if (end === 'QUEUED' || end === 'IN_PROGRESS') return null;
    if (!isOver && (end === null || !isFinalState(end))) return null;
  }
  if (ends.every((end) => end === 'SUCCEEDED')) return 'succeeded';
  if (ends.includes('SUCCEEDED')) return 'partial';
  if (ends.every((end) => end === 'CANCELED' || (end === null && state === 'CANCELED'))) return 'canceled';
  return ends.every((end) => end === 'CANCELED' || end === null) ? 'missed' : 'failed';
}
