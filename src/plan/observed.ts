/** A fleet that is only observed: what is decided is shown, and nothing of it is done. */
import type { FleetCondition } from './claimable.ts';
import type { PlanAction } from './decision.ts';
import type { Judgement } from './judgement.ts';

/** What somebody would act on, or wait for. The others say how things are, or need a person all the same. */
const acted: ReadonlySet<PlanAction> = new Set(['issue', 'hold', 'wait', 'look', 'cancel']);

/** The judgement as it is where the fleet is only observed: a hold without an end, with why it would be held besides. */
export function holdBack(judged: Judgement, condition: FleetCondition | undefined): Judgement {
  if (condition?.kind !== 'observed') return judged;
  const { noted: _noted, ...silent } = judged;
  if (!acted.has(judged.action)) return silent;
  return { action: 'hold', untilMs: null, reasons: [condition.reason, ...judged.reasons] };
}
