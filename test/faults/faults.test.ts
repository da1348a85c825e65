/**
 * The promises of DESIGN 5 under seeded faults: S1, S2 and L after every run. A failing seed is printed; have it again
 * with `npm run simulate-faults -- --seed N --verbose`.
 */
import { describe, expect, it } from 'vitest';
import type { RunOptions, RunResult } from './run.ts';
import { runSeed } from './run.ts';

const share = 250;
const seeds = 2_000;

async function runSeeds(first: number, count: number, options: RunOptions): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (let seed = first; seed < first + count; seed += 1) results.push(await runSeed(seed, options));
  return results;
}

function findFailures(results: readonly RunResult[]): string[] {
  return results.flatMap(({ seed, findings }) => findings.map((finding) => `seed ${seed}: ${finding}`));
}

describe('with no help from the token (A1 and A2 hold)', () => {
  const kinds = new Map<string, number>();
  for (let first = 1; first <= seeds; first += share) {
    it(`keeps S1, S2 and L for seeds ${first} to ${first + share - 1}`, async () => {
      const results = await runSeeds(first, share, {});
      for (const result of results) {
        for (const [kind, count] of result.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
      }
      expect(findFailures(results)).toEqual([]);
    });
  }

  it('has met every kind of event that a controller writes but the alarm of alarms', () => {
    const met = new Set([...kinds.keys()].map((kind) => kind.split(' ')[0]));
    const written = [
      'absent',
      'adopted',
      'ambiguous',
      'cancelAnswered',
      'cancelRequested',
      'claimed',
      'issued',
      'noted',
      'progress',
      'refused',
      'released',
      'settled',
      'unknown',
    ];
    expect([...met].sort()).toEqual(written);
  });
});

describe('with A1 broken, and only the memory of the token in between', () => {
  it('keeps S1 and S2', async () => {
    expect(findFailures(await runSeeds(1, 200, { breakA1: true }))).toEqual([]);
  });
});

describe('a seed', () => {
  it('gives the same run again', async () => {
    const lines: string[][] = [[], []];
    for (const log of lines) {
      for (let seed = 13; seed <= 20; seed += 1) await runSeed(seed, { log: (line) => log.push(line) });
    }
    expect(lines[0]?.length).toBeGreaterThan(200);
    expect(lines[0]).toEqual(lines[1]);
  });
});
