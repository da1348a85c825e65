/**
 * Recurring starts, written as cron expressions of five fields. croner says on which days and at which minutes a pattern
 * fires; it is asked in UTC, as if the wall were all there is, and the zone's own law of local times makes instants of
 * the answers. So a clock change means the same for every pattern: croner itself lets lists and steps skip a gap and fire
 * twice in an hour that repeats, and single times not.
 */
import { Cron } from 'croner';
import { instantOf, wallOf } from './local-time.ts';
import type { Span } from './spans.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

export interface Recurrence {
  /** Null: every day, for which croner need not be asked. */
  readonly days: Cron | null;
  /** Within a day and apart: from the first start to the end of the last that touches it. */
  readonly runs: readonly { readonly startMs: number; readonly endMs: number }[];
  /** Minutes of the day at which it starts, as milliseconds. */
  readonly minutes: readonly number[];
  readonly durationMs: number;
}

export type CompiledRecurrence =
  | { readonly ok: true; readonly recurrence: Recurrence }
  /** `isDayConflict`: day-of-month and weekday together, which one cron reads as "or" and another as "and". */
  | { readonly ok: false; readonly reason: string; readonly hint: string; readonly isDayConflict: boolean };

const fieldNames = ['minute', 'hour', 'day-of-month', 'month', 'weekday'] as const;
const example = 'write minute, hour, day-of-month, month, weekday: "0 22 * * FRI"';
const number = '[0-9]{1,2}';
const month = `(?:${number}|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)`;
const weekday = '(?:[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)';
const list = (item: string, alone: string): RegExp => {
  const one = `(?:(?:\\*|${item}-${item})(?:/${number})?|${item}${alone})`;
  return new RegExp(`^${one}(?:,${one})*$`);
};

/** What of the many dialects means one thing everywhere, and `L` and `#`, which nothing else could say. */
const fieldPatterns = [
  list(number, ''),
  list(number, ''),
  list(number, '|L'),
  list(month, ''),
  list(weekday, `|${weekday}#(?:[1-5]|L)|${weekday}L`),
] as const;

/** A field that is longer than every minute written out is no schedule. */
const expressionCharsMax = 512;

/**
 * Compiles five fields: numbers, names, lists, ranges, steps; `L` for a month's last day, `FRI#1` for its first Friday,
 * `FRIL` or `FRI#L` for its last. Everything else is refused with what to write.
 */
export function compileRecurrence(start: string, durationMs: number): CompiledRecurrence {
  const refuse = (reason: string, hint = example): CompiledRecurrence => ({
    ok: false,
    reason,
    hint,
    isDayConflict: false,
  });
  if (start.length > expressionCharsMax) return refuse('is too long to be a schedule');
  const fields = start
    .trim()
    .toUpperCase()
    .split(/[ \t]+/);
  if (start.trim().startsWith('@')) return refuse('is a nickname');
  if (fields.length !== 5) {
    const seconds = fields.length === 6 ? '; seconds and years have no field' : '';
    return refuse(`has ${fields.length} fields, not 5${seconds}`);
  }
  for (const [index, pattern] of fieldPatterns.entries()) {
    const field = fields[index] ?? '';
    if (!pattern.test(field))
      return refuse(`has a ${fieldNames[index]} that is not understood`, hintField(field));
  }
  if (fields[2] !== '*' && fields[4] !== '*') {
    const hint = 'write one of them as *; FRI#1 is the first Friday of a month, FRIL its last';
    return { ok: false, reason: 'names a day-of-month and a weekday', hint, isDayConflict: true };
  }
  try {
    const dayFields = fields.slice(2).join(' ');
    const days = dayFields === '* * *' ? null : openCron(`0 0 ${dayFields}`);
    const minutes = listMinutes(openCron(`${fields[0]} ${fields[1]} * * *`));
    return { ok: true, recurrence: { days, minutes, runs: joinMinutes(minutes, durationMs), durationMs } };
  } catch {
    return refuse('has a number, range or step out of its bounds', `${example}; ranges go upwards`);
  }
}

function hintField(field: string): string {
  if (field.includes('?')) return 'write * for any';
  if (field.includes('W')) return 'the nearest weekday (W) is not supported; name the days';
  if (field.includes('+')) return 'write FRI#1 for the first Friday of a month';
  if (/^[0-9A-Z]+\/[0-9]+$/.test(field)) return 'a step stands behind * or a range, as */2 or 8-18/2';
  return example;
}

/** In UTC by offset: no zone is asked for, and croner is ten times faster. Without a function it never runs anything. */
function openCron(pattern: string): Cron {
  return new Cron(pattern, { utcOffset: 0, mode: '5-part' });
}

function listMinutes(cron: Cron): number[] {
  const minutes: number[] = [];
  for (let at = nextRun(cron, 0); at !== null && at < dayMs; at = nextRun(cron, at + minuteMs))
    minutes.push(at);
  return minutes;
}

/** The first run at or after a wall time. */
function nextRun(cron: Cron, wallMs: number): number | null {
  return cron.nextRun(new Date(wallMs - 1000))?.getTime() ?? null;
}

/** The first day at or after a wall time, as its midnight. */
function nextDay({ days }: Recurrence, wallMs: number): number | null {
  return days === null ? Math.ceil(wallMs / dayMs) * dayMs : nextRun(days, wallMs);
}

function joinMinutes(minutes: readonly number[], durationMs: number): { startMs: number; endMs: number }[] {
  const runs: { startMs: number; endMs: number }[] = [];
  for (const startMs of minutes) {
    const last = runs.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = startMs + durationMs;
    else runs.push({ startMs, endMs: startMs + durationMs });
  }
  return runs;
}

/** Whether any day of the calendar begins it: there is no 30 February. Leap days come within eight years. */
export function occurs(recurrence: Recurrence): boolean {
  return nextDay(recurrence, Date.UTC(2000, 0, 1)) !== null;
}

/** The times that a recurrence gives in a zone and that meet [fromMs, toMs): neither in order nor merged. */
export function recurringSpans(
  recurrence: Recurrence,
  timeZone: string,
  range: { readonly fromMs: number; readonly toMs: number },
  reasons: readonly string[],
): Span[] {
  const { durationMs, minutes, runs } = recurrence;
  const spans: Span[] = [];
  const add = (startMs: number, endMs: number): void => {
    if (endMs > range.fromMs && startMs < range.toMs) spans.push({ startMs, endMs, reasons });
  };
  const lastDay = wallOf(range.toMs, timeZone) + dayMs;
  // A day more on either side: a change of the clocks moves a start by up to a whole day.
  let day = nextDay(recurrence, wallOf(range.fromMs - durationMs, timeZone) - 2 * dayMs);
  while (day !== null && day <= lastDay) {
    const dayStartMs = instantOf(day, timeZone);
    if (instantOf(day + dayMs, timeZone) - dayStartMs === dayMs) {
      for (const run of runs) add(dayStartMs + run.startMs, dayStartMs + run.endMs);
    } else {
      for (const minute of minutes) {
        const startMs = instantOf(day + minute, timeZone);
        add(startMs, startMs + durationMs);
      }
    }
    day = nextDay(recurrence, day + minuteMs);
  }
  return spans;
}
