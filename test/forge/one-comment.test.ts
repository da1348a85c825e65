/** One comment, whoever else writes, however often, and by however many runs at once. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Comment, CommentApi } from '../../src/forge/comments.ts';
import { type Kept, keepOneComment, type Page } from '../../src/forge/one-comment.ts';
import { failed, fault, ok, type Result } from '../../src/lib/faults.ts';

const us = 'github-actions[bot]';
const marker = '<!-- snowgate review snowgate.yaml -->';

function page(text: string, id: number | null = null, attempt = 1): Page {
  return { key: 'snowgate.yaml', run: id === null ? null : { id, attempt }, text };
}

interface Thread extends CommentApi {
  readonly comments: Comment[];
  readonly writes: string[];
}

/** A pull request in memory. `between` is awaited before each call takes effect. */
function makeThread(
  first: readonly Comment[] = [],
  login = us,
  between: () => Promise<void> = async () => {},
): Thread {
  const comments = [...first];
  const writes: string[] = [];
  const missing = fault('SG8002', 'human', 'not there');
  return {
    comments,
    writes,
    list: async () => {
      await between();
      return ok(comments.map((comment) => ({ ...comment })));
    },
    create: async (body) => {
      await between();
      const made = { id: Math.max(0, ...comments.map(({ id }) => id)) + 1, author: login, body };
      comments.push(made);
      writes.push('create');
      return ok(made);
    },
    update: async (id, body) => {
      await between();
      const at = comments.findIndex((comment) => comment.id === id);
      const found = comments[at];
      if (found === undefined) return failed(missing);
      comments[at] = { ...found, body };
      writes.push(`update ${id}`);
      return ok(comments[at] as Comment);
    },
    remove: async (id) => {
      await between();
      const at = comments.findIndex((comment) => comment.id === id);
      if (at >= 0) comments.splice(at, 1);
      writes.push(`remove ${id}`);
      return ok(null);
    },
  };
}

function done(kept: Result<Kept>): string {
  return kept.ok ? kept.value.done : kept.fault.code;
}

describe('the comment', () => {
  it('is made once, brought up to date, and left alone where nothing has changed', async () => {
    const thread = makeThread([{ id: 1, author: 'ann', body: 'please review' }]);
    expect(done(await keepOneComment(thread, page('one', 10), us))).toBe('created');
    expect(done(await keepOneComment(thread, page('one', 11), us))).toBe('unchanged');
    expect(done(await keepOneComment(thread, page('two', 12), us))).toBe('updated');
    expect(done(await keepOneComment(thread, page('two\n', 12, 2), us))).toBe('unchanged');
    expect(thread.comments[1]?.body).toBe(`${marker}\n<!-- run 12.2 -->\n\ntwo\n`);
    expect(done(await keepOneComment(thread, page('two', 12, 2), us))).toBe('unchanged');
    expect(done(await keepOneComment(thread, page('two'), us))).toBe('unchanged');
    expect(thread.writes).toEqual(['create', 'update 2', 'update 2', 'update 2']);
  });

  it('is the same after a forge has changed its line ends and blanks', async () => {
    const thread = makeThread();
    await keepOneComment(thread, page('### a\n\n- b\n', 1), us);
    const [made] = thread.comments.splice(0);
    thread.comments.push({ ...(made as Comment), body: (made?.body ?? '').replaceAll('\n', '\r\n').trim() });
    expect(done(await keepOneComment(thread, page('### a\n\n- b\n', 2), us))).toBe('unchanged');
  });

  it.each([
    ['somebody else, who wrote the marker', { id: 1, author: 'mallory', body: `${marker}\n\nall is well\n` }],
    ['nobody any more', { id: 1, author: null, body: `${marker}\n` }],
    ['another of our kind', { id: 1, author: 'github-actions', body: `${marker}\n` }],
    ['us, by another configuration', { id: 1, author: us, body: '<!-- snowgate review lab.yaml -->\n\nx\n' }],
    ['us, quoting a comment', { id: 1, author: us, body: `> ${marker}\n> x\n` }],
    ['us, with the marker further below', { id: 1, author: us, body: `summary\n${marker}\n` }],
  ])('is never that of %s', async (_whose, comment) => {
    const thread = makeThread([comment]);
    expect(done(await keepOneComment(thread, page('one', 1), us))).toBe('created');
    expect(thread.comments[0]).toEqual(comment);
    expect(thread.comments).toHaveLength(2);
  });

  it('cannot be left by what the key holds', async () => {
    const thread = makeThread();
    await keepOneComment(thread, { key: '--><script>\n', run: null, text: 'x' }, us);
    expect(thread.comments[0]?.body).toBe('<!-- snowgate review --%3E%3Cscript%3E%0A -->\n\nx\n');
  });

  it('of a newer run is left alone by an older one, and by an earlier attempt', async () => {
    const thread = makeThread();
    await keepOneComment(thread, page('new', 20, 2), us);
    expect(done(await keepOneComment(thread, page('old', 19, 9), us))).toBe('newer');
    expect(done(await keepOneComment(thread, page('old', 20, 1), us))).toBe('newer');
    expect(done(await keepOneComment(thread, page('next', 20, 3), us))).toBe('updated');
    // Though the newer one had nothing new to say.
    expect(done(await keepOneComment(thread, page('next', 21), us))).toBe('unchanged');
    expect(done(await keepOneComment(thread, page('old', 20, 4), us))).toBe('newer');
  });

  it('is the oldest where there are several, and the others go', async () => {
    const body = (text: string): string => `${marker}\n\n${text}\n`;
    const thread = makeThread([
      { id: 9, author: us, body: body('nine') },
      { id: 4, author: us, body: body('four') },
      { id: 5, author: 'mallory', body: body('five') },
      { id: 6, author: us, body: body('six') },
    ]);
    const kept = await keepOneComment(thread, page('now', 1), us);
    expect(kept).toEqual({ ok: true, value: { done: 'updated', author: us, removed: 2 } });
    expect(thread.comments.map(({ id }) => id)).toEqual([4, 5]);
    expect(thread.comments[0]?.body).toContain('now');
  });

  it('is found by whom the answer names, where the token is somebody else than was believed', async () => {
    const thread = makeThread([], 'snow-robot');
    await keepOneComment(thread, page('one', 1), us);
    const kept = await keepOneComment(thread, page('two', 2), us);
    expect(kept).toMatchObject({ ok: true, value: { author: 'snow-robot', removed: 1 } });
    expect(thread.comments).toHaveLength(1);
    expect(thread.comments[0]).toMatchObject({ id: 1, author: 'snow-robot' });
    expect(thread.comments[0]?.body).toContain('two');
  });

  it('is looked for where it is not known whether it was made', async () => {
    const lost = fault('SG8004', 'retry', 'no answer');
    const made = makeThread();
    const late: CommentApi = {
      ...made,
      create: async (body) => {
        await made.create(body);
        return failed(lost);
      },
    };
    expect(done(await keepOneComment(late, page('one', 1), us))).toBe('unchanged');
    expect(made.comments).toHaveLength(1);
    const never: CommentApi = { ...makeThread(), create: async () => failed(lost) };
    expect(done(await keepOneComment(never, page('one', 1), us))).toBe('SG8004');
  });

  it('is made where the look afterwards fails: the next run tidies up', async () => {
    const thread = makeThread();
    let looks = 0;
    const blind: CommentApi = {
      ...thread,
      list: async () => {
        looks += 1;
        return looks === 1 ? thread.list() : failed(fault('SG8004', 'retry', 'gone'));
      },
    };
    expect(done(await keepOneComment(blind, page('one', 1), us))).toBe('created');
  });

  it('is one, whatever the order of the steps of several runs at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, runs) => {
        const thread = makeThread(
          [],
          us,
          scheduler.scheduleFunction(async () => {}),
        );
        const all = Array.from({ length: runs }, (_, index) =>
          keepOneComment(thread, page(`run ${index}`, index), us),
        );
        const kept = await scheduler.waitFor(Promise.all(all));
        expect(kept.filter((one) => !one.ok)).toEqual([]);
        expect(thread.comments).toHaveLength(1);
        // Two that wrote at once may leave the older text, since a forge has no compare-and-swap; the next run does not.
        const next = makeThread(thread.comments);
        await keepOneComment(next, page('next', runs), us);
        expect(next.comments.map(({ body }) => body)).toEqual([
          `${marker}\n<!-- run ${runs}.1 -->\n\nnext\n`,
        ]);
      }),
      { numRuns: 200 },
    );
  });
});
