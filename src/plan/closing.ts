/**
 * The window holds for the execution, too: what a device has not begun when the permission to run ends is cancelled, a
 * little before. What the policies say now binds where it can be read; otherwise what the claim was granted.
 */
import type { CancelReason } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import { restlessReceipts } from '../ledger/view.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { Token } from '../manifest/manifest.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { RunGates } from '../policy/running.ts';
import { findRunGates } from '../policy/running.ts';
import type { Reason } from '../policy/verdict.ts';
import { isoInstant } from '../policy/verdict.ts';
import type { ClaimInput } from './claimable.ts';
import { isQueued } from './observation.ts';

/** A task of which something is still queued, and until when it may begin. */
export interface Closing {
  readonly receipt: Receipt;
  readonly reason: Extract<CancelReason, 'closed' | 'expired'>;
  /** When the permission to run ends. */
  readonly endMs: number;
}

export interface Closings {
  /** Those that are to be cancelled now. */
  readonly due: ReadonlyMap<Token, Closing>;
  /** When the next one is; null where none is. */
  readonly nextMs: number | null;
}

/** Finds the tasks whose permission to run ends within `cancel.lead`, and when the next one does. */
export function findClosings(input: ClaimInput): Closings {
  const due = new Map<Token, Closing>();
  let nextMs: number | null = null;
  for (const receipt of restlessReceipts(input.ledger)) {
    if (receiptState(receipt) !== 'issued') continue;
    const closing = receipt.cancel === null ? closingOf(receipt, input) : askedFor(receipt, input);
    if (closing === null) continue;
    const dueMs = closing.endMs - input.settings.cancelLeadMs;
    if (input.nowMs >= dueMs) due.set(receipt.token, closing);
    else nextMs = Math.min(nextMs ?? dueMs, dueMs);
  }
  return { due, nextMs };
}

/**
 * A cancel that was asked for is asked for until it is answered, whatever the windows say meanwhile. Where it was asked for
 * because nobody wants the task, its time ends all the same: then old news do not keep it from being cancelled any more.
 */
function askedFor(receipt: Receipt, input: ClaimInput): Closing | null {
  const { cancel } = receipt;
  if (cancel === null || cancel.answer !== null) return null;
  if (cancel.endMs === null) return closingOf(receipt, input);
  return { receipt, reason: cancel.reason === 'expired' ? 'expired' : 'closed', endMs: cancel.endMs };
}

function closingOf(receipt: Receipt, input: ClaimInput): Closing | null {
  if (!(receipt.revision?.targets ?? []).some((device) => isQueued(receipt, device))) return null;
  const { notAfterMs } = receipt.permission;
  const windowMs = windowEnd(receipt, input);
  if (windowMs !== null && (notAfterMs === null || windowMs < notAfterMs)) {
    return { receipt, reason: 'closed', endMs: windowMs };
  }
  return notAfterMs === null ? null : { receipt, reason: 'expired', endMs: notAfterMs };
}

/** When the windows that allowed it end: those of today, where all that allowed it still stand and load. */
function windowEnd(receipt: Receipt, input: ClaimInput): number | null {
  const { cancelMs, policies, isWaived } = receipt.permission;
  const task = input.desired.tasks.get(receipt.key);
  if (task?.manifest.token !== receipt.token || isWaived || input.halts.length > 0 || policies.length === 0)
    return cancelMs;
  const fleetLabels = input.fleetRules.get(receipt.fleet)?.labels ?? {};
  const now = findRunGates(task.manifest, fleetLabels, input.policies, policies);
  return now.kind === 'unknown' ? cancelMs : endByToday(now, receipt, input.nowMs);
}

/**
 * A window that is closed already may have closed long ago, while nobody was there: then it ended when it was to end, or later
 * where it was extended meanwhile; else what began since would be taken for in time. A commit that closes it closes it now.
 */
function endByToday(gates: RunGates & { kind: 'known' }, receipt: Receipt, nowMs: number): number | null {
  const endMs = gates.endsAt(nowMs);
  const { cancelMs } = receipt.permission;
  if (endMs !== nowMs || cancelMs === null || cancelMs >= nowMs) return endMs;
  const grantedMs = Date.parse(receipt.attempts.at(-1)?.claimedAt ?? '');
  const extendedMs = Number.isNaN(grantedMs) ? null : gates.endsAt(grantedMs);
  return Math.max(cancelMs, Math.min(extendedMs ?? nowMs, nowMs));
}

/** Why it is cancelled, in words. */
export function describeClosing({ reason, endMs }: Closing): Reason {
  const why =
    reason === 'closed' ? `its window ends at ${isoInstant(endMs)}` : `its notAfter is ${isoInstant(endMs)}`;
  return { code: 'SG6130', message: `${why}: what is still queued is cancelled; raise run to ask again` };
}

/** Whether a task that was issued may still begin on a device at an instant, by what its manifest and the policies say now. */
export function mayRunAt(
  receipt: Receipt,
  { manifest }: WantedTask,
  fleetLabels: Readonly<Record<string, string>>,
  policies: PolicySet,
  timeMs: number,
): boolean {
  if (receipt.permission.isWaived) return false;
  const { notAfterMs } = receipt.permission;
  if (notAfterMs !== null && timeMs >= notAfterMs) return false;
  const gates = findRunGates(manifest, fleetLabels, policies, receipt.permission.policies);
  return gates.kind === 'known' && gates.isOpenAt(timeMs);
}
