/** What nothing wants any more, but is not at peace: it is shown until it is, and cancelled where that can still be done. */
import type { CancelReason } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import { restlessReceipts } from '../ledger/view.ts';
import { findNearest } from '../lib/nearest.ts';
import type { Desired, WantedTask } from '../manifest/collect.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { Reason } from '../policy/verdict.ts';
import type { DoubtInput } from './by-state.ts';
import { describeDevices, judgeByState } from './by-state.ts';
import type { ClaimInput } from './claimable.ts';
import { findBlocks } from './claimable.ts';
import type { Closings } from './closing.ts';
import { describeClosing } from './closing.ts';
import type { Decision } from './decision.ts';
import { joinFew } from './few.ts';
import type { Judgement } from './judgement.ts';
import { judgement } from './judgement.ts';
import { holdBack } from './observed.ts';
import { findHiding, judgeAbsence, lastPaths } from './withdrawal.ts';

export interface UnwantedInput extends DoubtInput, ClaimInput {
  readonly desired: Desired;
  /** What was wanted at the head acted on before; null where this head may not be acted on. */
  readonly previous: ReadonlyMap<TaskKey, WantedTask> | null;
}

/** A task that AWS is to be asked to cancel, now. */
export interface Cancellation {
  readonly token: Token;
  readonly fleet: string;
  readonly name: string;
  readonly taskId: string;
  readonly reason: CancelReason;
  /** When the permission to run ends; null where the manifest is not wanted any more. */
  readonly endMs: number | null;
}

/** Decides what is not wanted, and names what is to be cancelled: that, and what is still queued when its window closes. */
export function decideUnwanted(
  input: UnwantedInput,
  closings: Closings,
): {
  readonly decisions: readonly Decision[];
  readonly cancellations: readonly Cancellation[];
} {
  const decisions: Decision[] = [];
  const cancellations: Cancellation[] = [];
  const strays = findStrays(input);
  for (const receipt of restlessReceipts(input.ledger)) {
    if (isWanted(receipt, input)) continue;
    const state = receiptState(receipt);
    if (state === 'pending' || state === 'waiting') continue;
    const judged =
      state === 'issued' ? judgeIssued(receipt, input, strays, cancellations) : judgeByState(receipt, input);
    if (judged === null) continue;
    const { key, fleet, name, token } = receipt;
    decisions.push({ key, fleet, name, token, ...holdBack(judged, input.fleets.get(fleet)) });
  }
  const told = new Set(cancellations.map(({ token }) => token));
  for (const closing of closings.due.values()) {
    if (told.has(closing.receipt.token) || !mayCancel(closing.receipt, input)) continue;
    const { receipt, reason, endMs } = closing;
    const { key, fleet, name, token } = receipt;
    cancellations.push({ token, fleet, name, taskId: receipt.taskIds[0] ?? '', reason, endMs });
    if (isWanted(receipt, input) || decisions.some((decision) => decision.token === token)) continue;
    const judged = judgement('cancel', describeClosing(closing));
    decisions.push({ key, fleet, name, token, ...judged });
  }
  return { decisions, cancellations };
}

function isWanted({ key, token }: Receipt, { desired }: UnwantedInput): boolean {
  return desired.tasks.get(key)?.manifest.token === token;
}

/**
 * That a window closes is known by the ledger and the clock: neither a halt of the source nor a frozen name keeps what is
 * queued from being cancelled, nor a fleet that waits with what it issues, because AWS throttles that. Only one that may not be
 * asked does.
 */
function mayCancel(receipt: Receipt, { fleets, elsewhere }: UnwantedInput): boolean {
  const kind = fleets.get(receipt.fleet)?.kind;
  return (kind === 'open' || kind === 'paused') && !elsewhere.has(receipt.token);
}

/** A task in AWS whose revision is not wanted; null where nothing is to be said of it. */
function judgeIssued(
  receipt: Receipt,
  input: UnwantedInput,
  strays: Strays,
  cancellations: Cancellation[],
): Judgement | null {
  // What a halted head, or one that could not be read, lacks is not taken for gone.
  if (input.previous === null) return null;
  const paths = lastPaths(receipt, input.previous);
  const absence = judgeAbsence(receipt, paths, input.desired);
  const [taskId = ''] = receipt.taskIds;
  const task = `issued as ${taskId}${describeDevices(receipt)}`;
  const stray = absence === 'removed' ? findStray(receipt, strays) : undefined;
  if (absence === 'hidden' || stray !== undefined) {
    const why =
      stray === undefined
        ? `${joinFew(findHiding(receipt.name, paths, input.desired))} may hold it: not cancelled until that is corrected`
        : `${stray}/${receipt.name} may be it, of a fleet that is not in the configuration: not cancelled until that is corrected`;
    return judgement('quarantined', { code: 'SG6127', message: `${task}; its manifest is gone, but ${why}` });
  }
  const reason =
    absence === 'removed' ? 'removed' : absence === 'replaced' ? revertReason(receipt, input) : null;
  if (reason === null) return null;
  const why =
    reason === 'removed' ? 'its manifest was removed' : 'its manifest was reverted to one that has ended';
  if (receipt.cancel !== null && receipt.cancel.answer !== null) {
    const message = `${task}; ${why}, ${answers[receipt.cancel.answer.kind]}; its end is awaited`;
    return judgement('wait', { code: 'SG6125', message });
  }
  const blocks = findBlocks(receipt.fleet, input.fleets.get(receipt.fleet), input);
  if (input.elsewhere.has(receipt.token)) blocks.push(elsewhereReason(receipt));
  if (blocks.length > 0) return judgement('blocked', ...blocks);
  const condition = input.fleets.get(receipt.fleet);
  const paused = condition?.kind === 'paused' ? [condition.reason] : [];
  if (paused.length === 0 && condition?.kind !== 'observed') {
    const { token, fleet, name } = receipt;
    cancellations.push({ token, fleet, name, taskId, reason, endMs: null });
  }
  const message = `${task}; ${why}: what is still queued is cancelled`;
  return judgement('cancel', { code: 'SG6124', message }, ...paused);
}

const answers = {
  accepted: 'and AWS has taken the cancel',
  refused: 'and AWS refused to cancel it',
  begun: 'but it had begun',
} as const;

/**
 * Tasks of fleets that nobody has, by name. A slip in `fleet` makes another task of one that is in flight: nothing is issued
 * for that one, and nothing may be cancelled for it.
 */
type Strays = ReadonlyMap<string, readonly string[]>;

function findStrays({ desired, fleets }: UnwantedInput): Strays {
  const strays = new Map<string, string[]>();
  for (const key of [...desired.tasks.keys(), ...desired.frozen]) {
    const [fleet = '', name = ''] = key.split('/');
    if (!fleets.has(fleet)) strays.set(name, [...(strays.get(name) ?? []), fleet]);
  }
  return strays;
}

/** The fleet that nobody has, under which the task may stand now. */
function findStray({ fleet, name }: Receipt, strays: Strays): string | undefined {
  return strays.get(name)?.find((stray) => findNearest(stray, [fleet]) !== undefined);
}

/** Any edit waits for the older task; but one that asks for what has already ended asks for nothing more. */
function revertReason(receipt: Receipt, { desired, ledger }: UnwantedInput): CancelReason | null {
  const token = desired.tasks.get(receipt.key)?.manifest.token;
  const wanted = token === undefined ? undefined : ledger.receipts.get(token);
  if (wanted === undefined) return null;
  const state = receiptState(wanted);
  return state === 'settled' || state === 'baseline' || state === 'refused' ? 'reverted' : null;
}

function elsewhereReason({ identity }: Receipt): Reason {
  const { account = '', region = '', endpoint = '' } = identity ?? {};
  const where = [account, region, endpoint].filter((part) => part !== '').join(' ');
  return {
    code: 'SG6128',
    message: `its task is in ${where}, which is not this fleet any more: cancel it there`,
  };
}
