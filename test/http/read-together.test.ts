/** However many ask, one reading is under way, and nobody gets an older one than they asked for. */
import { describe, expect, it } from 'vitest';
import { readTogether } from '../../src/http/read-together.ts';

function makeReading() {
  let begun = 0;
  let underway = 0;
  const waiting: (() => void)[] = [];
  const read = readTogether(async () => {
    begun += 1;
    underway += 1;
    const mine = begun;
    expect(underway).toBe(1);
    await new Promise<void>((resolve) => waiting.push(resolve));
    underway -= 1;
    if (mine === 3) throw new Error('planned');
    return mine;
  });
  const end = async (): Promise<void> => {
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { read, end, count: () => begun };
}

describe('reading together', () => {
  it('begins at once, and once more for all who ask meanwhile', async () => {
    const { read, end, count } = makeReading();
    const first = read();
    const others = Array.from({ length: 1_000 }, () => read());
    expect(count()).toBe(1);
    await end();
    expect([await first, count()]).toEqual([1, 2]);
    const later = read();
    await end();
    expect(new Set(await Promise.all(others))).toEqual(new Set([2]));
    const told = later.catch((error: Error) => error.message);
    const after = read();
    await end();
    expect(await told).toBe('planned');
    await end();
    expect([await after, count()]).toEqual([4, 4]);
  });

  it('reads anew for whoever asks when nothing is under way', async () => {
    const { read, end } = makeReading();
    for (const wanted of [1, 2]) {
      const asked = read();
      await end();
      expect(await asked).toBe(wanted);
    }
  });
});
