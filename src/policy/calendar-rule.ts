/**
 * Recurrence rules of iCalendar (RFC 5545, 3.3.10), by days: whether a day of the wall's calendar belongs to a rule. Work is
 * linear in the days looked at, whatever the rule says; a rule whose day never comes costs no more than another. What
 * is finer than days (hours, minutes, weeks and days of a year by number) is refused.
 */

const dayMs = 86_400_000;

/** Days are counted from 1 January 1970, a Thursday. */
export type Day = number;

type Frequency = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';

export interface Rule {
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count: number | null;
  /** As it is written; the event knows its zone. */
  readonly until: string | null;
  readonly months: ReadonlySet<number> | null;
  /** Negative from the month's end. */
  readonly monthDays: ReadonlySet<number> | null;
  /** `ordinal` 0 for every one of the period. */
  readonly weekdays: readonly { readonly ordinal: number; readonly weekday: number }[] | null;
  readonly positions: readonly number[] | null;
  /** 0 is Sunday. */
  readonly weekStart: number;
  readonly start: Day;
}

export type ReadRule =
  | { readonly ok: true; readonly rule: Rule }
  | { readonly ok: false; readonly reason: string };

const weekdayNames = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const intervalMax = 1000;
/** Three years of days; what goes on longer has an UNTIL, or no end. */
const countMax = 1000;

/** Reads a rule, or says what of it is not understood. */
export function readRule(text: string, start: Day): ReadRule {
  const parts = new Map<string, string>();
  for (const part of text.toUpperCase().split(';')) {
    const [, key = '', value = ''] = /^([A-Z]+)=(.+)$/.exec(part) ?? [];
    if (key === '') return { ok: false, reason: 'is not written as KEY=value;KEY=value' };
    if (parts.has(key)) return { ok: false, reason: `has ${key} twice` };
    parts.set(key, value);
  }
  for (const key of parts.keys()) {
    if (!knownParts.has(key)) return { ok: false, reason: `has ${key}, which is not supported` };
  }
  const frequency = parts.get('FREQ') ?? '';
  if (!isFrequency(frequency))
    return { ok: false, reason: 'has no FREQ of DAILY, WEEKLY, MONTHLY or YEARLY' };
  if (parts.has('COUNT') && parts.has('UNTIL')) return { ok: false, reason: 'has both COUNT and UNTIL' };
  const number = (key: string, max: number): number | null | undefined => {
    const value = parts.get(key);
    if (value === undefined) return null;
    return /^[0-9]{1,6}$/.test(value) && Number(value) >= 1 && Number(value) <= max
      ? Number(value)
      : undefined;
  };
  const rule = {
    frequency,
    interval: number('INTERVAL', intervalMax),
    count: number('COUNT', countMax),
    until: parts.get('UNTIL') ?? null,
    months: readNumbers(parts.get('BYMONTH'), 12, false),
    monthDays: readNumbers(parts.get('BYMONTHDAY'), 31, true),
    weekdays: readWeekdays(parts.get('BYDAY'), frequency),
    positions: readNumbers(parts.get('BYSETPOS'), 366, true),
    weekStart: weekdayNames.indexOf(parts.get('WKST') ?? 'MO'),
    start,
  };
  const { interval, count, months, monthDays, weekdays, positions, weekStart } = rule;
  if (interval === undefined) return { ok: false, reason: `has an INTERVAL not within 1 to ${intervalMax}` };
  if (count === undefined) return { ok: false, reason: `has a COUNT not within 1 to ${countMax}` };
  if (months === undefined || monthDays === undefined || weekdays === undefined || positions === undefined) {
    return { ok: false, reason: 'has a BY... part that is not understood' };
  }
  if (weekStart < 0) return { ok: false, reason: 'has a WKST that is no weekday' };
  if (frequency === 'WEEKLY' && monthDays !== null)
    return { ok: false, reason: 'has BYMONTHDAY in a WEEKLY rule' };
  if (positions !== null && months === null && monthDays === null && weekdays === null) {
    return { ok: false, reason: 'has BYSETPOS alone' };
  }
  return {
    ok: true,
    rule: {
      ...rule,
      interval: interval ?? 1,
      count,
      months: months === null ? null : new Set(months),
      monthDays: monthDays === null ? null : new Set(monthDays),
      weekdays,
      positions,
    },
  };
}

const knownParts = new Set([
  'FREQ',
  'INTERVAL',
  'COUNT',
  'UNTIL',
  'BYMONTH',
  'BYMONTHDAY',
  'BYDAY',
  'BYSETPOS',
  'WKST',
]);

function isFrequency(text: string): text is Frequency {
  return /^(?:DAILY|WEEKLY|MONTHLY|YEARLY)$/.test(text);
}

/** Null where absent, undefined where wrong. */
function readNumbers(text: string | undefined, max: number, isSigned: boolean): number[] | null | undefined {
  if (text === undefined) return null;
  const numbers = text.split(',').map((part) => (/^[+-]?[0-9]{1,3}$/.test(part) ? Number(part) : 0));
  const isRight = numbers.every((value) => value !== 0 && Math.abs(value) <= max && (isSigned || value > 0));
  return isRight ? numbers : undefined;
}

function readWeekdays(text: string | undefined, frequency: Frequency): Rule['weekdays'] | undefined {
  if (text === undefined) return null;
  const weekdays = text.split(',').map((part) => {
    const [, ordinal = '', name = ''] = /^([+-]?[0-9]{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/.exec(part) ?? [];
    return {
      ordinal: ordinal === '' ? 0 : Number(ordinal) || Number.NaN,
      weekday: weekdayNames.indexOf(name),
    };
  });
  const mayCount = frequency === 'MONTHLY' || frequency === 'YEARLY';
  const isRight = weekdays.every(
    ({ ordinal, weekday }) => weekday >= 0 && Math.abs(ordinal) <= 53 && (ordinal === 0 || mayCount),
  );
  return isRight ? weekdays : undefined;
}

interface DayParts {
  readonly day: Day;
  readonly year: number;
  readonly month: number;
  readonly date: number;
  readonly weekday: number;
}

function partsOf(day: Day): DayParts {
  const at = new Date(day * dayMs);
  return {
    day,
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    date: at.getUTCDate(),
    weekday: at.getUTCDay(),
  };
}

/** The first day of a month; months beyond 12 run into the next years. */
function firstOf(year: number, month: number): Day {
  return Date.UTC(year, month - 1, 1) / dayMs;
}

function weekOf({ weekStart }: Rule, day: Day): Day {
  // 1 January 1970 was a Thursday.
  return day - ((((day + 4 - weekStart) % 7) + 7) % 7);
}

/** The period of the rule's frequency that a day is in: its first day, and its number. */
function periodOf(rule: Rule, { day, year, month }: DayParts): { first: Day; index: number } {
  switch (rule.frequency) {
    case 'DAILY':
      return { first: day, index: day };
    case 'WEEKLY':
      return { first: weekOf(rule, day), index: weekOf(rule, day) / 7 };
    case 'MONTHLY':
      return { first: firstOf(year, month), index: year * 12 + month };
    case 'YEARLY':
      return { first: firstOf(year, 1), index: year };
  }
}

function matches(rule: Rule, parts: DayParts, start: DayParts): boolean {
  const { frequency, months, monthDays, weekdays } = rule;
  const { year, month, date, weekday } = parts;
  if (months !== null && !months.has(month)) return false;
  if (monthDays !== null) {
    const length = firstOf(year, month + 1) - firstOf(year, month);
    if (!monthDays.has(date) && !monthDays.has(date - length - 1)) return false;
  }
  if (weekdays !== null)
    return weekdays.some((wanted) => wanted.weekday === weekday && isNth(rule, parts, wanted.ordinal));
  // What the rule leaves open is taken from the start.
  if (frequency === 'WEEKLY') return weekday === start.weekday;
  if (frequency === 'DAILY' || monthDays !== null) return true;
  return date === start.date && (frequency === 'MONTHLY' || months !== null || month === start.month);
}

/** Whether it is the n-th such weekday of its month, or of its year where the rule is of years without months. */
function isNth(rule: Rule, { day, year, month }: DayParts, ordinal: number): boolean {
  if (ordinal === 0) return true;
  const isOfYear = rule.frequency === 'YEARLY' && rule.months === null;
  const first = isOfYear ? firstOf(year, 1) : firstOf(year, month);
  const after = isOfYear ? firstOf(year + 1, 1) : firstOf(year, month + 1);
  return ordinal > 0
    ? Math.floor((day - first) / 7) + 1 === ordinal
    : Math.floor((after - 1 - day) / 7) + 1 === -ordinal;
}

/** The days of a rule within [from, to], in order; COUNT and UNTIL are the caller's. Never before the rule's start. */
export function daysOf(rule: Rule, from: Day, to: Day): Day[] {
  const start = partsOf(rule.start);
  const base = periodOf(rule, start).index;
  const low = Math.max(from, rule.start);
  if (low > to) return [];
  const found: Day[] = [];
  let period: Day[] = [];
  let periodFirst: Day | null = null;
  const close = (): void => {
    found.push(...pick(period, rule.positions).filter((day) => day >= low && day <= to));
    period = [];
  };
  // Whole periods, because a position counts from their beginning or end.
  const end = rule.positions === null ? to : to + 366;
  for (let day = rule.positions === null ? low : periodOf(rule, partsOf(low)).first; day <= end; day += 1) {
    const parts = partsOf(day);
    const { first, index } = periodOf(rule, parts);
    if (first !== periodFirst) {
      close();
      periodFirst = first;
      if (first > to) return found;
    }
    if ((index - base) % rule.interval === 0 && matches(rule, parts, start)) period.push(day);
  }
  close();
  return found;
}

function pick(days: readonly Day[], positions: readonly number[] | null): readonly Day[] {
  if (positions === null) return days;
  const indices = positions.map((position) => (position > 0 ? position - 1 : days.length + position));
  return days.filter((_day, index) => indices.includes(index));
}
