import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { windowIcs, windowJson, windowText } from '../../src/cli/window-view.ts';
import { findOpenings } from '../../src/policy/window.ts';
import { windowOf } from '../policy/window-world.ts';

const colors = pc.createColors(false);
const at = (text: string): number => Date.parse(text);
const nights = windowOf({
  timeZone: 'Europe/Oslo',
  description: 'Friday and Saturday nights, \u{1F6A2} in port',
  open: [{ start: '15 22 * * FRI,SAT', duration: '6h', reason: 'patch night' }],
  closed: [{ from: '2026-12-20T00:00', to: '2027-01-03T00:00', reason: 'holidays' }],
  cutoff: '15m',
});

describe('a window explained', () => {
  it('as JSON tells the state, what comes next and the openings, whole', () => {
    expect(windowJson(nights, at('2026-10-24T01:30Z'), 2)).toEqual({
      window: 'w',
      at: '2026-10-24T01:30:00.000Z',
      open: true,
      reason: 'open for "patch night" until 2026-10-24T04:15+02:00',
      nextOpen: '2026-10-24T20:15:00.000Z',
      nextClose: '2026-10-24T02:15:00.000Z',
      openings: [
        { start: '2026-10-23T20:15:00.000Z', end: '2026-10-24T02:15:00.000Z' },
        { start: '2026-10-24T20:15:00.000Z', end: '2026-10-25T02:15:00.000Z' },
      ],
    });
  });

  it('as JSON has null for the sides of what does not end', () => {
    const always = windowOf({ timeZone: 'UTC', open: [{ start: '0 3 * * *', duration: '36h' }] });
    expect(windowJson(always, at('2026-10-24T01:30Z'), 2)).toMatchObject({
      open: true,
      nextOpen: null,
      nextClose: null,
      openings: [{ start: null, end: null }],
    });
  });

  it('as text fits a terminal, and marks the day on which the clocks are changed', () => {
    const text = windowText(nights, { atMs: at('2026-10-24T12:00Z'), days: 3 }, 80, colors);
    expect(text.split('\n')).toEqual([
      'w  closed at 2026-10-24T14:00+02:00 (2026-10-24T12:00Z)',
      'Friday and Saturday nights, \u{1F6A2} in port',
      '  closed: opens 2026-10-24T22:15+02:00',
      '  next open   2026-10-24T22:15+02:00 (2026-10-24T20:15Z)',
      '  next close  2026-10-25T03:15+01:00 (2026-10-25T02:15Z)',
      '  cutoff      nothing new begins in the last 15m of an opening',
      '',
      '1 opening in 3 days (Europe/Oslo):',
      '  SAT 2026-10-24T22:15+02:00 to SUN 2026-10-25T03:15+01:00',
      '    2026-10-24T20:15Z to 2026-10-25T02:15Z',
      '',
      '                  00          06          12          18          24',
      '  SAT 2026-10-24 |########+...................................+###|',
      '  SUN 2026-10-25 |########+.........................................|  clocks -60m',
      '  MON 2026-10-26 |................................................|',
      '  # open, + for a part of the half hour, . closed',
      '',
    ]);
  });

  it('as text has no more lines than a person reads, in 80 columns, whatever is asked', () => {
    const quarters = windowOf({
      timeZone: 'America/Havana',
      open: [{ start: '*/15 * * * *', duration: '5m' }],
    });
    for (const days of [1, 14, 400]) {
      const lines = windowText(quarters, { atMs: at('2026-03-07T12:00Z'), days }, 80, colors).split('\n');
      expect(lines.length).toBeLessThan(130);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it('as text says what a freeze and a cutoff do', () => {
    const text = (time: string): string => windowText(nights, { atMs: at(time), days: 1 }, 0, colors);
    expect(text('2026-10-24T02:01Z')).toContain('w  closing at');
    expect(text('2026-12-24T02:01Z')).toContain(
      '  closed by the freeze "holidays" until 2027-01-03T00:00+01:00\n  next open   2027-01-03T00:00+01:00',
    );
  });
});

describe('a window that is always open', () => {
  const always = windowOf({ timeZone: 'UTC' });
  const from = at('2026-10-20T12:34:56Z');

  it('as text says so, and has no opening to tell', () => {
    const lines = windowText(always, { atMs: from, days: 2 }, 80, colors).split('\n');
    expect(lines).toContain('always open: no opening begins or ends within 400 days');
    expect(lines.join('\n')).not.toMatch(/1 opening|\.\.\. to/);
  });

  it('as a calendar is open by default, has no event, and is read back as always open', () => {
    const text = windowIcs(always, from, 14);
    expect(text).toContain('\r\nX-CALENDAR-TYPE:DEFAULT_OPEN\r\n');
    expect(text).not.toContain('BEGIN:VEVENT');
    const again = windowOf({ timeZone: 'UTC', closed: [{ ics: 'a.ics' }] }, { 'policies/north/a.ics': text });
    expect(findOpenings(again, from, from + 86_400_000)).toEqual([{ startMs: null, endMs: null }]);
  });
});

describe('a window as a calendar', () => {
  it('has a component, as RFC 5545 wants, where nothing opens in the days', () => {
    const text = windowIcs(nights, at('2026-10-19T12:00Z'), 1);
    expect(text).toMatch(/DEFAULT_CLOSED\r\n[\s\S]*BEGIN:VTODO\r\n[\s\S]*END:VTODO\r\nEND:VCALENDAR\r\n$/);
  });

  it('keeps the id of an event whose beginning is not known', () => {
    const since = windowOf({
      timeZone: 'UTC',
      closed: [{ from: '2026-11-01T00:00', to: '2026-11-02T00:00' }],
    });
    const ids = [from(0), from(1)].map((atMs) => windowIcs(since, atMs, 20).match(/^UID:.*$/gm));
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]).toEqual(['UID:until-20261101T000000Z-w@snowgate', 'UID:20261102T000000Z-w@snowgate']);
    function from(days: number): number {
      return at('2026-10-20T00:00Z') + days * 86_400_000;
    }
  });

  it('is read back as the same openings', () => {
    const from = at('2026-10-20T00:00Z');
    const text = windowIcs(nights, from, 100);
    const again = windowOf({ timeZone: 'UTC', open: [{ ics: 'a.ics' }] }, { 'policies/north/a.ics': text });
    const days = 100 * 86_400_000;
    expect(findOpenings(again, from, from + days)).toEqual(findOpenings(nights, from, from + days));
    expect(windowIcs(nights, from, 100)).toBe(text);
  });

  it('has lines of at most 75 octets, and ends them as RFC 5545 says', () => {
    const long = windowOf({
      timeZone: 'UTC',
      description: 'å, b; c\\ \u{1F6A2}'.repeat(60),
      open: [{ start: '0 1 * * *', duration: '1h' }],
    });
    const text = windowIcs(long, at('2026-10-20T00:00Z'), 2);
    expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(text.replaceAll('\r\n ', '')).toContain('DESCRIPTION:å\\, b\\; c\\\\ \u{1F6A2}');
  });
});
