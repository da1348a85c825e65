/** The cursor: at least once under stable ids, whatever dies when, and whatever becomes of the file. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCursor } from '../../src/notify/cursor.ts';
import { fileStore } from '../../src/notify/files.ts';
import type { Post, PostRequest } from '../../src/notify/post.ts';
import { settled } from '../ledger/events.ts';
import {
  answered,
  Desk,
  eventsIn,
  idsIn,
  idsOf,
  MemoryStore,
  problem,
  receiver,
  siem,
  storyOf,
} from './desk.ts';

describe('the cursor', () => {
  it('lost, garbled or of a newer version: the last day again, under the same ids', async () => {
    const { post, taken } = receiver();
    const story = storyOf(3);
    const status = story.status({ sourceProblems: [problem(1)] });
    const store = new MemoryStore();
    const texts = [
      null,
      '',
      'garbage',
      '{"v":3,"targets":{}}',
      '{"v":2,"targets":{"siem":{"told":7}}}',
      '[]',
    ];
    const rounds: string[][] = [];
    for (const text of texts) {
      store.text = text;
      taken.length = 0;
      const desk = await Desk.open({ targets: [siem], post, store });
      desk.notifier.offer(status);
      await desk.until(() => taken.length === 4);
      await desk.notifier.close();
      rounds.push([...taken]);
    }
    expect(new Set(rounds.map((round) => round.join()))).toEqual(new Set([rounds[0]?.join()]));
  });

  it('of an older version is told to be lost, and is not read in half', async () => {
    const { post, taken } = receiver();
    const store = new MemoryStore();
    const story = storyOf(1);
    const told = [['now_1', { round: 2, isPresent: true }]];
    const position = { seq: 1, index: 0 };
    const siemBook = { ledger: story.ledger.view.ledgerId, position, told };
    store.text = JSON.stringify({ v: 1, targets: { siem: siemBook } });
    const desk = await Desk.open({ targets: [siem], post, store });
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 1);
    await desk.notifier.close();
    expect(desk.log).toMatchObject([{ level: 'warn', fields: { code: 'SG7105' } }]);
    expect(taken).toEqual(idsOf(story));
  });

  it.each([
    ['ahead of the ledger', (text: string) => text.replace('"seq":3', '"seq":300')],
    ['of another ledger', (text: string) => text.replace(/"ledger":"[^"]*"/, '"ledger":"another"')],
  ])('%s is as good as lost', async (_what, change) => {
    const { post, taken } = receiver();
    const store = new MemoryStore();
    const story = storyOf(3);
    const first = await Desk.open({ targets: [siem], post, store });
    first.notifier.offer(story.status());
    await first.until(() => taken.length === 3);
    await first.notifier.close();
    expect(change(store.text ?? '')).not.toBe(store.text);
    store.text = change(store.text ?? '');
    const second = await Desk.open({ targets: [siem], post, store });
    second.notifier.offer(story.status());
    await second.until(() => taken.length === 6);
    expect(taken.slice(3)).toEqual(taken.slice(0, 3));
    await second.notifier.close();
  });

  it('that cannot be read or written is told once, and stops nothing', async () => {
    const { post, taken } = receiver();
    const store = new MemoryStore();
    store.isBroken = true;
    const desk = await Desk.open({ targets: [siem], post, store });
    desk.notifier.offer(storyOf(3).status());
    await desk.until(() => taken.length === 3);
    await desk.notifier.close();
    expect(desk.log.map(({ fields }) => [fields['code'], fields['reason']])).toEqual([
      ['SG7105', 'EIO'],
      ['SG7105', 'ENOSPC'],
    ]);
  });

  it.each([
    ['in its turn', async () => Promise.reject(new Error('planned by the test'))],
    [
      'at once',
      () => {
        throw new Error('planned by the test');
      },
    ],
  ])('is written again after a bug that came %s, which is told once', async (_when, fail) => {
    const { post, taken } = receiver();
    const store = new MemoryStore();
    const { write } = store;
    store.write = fail;
    const desk = await Desk.open({ targets: [siem], post, store });
    const story = storyOf(2);
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 2);
    story.tell(settled());
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 3);
    const told = desk.log.map(({ level, fields }) => [level, fields['code'], fields['reason']]);
    expect(told).toEqual([['error', 'SG6224', expect.stringContaining('planned by the test')]]);
    store.write = write;
    story.tell(settled());
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 4);
    await desk.notifier.close();
    expect(store.text).toContain(`"seq":${story.recent.all.at(-1)?.seq}`);
  });

  it('says that older events were dropped, where the ledger has more than is kept', async () => {
    const { post, requests, taken } = receiver();
    const store = new MemoryStore();
    const story = storyOf(2);
    const first = await Desk.open({ targets: [siem], post, store });
    first.notifier.offer(story.status());
    await first.until(() => taken.length === 2);
    await first.notifier.close();
    const events = Array.from({ length: 6_000 }, () => settled());
    for (let commits = 0; commits < 3; commits += 1) story.tell(...events);
    expect(story.recent.isCut).toBe(true);
    const second = await Desk.open({ targets: [siem], post, store });
    const before = requests.length;
    second.notifier.offer(story.status());
    await second.until(() => taken.length >= 2 + 10_001);
    expect(eventsIn(requests[before] as PostRequest)[0]?.data.kind).toBe('dropped');
    expect(second.counts.get('siem dropped')).toBe(1);
    await second.pass(60_000);
    expect(taken).toHaveLength(2 + 10_001);
    await second.notifier.close();
  });
});

describe('a kill at any point', () => {
  it('loses no event: each is taken at least once, under its one id', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.nat(99)),
        fc.integer({ min: 1, max: 40 }),
        async (chance, count) => {
          const draw = (): number => chance.next().value ?? 0;
          const taken = new Set<string>();
          const story = storyOf(count);
          let kept: string | null = null;
          const faulty: Post = async (request) => {
            const fate = draw();
            if (fate < 20) return { kind: 'unanswered', why: 'ECONNREFUSED' };
            if (fate < 30) return answered(503);
            for (const id of idsIn(request)) taken.add(id);
            // Taken, and nobody was told.
            return fate < 45 ? { kind: 'unanswered', why: 'ECONNRESET' } : answered(200);
          };
          for (let life = 0; life < 6; life += 1) {
            const store = new MemoryStore();
            store.text = kept;
            const desk = await Desk.open({ targets: [siem], post: faulty, store });
            if (life > 0 && draw() < 50) storyOf(draw() % 4, story);
            desk.notifier.offer(story.status());
            await desk.pass(draw() * 40, 3);
            // As the file was at some moment of this life; nothing is closed.
            kept = store.history[draw() % Math.max(1, store.history.length)] ?? kept;
          }
          const store = new MemoryStore();
          store.text = kept;
          const last = await Desk.open({ targets: [siem], post: faulty, store });
          last.notifier.offer(story.status());
          const all = idsOf(story);
          await last.until(() => all.every((id) => taken.has(id)), 5_000);
          await last.notifier.close();
          const [cursor] = readCursor(store.text ?? '')?.notices.values() ?? [];
          expect(cursor?.ledger).toBe(story.ledger.view.ledgerId);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('the file of the cursor', () => {
  it('is replaced as a whole, and what cannot be read is said by the code of the system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'snowgate-notify-'));
    const path = join(folder, 'notify.json');
    const store = fileStore(path, 100);
    expect(await store.read()).toEqual({ ok: true, value: null });
    expect(await store.write('first')).toEqual({ ok: true, value: null });
    expect(await store.write('second')).toEqual({ ok: true, value: null });
    expect(await store.read()).toEqual({ ok: true, value: 'second' });
    expect(readdirSync(folder)).toEqual(['notify.json']);
    writeFileSync(path, 'x'.repeat(101));
    expect(await store.read()).toEqual({ ok: false, fault: 'EFBIG' });
    rmSync(folder, { recursive: true });
    expect(await store.write('third')).toEqual({ ok: false, fault: 'ENOENT' });
  });
});
