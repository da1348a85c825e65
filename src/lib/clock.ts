/**
 * Time comes in as an argument. Two clocks, because each lies in its own way: the wall clock jumps, and the
 * monotonic clock stands still while a machine is suspended. Whoever holds a permission to a deadline asks both.
 */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes. May jump either way. */
  wallMs(): number;
  /** Milliseconds since some moment; never goes back, may stand still while the machine sleeps. */
  monotonicMs(): number;
  /** Resolves after so many milliseconds of the monotonic clock, or at once when the signal aborts. Never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** One moment on both clocks. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Reads both clocks, one right after the other. */
export function readMoment(clock: Clock): Moment {
  return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
}

/**
 * The time since `start` by whichever clock says more: a deadline that one of them has passed is passed. A wall
 * clock set back makes its own difference negative, and then the monotonic one decides.
 */
export function elapsedMs(start: Moment, now: Moment): number {
  return Math.max(now.wallMs - start.wallMs, now.monotonicMs - start.monotonicMs);
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true || durationMs <= 0) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, durationMs);
      signal?.addEventListener('abort', done, { once: true });
    }),
};
