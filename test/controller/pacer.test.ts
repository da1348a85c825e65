import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, Pacer } from '../../src/controller/pacer.ts';

const rate = fc.double({ min: 0.01, max: 100, noNaN: true });
const burst = fc.integer({ min: 1, max: 10 });
const gaps = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 60 });

describe('a pacer', () => {
  it('lets no more through in any stretch of time than its burst and its rate', () => {
    fc.assert(
      fc.property(rate, burst, gaps, (perSecond, most, waits) => {
        const pacer = new Pacer(perSecond, most);
        const takenMs: number[] = [];
        let nowMs = 0;
        for (const gapMs of waits) {
          nowMs += gapMs;
          if (pacer.waitMs(nowMs) > 0) continue;
          pacer.take(nowMs);
          takenMs.push(nowMs);
        }
        for (const [first, fromMs] of takenMs.entries()) {
          for (const [last, toMs] of takenMs.entries()) {
            if (last < first) continue;
            const allowed = most + ((toMs - fromMs) / 1000) * perSecond;
            expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-6);
          }
        }
      }),
    );
  });

  it('says how long to wait, and after that there is one', () => {
    fc.assert(
      fc.property(rate, burst, fc.integer({ min: 1, max: 20 }), (perSecond, most, takes) => {
        const pacer = new Pacer(perSecond, most);
        for (let taken = 0; taken < takes; taken += 1) pacer.take(0);
        const waitMs = pacer.waitMs(0);
        expect(waitMs === 0).toBe(takes < most);
        // To within the rounding of a fraction of a millisecond.
        expect(pacer.waitMs(waitMs + 1)).toBe(0);
      }),
    );
  });

  it('lets its burst go at once, and never saves up more', () => {
    const pacer = new Pacer(1, 3);
    for (let taken = 0; taken < 3; taken += 1) {
      expect(pacer.waitMs(0)).toBe(0);
      pacer.take(0);
    }
    expect(pacer.waitMs(0)).toBe(1_000);
    for (let taken = 0; taken < 3; taken += 1) pacer.take(1e9);
    expect(pacer.waitMs(1e9)).toBe(1_000);
  });

  it('takes what could not wait, and has it paid for afterwards', () => {
    const pacer = new Pacer(1, 1);
    for (let taken = 0; taken < 5; taken += 1) pacer.take(0);
    expect(pacer.waitMs(0)).toBe(5_000);
  });

  it('gives nothing for time that went backwards', () => {
    const pacer = new Pacer(1, 1);
    pacer.take(10_000);
    expect(pacer.waitMs(5_000)).toBe(1_000);
    expect(pacer.waitMs(6_000)).toBe(0);
  });
});

describe('a back-off', () => {
  it.each([
    [-1, 30_000],
    [0, 30_000],
    [1, 30_000],
    [2, 60_000],
    [3, 120_000],
    [7, 1_920_000],
    [8, 3_600_000],
    [9, 3_600_000],
    [1e9, 3_600_000],
  ])('of failure %i is %i ms', (n, expected) => {
    expect(backoffMs(n, 30_000, 3_600_000)).toBe(expected);
  });

  it('never shrinks, and stays between its ends', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.integer({ min: 1, max: 1e5 }),
        fc.integer({ min: 0, max: 1e7 }),
        (n, first, more) => {
          const at = backoffMs(n, first, first + more);
          expect(at).toBeGreaterThanOrEqual(first);
          expect(at).toBeLessThanOrEqual(first + more);
          expect(backoffMs(n + 1, first, first + more)).toBeGreaterThanOrEqual(at);
        },
      ),
    );
  });
});
