/**
 * What one target was told, as values: up to which event of the ledger, and of which facts. What waits for it is never kept
 * in a queue: it is what the ledger and the status have beyond this, so that nothing grows while a receiver is down, and
 * a restart finds the same.
 */
import type { NotifyTarget } from '../config/config.ts';
import type { RecentEvent } from '../controller/recent-events.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Origin } from '../plan/facts.ts';
import { isoInstant } from '../policy/verdict.ts';
import { noticeOfEvent } from './events.ts';
import type { Fact } from './fact.ts';
import type { Facts, Standing } from './facts.ts';
import { wants } from './filter.ts';
import { aboutNothing, type Notice } from './notice.ts';

/** Of an event: the height of its commit, and its place in it. */
export interface Position {
  readonly seq: number;
  readonly index: number;
}

export interface Told {
  /** How often it has ended and begun again: part of its id, so that a receiver takes the next time for news. */
  readonly round: number;
  /** Null once it is over. */
  readonly now: ToldNow | null;
}

export interface ToldNow extends Standing {
  /** Of a halt, what its end says. */
  readonly end?: Pick<Fact, 'severity' | 'fleet' | 'code' | 'text'>;
}

export interface Book {
  /** The ledger that it is about; null before the first. */
  readonly ledger: string | null;
  /** The newest event that was acknowledged, or is none of the target's; null before the first look. */
  readonly position: Position | null;
  /** By the id of the fact; the oldest first. */
  readonly told: ReadonlyMap<string, Told>;
}

export const emptyBook: Book = { ledger: null, position: null, told: new Map() };

/** All that there is to tell of. */
export interface News {
  readonly view: LedgerView;
  readonly origins: ReadonlyMap<Token, Origin>;
  /** Oldest first, with no gap between them. */
  readonly events: readonly RecentEvent[];
  /** Whether the ledger has older ones. */
  readonly isCut: boolean;
  readonly facts: Facts;
  readonly nowMs: number;
}

/** A notice that waits, and what is noted when it has been taken. */
export type Waiting =
  | { readonly notice: Notice; readonly of: 'event'; readonly position: Position }
  | { readonly notice: Notice; readonly of: 'fact' | 'end'; readonly key: string; readonly told: Told };

/** Without a cursor, what happened within this time is sent. */
export const backlogMs = 24 * 60 * 60_000;
/** Facts that have ended are remembered for their number, until so many are known; those that are present always are. */
const toldMax = 4_000;

/**
 * The book of this ledger. One of another ledger, or one that is ahead of it, is as good as lost; without a position the last
 * 24 hours are sent, by the times that are written in the events.
 */
export function openBook(book: Book, { view, events, nowMs }: Pick<News, 'view' | 'events' | 'nowMs'>): Book {
  const { ledgerId, seq } = view;
  const isOurs = book.ledger === ledgerId && book.position !== null && book.position.seq <= seq;
  return isOurs ? book : { ...emptyBook, ledger: ledgerId, position: startOf({ view, events, nowMs }) };
}

/** What was told and has not ended, as far as is known. */
export function standingOf({ told }: Book): Map<string, Standing> {
  return new Map([...told].flatMap(([key, { now }]) => (now === null ? [] : [[key, now]])));
}

function startOf({ events, nowMs, view }: Pick<News, 'view' | 'events' | 'nowMs'>): Position {
  const first = events.find(({ event }) => !(Date.parse(event.at) < nowMs - backlogMs));
  return first === undefined ? { seq: view.seq, index: Number.MAX_SAFE_INTEGER } : before(first);
}

function before({ seq, index }: Position): Position {
  return index === 0 ? { seq: seq - 1, index: Number.MAX_SAFE_INTEGER } : { seq, index: index - 1 };
}

/** The book with the ends of facts that nobody is told of: all but halts. The same one where there is none. */
export function noteEnds(book: Book, { ended }: Facts): Book {
  const isGone = (key: string, { now }: Told): boolean =>
    now !== null && now.end === undefined && ended.has(key);
  if (![...book.told].some(([key, one]) => isGone(key, one))) return book;
  const told = [...book.told].map(
    ([key, one]) => [key, isGone(key, one) ? { round: one.round, now: null } : one] as const,
  );
  return { ...book, told: new Map(told) };
}

/** What waits for the target: in the ledger's order, then ends of halts, then facts; at most `most`. */
export function listWaiting(book: Book, target: NotifyTarget, news: News, most: number): Waiting[] {
  const waiting: Waiting[] = [];
  const gap = findGap(book, news);
  if (gap !== null) waiting.push(gap);
  const { events, view, origins } = news;
  for (let at = firstAfter(events, book.position); at < events.length && waiting.length < most; at += 1) {
    const recent = events[at];
    const notice = recent === undefined ? null : noticeOfEvent(recent, { view, origins });
    if (recent === undefined || notice === null || !wants(target, notice)) continue;
    waiting.push({ notice, of: 'event', position: { seq: recent.seq, index: recent.index } });
  }
  for (const one of [...listEnds(book, news), ...listFacts(book, news)]) {
    if (waiting.length >= most) break;
    waiting.push(one);
  }
  return waiting;
}

/** The first that is beyond a position, by halves: there are ten thousand. */
function firstAfter(events: readonly RecentEvent[], position: Position | null): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = events[middle];
    if (found !== undefined && position !== null && !isAfter(found, position)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAfter(a: Position, b: Position): boolean {
  return a.seq > b.seq || (a.seq === b.seq && a.index > b.index);
}

/** More happened than is kept: what lies between is in the ledger, and nobody was told. */
function findGap({ position }: Book, { events, isCut, view, nowMs }: News): Waiting | null {
  const [first] = events;
  if (!isCut || first === undefined || position === null || !isAfter(first, position)) return null;
  const last = before(first);
  const isNext = position.seq === last.seq && (first.index === 0 || position.index === last.index);
  if (isNext) return null;
  const commits = Math.max(1, first.seq - position.seq);
  const plural = commits === 1 ? 'commit' : 'commits';
  const text = `older events (of ${commits} ${plural} of the ledger) were dropped before they could be sent: the ledger has them`;
  const notice: Notice = {
    ...aboutNothing,
    id: `dropped_${view.ledgerId}_${position.seq}_${first.seq}_${first.index}`,
    kind: 'dropped',
    severity: 'warning',
    text,
    at: isoInstant(nowMs),
    code: 'SG7106',
  };
  return { notice, of: 'event', position: last };
}

function listFacts({ told }: Book, { facts, view, nowMs }: News): Waiting[] {
  return facts.wanted.flatMap(({ about, ...fact }): Waiting[] => {
    const known = told.get(fact.id);
    if (known !== undefined && known.now !== null) return [];
    const round = known === undefined ? 0 : known.round + 1;
    const notice = { ...fact, id: inRound(fact.id, round), at: isoInstant(nowMs) };
    const { severity, fleet, code, text, kind } = fact;
    const isHalt = kind === 'halted' || kind === 'fleetHalted' || kind === 'notSynced';
    const now = { about, seq: view.seq, ...(isHalt ? { end: { severity, fleet, code, text } } : {}) };
    return [{ notice, of: 'fact', key: fact.id, told: { round, now } }];
  });
}

/** Halts that this target was told of, and that are no more: it is told of that, whatever else it wants to hear. */
function listEnds({ told }: Book, { facts, nowMs }: News): Waiting[] {
  return [...told].flatMap(([key, { now, round }]): Waiting[] => {
    if (now?.end === undefined || !facts.ended.has(key)) return [];
    const { severity, fleet, code, text } = now.end;
    const notice: Notice = {
      ...aboutNothing,
      id: `${inRound(key, round)}_end`,
      kind: 'haltEnded',
      severity,
      fleet,
      text: `ended: ${text}`,
      at: isoInstant(nowMs),
      code,
    };
    return [{ notice, of: 'end', key, told: { round, now: null } }];
  });
}

function inRound(id: string, round: number): string {
  return round === 0 ? id : `${id}_${round}`;
}

/** The book once these were taken, or dropped on purpose. */
export function noteTaken(book: Book, taken: readonly Waiting[]): Book {
  let { position } = book;
  const told = new Map(book.told);
  for (const one of taken) {
    if (one.of === 'event') {
      if (position === null || isAfter(one.position, position)) position = one.position;
    } else {
      told.delete(one.key);
      told.set(one.key, one.told);
    }
  }
  return { ...book, position, told: forgetEnded(told) };
}

/** The book when nothing waits: events that are none of the target's are behind it, too. */
export function noteNothing(book: Book, { events }: News): Book {
  const last = events.at(-1);
  if (last === undefined || (book.position !== null && !isAfter(last, book.position))) return book;
  return { ...book, position: { seq: last.seq, index: last.index } };
}

function forgetEnded(told: Map<string, Told>): Map<string, Told> {
  let tooMany = told.size - toldMax;
  if (tooMany <= 0) return told;
  return new Map(
    [...told].filter(([, { now }]) => {
      if (now !== null || tooMany <= 0) return true;
      tooMany -= 1;
      return false;
    }),
  );
}
