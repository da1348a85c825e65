/**
 * How all tasks of a commit stand: one status a commit and fleet, and the worst wins. A commit is the one that introduced
 * the revisions. Of what has errors nobody can say which that was: the head at which it was seen to break stands for it. Where a
 * file shows no name nobody can say the fleet either: it counts in each that the commit has, and for itself where it has none.
 */
import type { ControllerStatus } from '../controller/status.ts';
import { type Receipt, receiptState } from '../ledger/receipt.ts';
import { boundText } from '../lib/escape.ts';
import { Slice, type Slices } from '../lib/turns.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Decision } from '../plan/decision.ts';
import { compareText } from '../plan/text-order.ts';
import { backlogMs } from './book.ts';
import {
  type CommitState,
  type Group,
  Groups,
  groupsMax,
  type Part,
  type Tally,
  type WantsFleet,
} from './commit-groups.ts';
import {
  type CommitLookup,
  type CommitMemory,
  commitOf,
  commitOfToken,
  fileKey,
  noteBroken,
  noteCommits,
} from './commit-memory.ts';
import { passingCodes } from './fact.ts';
import { isHalted } from './task-facts.ts';
import { sayWhen, zoneOf } from './when.ts';

export interface CommitStatus {
  /** `COMMIT FLEET`, or `COMMIT`. */
  readonly key: string;
  readonly commit: string;
  /** Null where the commit has no file that shows its fleet. */
  readonly fleet: string | null;
  readonly state: CommitState;
  readonly description: string;
  /** As many as are known of, those that are gone among them. */
  readonly revisions: number;
  /** Its words are those of a halt or a pause of the whole, which is none of the commit's outcome. */
  readonly isPaused: boolean;
}

/** What GitHub takes; the others take more. In characters. */
const descriptionMax = 140;

export interface StatusMemory extends CommitMemory {
  /** Those that were sent before. */
  readonly sent: ReadonlyMap<string, string>;
  /** Of these, the revisions that were found for each in this ledger; where fewer are found, the others are gone. */
  readonly counts: ReadonlyMap<string, number>;
  /** Events beyond this commit of the ledger are news, however old. */
  readonly seq: number | null;
}

export interface StatusSurvey extends CommitMemory {
  /** Of every commit and fleet that waits, the newest first; then of those that have news, or were told of before. */
  readonly statuses: readonly CommitStatus[];
}

/**
 * The statuses, and what is remembered for the next time. `before` are the origins of the status that was looked at before
 * this one. In slices, through the decisions twice: once for the commits that are to be told of, and once for what is told of them.
 */
export function* surveyStatuses(
  status: ControllerStatus,
  memory: StatusMemory,
  wantsFleet: WantsFleet,
  before: ControllerStatus['origins'],
): Slices<StatusSurvey> {
  const { decisions, isJudged, recent } = status;
  const events = recent.all.slice();
  const slice = new Slice();
  const { broken, brokenFiles } = isJudged ? yield* lookForBroken(status, memory, slice) : memory;
  const lookup = { status, before, commits: memory.commits, broken, brokenFiles };
  const groups = new Groups(wantsFleet);
  const found: (Group | null)[] = [];
  for (const decision of decisions) {
    if (slice.isOver()) yield;
    const isDone = decision.action === 'done';
    const group = isDone ? null : groups.take(commitOf(decision, lookup), decision.fleet);
    found.push(group);
    if (group !== null) group.position = Math.max(group.position ?? 0, placeOf(decision, group, status));
  }
  const waiting = groups.listWaiting();
  const tokens = yield* tokensOf(events, memory, status, slice);
  const ended = yield* chooseEnded(groups, { tokens, lookup, memory, slice });
  const unread = yield* addFiles(groups, lookup, slice);
  for (const group of [...waiting, ...ended]) group.isChosen = true;
  const seen = yield* countRevisions(groups, found, lookup, slice);
  const isTold = (group: Group): boolean => countGone(group, status, memory) && group.tallies.size > 0;
  const told = [...waiting.filter(isTold), ...ended.filter(isTold).slice(-groupsMax), ...unread];
  const statuses = told.map((group) => statusOf(group, status));
  return { statuses, commits: noteCommits(memory.commits, seen), broken, brokenFiles };
}

/**
 * Counts every revision of the groups that were chosen, decided or not. Of all that the ledger has, and not of its newest
 * events alone: a failure that leaves those would count no more, and what is left be a success.
 */
function* countRevisions(
  groups: Groups,
  found: readonly (Group | null)[],
  lookup: CommitLookup,
  slice: Slice,
): Slices<{ readonly gone: Map<Token, string>; readonly waiting: Map<Token, string> }> {
  const { decisions, origins, view } = lookup.status;
  const seen = { gone: new Map<Token, string>(), waiting: new Map<Token, string>() };
  const decided = new Set<Token>();
  for (const [index, decision] of decisions.entries()) {
    if (slice.isOver()) yield;
    const { token, fleet, action } = decision;
    if (token !== null) decided.add(token);
    const group = action === 'done' ? groups.find(commitOf(decision, lookup), fleet) : found[index];
    if (group?.isChosen !== true) continue;
    const receipt = token === null ? undefined : view?.receipts.get(token);
    const part = partOf(decision, receipt ?? null);
    if (token !== null) group.revisions += 1;
    if (part !== null) group.add(part);
    if (token === null || receipt?.manifest != null) continue;
    (origins.has(token) ? seen.waiting : seen.gone).set(token, group.commit);
  }
  for (const [token, receipt] of view?.receipts ?? []) {
    if (slice.isOver()) yield;
    const group = decided.has(token) ? undefined : groups.find(commitOfToken(token, lookup), receipt.fleet);
    if (group?.isChosen !== true) continue;
    const part = partOf(null, receipt);
    group.revisions += 1;
    if (part !== null) group.add(part);
    if (receipt.manifest === null) seen.gone.set(token, group.commit);
  }
  return seen;
}

/**
 * Counts what was told of and is found nowhere any more. It was never claimed, or the ledger had it: a task that went away
 * unasked in a fleet that only observes, or while no controller ran, or so long ago that its commit is forgotten. Whether
 * the group can be told of: where nobody can say yet that it is gone, nothing but a failure is.
 */
function countGone(group: Group, status: ControllerStatus, { sent, counts }: StatusMemory): boolean {
  const { key, fleet } = group;
  const gone = sent.has(key) ? (counts.get(key) ?? 0) - group.revisions : 0;
  if (gone <= 0) return true;
  const { isJudged, desired } = status;
  // As for the ledger: what a file may still hold is not taken for gone.
  const isHidden =
    desired === null ||
    desired.quarantined.size > 0 ||
    [...desired.frozen].some((name) => name.startsWith(`${fleet}/`));
  if (isJudged && !isHidden) {
    group.revisions += gone;
    group.add(part('failure', 'withdrawn'), gone);
    return true;
  }
  const hasFailed = [...group.tallies.values()].some(({ state }) => state === 'failure');
  return hasFailed && sent.get(key)?.startsWith('failure ') !== true;
}

/** What has errors at this head. A document that shows its name is found by that, and all else by its file. */
function* lookForBroken(
  { decisions, desired, policies, policySet, source: { head } }: ControllerStatus,
  memory: StatusMemory,
  slice: Slice,
): Slices<Pick<CommitMemory, 'broken' | 'brokenFiles'>> {
  const names: string[] = [];
  for (const { action, token, key } of decisions) {
    if (slice.isOver()) yield;
    if (action === 'quarantined' && token === null) names.push(key);
  }
  const paths = new Set<string>();
  // Policies of a repository of their own are part of no commit of this one.
  for (const { severity, place } of policies === null ? policySet.problems : []) {
    if (slice.isOver()) yield;
    if (severity === 'error') paths.add(place.path);
  }
  for (const path of desired?.quarantined.keys() ?? []) {
    if (slice.isOver()) yield;
    paths.add(path);
  }
  const files: string[] = [];
  for (const path of paths) {
    if (slice.isOver()) yield;
    files.push(fileKey(path));
  }
  return {
    broken: noteBroken(memory.broken, names, head),
    brokenFiles: noteBroken(memory.brokenFiles, files, head),
  };
}

/** Counts files in the groups of their commits; those of commits without one are the answer, that of the head first. */
function* addFiles(groups: Groups, { brokenFiles, status }: CommitLookup, slice: Slice): Slices<Group[]> {
  const counts = new Map<string, number>();
  for (const commit of brokenFiles.names.values()) {
    if (slice.isOver()) yield;
    if (commit !== null) counts.set(commit, (counts.get(commit) ?? 0) + 1);
  }
  const { head } = status.source;
  const unread: Group[] = [];
  for (const [commit, count] of counts) {
    if (slice.isOver()) yield;
    const own = groups.listFleets(commit);
    const alone = own.length === 0 ? groups.take(commit, null) : null;
    if (alone !== null) unread.push(alone);
    for (const group of alone === null ? own : [alone]) group.add(withErrors, count);
  }
  return unread.sort((a, b) => Number(b.commit === head) - Number(a.commit === head)).slice(0, groupsMax);
}

/** What has no place in history comes first, as what is in flight; a file with errors only at the head at which it broke. */
function placeOf({ token }: Decision, { commit }: Group, { origins, source }: ControllerStatus): number {
  if (token === null) return commit === source.head ? Number.MAX_SAFE_INTEGER : 0;
  return origins.get(token)?.position ?? Number.MAX_SAFE_INTEGER;
}

/** The revisions of the newest events, each with whether one of them is news. */
function* tokensOf(
  events: ControllerStatus['recent']['all'],
  { seq: toldSeq }: StatusMemory,
  { atMs }: ControllerStatus,
  slice: Slice,
): Slices<Map<string, boolean>> {
  const tokens = new Map<string, boolean>();
  for (const { seq, event } of events) {
    if (slice.isOver()) yield;
    const isNews = (toldSeq !== null && seq > toldSeq) || Date.parse(event.at) >= atMs - backlogMs;
    tokens.set(event.token, isNews || tokens.get(event.token) === true);
  }
  return tokens;
}

/** Where nothing waits: what was told of before, and then what has news; the newest last. */
function* chooseEnded(
  groups: Groups,
  from: {
    readonly tokens: ReadonlyMap<string, boolean>;
    readonly lookup: CommitLookup;
    readonly memory: StatusMemory;
    readonly slice: Slice;
  },
): Slices<Group[]> {
  const { tokens, lookup, memory, slice } = from;
  const ended = new Set<Group>();
  const add = (group: Group | null): void => {
    if (group === null || group.position !== null) return;
    ended.delete(group);
    ended.add(group);
  };
  for (const key of memory.sent.keys()) {
    const [commit = '', fleet] = key.split(' ');
    if (fleet !== undefined) add(groups.take(commit, fleet));
  }
  for (const [token, isNews] of tokens) {
    if (slice.isOver()) yield;
    const receipt = lookup.status.view?.receipts.get(token);
    if (isNews && receipt !== undefined) add(groups.take(commitOfToken(token, lookup), receipt.fleet));
  }
  return [...ended];
}

const part = (state: CommitState, word: string, isPaused = false): Part => ({
  state,
  word,
  untilMs: null,
  reasons: [],
  isPaused,
});

const withErrors = part('failure', 'with errors');

/** How a revision counts; null where it counts for nothing, as what was there before the ledger. */
function partOf(decision: Decision | null, receipt: Receipt | null): Part | null {
  const state = receipt === null ? 'pending' : receiptState(receipt);
  switch (state) {
    case 'doubled':
      return part('failure', 'DOUBLED');
    case 'ambiguous':
      return part('failure', 'ambiguous');
    case 'refused':
      return part('failure', 'refused by AWS');
    case 'settled':
      return settledPart(receipt);
    case 'issued':
      return part('running', (receipt?.outside.length ?? 0) > 0 ? 'outside the window' : 'running');
    case 'claimed':
      return part('running', 'being asked');
    case 'inDoubt':
      return part('pending', 'in doubt');
    case 'baseline':
      return null;
    case 'waiting':
    case 'pending':
      return decision === null ? notedPart(receipt) : decidedPart(decision);
  }
}

function settledPart(receipt: Receipt | null): Part {
  const outcome = receipt?.settled?.outcome ?? 'succeeded';
  if ((receipt?.outside.length ?? 0) > 0) return part('failure', 'outside the window');
  return outcome === 'succeeded' ? part('success', 'done') : part('failure', endWords[outcome]);
}

const endWords = {
  partial: 'partly done',
  failed: 'failed',
  canceled: 'cancelled',
  missed: 'missed',
  vanished: 'vanished',
} as const;

function decidedPart(decision: Decision): Part | null {
  const { action, untilMs, reasons } = decision;
  switch (action) {
    case 'hold':
      // When a pause ends moves with every try.
      if (reasons.every(({ code }) => passingCodes.has(code))) return part('pending', 'waiting', true);
      return { state: 'pending', word: 'held', untilMs, reasons, isPaused: false };
    case 'deny':
      return part('failure', reasons[0]?.code === 'SG6102' ? 'expired' : 'denied');
    case 'quarantined':
      return withErrors;
    case 'withdraw':
      return part('failure', 'withdrawn');
    case 'blocked':
      return part('pending', 'halted', isHalted(decision));
    case 'look':
      return part('pending', 'in doubt');
    case 'issue':
    case 'wait':
    case 'cancel':
      return part('pending', 'waiting');
    case 'done':
      return null;
  }
}

/** Nothing decides of it any more: what was written of it last is how it ended. */
function notedPart(receipt: Receipt | null): Part | null {
  const last = [...(receipt?.notes.keys() ?? [])].at(-1);
  return last === undefined ? null : part('failure', last);
}

const order: readonly CommitState[] = ['failure', 'success', 'running', 'pending'];
/** The worst first. */
const severity: readonly CommitState[] = ['failure', 'running', 'pending', 'success'];

function statusOf(group: Group, status: ControllerStatus): CommitStatus {
  const { key, commit, fleet, revisions, isPaused } = group;
  const tallies = [...group.tallies.values()].sort((a, b) => compareText(a.word, b.word));
  const state = severity.find((one) => tallies.some((each) => each.state === one)) ?? 'pending';
  const isOne = tallies.length === 1 && tallies[0]?.count === 1;
  const words = order.flatMap((one) =>
    tallies.filter((each) => each.state === one).flatMap((each) => sayTally(each, isOne, status)),
  );
  const description = boundText(words.join(', '), descriptionMax);
  return { key, commit, fleet, state, description, revisions, isPaused };
}

/** An end is said of those that have it, and of no others. */
function sayTally({ word, count, first }: Tally, isOne: boolean, status: ControllerStatus): string[] {
  const say = (number: number, until = ''): string => `${isOne ? '' : `${number} `}${word}${until}`;
  if (first === null) return [say(count)];
  const ends = say(first.count, ` until ${whenOf(first, status)}`);
  return first.count === count ? [ends] : [ends, say(count - first.count)];
}

function whenOf(
  { untilMs, reasons }: NonNullable<Tally['first']>,
  { policySet, atMs }: ControllerStatus,
): string {
  return sayWhen(untilMs, zoneOf(reasons, policySet), atMs);
}
