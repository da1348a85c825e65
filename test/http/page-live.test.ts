/** The stream of events: what it tells, how often, how many may listen, and that it ends. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveStreams, streamsMax } from '../../src/http/page-live.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

class Hub {
  readonly listeners = new Set<() => void>();
  revision = 1;
  readonly closing = new AbortController();
  readonly streams = new LiveStreams({
    subscribe: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
    readRevision: () => String(this.revision),
  });

  open() {
    const stream = this.streams.open(this.closing.signal);
    if (stream === null) throw new Error('refused');
    return listen(stream);
  }

  pass(): void {
    this.revision += 1;
    for (const listener of this.listeners) listener();
  }
}

/** Reads along, as a browser does. */
function listen(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const heard = { text: '', ended: false, stop: () => reader.cancel() };
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      heard.text += decoder.decode(part.value);
    }
    heard.ended = true;
  };
  void read();
  return heard;
}

const told = ({ text }: { readonly text: string }): string[] =>
  [...text.matchAll(/event: pass\ndata: (\d+)\n\n/g)].map(([, number = '']) => number);
const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('a stream', () => {
  it('begins with how it stands, and tells each pass, at most one a second', async () => {
    const hub = new Hub();
    const heard = hub.open();
    await settle();
    expect(heard.text).toBe('retry: 3000\n\nevent: pass\ndata: 1\n\n');
    hub.pass();
    await settle();
    expect(told(heard)).toEqual(['1', '2']);
    for (let time = 0; time < 50; time += 1) hub.pass();
    await settle(900);
    expect(told(heard)).toEqual(['1', '2']);
    await settle(200);
    expect(told(heard)).toEqual(['1', '2', '52']);
    await settle(10_000);
    expect(told(heard)).toEqual(['1', '2', '52']);
  });

  it('says something every 15 s', async () => {
    const hub = new Hub();
    const heard = hub.open();
    await settle(46_000);
    expect(heard.text.match(/^:$/gm)).toHaveLength(3);
  });

  it('is refused to one too many, and free again when one goes', async () => {
    const hub = new Hub();
    const all = Array.from({ length: streamsMax }, () => hub.open());
    await settle();
    expect(hub.streams.open(hub.closing.signal)).toBeNull();
    await all[3]?.stop();
    await settle();
    expect(hub.streams.size).toBe(streamsMax - 1);
    hub.open();
    expect(hub.streams.open(hub.closing.signal)).toBeNull();
  });

  it('ends with the listener, and leaves nothing behind', async () => {
    const hub = new Hub();
    const heard = [hub.open(), hub.open()];
    await settle();
    expect(hub.listeners.size).toBe(1);
    hub.closing.abort();
    await settle();
    expect(heard.map(({ ended }) => ended)).toEqual([true, true]);
    expect([hub.streams.size, hub.listeners.size]).toEqual([0, 0]);
    expect(hub.streams.open(hub.closing.signal)).toBeNull();
    await settle(2_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('whose last reader has gone asks nobody any more', async () => {
    const hub = new Hub();
    const heard = hub.open();
    await settle();
    await heard.stop();
    expect([hub.streams.size, hub.listeners.size]).toEqual([0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends for a reader who does not read, and keeps no more for it', async () => {
    const hub = new Hub();
    const stream = hub.streams.open(hub.closing.signal);
    const other = hub.open();
    for (let time = 0; time < 80; time += 1) {
      hub.pass();
      await settle(1_001);
    }
    expect([stream === null, hub.streams.size, other.ended]).toEqual([false, 1, false]);
  });
});
