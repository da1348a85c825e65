/** One entry of a window's `open` or `closed`, from its written form to the times that it gives. */
import { formatDuration, parseDuration } from '../config/duration.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { quoteText } from '../lib/document-problem.ts';
import type { FaultCode } from '../lib/faults.ts';
import { readCalendar } from './calendar.ts';
import { instantOf, parseWall } from './local-time.ts';
import { compileRecurrence, occurs, type Recurrence, recurringSpans } from './recurrence.ts';
import type { Entry } from './timeline.ts';

/** An entry as the schema has accepted it. */
export interface WrittenEntry {
  readonly start?: string;
  readonly duration?: string;
  readonly from?: string;
  readonly to?: string;
  readonly ics?: string;
  readonly reason?: string;
}

/** Something wrong with one key of an entry. */
export interface EntryProblem extends Pick<DocumentProblem, 'code' | 'severity' | 'message' | 'hint'> {
  readonly key: keyof WrittenEntry | null;
}

export type ReadEntry =
  | {
      readonly ok: true;
      readonly entry: Entry;
      /** The longest time that it gives by itself; null where only a calendar knows. */
      readonly longestMs: number | null;
      /** Of a recurring entry. */
      readonly startsPerDay: number;
      /** Of a calendar, within the horizon at the most. */
      readonly calendarStarts: number;
      readonly problems: readonly EntryProblem[];
    }
  | { readonly ok: false; readonly problems: readonly EntryProblem[] };

/** Shorter than the step of a cron expression, a window would be missed between two looks. */
const durationMinMs = 60_000;
/** A month: what lasts longer is written with `from` and `to`, or left out. */
const durationMaxMs = 31 * 86_400_000;

const wallHint = 'write a local time as 2026-12-01T08:00';

/** A failed reading with one problem. */
export function failEntry(
  code: FaultCode,
  key: keyof WrittenEntry | null,
  message: string,
  hint?: string,
): { readonly ok: false; readonly problems: readonly [EntryProblem] } {
  const problem = { code, severity: 'error', key, message } as const;
  return { ok: false, problems: [hint === undefined ? problem : { ...problem, hint }] };
}

/** Which of the three forms it has; null where it has none of them, or parts of two. */
export function formOf(written: WrittenEntry): 'recurring' | 'single' | 'calendar' | null {
  const keys = Object.keys(written).filter((key) => key !== 'reason');
  const form = keys.sort().join(' ');
  if (form === 'duration start') return 'recurring';
  if (form === 'from to') return 'single';
  return form === 'ics' ? 'calendar' : null;
}

/** Reads `{start, duration}`. */
export function readRecurring(written: WrittenEntry, timeZone: string): ReadEntry {
  const { start = '', duration = '' } = written;
  const durationMs = parseDuration(duration);
  const problems: EntryProblem[] = [];
  if (durationMs === undefined || durationMs < durationMinMs || durationMs > durationMaxMs) {
    const bounds = `${formatDuration(durationMinMs)} to ${formatDuration(durationMaxMs)}`;
    const message = `the duration ${quoteText(duration)} is not within ${bounds}`;
    problems.push(
      ...failEntry('SG1308', 'duration', message, 'longer times are written with from and to').problems,
    );
  }
  const compiled = compileRecurrence(start, durationMs ?? durationMinMs);
  if (!compiled.ok) {
    const code = compiled.isDayConflict ? 'SG1307' : 'SG1306';
    problems.push(
      ...failEntry(code, 'start', `the start ${quoteText(start)} ${compiled.reason}`, compiled.hint).problems,
    );
  }
  if (!compiled.ok || durationMs === undefined || problems.length > 0) return { ok: false, problems };
  const { recurrence } = compiled;
  if (!occurs(recurrence)) {
    const message = `the start ${quoteText(start)} never comes: no month has that day`;
    problems.push({ code: 'SG1312', severity: 'warning', key: 'start', message });
  }
  const reasons = reasonsOf(written);
  return {
    ok: true,
    entry: { spans: (fromMs, toMs) => recurringSpans(recurrence, timeZone, { fromMs, toMs }, reasons) },
    longestMs: longestRun(recurrence),
    startsPerDay: recurrence.runs.length,
    calendarStarts: 0,
    problems,
  };
}

/** Runs that touch over midnight are one as well; whether they do depends on the days, so that is granted. */
function longestRun({ runs, durationMs }: Recurrence): number {
  const dayMs = 86_400_000;
  const wraps = (runs.at(-1)?.endMs ?? 0) >= dayMs + (runs[0]?.startMs ?? 0);
  return wraps
    ? Number.POSITIVE_INFINITY
    : Math.max(durationMs, ...runs.map((run) => run.endMs - run.startMs));
}

function reasonsOf({ reason }: WrittenEntry): readonly string[] {
  return reason === undefined ? [] : [reason];
}

/** Reads `{from, to}`. */
export function readSingle(written: WrittenEntry, timeZone: string): ReadEntry {
  const walls: number[] = [];
  const problems: EntryProblem[] = [];
  for (const key of ['from', 'to'] as const) {
    const text = written[key] ?? '';
    const wall = parseWall(text);
    if (wall.ok) walls.push(wall.wallMs);
    else
      problems.push(
        ...failEntry('SG1309', key, `${key} ${quoteText(text)} ${wall.reason}`, wallHint).problems,
      );
  }
  const [fromWall, toWall] = walls;
  if (fromWall === undefined || toWall === undefined) return { ok: false, problems };
  if (toWall <= fromWall)
    return failEntry('SG1310', 'to', 'to is not after from', 'to is the end, and no part of it');
  const [startMs, endMs] = [instantOf(fromWall, timeZone), instantOf(toWall, timeZone)];
  if (endMs <= startMs) {
    return failEntry('SG1310', 'to', `from and to are in an hour that the clocks of ${timeZone} skip`);
  }
  const span = { startMs, endMs, reasons: reasonsOf(written) };
  return {
    ok: true,
    entry: { spans: (fromMs, toMs) => (endMs > fromMs && startMs < toMs ? [span] : []) },
    longestMs: endMs - startMs,
    startsPerDay: 0,
    calendarStarts: 0,
    problems,
  };
}

/** Where a calendar is looked for, and how its window reads it. */
export interface CalendarContext {
  /** Of the window's file. */
  readonly path: string;
  /** The text of a calendar file by its path, from the same root as `path`; null where there is none. */
  readonly calendars: (path: string) => string | null;
  readonly timeZone: string;
  readonly side: 'open' | 'closed';
}

/** Reads `{ics}`. */
export function readIcs(written: WrittenEntry, context: CalendarContext): ReadEntry {
  const { ics = '' } = written;
  const named = `the calendar ${quoteText(ics)}`;
  const steps = ics.split('/');
  const isPlain = steps.every((step) => /^[^\\:]+$/.test(step) && step !== '.' && step !== '..');
  if (!isPlain || !/\.ics$/i.test(ics)) {
    const hint = 'write the path of an .ics file from the folder of this file, without .. or a leading /';
    return failEntry('SG1314', 'ics', `${named} is not named by a path below this file's folder`, hint);
  }
  const path = [...context.path.split('/').slice(0, -1), ...steps].join('/');
  const text = context.calendars(path);
  if (text === null)
    return failEntry('SG1315', 'ics', `${named} is not there: ${quoteText(path)}`, 'add the file');
  const calendar = readCalendar(text, context.timeZone);
  if (!calendar.ok) {
    const problems = calendar.faults.flatMap(
      ({ line, message }) => failEntry('SG1316', 'ics', `${named}, line ${line}: ${message}`).problems,
    );
    return { ok: false, problems };
  }
  const { meaning, entry, starts } = calendar;
  if (meaning !== null && meaning !== context.side) {
    const type = meaning === 'open' ? 'DEFAULT_CLOSED' : 'DEFAULT_OPEN';
    const message = `${named} is ${type}: its events are ${meaning} times, not ${context.side} ones`;
    return failEntry('SG1318', 'ics', message, `name it under spec.${meaning}`);
  }
  const reasons = reasonsOf(written);
  const spans: Entry['spans'] = (fromMs, toMs) =>
    entry.spans(fromMs, toMs).map((span) => (span.reasons.length === 0 ? { ...span, reasons } : span));
  return {
    ok: true,
    entry: reasons.length === 0 ? entry : { spans },
    longestMs: null,
    startsPerDay: 0,
    calendarStarts: starts,
    problems: [],
  };
}
