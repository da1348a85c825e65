/**
 * Cancelling: the right to ask is written first (`cancelRequested`), as a claim is; then the devices are looked at, and
 * AWS is asked where one of them is still to begin. Asking twice is harmless, so an answer that says nothing is no doubt:
 * it is asked again, for as long as the task is not wanted.
 */
import type { CancelAnsweredEvent, LedgerEvent } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { readMoment } from '../lib/clock.ts';
import type { Observation } from '../plan/observation.ts';
import { isQueued, judgeNews } from '../plan/observation.ts';
import type { Cancellation } from '../plan/unwanted.ts';
import { isoInstant } from '../policy/verdict.ts';
import { eventBase } from './event-base.ts';
import { pauseFleet, prepareFleet, reasonOf } from './fleet-check.ts';
import { beginFollowing, followSoon, observeOne } from './following.ts';
import { waitForRate } from './observe-rate.ts';
import { backoffMs } from './pacer.ts';
import type { TaskApi } from './ports.ts';
import { staleReason } from './staleness.ts';
import type { Controller, FleetState } from './state.ts';

/** Between two tries of a cancel that was not answered. */
const retryFirstMs = 10_000;
const retryLastMs = 10 * 60_000;

/** The requests that the ledger does not hold yet. */
export function requestEvents(
  c: Controller,
  view: LedgerView,
  cancellations: readonly Cancellation[],
): LedgerEvent[] {
  return cancellations.flatMap(({ token, taskId, reason, endMs }): LedgerEvent[] => {
    const receipt = view.receipts.get(token);
    if (receipt === undefined || receipt.cancel !== null || c.signal.aborted) return [];
    const end = endMs === null ? {} : { end: isoInstant(endMs) };
    return [{ ...eventBase(c, receipt), kind: 'cancelRequested', taskId, reason, ...end }];
  });
}

/** Answers that the ledger does not hold yet, and takes; those that another replica has written meanwhile are dropped. */
export function answerEvents(c: Controller, view: LedgerView): CancelAnsweredEvent[] {
  for (const [token, { answer }] of c.state.cancels) {
    const receipt = view.receipts.get(token);
    const state = receipt === undefined ? null : receiptState(receipt);
    const isTaken = state === 'issued' || (state === 'settled' && answer !== null);
    if (!isTaken || receipt?.cancel == null || receipt.cancel.answer !== null) c.state.cancels.delete(token);
  }
  return [...c.state.cancels.values()].flatMap(({ answer }) => answer ?? []);
}

/**
 * Asks AWS for each cancel whose request has landed, and that nobody has answered; fleet beside fleet. False where `observe.rate`
 * leaves some of them for the next pass.
 */
export async function askCancels(
  c: Controller,
  view: LedgerView,
  cancellations: readonly Cancellation[],
): Promise<boolean> {
  const byFleet = new Map<string, Receipt[]>();
  for (const { token, fleet } of cancellations) {
    const receipt = view.receipts.get(token);
    if (receipt === undefined || !isDue(c, receipt)) continue;
    byFleet.set(fleet, [...(byFleet.get(fleet) ?? []), receipt]);
  }
  const ends = await Promise.all([...byFleet].map(([name, receipts]) => cancelIn(c, name, receipts)));
  return ends.every((isDone) => isDone);
}

async function cancelIn(c: Controller, name: string, receipts: readonly Receipt[]): Promise<boolean> {
  const fleet = c.state.fleets.get(name);
  const api = c.apis.get(name);
  if (fleet === undefined || api === undefined) return true;
  const open = receipts.filter((receipt) => gateOf(c, receipt)() === 'open');
  if (open.length === 0 || !(await prepareFleet(c, name))) return true;
  const begun = readMoment(c.clock);
  for (const receipt of open) {
    if (!(await waitForRate(c, fleet, begun))) return false;
    await cancelOne(c, name, fleet, api, receipt);
  }
  return true;
}

function isDue(c: Controller, receipt: Receipt): boolean {
  if (receiptState(receipt) !== 'issued' || receipt.cancel === null || receipt.cancel.answer !== null)
    return false;
  const known = c.state.cancels.get(receipt.token);
  return known === undefined || (known.answer === null && known.dueMs <= c.clock.monotonicMs());
}

/**
 * Old news, or clocks that disagree, are no permission to cancel either. That a window closes is no news: a source that
 * cannot be reached must not keep what is queued from being cancelled.
 */
function gateOf(c: Controller, { cancel, permission }: Receipt): () => 'open' | 'closed' {
  const endMs = cancel?.endMs ?? permission.cancelMs;
  return () => {
    const now = readMoment(c.clock);
    c.guard.check(now);
    const isClosing = endMs !== null && now.wallMs >= endMs - c.config.cancel.leadMs;
    const isStale = !isClosing && staleReason(c, now) !== null;
    return c.signal.aborted || isStale || c.guard.complaint() !== null ? 'closed' : 'open';
  };
}

async function cancelOne(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  receipt: Receipt,
): Promise<void> {
  const { token, cancel } = receipt;
  const nowMs = c.clock.monotonicMs();
  const followed = fleet.follows.get(token) ?? beginFollowing(nowMs, nowMs);
  await observeOne(c, name, fleet, api, receipt, followed);
  // Where nothing was learned AWS is asked all the same: it says by itself what cannot be cancelled.
  const seen = fleet.follows.get(token)?.seen ?? null;
  const told = seen === null ? null : whatIsLeft(receipt, seen);
  if (told === 'nothing') return;
  if (told === 'begun') {
    answer(c, receipt, 'begun', 'every device had begun or ended', null);
    return;
  }
  const outcome = await api.cancelTask(cancel?.taskId ?? '', gateOf(c, receipt));
  c.guard.observe(name, outcome.server, readMoment(c.clock));
  switch (outcome.kind) {
    case 'accepted':
      answer(c, receipt, 'accepted', '', outcome.requestId);
      followSoon(fleet, token, c.clock.monotonicMs());
      break;
    case 'refused':
      answer(c, receipt, 'refused', `${outcome.error}: ${outcome.message}`, outcome.requestId);
      break;
    case 'failed': {
      const failures = (c.state.cancels.get(token)?.failures ?? 0) + 1;
      const dueMs = c.clock.monotonicMs() + backoffMs(failures, retryFirstMs, retryLastMs);
      c.state.cancels.set(token, { answer: null, failures, dueMs });
      const { code, message: reason } = outcome.fault;
      const fields = {
        fleet: name,
        task: receipt.name,
        token,
        taskId: receipt.taskIds[0] ?? '',
        code,
        reason,
      };
      c.announcer.say(`cancel ${token}`, 'error', 'task could not be cancelled, it is tried again', fields);
      if (outcome.throttled) pauseFleet(c, name, fleet, reasonOf(name, outcome.fault), 'access');
    }
  }
}

/**
 * Whether there is something to cancel. A task that is over needs no answer: its end is written, and says more. Where a device
 * is cancelled already, somebody has asked (perhaps another replica, whose answer is on its way): it has not begun by itself.
 */
function whatIsLeft(receipt: Receipt, seen: Observation): 'queued' | 'begun' | 'nothing' {
  const targets = receipt.revision?.targets ?? [];
  if (seen.gone || judgeNews(receipt, seen).kind === 'settled') return 'nothing';
  if (targets.some((device) => isQueued(seen, device))) return 'queued';
  return seen.executions.some(({ state }) => state === 'CANCELED') ? 'nothing' : 'begun';
}

function answer(
  c: Controller,
  receipt: Receipt,
  kind: CancelAnsweredEvent['answer'],
  message: string,
  requestId: string | null,
): void {
  const { token, fleet, name: task } = receipt;
  const event: CancelAnsweredEvent = {
    ...eventBase(c, receipt),
    kind: 'cancelAnswered',
    answer: kind,
    message,
    requestId,
  };
  c.state.cancels.set(token, { answer: event, failures: 0, dueMs: 0 });
  c.announcer.clear(`cancel ${token}`, 'AWS has answered the cancel', { fleet, task, token });
  const level = kind === 'accepted' ? 'info' : 'warn';
  c.journal.write(level, `cancel ${kind}`, {
    fleet,
    task,
    token,
    taskId: receipt.taskIds[0] ?? '',
    reason: message === '' ? undefined : message,
    requestId,
  });
}

/**
 * When a cancel is asked for, or tried again (monotonic); null where none is owed. A request that could not be written goes with
 * the next push, and what this pass did not come to with the next one: a window that closes waits for no schedule.
 */
export function nextCancelMs(
  c: Controller,
  view: LedgerView,
  cancellations: readonly Cancellation[],
): number | null {
  const nowMs = c.clock.monotonicMs();
  const { cancels, pushAtMs, fleets } = c.state;
  const due = cancellations.flatMap(({ token, fleet: name }) => {
    const cancel = view.receipts.get(token)?.cancel ?? null;
    const known = cancels.get(token);
    if (known !== undefined) return known.answer === null ? [known.dueMs] : [];
    if (cancel === null) return [Math.max(pushAtMs, nowMs + c.pushPacer.waitMs(nowMs), nowMs + 1)];
    // A fleet that cannot be asked, and clocks that disagree, wait for a pause or a probe to end, and wake for that.
    const isReady = fleets.get(name)?.proved === true && c.guard.complaint() === null;
    return isReady && cancel.answer === null ? [nowMs + 1] : [];
  });
  return due.length === 0 ? null : due.reduce((a, b) => Math.min(a, b));
}
