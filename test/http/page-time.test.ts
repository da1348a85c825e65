/** Times and days as pages tell them, in zones of every kind; and that the script tells them alike. */
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { script } from '../../src/http/page-script.ts';
import { changeText, spanText, untilText, utcText, zoneText } from '../../src/http/page-time.ts';
import { clockChanges, daysFrom } from '../../src/http/page-windows.ts';
import { badgeOf, executionBadge, standBadge } from '../../src/http/page-words.ts';

const at = (text: string): number => Date.parse(text);
const hourMs = 3_600_000;

describe('a span', () => {
  const spans: [number, string][] = [
    [-5, '0 s'],
    [999, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [hourMs, '1 h'],
    [hourMs + 61_000, '1 h 1 min'],
    [24 * hourMs, '1 d'],
    [76 * hourMs, '3 d 4 h'],
    [400 * 24 * hourMs, '400 d'],
  ];
  it.each(spans)('of %d ms is %s', (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  it('is told by the script as by the server', () => {
    const source = /const span = (\(ms\) => \{[\s\S]*?\n {2}\});/.exec(script)?.[1] ?? '';
    const span = runInNewContext(source) as (ms: number) => string;
    fc.assert(fc.property(fc.integer({ min: -1_000, max: 4e10 }), (ms) => span(ms) === spanText(ms)));
  });

  it('to what has come is over', () => {
    expect([untilText(5, 5), untilText(4, 5), untilText(65_000, 5_000)]).toEqual(['now', 'now', 'in 1 min']);
    expect([changeText(hourMs), changeText(-hourMs / 2)]).toEqual(['+1 h', '-30 min']);
  });

  it('and an instant are told in UTC and in a zone', () => {
    expect(utcText(at('2026-11-27T21:00:30Z'))).toBe('Fri 27 Nov 2026 21:00:30 UTC');
    expect(zoneText(at('2026-12-31T23:30:00Z'), 'Europe/Oslo')).toBe('Fri 1 Jan 00:30 Europe/Oslo');
  });
});

describe('the days of a window', () => {
  const changes: [string, string, string, readonly (readonly [string, number])[]][] = [
    ['no change', 'Asia/Tokyo', '2027-03-22T12:00:00Z', []],
    ['a spring', 'Europe/Oslo', '2027-03-22T12:00:00Z', [['2027-03-28T01:00:00.000Z', hourMs]]],
    ['an autumn', 'America/New_York', '2026-10-25T12:00:00Z', [['2026-11-01T06:00:00.000Z', -hourMs]]],
    [
      'half an hour',
      'Australia/Lord_Howe',
      '2026-10-01T12:00:00Z',
      [['2026-10-03T15:30:00.000Z', hourMs / 2]],
    ],
    ['at midnight', 'America/Santiago', '2026-09-01T12:00:00Z', [['2026-09-06T04:00:00.000Z', hourMs]]],
  ];
  it.each(changes)('with %s in %s', (_name, zone, now, expected) => {
    const found = clockChanges(daysFrom(at(now), zone), zone);
    expect(found.map(({ atMs, byMs }) => [new Date(atMs).toISOString(), byMs])).toEqual(expected);
  });

  it('follow each other without a gap, and the first holds now', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Oslo', 'America/Santiago', 'Pacific/Apia', 'Asia/Kathmandu');
    const instants = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') });
    fc.assert(
      fc.property(instants, zones, (nowMs, zone) => {
        const days = daysFrom(nowMs, zone);
        expect(days).toHaveLength(14);
        expect(days[0]?.startMs).toBeLessThanOrEqual(nowMs);
        expect(days[0]?.endMs).toBeGreaterThan(nowMs);
        for (const [index, { startMs, endMs }] of days.entries()) {
          expect(endMs - startMs).toBeGreaterThanOrEqual(22 * hourMs);
          if (index > 0) expect(days[index - 1]?.endMs).toBe(startMs);
        }
      }),
    );
  });
});

describe('a state', () => {
  it('that nobody knows is told by its own word', () => {
    for (const word of ['new-state', 'constructor', '__proto__', 'toString'])
      expect([word, badgeOf(word)]).toEqual([word, { tone: 'quiet', word }]);
    expect(executionBadge('SOME_THING')).toEqual({ tone: 'quiet', word: 'some thing' });
    expect(executionBadge('IN_PROGRESS')).toEqual({ tone: 'run', word: 'in progress' });
    expect(standBadge('halted').tone).toBe('bad');
  });
});
