import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOpenings, windowAt } from '../../src/policy/window.ts';
import { findings, readText, readWindow, windowOf } from './window-world.ts';

const night = { start: '0 22 * * FRI', duration: '6h' };
const utc = (...open: object[]) => ({ timeZone: 'UTC', open });

describe('a window that is refused', () => {
  it.each<[string, object, string[]]>([
    ['no zone', { open: [night] }, ['SG1102 error']],
    ['a misspelt key', { timeZone: 'UTC', opened: [night] }, ['SG1101 error']],
    ['an empty list', { timeZone: 'UTC', open: [] }, ['SG1106 error']],
    ['an unknown zone', { timeZone: 'Europe/Olso', open: [night] }, ['SG1305 error']],
    ['a zone in lower case', { timeZone: 'europe/oslo', open: [night] }, ['SG1305 error']],
    [
      'a zone with one letter in the other case',
      { timeZone: 'Europe/oslo', open: [night] },
      ['SG1305 error'],
    ],
    ['a fixed offset', { timeZone: '+01:00', open: [night] }, ['SG1305 error']],
    ['a fixed offset from UTC', { timeZone: 'UTC+1', open: [night] }, ['SG1305 error']],
    ['a zone that is a path', { timeZone: '../UTC', open: [night] }, ['SG1305 error']],
    ['an entry without form', utc({ reason: 'none' }), ['SG1320 error']],
    ['an entry of two forms', utc({ ...night, from: '2026-12-01T08:00' }), ['SG1320 error']],
    ['half an entry', utc({ start: '0 22 * * FRI' }), ['SG1320 error']],
    ['no duration', utc({ ...night, duration: 'PT6H' }), ['SG1308 error']],
    ['a short duration', utc({ ...night, duration: '59s' }), ['SG1308 error']],
    ['a long duration', utc({ ...night, duration: '32d' }), ['SG1308 error']],
    ['a long cutoff', { ...utc({ ...night, duration: '31d' }), cutoff: '8d' }, ['SG1308 error']],
    [
      'an offset',
      utc({ from: '2026-12-01T08:00+01:00', to: '2026-12-01T10:00Z' }),
      ['SG1309 error', 'SG1309 error'],
    ],
    ['31 November', utc({ from: '2026-11-31T08:00', to: '2026-12-01T10:00' }), ['SG1309 error']],
    ['24 o’clock', utc({ from: '2026-11-30T08:00', to: '2026-11-30T24:00' }), ['SG1309 error']],
    ['seconds', utc({ from: '2026-11-30T08:00:30', to: '2026-11-30T09:00' }), ['SG1309 error']],
    [
      'a year too far',
      utc({ from: '2926-11-30T08:00', to: '2926-12-30T09:00' }),
      ['SG1309 error', 'SG1309 error'],
    ],
    ['an end before the start', utc({ from: '2026-12-01T08:00', to: '2026-12-01T08:00' }), ['SG1310 error']],
    [
      'a time in a gap alone',
      { timeZone: 'Europe/Oslo', open: [{ from: '2026-03-29T02:00', to: '2026-03-29T02:59' }] },
      ['SG1310 error'],
    ],
    [
      'a cutoff that leaves nothing',
      { ...utc({ ...night, duration: '15m' }), cutoff: '15m' },
      ['SG1311 error'],
    ],
    ['starts too often', utc({ start: '*/2 * * * *', duration: '1m' }), ['SG1313 error']],
    [
      'everything at once, also what only the schema knows',
      {
        timeZone: 'W. Europe Standard Time',
        open: [
          { start: '@daily', duration: '1w' },
          { start: '*/5 * * * *', duration: '1m' },
          { from: '2026-12-01T08:00', to: 'later', note: 'x' },
          'x',
        ],
        closed: [{ from: '2026-11-31T08:00', to: '2026-12-01T10:00' }],
        cutoff: '8d',
        more: 1,
      },
      [
        'SG1305 error',
        'SG1313 error',
        'SG1306 error',
        'SG1308 error',
        'SG1101 error',
        'SG1103 error',
        'SG1309 error',
        'SG1308 error',
        'SG1101 error',
      ],
    ],
    ['no list, of which nothing more is told', { timeZone: 'UTC', open: 'x' }, ['SG1103 error']],
    [
      'an unknown cron and an unknown zone at once',
      { timeZone: 'X', open: [{ ...night, start: '@daily' }] },
      ['SG1305 error', 'SG1306 error'],
    ],
    ['101 entries', utc(...Array.from({ length: 101 }, () => night)), ['SG1106 error']],
    ['eleven calendars', utc(...Array.from({ length: 11 }, () => ({ ics: 'a.ics' }))), ['SG1313 error']],
  ])('%s', (_name, spec, expected) => {
    expect(findings(spec)).toEqual(expected);
    expect(readWindow(spec).window).toBeNull();
  });

  it.each([
    ['apiVersion: snowgate/v2\nkind: Window\nmetadata: {name: a}\nspec: {timeZone: UTC}', 'SG1304'],
    ['apiVersion: snowgate/v1\nkind: Windows\nmetadata: {name: a}\nspec: {timeZone: UTC}', 'SG1304'],
    ['apiVersion: snowgate/v1\nkind: Window\nmetadata: {name: A}\nspec: {timeZone: UTC}', 'SG1105'],
    [
      'apiVersion: snowgate/v1\nkind: Window\nmetadata: {name: a, labels: {}}\nspec: {timeZone: UTC}',
      'SG1101',
    ],
    ['[]', 'SG1103'],
  ])('%j', (text, code) => {
    expect(readText(text).problems.map((problem) => problem.code)).toEqual([code]);
  });

  it.each([
    ['Europe/Olso', 'did you mean Europe/Oslo?'],
    ['europe/oslo', 'did you mean Europe/Oslo?'],
    ['utc', 'did you mean UTC?'],
    ['+01:00', 'name the place, as Europe/Oslo; or UTC'],
  ])('the zone %s gets its hint', (timeZone, hint) => {
    expect(readWindow({ timeZone, open: [night] }).problems[0]?.hint).toBe(hint);
  });

  it('tells the place of each problem', () => {
    const text = [
      'apiVersion: snowgate/v1',
      'kind: Window',
      'metadata: {name: a}',
      'spec:',
      '  timeZone: UTC',
      '  open:',
      '    - {start: "0 22 13 * FRI", duration: 6h}',
      '    - from: 2026-12-01T08:00',
      '      to: 2026-12-01T07:00',
    ].join('\n');
    expect(readText(text).problems.map(({ code, line, column }) => [code, line, column])).toEqual([
      ['SG1307', 7, 15],
      ['SG1310', 9, 11],
    ]);
  });
});

/** A freeze that is passed over opens a door. */
describe('a window of which a part is not understood', () => {
  const never = { start: '0 0 30 2 *', duration: '1h' };
  const wrong = { from: '2026-12-24T00:00', to: '2026-12-32T00:00' };
  const many = (count: number, entry: object) => Array.from({ length: count }, () => entry);

  it.each<[string, object]>([
    [
      'behind more warnings than are shown',
      { timeZone: 'UTC', open: [night, ...many(60, never)], closed: [wrong] },
    ],
    [
      'behind as many warnings as are shown',
      { timeZone: 'UTC', open: [night, ...many(50, never)], closed: [wrong] },
    ],
    ['before more warnings than are shown', { timeZone: 'UTC', closed: [wrong, ...many(60, never)] }],
  ])('%s does not load, and its error is shown', (_name, spec) => {
    const { window, problems } = readWindow(spec);
    expect(window).toBeNull();
    expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([{ code: 'SG1309' }]);
    // One of them counts the others.
    expect(problems).toHaveLength(51);
  });

  it('does not load for a text of characters that are two units each', () => {
    const ics = `${'😀'.repeat(300)}.ics`;
    expect(findings({ timeZone: 'UTC', closed: [{ ics }] })).toEqual(['SG1315 error']);
    expect(readWindow({ timeZone: 'UTC', closed: [{ ics }] }).window).toBeNull();
    for (const count of [33, 64]) {
      const spec = { timeZone: '😀'.repeat(count), open: [night] };
      expect(findings(spec)).toEqual(['SG1305 error']);
      expect(readWindow(spec).window).toBeNull();
    }
  });

  it('loads with as many warnings as there are, and tells how many are not shown', () => {
    const { window, problems } = readWindow({ timeZone: 'UTC', open: [night, ...many(60, never)] });
    expect(window?.open).toHaveLength(61);
    expect(problems).toHaveLength(51);
    expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
    expect(problems.at(-1)).toMatchObject({
      code: 'SG1111',
      message: 'and 10 more problems of this document, which are not shown',
    });
  });

  it('tells all that is wrong, and no more of it than anybody reads', () => {
    const bad = { from: 'x', to: 'y' };
    const { window, problems } = readWindow({ timeZone: 'X', open: many(40, bad), more: 1 });
    expect(window).toBeNull();
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toMatchObject({ code: 'SG1111', severity: 'error' });
    expect(problems.at(-1)?.message).toContain('32 more');
  });
});

describe('a start', () => {
  it.each([
    '0 22 * * FRI',
    '0 22 * * fri',
    '*/15 8-17 * * MON-FRI',
    '0,30 1-5/2 * JAN-MAR,DEC *',
    '0 0 L * *',
    '0 0 1,15,L * *',
    '0 0 * * FRI#1',
    '0 0 * * FRI#L',
    '0 0 * * 5L',
    '0 0 * * 0',
    '0 0 * * 7',
    '0 0 * * MON#2,THU#4',
  ])('%s is understood', (start) => {
    expect(findings(utc({ start, duration: '1m' }))).toEqual([]);
  });

  it.each([
    ['@daily', /nickname/, /five|minute, hour/],
    ['0 22 * *', /4 fields/, /minute, hour/],
    ['0 0 22 * * FRI', /6 fields, not 5; seconds/, /minute, hour/],
    ['0 22 ? * FRI', /day-of-month/, /write \* for any/],
    ['0 0 15W * *', /day-of-month/, /W/],
    ['0 0 * * +FRI', /weekday/, /FRI#1/],
    ['0 0/2 * * *', /hour/, /step/],
    ['0 22-2 * * *', /out of its bounds/, /upwards/],
    ['0 24 * * *', /out of its bounds/, /minute/],
    ['60 0 * * *', /out of its bounds/, /minute/],
    ['0 0 32 * *', /out of its bounds/, /minute/],
    ['0 0 * 13 *', /out of its bounds/, /minute/],
    ['0 0 * * 8', /weekday/, /minute/],
    ['0 0 * * FRI#6', /weekday/, /minute/],
    ['0 0 * * FRI#0', /weekday/, /minute/],
    ['0 0 * * FREITAG', /weekday/, /minute/],
    ['0 0 * * *; rm', /fields|weekday/, /minute/],
    [`0 0 ${'1,'.repeat(300)}1 * *`, /too long|512/, /./],
  ])('%s is refused', (start, message, hint) => {
    const [problem] = readWindow(utc({ start, duration: '1h' })).problems;
    expect(problem?.message).toMatch(message);
    if (problem?.code === 'SG1306') expect(problem.hint).toMatch(hint);
  });

  it('of a day-of-month and a weekday is refused in any form', () => {
    for (const [day, weekday] of [
      ['13', 'FRI'],
      ['L', 'MON'],
      ['*/2', 'FRI'],
      ['1-7', 'FRI#1'],
    ]) {
      expect(findings(utc({ start: `0 0 ${day} * ${weekday}`, duration: '1h' }))).toEqual(['SG1307 error']);
    }
  });
});

describe('a window that is only doubtful', () => {
  it.each<[string, object, string[]]>([
    ['never comes', utc(night, { start: '0 0 30 2 *', duration: '1h' }), ['SG1312 warning']],
    ['comes in leap years', utc({ start: '0 0 29 2 *', duration: '1h' }), []],
    ['is always open', { timeZone: 'UTC' }, ['SG1319 warning']],
    ['is always open, by an empty list of freezes', { timeZone: 'UTC', closed: [] }, ['SG1319 warning']],
    [
      'has a cutoff as long as one of its openings',
      { ...utc(night, { ...night, duration: '15m' }), cutoff: '15m' },
      ['SG1311 warning'],
    ],
    [
      'touches itself, for longer than its cutoff',
      { ...utc({ start: '0 * * * *', duration: '1h' }), cutoff: '2h' },
      [],
    ],
    [
      'touches itself over midnight',
      { ...utc({ start: '0 0,12 * * *', duration: '12h' }), cutoff: '12h' },
      [],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(findings(spec)).toEqual(expected);
    expect(readWindow(spec).window).not.toBeNull();
  });
});

describe('hostile windows', () => {
  it('of a hundred entries on each side answer', () => {
    const entries = Array.from({ length: 96 }, (_, index) => ({
      start: `${index % 60} ${index % 24} * * *`,
      duration: '31d',
    }));
    const window = windowOf({
      timeZone: 'Europe/Madrid',
      open: entries,
      closed: entries.map((entry) => ({ ...entry, duration: '1m' })),
    });
    const now = Date.parse('2026-05-06T00:00Z');
    expect(findOpenings(window, now, now + 400 * 86_400_000).length).toBeGreaterThan(10_000);
    expect(windowAt(window, now).closesMs).not.toBeNull();
  });

  it('of any JSON are read or refused, and never throw', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            timeZone: fc.oneof(fc.constant('Europe/Oslo'), fc.string()),
            open: fc.array(
              fc.record(
                {
                  start: fc.string(),
                  duration: fc.string(),
                  from: fc.string(),
                  to: fc.string(),
                  ics: fc.string(),
                },
                { requiredKeys: [] },
              ),
            ),
            cutoff: fc.string(),
          },
          { requiredKeys: [] },
        ),
        (spec) => {
          const text = JSON.stringify({
            apiVersion: 'snowgate/v1',
            kind: 'Window',
            metadata: { name: 'w' },
            spec,
          });
          // The gate refuses some characters; what it lets through is ours.
          fc.pre(!/[^\x20-\x7E]|\\u/.test(text));
          const { window, problems } = readText(text, { 'policies/north/a': '' });
          expect(window === null).toBe(problems.some(({ severity }) => severity === 'error'));
        },
      ),
      { numRuns: 300 },
    );
  });
});
