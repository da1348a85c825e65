/** Work in slices, done without a stop. */

import type { ControllerStatus } from '../../src/controller/status.ts';
import {
  countDecisions,
  countExecutions,
  countUnknownDevices,
  readGauges,
  type Sample,
} from '../../src/http/gauges.ts';
import { finish, type Slices } from '../../src/lib/turns.ts';

/** What the work returns, and how often it has stopped on the way. */
export function doAtOnce<T>(work: Slices<T>): { readonly value: T; readonly stops: number } {
  for (let stops = 0; ; stops += 1) {
    const step = work.next();
    if (step.done === true) return { value: step.value, stops };
  }
}

/** Every gauge of a status. */
export function gaugesOf(status: ControllerStatus): Sample[] {
  const decisions = finish(countDecisions(status, null));
  const executions = finish(countExecutions(status));
  const unknownDevices = finish(countUnknownDevices(status, null));
  return readGauges(status, { decisions, executions, unknownDevices }, '1.2.3');
}
