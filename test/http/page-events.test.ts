/** The stream of events over a socket: who may listen, what a pass does, and that it keeps no server from ending. */
import { afterEach, expect, it } from 'vitest';
import { streamsMax } from '../../src/http/page-live.ts';
import { serve } from '../pages/serving.ts';
import { bearer, Watched } from './watched.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function served() {
  const watched = new Watched();
  const server = await serve(watched);
  closing.push(server.close);
  const listen = async (signal?: AbortSignal) => {
    const answer = await fetch(`${server.url}/events`, {
      headers: bearer,
      ...(signal === undefined ? {} : { signal }),
    });
    return { answer, reader: answer.body?.getReader() };
  };
  return { watched, server, listen };
}

const decoder = new TextDecoder();

/** What is said until a text has been heard, or to the end. */
async function hear(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  wanted = '\u0000',
): Promise<string> {
  let heard = '';
  while (reader !== undefined && !heard.includes(wanted)) {
    const part = await reader.read();
    if (part.done) break;
    heard += decoder.decode(part.value);
  }
  return heard;
}

it('needs a token, as every page does', async () => {
  const { server } = await served();
  expect((await fetch(`${server.url}/events`)).status).toBe(401);
});

it('tells each pass that ends', async () => {
  const { watched, listen } = await served();
  const { answer, reader } = await listen();
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await hear(reader, 'data: ')).toBe('retry: 3000\n\nevent: pass\ndata: life-1.0.0\n\n');
  await watched.pass();
  expect(await hear(reader, 'data: ')).toBe('event: pass\ndata: life-1.1.0\n\n');
});

it('keeps no server from ending, and ends with it', async () => {
  const { server, listen } = await served();
  const streams = await Promise.all([listen(), listen(), listen()]);
  const begunMs = performance.now();
  await server.close();
  expect(performance.now() - begunMs).toBeLessThan(900);
  for (const { reader } of streams) expect(await hear(reader)).toContain('event: pass');
  closing.length = 0;
});

it('is for so many at once, and free again for the next when one goes', async () => {
  const { server, listen } = await served();
  const gone = new AbortController();
  await listen(gone.signal);
  const others = await Promise.all(Array.from({ length: streamsMax - 1 }, () => listen()));
  expect(new Set(others.map(({ answer }) => answer.status))).toEqual(new Set([200]));
  const refused = await listen();
  expect([refused.answer.status, refused.answer.headers.get('retry-after')]).toEqual([503, '30']);
  for (let times = 0; times < 40; times += 1) {
    const head = await fetch(`${server.url}/events`, { method: 'HEAD', headers: bearer });
    expect(head.status).toBe(200);
  }
  gone.abort();
  await expect.poll(async () => (await listen()).answer.status, { timeout: 5_000 }).toBe(200);
});
