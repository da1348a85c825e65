/**
 * Time comes in as an argument. Two clocks, because each lies in its own way: the wall clock jumps, and the
 * monotonic clock stands still while a machine is suspended. Whoever holds a permission to a deadline asks both.
 */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes. May jump either way. */
  wallMs(): number;
  /** Milliseconds since some moment; never goes back, may stand still while the machine sleeps. */
  monotonicMs(): number;
  /** Milliseconds that have passed by either clock, step by step; only a {@link carefulClock} counts them. */
  passedMs?(): number;
  /** Resolves after so many milliseconds of the monotonic clock, or at once when the signal aborts. Never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** One moment on both clocks. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** By a {@link carefulClock}: what has passed by whichever clock said more, at each step. */
  readonly passedMs?: number;
}

/** Reads both clocks, one right after the other. */
export function readMoment(clock: Clock): Moment {
  const passedMs = clock.passedMs?.();
  const moment = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  return passedMs === undefined ? moment : { ...moment, passedMs };
}

export interface CarefulClock extends Clock {
  passedMs(): number;
  /** Somebody else's clock has shown that so much more has passed than either of ours could tell. */
  addLost(lostMs: number): void;
}

/**
 * A clock that adds up, from reading to reading, what passed by whichever of its two clocks says more. Two readings alone
 * can both be wrong: a machine that was suspended, whose monotonic clock stood still, and whose wall clock was then set
 * back, seems to have lost no time at all.
 */
export function carefulClock(clock: Clock): CarefulClock {
  let last = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  let passedMs = 0;
  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    sleep: (durationMs, signal) => clock.sleep(durationMs, signal),
    passedMs: () => {
      const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
      passedMs += Math.max(0, now.wallMs - last.wallMs, now.monotonicMs - last.monotonicMs);
      last = now;
      return passedMs;
    },
    addLost: (lostMs) => {
      passedMs += lostMs;
    },
  };
}

/**
 * The time since `start` by whichever clock says more: a deadline that one of them has passed is passed. A wall
 * clock set back makes its own difference negative, and then the monotonic one decides.
 */
export function elapsedMs(start: Moment, now: Moment): number {
  const passedMs = (now.passedMs ?? 0) - (start.passedMs ?? 0);
  return Math.max(now.wallMs - start.wallMs, now.monotonicMs - start.monotonicMs, passedMs);
}

/** What a timer of Node can hold; a longer one would end at once. Nearly 25 days. */
const timerMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true || !(durationMs > 0)) {
        resolve();
        return;
      }
      const endMs = performance.now() + durationMs;
      let timer: NodeJS.Timeout;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const wait = (leftMs: number): void => {
        const next = leftMs > timerMaxMs ? () => wait(endMs - performance.now()) : done;
        timer = setTimeout(next, Math.min(leftMs, timerMaxMs));
      };
      wait(durationMs);
      signal?.addEventListener('abort', done, { once: true });
    }),
};
