/** Instants as documents write them: RFC 3339 with T and an offset, to the millisecond, kept exactly. */
import type { JsonSchema } from '../lib/document-compile.ts';
import type { FaultCode } from '../lib/faults.ts';

export type ParsedTime =
  | { readonly ok: true; readonly epochMs: number }
  | { readonly ok: false; readonly reason: string };

const shape =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,3}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;

/** The schema of an instant, whose violations have the code of the document it stands in; `parseTime` judges the rest. */
export function timeSchema(code: FaultCode): JsonSchema {
  return {
    type: 'string',
    format: 'date-time',
    pattern:
      '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})$',
    'x-code': code,
    'x-rule':
      'a date and time with T and an offset (RFC 3339), as 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z',
  };
}

/** Clocks on Earth are set from -12:00 to +14:00; anything further out is a slip. */
const offsetMinutesMax = 14 * 60;

/** What ISO 8601 writes with four digits of a year, as the ledger does. */
const earliestMs = Date.parse('0000-01-01T00:00:00.000Z');
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Reads an instant. Refused, with the reason: a day that its month does not have, hour 24, a leap second (there is
 * no such instant in epoch time, and rounding would be guessing), the offset -00:00 ("unknown", RFC 3339 4.3).
 */
export function parseTime(text: string): ParsedTime {
  const parts = shape.exec(text);
  if (parts === null) return { ok: false, reason: 'is no date and time with T and an offset' };
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (second === 60) return { ok: false, reason: 'is a leap second, which no clock here can tell' };
  if (hour > 23 || minute > 59 || second > 59) return { ok: false, reason: 'is no time of day' };
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  if (wall.getUTCFullYear() !== year || wall.getUTCMonth() !== month - 1 || wall.getUTCDate() !== day) {
    return { ok: false, reason: 'is a day that is not in the calendar' };
  }
  const [sign, offsetHours, offsetMins] = parts.slice(8, 11);
  const offset = Number(offsetHours ?? 0) * 60 + Number(offsetMins ?? 0);
  if (sign === '-' && offset === 0)
    return { ok: false, reason: 'has the offset -00:00, which means unknown' };
  if (Number(offsetMins ?? 0) > 59 || offset > offsetMinutesMax) {
    return { ok: false, reason: 'has an offset that is used nowhere' };
  }
  const millis = Number((parts[7] ?? '').padEnd(3, '0'));
  wall.setUTCHours(hour, minute, second, millis);
  const epochMs = wall.getTime() - (sign === '-' ? -1 : 1) * offset * 60_000;
  if (epochMs < earliestMs || epochMs > latestMs)
    return { ok: false, reason: 'is not within the years 0000 to 9999 in UTC' };
  return { ok: true, epochMs };
}
