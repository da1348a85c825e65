/** Events of iCalendar as times: what is not understood of one is an error, never left out. */

import { type Day, daysOf, type Rule, readRule } from './calendar-rule.ts';
import { type CalendarFault, type Property, unescapeText } from './calendar-text.ts';
import { instantOf, isTimeZone, yearMax, yearMin } from './local-time.ts';
import type { Span } from './spans.ts';

const dayMs = 86_400_000;

/** A wall time in a zone, or a whole day. */
export interface Moment {
  readonly isDate: boolean;
  readonly wallMs: number;
  readonly timeZone: string;
}

export interface CalendarEvent {
  readonly line: number;
  /** Empty where it has none: then it stands alone. */
  readonly uid: string;
  readonly sequence: number;
  readonly isCancelled: boolean;
  readonly start: Moment;
  /** Whole days by the calendar, then elapsed time. */
  readonly length: { readonly days: number; readonly elapsedMs: number };
  readonly rule: Rule | null;
  /** The last instant at which it may begin; null: it goes on. */
  readonly untilMs: number | null;
  /** Starts that do not take place. */
  readonly except: readonly Moment[];
  /** The start in the series that this event stands for. */
  readonly replaces: Moment | null;
  readonly reasons: readonly string[];
}

export type ReadEvent =
  | { readonly ok: true; readonly event: CalendarEvent }
  | { readonly ok: false; readonly fault: CalendarFault };

/** As for the recurring starts of a window: what recurs and lasts longer than a month is written as single times. */
const recurringLengthMaxMs = 31 * dayMs;
const exceptionsMax = 1000;
const reasonCharsMax = 120;

/** Thrown and caught within this file: where reading stops, and why. */
class EventFault extends Error {
  override readonly name = 'EventFault';
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Reads one VEVENT. Floating times and whole days are those of the window's zone. */
export function readEvent(properties: readonly Property[], line: number, timeZone: string): ReadEvent {
  try {
    return { ok: true, event: makeEvent(properties, line, timeZone) };
  } catch (error) {
    if (!(error instanceof EventFault)) throw error;
    return { ok: false, fault: { line: error.line, message: error.message } };
  }
}

const refused = new Set(['RDATE', 'EXRULE']);
const once = new Set([
  'UID',
  'DTSTART',
  'DTEND',
  'DURATION',
  'RRULE',
  'RECURRENCE-ID',
  'SEQUENCE',
  'STATUS',
  'SUMMARY',
]);

function makeEvent(properties: readonly Property[], line: number, timeZone: string): CalendarEvent {
  const single = new Map<string, Property>();
  for (const property of properties) {
    if (refused.has(property.name)) throw new EventFault(property.line, `${property.name} is not supported`);
    if (!once.has(property.name)) continue;
    if (single.has(property.name))
      throw new EventFault(property.line, `${property.name} stands twice in an event`);
    single.set(property.name, property);
  }
  const startProperty = single.get('DTSTART');
  if (startProperty === undefined) throw new EventFault(line, 'an event has no DTSTART');
  const start = readMoment(startProperty, startProperty.value, timeZone);
  const length = readLength(start, single, timeZone, line);
  const ruleProperty = single.get('RRULE');
  const replaces = single.get('RECURRENCE-ID');
  if (replaces?.params.has('RANGE') === true) throw new EventFault(replaces.line, 'RANGE is not supported');
  const series = ruleProperty === undefined ? null : readSeries(ruleProperty, start, replaces !== undefined);
  if (series !== null && length.days * dayMs + length.elapsedMs > recurringLengthMaxMs) {
    throw new EventFault(line, 'an event recurs and lasts longer than 31 days');
  }
  const except = properties
    .filter(({ name }) => name === 'EXDATE')
    .flatMap((property) => property.value.split(',').map((value) => readMoment(property, value, timeZone)));
  if (except.length > exceptionsMax)
    throw new EventFault(line, `an event has more than ${exceptionsMax} EXDATEs`);
  const summary = Array.from(unescapeText(single.get('SUMMARY')?.value ?? ''))
    .slice(0, reasonCharsMax)
    .join('');
  return {
    line,
    uid: single.get('UID')?.value ?? '',
    sequence: readSequence(single.get('SEQUENCE')),
    isCancelled: readIsCancelled(single.get('STATUS')),
    start,
    length,
    rule: series?.rule ?? null,
    untilMs: series?.untilMs ?? null,
    except,
    replaces: replaces === undefined ? null : readMoment(replaces, replaces.value, timeZone),
    reasons: summary === '' ? [] : [summary],
  };
}

/** It decides which of two events counts. */
function readSequence(property: Property | undefined): number {
  if (property === undefined) return 0;
  const text = property.value.trim();
  if (!/^[0-9]{1,9}$/.test(text)) throw new EventFault(property.line, 'SEQUENCE is no number');
  return Number(text);
}

const statuses = ['TENTATIVE', 'CONFIRMED', 'CANCELLED'];

function readIsCancelled(property: Property | undefined): boolean {
  if (property === undefined) return false;
  const status = property.value.trim().toUpperCase();
  if (!statuses.includes(status)) {
    throw new EventFault(property.line, `STATUS is none of ${statuses.join(', ')}`);
  }
  return status === 'CANCELLED';
}

const momentPattern = /^([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z)?)?$/;

function readMoment({ name, params, line }: Property, value: string, windowZone: string): Moment {
  const parts = momentPattern.exec(value.trim());
  const wrong = (reason: string): never => {
    throw new EventFault(line, `${name} ${reason}`);
  };
  if (parts === null) return wrong('is no date or date and time');
  const isDate = parts[4] === undefined;
  const kind = params.get('VALUE')?.toUpperCase();
  if (kind !== undefined && kind !== (isDate ? 'DATE' : 'DATE-TIME')) return wrong(`is no ${kind}`);
  const [year = 0, month = 0, day = 0] = parts.slice(1, 4).map(Number);
  const [hour = 0, minute = 0, second = 0] = parts.slice(4, 7).map((part) => Number(part ?? 0));
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal = wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day;
  if (!isReal || hour > 23 || minute > 59 || second > 59) return wrong('is not in the calendar');
  // What recurs for ever may have begun long before snowgate.
  if (year < yearMin - 30 || year > yearMax)
    return wrong(`is not within the years ${yearMin - 30} to ${yearMax}`);
  const named = params.get('TZID');
  if (parts[7] === 'Z') return { isDate, wallMs: wall.getTime(), timeZone: 'UTC' };
  if (named === undefined || isDate) return { isDate, wallMs: wall.getTime(), timeZone: windowZone };
  if (!isTimeZone(named))
    return wrong('has a TZID that is no IANA time zone; export the calendar with names like Europe/Oslo');
  return { isDate, wallMs: wall.getTime(), timeZone: named };
}

function momentMs({ wallMs, timeZone }: Moment): number {
  return instantOf(wallMs, timeZone);
}

function readLength(
  start: Moment,
  single: ReadonlyMap<string, Property>,
  timeZone: string,
  line: number,
): CalendarEvent['length'] {
  const [end, duration] = [single.get('DTEND'), single.get('DURATION')];
  if (end !== undefined && duration !== undefined) {
    throw new EventFault(duration.line, 'an event has both DTEND and DURATION');
  }
  if (duration !== undefined) return readDuration(duration, start.isDate);
  if (end === undefined) {
    if (start.isDate) return { days: 1, elapsedMs: 0 };
    throw new EventFault(line, 'an event has neither DTEND nor DURATION, and so lasts no time');
  }
  const last = readMoment(end, end.value, timeZone);
  if (last.isDate !== start.isDate)
    throw new EventFault(end.line, 'DTSTART and DTEND are not both dates or both times');
  const days = start.isDate ? Math.round((last.wallMs - start.wallMs) / dayMs) : 0;
  const elapsedMs = start.isDate ? 0 : momentMs(last) - momentMs(start);
  if (days + elapsedMs <= 0) throw new EventFault(end.line, 'DTEND is not after DTSTART');
  return { days, elapsedMs };
}

function readDuration({ value, line }: Property, isDate: boolean): CalendarEvent['length'] {
  const parts =
    /^\+?P(?:([0-9]{1,4})W|(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?)$/.exec(
      value.trim().toUpperCase(),
    );
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = (parts ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0));
  const length = { days: weeks * 7 + days, elapsedMs: (hours * 3600 + minutes * 60 + seconds) * 1000 };
  const isWrong = parts === null || length.days + length.elapsedMs <= 0 || (isDate && length.elapsedMs > 0);
  if (isWrong) throw new EventFault(line, 'DURATION is not understood, or is no time');
  return length;
}

function readSeries(
  property: Property,
  start: Moment,
  isReplacing: boolean,
): { readonly rule: Rule; readonly untilMs: number | null } {
  const fail = (reason: string): never => {
    throw new EventFault(property.line, `RRULE ${reason}`);
  };
  if (isReplacing) return fail('stands beside RECURRENCE-ID');
  const startDay = Math.floor(start.wallMs / dayMs);
  const read = readRule(property.value.trim(), startDay);
  if (!read.ok) return fail(read.reason);
  const { rule } = read;
  if (daysOf(rule, startDay, startDay).length === 0) {
    return fail('does not give the day of DTSTART, and what such a series means is not defined');
  }
  if (rule.until !== null) return { rule, untilMs: readUntil(property, rule.until, start) };
  return { rule, untilMs: null };
}

/** A date means all of that day. */
function readUntil(property: Property, text: string, start: Moment): number {
  const until = readMoment({ ...property, name: 'UNTIL', params: new Map() }, text, start.timeZone);
  return until.isDate ? instantOf(until.wallMs + dayMs, start.timeZone) - 1 : momentMs(until);
}

/** Where the last of a counted series begins; what is not counted goes on. `daysMax` bounds the days looked at. */
export function countedUntil(
  { rule, start }: CalendarEvent,
  daysMax: number,
): { readonly untilMs: number | null; readonly days: number } {
  if (rule === null || rule.count === null) return { untilMs: null, days: 0 };
  // Half a year at once: most series end soon.
  const step = 183;
  let left = rule.count;
  for (let from = rule.start; from - rule.start < daysMax; from += step) {
    const days = daysOf(rule, from, from + step - 1);
    const last = days[left - 1];
    if (last !== undefined) {
      const untilMs = instantOf(wallOn(start, last), start.timeZone);
      return { untilMs, days: from + step - rule.start };
    }
    left -= days.length;
  }
  return { untilMs: null, days: daysMax };
}

/** What a clock on the wall shows when an event of a series begins on a day. */
function wallOn({ wallMs }: Moment, day: Day): number {
  return day * dayMs + (((wallMs % dayMs) + dayMs) % dayMs);
}

/** Starts that do not take place, or elsewhere: instants, and whole days of the event's own zone. */
export interface Exceptions {
  readonly instants: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
}

/** Of an event its EXDATEs and, given, the starts for which other events stand. */
export function exceptionsOf(event: CalendarEvent, replaced: readonly Moment[]): Exceptions {
  const all = [...event.except, ...replaced];
  return {
    instants: new Set(all.filter(({ isDate }) => !isDate).map(momentMs)),
    days: new Set(all.filter(({ isDate }) => isDate).map(({ wallMs }) => wallMs)),
  };
}

/**
 * The times of an event that meet [fromMs, toMs). Starts follow the wall, as all of a window's do: one that a change of the
 * clocks skips comes after the gap.
 */
export function eventSpans(
  event: CalendarEvent,
  exceptions: Exceptions,
  range: { readonly fromMs: number; readonly toMs: number },
): Span[] {
  const { start, length, rule, untilMs, reasons } = event;
  const { timeZone } = start;
  const reachMs = length.days * dayMs + length.elapsedMs + 2 * dayMs;
  const firstDay = Math.floor((range.fromMs - reachMs) / dayMs);
  const lastDay = Math.ceil((range.toMs + 2 * dayMs) / dayMs);
  const walls =
    rule === null ? [start.wallMs] : daysOf(rule, firstDay, lastDay).map((day) => wallOn(start, day));
  const spans: Span[] = [];
  for (const wallMs of walls) {
    const startMs = instantOf(wallMs, timeZone);
    const isOut = exceptions.instants.has(startMs) || exceptions.days.has(Math.floor(wallMs / dayMs) * dayMs);
    if (isOut || (untilMs !== null && startMs > untilMs)) continue;
    const lastDayMs = length.days === 0 ? startMs : instantOf(wallMs + length.days * dayMs, timeZone);
    const endMs = lastDayMs + length.elapsedMs;
    if (endMs > range.fromMs && startMs < range.toMs) spans.push({ startMs, endMs, reasons });
  }
  return spans;
}
