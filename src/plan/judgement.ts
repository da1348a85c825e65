/** What is decided of one revision, before it is told as a decision of its task. */
import type { Reason } from '../policy/verdict.ts';
import type { PlanAction } from './decision.ts';

export interface Judgement {
  readonly action: PlanAction;
  readonly untilMs: number | null;
  readonly reasons: readonly Reason[];
  /** Set where a deny is told in the ledger. */
  readonly noted?: 'denied' | 'expired';
}

/** A judgement without an end that is known. */
export function judgement(action: PlanAction, ...reasons: Reason[]): Judgement {
  return { action, untilMs: null, reasons };
}
