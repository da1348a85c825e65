/** Long work in slices: nothing waits for more than one of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachInSlices, type Slices, sortInSlices, Turns } from '../../src/lib/turns.ts';
import { doAtOnce } from '../http/at-once.ts';

describe('a sort in slices', () => {
  const compare = (a: { readonly key: number }, b: { readonly key: number }): number => a.key - b.key;

  it('is the same as a sort at once, and leaves equal ones in their order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000 }), fc.integer(), (length, seed) => {
        const items = Array.from({ length }, (_, index) => ({ key: (index * seed) % 701, index }));
        expect(doAtOnce(sortInSlices(items, compare)).value).toEqual(items.toSorted(compare));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['what is in order already', (index: number) => index, 40],
    ['what is not', (index: number) => (index * 7_919) % 40_009, 200],
  ])('stops again and again, for %s', (_what, keyOf, stopsMin) => {
    const items = Array.from({ length: 40_000 }, (_item, index) => ({ key: keyOf(index) }));
    expect(doAtOnce(sortInSlices(items, compare)).stops).toBeGreaterThanOrEqual(stopsMin);
  });
});

it('going through items stops after so many', () => {
  const seen: number[] = [];
  const items = Array.from({ length: 2_500 }, (_, index) => index);
  const { stops } = doAtOnce(eachInSlices(items, (item) => seen.push(item)));
  expect([stops, seen]).toEqual([2, items]);
});

describe('turns', () => {
  /** Says each of its slices. */
  function* work(name: string, slices: number, said: string[]): Slices<string> {
    for (let slice = 1; slice <= slices; slice += 1) {
      said.push(`${name}${slice}`);
      if (slice < slices) yield;
    }
    return name;
  }

  it('are one slice each, with everything else between them', async () => {
    const turns = new Turns();
    const said: string[] = [];
    let isOver = false;
    const beat = (): void => {
      said.push('-');
      if (!isOver) setImmediate(beat);
    };
    setImmediate(beat);
    const answers = await Promise.all([turns.run(work('a', 3, said)), turns.run(work('b', 2, said))]);
    isOver = true;
    expect(answers).toEqual(['a', 'b']);
    expect(said.filter((word) => word !== '-')).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
    expect(said.join('')).not.toMatch(/\d[ab]/);
  });

  it('go on after work that throws, and begin again after a pause', async () => {
    const turns = new Turns();
    const said: string[] = [];
    function* bad(): Slices<void> {
      yield;
      throw new Error('a bug');
    }
    const broken = turns.run(bad());
    const whole = turns.run(work('a', 3, said));
    await expect(broken).rejects.toThrow('a bug');
    expect(await whole).toBe('a');
    expect(await turns.run(work('b', 1, said))).toBe('b');
  });
});
