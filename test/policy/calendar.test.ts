import fc from 'fast-check';
import ical from 'node-ical';
import { describe, expect, it } from 'vitest';
import { findOpenings, windowAt } from '../../src/policy/window.ts';
import { findings, readWindow, windowOf } from './window-world.ts';

const at = (text: string): number => Date.parse(text);
const iso = (timeMs: number | null): string | null =>
  timeMs === null ? null : new Date(timeMs).toISOString().slice(0, 16);

/** A calendar of events, each given by its lines. */
function calendar(events: readonly (readonly string[])[], ...properties: readonly string[]): string {
  const body = events.flatMap((lines, index) => {
    const uid = lines.some((line) => line.startsWith('UID:')) ? [] : [`UID:${index}@example.test`];
    return ['BEGIN:VEVENT', ...uid, 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT'];
  });
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...properties, ...body, 'END:VCALENDAR', ''].join('\r\n');
}

const open = (text: string, timeZone = 'Europe/Oslo') => ({
  window: windowOf({ timeZone, open: [{ ics: 'a.ics' }] }, { 'policies/north/a.ics': text }),
});
function openings(
  events: readonly (readonly string[])[],
  from: string,
  to: string,
  timeZone = 'Europe/Oslo',
) {
  const { window } = open(calendar(events), timeZone);
  return findOpenings(window, at(from), at(to)).map(({ startMs, endMs }) => [iso(startMs), iso(endMs)]);
}
const refusal = (text: string): string =>
  readWindow({ timeZone: 'Europe/Oslo', closed: [{ ics: 'a.ics' }] }, { 'policies/north/a.ics': text })
    .problems.map(({ code, message }) => `${code} ${message}`)
    .join('\n');

describe('the events of a calendar', () => {
  it.each<[string, string[][], string[][]]>([
    [
      'in UTC, in a zone, floating and of whole days',
      [
        ['DTSTART:20261102T080000Z', 'DTEND:20261102T090000Z'],
        ['DTSTART;TZID=America/New_York:20261103T080000', 'DURATION:PT90M'],
        ['DTSTART:20261104T080000', 'DTEND:20261104T090000'],
        ['DTSTART;VALUE=DATE:20261105'],
        ['DTSTART;VALUE=DATE:20261107', 'DTEND;VALUE=DATE:20261109'],
      ],
      [
        ['2026-11-02T08:00', '2026-11-02T09:00'],
        ['2026-11-03T13:00', '2026-11-03T14:30'],
        ['2026-11-04T07:00', '2026-11-04T08:00'],
        ['2026-11-04T23:00', '2026-11-05T23:00'],
        ['2026-11-06T23:00', '2026-11-08T23:00'],
      ],
    ],
    [
      'that recur, without what is excluded, moved or cancelled',
      [
        [
          'UID:a',
          'DTSTART;TZID=Europe/Oslo:20261102T220000',
          'DTEND;TZID=Europe/Oslo:20261102T230000',
          'RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261125T210000Z',
          'EXDATE;TZID=Europe/Oslo:20261104T220000,20261109T220000',
        ],
        [
          'UID:a',
          'RECURRENCE-ID;TZID=Europe/Oslo:20261111T220000',
          'DTSTART;TZID=Europe/Oslo:20261112T060000',
          'DTEND;TZID=Europe/Oslo:20261112T070000',
        ],
        [
          'UID:a',
          'RECURRENCE-ID:20261116T210000Z',
          'STATUS:CANCELLED',
          'DTSTART:20261116T210000Z',
          'DTEND:20261116T220000Z',
        ],
      ],
      [
        ['2026-11-02T21:00', '2026-11-02T22:00'],
        ['2026-11-12T05:00', '2026-11-12T06:00'],
        ['2026-11-18T21:00', '2026-11-18T22:00'],
        ['2026-11-23T21:00', '2026-11-23T22:00'],
        ['2026-11-25T21:00', '2026-11-25T22:00'],
      ],
    ],
    [
      'that are cancelled, or older than another of their name',
      [
        ['UID:a', 'SEQUENCE:2', 'DTSTART:20261103T080000Z', 'DURATION:PT1H'],
        ['UID:a', 'SEQUENCE:1', 'DTSTART:20261102T080000Z', 'DURATION:PT1H'],
        ['UID:b', 'STATUS:CANCELLED', 'DTSTART:20261104T080000Z', 'DURATION:PT1H'],
      ],
      [['2026-11-03T08:00', '2026-11-03T09:00']],
    ],
    [
      'that are counted, over a month that has no such day',
      [['DTSTART:20260831T080000Z', 'DURATION:P1D', 'RRULE:FREQ=MONTHLY;COUNT=3']],
      [],
    ],
    [
      'on the last weekday of a month',
      [
        [
          'DTSTART:20260930T080000Z',
          'DURATION:PT1H',
          'RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3',
        ],
      ],
      [['2026-11-30T08:00', '2026-11-30T09:00']],
    ],
  ])('%s', (_name, events, expected) => {
    expect(openings(events, '2026-11-01T12:00Z', '2026-12-01T00:00Z')).toEqual(expected);
  });

  it('of the 31st skip the months that have none', () => {
    const events = [['DTSTART:20260831T080000Z', 'DURATION:PT1H', 'RRULE:FREQ=MONTHLY;COUNT=3']];
    expect(openings(events, '2026-08-01T00:00Z', '2027-06-01T00:00Z').map(([start]) => start)).toEqual([
      '2026-08-31T08:00',
      '2026-10-31T08:00',
      '2026-12-31T08:00',
    ]);
  });

  it('follow the wall over a change of the clocks, and last elapsed time', () => {
    const events = [
      [
        'DTSTART;TZID=Europe/Oslo:20260327T023000',
        'DTEND;TZID=Europe/Oslo:20260327T043000',
        'RRULE:FREQ=DAILY',
      ],
    ];
    expect(openings(events, '2026-03-28T00:00Z', '2026-03-31T00:00Z')).toEqual([
      ['2026-03-28T01:30', '2026-03-28T03:30'],
      ['2026-03-29T01:00', '2026-03-29T03:00'],
      ['2026-03-30T00:30', '2026-03-30T02:30'],
    ]);
  });

  it('of whole days go from midnight to midnight, where midnight is skipped, too', () => {
    const events = [['DTSTART;VALUE=DATE:20270320', 'RRULE:FREQ=DAILY;INTERVAL=2;COUNT=10']];
    expect(openings(events, '2027-03-27T00:00Z', '2027-03-31T00:00Z', 'Asia/Beirut')).toEqual([
      ['2027-03-27T22:00', '2027-03-28T21:00'],
      ['2027-03-29T21:00', '2027-03-30T21:00'],
    ]);
  });

  it('give their summary as the reason, or the entry gives its own', () => {
    const text = calendar([
      ['DTSTART:20261102T080000Z', 'DURATION:PT1H', 'SUMMARY;LANGUAGE=en:Year-end\\, all', ' of it\\nnow'],
      ['DTSTART:20261103T080000Z', 'DURATION:PT1H'],
    ]);
    const window = windowOf(
      { timeZone: 'UTC', closed: [{ ics: 'a.ics', reason: 'change calendar' }] },
      { 'policies/north/a.ics': text },
    );
    expect(windowAt(window, at('2026-11-02T08:00Z')).reason).toContain('"Year-end, allof it now"');
    expect(windowAt(window, at('2026-11-03T08:00Z')).reason).toContain('"change calendar"');
  });
});

describe('a calendar that is not understood closes the door', () => {
  const event = ['DTSTART:20261102T080000Z', 'DURATION:PT1H'];
  const rule = (text: string): string => calendar([[...event, `RRULE:${text}`]]);
  it.each<[string, string, RegExp]>([
    ['no calendar', 'hello', /SG1316 .*line 1: is no content line/],
    ['a page of the web', '<html>', /SG1316/],
    ['half a calendar', calendar([event]).replace('END:VCALENDAR', ''), /END:VCALENDAR is missing/],
    ['two calendars', calendar([event]) + calendar([event]), /behind the end/],
    [
      'an event that does not end',
      calendar([event]).replace('END:VEVENT\r\n', ''),
      /ends what did not begin/,
    ],
    [
      'text that is shown in another order',
      calendar([[...event, 'SUMMARY:a\u202Eb']]),
      /line 8: holds U\+202E/,
    ],
    ['a control character', calendar([[...event, 'SUMMARY:a\u0000b']]), /U\+0000/],
    ['a bad line', calendar([[...event, 'SUMMARY;X:a']]), /line 8: is no content line/],
    ['no start', calendar([['DURATION:PT1H']]), /no DTSTART/],
    ['no end', calendar([['DTSTART:20261102T080000Z']]), /neither DTEND nor DURATION/],
    [
      'an end before the start',
      calendar([['DTSTART:20261102T080000Z', 'DTEND:20261102T080000Z']]),
      /not after/,
    ],
    ['30 February', calendar([['DTSTART:20260230T080000Z', 'DURATION:PT1H']]), /not in the calendar/],
    [
      'an unknown zone',
      calendar([['DTSTART;TZID=W. Europe Standard Time:20260201T080000', 'DURATION:PT1H']]),
      /TZID/,
    ],
    ['a bad duration', calendar([['DTSTART:20261102T080000Z', 'DURATION:PT']]), /DURATION/],
    ['RDATE', calendar([[...event, 'RDATE:20261103T080000Z']]), /RDATE is not supported/],
    [
      'a later half of a series',
      calendar([[...event, 'RECURRENCE-ID;RANGE=THISANDFUTURE:20261102T080000Z']]),
      /RANGE/,
    ],
    ['a rule twice', calendar([[...event, 'RRULE:FREQ=DAILY', 'RRULE:FREQ=WEEKLY']]), /stands twice/],
    ['a rule by seconds', rule('FREQ=SECONDLY'), /FREQ/],
    ['a rule by hours of the day', rule('FREQ=DAILY;BYHOUR=1,2'), /BYHOUR, which is not supported/],
    ['a rule with a word of its own', rule('FREQ=DAILY;FOO=1'), /FOO/],
    ['a rule of no steps', rule('FREQ=DAILY;INTERVAL=0'), /INTERVAL/],
    ['a rule without number', rule('FREQ=DAILY;COUNT=1000000000'), /COUNT/],
    ['a rule that does not give its start', rule('FREQ=WEEKLY;BYDAY=TU'), /does not give the day of DTSTART/],
    ['a rule of no weekday', rule('FREQ=WEEKLY;BYDAY=XX'), /BY\.\.\./],
    [
      'a name twice',
      calendar([
        ['UID:a', ...event],
        ['UID:a', ...event],
      ]),
      /UID and SEQUENCE/,
    ],
    ['a sequence that is no number', calendar([[...event, 'SEQUENCE:1.5']]), /SEQUENCE is no number/],
    ['a status of its own', calendar([[...event, 'STATUS:CANCELED']]), /STATUS is none of/],
    [
      'two zones of one time',
      calendar([['DTSTART;TZID=Europe/Oslo;TZID=UTC:20261102T080000', 'DURATION:PT1H']]),
      /no content line/,
    ],
    ['a message', calendar([event], 'METHOD:CANCEL'), /METHOD/],
    [
      'two types',
      calendar([event], 'X-CALENDAR-TYPE:DEFAULT_CLOSED', 'X-CALENDAR-TYPE:DEFAULT_OPEN'),
      /X-CALENDAR-TYPE stands twice/,
    ],
    ['another type', calendar([event], 'X-CALENDAR-TYPE:OPEN'), /neither DEFAULT_OPEN/],
    ['the opposite', calendar([event], 'X-CALENDAR-TYPE:DEFAULT_CLOSED'), /SG1318 .*open times, not closed/],
    ['a nest', 'BEGIN:VCALENDAR\n'.repeat(10_000), /begins where it may not/],
    ['many alarms in each other', `BEGIN:VCALENDAR\n${'BEGIN:VALARM\n'.repeat(10_000)}`, /too deep/],
    ['an event in another', 'BEGIN:VCALENDAR\nBEGIN:VTODO\nBEGIN:VEVENT', /inside another/],
    ['more than a quarter of a MiB', calendar([[...event, `SUMMARY:${'x'.repeat(262_144)}`]]), /bytes/],
    ['more than a thousand events', calendar(Array.from({ length: 1001 }, () => event)), /1001/],
    [
      'a thousand series',
      calendar(Array.from({ length: 1000 }, () => [...event, 'RRULE:FREQ=DAILY'])),
      /SG1313/,
    ],
    [
      'a thousand long counts',
      calendar(Array.from({ length: 1000 }, () => [...event, 'RRULE:FREQ=YEARLY;COUNT=1000'])),
      /counts its series further/,
    ],
  ])('%s', (_name, text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });

  it.each([
    ['../a.ics', 'SG1314'],
    ['/a.ics', 'SG1314'],
    ['b//a.ics', 'SG1314'],
    ['b/./a.ics', 'SG1314'],
    ['b\\a.ics', 'SG1314'],
    ['a.yaml', 'SG1314'],
    ['missing.ics', 'SG1315'],
  ])('the path %s is %s', (ics, code) => {
    expect(findings({ timeZone: 'UTC', closed: [{ ics }] })).toEqual([`${code} error`]);
  });

  it('under open, where its type says so, and not under closed', () => {
    const text = calendar([event], 'X-CALENDAR-TYPE:DEFAULT_CLOSED');
    expect(open(text).window.open).toHaveLength(1);
    expect(refusal(calendar([event], 'X-CALENDAR-TYPE:DEFAULT_OPEN'))).toBe('');
  });
});

describe('a second opinion on rules', () => {
  const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const;
  const byDay = fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1, maxLength: 4 });
  const some = <T>(key: string, values: fc.Arbitrary<T>): fc.Arbitrary<string> =>
    fc
      .option(values, { nil: undefined })
      .map((value) => (value === undefined ? '' : `;${key}=${String(value)}`));
  const interval = some('INTERVAL', fc.integer({ min: 1, max: 5 }));
  const end = fc.oneof(
    some('COUNT', fc.integer({ min: 1, max: 40 })),
    fc.constantFrom(';UNTIL=20270131T120000Z', ';UNTIL=20260701T000000Z'),
  );
  const parts = fc.oneof(
    fc.tuple(fc.constant('FREQ=DAILY'), interval, some('BYDAY', byDay), end),
    fc.tuple(
      fc.constant('FREQ=WEEKLY'),
      interval,
      some('BYDAY', byDay),
      some('WKST', fc.constantFrom('SU', 'MO')),
      end,
    ),
    fc.tuple(
      fc.constant('FREQ=MONTHLY'),
      interval,
      fc.oneof(
        some('BYMONTHDAY', fc.constantFrom(1, 15, 28, -1, -2)),
        fc
          .tuple(fc.constantFrom(1, 2, 4, -1, -2), fc.constantFrom(...weekdays))
          .map(([n, day]) => `;BYDAY=${n}${day}`),
        byDay.map((days) => `;BYDAY=${days};BYSETPOS=-1`),
        byDay.map((days) => `;BYDAY=${days};BYSETPOS=1,2`),
      ),
      end,
    ),
    fc.tuple(
      fc.constant('FREQ=YEARLY'),
      fc.constantFrom(
        ';BYMONTH=3,10;BYDAY=-1SU',
        ';BYMONTH=11;BYDAY=4TH',
        ';BYMONTH=1,2,6;BYMONTHDAY=1,-1',
        '',
      ),
      end,
    ),
  );

  it('node-ical gives the same days', () => {
    const from = at('2026-01-01T00:00Z');
    const to = at('2027-06-01T00:00Z');
    let compared = 0;
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 365 }), (pieces, day) => {
        const start = new Date(from + day * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
        const text = calendar([
          ['UID:a', `DTSTART:${start}T080000Z`, 'DURATION:PT1H', `RRULE:${pieces.join('')}`],
        ]);
        // It takes the 29th to the 31st of a month for the last day where a month is shorter; RFC 5545 leaves those out.
        fc.pre(Number(start.slice(6)) <= 28);
        const read = readWindow(
          { timeZone: 'UTC', open: [{ ics: 'a.ics' }] },
          { 'policies/north/a.ics': text },
        );
        const isUndefined = read.problems.some(({ message }) =>
          message.includes('does not give the day of DTSTART'),
        );
        fc.pre(!isUndefined);
        if (read.window === null) throw new Error(JSON.stringify(read.problems));
        const ours = [...findOpenings(read.window, from, to - 200 * 86_400_000)].map(
          ({ startMs }) => startMs,
        );
        const event = Object.values(ical.sync.parseICS(text)).find((item) => item?.type === 'VEVENT');
        if (event?.type !== 'VEVENT' || event.rrule === undefined) throw new Error('no event');
        const theirs = event.rrule
          .between(new Date(from), new Date(to - 200 * 86_400_000 - 1), true)
          .map((date) => date.getTime());
        expect(ours).toEqual(theirs);
        compared += 1;
      }),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
