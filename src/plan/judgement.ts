/** What is decided of one revision, before it is told as a decision of its task. */
import type { JudgeInput } from '../policy/judge-input.ts';
import type { Allow, Reason } from '../policy/verdict.ts';
import type { PlanAction } from './decision.ts';

export interface Judgement {
  readonly action: PlanAction;
  readonly untilMs: number | null;
  readonly reasons: readonly Reason[];
  /** Set where a deny is told in the ledger. */
  readonly noted?: 'denied' | 'expired';
  /** Set where it would be issued now, or once its unchecked rules are checked. */
  readonly permit?: Permit;
}

/** What a claim is granted on, to be asked again at the moment of the call. */
export interface Permit {
  readonly input: JudgeInput;
  readonly verdict: Allow;
}

/** A judgement without an end that is known. */
export function judgement(action: PlanAction, ...reasons: Reason[]): Judgement {
  return { action, untilMs: null, reasons };
}
