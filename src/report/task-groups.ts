/**
 * Every task by what a person has to do about it: decisions of the plan and receipts of the ledger, brought together. The
 * command line and the pages show the same groups.
 */
import type { NoteReason } from '../ledger/events.ts';
import { type Receipt, receiptState } from '../ledger/receipt.ts';
import { isBadEnd, successKey } from '../ledger/summary.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Desired } from '../manifest/collect.ts';
import type { TaskKey } from '../manifest/manifest.ts';
import type { Decision } from '../plan/decision.ts';
import type { Reason } from '../policy/verdict.ts';

/** Most urgent first. */
export const statusGroups = ['needsPerson', 'inDoubt', 'inFlight', 'waiting', 'ended', 'quiet'] as const;
export type StatusGroup = (typeof statusGroups)[number];

/** What each group is called. */
export const groupWords: Readonly<Record<StatusGroup, string>> = {
  needsPerson: 'needs a person',
  inDoubt: 'in doubt',
  inFlight: 'in flight',
  waiting: 'waiting',
  ended: 'ended lately',
  quiet: 'baseline',
};

/** One revision of one task. */
export interface GroupedTask {
  readonly group: StatusGroup;
  /** A plan's action where it says most, otherwise the receipt's state or how it ended. */
  readonly state: string;
  readonly key: TaskKey;
  readonly fleet: string;
  readonly name: string;
  readonly token: string | null;
  /** What the plan says of it; null where only the ledger knows it. */
  readonly decision: Decision | null;
  readonly receipt: Receipt | null;
  /** What a person does next, where the reasons do not say it. */
  readonly next: string | null;
}

export interface GroupInput {
  readonly view: LedgerView;
  readonly decisions: readonly Decision[];
  readonly desired: Desired;
  /** A halted source: what it lacks is not taken for removed. */
  readonly halted: boolean;
}

/** Holds that no time ends, and nothing that is under way: only a person does. */
const personalHolds: ReadonlySet<string> = new Set(['SG6105', 'SG6123', 'SG6126']);

/** What to do, where the reason's own message does not say it. */
const nextSteps: Readonly<Record<string, string>> = {
  SG6102: 'extend notAfter, or remove the manifest',
  SG6106: 'correct spec.fleet, or add the fleet to the configuration',
  SG6109: 'correct the manifest: snowgate validate names every error',
  SG6114: 'docs/OPERATIONS.md tells how the two are told apart',
  SG6127: 'correct what is named there: snowgate validate tells what is wrong with it',
  SG6308: 'write a policy that matches it',
  SG6309: 'correct what does not load: snowgate validate names every error',
  SG6310: 'raise run to ask for it now, or remove the manifest',
};

const failedNext =
  'look at the devices; raise run to ask again, or remove the manifest where nothing more is to be done';

/** Brings them together, in no order that means anything. */
export function groupTasks(input: GroupInput): GroupedTask[] {
  return [...eachTask(input, input.view.receipts.values())];
}

/**
 * One by one, for whoever cannot take them all at once: each that something is decided of, and those of the receipts of which
 * nothing is. Where a revision is decided twice the later word counts.
 */
export function* eachTask(
  input: GroupInput,
  receipts: Iterable<Receipt>,
): Generator<GroupedTask, void, undefined> {
  const { view, decisions } = input;
  const decided = new Set<string>();
  for (let index = decisions.length - 1; index >= 0; index -= 1) {
    const decision = decisions[index];
    const name = decision?.token ?? decision?.key;
    if (decision === undefined || name === undefined || decided.has(name)) continue;
    decided.add(name);
    yield groupTask(decision, view.receipts.get(decision.token ?? '') ?? null, input);
  }
  for (const receipt of receipts) if (!decided.has(receipt.token)) yield groupTask(null, receipt, input);
}

/** What a comparison looks at; `since` is ISO 8601. */
export type Urgency = Pick<GroupedTask, 'group' | 'key'> & { readonly since: string | null };

/** The most urgent first; within a group in the order of the names, of what has ended the newest first. */
export function compareUrgency(a: Urgency, b: Urgency): number {
  const rank = statusGroups.indexOf(a.group) - statusGroups.indexOf(b.group);
  if (rank !== 0) return rank;
  if (a.group === 'ended' && a.since !== b.since) return (a.since ?? '') < (b.since ?? '') ? 1 : -1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** One revision, of which at least one of the two is known. */
export function groupTask(
  decision: Decision | null,
  receipt: Receipt | null,
  input: GroupInput,
): GroupedTask {
  const { key, fleet, name, token } = decision ?? receipt ?? nobody;
  const isFailed = receipt !== null && isBadEnd(receipt) && !isFollowed(receipt, input);
  const { group, state } = classify(decision, receipt, isFailed);
  const coded = decision?.reasons.map(({ code }) => nextSteps[code]).find((step) => step !== undefined);
  const next = nextStep(isFailed, receipt, coded);
  return { group, state, key, fleet, name, token, decision, receipt, next };
}

/** A device that nobody expected to run is looked at, however well its task has ended. */
function nextStep(isFailed: boolean, receipt: Receipt | null, coded: string | undefined): string | null {
  if (isFailed) return failedNext;
  const outside = receipt?.outside ?? [];
  if (outside.length === 0) return coded ?? null;
  return `look at ${outside.map(({ device }) => device).join(', ')}: docs/OPERATIONS.md tells what a run outside its window means`;
}

const nobody = { key: '', fleet: '', name: '', token: null };

function classify(
  decision: Decision | null,
  receipt: Receipt | null,
  isFailed: boolean,
): { readonly group: StatusGroup; readonly state: string } {
  if (decision !== null) {
    const judged = classifyDecision(decision);
    if (judged !== null) return judged;
  }
  const state = receipt === null ? 'pending' : receiptState(receipt);
  if (isFailed) return { group: 'needsPerson', state: receipt?.settled?.outcome ?? state };
  switch (state) {
    case 'doubled':
    case 'ambiguous':
      return { group: 'needsPerson', state };
    case 'claimed':
    case 'inDoubt':
      return { group: 'inDoubt', state };
    case 'issued':
      return { group: 'inFlight', state };
    case 'settled':
      return { group: 'ended', state: receipt?.settled?.outcome ?? state };
    case 'refused':
      return { group: 'ended', state };
    case 'pending':
    case 'waiting':
      return classifyUnasked([...(receipt?.notes.keys() ?? [])].at(-1));
    case 'baseline':
      return { group: 'quiet', state };
  }
}

/** Never asked, and not wanted as far as can be read: while nothing was noted it may yet come back. */
function classifyUnasked(note: NoteReason | undefined): {
  readonly group: StatusGroup;
  readonly state: string;
} {
  return note === undefined ? { group: 'waiting', state: 'waiting' } : { group: 'ended', state: note };
}

/** Null where the receipt says it better. */
function classifyDecision({
  action,
  reasons,
}: Decision): { readonly group: StatusGroup; readonly state: string } | null {
  switch (action) {
    case 'deny':
    case 'quarantined':
    case 'blocked':
      return { group: 'needsPerson', state: action };
    case 'look':
      return { group: 'inDoubt', state: 'inDoubt' };
    case 'hold': {
      const isPersonal = reasons.some(isPersonalHold);
      return { group: isPersonal ? 'needsPerson' : 'waiting', state: action };
    }
    case 'wait':
      return reasons.some(({ code }) => code === 'SG6108') ? { group: 'waiting', state: action } : null;
    case 'issue':
    case 'withdraw':
      return { group: 'waiting', state: action };
    case 'cancel':
      return { group: 'inFlight', state: action };
    case 'done':
      return null;
  }
}

/** A suspension is meant, and its author knows of it: whatever else only a commit ends may be news to everybody. */
function isPersonalHold({ code, endedBy }: Reason): boolean {
  return personalHolds.has(code) || (endedBy === 'commit' && code !== 'SG6320');
}

/**
 * Whether somebody has followed up a bad end: the name has been asked again, or asks for something else by now, or its
 * manifest was removed; or a later task has succeeded with the same command on every device that had not.
 */
function isFollowed(receipt: Receipt, { view, desired, halted }: GroupInput): boolean {
  // Not by the order of the revisions: one that was withdrawn may be asked for again.
  const isNewest = view.summary.badEnds.get(receipt.key) === receipt.token;
  const wanted = desired.tasks.get(receipt.key)?.manifest.token;
  const isKept = wanted === receipt.token || desired.frozen.has(receipt.key);
  const isGone = !isKept && !halted && desired.quarantined.size === 0;
  return !isNewest || isGone || (wanted !== undefined && !isKept) || isMended(receipt, view);
}

function isMended({ revision, executions, fleet, seq }: Receipt, { summary }: LedgerView): boolean {
  const succeeded = new Set(
    executions.filter(({ state }) => state === 'SUCCEEDED').map(({ device }) => device),
  );
  const left = (revision?.targets ?? []).filter((device) => !succeeded.has(device));
  return left.every(
    (device) => (summary.successes.get(successKey(fleet, revision?.command, device)) ?? 0) > seq,
  );
}
