/** What one change of a merge means, in words for people. */
import type { Receipt } from '../ledger/receipt.ts';
import { isAsked, receiptState } from '../ledger/receipt.ts';
import type { FaultCode } from '../lib/faults.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { Decision } from '../plan/decision.ts';
import type { TaskChange } from '../plan/difference.ts';
import { joinFew } from '../plan/few.ts';
import { type Reason, shortInstant } from '../policy/verdict.ts';
import type { MergePlan } from './merge.ts';

/** What is said of a change. */
export interface Told {
  /** One line without the task's name: `asks AWS to unlock smd-1 as soon as it is merged`. */
  readonly headline: string;
  /** What else is to be known, a line each. */
  readonly details: readonly string[];
  readonly severity: 'error' | 'warning' | 'note';
  /** Of an error or a warning, the code that says why. */
  readonly code: FaultCode | null;
  /** What a list of findings says instead of the headline; null where that says it. */
  readonly finding: string | null;
}

const note = { severity: 'note', code: null, finding: null } as const;

/** Tells a change; what is not known without the ledger is said to be so. */
export function tellChange(change: TaskChange, plan: MergePlan): Told {
  switch (change.kind) {
    case 'added':
    case 'revised':
    case 'repeated':
      return tellWanted(change, plan, []);
    case 'renamed':
      return tellRenamed(change, plan);
    case 'edited':
    case 'moved':
      return tellUnseen(change, plan);
    case 'removed':
      return tellRemoved(change, plan);
    case 'broken':
      return tellBroken(change);
    case 'judged':
      return tellJudged(change, plan);
  }
}

/** A revision that the name did not have before. */
function tellWanted(change: TaskChange, plan: MergePlan, more: readonly string[]): Told {
  const { after, decision, receipt, kind } = change;
  if (after === null || decision === null) return nothingDecided(change);
  const { run } = after.manifest;
  const fields = kind === 'revised' ? [`changes ${change.fields.join(', ')}: a new revision`] : [];
  const again = kind === 'repeated' ? [`run ${run}: the same is asked for again`] : [];
  const details = [
    ...again,
    ...fields,
    ...more,
    ...restOf(change),
    ...guardOf(change),
    ...limitsOf(change, plan),
  ];
  if (receipt !== null && isAsked(receiptState(receipt))) {
    const headline = `asks for nothing: this very revision was asked for before: ${textOf(decision)}; raise run to ask again`;
    return { headline, details, ...note };
  }
  return { headline: sayAction(decision, after, change), details, ...gradeOf(change, plan) };
}

/** What a decision means for something that is to be asked for. */
function sayAction(
  decision: Decision,
  { manifest }: WantedTask,
  { behind }: Pick<TaskChange, 'behind'>,
): string {
  const { action, untilMs } = decision;
  const deed = `${manifest.command} ${manifest.targets.join(', ')}`;
  const ask = `asks AWS to ${deed}`;
  switch (action) {
    case 'issue':
      return `${ask} ${behind.nearest.length > 0 ? 'in its turn' : 'at the first pass'} after the merge${isUnchecked(decision) ? ', if what is checked only then allows it' : ''}`;
    case 'hold':
      return untilMs === null
        ? `is held, and would ${deed}: ${textOf(decision)}`
        : `${ask} from ${shortInstant(untilMs)} on: ${textOf(decision)}`;
    case 'deny':
      return `is denied: ${textOf(decision)}`;
    case 'wait':
      return `waits, and would ${deed}: ${textOf(decision)}`;
    case 'blocked':
      return `is blocked, and would ${deed}: ${textOf(decision)}`;
    case 'done':
      return textOf(decision);
    case 'quarantined':
      return `cannot be trusted: ${textOf(decision)}`;
    case 'cancel':
    case 'withdraw':
    case 'look':
      return textOf(decision);
  }
}

/** A rule that binds it reads what nobody knows before the merge, or what only AWS knows. */
function isUnchecked({ reasons }: Decision): boolean {
  return reasons.some(({ code }) => code === 'SG6302');
}

function textOf({ reasons, action }: Decision): string {
  const coded = action === 'deny' || action === 'blocked' || action === 'quarantined';
  return reasons.map(({ code, message }) => (coded ? `${code} ${message}` : message)).join('; ');
}

/** When, in which windows, behind whom; and what has still to be checked. */
function limitsOf({ decision, firstMs, windows, behind }: TaskChange, plan: MergePlan): string[] {
  const details: string[] = [];
  for (const { name, policy, rule, closesMs } of windows) {
    const at = firstMs === null || firstMs === plan.atMs ? 'now' : `at ${shortInstant(firstMs)}`;
    const end = closesMs === null ? 'without an end' : `until ${shortInstant(closesMs)}`;
    details.push(`window ${name} (${policy}/${rule}) is open ${at}, ${end}`);
  }
  if (decision?.action === 'issue') details.push(...decision.reasons.map(({ message }) => message));
  const endMs = decision?.action === 'issue' ? decision.untilMs : null;
  if (endMs !== null && !windows.some(({ closesMs }) => closesMs === endMs))
    details.push(`may be asked for until ${shortInstant(endMs)}`);
  if (behind.nearest.length > 0) {
    const more = behind.more === 0 ? '' : ` and ${behind.more} more`;
    details.push(`one task at a time on a device: after ${behind.nearest.join(', ')}${more}`);
  }
  if (plan.ledger.kind === 'unread')
    details.push('whether it was asked for before is not known without the ledger');
  return details;
}

function restOf({ rest }: TaskChange): string[] {
  return rest.map(
    (decision) => `the older revision ${(decision.token ?? '').slice(0, 12)}: ${textOf(decision)}`,
  );
}

/** What the repeat guard will hold, where something else is said first. */
function guardOf({ repeats, decision }: TaskChange): string[] {
  const said = new Set(decision?.reasons.map(({ code }) => code));
  return repeats
    .filter(({ code }) => !said.has(code))
    .map(({ message }) => `after that it is held: ${message}`);
}

/** How grave it is that a task is not simply asked for. */
function gradeOf(
  { decision, repeats }: TaskChange,
  { halts, standing }: MergePlan,
): Pick<Told, 'severity' | 'code' | 'finding'> {
  if (decision === null) return note;
  const [first] = decision.reasons;
  const { action, reasons } = decision;
  if (action === 'deny' || action === 'quarantined') {
    return { severity: 'error', code: first?.code ?? null, finding: messagesOf(reasons) };
  }
  if (action === 'blocked') {
    const halting = new Set([...halts, ...standing].map(({ code }) => code));
    const own = reasons.find(({ code }) => !halting.has(code));
    // A halt is told by itself, once.
    return own === undefined ? note : { severity: 'error', code: own.code, finding: own.message };
  }
  const stuck = action === 'hold' && decision.untilMs === null ? reasons.find(needsCommit) : undefined;
  if (stuck !== undefined) {
    return { severity: 'warning', code: stuck.code, finding: stuck.message };
  }
  const [guarded] = repeats;
  return guarded === undefined ? note : { severity: 'warning', code: guarded.code, finding: guarded.message };
}

function messagesOf(reasons: readonly Reason[]): string {
  return reasons.map(({ message }) => message).join('; ');
}

/** Held by the repeat guard, or by something else that only a commit ends. */
function needsCommit({ code, endedBy }: Reason): boolean {
  return endedBy === 'commit' || code === 'SG6105';
}

function tellRenamed(change: TaskChange, plan: MergePlan): Told {
  const { other, after } = change;
  const old = other === null ? null : (plan.changes.find(({ key }) => key === other)?.receipt ?? null);
  const wasAsked = old !== null && isAsked(receiptState(old));
  const known = plan.ledger.kind === 'read';
  const why = wasAsked
    ? `renamed from ${other ?? ''}, which was asked for (${describe(old)}): to AWS a new name is a new task`
    : known
      ? `renamed from ${other ?? ''}, which was never asked for`
      : `renamed from ${other ?? ''}: if that was asked for, AWS is asked again`;
  const told = tellWanted(change, plan, [why]);
  if (told.severity !== 'note' || !wasAsked || after === null) return told;
  return { ...told, severity: 'warning', code: 'SG7072', finding: `${why}: ${told.headline}` };
}

/** What AWS does not see. */
function tellUnseen(change: TaskChange, plan: MergePlan): Told {
  const { kind, fields, before, after, receipt, decision, was } = change;
  const path = after?.path ?? '';
  const what =
    kind === 'moved'
      ? `moved from ${before?.path ?? ''} to ${path}`
      : fields.length === 0
        ? 'changes nothing that means anything'
        : `changes ${fields.join(', ')}`;
  const moved = kind === 'edited' && before?.path !== path ? [`moved from ${before?.path ?? ''}`] : [];
  const headline = `${what}: nothing that AWS sees`;
  if (plan.ledger.kind === 'unread') {
    const unknown = 'whether it was asked for is not known without the ledger';
    return { headline, details: [...moved, unknown, ...stateOf(change, plan)], ...gradeOf(change, plan) };
  }
  if (receipt !== null && isAsked(receiptState(receipt))) {
    return { headline, details: [...moved, describe(receipt)], ...note };
  }
  const changed = sayChange(was, decision);
  return { headline, details: [...moved, ...changed, ...stateOf(change, plan)], ...gradeOf(change, plan) };
}

function stateOf(change: TaskChange, plan: MergePlan): string[] {
  const { decision, after } = change;
  if (decision === null || after === null) return [];
  return [sayAction(decision, after, change), ...limitsOf(change, { ...plan, ledger: knownLedger })];
}

/** The line on the ledger was said already. */
const knownLedger = { kind: 'read', id: '', tip: '', ahead: null } as const;

function sayChange(was: Decision | null, decision: Decision | null): string[] {
  if (was === null || decision === null) return [];
  const [before, after] = [sayShort(was), sayShort(decision)];
  return before === after ? [] : [`without the merge: ${before}; with it: ${after}`];
}

function sayShort({ action, untilMs, reasons }: Decision): string {
  const until = untilMs === null ? '' : ` until ${shortInstant(untilMs)}`;
  const codes = reasons.map(({ code, policy, rule }) =>
    policy === undefined ? code : `${policy}/${rule ?? ''}`,
  );
  const by = codes.length === 0 ? '' : ` (${[...new Set(codes)].join(', ')})`;
  return `${action}${until}${by}`;
}

/** `issued on 2026-11-03 as st-1, ended: succeeded`. */
function describe(receipt: Receipt): string {
  const { taskIds, issuedAt, settled, baseline } = receipt;
  if (baseline) return 'written down as baseline, never asked for by snowgate';
  const [taskId] = taskIds;
  const state = receiptState(receipt);
  if (taskId === undefined) return `its receipt is ${state}`;
  const on = issuedAt === null ? '' : ` on ${issuedAt.slice(0, 10)}`;
  const end = settled === null ? ', not ended yet' : `, ended: ${settled.outcome}`;
  return `issued${on} as ${taskId}${end}`;
}

function tellRemoved(change: TaskChange, plan: MergePlan): Told {
  const { decision, receipt, other, rest } = change;
  const renamed = other === null ? [] : [`renamed to ${other}`];
  if (plan.ledger.kind === 'unread') {
    const headline =
      'is removed: withdrawn if it still waits, cancelled where it is still queued; which of these is not known without the ledger';
    return { ...note, headline, details: renamed };
  }
  const said = [decision, ...rest].filter((one) => one !== null).map(textOf);
  if (said.length > 0) return { ...note, headline: `is removed: ${said.join('; ')}`, details: renamed };
  if (plan.halts.length + plan.standing.length > 0) {
    const headline = 'is removed, and nothing is withdrawn or cancelled while that is halted';
    return { ...note, headline, details: renamed };
  }
  const why = receipt === null ? 'nothing was asked for' : describe(receipt);
  return { ...note, headline: `is removed: nothing to cancel: ${why}`, details: renamed };
}

function tellBroken({ decision, receipt, before, hiddenBy }: TaskChange): Told {
  const known = receipt === null ? [] : [describe(receipt)];
  const nothing = 'nothing is asked for, withdrawn or cancelled under its name until';
  return {
    headline:
      hiddenBy.length > 0
        ? `is gone, but ${joinFew(hiddenBy)} may hold it: ${nothing} that is corrected`
        : `cannot be read${before === null ? '' : ' any more'}: ${nothing} it can`,
    details: known,
    severity: 'error',
    code: decision?.reasons[0]?.code ?? 'SG6109',
    finding: null,
  };
}

function tellJudged(change: TaskChange, plan: MergePlan): Told {
  const { decision } = change;
  if (decision === null) return nothingDecided(change);
  const { severity, code } = gradeOf(change, plan);
  const [headline = 'is decided by other reasons'] = sayChange(change.was, decision);
  // Somebody else's task: that it is stopped is told, and no reason to refuse the merge that stops it.
  return {
    headline,
    details: stateOf(change, plan),
    severity: severity === 'error' ? 'warning' : severity,
    code,
    finding: `${headline}: ${messagesOf(decision.reasons)}`,
  };
}

function nothingDecided({ key }: TaskChange): Told {
  return { headline: `nothing is decided of ${key}`, details: [], ...note };
}
