/**
 * Local times of an IANA zone. A *wall time* is what a clock on the wall shows, written as the epoch milliseconds at which
 * a clock in UTC shows the same; it is no instant until a zone gives it one.
 */

const dayMs = 86_400_000;

/** Two changes of one zone's clocks within a day, that cancel out, have not been seen; each day is asked about once. */
interface DayOffset {
  readonly beforeMs: number;
  readonly afterMs: number;
  /** The first instant of the later offset; the day's start where there is only one. */
  readonly changeMs: number;
}

interface Zone {
  readonly clock: Intl.DateTimeFormat;
  readonly days: Map<number, DayOffset>;
}

/** About 54 years of days; beyond it a zone starts anew, so that no stream of instants can fill the memory. */
const daysPerZoneMax = 20_000;

const zones = new Map<string, Zone>();

/** As IANA writes names: `Europe/Oslo`, `America/Port-au-Prince`, `EST5EDT`, `Etc/GMT+5`; never `+01:00`. */
const namePattern = /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*){0,2}$/;
const nameCharsMax = 64;

/** The zones' names as this machine's time-zone data spells them, without most of the older aliases. */
export function listTimeZones(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

/**
 * Whether the name is one of IANA's zones, spelt as IANA spells it; older aliases are. A fixed offset is none: it would not
 * follow the clocks of any place.
 */
export function isTimeZone(name: string): boolean {
  if (name.length > nameCharsMax || !namePattern.test(name)) return false;
  try {
    const known = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
    return known === name || known.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const zone: Zone = { clock, days: new Map() };
  zones.set(name, zone);
  return zone;
}

/** What the machine's time-zone data says, to the second, as local mean times were kept. */
function readOffset({ clock }: Zone, timeMs: number): number {
  const secondMs = Math.floor(timeMs / 1000) * 1000;
  const found: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(secondMs)) found[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = found;
  return Date.UTC(year, month - 1, day, hour, minute, second) - secondMs;
}

function readDay(zone: Zone, day: number): DayOffset {
  const known = zone.days.get(day);
  if (known !== undefined) return known;
  const beforeMs = readOffset(zone, day * dayMs);
  const afterMs = readOffset(zone, (day + 1) * dayMs);
  let [low, high] = [day * dayMs, (day + 1) * dayMs];
  if (beforeMs === afterMs) high = low;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (readOffset(zone, middle) === beforeMs) low = middle;
    else high = middle;
  }
  const read: DayOffset = { beforeMs, afterMs, changeMs: high };
  if (zone.days.size >= daysPerZoneMax) zone.days.clear();
  zone.days.set(day, read);
  return read;
}

/** How far the zone's clocks are ahead of UTC at an instant, in milliseconds. The zone must be one. */
export function offsetAt(timeMs: number, timeZone: string): number {
  const day = readDay(zoneOf(timeZone), Math.floor(timeMs / dayMs));
  return timeMs >= day.changeMs ? day.afterMs : day.beforeMs;
}

/** What the zone's clocks show at an instant, as a wall time. */
export function wallOf(timeMs: number, timeZone: string): number {
  return timeMs + offsetAt(timeMs, timeZone);
}

/**
 * The instant of a wall time: of one that occurs twice the first, and of one that a change skips the first instant after
 * the gap. Never earlier for a later wall time.
 */
export function instantOf(wallMs: number, timeZone: string): number {
  // No clock is further from UTC than a day, and a change of a whole day is the largest there was.
  const before = offsetAt(wallMs - dayMs, timeZone);
  const after = offsetAt(wallMs + dayMs, timeZone);
  const first = wallMs - before;
  if (before === after || offsetAt(first, timeZone) === before) return first;
  const second = wallMs - after;
  if (offsetAt(second, timeZone) === after) return second;
  // In the gap: the earlier offset ends at a change between the two.
  let [low, high] = [second, first];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, timeZone) === before) low = middle;
    else high = middle;
  }
  return high;
}

export type Weekday = 'MON' | 'TUE' | 'WED' | 'THU' | 'FRI' | 'SAT' | 'SUN';

const weekdays: readonly Weekday[] = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export interface LocalParts {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: Weekday;
}

/** Date, time of day and weekday in a zone. */
export function localParts(timeMs: number, timeZone: string): LocalParts {
  const wall = new Date(wallOf(timeMs, timeZone));
  return {
    year: wall.getUTCFullYear(),
    month: wall.getUTCMonth() + 1,
    day: wall.getUTCDate(),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
    second: wall.getUTCSeconds(),
    weekday: weekdays[wall.getUTCDay()] ?? 'SUN',
  };
}

/** `2026-11-27T22:00+01:00`, with seconds where there are any; the same on every machine. */
export function formatLocal(timeMs: number, timeZone: string): string {
  const offsetMs = offsetAt(timeMs, timeZone);
  const wall = new Date(timeMs + offsetMs).toISOString();
  const time = wall.slice(17, 19) === '00' ? wall.slice(0, 16) : wall.slice(0, 19);
  const minutes = Math.floor(Math.abs(offsetMs) / 60_000);
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${time}${offsetMs < 0 ? '-' : '+'}${hour}:${minute}`;
}

export type ParsedWall =
  | { readonly ok: true; readonly wallMs: number }
  | { readonly ok: false; readonly reason: string };

/** A plan for maintenance further ahead, or one so long ago, is a slip of a digit. */
export const yearMin = 2000;
export const yearMax = 2199;

/** Reads `2026-12-01T08:00`: a local time to the minute, without an offset; or says why it is none. */
export function parseWall(text: string): ParsedWall {
  if (/T.*(?:[Zz]|[+-][0-9:]+)$/.test(text)) {
    return { ok: false, reason: 'has an offset; times of a window are local times of its zone' };
  }
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::00)?$/.exec(text);
  if (parts === null) return { ok: false, reason: 'is no local time to the minute' };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = parts.slice(1).map(Number);
  if (hour > 23 || minute > 59) return { ok: false, reason: 'is no time of day; midnight is 00:00' };
  if (year < yearMin || year > yearMax) {
    return { ok: false, reason: `is not within the years ${yearMin} to ${yearMax}` };
  }
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute));
  if (wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day) {
    return { ok: false, reason: 'is a day that is not in the calendar' };
  }
  return { ok: true, wallMs: wall.getTime() };
}
