/**
 * The plan: desired x ledger x policies x facts x now -> a decision for each task. Pure, and the only place that decides:
 * the daemon, `snowgate plan` and every page show what this function says.
 */

import type { Receipt } from '../ledger/receipt.ts';
import { isOpenState, receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { CountFacts } from '../policy/facts.ts';
import type { Reason } from '../policy/verdict.ts';
import { judgeReceipt } from './by-state.ts';
import { judgeClaim } from './claimable.ts';
import type { Closings } from './closing.ts';
import { describeClosing, findClosings } from './closing.ts';
import type { Decision } from './decision.ts';
import { findOccupied } from './devices.ts';
import type { Judgement, Permit } from './judgement.ts';
import { judgement } from './judgement.ts';
import { holdBack } from './observed.ts';
import { countsOf, grant, tallyFleets } from './tally.ts';
import { compareText } from './text-order.ts';
import type { Cancellation, UnwantedInput } from './unwanted.ts';
import { decideUnwanted } from './unwanted.ts';
import type { Withdrawal } from './withdrawal.ts';
import { findWithdrawals } from './withdrawal.ts';

/** Everything that a plan is made of; `occupied` is worked out from the rest. */
export type PlanInput = Omit<UnwantedInput, 'occupied'>;

/** A task that would be issued now. */
export interface Issuable {
  readonly task: WantedTask;
  readonly permit: Permit;
}

export interface Plan {
  /** In the order of their keys. */
  readonly decisions: readonly Decision[];
  /** In the order of their places in history, and then of their names. */
  readonly issuable: readonly Issuable[];
  /** Allowed by every rule that could be checked; the others read facts that AWS was not asked for. */
  readonly unchecked: readonly Issuable[];
  /** Older revisions whose end must be learned before a newer one of their name may be claimed. */
  readonly awaited: ReadonlySet<Token>;
  /** Tasks that AWS is to be asked to cancel. */
  readonly cancellations: readonly Cancellation[];
  /** Denied, expired and withdrawn revisions that no event tells of yet. */
  readonly notes: readonly Withdrawal[];
  /** When the next queued task is to be cancelled, because its permission to run ends; null where none is. */
  readonly nextClosingMs: number | null;
}

/** Decides everything at one instant. */
export function makePlan(given: PlanInput): Plan {
  const input: UnwantedInput = { ...given, occupied: findOccupied(given) };
  const closings = findClosings(input);
  const tallies = tallyFleets(input.ledger, input.nowMs, input.absent);
  const decisions: Decision[] = [];
  const issuable: Issuable[] = [];
  const unchecked: Issuable[] = [];
  const awaited = new Set<Token>();
  const notes: Withdrawal[] = [];
  // Each is judged on what was granted before it: "at most N in flight" holds inside a plan.
  for (const task of inOrder(input)) {
    const { decision, older, note, permit } = decideTask(task, input, closings, tallies);
    decisions.push(decision);
    if (permit !== undefined) {
      const { fleet, targets } = task.manifest;
      const isChecked = permit.verdict.unchecked.length === 0;
      // What is still to be checked is granted nothing: a place kept for it would keep the others from being checked at all.
      if (isChecked) grant(tallies, fleet, targets.length);
      (isChecked ? issuable : unchecked).push({ task, permit });
    }
    if (older !== null) awaited.add(older.token);
    if (note !== null) notes.push(note);
  }
  for (const key of input.desired.frozen) decisions.push(quarantined(key));
  const unwanted = decideUnwanted(input, closings);
  decisions.push(...unwanted.decisions);
  const { previous } = input;
  const found = previous === null ? [] : findWithdrawals(previous, input.desired, input.ledger);
  const withdrawals = found.filter(({ fleet }) => input.fleets.get(fleet)?.kind !== 'observed');
  for (const withdrawal of withdrawals) decisions.push(withdrawn(withdrawal));
  notes.push(...withdrawals);
  decisions.sort((a, b) => compareText(a.key, b.key));
  const { cancellations } = unwanted;
  const { nextMs: nextClosingMs } = closings;
  return { decisions, issuable, unchecked, awaited, cancellations, notes, nextClosingMs };
}

/** The order in which tasks are judged: of commits, then of names; what is not placed in history comes last. */
export function inOrder({ desired, origins }: Pick<PlanInput, 'desired' | 'origins'>): WantedTask[] {
  const placeOf = ({ manifest }: WantedTask): number =>
    origins.get(manifest.token)?.position ?? Number.POSITIVE_INFINITY;
  return [...desired.tasks.values()]
    .map((task) => ({ task, place: placeOf(task) }))
    .sort(
      (a, b) => comparePlaces(a.place, b.place) || compareText(a.task.manifest.name, b.task.manifest.name),
    )
    .map(({ task }) => task);
}

function comparePlaces(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

interface TaskDecision {
  readonly decision: Decision;
  /** The open revision of the same name that it waits for. */
  readonly older: Receipt | null;
  readonly note: Withdrawal | null;
  readonly permit: Permit | undefined;
}

function decideTask(
  task: WantedTask,
  input: UnwantedInput,
  closings: Closings,
  tallies: ReadonlyMap<string, CountFacts>,
): TaskDecision {
  const { token, fleet } = task.manifest;
  const receipt = input.ledger.receipts.get(token);
  const condition = input.fleets.get(fleet);
  const closing = closings.due.get(token);
  const byState =
    receipt === undefined
      ? null
      : closing === undefined
        ? judgeReceipt(receipt, input)
        : judgement('cancel', describeClosing(closing));
  if (byState !== null) {
    const decision = decide(task, holdBack(byState, condition));
    return { decision, older: null, note: null, permit: undefined };
  }
  const older = findOpenSibling(task, input.ledger);
  const judged = holdBack(judgeClaim(task, receipt, older, countsOf(tallies, fleet), input), condition);
  const permit = judged.action === 'issue' ? judged.permit : undefined;
  return { decision: decide(task, judged), older, note: noteOf(task, receipt, judged), permit };
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

/** When the earliest hold ends by itself, or a task is to be cancelled, for whoever sleeps until then; null where none does. */
export function nextChangeMs(plan: Plan): number | null {
  const ends = plan.decisions.flatMap(({ action, untilMs }) =>
    action === 'hold' && untilMs !== null ? [untilMs] : [],
  );
  if (plan.nextClosingMs !== null) ends.push(plan.nextClosingMs);
  return ends.length === 0 ? null : ends.reduce((a, b) => Math.min(a, b));
}
