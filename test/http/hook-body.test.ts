/** No body is read beyond its bound, whatever it says of itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createBodyReader,
  hookBodiesMax,
  hookBodyBytesMax,
  hookBodyGraceMs,
  hookBodyMs,
  type ReadBody,
} from '../../src/http/hook-body.ts';
import { StepClock } from './hook-world.ts';

interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  pulls: number;
  isCancelled: boolean;
}

/** Gives one chunk for each pull, and nothing ahead of it. */
function makeSource(chunks: Iterator<Uint8Array>): Source {
  const source: Source = {
    pulls: 0,
    isCancelled: false,
    stream: new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          source.pulls += 1;
          const { done, value } = chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel() {
          source.isCancelled = true;
        },
      },
      { highWaterMark: 0 },
    ),
  };
  return source;
}

function* chunksOf(bytes: number, count = Number.POSITIVE_INFINITY): Iterator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield new Uint8Array(bytes).fill(97);
}

function post(stream: ReadableStream<Uint8Array>, headers: Record<string, string> = {}): Request {
  return new Request('http://127.0.0.1/', { method: 'POST', headers, body: stream, duplex: 'half' });
}

/** By a reader of its own. */
function readAlone(request: Request): Promise<ReadBody> {
  return createBodyReader(new StepClock())(request);
}

describe('a body', () => {
  it.each([
    [0, 0],
    [1, 3],
    [7, 20_000],
    [65_536, 16],
    [hookBodyBytesMax, 1],
  ])('of chunks of %d bytes, %d of them, is read whole', async (bytes, count) => {
    const source = makeSource(chunksOf(bytes, count));
    const read = await readAlone(post(source.stream));
    // Not by toEqual, which takes seconds over a million bytes.
    expect(read.is === 'whole' && read.bytes.equals(Buffer.alloc(bytes * count, 'a'))).toBe(true);
    expect(source.isCancelled).toBe(false);
  });

  it('that is none is empty', async () => {
    const read = await readAlone(new Request('http://127.0.0.1/', { method: 'POST' }));
    expect(read).toEqual({ is: 'whole', bytes: Buffer.alloc(0) });
  });

  it.each([String(hookBodyBytesMax + 1), '9'.repeat(400), '00000000000000000001048577'])(
    'of a declared length of %s is not read at all',
    async (declared) => {
      const source = makeSource(chunksOf(1));
      expect(await readAlone(post(source.stream, { 'content-length': declared }))).toEqual({
        is: 'tooLarge',
      });
      expect(source.pulls).toBe(0);
    },
  );

  it.each([
    ['nothing', {}],
    ['too little', { 'content-length': '2' }],
    ['just the bound', { 'content-length': String(hookBodyBytesMax) }],
    ['nonsense', { 'content-length': '-1' }],
    ['a number in words of its own', { 'content-length': '1e3' }],
    ['two lengths', { 'content-length': '5, 5' }],
  ])('that declares %s is cut where it is too long, and its source is cancelled', async (_what, headers) => {
    const source = makeSource(chunksOf(65_536));
    expect(await readAlone(post(source.stream, headers))).toEqual({ is: 'tooLarge' });
    expect(source.pulls).toBe(hookBodyBytesMax / 65_536 + 1);
    expect(source.isCancelled).toBe(true);
  });

  it('of one byte too much is too large', async () => {
    const source = makeSource(chunksOf(hookBodyBytesMax + 1, 1));
    expect(await readAlone(post(source.stream))).toEqual({ is: 'tooLarge' });
  });

  it('whose source does not end its work, or fails in it, is answered all the same', async () => {
    for (const cancel of [() => new Promise<void>(() => {}), () => Promise.reject(new Error('planned'))]) {
      const stream = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(300_000)),
        cancel,
      });
      expect(await readAlone(post(stream))).toEqual({ is: 'tooLarge' });
    }
  });

  it('that ends within is broken', async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        if (pulls < 3) controller.enqueue(new Uint8Array(10));
        else controller.error(new Error('planned'));
      },
    });
    expect(await readAlone(post(stream, { 'content-length': '100' }))).toEqual({ is: 'broken' });
  });

  it('is the same bytes however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 50_000 }),
        fc.integer({ min: 1, max: 5_000 }),
        async (bytes, size) => {
          const chunks: Uint8Array[] = [];
          for (let from = 0; from < bytes.length; from += size) chunks.push(bytes.slice(from, from + size));
          const read = await readAlone(post(makeSource(chunks.values()).stream));
          expect(read.is === 'whole' && read.bytes.equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

/** A body that never comes to its end. */
function makeHalf(): Source {
  const source = makeSource(chunksOf(10, 1));
  const { stream } = source;
  const reader = stream.getReader();
  const half = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) await new Promise(() => {});
        else controller.enqueue(value);
      },
      cancel() {
        source.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return Object.assign(source, { stream: half });
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function makeDesk() {
  const clock = new StepClock();
  const read = createBodyReader(clock);
  const ended: string[] = [];
  const begin = (name: string, source: Source): Source => {
    void read(post(source.stream)).then(({ is }) => ended.push(`${name} ${is}`));
    return source;
  };
  return { clock, read, ended, begin };
}

describe('bodies', () => {
  it(`are read ${hookBodiesMax} at a time; of another, nothing is`, async () => {
    const { ended, begin } = makeDesk();
    for (let index = 0; index < hookBodiesMax; index += 1) begin(`${index}`, makeHalf());
    const next = begin('next', makeSource(chunksOf(10, 1)));
    await settled();
    expect(ended).toEqual(['next busy']);
    expect(next.pulls).toBe(0);
  });

  it('make room one by one, the oldest first, when they have had their time', async () => {
    const { clock, ended, begin } = makeDesk();
    const first = begin('0', makeHalf());
    await clock.pass(1);
    for (let index = 1; index < hookBodiesMax; index += 1) begin(`${index}`, makeHalf());
    await clock.pass(hookBodyGraceMs - 2);
    begin('early', makeSource(chunksOf(10, 1)));
    await settled();
    expect(ended).toEqual(['early busy']);
    await clock.pass(1);
    begin('whole', makeSource(chunksOf(10, 1)));
    await settled();
    expect(ended).toEqual(['early busy', '0 busy', 'whole whole']);
    expect(first.isCancelled).toBe(true);
    begin('half', makeHalf());
    begin('none', makeHalf());
    await settled();
    expect(ended.slice(3)).toEqual(['none busy']);
  });

  it('that take too long are given up', async () => {
    const { clock, ended, begin } = makeDesk();
    const source = begin('half', makeHalf());
    await clock.pass(hookBodyMs - 1);
    await settled();
    expect(ended).toEqual([]);
    await clock.pass(1);
    await settled();
    expect(ended).toEqual(['half late']);
    expect(source.isCancelled).toBe(true);
  });

  it('leave their place and no timer, however they end', async () => {
    const { clock, read } = makeDesk();
    const broken = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error('planned')) });
    for (let turn = 0; turn < 2 * hookBodiesMax; turn += 1) {
      expect(await read(post(makeSource(chunksOf(10, 2)).stream))).toMatchObject({ is: 'whole' });
      expect(await read(post(makeSource(chunksOf(600_000)).stream))).toEqual({ is: 'tooLarge' });
    }
    expect(await read(post(broken))).toEqual({ is: 'broken' });
    expect(clock.sleeping).toBe(0);
    expect(await read(post(makeSource(chunksOf(10, 2)).stream))).toMatchObject({ is: 'whole' });
  });
});
