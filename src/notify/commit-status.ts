/**
 * How all tasks of a commit stand: one status a commit and fleet, and the worst wins. A commit is the one that introduced
 * the revisions. Of a file with errors nobody can say which that was: the head at which it was seen first stands for it.
 */
import type { ControllerStatus } from '../controller/status.ts';
import { type Receipt, receiptState } from '../ledger/receipt.ts';
import { boundText } from '../lib/escape.ts';
import type { Decision } from '../plan/decision.ts';
import type { Reason } from '../policy/verdict.ts';
import { backlogMs } from './book.ts';
import { sayWhen, zoneOf } from './when.ts';

/** `running` is pending where a forge does not know it. */
export type CommitState = 'failure' | 'pending' | 'running' | 'success';

export interface CommitStatus {
  /** `COMMIT FLEET`. */
  readonly key: string;
  readonly commit: string;
  readonly fleet: string;
  readonly state: CommitState;
  readonly description: string;
}

/** What GitHub takes; the others take more. In characters. */
const descriptionMax = 140;
/** Commits and fleets that are looked after at a time: half of them for what waits, half for what happened lately. */
const groupsMax = 500;

export interface StatusMemory {
  /** The commit of what was seen waiting, by token; of names with errors, by `?fleet/name`. */
  readonly commits: ReadonlyMap<string, string>;
  /** Those that were sent before. */
  readonly sent: ReadonlyMap<string, string>;
  /** Events beyond this commit of the ledger are news, however old. */
  readonly seq: number | null;
}

/** One revision of a commit, as it counts. */
interface Part {
  readonly state: CommitState;
  readonly word: string;
  readonly untilMs: number | null;
  readonly reasons: readonly Reason[];
}

interface Group {
  readonly commit: string;
  readonly fleet: string;
  readonly parts: Part[];
  /** Its place in the order of commits, where something waits; null where only the ledger tells of it. */
  position: number | null;
}

/** What a ledger says is a commit becomes part of a URL. */
function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** The commits of everything that waits now, as they are kept for the time when it waits no more. */
export function seenCommits(
  { decisions, origins, source }: ControllerStatus,
  known: StatusMemory['commits'],
): Map<string, string> {
  const seen = new Map<string, string>();
  for (const { token, key, action } of decisions) {
    if (action === 'done') continue;
    const name = token ?? `?${key}`;
    const introduced = token === null ? undefined : origins.get(token)?.introduced?.id;
    const commit = introduced ?? known.get(name) ?? (action === 'quarantined' ? source.head : null);
    if (commit != null) seen.set(name, commit);
  }
  return seen;
}

/** The status of every commit and fleet that waits, has news, or was told of before. */
export function listStatuses(
  status: ControllerStatus,
  memory: StatusMemory,
  wantsFleet: (fleet: string) => boolean,
): CommitStatus[] {
  const groups = new Map<string, Group>();
  const live = new Set<string>();
  const decided = new Set<string>();
  const add = (fleet: string, commit: string | null | undefined, part: Part | null): Group | null => {
    if (commit == null || !isCommit(commit) || part === null || !wantsFleet(fleet)) return null;
    const key = `${commit} ${fleet}`;
    const group = groups.get(key) ?? { commit, fleet, parts: [], position: null };
    groups.set(key, group);
    group.parts.push(part);
    return group;
  };
  for (const decision of status.decisions) {
    const { token, fleet, key, action } = decision;
    const receipt = token === null ? undefined : status.view?.receipts.get(token);
    if (token !== null) decided.add(token);
    const origin = token === null ? undefined : status.origins.get(token);
    const known = memory.commits.get(token ?? `?${key}`);
    const commit = receipt?.manifest?.commit ?? origin?.introduced?.id ?? known;
    const group = add(fleet, commit, partOf(decision, receipt ?? null));
    if (group === null || action === 'done') continue;
    group.position = Math.max(group.position ?? 0, origin?.position ?? Number.MAX_SAFE_INTEGER);
  }
  const isNews = (seq: number, at: string): boolean =>
    (memory.seq !== null && seq > memory.seq) || Date.parse(at) >= status.atMs - backlogMs;
  const tokens = new Map<string, boolean>();
  for (const { seq, event } of status.recent.all) {
    const wasNews = tokens.get(event.token) ?? false;
    tokens.set(event.token, wasNews || isNews(seq, event.at));
  }
  for (const [token, news] of tokens) {
    const receipt = status.view?.receipts.get(token);
    const commit = receipt?.manifest?.commit ?? memory.commits.get(token);
    if (receipt === undefined || commit === undefined) continue;
    if (!decided.has(token)) add(receipt.fleet, commit, partOf(null, receipt));
    if (news) live.add(`${commit} ${receipt.fleet}`);
  }
  return chooseGroups(groups, live, memory).map((group) => statusOf(group, status));
}

/** What waits, the newest commits first; then what happened lately; bounded alike, so that no two calls drop each other. */
function chooseGroups(
  groups: ReadonlyMap<string, Group>,
  live: ReadonlySet<string>,
  { sent }: StatusMemory,
): Group[] {
  const all = [...groups];
  const waiting = all
    .flatMap(([, group]) => (group.position === null ? [] : [{ group, position: group.position }]))
    .sort((a, b) => b.position - a.position)
    .slice(0, groupsMax)
    .map(({ group }) => group);
  const ended = all
    .filter(([key, { position }]) => position === null && (live.has(key) || sent.has(key)))
    .slice(-groupsMax)
    .map(([, group]) => group);
  return [...waiting, ...ended];
}

const part = (state: CommitState, word: string): Part => ({ state, word, untilMs: null, reasons: [] });

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

function decidedPart({ action, untilMs, reasons }: Decision): Part | null {
  switch (action) {
    case 'hold':
      return { state: 'pending', word: 'held', untilMs, reasons };
    case 'deny':
      return part('failure', reasons[0]?.code === 'SG6102' ? 'expired' : 'denied');
    case 'quarantined':
      return part('failure', 'with errors');
    case 'withdraw':
      return part('failure', 'withdrawn');
    case 'blocked':
      return part('pending', 'halted');
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

function statusOf({ commit, fleet, parts }: Group, status: ControllerStatus): CommitStatus {
  const state = severity.find((one) => parts.some((each) => each.state === one)) ?? 'pending';
  const words = order.flatMap((one) => {
    const own = parts.filter((each) => each.state === one);
    return [...new Set(own.map(({ word }) => word))].sort().map((word) => {
      const same = own.filter((each) => each.word === word);
      const count = parts.length === 1 ? '' : `${same.length} `;
      return `${count}${word}${sayUntil(same, status)}`;
    });
  });
  const description = boundText(words.join(', '), descriptionMax);
  return { key: `${commit} ${fleet}`, commit, fleet, state, description };
}

/** The first of the ends that are known. */
function sayUntil(parts: readonly Part[], { policySet, atMs }: ControllerStatus): string {
  const ends = parts.flatMap(({ untilMs, reasons }) => (untilMs === null ? [] : [{ untilMs, reasons }]));
  const [first] = ends.sort((a, b) => a.untilMs - b.untilMs);
  if (first === undefined) return '';
  return ` until ${sayWhen(first.untilMs, zoneOf(first.reasons, policySet), atMs)}`;
}
