/** iCalendar files as times of a window, as AWS Systems Manager Change Calendar and others write them. */
import {
  type CalendarEvent,
  countedUntil,
  type Exceptions,
  eventSpans,
  exceptionsOf,
  type Moment,
  readEvent,
} from './calendar-event.ts';
import { type CalendarFault, readCalendarText } from './calendar-text.ts';
import type { Entry } from './timeline.ts';

const dayMs = 86_400_000;

export type ReadCalendar =
  | {
      readonly ok: true;
      readonly entry: Entry;
      /** What the events are by the calendar's own word; null where it has none. */
      readonly meaning: 'open' | 'closed' | null;
      /** Starts in the busiest 400 days that were looked at. */
      readonly starts: number;
    }
  | { readonly ok: false; readonly faults: readonly CalendarFault[] };

/** Series that count their events are counted out once; two million days are less than a second. */
const countedDaysMax = 2_000_000;
const faultsMax = 5;
const densityDays = 400;

/** Reads a calendar. Any event that is not understood makes it unreadable: what it would open or close is not known. */
export function readCalendar(text: string, timeZone: string): ReadCalendar {
  const read = readCalendarText(text);
  if (!read.ok) return { ok: false, faults: [read.fault] };
  const values = new Map(
    read.text.properties.map(({ name, value, line }) => [name, { value: value.trim().toUpperCase(), line }]),
  );
  const faults: CalendarFault[] = read.text.properties.flatMap(({ name, line }) => {
    const isTwice = once.has(name) && values.get(name)?.line !== line;
    return isTwice ? [{ line, message: `${name} stands twice` }] : [];
  });
  const meaning = readMeaning(values, faults);
  const events: CalendarEvent[] = [];
  for (const { properties, line } of read.text.events) {
    const event = readEvent(properties, line, timeZone);
    if (event.ok) events.push(event.event);
    else faults.push(event.fault);
    if (faults.length >= faultsMax) break;
  }
  const { series, faults: mixed } = arrange(events);
  faults.push(...mixed);
  const counted = faults.length === 0 ? countOut(series) : null;
  if (counted === null) {
    if (faults.length === 0)
      faults.push({ line: 1, message: 'counts its series further than is followed (COUNT)' });
    return { ok: false, faults: faults.slice(0, faultsMax) };
  }
  const spans: Entry['spans'] = (fromMs, toMs) =>
    counted.flatMap(({ event, exceptions }) => eventSpans(event, exceptions, { fromMs, toMs }));
  return { ok: true, entry: { spans }, meaning, starts: countStarts(counted) };
}

const once = new Set(['CALSCALE', 'METHOD', 'X-CALENDAR-TYPE']);

function readMeaning(
  values: ReadonlyMap<string, { readonly value: string; readonly line: number }>,
  faults: CalendarFault[],
): 'open' | 'closed' | null {
  const scale = values.get('CALSCALE');
  if (scale !== undefined && scale.value !== 'GREGORIAN') {
    faults.push({ line: scale.line, message: 'CALSCALE is not GREGORIAN' });
  }
  const method = values.get('METHOD');
  if (method !== undefined && method.value !== 'PUBLISH' && method.value !== 'REQUEST') {
    faults.push({ line: method.line, message: 'METHOD is not PUBLISH: this is a message about a calendar' });
  }
  const type = values.get('X-CALENDAR-TYPE');
  if (type === undefined) return null;
  // Open by default: its events are the times when it is not.
  if (type.value === 'DEFAULT_OPEN') return 'closed';
  if (type.value === 'DEFAULT_CLOSED') return 'open';
  faults.push({ line: type.line, message: 'X-CALENDAR-TYPE is neither DEFAULT_OPEN nor DEFAULT_CLOSED' });
  return null;
}

interface Series {
  readonly event: CalendarEvent;
  readonly exceptions: Exceptions;
}

/** The events that count: the newest of each, those that replace one of a series beside it, and none that is cancelled. */
function arrange(events: readonly CalendarEvent[]): { series: Series[]; faults: CalendarFault[] } {
  const newest = new Map<string, CalendarEvent>();
  const faults: CalendarFault[] = [];
  for (const event of events) {
    const { uid, replaces, line } = event;
    const which = replaces === null ? '' : `${replaces.isDate} ${replaces.wallMs} ${replaces.timeZone}`;
    const key = uid === '' ? `${line}` : JSON.stringify([uid, which]);
    const other = newest.get(key);
    if (other?.sequence === event.sequence) {
      faults.push({ line, message: `an event has the UID and SEQUENCE of the one in line ${other.line}` });
    }
    if (other === undefined || event.sequence > other.sequence) newest.set(key, event);
  }
  const replacements = new Map<string, Moment[]>();
  for (const { uid, replaces } of newest.values()) {
    if (replaces === null) continue;
    const known = replacements.get(uid);
    if (known === undefined) replacements.set(uid, [replaces]);
    else known.push(replaces);
  }
  const cancelled = new Set(
    [...newest.values()].filter((event) => event.isCancelled && !event.replaces).map(({ uid }) => uid),
  );
  const series = [...newest.values()]
    .filter(({ isCancelled, uid }) => !isCancelled && (uid === '' || !cancelled.has(uid)))
    .map((event) => {
      const replaced = event.replaces === null ? (replacements.get(event.uid) ?? []) : [];
      return { event, exceptions: exceptionsOf(event, replaced) };
    });
  return { series, faults };
}

/** Gives each counted series its end; null where that would take too long. */
function countOut(series: readonly Series[]): Series[] | null {
  let left = countedDaysMax;
  const counted: Series[] = [];
  for (const { event, exceptions } of series) {
    const { untilMs, days } = countedUntil(event, Math.min(left, 200 * 366));
    left -= days;
    if (left <= 0) return null;
    counted.push({ event: untilMs === null ? event : { ...event, untilMs }, exceptions });
  }
  return counted;
}

/** As many as begin in the first 400 days of each: all of them could meet. */
function countStarts(series: readonly Series[]): number {
  return series.reduce((sum, { event, exceptions }) => {
    const fromMs = event.start.wallMs - dayMs;
    return sum + eventSpans(event, exceptions, { fromMs, toMs: fromMs + densityDays * dayMs }).length;
  }, 0);
}
