/** When the next commit may go, and when the next pass is due. */
import type { LedgerEvent } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import { readMoment } from '../lib/clock.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Plan } from '../plan/plan.ts';
import { nextChangeMs } from '../plan/plan.ts';
import { nextCancelMs } from './cancelling.ts';
import { newsSinceMs, nextObserveMs } from './following.ts';
import type { Controller } from './state.ts';

/** Outcomes go alone after this long without a claim that could carry them. */
const quietMs = 5_000;

/** What is only written down, and changes nothing that somebody waits for at this moment. */
const routine: ReadonlySet<LedgerEvent['kind']> = new Set([
  'issued',
  'released',
  'refused',
  'unknown',
  'progress',
  'settled',
]);

/** Whether a commit of these events is to go now: a claim at once, news when they have waited for company. */
export function isWorthPushing(
  c: Controller,
  view: LedgerView,
  events: readonly LedgerEvent[],
  recordHead: boolean,
  options: { readonly drain: boolean },
): boolean {
  const nowMs = c.clock.monotonicMs();
  if (events.length === 0 && !recordHead) return false;
  if (options.drain && c.signal.aborted) return true;
  if (nowMs < c.state.pushAtMs || c.pushPacer.waitMs(nowMs) > 0) return false;
  if (events.some(({ kind }) => !routine.has(kind)) || recordHead || options.drain) return true;
  return nowMs >= (routineAtMs(c, view, nowMs) ?? nowMs);
}

/**
 * When outcomes and news may go without a claim (monotonic); null where there are none. News alone leaves a push for the next
 * claim, which a window may be closing on.
 */
function routineAtMs(c: Controller, view: LedgerView | null, nowMs: number): number | null {
  const { outboxSinceMs } = c.state;
  const newsMs = view === null ? null : newsSinceMs(c, view);
  const outcomesAtMs = outboxSinceMs === null ? null : outboxSinceMs + quietMs;
  const newsAtMs = newsMs === null ? null : Math.max(newsMs + quietMs, nowMs + c.pushPacer.waitMs(nowMs, 2));
  if (outcomesAtMs === null || newsAtMs === null) return outcomesAtMs ?? newsAtMs;
  return Math.min(outcomesAtMs, newsAtMs);
}

/** Before the next pass goes on with devices of which this one could not ask yet: as long as one may ask. */
const describeAgainMs = 5_000;

function awaitsDevices({ decisions, unchecked }: Plan): boolean {
  const isLeft = decisions.some(({ reasons }) => reasons.some(({ code }) => code === 'SG6244'));
  return isLeft || unchecked.length > 0;
}

/** The earliest moment at which a pass would do something that this one could not. */
export function nextWakeMs(
  c: Controller,
  view: LedgerView,
  plan: Plan,
  awaited: ReadonlySet<Token>,
): number | null {
  const now = readMoment(c.clock);
  const { state } = c;
  const due: (number | null)[] = [
    nextPushMs(c, view),
    c.watch.nextTakeoverMs(view, now.monotonicMs),
    nextCancelMs(c, view, plan.cancellations),
    nextObserveMs(c, awaited),
  ];
  const change = nextChangeMs(plan);
  // What has come while the pass was still at work is due at once: it must not be taken for over.
  if (change !== null) due.push(now.monotonicMs + Math.max(1, change - now.wallMs));
  if (awaitsDevices(plan)) due.push(now.monotonicMs + describeAgainMs);
  for (const { lookableAtMs, fleet } of c.watch.doubts(view, now.monotonicMs)) {
    due.push(Math.max(lookableAtMs, state.fleets.get(fleet)?.listAtMs ?? 0));
  }
  const issuable = plan.issuable.length > 0;
  if (issuable) {
    due.push(now.monotonicMs + c.pushPacer.waitMs(now.monotonicMs), state.pushAtMs, state.claimAtMs);
  }
  for (const fleet of state.fleets.values()) {
    if (fleet.pauseReason !== null) due.push(fleet.pausedUntilMs);
    if (fleet.closed !== null || (issuable && c.guard.complaint() !== null)) due.push(fleet.probeAtMs);
  }
  const later = due.filter((at) => at !== null && at > now.monotonicMs);
  return later.length === 0 ? null : later.reduce((a, b) => Math.min(a ?? 0, b ?? 0));
}

/** When what is waiting to be written may go. */
export function nextPushMs(c: Controller, view: LedgerView | null): number | null {
  const nowMs = c.clock.monotonicMs();
  const { pushAtMs, undecided, cancels } = c.state;
  const readyMs = Math.max(pushAtMs, nowMs + 1, nowMs + c.pushPacer.waitMs(nowMs));
  if (undecided !== null || [...cancels.values()].some(({ answer }) => answer !== null)) return readyMs;
  const routineMs = routineAtMs(c, view, nowMs);
  return routineMs === null ? null : Math.max(routineMs, readyMs);
}
