/**
 * What every LedgerStore promises, whatever it stands on. The world is told from outside what a person or a failing
 * network does to the branch; the stores are asked only through their port.
 */
import { describe, expect, it } from 'vitest';
import {
  append,
  build,
  fetched,
  hour,
  type LedgerWorld,
  pushUntilKnown,
  segmentPath,
  segmentText,
} from './ledger-world.ts';

export interface SuiteOptions {
  /** Rounds in which so many writers race; a round of eight on real git takes a second. */
  readonly rounds: { readonly ofTwo: number; readonly ofEight: number };
}

/** Runs the suite; `begin` makes a fresh world for each test. */
export function describeLedgerStore(
  name: string,
  options: SuiteOptions,
  begin: () => Promise<LedgerWorld>,
): void {
  const test = (title: string, body: (world: LedgerWorld) => Promise<void>): void => {
    it(title, async () => {
      const world = await begin();
      try {
        await body(world);
      } finally {
        await world.end();
      }
    });
  };
  describe(`LedgerStore: ${name}`, () => {
    describeReading(test);
    describeSwapping(test, options);
    describeAnswers(test);
    describeHalts(test);
    describeAccepting(test);
  });
}

type Test = (title: string, body: (world: LedgerWorld) => Promise<void>) => void;

function describeReading(test: Test): void {
  test('the first fetch hands out the root, its FORMAT and every segment in order', async (world) => {
    const writer = await world.open('a');
    const begun = await fetched(writer);
    expect(begun).toMatchObject({ format: world.format, segments: [], tip: begun.root });
    const first = await append(writer, begun.tip, 1, 'a');
    const second = await append(writer, first, 2, 'a');
    const reader = await world.open('b');
    expect(await fetched(reader)).toEqual({
      kind: 'fetched',
      root: begun.root,
      format: world.format,
      tip: second,
      segments: [
        { commit: first, path: segmentPath(1, 'a'), text: segmentText(1, 'a') },
        { commit: second, path: segmentPath(2, 'a'), text: segmentText(2, 'a') },
      ],
    });
  });

  test('a later fetch hands out only what came since the last one, our own commits included', async (world) => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    await fetched(b);
    const first = await append(a, tip, 1, 'a');
    expect((await fetched(b)).segments.map((segment) => segment.commit)).toEqual([first]);
    const second = await append(b, first, 2, 'b');
    expect((await fetched(a)).segments.map((segment) => segment.commit)).toEqual([first, second]);
    expect(await fetched(a)).toMatchObject({ tip: second, segments: [] });
  });

  test('text comes back exactly as it was written', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const text =
      '{"v":1,"name":"Nordsjø ❄","words":"\\u0000 \u2028 tab\\t"}\n{"x":"\u{1f6a2}"}\r\n\ufeff{}\n';
    const built = await a.commit({
      parent: tip,
      path: segmentPath(1, 'a'),
      text,
      message: 'Any\n',
      atMs: hour,
    });
    if (!built.ok) throw new Error(built.fault.message);
    expect(await a.push(built.value)).toEqual({ kind: 'landed' });
    expect((await fetched(a)).segments).toEqual([
      { commit: built.value.commit, path: segmentPath(1, 'a'), text },
    ]);
  });

  test('a commit is the same for the same input, and nobody sees it before it is pushed', async (world) => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    await fetched(b);
    const one = await build(a, tip, 1, 'a');
    expect(await build(a, tip, 1, 'a')).toEqual(one);
    expect(await build(b, tip, 1, 'a')).toEqual(one);
    expect((await build(a, tip, 1, 'a', 'other')).commit).not.toBe(one.commit);
    expect(await world.tip()).toBe(tip);
    expect((await fetched(b)).segments).toEqual([]);
  });

  test('remembered is null at first, then the newest tip that an earlier life knew', async (world) => {
    const a = await world.open('a');
    expect(await a.remembered()).toBeNull();
    const { tip } = await fetched(a);
    expect(await (await world.open('a')).remembered()).toBe(tip);
    const again = await world.open('a');
    await fetched(again);
    const landed = await append(again, tip, 1, 'a');
    expect(await (await world.open('a')).remembered()).toBe(landed);
    expect(await (await world.open('a', { lostState: true })).remembered()).toBeNull();
  });
}

function describeSwapping(test: Test, { rounds }: SuiteOptions): void {
  test('of two commits on one parent exactly one lands, and the other is lost for good', async (world) => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    await fetched(b);
    const [mine, theirs] = [await build(a, tip, 1, 'a'), await build(b, tip, 1, 'b')];
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
    expect(await b.push(theirs)).toEqual({ kind: 'lost' });
    expect(await b.push(theirs)).toEqual({ kind: 'lost' });
    expect(await world.tip()).toBe(mine.commit);
    const news = await fetched(b);
    expect(news.segments.map((segment) => segment.commit)).toEqual([mine.commit]);
    await append(b, news.tip, 2, 'b');
  });

  for (const [writers, count] of [
    [2, rounds.ofTwo],
    [8, rounds.ofEight],
  ] as const) {
    test(`of ${writers} writers exactly one wins each of ${count} rounds`, async (world) => {
      const names = Array.from({ length: writers }, (_, index) => `w${index}`);
      const stores = await Promise.all(names.map((name) => world.open(name)));
      for (let seq = 1; seq <= count; seq += 1) {
        const commits = await Promise.all(
          stores.map(async (store, index) =>
            build(store, (await fetched(store)).tip, seq, names[index] ?? ''),
          ),
        );
        const answers = await Promise.all(
          stores.map((store, index) => {
            const commit = commits[index];
            if (commit === undefined) throw new Error('a writer without a commit');
            return pushUntilKnown(store, commit);
          }),
        );
        const winners = commits.filter((_, index) => answers[index]?.kind === 'landed');
        expect(answers.map((answer) => answer.kind).sort()).toEqual([
          'landed',
          ...Array.from({ length: writers - 1 }, () => 'lost'),
        ]);
        expect(await world.tip()).toBe(winners[0]?.commit);
      }
    });
  }
}

function describeAnswers(test: Test): void {
  test('the same commit sent again has landed, also after somebody built on it', async (world) => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    const mine = await build(a, tip, 1, 'a');
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
    await append(b, (await fetched(b)).tip, 2, 'b');
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
  });

  test('an answer lost before the effect is unknown, and sending again lands', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const mine = await build(a, tip, 1, 'a');
    await world.loseNextAnswer('beforeEffect');
    expect(await a.push(mine)).toMatchObject({ kind: 'unknown', fault: { class: 'retry' } });
    expect(await world.tip()).toBe(tip);
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
  });

  test('an answer lost after the effect is unknown, and sending again says landed', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const mine = await build(a, tip, 1, 'a');
    await world.loseNextAnswer('afterEffect');
    expect(await a.push(mine)).toMatchObject({ kind: 'unknown' });
    expect(await world.tip()).toBe(mine.commit);
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
  });

  test('an answer lost before the effect, and then a rival: lost', async (world) => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    await fetched(b);
    const mine = await build(a, tip, 1, 'a');
    await world.loseNextAnswer('beforeEffect');
    expect((await a.push(mine)).kind).toBe('unknown');
    await append(b, tip, 1, 'b');
    expect(await a.push(mine)).toEqual({ kind: 'lost' });
  });

  test('an answer lost after the effect, and then a rival: landed', async (world) => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    const mine = await build(a, tip, 1, 'a');
    await world.loseNextAnswer('afterEffect');
    expect((await a.push(mine)).kind).toBe('unknown');
    await append(b, (await fetched(b)).tip, 2, 'b');
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
    expect((await fetched(a)).segments).toHaveLength(2);
  });

  test('a refusal does not take back that an earlier send may be under way', async (world) => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    await fetched(b);
    const mine = await build(a, tip, 1, 'a');
    await world.loseNextAnswer('beforeEffect');
    expect((await a.push(mine)).kind).toBe('unknown');
    await world.decline(true);
    expect(await a.push(mine)).toMatchObject({ kind: 'unknown', fault: { code: 'SG4004', class: 'human' } });
    await world.decline(false);
    await append(b, tip, 1, 'b');
    expect(await a.push(mine)).toEqual({ kind: 'lost' });
  });

  test('what a hook declines is refused, says so to a human, and has not landed', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const mine = await build(a, tip, 1, 'a');
    await world.decline(true);
    expect(await a.push(mine)).toMatchObject({ kind: 'refused', fault: { code: 'SG4004', class: 'human' } });
    expect(await world.tip()).toBe(tip);
    await world.decline(false);
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
  });
}

function describeHalts(test: Test): void {
  test('a deleted branch halts, is never made anew by a push, and goes on when restored', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    const second = await build(a, first, 2, 'a');
    await world.deleteBranch();
    expect(await a.fetch()).toMatchObject({ kind: 'halted', fault: { code: 'SG4010', class: 'human' } });
    expect(await a.push(second)).toMatchObject({ kind: 'refused', fault: { class: 'human' } });
    expect(await world.tip()).toBeNull();
    await world.rewind(first);
    expect(await fetched(a)).toMatchObject({ tip: first });
    expect(await a.push(second)).toEqual({ kind: 'landed' });
  });

  test('a branch that went back halts, in this life and after a restart', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    await append(a, first, 2, 'a');
    await world.rewind(first);
    const halt = { kind: 'halted', fault: { code: 'SG4011', class: 'human' } };
    expect(await a.fetch()).toMatchObject(halt);
    expect(await (await world.open('a')).fetch()).toMatchObject(halt);
  });

  test('a push does not move a branch that went back', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    const second = await build(a, first, 2, 'a');
    await world.rewind(tip);
    expect((await a.push(second)).kind).not.toBe('landed');
    expect(await world.tip()).toBe(tip);
  });

  test('a branch that went back and grew another way halts', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    await append(a, tip, 1, 'a');
    await world.rewind(tip);
    const b = await world.open('b');
    await append(b, (await fetched(b)).tip, 1, 'b');
    expect(await a.fetch()).toMatchObject({ kind: 'halted', fault: { code: 'SG4011', class: 'human' } });
  });

  test('a replica that lost its state cannot know that the branch went back', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    await append(a, tip, 1, 'a');
    await world.rewind(tip);
    const again = await world.open('a', { lostState: true });
    expect(await again.remembered()).toBeNull();
    expect(await fetched(again)).toMatchObject({ tip });
  });
}

function describeAccepting(test: Test): void {
  test('acceptCommit takes the named tip as the newest known, and what grew on it', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    await append(a, first, 2, 'a');
    await world.rewind(first);
    const b = await world.open('b');
    const other = await append(b, (await fetched(b)).tip, 2, 'b');
    const accepting = await world.open('a', { acceptCommit: first });
    expect((await fetched(accepting)).segments.map((segment) => segment.commit)).toEqual([first, other]);
    expect(await (await world.open('a', { acceptCommit: first })).remembered()).toBe(other);
  });

  test('acceptCommit does not accept a tip that does not descend from it', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    const second = await append(a, first, 2, 'a');
    await world.rewind(tip);
    for (const acceptCommit of [first, second, 'f'.repeat(40)]) {
      const again = await world.open('a', { acceptCommit });
      expect(await again.fetch()).toMatchObject({ kind: 'halted', fault: { code: 'SG4011' } });
    }
  });

  test('acceptCommit left in the configuration does not accept a second loss', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    await append(a, tip, 1, 'a');
    await world.rewind(tip);
    const accepting = await world.open('a', { acceptCommit: tip });
    await fetched(accepting);
    const another = await build(accepting, tip, 1, 'a', 'another');
    expect(await accepting.push(another)).toEqual({ kind: 'landed' });
    await world.rewind(tip);
    expect((await accepting.fetch()).kind).toBe('halted');
    expect((await (await world.open('a', { acceptCommit: tip })).fetch()).kind).toBe('halted');
    // Taken out and put in again, it is a new word.
    expect((await (await world.open('a')).fetch()).kind).toBe('halted');
    expect((await (await world.open('a', { acceptCommit: tip })).fetch()).kind).toBe('fetched');
  });

  test('with a lost state, acceptCommit is the floor below which the branch must not be', async (world) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    expect((await (await world.open('a', { lostState: true, acceptCommit: first })).fetch()).kind).toBe(
      'fetched',
    );
    await world.rewind(tip);
    expect((await (await world.open('a', { lostState: true, acceptCommit: first })).fetch()).kind).toBe(
      'halted',
    );
  });
}
