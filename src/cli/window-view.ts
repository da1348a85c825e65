/** `snowgate window explain`: one window around an instant, for machines, people and calendars. */

import { formatDuration } from '../config/duration.ts';
import { count } from '../lib/count.ts';
import { formatLocal, instantOf, localParts, offsetAt } from '../policy/local-time.ts';
import { isoInstant } from '../policy/verdict.ts';
import { findOpenings, horizonDays, type Opening, type Window, windowAt } from '../policy/window.ts';
import { type Colors, plain } from './print.ts';
import { formatWrapped } from './receipt-view.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What `--format json` writes. Instants are ISO 8601 in UTC with milliseconds; null where nothing is within the horizon. */
export interface WindowJson {
  readonly window: string;
  readonly at: string;
  readonly open: boolean;
  readonly reason: string;
  readonly nextOpen: string | null;
  readonly nextClose: string | null;
  /** Of the days asked for: merged, and not cut to them. */
  readonly openings: readonly { readonly start: string | null; readonly end: string | null }[];
}

const instant = (timeMs: number | null): string | null => (timeMs === null ? null : isoInstant(timeMs));

/** When it closes next, be it open now or not. */
function nextClose(window: Window, atMs: number): number | null {
  const { isOpen, closesMs, opensMs } = windowAt(window, atMs);
  if (isOpen) return closesMs;
  return opensMs === null ? null : windowAt(window, opensMs).closesMs;
}

/** A window at an instant and in the days after it, as `--format json` writes it. */
export function windowJson(window: Window, atMs: number, days: number): WindowJson {
  const state = windowAt(window, atMs);
  return {
    window: window.name,
    at: isoInstant(atMs),
    open: state.isOpen,
    reason: state.reason,
    nextOpen: instant(state.opensMs),
    nextClose: instant(nextClose(window, atMs)),
    openings: findOpenings(window, atMs, atMs + days * dayMs).map(({ startMs, endMs }) => ({
      start: instant(startMs),
      end: instant(endMs),
    })),
  };
}

/** Longer lists say nothing to a person; `--format json` has all. */
const openingsShownMax = 50;

/** The same for people: state and reason, what comes next, the openings in local time and UTC, and a picture of the days. */
export function windowText(
  window: Window,
  asked: { readonly atMs: number; readonly days: number },
  columns: number,
  colors: Colors,
): string {
  const { atMs, days } = asked;
  const { timeZone } = window;
  const state = windowAt(window, atMs);
  const openings = findOpenings(window, atMs, atMs + days * dayMs);
  const word = state.isOpen
    ? state.accepts
      ? colors.green('open')
      : colors.yellow('closing')
    : colors.red('closed');
  const described = window.description === '' ? '' : formatWrapped(window.description, '', columns, 0);
  const lines = [
    `${colors.bold(plain(window.name))}  ${word} at ${both(atMs, timeZone)}\n`,
    described,
    formatWrapped(state.reason, '  ', columns),
    `  next open   ${orHorizon(state.opensMs, timeZone)}\n`,
    `  next close  ${orHorizon(nextClose(window, atMs), timeZone)}\n`,
    cutoffLine(window.cutoffMs),
    ...openingLines(openings, days, timeZone),
    `\n${drawDays(window, asked, colors)}`,
  ];
  return lines.join('');
}

function openingLines(openings: readonly Opening[], days: number, timeZone: string): string[] {
  if (openings.some(isEndless)) {
    return [`\nalways open: no opening begins or ends within ${horizonDays} days\n`];
  }
  const hidden = openings.length - openingsShownMax;
  return [
    `\n${count(openings.length, 'opening')} in ${count(days, 'day')} (${plain(timeZone)}):\n`,
    ...openings.slice(0, openingsShownMax).map((opening) => openingLine(opening, timeZone)),
    hidden > 0 ? `  and ${hidden} more\n` : '',
  ];
}

/** Open as far as is looked, before and after. */
function isEndless({ startMs, endMs }: Opening): boolean {
  return startMs === null && endMs === null;
}

function cutoffLine(cutoffMs: number): string {
  if (cutoffMs === 0) return '';
  return `  cutoff      nothing new begins in the last ${formatDuration(cutoffMs)} of an opening\n`;
}

function both(timeMs: number, timeZone: string): string {
  return `${formatLocal(timeMs, timeZone)} (${shortUtc(timeMs)})`;
}

/** `2026-11-27T21:00Z`: the ledger's way of writing it, without what is nought. */
function shortUtc(timeMs: number): string {
  return isoInstant(timeMs)
    .replace(/\.000Z$/, 'Z')
    .replace(/:00Z$/, 'Z');
}

function orHorizon(timeMs: number | null, timeZone: string): string {
  return timeMs === null ? `not within ${horizonDays} days` : both(timeMs, timeZone);
}

function openingLine({ startMs, endMs }: Opening, timeZone: string): string {
  const side = (timeMs: number | null): string =>
    timeMs === null ? '...' : `${localParts(timeMs, timeZone).weekday} ${formatLocal(timeMs, timeZone)}`;
  const local = `${side(startMs)} to ${side(endMs)}`;
  const utc = [startMs, endMs].map((timeMs) => (timeMs === null ? '...' : shortUtc(timeMs))).join(' to ');
  return `  ${local}\n    ${utc}\n`;
}

/** A fortnight fits a screen, and tells what a week looks like. */
const daysDrawnMax = 14;
const cellMs = hourMs / 2;

/**
 * One row a local day, two marks an hour: `#` open, `+` open for a part of it, `.` closed. A day on which the clocks are
 * changed has more or fewer marks, because they are elapsed half hours, and says so.
 */
function drawDays(
  window: Window,
  { atMs, days }: { readonly atMs: number; readonly days: number },
  colors: Colors,
): string {
  const { timeZone } = window;
  const drawn = Math.min(days, daysDrawnMax);
  const rows: string[] = [];
  let startMs = startOfDay(atMs, timeZone);
  const openings = findOpenings(window, startMs, startMs + (drawn + 1) * dayMs);
  for (let row = 0; row < drawn; row += 1) {
    const endMs = startOfDay(startMs + 1.5 * dayMs, timeZone);
    const { weekday, year, month, day } = localParts(startMs, timeZone);
    const date = [year, month, day].map((part) => String(part).padStart(2, '0')).join('-');
    const cells = Array.from({ length: Math.ceil((endMs - startMs) / cellMs) }, (_, index) => {
      const fromMs = startMs + index * cellMs;
      return cellMark(openings, fromMs, Math.min(fromMs + cellMs, endMs));
    }).join('');
    const change = (offsetAt(endMs, timeZone) - offsetAt(startMs, timeZone)) / 60_000;
    const note = change === 0 ? '' : `  clocks ${change > 0 ? '+' : ''}${change}m`;
    rows.push(`  ${weekday} ${date} ${colors.dim('|')}${cells}${colors.dim('|')}${colors.yellow(note)}\n`);
    startMs = endMs;
  }
  const ruler = `${' '.repeat(18)}${['00', '06', '12', '18'].map((hour) => hour.padEnd(12)).join('')}24`;
  return `${ruler}\n${rows.join('')}  # open, + for a part of the half hour, . closed\n`;
}

/** The first instant of the local day of an instant; midnight itself may be skipped. */
function startOfDay(timeMs: number, timeZone: string): number {
  const { year, month, day } = localParts(timeMs, timeZone);
  return instantOf(Date.UTC(year, month - 1, day), timeZone);
}

function cellMark(openings: readonly Opening[], fromMs: number, toMs: number): string {
  let openMs = 0;
  for (const { startMs, endMs } of openings) {
    const overlap = Math.min(endMs ?? toMs, toMs) - Math.max(startMs ?? fromMs, fromMs);
    openMs += Math.max(0, overlap);
  }
  if (openMs === 0) return '.';
  return openMs === toMs - fromMs ? '#' : '+';
}

/** A calendar program shows so many at most; more is a mistake in the days asked for. */
const eventsMax = 2000;

/**
 * The openings of the days as an iCalendar file (RFC 5545), in UTC. An opening without one side begins or ends where the days
 * do, because an event has both; one without either is none, but a calendar that is open by default. The same input makes
 * the same bytes, so that a calendar program sees no change.
 */
export function windowIcs(window: Window, atMs: number, days: number): string {
  const endMs = atMs + days * dayMs;
  const openings = findOpenings(window, atMs, endMs).slice(0, eventsMax);
  const isAlways = openings.some(isEndless);
  const events = isAlways ? [] : openings.flatMap((opening) => icsEvent(window, opening, { atMs, endMs }));
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//snowgate//window explain//EN',
    'CALSCALE:GREGORIAN',
    // What Change Calendar of AWS Systems Manager needs to know: whether events are open times, or closed ones.
    `X-CALENDAR-TYPE:${isAlways ? 'DEFAULT_OPEN' : 'DEFAULT_CLOSED'}`,
    `X-WR-CALNAME:${icsText(window.name)}`,
    ...(events.length > 0 ? events : icsNote(window, atMs, isAlways)),
    'END:VCALENDAR',
  ];
  return `${lines.map(foldLine).join('\r\n')}\r\n`;
}

/** The id is made of a side that does not move with the day on which it is asked for. */
function icsEvent(
  window: Window,
  { startMs, endMs }: Opening,
  days: { readonly atMs: number; readonly endMs: number },
): string[] {
  const fromMs = startMs ?? days.atMs;
  const id = startMs === null ? `until-${icsTime(endMs ?? days.endMs)}` : icsTime(startMs);
  return [
    'BEGIN:VEVENT',
    `UID:${id}-${window.name}@snowgate`,
    `DTSTAMP:${icsTime(fromMs)}`,
    `DTSTART:${icsTime(fromMs)}`,
    `DTEND:${icsTime(endMs ?? days.endMs)}`,
    `SUMMARY:${icsText(`${window.name} open`)}`,
    ...(window.description === '' ? [] : [`DESCRIPTION:${icsText(plain(window.description))}`]),
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ];
}

/** A calendar has one component at least: where there is no event, it is a note that no program takes for a time. */
function icsNote({ name }: Window, atMs: number, isAlways: boolean): string[] {
  return [
    'BEGIN:VTODO',
    `UID:note-${name}@snowgate`,
    `DTSTAMP:${icsTime(atMs)}`,
    `SUMMARY:${icsText(isAlways ? `${name} is always open` : `${name} does not open in these days`)}`,
    'END:VTODO',
  ];
}

function icsTime(timeMs: number): string {
  return isoInstant(timeMs)
    .replace(/\.[0-9]{3}/, '')
    .replaceAll(/[-:]/g, '');
}

function icsText(text: string): string {
  return text.replaceAll(/[\\;,]/g, '\\$&').replaceAll(/\r?\n/g, '\\n');
}

/** At most 75 octets a line, the break and the space after it not counted; never inside a character. */
function foldLine(line: string): string {
  const parts: string[] = [];
  let part = '';
  let bytes = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (bytes + size > 74) {
      parts.push(part);
      part = '';
      bytes = 0;
    }
    part += character;
    bytes += size;
  }
  return [...parts, part].join('\r\n ');
}
