/** From a document to a window. The only place where one is made. */
import { formatDuration, parseDuration } from '../config/duration.ts';
import type { OpenedDocument } from '../lib/document.ts';
import { createCheck } from '../lib/document-check.ts';
import type { ValuePath } from '../lib/document-place.ts';
import type { DocumentProblem, Spot } from '../lib/document-problem.ts';
import { compareSpots, cutProblems, problemsPerDocumentMax, quoteText } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import { isMap } from '../lib/document-yaml.ts';
import { findNearest } from '../lib/nearest.ts';
import { isTimeZone, listTimeZones } from './local-time.ts';
import type { Entry } from './timeline.ts';
import { horizonDays, type Window, windowAt } from './window.ts';
import {
  type CalendarContext,
  failEntry,
  formOf,
  type ReadEntry,
  readIcs,
  readRecurring,
  readSingle,
  type WrittenEntry,
} from './window-entry.ts';
import { entriesMax, windowSchema } from './window-schema.ts';

type GoodDocument = Extract<OpenedDocument, { readonly ok: true }>;

/** As the schema has accepted it. */
interface AcceptedWindow {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly description?: string;
    readonly timeZone: string;
    readonly open?: readonly WrittenEntry[];
    readonly closed?: readonly WrittenEntry[];
    readonly cutoff?: string;
  };
}

/** What is judged of a window's times. Null stands for what cannot be, because the schema has refused the document. */
interface WrittenTimes {
  readonly timeZone: string | null;
  readonly open: readonly (WrittenEntry | null)[] | null;
  readonly closed: readonly (WrittenEntry | null)[];
  readonly cutoff: string;
}

interface JudgedTimes {
  /** All of them, in no order. */
  readonly problems: readonly DocumentProblem[];
  /** Null unless every part was understood: what is left of a window without its freezes is another window. */
  readonly times: Pick<Window, 'timeZone' | 'cutoffMs' | 'open' | 'closed'> | null;
}

export type WindowContext = Pick<CalendarContext, 'path' | 'calendars'>;

export interface ParsedWindow {
  /** Null where anything is an error: a window that is half understood holds no door. */
  readonly window: Window | null;
  readonly problems: readonly DocumentProblem[];
}

/** Starts of all entries together; more often than every quarter of an hour, nobody opens a door. */
const startsPerDayMax = 96;
/** Of all calendars of a window together, within the horizon: 25 a day. */
const calendarStartsMax = 10_000;
/** Each may have a thousand events. */
const calendarsMax = 10;
const cutoffMaxMs = 7 * 86_400_000;

/** Of a document that is refused anyway: about as long as the schema lets texts be. */
const entryTextMax = 512;
const zoneMax = 64;

const checkWindow = createCheck(windowSchema, { showsValues: true });

/**
 * Reads a document of `kind: Window`; what is wrong is told in reading order. It loads where the schema accepts it and each
 * part of it is understood, and not otherwise.
 */
export function parseWindow(document: GoodDocument, context: WindowContext): ParsedWindow {
  const violations = checkWindow(document);
  if (violations.length > 0) {
    const { problems } = judgeTimes(salvageTimes(document.value), document, context);
    return { window: null, problems: join(violations, problems) };
  }
  const { metadata, spec } = document.value as unknown as AcceptedWindow;
  const { timeZone, open = null, closed = [], cutoff = '0m' } = spec;
  const { problems, times } = judgeTimes({ timeZone, open, closed, cutoff }, document, context);
  const isAlways = open === null && closed.length === 0;
  const all = isAlways ? [...problems, describeAlways(document.locate(['spec']))] : problems;
  const shown = cutProblems(all);
  if (times === null || all.some(({ severity }) => severity === 'error')) {
    return { window: null, problems: shown };
  }
  const window: Window = {
    name: metadata.name,
    description: spec.description ?? '',
    ...times,
    place: { path: context.path, ...document.locate([]) },
  };
  return { window, problems: shown };
}

function describeAlways(spot: Spot): DocumentProblem {
  const message = 'the window is always open: it has neither open nor closed times';
  return { code: 'SG1319', severity: 'warning', ...spot, message };
}

function judgeTimes(written: WrittenTimes, document: GoodDocument, context: WindowContext): JudgedTimes {
  const problems: DocumentProblem[] = [];
  const add = (path: ValuePath, problem: Omit<DocumentProblem, 'line' | 'column'>): void => {
    problems.push({ ...problem, ...document.locate(path) });
  };
  const { timeZone } = written;
  const isZone = timeZone !== null && isTimeZone(timeZone);
  if (timeZone !== null && !isZone) add(['spec', 'timeZone'], judgeZone(timeZone));
  // All that does not depend on the zone is told all the same.
  const reader = { ...context, timeZone: isZone ? timeZone : 'UTC' };
  const calendars = countCalendars(written);
  if (calendars > calendarsMax) {
    const message = `the window names ${calendars} calendars; at most ${calendarsMax} are read`;
    add(['spec'], { code: 'SG1313', severity: 'error', message });
    return { problems, times: null };
  }
  const lists = {
    open: written.open?.map((entry) => readEntry(entry, { ...reader, side: 'open' })) ?? null,
    closed: written.closed.map((entry) => readEntry(entry, { ...reader, side: 'closed' })),
  };
  for (const side of ['open', 'closed'] as const) {
    for (const [index, read] of (lists[side] ?? []).entries()) {
      for (const { key, ...problem } of read.problems) {
        add(['spec', side, index, ...(key === null ? [] : [key])], problem);
      }
    }
  }
  const cutoffMs = parseDuration(written.cutoff);
  for (const { path, ...problem } of judgeWhole(written, lists, cutoffMs ?? 0)) add(path, problem);
  const open = lists.open === null ? [] : entriesOf(lists.open);
  const closed = entriesOf(lists.closed);
  if (!isZone || cutoffMs === undefined || open === null || closed === null) return { problems, times: null };
  return { problems, times: { timeZone, cutoffMs, open: lists.open === null ? null : open, closed } };
}

/** What the schema says, and of the rest what it says nothing of: of one place one thing is told. */
function join(violations: readonly DocumentProblem[], rest: readonly DocumentProblem[]): DocumentProblem[] {
  // They are cut already, and the last one counts what is left out.
  if (violations.length > problemsPerDocumentMax) return [...violations];
  const others = rest.filter((problem) => !violations.some((one) => compareSpots(one, problem) === 0));
  return cutProblems([...violations, ...others]);
}

/**
 * Of a document that the schema has refused: what is of the right kind and about the right length, so that all else that is
 * wrong is told in the same breath. No window is ever made of it.
 */
function salvageTimes(value: JsonValue): WrittenTimes {
  const spec = isMap(value) && isMap(value.spec) ? value.spec : {};
  const { timeZone, open, closed, cutoff } = spec;
  return {
    timeZone: readText(timeZone, zoneMax),
    open: Array.isArray(open) ? open.slice(0, entriesMax).map(salvageEntry) : null,
    closed: Array.isArray(closed) ? closed.slice(0, entriesMax).map(salvageEntry) : [],
    cutoff: readText(cutoff, entryTextMax) ?? '0m',
  };
}

/** Null where it has other keys, or values that are none of its own: what it was meant to be only the schema can say. */
function salvageEntry(value: JsonValue): WrittenEntry | null {
  if (!isMap(value)) return null;
  const pairs = Object.entries(value);
  const isSound = pairs.every(([key, text]) => entryKeys.has(key) && readText(text, entryTextMax) !== null);
  return isSound ? Object.fromEntries(pairs) : null;
}

function readText(value: JsonValue | undefined, lengthMax: number): string | null {
  return typeof value === 'string' && value !== '' && value.length <= lengthMax ? value : null;
}

const entryKeys: ReadonlySet<string> = new Set(['start', 'duration', 'from', 'to', 'ics', 'reason']);

/** Null where one of them was not understood. */
function entriesOf(reads: readonly ReadEntry[]): Entry[] | null {
  const entries = reads.flatMap((read) => (read.ok ? [read.entry] : []));
  return entries.length === reads.length ? entries : null;
}

function readEntry(written: WrittenEntry | null, context: CalendarContext): ReadEntry {
  if (written === null) return { ok: false, problems: [] };
  switch (formOf(written)) {
    case 'recurring':
      return readRecurring(written, context.timeZone);
    case 'single':
      return readSingle(written, context.timeZone);
    case 'calendar':
      return readIcs(written, context);
    case null: {
      const hint = 'write {start, duration}, {from, to} or {ics}, each with a reason if you like';
      return failEntry('SG1320', null, 'this is none of the forms of a time, or parts of two', hint);
    }
  }
}

function judgeZone(timeZone: string): Omit<DocumentProblem, 'line' | 'column'> {
  const problem = { code: 'SG1305', severity: 'error' } as const;
  if (/^(?:UTC|GMT)?[+-]?[0-9]/i.test(timeZone)) {
    const message = `spec.timeZone ${quoteText(timeZone)} is a fixed offset, which follows no place's clocks`;
    return { ...problem, message, hint: 'name the place, as Europe/Oslo; or UTC' };
  }
  const nearest = findNearest(timeZone, listTimeZones());
  const hint =
    nearest === undefined ? 'write an IANA name, as Europe/Oslo or UTC' : `did you mean ${nearest}?`;
  return { ...problem, message: `spec.timeZone ${quoteText(timeZone)} is no IANA time zone`, hint };
}

type PlacedProblem = Omit<DocumentProblem, 'line' | 'column'> & { readonly path: ValuePath };

/** What is wrong with the entries taken together. */
function judgeWhole(
  written: WrittenTimes,
  lists: { readonly open: readonly ReadEntry[] | null; readonly closed: readonly ReadEntry[] },
  cutoffMs: number,
): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  if (cutoffMs > cutoffMaxMs) {
    const message = `spec.cutoff ${quoteText(written.cutoff)} is longer than ${formatDuration(cutoffMaxMs)}`;
    problems.push({ code: 'SG1308', severity: 'error', path: ['spec', 'cutoff'], message });
  }
  for (const side of ['open', 'closed'] as const) {
    const starts = (lists[side] ?? []).reduce((sum, read) => sum + (read.ok ? read.startsPerDay : 0), 0);
    if (starts <= startsPerDayMax) continue;
    const message = `spec.${side} begins ${starts} times a day; at most ${startsPerDayMax} are followed`;
    problems.push({
      code: 'SG1313',
      severity: 'error',
      path: ['spec', side],
      message,
      hint: 'let them last longer',
    });
  }
  problems.push(...judgeCalendars([...(lists.open ?? []), ...lists.closed]));
  return cutoffMs > cutoffMaxMs ? problems : [...problems, ...judgeCutoff(lists.open ?? [], cutoffMs)];
}

function countCalendars({ open, closed }: WrittenTimes): number {
  return [...(open ?? []), ...closed].filter((entry) => entry?.ics !== undefined).length;
}

function judgeCalendars(reads: readonly ReadEntry[]): PlacedProblem[] {
  const starts = reads.reduce((sum, read) => sum + (read.ok ? read.calendarStarts : 0), 0);
  if (starts <= calendarStartsMax) return [];
  const message = `the calendars begin ${starts} times within ${horizonDays} days; at most ${calendarStartsMax} are followed`;
  return [{ code: 'SG1313', severity: 'error', path: ['spec'], message }];
}

/** Entries that touch each other may leave room together; of one that stands alone it is certain that they do not. */
function judgeCutoff(open: readonly ReadEntry[], cutoffMs: number): PlacedProblem[] {
  return open.flatMap((read, index): PlacedProblem[] => {
    if (!read.ok || read.longestMs === null || cutoffMs === 0 || read.longestMs > cutoffMs) return [];
    const severity = open.length === 1 ? 'error' : 'warning';
    const message = `the cutoff of ${formatDuration(cutoffMs)} leaves nothing of this opening: nothing new could begin in it`;
    const hint = 'shorten the cutoff, or let it last longer';
    return [{ code: 'SG1311', severity, path: ['spec', 'open', index], message, hint }];
  });
}

/** A finding where a window has no opening within the horizon from an instant: it would hold its tasks as long. */
export function findNeverOpen(window: Window, nowMs: number): DocumentProblem | null {
  if (windowAt(window, nowMs).isOpen || windowAt(window, nowMs).opensMs !== null) return null;
  const { line, column } = window.place;
  const message = `the window ${window.name} does not open within ${horizonDays} days`;
  const hint = 'correct its times, or remove it';
  return { code: 'SG1321', severity: 'warning', line, column, message, hint };
}
