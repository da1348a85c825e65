/** Every condition of a claim: what must hold before AWS may be asked for a revision, and what is said where it does not. */
import type { LedgerView } from '../ledger/fold.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { PolicySet, Reason, Verdict } from '../policy/verdict.ts';
import { judge } from '../policy/verdict.ts';
import type { DeviceInput } from './devices.ts';
import { findBusyDevices } from './devices.ts';
import type { Judgement } from './judgement.ts';
import { judgement } from './judgement.ts';
import type { OrderInput } from './order.ts';
import { findUnfinished } from './order.ts';
import { askedUnderName, findLowerRun, findRepeats } from './repeat-guard.ts';

/** Whether a fleet may be asked at all. A fleet that is not in the map is not configured. */
export type FleetCondition =
  | { readonly kind: 'open' }
  /** Ends by itself; `untilMs` where it is known when. */
  | { readonly kind: 'paused'; readonly untilMs: number | null; readonly reason: Reason }
  | { readonly kind: 'halted'; readonly reason: Reason }
  /** Configured to be looked at only: planned, and nothing more. */
  | { readonly kind: 'observed'; readonly reason: Reason };

export interface ClaimInput extends DeviceInput, OrderInput {
  readonly ledger: LedgerView;
  readonly policySet: PolicySet;
  readonly nowMs: number;
  readonly repeatGuard: boolean;
  readonly fleets: ReadonlyMap<string, FleetCondition>;
  /** What stops everything: halts, stale inputs, clocks that disagree. */
  readonly halts: readonly Reason[];
}

/** The longest that a release holds a revision back, and the slack of two clocks. */
const releaseMaxMs = 61 * 60_000;

/** Judges them in the order in which a person wants to hear of them. `older` is an open revision of the name. */
export function judgeClaim(
  task: WantedTask,
  receipt: Receipt | undefined,
  older: Receipt | null,
  input: ClaimInput,
): Judgement {
  const { manifest } = task;
  const asked = askedUnderName(manifest, input.ledger);
  const lower = findLowerRun(manifest, asked);
  if (lower !== null) return { ...judgement('deny', lower), noted: 'denied' };
  const verdict = judge(manifest, input.policySet, input.nowMs);
  if (verdict.action === 'deny') {
    return { ...judgement('deny', ...verdict.reasons), noted: verdict.expired ? 'expired' : 'denied' };
  }
  const condition = input.fleets.get(manifest.fleet);
  const blocks = findBlocks(manifest.fleet, condition, input);
  if (blocks.length > 0) return judgement('blocked', ...blocks);
  if (older !== null) return judgement('wait', describeOlder(older));
  const facts = [
    ...(input.repeatGuard ? findRepeats(manifest, asked) : []),
    ...findUnfinished(manifest, input),
    ...findBusyDevices(manifest, input),
  ];
  return joinHolds(facts, verdict, receipt, condition, input.nowMs);
}

/** What keeps everything, or the whole fleet, from being asked. */
export function findBlocks(
  fleet: string,
  condition: FleetCondition | undefined,
  input: ClaimInput,
): Reason[] {
  const blocks = [...input.halts];
  if (condition === undefined) {
    const known = [...input.fleets.keys()].sort().join(', ');
    blocks.push({
      code: 'SG6106',
      message: `fleet ${fleet} is not in the controller's configuration (it has ${known})`,
    });
  } else if (condition.kind === 'halted') blocks.push(condition.reason);
  return blocks;
}

/** A hold ends by itself only where every one of its reasons does, and then at the latest of their times. */
function joinHolds(
  facts: readonly Reason[],
  verdict: Exclude<Verdict, { action: 'deny' }>,
  receipt: Receipt | undefined,
  condition: FleetCondition | undefined,
  nowMs: number,
): Judgement {
  const reasons: Reason[] = [...facts, ...verdict.reasons];
  const ends: (number | null)[] = facts.map(() => null);
  if (verdict.action === 'hold') ends.push(verdict.untilMs);
  const notBefore = receipt?.release?.notBefore ?? null;
  const notBeforeMs = notBefore === null ? 0 : Date.parse(notBefore);
  // Nobody writes one more than an hour ahead but a clock that was wrong: it must not hold a ship's reboot for years.
  if (receipt !== undefined && notBeforeMs > nowMs && notBeforeMs <= nowMs + releaseMaxMs) {
    ends.push(notBeforeMs);
    reasons.push({
      code: 'SG6107',
      message: `asked again at ${notBefore}: ${receipt.release?.message ?? ''}`,
    });
  }
  if (condition?.kind === 'paused') {
    ends.push(condition.untilMs);
    reasons.push(condition.reason);
  }
  if (ends.length === 0) {
    return { action: 'issue', untilMs: verdict.action === 'allow' ? verdict.untilMs : null, reasons };
  }
  const known = ends.filter((end) => end !== null);
  return { action: 'hold', untilMs: known.length === ends.length ? Math.max(...known) : null, reasons };
}

function describeOlder(older: Receipt): Reason {
  const [taskId] = older.taskIds;
  const state = receiptState(older);
  return {
    code: 'SG6108',
    message:
      taskId === undefined
        ? `an earlier revision of this name is still open (${older.token.slice(0, 12)}, ${state})`
        : `an earlier revision of this name has not ended yet (${taskId})`,
  };
}
