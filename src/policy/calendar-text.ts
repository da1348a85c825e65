/**
 * The lines of an iCalendar file (RFC 5545, 3.1 to 3.4), strictly: what is not a content line is an error, because a
 * freeze that is passed over opens a door. Only the properties of the calendar and of its events are kept.
 */
import { findForbidden, nameCharacter } from '../lib/document-problem.ts';

export interface Property {
  /** Upper case. */
  readonly name: string;
  /** By upper-case name; quotes removed. */
  readonly params: ReadonlyMap<string, string>;
  readonly value: string;
  /** Of the file, from 1. */
  readonly line: number;
}

export interface CalendarText {
  readonly properties: readonly Property[];
  readonly events: readonly { readonly line: number; readonly properties: readonly Property[] }[];
}

export interface CalendarFault {
  readonly line: number;
  readonly message: string;
}

export type ReadCalendarText =
  | { readonly ok: true; readonly text: CalendarText }
  | { readonly ok: false; readonly fault: CalendarFault };

/**
 * A thousand events with room for their words: a public calendar of holidays, with ten years in it, has less, and change
 * calendars of SSM have at most 64 KB. Larger than what people write by hand.
 */
export const calendarBytesMax = 262_144;
const calendarEventsMax = 1000;
/** Calendar, event, alarm; anything deeper is no calendar. */
const depthMax = 4;

const fail = (line: number, message: string): ReadCalendarText => ({ ok: false, fault: { line, message } });

/** Reads the one VCALENDAR of a text; components other than events are passed over. Linear in the text. */
export function readCalendarText(text: string): ReadCalendarText {
  if (new TextEncoder().encode(text).length > calendarBytesMax) {
    return fail(1, `has more than ${calendarBytesMax} bytes`);
  }
  const properties: Property[] = [];
  const events: { line: number; properties: Property[] }[] = [];
  const open: string[] = [];
  let isEnded = false;
  for (const { content, line } of unfold(text)) {
    const strange = findForbidden(content);
    if (strange >= 0) return fail(line, `holds ${nameCharacter(content, strange)}, which is not allowed`);
    const property = readProperty(content, line);
    if (property === undefined) return fail(line, 'is no content line of iCalendar');
    const { name, value } = property;
    const component = value.toUpperCase();
    if (isEnded) return fail(line, 'stands behind the end of the calendar');
    if (name === 'BEGIN') {
      if ((open.length === 0) !== (component === 'VCALENDAR')) return fail(line, 'begins where it may not');
      if (open.length >= depthMax) return fail(line, 'is nested too deep');
      if (component === 'VEVENT') {
        if (open.length !== 1) return fail(line, 'is an event inside another component');
        if (events.length >= calendarEventsMax) return fail(line, `is event ${calendarEventsMax + 1}`);
        events.push({ line, properties: [] });
      }
      open.push(component);
    } else if (name === 'END') {
      if (open.pop() !== component) return fail(line, 'ends what did not begin');
      isEnded = open.length === 0;
    } else if (open.length === 0) return fail(line, 'stands before BEGIN:VCALENDAR');
    else if (open.length === 1) properties.push(property);
    else if (open.length === 2 && open[1] === 'VEVENT') events.at(-1)?.properties.push(property);
  }
  if (!isEnded) return fail(1, 'is not whole: END:VCALENDAR is missing');
  return { ok: true, text: { properties, events } };
}

function unfold(text: string): { content: string; line: number }[] {
  const lines: { parts: string[]; line: number }[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const last = lines.at(-1);
    if (/^[ \t]/.test(raw) && last !== undefined) last.parts.push(raw.slice(1));
    else if (raw !== '') lines.push({ parts: [raw], line: index + 1 });
  }
  return lines.map(({ parts, line }) => ({ content: parts.join(''), line }));
}

const paramPattern = /;([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)/y;

function readProperty(content: string, line: number): Property | undefined {
  const name = /^[A-Za-z0-9-]+/.exec(content)?.[0];
  if (name === undefined) return undefined;
  const params = new Map<string, string>();
  let at = name.length;
  while (content[at] === ';') {
    paramPattern.lastIndex = at;
    const found = paramPattern.exec(content);
    const param = (found?.[1] ?? '').toUpperCase();
    // Of two zones nobody can say which was meant.
    if (found === null || params.has(param)) return undefined;
    params.set(param, (found[2] ?? '').replaceAll('"', ''));
    at = paramPattern.lastIndex;
  }
  if (content[at] !== ':') return undefined;
  return { name: name.toUpperCase(), params, value: content.slice(at + 1), line };
}

/** TEXT as RFC 5545 3.3.11 escapes it, on one line. */
export function unescapeText(value: string): string {
  return value
    .replace(/\\([\\;,nN])/g, (_whole, character: string) => (/n/i.test(character) ? ' ' : character))
    .trim();
}
