/** What was sent is written down seldom, in slices, and of each target only where it has changed. */
import { describe, expect, it } from 'vitest';
import type { Told } from '../../src/notify/book.ts';
import { readCursor, writeCursor, writeTarget } from '../../src/notify/cursor.ts';
import { Keeper } from '../../src/notify/keeper.ts';
import { StepClock } from '../http/hook-world.ts';
import { breathe, Desk, idsOf, MemoryStore, receiver, siem, storyOf } from './desk.ts';

const bookOf = (seq: number) => ({
  ledger: 'x',
  position: { seq, index: 0 },
  told: new Map<string, Told>([['a', { round: 1, now: null }]]),
});

/** A target that says how often its text was asked for. */
class Counted {
  book = bookOf(1);
  saves = 0;

  save(): object {
    this.saves += 1;
    return this.book;
  }
}

function open() {
  const [store, clock] = [new MemoryStore(), new StepClock()];
  const [one, two] = [new Counted(), new Counted()];
  const sources = new Map([
    ['one', one],
    ['two', two],
  ]);
  const keeper = new Keeper({ store, clock, journal: { write: () => undefined } }, sources);
  return { store, clock, one, two, keeper };
}

describe('what was sent', () => {
  it('is written down at once, then after a second, and in the end', async () => {
    const { store, clock, one, keeper } = open();
    const touch = async (seq: number): Promise<void> => {
      one.book = bookOf(seq);
      keeper.touch();
      await breathe();
    };
    await touch(2);
    expect(store.history).toHaveLength(1);
    for (let seq = 3; seq < 30; seq += 1) await touch(seq);
    expect(store.history).toHaveLength(1);
    await clock.pass(999);
    await breathe();
    expect(store.history).toHaveLength(1);
    await clock.pass(1);
    await breathe();
    expect(store.history).toHaveLength(2);
    expect(readCursor(store.text ?? '')?.notices.get('one')).toEqual(bookOf(29));
    await touch(30);
    await keeper.close();
    expect(store.history).toHaveLength(3);
    expect(readCursor(store.text ?? '')?.notices.get('one')).toEqual(bookOf(30));
    expect(clock.sleeping).toBe(0);
  });

  it('is made into text again only where it has changed', async () => {
    const { store, clock, one, two, keeper } = open();
    for (let seq = 2; seq < 5; seq += 1) {
      one.book = bookOf(seq);
      keeper.touch();
      await breathe();
      await clock.pass(1_000);
    }
    await keeper.close();
    expect([one.saves, two.saves]).toEqual([3, 1]);
    const { notices } = readCursor(store.text ?? '') ?? {};
    expect([...(notices ?? [])]).toEqual([
      ['one', bookOf(4)],
      ['two', bookOf(1)],
    ]);
  });

  it('is made into text a few at a time', () => {
    const told = Array.from({ length: 4_000 }, (_, n): [string, Told] => [
      `now_${n}`,
      { round: n, now: { about: { of: 'file', name: `"${n}".yaml` }, seq: n } },
    ]);
    const book = { ...bookOf(7), told: new Map(told) };
    const work = writeTarget(book);
    let stops = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) stops += 1;
    expect(stops).toBeGreaterThan(50);
    expect(JSON.parse(step.value)).toEqual({ ...book, told });
    const text = writeCursor(new Map([['a "name"', step.value]]));
    expect(readCursor(text)?.notices.get('a "name"')).toEqual(book);
  });

  it('in a storm is a few writes, and the last of them knows of everything', async () => {
    const { post, taken } = receiver();
    const desk = await Desk.open({ targets: [siem], post });
    const story = storyOf(20);
    desk.notifier.offer(story.status());
    for (let turn = 0; taken.length < 20 && turn < 500; turn += 1) await breathe();
    expect(taken).toEqual(idsOf(story));
    expect(desk.store.history).toHaveLength(1);
    await desk.notifier.close();
    expect(desk.store.history).toHaveLength(2);
    expect(desk.store.text).toContain('"position":{"seq":20,"index":0}');
  });
});
