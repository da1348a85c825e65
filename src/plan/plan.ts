/**
 * The plan: desired x ledger x policies x facts x now -> a decision for each task. Pure, and the only place that decides:
 * the daemon, `snowgate plan` and every page show what this function says.
 */
import type { LedgerView } from '../ledger/fold.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { isOpenState, receiptState } from '../ledger/receipt.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { Reason } from '../policy/verdict.ts';
import { judgeReceipt } from './by-state.ts';
import { judgeClaim } from './claimable.ts';
import type { Decision } from './decision.ts';
import { findOccupied } from './devices.ts';
import type { Judgement } from './judgement.ts';
import { holdBack } from './observed.ts';
import type { Cancellation, UnwantedInput } from './unwanted.ts';
import { decideUnwanted } from './unwanted.ts';
import type { Withdrawal } from './withdrawal.ts';
import { findWithdrawals } from './withdrawal.ts';

/** Everything that a plan is made of; `occupied` is worked out from the rest. */
export type PlanInput = Omit<UnwantedInput, 'occupied'>;

export interface Plan {
  /** In the order of their keys. */
  readonly decisions: readonly Decision[];
  /** What would be issued now, not yet in order: that needs their places in history. */
  readonly issuable: readonly { readonly task: WantedTask; readonly untilMs: number | null }[];
  /** Older revisions whose end must be learned before a newer one of their name may be claimed. */
  readonly awaited: ReadonlySet<Token>;
  /** Tasks whose manifest is gone, and that AWS is to be asked to cancel. */
  readonly cancellations: readonly Cancellation[];
  /** Denied, expired and withdrawn revisions that no event tells of yet. */
  readonly notes: readonly Withdrawal[];
}

/** Decides everything at one instant. */
export function makePlan(given: PlanInput): Plan {
  const input: UnwantedInput = { ...given, occupied: findOccupied(given) };
  const decisions: Decision[] = [];
  const issuable: { task: WantedTask; untilMs: number | null }[] = [];
  const awaited = new Set<Token>();
  const notes: Withdrawal[] = [];
  for (const task of input.desired.tasks.values()) {
    const { decision, older, note } = decideTask(task, input);
    decisions.push(decision);
    if (decision.action === 'issue') issuable.push({ task, untilMs: decision.untilMs });
    if (older !== null) awaited.add(older.token);
    if (note !== null) notes.push(note);
  }
  for (const key of input.desired.frozen) decisions.push(quarantined(key));
  const unwanted = decideUnwanted(input);
  decisions.push(...unwanted.decisions);
  const { previous } = input;
  const found = previous === null ? [] : findWithdrawals(previous, input.desired, input.ledger);
  const withdrawals = found.filter(({ fleet }) => input.fleets.get(fleet)?.kind !== 'observed');
  for (const withdrawal of withdrawals) decisions.push(withdrawn(withdrawal));
  notes.push(...withdrawals);
  decisions.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { decisions, issuable, awaited, cancellations: unwanted.cancellations, notes };
}

interface TaskDecision {
  readonly decision: Decision;
  /** The open revision of the same name that it waits for. */
  readonly older: Receipt | null;
  readonly note: Withdrawal | null;
}

function decideTask(task: WantedTask, input: UnwantedInput): TaskDecision {
  const receipt = input.ledger.receipts.get(task.manifest.token);
  const condition = input.fleets.get(task.manifest.fleet);
  const byState = receipt === undefined ? null : judgeReceipt(receipt, input);
  if (byState !== null) {
    return { decision: decide(task, holdBack(byState, condition)), older: null, note: null };
  }
  const older = findOpenSibling(task, input.ledger);
  const judged = holdBack(judgeClaim(task, receipt, older, input), condition);
  return { decision: decide(task, judged), older, note: noteOf(task, receipt, judged) };
}

function decide(task: WantedTask, { action, untilMs, reasons }: Judgement): Decision {
  const { fleet, name, token } = task.manifest;
  return { key: `${fleet}/${name}`, fleet, name, token, action, untilMs, reasons };
}

function findOpenSibling(task: WantedTask, ledger: LedgerView): Receipt | null {
  const { fleet, name, token } = task.manifest;
  for (const sibling of ledger.tokensByKey.get(`${fleet}/${name}`) ?? []) {
    const receipt = ledger.receipts.get(sibling);
    if (sibling !== token && receipt !== undefined && isOpenState(receiptState(receipt))) return receipt;
  }
  return null;
}

function noteOf(task: WantedTask, receipt: Receipt | undefined, judged: Judgement): Withdrawal | null {
  if (judged.noted === undefined || receipt?.notes.has(judged.noted) === true) return null;
  const { fleet, name, token } = task.manifest;
  const message = judged.reasons.map(({ message: text }) => text).join('; ');
  return { token, fleet, name, reason: judged.noted, message };
}

function quarantined(key: TaskKey): Decision {
  const [fleet = '', name = ''] = key.split('/');
  return {
    key,
    fleet,
    name,
    token: null,
    action: 'quarantined',
    untilMs: null,
    reasons: [{ code: 'SG6109', message: 'its manifest has errors, or another one bears its name' }],
  };
}

function withdrawn({ fleet, name, token, message }: Withdrawal): Decision {
  const reason: Reason = { code: 'SG6118', message };
  return {
    key: `${fleet}/${name}`,
    fleet,
    name,
    token,
    action: 'withdraw',
    untilMs: null,
    reasons: [reason],
  };
}

/** When the earliest hold ends by itself, for whoever sleeps until then; null where none does. */
export function nextChangeMs(plan: Plan): number | null {
  const ends = plan.decisions.flatMap(({ action, untilMs }) =>
    action === 'hold' && untilMs !== null ? [untilMs] : [],
  );
  return ends.length === 0 ? null : ends.reduce((a, b) => Math.min(a, b));
}
