/** Many pokes, few rings, and none lost. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPoker, pokeGapMs } from '../../src/http/hook-poker.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { StepClock } from './hook-world.ts';

function makeBell() {
  const clock = new StepClock();
  const beginMs = clock.monotonic;
  const rings: number[] = [];
  const poker = createPoker(clock, () => rings.push(clock.monotonic - beginMs));
  return { clock, rings, poker };
}

describe('a poker', () => {
  it('rings at once, then once for all who poked, and once for a poke after that', async () => {
    const { clock, rings, poker } = makeBell();
    poker.poke();
    expect(rings).toEqual([0]);
    await clock.pass(1_000);
    poker.poke();
    poker.poke();
    await clock.pass(3_999);
    poker.poke();
    expect(rings).toEqual([0]);
    await clock.pass(1);
    expect(rings).toEqual([0, 5_000]);
    await clock.pass(100);
    poker.poke();
    await clock.pass(60_000);
    expect(rings).toEqual([0, 5_000, 10_000]);
    poker.poke();
    expect(rings).toEqual([0, 5_000, 10_000, 65_100]);
  });

  it('holds no timer while nobody waits', async () => {
    const { clock, poker } = makeBell();
    expect(clock.sleeping).toBe(0);
    poker.poke();
    expect(clock.sleeping).toBe(0);
    poker.poke();
    poker.poke();
    expect(clock.sleeping).toBe(1);
    await clock.pass(pokeGapMs);
    expect(clock.sleeping).toBe(0);
  });

  it('rings again for whoever pokes while it rings', async () => {
    const clock = new StepClock();
    const rings: number[] = [];
    const poker = createPoker(clock, () => {
      rings.push(clock.monotonic);
      if (rings.length < 3) poker.poke();
    });
    poker.poke();
    await clock.pass(60_000);
    expect(rings).toEqual([1_000, 6_000, 11_000]);
    expect(clock.sleeping).toBe(0);
  });

  it('is silent once it is closed, and has no timer', async () => {
    const { clock, rings, poker } = makeBell();
    poker.poke();
    poker.poke();
    poker.close();
    expect(clock.sleeping).toBe(0);
    poker.poke();
    await clock.pass(60_000);
    poker.poke();
    expect(rings).toEqual([0]);
    poker.close();
  });

  it('never loses a poke, and never rings twice within the gap', async () => {
    const steps = fc.array(fc.oneof(fc.constant('poke' as const), fc.integer({ min: 1, max: 7_000 })), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { clock, rings, poker } = makeBell();
        const pokes: number[] = [];
        let nowMs = 0;
        for (const step of all) {
          if (step === 'poke') {
            pokes.push(nowMs);
            poker.poke();
          } else {
            nowMs += step;
            await clock.pass(step);
          }
          expect(clock.sleeping).toBeLessThanOrEqual(1);
        }
        await clock.pass(pokeGapMs);
        expect(clock.sleeping).toBe(0);
        for (const atMs of pokes) {
          expect(rings.some((rungMs) => rungMs >= atMs && rungMs <= atMs + pokeGapMs)).toBe(true);
        }
        for (const [index, rungMs] of rings.entries()) {
          expect(rungMs - (rings[index - 1] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(pokeGapMs);
        }
        expect(rings.length).toBeLessThanOrEqual(pokes.length);
      }),
    );
  });
});

describe('a poker on the real clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('leaves no timer when it is closed', async () => {
    const ring = vi.fn();
    const poker = createPoker(systemClock, ring);
    poker.poke();
    expect(vi.getTimerCount()).toBe(0);
    poker.poke();
    expect(vi.getTimerCount()).toBe(1);
    poker.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ring).toHaveBeenCalledTimes(1);
  });
});
