import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';

const dayMs = 86_400_000;

describe('a sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function sleeping(durationMs: number, signal?: AbortSignal) {
    const state = { ended: false };
    void systemClock.sleep(durationMs, signal).then(() => {
      state.ended = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    return state;
  }

  it.each([1, 1_000, 2 ** 31 - 1, 2 ** 31, 100 * dayMs])('lasts %d ms, and no less', async (durationMs) => {
    const state = await sleeping(durationMs);
    await vi.advanceTimersByTimeAsync(durationMs - 1);
    expect(state.ended).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    expect(state.ended).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, -1, Number.NaN])('of %d ms is none', async (durationMs) => {
    expect((await sleeping(durationMs)).ended).toBe(true);
  });

  it('without end goes on until its signal aborts, and leaves no timer', async () => {
    const stop = new AbortController();
    const state = await sleeping(Number.POSITIVE_INFINITY, stop.signal);
    await vi.advanceTimersByTimeAsync(200 * dayMs);
    expect(state.ended).toBe(false);
    stop.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(state.ended).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
