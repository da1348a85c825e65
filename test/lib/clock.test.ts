import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { carefulClock, elapsedMs, readMoment } from '../../src/lib/clock.ts';

/** Two clocks that a test sets by hand. */
function makeClock(): Clock & { wall: number; monotonic: number } {
  const clock = {
    wall: 1_000_000,
    monotonic: 0,
    wallMs: () => clock.wall,
    monotonicMs: () => clock.monotonic,
    sleep: () => Promise.resolve(),
  };
  return clock;
}

describe('the time since a moment', () => {
  it.each([
    ['both go on', 10, 10, 10],
    ['the wall clock is set back', -3_600_000, 10, 10],
    ['the wall clock is set forward', 3_600_000, 10, 3_600_000],
    ['the machine was suspended', 3_600_000, 0, 3_600_000],
  ])('is what either clock says at most: %s', (_what, wall, monotonic, expected) => {
    const start = { wallMs: 1_000_000, monotonicMs: 5 };
    expect(elapsedMs(start, { wallMs: 1_000_000 + wall, monotonicMs: 5 + monotonic })).toBe(expected);
  });
});

describe('a careful clock', () => {
  it('does not forget a suspension when the wall clock is set back afterwards', () => {
    const world = makeClock();
    const clock = carefulClock(world);
    const start = readMoment(clock);
    world.wall += 200_000;
    readMoment(clock);
    world.wall -= 200_000;
    expect(elapsedMs(start, readMoment(clock))).toBe(200_000);
  });

  it('never says less than what truly passed, as long as one clock counts each step rightly', () => {
    const step = fc.record({
      trueMs: fc.integer({ min: 0, max: 1_000_000 }),
      lie: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      liar: fc.constantFrom('wall', 'monotonic', 'nobody'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const world = makeClock();
        const clock = carefulClock(world);
        const start = readMoment(clock);
        let truth = 0;
        for (const { trueMs, lie, liar } of steps) {
          truth += trueMs;
          world.wall += liar === 'wall' ? lie : trueMs;
          world.monotonic += liar === 'monotonic' ? Math.max(0, Math.min(lie, trueMs)) : trueMs;
          readMoment(clock);
        }
        expect(elapsedMs(start, readMoment(clock))).toBeGreaterThanOrEqual(truth);
      }),
    );
  });
});
