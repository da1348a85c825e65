import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { formatLocal, instantOf, localParts, offsetAt } from '../../src/policy/local-time.ts';
import { findOpenings, nextAccepting, windowAt } from '../../src/policy/window.ts';
import {
  acceptingMinutes,
  changesOf,
  dayMs,
  minuteMs,
  type OracleEntry,
  openMinutes,
  readMinutes,
} from './window-oracle.ts';
import { readWindow, windowOf } from './window-world.ts';

const from = Date.UTC(2024, 0, 1);
const to = Date.UTC(2031, 0, 1);

/** Every zone that has a change of its clocks in these years, with the changes. */
const changes = Intl.supportedValuesOf('timeZone')
  .map((zone) => ({ zone, times: changesOf(zone, from, to) }))
  .filter(({ times }) => times.length > 0);

/** Two changes of each zone, not the same ones for all: one each way where it has both. */
const samples = changes.flatMap(({ zone, times }, index) => {
  const first = times[index % times.length] ?? 0;
  const second = times[(index + 1) % times.length] ?? 0;
  return [...new Set([first, second])].map((changeMs) => ({ zone, changeMs }));
});

describe('the zones', () => {
  it('are those of the whole world', () => {
    expect(changes.length).toBeGreaterThan(100);
    expect(samples.length).toBeGreaterThan(200);
  });

  it('change their clocks when Temporal says so, and show what it shows', () => {
    for (const { zone, times } of changes) {
      for (const changeMs of times) {
        for (const timeMs of [changeMs - 1, changeMs, changeMs + 1]) {
          const shown = Temporal.Instant.fromEpochMilliseconds(timeMs).toZonedDateTimeISO(zone);
          expect(offsetAt(timeMs, zone), zone).toBe(shown.offsetNanoseconds / 1e6);
        }
      }
    }
  });

  it('have no two changes in a day of any of these years, which is what the table of days rests on', () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      const times = changesOf(zone, Date.UTC(2010, 0, 1), Date.UTC(2038, 0, 1));
      for (const [index, timeMs] of times.entries()) {
        expect(timeMs - (times[index - 1] ?? 0), zone).toBeGreaterThan(dayMs);
      }
    }
  });

  it('give each local time the instant that Temporal gives it: the earlier one, or the end of the gap', () => {
    for (const { zone, changeMs } of samples) {
      const before = offsetAt(changeMs - 1, zone);
      const after = offsetAt(changeMs, zone);
      for (let minute = -150; minute <= 150; minute += 5) {
        const wallMs = changeMs + Math.max(before, after) + minute * minuteMs;
        const isSkipped = wallMs >= changeMs + before && wallMs < changeMs + after;
        const instant = instantOf(wallMs, zone);
        if (isSkipped) expect(instant, zone).toBe(changeMs);
        else {
          const wall = new Date(wallMs).toISOString().slice(0, -1);
          const zoned = Temporal.PlainDateTime.from(wall).toZonedDateTime(zone, {
            disambiguation: 'earlier',
          });
          expect(instant, `${zone} ${wall}`).toBe(zoned.epochMilliseconds);
        }
        expect(instantOf(wallMs + minuteMs, zone), zone).toBeGreaterThanOrEqual(instant);
      }
    }
  });

  it('are written with their offset', () => {
    const time = Date.UTC(2026, 10, 27, 21);
    expect(formatLocal(time, 'Europe/Oslo')).toBe('2026-11-27T22:00+01:00');
    expect(formatLocal(time + 30_500, 'America/St_Johns')).toBe('2026-11-27T17:30:30-03:30');
    expect(formatLocal(time, 'UTC')).toBe('2026-11-27T21:00+00:00');
    expect(localParts(time, 'Pacific/Kiritimati')).toEqual({
      year: 2026,
      month: 11,
      day: 28,
      hour: 11,
      minute: 0,
      second: 0,
      weekday: 'SAT',
    });
  });
});

interface Recurring {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly lasts: number;
}

const recurring: fc.Arbitrary<Recurring> = fc.record({
  minutes: fc.uniqueArray(fc.constantFrom(0, 1, 15, 30, 45, 59), { minLength: 1, maxLength: 2 }),
  // Most changes come between eleven at night and four in the morning.
  hours: fc.uniqueArray(fc.constantFrom(0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 12, 22, 23), {
    minLength: 1,
    maxLength: 3,
  }),
  lasts: fc.constantFrom(1, 10, 59, 60, 61, 90, 119, 240),
});
const written = ({ minutes, hours, lasts }: Recurring): object => ({
  start: `${minutes.join(',')} ${hours.join(',')} * * *`,
  duration: `${lasts}m`,
});
const oracle = ({ minutes, hours, lasts }: Recurring): OracleEntry => ({
  lasts,
  starts: (wall) => minutes.includes(wall % 60) && hours.includes(Math.floor(wall / 60) % 24),
});

describe('around the changes of every zone', () => {
  it('windows are open, accept and open next at the very minutes at which the slow opinion says so', () => {
    const plans = fc.sample(
      fc.record({
        open: fc.array(recurring, { minLength: 1, maxLength: 2 }),
        closed: fc.array(recurring, { maxLength: 1 }),
        cutoff: fc.constantFrom(0, 0, 5, 30),
      }),
      { numRuns: samples.length * 2, seed: 20_261_124 },
    );
    let plan = 0;
    for (const { zone, changeMs } of samples) {
      // Five hours more than is compared, on either side: the longest time that lasts into it, or ends after it.
      const fromMs = Math.floor(changeMs / minuteMs) * minuteMs - 10 * 60 * minuteMs;
      const minutes = readMinutes(zone, fromMs, changeMs + 10 * 60 * minuteMs);
      for (const { open, closed, cutoff } of plans.slice(plan, plan + 2)) {
        const spec = {
          timeZone: zone,
          open: open.map(written),
          closed: closed.map(written),
          cutoff: `${cutoff}m`,
        };
        const slow = openMinutes(minutes, open.map(oracle), closed.map(oracle));
        const accepting = acceptingMinutes(slow, cutoff);
        const window = windowOf(
          cutoff >= Math.min(...open.map(({ lasts }) => lasts)) ? { ...spec, cutoff: '0m' } : spec,
        );
        const isCut = window.cutoffMs > 0 || cutoff === 0;
        for (let index = 5 * 60; index < minutes.walls.length - 5 * 60; index += 1) {
          const timeMs = fromMs + index * minuteMs;
          const state = windowAt(window, timeMs);
          const where = (): string => `${JSON.stringify(spec)} at ${formatLocal(timeMs, zone)}`;
          if (state.isOpen !== slow[index]) expect.fail(`${where()}: open ${state.isOpen}`);
          if (isCut && state.accepts !== accepting[index])
            expect.fail(`${where()}: accepts ${state.accepts}`);
          if (!isCut || index % 31 !== 0) continue;
          const first = accepting.indexOf(true, index);
          if (first < 0 || first >= minutes.walls.length - 5 * 60) continue;
          const next = nextAccepting(window, timeMs);
          if (next !== fromMs + first * minuteMs) expect.fail(`${where()}: next ${next}`);
        }
      }
      plan += 2;
    }
  });

  it('elapsed time is neither lost nor won over half a year and more, forwards and backwards alike', () => {
    for (const { zone, times } of changes) {
      const at = localParts(times[0] ?? 0, zone);
      const window = windowOf({
        timeZone: zone,
        open: [{ start: `${at.minute === 0 ? 30 : 0} ${at.hour} * * *`, duration: '3h' }],
      });
      const fromMs = times[0] ?? from;
      const openings = [...findOpenings(window, fromMs, fromMs + 200 * dayMs)];
      let total = 0;
      for (const [index, { startMs, endMs }] of openings.entries()) {
        if (startMs === null || endMs === null) return expect.fail(zone);
        total += endMs - startMs;
        const next = openings[index + 1]?.startMs;
        const isRight =
          windowAt(window, endMs).isOpen === false &&
          windowAt(window, endMs - 1).closesMs === endMs &&
          windowAt(window, startMs).closesMs === endMs &&
          (next === undefined || windowAt(window, startMs).opensMs === next) &&
          windowAt(window, startMs - 1).isOpen === false &&
          windowAt(window, startMs - 1).opensMs === startMs;
        if (!isRight) expect.fail(`${zone} at ${formatLocal(startMs, zone)}`);
      }
      expect(total, zone).toBe(openings.length * 3 * 60 * minuteMs);
      // One a local day, and the range may touch one more.
      expect(Math.abs(openings.length - 200), zone).toBeLessThanOrEqual(1);
      const backwards = [];
      for (let timeMs = fromMs + 200 * dayMs; timeMs > fromMs; timeMs -= 25 * dayMs) {
        backwards.unshift(findOpenings(window, Math.max(fromMs, timeMs - 25 * dayMs), timeMs));
      }
      const joined = backwards
        .flat()
        .filter((opening, index, all) => opening.startMs !== all[index - 1]?.startMs);
      expect(joined, zone).toEqual(openings);
    }
  });
});

describe('what was asked before changes no answer', () => {
  const instants = fc.integer({
    min: Date.UTC(2025, 11, 1) / minuteMs,
    max: Date.UTC(2027, 11, 1) / minuteMs,
  });
  const zones = fc.constantFrom(
    'Europe/Oslo',
    'Australia/Lord_Howe',
    'America/Havana',
    'Africa/Casablanca',
    'UTC',
  );
  const day = fc.integer({ min: 1, max: 28 }).map((value) => String(value).padStart(2, '0'));
  const month = fc.integer({ min: 1, max: 12 }).map((value) => String(value).padStart(2, '0'));
  const single = fc
    .tuple(fc.constantFrom('2026', '2027'), month, day, fc.constantFrom('00:00', '02:30'))
    .map(([year, name, date, time]) => ({
      from: `${year}-${name}-${date}T${time}`,
      to: `2027-12-${date}T23:00`,
    }));
  const entry = fc.oneof(
    single,
    recurring.map(written),
    fc.constantFrom(
      { start: '0 22 * * FRI', duration: '36h' },
      { start: '0 3 1 * *', duration: '31d' },
      { start: '0 3 L 2 *', duration: '2d' },
      { start: '0 3 * * *', duration: '36h' },
    ),
  );

  it('nor does the order', () => {
    fc.assert(
      fc.property(
        zones,
        fc.option(fc.array(entry, { minLength: 1, maxLength: 3 }), { nil: undefined }),
        fc.array(entry, { maxLength: 3 }),
        fc.array(instants, { minLength: 2, maxLength: 8 }),
        (timeZone, open, closed, times) => {
          const spec = { timeZone, closed, ...(open === undefined ? {} : { open }), cutoff: '5m' };
          fc.pre(readWindow(spec).window !== null);
          const asked = windowOf(spec);
          for (const minute of times) {
            const fresh = windowOf(spec);
            expect(windowAt(asked, minute * minuteMs)).toEqual(windowAt(fresh, minute * minuteMs));
            expect(nextAccepting(asked, minute * minuteMs)).toBe(nextAccepting(fresh, minute * minuteMs));
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
