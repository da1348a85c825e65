/** What a look settles: one whole listing of a fleet, held against a receipt in doubt. */
import type { Receipt } from '../ledger/receipt.ts';
import { isDoubtful, receiptState } from '../ledger/receipt.ts';

/** A task in AWS that bears the receipt's token, as DescribeTask tells it. */
export interface Hit {
  readonly taskId: string;
  readonly taskArn: string | null;
  readonly targets: readonly string[];
}

export type LookResult =
  | { readonly kind: 'adopted'; readonly hit: Hit }
  | { readonly kind: 'doubled'; readonly taskIds: readonly string[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'ambiguous'; readonly reason: 'tooOld' | 'otherTargets' }
  /** An ambiguous receipt stays so: only a hit or a human changes it. */
  | { readonly kind: 'unchanged' };

/**
 * Settles a doubt. `nowMs` is the later of the wall clock and AWS's: a clock set back must not make an old doubt
 * young, because AWS may have stopped listing the task. The oldest doubt decides, for the same reason.
 */
export function settleDoubt(
  receipt: Receipt,
  hits: readonly Hit[],
  nowMs: number,
  listTrustMs: number,
): LookResult {
  const [hit, second] = hits;
  if (second !== undefined) return { kind: 'doubled', taskIds: hits.map(({ taskId }) => taskId) };
  const ambiguous = receiptState(receipt) === 'ambiguous';
  if (hit !== undefined) {
    if (sameTargets(hit.targets, receipt.revision?.targets ?? [])) return { kind: 'adopted', hit };
    return ambiguous ? { kind: 'unchanged' } : { kind: 'ambiguous', reason: 'otherTargets' };
  }
  if (ambiguous) return { kind: 'unchanged' };
  const doubts = receipt.attempts.filter(isDoubtful).map(({ claimedAt }) => Date.parse(claimedAt));
  const oldestMs = Math.min(...doubts);
  return nowMs - oldestMs < listTrustMs ? { kind: 'absent' } : { kind: 'ambiguous', reason: 'tooOld' };
}

function sameTargets(a: readonly string[], b: readonly string[]): boolean {
  const sorted = [...a].sort();
  const other = [...b].sort();
  return sorted.length === other.length && sorted.every((target, index) => target === other[index]);
}
