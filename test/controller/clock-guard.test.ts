import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockGuard } from '../../src/controller/clock-guard.ts';

const toleranceMs = 30_000;
const moment = (wallMs: number, monotonicMs = wallMs) => ({ wallMs, monotonicMs });
const told = (skewMs: number, wallMs = 0) => ({ serverMs: wallMs + skewMs, wallMs });

function guardThatHeard(...skews: readonly number[]): ClockGuard {
  const guard = new ClockGuard(toleranceMs);
  for (const [index, skewMs] of skews.entries()) guard.observe(`fleet-${index}`, told(skewMs), moment(0));
  return guard;
}

describe('the clock guard', () => {
  it.each([
    [0, null],
    [toleranceMs, null],
    [-toleranceMs, null],
    [toleranceMs + 1, '30 s behind'],
    [-toleranceMs - 1, '30 s ahead'],
    [3_600_000, '3600 s behind'],
  ])('with AWS %i ms ahead complains of: %j', (skewMs, words) => {
    const complaint = guardThatHeard(skewMs).complaint();
    if (words === null) expect(complaint).toBeNull();
    else {
      expect(complaint?.code).toBe('SG6211');
      expect(complaint?.message).toContain(`${words} of AWS's (fleet fleet-0)`);
    }
  });

  it('complains as long as one fleet disagrees, and until that one agrees', () => {
    const guard = guardThatHeard(0, 60_000);
    expect(guard.complaint()?.message).toContain('fleet-1');
    guard.observe('fleet-0', told(0), moment(1));
    expect(guard.complaint()).not.toBeNull();
    guard.observe('fleet-1', undefined, moment(2));
    expect(guard.complaint()).not.toBeNull();
    guard.observe('fleet-1', told(0), moment(3));
    expect(guard.complaint()).toBeNull();
  });

  it('forgets what a fleet said before the clock was set right, and that it cannot take back', () => {
    const guard = new ClockGuard(toleranceMs);
    const wrong = { wallMs: 1_000_000, monotonicMs: 1_000 };
    for (const fleet of ['up', 'down']) {
      guard.observe(fleet, { serverMs: wrong.wallMs + 60_000, wallMs: wrong.wallMs }, wrong);
    }
    expect(guard.complaint()).not.toBeNull();
    const right = { wallMs: wrong.wallMs + 70_000, monotonicMs: wrong.monotonicMs + 10_000 };
    guard.observe('up', { serverMs: right.wallMs, wallMs: right.wallMs }, right);
    guard.check(right);
    expect(guard.complaint()).toBeNull();
  });

  it('tells of time that both of our clocks have missed, once AWS shows it', () => {
    const lost: number[] = [];
    const guard = new ClockGuard(toleranceMs, (lostMs) => lost.push(lostMs));
    const hear = (serverMs: number, passedMs: number): void =>
      guard.observe('lab', { serverMs, wallMs: serverMs }, { wallMs: serverMs, monotonicMs: 0, passedMs });
    hear(1_000_000, 0);
    hear(1_000_000 + toleranceMs, 0);
    expect(lost).toEqual([]);
    hear(2_000_000, 10_000);
    expect(lost).toEqual([1_000_000 - toleranceMs - 10_000]);
    // What was told once is not told again.
    hear(2_010_000, 20_000 + (lost[0] ?? 0));
    expect(lost).toHaveLength(1);
  });

  it('has heard a fleet only when an answer told the time', () => {
    const guard = new ClockGuard(toleranceMs);
    guard.observe('lab', undefined, moment(0));
    expect(guard.hasHeard('lab')).toBe(false);
    guard.observe('lab', told(0), moment(0));
    expect([guard.hasHeard('lab'), guard.hasHeard('sea')]).toEqual([true, false]);
  });

  it.each([
    [toleranceMs, null],
    [-toleranceMs, null],
    [toleranceMs + 1, '30 s ahead'],
    [-toleranceMs - 1, '30 s behind'],
  ])('sees the wall clock jump by %i ms as: %j', (jumpMs, words) => {
    const guard = guardThatHeard(0);
    guard.check(moment(0));
    guard.check(moment(100_000 + jumpMs, 100_000));
    const complaint = guard.complaint();
    if (words === null) expect(complaint).toBeNull();
    else expect(complaint).toMatchObject({ code: 'SG6212', message: expect.stringContaining(words) });
  });

  it('counts a drift from where the clocks last fitted, however slowly it comes', () => {
    const guard = guardThatHeard(0);
    for (let step = 1; step <= 40; step += 1) guard.check(moment(step * 61_000, step * 60_000));
    expect(guard.complaint()?.code).toBe('SG6212');
  });

  it('takes a suspended machine for a jump: its monotonic clock stood still', () => {
    const guard = guardThatHeard(0);
    guard.check(moment(3_600_000, 10));
    expect(guard.complaint()?.code).toBe('SG6212');
  });

  it('after a jump is content only with an answer of AWS that agrees', () => {
    const guard = guardThatHeard(0);
    guard.check(moment(90_000, 10_000));
    guard.check(moment(90_001, 10_001));
    expect(guard.complaint()).not.toBeNull();
    guard.observe('fleet-0', told(45_000, 90_001), moment(90_001, 10_001));
    expect(guard.complaint()?.code).toBe('SG6211');
    guard.observe('fleet-0', told(500, 90_001), moment(90_001, 10_001));
    guard.check(moment(90_002, 10_002));
    expect(guard.complaint()).toBeNull();
  });

  it('is not content with a clock that jumped back: only AWS can say which time was right', () => {
    const guard = guardThatHeard(0);
    guard.check(moment(90_000, 10_000));
    guard.check(moment(11_000, 11_000));
    expect(guard.complaint()?.code).toBe('SG6212');
    guard.observe('fleet-0', told(0, 11_000), moment(11_000, 11_000));
    guard.check(moment(12_000, 12_000));
    expect(guard.complaint()).toBeNull();
  });

  it('has no complaint where clocks run evenly and AWS agrees', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(600_000), fc.integer({ min: -toleranceMs, max: toleranceMs })), {
          maxLength: 20,
        }),
        (steps) => {
          const guard = new ClockGuard(toleranceMs);
          let nowMs = 1_000;
          for (const [gapMs, skewMs] of steps) {
            nowMs += gapMs;
            guard.check(moment(nowMs + 5_000_000, nowMs));
            guard.observe('lab', told(skewMs), moment(nowMs + 5_000_000, nowMs));
            expect(guard.complaint()).toBeNull();
          }
        },
      ),
    );
  });
});
