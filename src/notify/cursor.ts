/**
 * What was sent, as it is kept in the state directory. It may be lost at any time: what cannot be read is as good as lost, of
 * one target or of all.
 */
import type { NoticeSeverity } from '../config/config.ts';
import { noticeSeverities } from '../config/config.ts';
import { Slice, type Slices } from '../lib/turns.ts';
import { type Book, emptyBook, type Told, type ToldNow } from './book.ts';
import { type Broken, brokenMax, commitsMax, emptyMemory } from './commit-memory.ts';
import { type Subject, subjects } from './fact.ts';
import { emptyStatusBook, type StatusBook, sentMax } from './status-source.ts';

/** Another one with each shape that would be read as something else: half of what was sent would be lost, and nobody told. */
const version = 2;
/** Sixteen targets with everything that they remember, of files with the longest paths, have about two thirds of it. */
export const cursorBytesMax = 64 * 1024 * 1024;
const entriesMax = 10_000;
/** One that is written costs so much more than one that is looked at: paths and sentences have kilobytes. */
const entryCost = 20;

export interface Cursor {
  readonly notices: ReadonlyMap<string, Book>;
  readonly statuses: ReadonlyMap<string, StatusBook>;
}

export const emptyCursor: Cursor = { notices: new Map(), statuses: new Map() };

type Json = Readonly<Record<string, unknown>>;

/** What a target must not forget, as JSON, in slices: a map as the list of its entries. */
export function* writeTarget(saved: object): Slices<string> {
  return yield* writeValue(saved, new Slice());
}

function* writeValue(value: unknown, slice: Slice): Slices<string> {
  const parts: string[] = [];
  if (value instanceof Map) {
    for (const entry of value) {
      if (slice.isOver(entryCost)) yield;
      parts.push(JSON.stringify(entry));
    }
    return `[${parts.join()}]`;
  }
  if (!isMap(value)) return JSON.stringify(value);
  for (const [name, field] of Object.entries(value)) {
    parts.push(`${JSON.stringify(name)}:${yield* writeValue(field, slice)}`);
  }
  return `{${parts.join()}}`;
}

/** The whole, of the JSON of each target: as text, with its final newline. */
export function writeCursor(targets: ReadonlyMap<string, string>): string {
  const written = [...targets].map(([name, text]) => `${JSON.stringify(name)}:${text}`);
  return `{"v":${version},"targets":{${written.join()}}}\n`;
}

/** Null where it is none of ours: garbage, half of one, or of another version. */
export function readCursor(text: string): Cursor | null {
  const value = parse(text);
  if (!isMap(value) || value['v'] !== version || !isMap(value['targets'])) return null;
  const notices = new Map<string, Book>();
  const statuses = new Map<string, StatusBook>();
  for (const [name, saved] of Object.entries(value['targets'])) {
    if (!isMap(saved)) continue;
    if ('told' in saved) notices.set(name, readBook(saved));
    else if ('sent' in saved) statuses.set(name, readStatusBook(saved));
  }
  return { notices, statuses };
}

function readBook({ ledger, position, told }: Json): Book {
  if (typeof ledger !== 'string' || !isMap(position)) return emptyBook;
  const { seq, index } = position;
  if (!isCount(seq) || !isCount(index)) return emptyBook;
  const entries = entriesOf(told).flatMap(([key, value]) => {
    const one = readTold(value);
    return one === null ? [] : [[key, one] as const];
  });
  return { ledger, position: { seq, index }, told: new Map(entries) };
}

function readTold(value: unknown): Told | null {
  if (!isMap(value) || !isCount(value['round'])) return null;
  const { round, now } = value;
  if (now === null) return { round, now };
  if (!isMap(now) || !isCount(now['seq']) || !isMap(now['about'])) return null;
  const { of, name } = now['about'];
  const subject = subjects.find((one): one is Subject => one === of);
  if (subject === undefined || typeof name !== 'string') return null;
  const standing = { about: { of: subject, name }, seq: now['seq'] };
  const end = readEnd(now['end']);
  return { round, now: end === null ? standing : { ...standing, end } };
}

function readEnd(value: unknown): NonNullable<ToldNow['end']> | null {
  if (!isMap(value)) return null;
  const { fleet, code, text } = value;
  const severity = noticeSeverities.find((one): one is NoticeSeverity => one === value['severity']);
  const isText = (one: unknown): one is string | null => one === null || typeof one === 'string';
  if (severity === undefined || !isText(fleet) || !isText(code) || typeof text !== 'string') return null;
  return { severity, fleet, code, text };
}

function readStatusBook({ ledger, seq, commits, broken, brokenFiles, sent, counts }: Json): StatusBook {
  if (typeof ledger !== 'string') return emptyStatusBook;
  return {
    ledger,
    seq: isCount(seq) ? seq : null,
    commits: new Map(textsOf(commits).slice(-commitsMax)),
    broken: readBroken(broken),
    brokenFiles: readBroken(brokenFiles),
    sent: new Map(textsOf(sent).slice(-sentMax)),
    counts: new Map(countsOf(counts).slice(-sentMax)),
  };
}

function readBroken(value: unknown): Broken {
  if (!isMap(value) || typeof value['isWhole'] !== 'boolean') return emptyMemory.broken;
  const names = entriesOf(value['names']).flatMap(([key, commit]) =>
    commit === null || typeof commit === 'string' ? [[key, commit] as const] : [],
  );
  return { names: new Map(names.slice(-brokenMax)), isWhole: value['isWhole'] };
}

function textsOf(value: unknown): (readonly [string, string])[] {
  return entriesOf(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : []));
}

function countsOf(value: unknown): (readonly [string, number])[] {
  return entriesOf(value).flatMap(([key, count]) => (isCount(count) ? [[key, count] as const] : []));
}

function entriesOf(value: unknown): (readonly [string, unknown])[] {
  if (!Array.isArray(value)) return [];
  return value.slice(-entriesMax).flatMap((entry: unknown) => {
    const [key, one] = Array.isArray(entry) ? (entry as unknown[]) : [];
    return typeof key === 'string' ? [[key, one] as const] : [];
  });
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
