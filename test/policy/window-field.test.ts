/** The cases that other controllers' time windows are tested by, as tables of our own; what differs is said in docs/WINDOWS.md. */
import { describe, expect, it } from 'vitest';
import { windowAt } from '../../src/policy/window.ts';
import { windowOf } from './window-world.ts';

const opens = (start: string, duration: string) => ({ start, duration });
const utc = (...open: object[]) => ({ timeZone: 'UTC', open });

describe.each<[string, object, [string, boolean][]]>([
  [
    'a schedule of every minute of an hour lasts from its first to its last (Argo CD)',
    utc(opens('* 10 * * *', '2h')),
    [
      ['2026-05-06T09:59Z', false],
      ['2026-05-06T10:00Z', true],
      ['2026-05-06T11:00Z', true],
      ['2026-05-06T12:58Z', true],
      ['2026-05-06T12:59Z', false],
    ],
  ],
  [
    'any allow that is active is enough (Argo CD)',
    utc(opens('0 10 * * *', '4h'), opens('0 11 * * *', '4h')),
    [
      ['2026-05-06T10:30Z', true],
      ['2026-05-06T14:30Z', true],
      ['2026-05-06T15:00Z', false],
    ],
  ],
  [
    'an allow that is not active closes (Argo CD)',
    utc(opens('0 10 * * *', '1h')),
    [['2026-05-06T20:00Z', false]],
  ],
  [
    'a deny alone leaves the rest open (Argo CD)',
    { timeZone: 'UTC', closed: [opens('0 10 * * *', '1h')] },
    [
      ['2026-05-06T09:59Z', true],
      ['2026-05-06T10:00Z', false],
      ['2026-05-06T11:00Z', true],
    ],
  ],
  [
    'a deny wins over an allow (Argo CD)',
    { ...utc(opens('0 8 * * *', '8h')), closed: [opens('0 10 * * *', '1h')] },
    [
      ['2026-05-06T09:00Z', true],
      ['2026-05-06T10:30Z', false],
      ['2026-05-06T11:30Z', true],
    ],
  ],
  [
    'a schedule is of its zone, ahead of UTC (Argo CD)',
    { timeZone: 'Asia/Dhaka', open: [opens('0 8 * * *', '2h')] },
    [
      ['2026-05-06T01:59Z', false],
      ['2026-05-06T02:00Z', true],
      ['2026-05-06T08:30Z', false],
    ],
  ],
  [
    'and behind it, on working days (kured)',
    { timeZone: 'America/Los_Angeles', open: [opens('0 9 * * MON-FRI', '8h')] },
    [
      ['2026-05-06T15:59Z', false],
      ['2026-05-06T16:01Z', true],
      ['2026-05-06T23:59Z', true],
      ['2026-05-07T00:00Z', false],
      ['2026-05-09T18:00Z', false],
      ['2026-05-08T18:00Z', true],
    ],
  ],
  [
    'a whole day, to its last second (kured)',
    utc(opens('0 0 * * MON-FRI', '24h')),
    [
      ['2026-05-04T00:00Z', true],
      ['2026-05-08T23:59:59.999Z', true],
      ['2026-05-09T00:00Z', false],
    ],
  ],
  [
    'a night belongs to the day on which it begins (not so in kured)',
    { timeZone: 'Europe/Oslo', open: [opens('0 22 * * MON', '4h')] },
    [
      ['2026-05-03T23:00Z', false],
      ['2026-05-04T20:00Z', true],
      ['2026-05-04T23:30Z', true],
      ['2026-05-05T00:00Z', false],
    ],
  ],
  [
    'a night lasts as long in March and October (not so in Argo CD)',
    { timeZone: 'Europe/Amsterdam', closed: [opens('0 22 * * *', '8h')] },
    [
      ['2026-03-29T04:59Z', false],
      ['2026-03-29T05:00Z', true],
      ['2026-10-25T03:59Z', false],
      ['2026-10-25T04:00Z', true],
    ],
  ],
  [
    'and one that begins in the hour that repeats comes once (twice in Argo CD)',
    { timeZone: 'Europe/Amsterdam', open: [opens('30 2 * * *', '20m')] },
    [
      ['2026-10-25T00:30Z', true],
      ['2026-10-25T00:50Z', false],
      ['2026-10-25T01:30Z', false],
    ],
  ],
  [
    'and in the hour that is left out after it (never in Argo CD)',
    { timeZone: 'Europe/Amsterdam', open: [opens('0 2 * * *', '1h')] },
    [
      ['2026-03-29T00:59Z', false],
      ['2026-03-29T01:00Z', true],
      ['2026-03-29T02:00Z', false],
    ],
  ],
  [
    'the last Friday, the second Tuesday and the last day of a month (asked for in all of them)',
    utc(opens('0 1 * * FRIL', '1h'), opens('0 1 * * TUE#2', '1h'), opens('0 1 L * *', '1h')),
    [
      ['2026-05-29T01:00Z', true],
      ['2026-05-22T01:00Z', false],
      ['2026-05-12T01:00Z', true],
      ['2026-05-19T01:00Z', false],
      ['2026-05-31T01:00Z', true],
      ['2028-02-29T01:00Z', true],
    ],
  ],
  [
    'half an hour of summer time (Lord Howe)',
    { timeZone: 'Australia/Lord_Howe', open: [opens('0 22 * * *', '8h')] },
    [
      ['2026-10-03T11:29Z', false],
      ['2026-10-03T11:30Z', true],
      ['2026-10-03T19:29Z', true],
      ['2026-10-03T19:30Z', false],
    ],
  ],
])('%s', (_name, spec, cases) => {
  const window = windowOf(spec);
  it.each(cases)('%s: %s', (time, isOpen) => {
    expect(windowAt(window, Date.parse(time)).isOpen).toBe(isOpen);
  });
});
