/**
 * What ran outside its window all the same. A cancel is no promise: a device may be quicker, AWS may refuse, nobody may have
 * been there to ask. When each device began is asked of AWS once its time is over, and what began too late is written down
 * before the task is settled, so that no crash can lose it.
 */
import type { OutsideCause, OutsideRun } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { readMoment } from '../lib/clock.ts';
import { mayRunAt } from '../plan/closing.ts';
import type { Observation } from '../plan/observation.ts';
import { isoInstant } from '../policy/verdict.ts';
import { waitForRate } from './observe-rate.ts';
import type { TaskApi } from './ports.ts';
import type { Controller, FleetState, Starts } from './state.ts';

/**
 * When the permission of a task to run has ended, or will; null where it does not. A window that leaves what is queued may
 * close long before the one for which it is cancelled.
 */
export function endOf({ cancel, permission: { closesMs, cancelMs } }: Receipt): number | null {
  const endMs = cancel?.endMs ?? closesMs;
  const isLeft = closesMs !== null && (cancelMs === null || closesMs < cancelMs);
  return isLeft && endMs !== null ? Math.min(closesMs, endMs) : endMs;
}

/** States of an execution that has begun on its device, or may have. */
function hasBegun(state: string): boolean {
  return state !== 'QUEUED' && state !== 'CANCELED';
}

/** Devices that have begun, and of which nobody knows yet when: only once the time to begin is over. */
export function findUnknownStarts(
  receipt: Receipt,
  seen: Observation,
  starts: Starts,
  wallMs: number,
): string[] {
  const endMs = endOf(receipt);
  if (endMs === null || wallMs < endMs) return [];
  return seen.executions
    .filter(
      ({ device, state }) => hasBegun(state) && !starts.has(device) && !wasBegun(receipt, device, endMs),
    )
    .map(({ device }) => device);
}

/** What was written before the end is proof enough that it began before it. */
function wasBegun(receipt: Receipt, device: string, endMs: number): boolean {
  const known = receipt.executions.find((execution) => execution.device === device);
  const isWritten = known !== undefined && hasBegun(known.state) && receipt.progressAt !== null;
  return isWritten && Date.parse(receipt.progressAt ?? '') < endMs;
}

/**
 * Asks AWS when those devices began; bounded by the ten targets of a task. What it cannot say is not known, and told; what
 * failed is asked again with the next look.
 */
export async function learnStarts(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  receipt: Receipt,
  seen: Observation,
  starts: Starts,
): Promise<Starts> {
  const learned = new Map(starts);
  const begun = readMoment(c.clock);
  // What is seen to have begun while it may has begun in time.
  const endMs = endOf(receipt);
  if (endMs !== null && begun.wallMs < endMs) {
    for (const { device, state } of seen.executions) if (hasBegun(state)) learned.set(device, null);
  }
  const [taskId = ''] = receipt.taskIds;
  for (const device of findUnknownStarts(receipt, seen, learned, begun.wallMs)) {
    if (!(await waitForRate(c, fleet, begun))) break;
    const answer = await api.describeExecution(taskId, device);
    c.guard.observe(name, answer.server, readMoment(c.clock));
    if (answer.kind === 'ok') {
      const { startedMs, state } = answer.value;
      learned.set(device, startedMs);
      if (startedMs === null && (state === 'SUCCEEDED' || state === 'IN_PROGRESS'))
        tellUnknown(c, receipt, device, '');
    } else if (answer.kind === 'denied' || answer.kind === 'notFound') {
      learned.set(device, null);
      tellUnknown(c, receipt, device, answer.fault.message);
    } else break;
  }
  return learned;
}

function tellUnknown(
  c: Controller,
  { fleet, name: task, token }: Receipt,
  device: string,
  why: string,
): void {
  c.journal.write(
    'error',
    'not known whether a device ran outside its window: AWS does not tell when it began',
    {
      code: 'SG6245',
      fleet,
      task,
      token,
      device,
      reason: why === '' ? undefined : why,
    },
  );
}

/** Those that began after the end and are not written down yet. */
export function findOutsideRuns(c: Controller, receipt: Receipt, starts: Starts): OutsideRun[] {
  const endMs = endOf(receipt);
  if (endMs === null) return [];
  return [...starts].flatMap(([device, startedMs]): OutsideRun[] => {
    if (startedMs === null || startedMs < endMs) return [];
    if (receipt.outside.some((run) => run.device === device) || wasExtended(c, receipt, startedMs)) return [];
    return [{ device, startedAt: isoInstant(startedMs), cause: findCause(c, receipt, startedMs, endMs) }];
  });
}

/**
 * A window that was extended meanwhile, or has opened again, lets it run; once the cancel is asked for, nothing does after the
 * end that it names. Only what was acted on counts: a rewritten history excuses nothing.
 */
function wasExtended(c: Controller, receipt: Receipt, timeMs: number): boolean {
  const { lastTasks, lastPolicies } = c.state;
  const { cancel } = receipt;
  const wanted = lastTasks.get(receipt.key);
  if (wanted?.manifest.token !== receipt.token) return false;
  if (cancel !== null && timeMs >= Math.max(cancel.endMs ?? 0, Date.parse(cancel.at))) return false;
  const labels = c.config.fleets.get(receipt.fleet)?.labels ?? {};
  return mayRunAt(receipt, wanted, labels, lastPolicies, timeMs);
}

function findCause(
  c: Controller,
  { cancel, permission }: Receipt,
  startedMs: number,
  endMs: number,
): OutsideCause {
  const cancelMs = cancel?.endMs ?? permission.cancelMs;
  if (cancelMs === null || startedMs < cancelMs) return 'left';
  const { answer = null } = cancel ?? {};
  if (answer?.kind === 'refused') return 'cancelRefused';
  if (answer?.kind === 'accepted' && Date.parse(answer.at) <= startedMs) return 'lostRace';
  const wasUp = c.state.begun.wallMs <= endMs - c.config.cancel.leadMs;
  return wasUp ? 'pollLag' : 'controllerDown';
}
