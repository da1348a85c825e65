import { describe, expect, it } from 'vitest';
import { findOpenings, horizonDays, nextAccepting, windowAt } from '../../src/policy/window.ts';
import { findNeverOpen } from '../../src/policy/window-parse.ts';
import { windowOf } from './window-world.ts';

const at = (text: string): number => Date.parse(text);
const iso = (timeMs: number | null): string | null =>
  timeMs === null ? null : new Date(timeMs).toISOString().slice(0, 16);
const openings = (spec: object, from: string, to: string): (string | null)[][] =>
  findOpenings(windowOf(spec), at(from), at(to)).map(({ startMs, endMs }) => [iso(startMs), iso(endMs)]);

const nights = {
  timeZone: 'Europe/Oslo',
  open: [
    { start: '0 22 * * FRI', duration: '6h' },
    { from: '2026-12-01T08:00', to: '2026-12-01T10:00' },
  ],
  closed: [{ from: '2026-12-20T00:00', to: '2027-01-03T00:00', reason: 'holidays' }],
  cutoff: '15m',
};

describe('the window of the design', () => {
  const window = windowOf(nights);
  it.each([
    ['2026-11-27T20:59:59.999Z', false, false],
    ['2026-11-27T21:00:00Z', true, true],
    ['2026-11-28T02:44:59.999Z', true, true],
    ['2026-11-28T02:45:00Z', true, false],
    ['2026-11-28T02:59:59.999Z', true, false],
    ['2026-11-28T03:00:00Z', false, false],
    ['2026-12-01T07:00:00Z', true, true],
    ['2026-12-01T09:00:00Z', false, false],
    ['2026-12-18T21:00:00Z', true, true],
    ['2026-12-25T21:00:00Z', false, false],
    ['2027-01-01T21:00:00Z', false, false],
    ['2027-01-08T21:00:00Z', true, true],
  ])('at %s is open: %s, accepts: %s', (time, isOpen, accepts) => {
    expect(windowAt(window, at(time))).toMatchObject({ isOpen, accepts });
  });

  it.each([
    ['2026-11-27T21:30:00Z', 'open until 2026-11-28T04:00+01:00'],
    [
      '2026-11-28T02:50:00Z',
      'open until 2026-11-28T04:00+01:00, but nothing new begins in the last 15m; opens 2026-12-01T08:00+01:00',
    ],
    ['2026-11-28T03:00:00Z', 'closed: opens 2026-12-01T08:00+01:00'],
    [
      '2026-12-25T12:00:00Z',
      'closed by the freeze "holidays" until 2027-01-03T00:00+01:00; opens 2027-01-08T22:00+01:00',
    ],
  ])('at %s says %j', (time, reason) => {
    expect(windowAt(window, at(time)).reason).toBe(reason);
  });

  it('tells when it closes, until when it accepts and when it opens next', () => {
    expect(windowAt(window, at('2026-11-27T22:00Z'))).toMatchObject({
      closesMs: at('2026-11-28T03:00Z'),
      acceptsUntilMs: at('2026-11-28T02:45Z'),
      opensMs: at('2026-12-01T07:00Z'),
    });
    expect(nextAccepting(window, at('2026-11-28T02:45Z'))).toBe(at('2026-12-01T07:00Z'));
    expect(nextAccepting(window, at('2026-12-20T00:00Z'))).toBe(at('2027-01-08T21:00Z'));
  });
});

describe('openings', () => {
  it.each<[string, object, string, string, (string | null)[][]]>([
    [
      'last elapsed time over a change of the clocks, in spring',
      { timeZone: 'Europe/Oslo', open: [{ start: '0 22 * * *', duration: '8h' }] },
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      [['2026-03-28T21:00', '2026-03-29T05:00']],
    ],
    [
      'and in autumn',
      { timeZone: 'Europe/Oslo', open: [{ start: '0 22 * * *', duration: '8h' }] },
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      [['2026-10-24T20:00', '2026-10-25T04:00']],
    ],
    [
      'begin after the gap where their start is skipped',
      { timeZone: 'Europe/Oslo', open: [{ start: '30 2 * * *', duration: '1h' }] },
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      [['2026-03-29T01:00', '2026-03-29T02:00']],
    ],
    [
      'so do lists, steps and ranges',
      { timeZone: 'Europe/Oslo', open: [{ start: '0,30 2-3 * * *', duration: '10m' }] },
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      [
        ['2026-03-29T01:00', '2026-03-29T01:10'],
        ['2026-03-29T01:30', '2026-03-29T01:40'],
      ],
    ],
    [
      'begin once where their start occurs twice, the first time',
      { timeZone: 'Europe/Oslo', open: [{ start: '*/30 2 * * *', duration: '10m' }] },
      '2026-10-25T00:00Z',
      '2026-10-25T12:00Z',
      [
        ['2026-10-25T00:00', '2026-10-25T00:10'],
        ['2026-10-25T00:30', '2026-10-25T00:40'],
      ],
    ],
    [
      'of a zone with half an hour of summer time',
      { timeZone: 'Australia/Lord_Howe', open: [{ start: '15 2 * * *', duration: '1h' }] },
      '2026-10-03T00:00Z',
      '2026-10-04T12:00Z',
      [['2026-10-03T15:30', '2026-10-03T16:30']],
    ],
    [
      'that touch or overlap are one',
      {
        timeZone: 'UTC',
        open: [
          { from: '2026-12-01T08:00', to: '2026-12-01T10:00' },
          { from: '2026-12-01T10:00', to: '2026-12-01T12:00' },
          { from: '2026-12-01T11:00', to: '2026-12-01T11:30' },
        ],
      },
      '2026-12-01T00:00Z',
      '2026-12-02T00:00Z',
      [['2026-12-01T08:00', '2026-12-01T12:00']],
    ],
    [
      'are cut by freezes, and whole beyond the range',
      {
        timeZone: 'UTC',
        open: [{ start: '0 0 1 * *', duration: '20d' }],
        closed: [{ start: '0 12 * * SUN#1', duration: '2h' }],
      },
      '2026-12-10T00:00Z',
      '2026-12-11T00:00Z',
      [['2026-12-06T14:00', '2026-12-21T00:00']],
    ],
    [
      'of 36 hours every day have no sides',
      { timeZone: 'America/New_York', open: [{ start: '0 3 * * *', duration: '36h' }] },
      '2026-12-10T00:00Z',
      '2026-12-11T00:00Z',
      [[null, null]],
    ],
    [
      'without open are all that is not closed',
      { timeZone: 'UTC', closed: [{ from: '2026-12-20T00:00', to: '2026-12-21T00:00' }] },
      '2026-12-10T00:00Z',
      '2026-12-22T00:00Z',
      [
        [null, '2026-12-20T00:00'],
        ['2026-12-21T00:00', null],
      ],
    ],
    [
      'on the last Friday and the first Sunday of a month, and its last day',
      {
        timeZone: 'UTC',
        open: [
          { start: '0 1 * * FRIL', duration: '1h' },
          { start: '0 1 * * SUN#1', duration: '1h' },
          { start: '0 1 L * *', duration: '1h' },
        ],
      },
      '2027-02-01T00:00Z',
      '2027-03-01T00:00Z',
      [
        ['2027-02-07T01:00', '2027-02-07T02:00'],
        ['2027-02-26T01:00', '2027-02-26T02:00'],
        ['2027-02-28T01:00', '2027-02-28T02:00'],
      ],
    ],
  ])('%s', (_name, spec, from, to, expected) => {
    expect(openings(spec, from, to)).toEqual(expected);
  });
});

describe('a window that does not end', () => {
  const always = windowOf({
    timeZone: 'America/New_York',
    open: [{ start: '0 3 * * *', duration: '36h' }],
    cutoff: '1h',
  });
  it('accepts at any time, with no end', () => {
    const state = windowAt(always, at('2026-03-08T07:00Z'));
    expect(state).toMatchObject({
      isOpen: true,
      accepts: true,
      closesMs: null,
      acceptsUntilMs: null,
      opensMs: null,
    });
    expect(state.reason).toBe(`open, and does not close within ${horizonDays} days`);
  });
});

describe('a window that never opens', () => {
  const never = windowOf({
    timeZone: 'UTC',
    open: [{ start: '0 3 * * *', duration: '2h' }],
    closed: [{ start: '0 0 * * *', duration: '1d', reason: 'stop' }],
  });
  it('says so, and is a finding', () => {
    expect(windowAt(never, at('2026-03-08T04:00Z'))).toEqual({
      isOpen: false,
      accepts: false,
      reason: 'closed by the freeze "stop", which does not end within 400 days',
      closesMs: null,
      acceptsUntilMs: null,
      opensMs: null,
    });
    expect(nextAccepting(never, at('2026-03-08T04:00Z'))).toBeNull();
    expect(findNeverOpen(never, at('2026-03-08T04:00Z'))).toMatchObject({ code: 'SG1321' });
  });
});

describe('the horizon', () => {
  const once = windowOf({ timeZone: 'UTC', open: [{ from: '2027-06-01T00:00', to: '2029-01-01T00:00' }] });
  const startMs = at('2027-06-01T00:00Z');
  const horizonMs = horizonDays * 86_400_000;
  it('is the same whatever was asked before', () => {
    for (const order of [1, -1]) {
      const times = [-horizonMs - 1, -horizonMs, -1, 0, 1].sort((a, b) => order * (a - b));
      for (const time of times) {
        const state = windowAt(once, startMs + time);
        expect(state.opensMs).toBe(time >= -horizonMs && time < 0 ? startMs : null);
        expect(state.isOpen).toBe(time >= 0);
        expect(nextAccepting(once, startMs + time)).toBe(
          time < -horizonMs ? null : Math.max(startMs, startMs + time),
        );
      }
    }
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY, -1, 8.64e15, Number.POSITIVE_INFINITY])(
    '%d is closed',
    (time) => {
      expect(windowAt(once, time).isOpen).toBe(false);
      expect(nextAccepting(once, time)).toBeNull();
      expect(findOpenings(once, time, time + 1)).toEqual([]);
    },
  );
});
