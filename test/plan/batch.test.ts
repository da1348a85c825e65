import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IssueConfig } from '../../src/config/config.ts';
import type { Candidate } from '../../src/plan/batch.ts';
import { batchMax, chooseBatch, claimsPerCommitMax, compareCandidates } from '../../src/plan/batch.ts';

const issue: fc.Arbitrary<IssueConfig> = fc.record({
  batch: fc.integer({ min: 1, max: 400 }),
  concurrency: fc.integer({ min: 1, max: 64 }),
  deadlineMs: fc.integer({ min: 1_000, max: 600_000 }),
  requestTimeoutMs: fc.integer({ min: 100, max: 60_000 }),
  rate: fc.double({ min: 0.1, max: 100, noNaN: true }),
  maxWaitMs: fc.constant(2_592_000_000),
  maxPerPass: fc.constant(40),
});

/** When the last call of a batch starts, if the pacer gives one start each 1/rate s and every call takes all its time. */
function lastStartMs(size: number, { concurrency, requestTimeoutMs, rate }: IssueConfig): number {
  const startsMs: number[] = [];
  for (let index = 0; index < size; index += 1) {
    const paced = index === 0 ? 0 : (startsMs[index - 1] ?? 0) + 1000 / rate;
    const free = (startsMs[index - concurrency] ?? -requestTimeoutMs) + requestTimeoutMs;
    startsMs.push(Math.max(paced, free));
  }
  return startsMs.at(-1) ?? 0;
}

describe('the largest batch', () => {
  it('has its last call start before half of the deadline, though every call takes its whole time-out', () => {
    fc.assert(
      fc.property(issue, (config) => {
        const size = batchMax(config);
        if (size > 1) expect(lastStartMs(size, config)).toBeLessThan(config.deadlineMs / 2);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is at least one, at most what is configured, and a whole number', () => {
    fc.assert(
      fc.property(issue, (config) => {
        const size = batchMax(config);
        expect(Number.isInteger(size)).toBe(true);
        expect(size).toBeGreaterThanOrEqual(1);
        expect(size).toBeLessThanOrEqual(config.batch);
      }),
    );
  });

  it('of the defaults is what they say', () => {
    const pace = { batch: 40, concurrency: 8, deadlineMs: 60_000, requestTimeoutMs: 5_000, rate: 2 };
    const defaults = { ...pace, maxWaitMs: 2_592_000_000, maxPerPass: 40 };
    expect(batchMax(defaults)).toBe(40);
    expect(batchMax({ ...defaults, rate: 0.1 })).toBe(3);
    expect(batchMax({ ...defaults, requestTimeoutMs: 15_000, concurrency: 2 })).toBe(4);
    expect(batchMax({ ...defaults, requestTimeoutMs: 31_000 })).toBe(1);
  });
});

const candidate: fc.Arbitrary<Candidate> = fc.record({
  token: fc.uuid(),
  fleet: fc.constantFrom('a', 'b', 'c', 'd'),
  untilMs: fc.option(fc.nat(5), { nil: null }),
  position: fc.integer({ min: -1, max: 5 }),
  name: fc.constantFrom('k', 'l', 'm', 'n'),
  devices: fc.constant([]),
});
const candidates = fc.uniqueArray(candidate, { selector: ({ token }) => token, maxLength: 60 });
const one = (over: Partial<Candidate>): Candidate => ({
  token: JSON.stringify(over),
  fleet: 'a',
  untilMs: null,
  position: 1,
  name: 'k',
  devices: [],
  ...over,
});

describe('a batch', () => {
  it('takes the permission that ends first, then the order of commits, then names', () => {
    const rows = [
      one({ untilMs: 5, position: 9, name: 'z' }),
      one({ untilMs: 6, position: 0, name: 'a' }),
      one({ position: 1, name: 'z' }),
      one({ position: 2, name: 'a' }),
      one({ position: 2, name: 'b' }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(chooseBatch(shuffled, () => 10, 0)).toEqual(rows);
      }),
    );
  });

  it('is ordered by a comparison that contradicts itself nowhere', () => {
    fc.assert(
      fc.property(candidate, candidate, candidate, (a, b, c) => {
        expect(Math.sign(compareCandidates(a, b)) + Math.sign(compareCandidates(b, a))).toBe(0);
        if (compareCandidates(a, b) <= 0 && compareCandidates(b, c) <= 0) {
          expect(compareCandidates(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('claims nothing twice, invents nothing, and keeps both limits', () => {
    fc.assert(
      fc.property(candidates, fc.nat(8), fc.nat(100), fc.nat(40), (all, perFleet, turn, total) => {
        const chosen = chooseBatch(all, () => perFleet, turn, total);
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.every((choice) => all.includes(choice))).toBe(true);
        expect(chosen.length).toBeLessThanOrEqual(total);
        for (const fleet of 'abcd') {
          expect(chosen.filter((choice) => choice.fleet === fleet).length).toBeLessThanOrEqual(perFleet);
        }
      }),
    );
  });

  it('has each device once, for whoever comes first', () => {
    const rows = [
      one({ position: 1, devices: ['smd-1', 'smd-2'] }),
      one({ position: 2, devices: ['smd-2', 'smd-3'] }),
      one({ position: 3, devices: ['smd-3'] }),
      one({ position: 4, fleet: 'b', devices: ['smd-1'] }),
    ];
    const chosen = chooseBatch(rows, () => 10, 0);
    expect(chosen.map(({ position }) => position).sort()).toEqual([1, 3, 4]);
  });

  it('leaves nobody out while there is room', () => {
    fc.assert(
      fc.property(candidates, fc.nat(8), fc.nat(100), (all, perFleet, turn) => {
        const room = ['a', 'b', 'c', 'd'].map((name) =>
          Math.min(perFleet, all.filter(({ fleet }) => fleet === name).length),
        );
        expect(chooseBatch(all, () => perFleet, turn)).toHaveLength(room.reduce((a, b) => a + b));
      }),
    );
  });

  it('gives every fleet its share: no two differ by more than one while both have more', () => {
    fc.assert(
      fc.property(candidates, fc.nat(100), fc.integer({ min: 1, max: 40 }), (all, turn, total) => {
        const chosen = chooseBatch(all, () => 100, turn, total);
        const share = (name: string): number => chosen.filter(({ fleet }) => fleet === name).length;
        const left = (name: string): number => all.filter(({ fleet }) => fleet === name).length - share(name);
        for (const hungry of 'abcd') {
          if (left(hungry) === 0) continue;
          for (const other of 'abcd') expect(share(other) - share(hungry)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('starves no fleet, though a commit has room for one claim alone', () => {
    const all = ['a', 'b', 'c'].flatMap((fleet) => [one({ fleet, name: 'k' }), one({ fleet, name: 'l' })]);
    const turns = [0, 1, 2, 3].map((turn) => chooseBatch(all, () => 9, turn, 1)[0]?.fleet);
    expect(turns).toEqual(['a', 'b', 'c', 'a']);
  });

  it('takes the most urgent of each fleet, not of the whole', () => {
    const all = [
      one({ fleet: 'a', untilMs: 1 }),
      one({ fleet: 'a', untilMs: 2, name: 'l' }),
      one({ fleet: 'b', name: 'm' }),
    ];
    expect(chooseBatch(all, () => 9, 0, 2).map(({ fleet, untilMs }) => [fleet, untilMs])).toEqual([
      ['a', 1],
      ['b', null],
    ]);
  });

  it('asks nothing of a fleet that is not ready', () => {
    const all = [one({ fleet: 'a' }), one({ fleet: 'b' })];
    expect(chooseBatch(all, (fleet) => (fleet === 'b' ? 5 : 0), 0).map(({ fleet }) => fleet)).toEqual(['b']);
    expect(chooseBatch([], () => 5, 7)).toEqual([]);
  });

  it('of one commit is bounded over all fleets', () => {
    const all = Array.from({ length: 1_000 }, (_, index) =>
      one({ fleet: `f${index % 50}`, name: `n${index}` }),
    );
    expect(chooseBatch(all, () => 400, 0)).toHaveLength(claimsPerCommitMax);
  });
});
