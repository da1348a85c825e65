import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Read, TaskDescription } from '../../src/controller/ports.ts';
import { readExecutions, readListing } from '../../src/snow/listing.ts';
import { parseTask } from '../../src/snow/shape.ts';

type Json = Readonly<Record<string, unknown>>;

const tags = { a: 'b' };
const task = (taskId: string, more: Json = {}): Json => ({ taskId, state: 'IN_PROGRESS', tags, ...more });

/** Answers the pages in order, whatever token is sent; remembers the tokens. */
function pager(pages: readonly Json[]) {
  const asked: (string | null)[] = [];
  const ask = async (nextToken: string | null): Promise<Read<Json>> => {
    const page = pages[Math.min(asked.length, pages.length - 1)] ?? {};
    asked.push(nextToken);
    return { kind: 'ok', value: page };
  };
  return { ask, asked };
}

const noDescription = async (taskId: string): Promise<Read<TaskDescription>> => {
  throw new Error(`DescribeTask ${taskId} was not needed`);
};

const describeWith =
  (more: Partial<TaskDescription>) =>
  async (taskId: string): Promise<Read<TaskDescription>> => ({
    kind: 'ok',
    value: {
      taskId,
      taskArn: null,
      state: 'COMPLETED',
      targets: [],
      tags: {},
      createdMs: null,
      completedMs: null,
      ...more,
    },
  });

describe('a listing', () => {
  it('follows the tokens to the page without one', async () => {
    const { ask, asked } = pager([
      { tasks: [task('st-1')], nextToken: 'x' },
      { tasks: [], nextToken: 'y' },
      { tasks: [task('st-2')] },
    ]);
    expect(await readListing(ask, noDescription, 'x')).toEqual({
      kind: 'ok',
      value: {
        tasks: [
          { taskId: 'st-1', state: 'IN_PROGRESS', tags },
          { taskId: 'st-2', state: 'IN_PROGRESS', tags },
        ],
        pages: 3,
      },
    });
    expect(asked).toEqual([null, 'x', 'y']);
  });

  it.each([{ nextToken: null }, { nextToken: '' }, {}])('ends at %j', async (end) => {
    const { ask, asked } = pager([{ tasks: [], ...end }]);
    expect((await readListing(ask, noDescription, 'x')).kind).toBe('ok');
    expect(asked).toHaveLength(1);
  });

  it('counts a task that is on two pages once, as it was last seen', async () => {
    const { ask } = pager([
      { tasks: [task('st-1')], nextToken: 'x' },
      { tasks: [task('st-1', { state: 'COMPLETED' })] },
    ]);
    const read = await readListing(ask, noDescription, 'x');
    expect(read.kind === 'ok' && read.value.tasks).toEqual([{ taskId: 'st-1', state: 'COMPLETED', tags }]);
  });

  it.each([
    ['none', {}],
    ['null', { tags: null }],
    ['an empty map', { tags: {} }],
  ])('describes a task whose summary has %s for tags', async (_name, more) => {
    const { tags: _tags, ...bare } = task('st-1');
    const { ask } = pager([{ tasks: [{ ...bare, ...more }] }]);
    const read = await readListing(ask, describeWith({ tags: { 'snowgate:revision': 'r' } }), 'x');
    expect(read.kind === 'ok' && read.value.tasks).toEqual([
      { taskId: 'st-1', state: 'COMPLETED', tags: { 'snowgate:revision': 'r' } },
    ]);
  });

  it('describes a few at a time, each once', async () => {
    let at = 0;
    let most = 0;
    const described: string[] = [];
    const { ask } = pager([
      { tasks: Array.from({ length: 50 }, (_x, n) => task(`st-${n}`, { tags: null })) },
    ]);
    const read = await readListing(
      ask,
      async (taskId) => {
        at += 1;
        most = Math.max(most, at);
        described.push(taskId);
        await new Promise((resolve) => setImmediate(resolve));
        at -= 1;
        return describeWith({})(taskId);
      },
      'x',
    );
    expect(read.kind).toBe('ok');
    expect(new Set(described).size).toBe(50);
    expect(described).toHaveLength(50);
    expect(most).toBe(4);
  });

  it.each([
    ['no tasks', {}],
    ['more tasks than were asked for', { tasks: Array.from({ length: 101 }, (_x, n) => task(`st-${n}`)) }],
    ['tasks that are no list', { tasks: { 0: task('st-1') } }],
    ['an entry that is no object', { tasks: ['st-1'] }],
    ['an entry without id', { tasks: [task('st-1'), { state: 'COMPLETED', tags }] }],
    ['an impossible id', { tasks: [task('../../etc')] }],
    ['an id with a line feed', { tasks: [task('st-1\n')] }],
    ['no state', { tasks: [{ taskId: 'st-1', tags }] }],
    ['a state that is none', { tasks: [task('st-1', { state: 'in progress\u001b[2J' })] }],
    ['a state longer than the ledger keeps', { tasks: [task('st-1', { state: 'X'.repeat(33) })] }],
    ['a tag that is a number', { tasks: [task('st-1', { tags: { a: 1 } })] }],
    ['tags that are a list', { tasks: [task('st-1', { tags: ['a'] })] }],
    ['a token that is a number', { tasks: [], nextToken: 1 }],
  ])('fails at a page with %s', async (_name, page) => {
    const { ask } = pager([{ tasks: [task('st-9')], nextToken: 'x' }, page]);
    const read = await readListing(ask, noDescription, 'ListTasks of fleet lab');
    expect(read).toMatchObject({ kind: 'failed', fault: { code: 'SG5004', class: 'retry' } });
    expect(read).not.toHaveProperty('value');
  });

  it('fails when a page leads back to an earlier one', async () => {
    const { ask, asked } = pager([
      { tasks: [], nextToken: 'a' },
      { tasks: [], nextToken: 'b' },
      { tasks: [], nextToken: 'a' },
    ]);
    expect(await readListing(ask, noDescription, 'x')).toMatchObject({
      kind: 'failed',
      fault: { code: 'SG5020' },
    });
    expect(asked).toHaveLength(3);
  });

  it('fails after ten thousand pages', async () => {
    let n = 0;
    const ask = async (): Promise<Read<Json>> => {
      n += 1;
      return { kind: 'ok', value: { tasks: [], nextToken: `t${n}` } };
    };
    expect(await readListing(ask, noDescription, 'x')).toMatchObject({
      kind: 'failed',
      fault: { code: 'SG5020' },
    });
    expect(n).toBe(10_000);
  });

  it('keeps a tag whose key is __proto__', async () => {
    const { ask } = pager([
      JSON.parse('{"tasks":[{"taskId":"st-1","state":"X","tags":{"__proto__":"v"}}]}') as Json,
    ]);
    const read = await readListing(ask, noDescription, 'x');
    expect(read.kind === 'ok' && Object.entries(read.value.tasks[0]?.tags ?? {})).toEqual([
      ['__proto__', 'v'],
    ]);
  });
});

describe('executions', () => {
  it('of another task are a failure', async () => {
    const { ask } = pager([{ executions: [{ taskId: 'st-2', managedDeviceId: 'smd-1', state: 'QUEUED' }] }]);
    expect((await readExecutions(ask, 'st-1', 'x')).kind).toBe('failed');
  });

  it('count once each, as they were last seen', async () => {
    const entry = { taskId: 'st-1', managedDeviceId: 'smd-1', executionId: 'e-1', state: 'QUEUED' };
    const { ask } = pager([
      { executions: [entry], nextToken: 'x' },
      {
        executions: [
          { ...entry, state: 'SUCCEEDED' },
          { managedDeviceId: 'smd-2', state: 'FAILED' },
        ],
      },
    ]);
    const read = await readExecutions(ask, 'st-1', 'x');
    expect(read.kind === 'ok' && read.value).toEqual([
      { executionId: 'e-1', device: 'smd-1', state: 'SUCCEEDED' },
      { executionId: null, device: 'smd-2', state: 'FAILED' },
    ]);
  });
});

describe('a description', () => {
  it('of another task, or with targets that are no ids, cannot be used', () => {
    const good = { taskId: 'st-1', state: 'COMPLETED', targets: ['smd-1'], tags };
    expect(parseTask(good, 'st-1').ok).toBe(true);
    for (const bad of [
      { taskId: 'st-2' },
      { taskId: undefined },
      { state: 1 },
      { targets: 'smd-1' },
      { targets: [1] },
      { tags: [] },
    ]) {
      expect(parseTask({ ...good, ...bad }, 'st-1').ok).toBe(false);
    }
  });

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (json) => void parseTask(json, 'st-1')),
    );
  });
});
