/** When passes are asked for: by the schedule, not all at once, and seldomer while a server cannot be reached. */
import { describe, expect, it } from 'vitest';
import { isLeftOut, jitterMs, startSchedule } from '../src/wire-schedule.ts';

describe('a tick', () => {
  it.each([
    ['of half a minute', 0.999, 30_000, 4_995],
    ['of every second', 0.999, 1_000, 249],
    ['of every second, by no luck', 0, 1_000, 0],
    ['whose next is not known', 0.999, null, 0],
  ])('%s is put off no further', (_what, random, gapMs, wanted) => {
    expect(jitterMs(random, gapMs)).toBe(wanted);
  });

  it.each([
    [0, '12345678'],
    [1, '2468'],
    [2, '48'],
    [50, '48'],
  ])('is left out after %d failures but for %s', (failures, wanted) => {
    const heard = [1, 2, 3, 4, 5, 6, 7, 8].filter((tick) => !isLeftOut(tick, failures));
    expect(heard.join('')).toBe(wanted);
  });
});

describe('the schedule', () => {
  it('ticks, and is silent once it was stopped', async () => {
    let ticks = 0;
    const schedule = startSchedule({
      expression: '* * * * * *',
      tick: () => {
        ticks += 1;
      },
      random: () => 0.5,
      countFailures: () => 0,
      journal: { write: () => undefined },
    });
    await expect.poll(() => ticks, { timeout: 10_000 }).toBeGreaterThan(1);
    await schedule.stop();
    const heard = ticks;
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(ticks).toBe(heard);
  });
});
