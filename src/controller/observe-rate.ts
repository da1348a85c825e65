/** `observe.rate`: the pace of every question that is not about issuing. */
import { elapsedMs, type Moment, readMoment } from '../lib/clock.ts';
import type { Controller, FleetState } from './state.ts';

/** Of one pass, for all fleets beside each other: a merge or a window that opens meanwhile waits no longer. */
const budgetMs = 5_000;

/** False when the process is to end, or this pass's time is over before `observe.rate` allows another call. */
export async function waitForRate(c: Controller, fleet: FleetState, begun: Moment): Promise<boolean> {
  const waitMs = fleet.observePacer.waitMs(c.clock.monotonicMs());
  if (elapsedMs(begun, readMoment(c.clock)) + waitMs >= budgetMs) return false;
  if (waitMs > 0) await c.clock.sleep(waitMs, c.signal);
  if (c.signal.aborted) return false;
  fleet.observePacer.take(c.clock.monotonicMs());
  return true;
}
