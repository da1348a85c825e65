/**
 * The plan: desired x ledger x policies x facts x now -> a decision for each task. Pure, and the only place that decides:
 * the daemon, `snowgate plan` and every page show what this function says.
 */
import type { LedgerView } from '../ledger/fold.ts';
import { restlessReceipts } from '../ledger/fold.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { isOpenState, receiptState } from '../ledger/receipt.ts';
import type { Desired, WantedTask } from '../manifest/collect.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { PolicySet, Reason, Verdict } from '../policy/verdict.ts';
import { judge } from '../policy/verdict.ts';
import type { Decision, PlanAction } from './decision.ts';
import { askedUnderName, findLowerRun, findRepeats } from './repeat-guard.ts';
import type { Withdrawal } from './withdrawal.ts';
import { findWithdrawals } from './withdrawal.ts';

/** Whether a fleet may be asked at all. A fleet that is not in the map is not configured. */
export type FleetCondition =
  | { readonly kind: 'open' }
  /** Ends by itself; `untilMs` where it is known when. */
  | { readonly kind: 'paused'; readonly untilMs: number | null; readonly reason: Reason }
  | { readonly kind: 'halted'; readonly reason: Reason };

export interface PlanInput {
  readonly desired: Desired;
  readonly ledger: LedgerView;
  readonly policySet: PolicySet;
  readonly nowMs: number;
  readonly repeatGuard: boolean;
  readonly fleets: ReadonlyMap<string, FleetCondition>;
  /** What stops everything: halts, stale inputs, clocks that disagree. */
  readonly halts: readonly Reason[];
  /** Tokens whose claimant is given up by this observer's own watch. */
  readonly takenOver: ReadonlySet<Token>;
  /** Tokens claimed in another account, region or endpoint than their fleet is now: nobody here can look at them. */
  readonly elsewhere: ReadonlySet<Token>;
  /** Tokens that a look of this pass did not find: their doubt ends with the next commit. */
  readonly absent: ReadonlySet<Token>;
  /** What was wanted at the head acted on before; null where this head may not be acted on, and withdraws nothing. */
  readonly previous: ReadonlyMap<TaskKey, WantedTask> | null;
}

/** The older revision whose end must be learned before a newer one of its name may be claimed. */
export interface Follow {
  readonly token: Token;
  readonly fleet: string;
  readonly taskId: string;
}

export interface Plan {
  /** In the order of their keys. */
  readonly decisions: readonly Decision[];
  /** What would be issued now, not yet in order: that needs their places in history. */
  readonly issuable: readonly { readonly task: WantedTask; readonly untilMs: number | null }[];
  readonly follows: readonly Follow[];
  /** Denied, expired and withdrawn revisions that no event tells of yet. */
  readonly notes: readonly Withdrawal[];
}

/** Decides everything at one instant. */
export function makePlan(input: PlanInput): Plan {
  const decisions: Decision[] = [];
  const issuable: { task: WantedTask; untilMs: number | null }[] = [];
  const follows = new Map<Token, Follow>();
  const notes: Withdrawal[] = [];
  for (const task of input.desired.tasks.values()) {
    const { decision, follow, note } = decideTask(task, input);
    decisions.push(decision);
    if (decision.action === 'issue') issuable.push({ task, untilMs: decision.untilMs });
    if (follow !== null) follows.set(follow.token, follow);
    if (note !== null) notes.push(note);
  }
  for (const key of input.desired.frozen) decisions.push(quarantined(key));
  decisions.push(...decideUnwanted(input));
  const { previous } = input;
  const withdrawals = previous === null ? [] : findWithdrawals(previous, input.desired, input.ledger);
  for (const withdrawal of withdrawals) decisions.push(withdrawn(withdrawal));
  notes.push(...withdrawals);
  decisions.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { decisions, issuable, follows: [...follows.values()], notes };
}

/** The longest that a release holds a revision back, and the slack of two clocks. */
const releaseMaxMs = 61 * 60_000;

interface TaskDecision {
  readonly decision: Decision;
  readonly follow: Follow | null;
  readonly note: Withdrawal | null;
}

function decideTask(task: WantedTask, input: PlanInput): TaskDecision {
  const receipt = input.ledger.receipts.get(task.manifest.token);
  const byState = receipt === undefined ? null : decideReceipt(receipt, input);
  if (byState !== null) return { decision: decide(task, byState), follow: null, note: null };
  const older = findOpenSibling(task, input.ledger);
  const [taskId] = older?.taskIds ?? [];
  const follow =
    older !== null && taskId !== undefined ? { token: older.token, fleet: older.fleet, taskId } : null;
  const outcome = decideClaim(task, receipt, older, input);
  return { decision: decide(task, outcome), follow, note: noteOf(task, receipt, outcome) };
}

interface Outcome {
  readonly action: PlanAction;
  readonly untilMs: number | null;
  readonly reasons: readonly Reason[];
  /** Set where a deny is told in the ledger. */
  readonly noted?: 'denied' | 'expired';
}

function decide(task: WantedTask, { action, untilMs, reasons }: Outcome): Decision {
  const { fleet, name, token } = task.manifest;
  return { key: `${fleet}/${name}`, fleet, name, token, action, untilMs, reasons };
}

function outcome(action: PlanAction, ...reasons: Reason[]): Outcome {
  return { action, untilMs: null, reasons };
}

/** A look without a hit ends the doubt, and the revision may be claimed again; unless AWS had refused it. */
function decideReceipt(receipt: Receipt, input: PlanInput): Outcome | null {
  if (!input.absent.has(receipt.token)) return decideByState(receipt, input);
  return receipt.refusal === null ? null : refused(receipt);
}

/** What a receipt's state decides by itself; null where the revision may be claimed (again). */
function decideByState(receipt: Receipt, input: PlanInput): Outcome | null {
  const state = receiptState(receipt);
  const [taskId = ''] = receipt.taskIds;
  switch (state) {
    case 'pending':
    case 'waiting':
      return null;
    case 'issued':
      return outcome('done', { code: 'SG6110', message: `issued as ${taskId}` });
    case 'settled':
      return outcome('done', {
        code: 'SG6111',
        message: `issued as ${taskId}, ended: ${receipt.settled?.outcome ?? 'unknown'}`,
      });
    case 'baseline':
      return outcome('done', {
        code: 'SG6112',
        message: 'written down as baseline when the ledger was made: never issued; raise run to ask',
      });
    case 'refused':
      return refused(receipt);
    case 'doubled':
      return outcome('blocked', {
        code: 'SG6114',
        message: `AWS has two tasks for this revision: ${receipt.taskIds.join(', ')}; look at both devices, cancel what still can be`,
      });
    case 'ambiguous':
      return outcome('blocked', {
        code: 'SG6115',
        message: `nobody can say whether AWS made a task; find out, then \`snowgate ledger resolve ${receipt.token.slice(0, 12)} --created TASKID\` or \`--not-created\`, with \`--reason\``,
      });
    case 'claimed':
      return input.takenOver.has(receipt.token) ? inDoubt(receipt, input) : claimed(receipt);
    case 'inDoubt':
      return inDoubt(receipt, input);
  }
}

function refused({ refusal }: Receipt): Outcome {
  return outcome('deny', {
    code: 'SG6113',
    message: `AWS refused it: ${refusal?.error ?? ''}: ${refusal?.message ?? ''}; change the manifest or raise run`,
  });
}

function claimed(receipt: Receipt): Outcome {
  const attempt = receipt.attempts.at(-1);
  return outcome('wait', {
    code: 'SG6116',
    message: `claimed by ${attempt?.replica ?? ''} at ${attempt?.claimedAt ?? ''}; its outcome is awaited`,
  });
}

function inDoubt(receipt: Receipt, input: PlanInput): Outcome {
  const attempt = receipt.attempts.at(-1);
  if (input.elsewhere.has(receipt.token)) {
    const { account = '', region = '', endpoint = '' } = receipt.identity ?? {};
    return outcome('blocked', {
      code: 'SG6119',
      message: `attempt ${attempt?.n ?? 0} may have made a task in ${[account, region, endpoint].filter((part) => part !== '').join(' ')}, which is not this fleet any more; look there, then \`snowgate ledger resolve ${receipt.token.slice(0, 12)} --created TASKID\` or \`--not-created\`, with \`--reason\``,
    });
  }
  return outcome('look', {
    code: 'SG6117',
    message: `attempt ${attempt?.n ?? 0} may have made a task unseen; AWS is listed before anything else is done`,
  });
}

/** Every condition of a claim, in the order in which a person wants to hear of them. */
function decideClaim(
  task: WantedTask,
  receipt: Receipt | undefined,
  older: Receipt | null,
  input: PlanInput,
): Outcome {
  const { manifest } = task;
  const asked = askedUnderName(manifest, input.ledger);
  const lower = findLowerRun(manifest, asked);
  if (lower !== null) return { ...outcome('deny', lower), noted: 'denied' };
  const verdict = judge(manifest, input.policySet, input.nowMs);
  if (verdict.action === 'deny') {
    return { ...outcome('deny', ...verdict.reasons), noted: verdict.expired ? 'expired' : 'denied' };
  }
  const condition = input.fleets.get(manifest.fleet);
  const blocks = findBlocks(manifest.fleet, condition, input);
  if (blocks.length > 0) return outcome('blocked', ...blocks);
  if (older !== null) return outcome('wait', describeOlder(older));
  const repeats = input.repeatGuard ? findRepeats(manifest, asked) : [];
  return joinHolds(repeats, verdict, receipt, condition, input.nowMs);
}

function findBlocks(fleet: string, condition: FleetCondition | undefined, input: PlanInput): Reason[] {
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
  repeats: readonly Reason[],
  verdict: Exclude<Verdict, { action: 'deny' }>,
  receipt: Receipt | undefined,
  condition: FleetCondition | undefined,
  nowMs: number,
): Outcome {
  const reasons: Reason[] = [...repeats, ...verdict.reasons];
  const ends: (number | null)[] = repeats.map(() => null);
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

function findOpenSibling(task: WantedTask, ledger: LedgerView): Receipt | null {
  const { fleet, name, token } = task.manifest;
  for (const sibling of ledger.tokensByKey.get(`${fleet}/${name}`) ?? []) {
    const receipt = ledger.receipts.get(sibling);
    if (sibling !== token && receipt !== undefined && isOpenState(receiptState(receipt))) return receipt;
  }
  return null;
}

function noteOf(task: WantedTask, receipt: Receipt | undefined, decided: Outcome): Withdrawal | null {
  if (decided.noted === undefined || receipt?.notes.has(decided.noted) === true) return null;
  const { fleet, name, token } = task.manifest;
  const message = decided.reasons.map(({ message: text }) => text).join('; ');
  return { token, fleet, name, reason: decided.noted, message };
}

/** Receipts that nothing wants any more, but that are not at peace: they are shown until they are. */
function decideUnwanted(input: PlanInput): Decision[] {
  const decisions: Decision[] = [];
  for (const receipt of restlessReceipts(input.ledger)) {
    if (input.desired.tasks.get(receipt.key)?.manifest.token === receipt.token) continue;
    const state = receiptState(receipt);
    if (state !== 'claimed' && state !== 'inDoubt' && state !== 'ambiguous' && state !== 'doubled') continue;
    const decided = decideByState(receipt, input);
    if (decided === null) continue;
    const { key, fleet, name, token } = receipt;
    decisions.push({ key, fleet, name, token, ...decided });
  }
  return decisions;
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
