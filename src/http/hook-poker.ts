/** Turns many pokes into few rings. Ten pushes in a row are one look at the repository, and the last of them is seen, too. */
import type { Clock } from '../lib/clock.ts';

export interface Poker {
  /** Asks for a ring: at once where there was none for {@link pokeGapMs}, else one for all who ask, at its end. */
  poke(): void;
  /** Ends the timer, if there is one. A ring that was still to come does not come, and no later poke does anything. */
  close(): void;
}

/**
 * At most one ring in so many milliseconds, by the monotonic clock. A ring costs a fetch, and a forge says one merge several
 * times over: the merge, the removal of its branch, each tag. Nobody who merges notices five seconds.
 */
export const pokeGapMs = 5_000;

/**
 * A poker that rings `ring`, and holds a timer only while a poke waits. A poke is never lost: after each one there is a
 * ring, no later than {@link pokeGapMs}, that begins after it. `ring` must not throw.
 */
export function createPoker(clock: Clock, ring: () => void): Poker {
  const closing = new AbortController();
  let rungMs: number | null = null;
  let isWaiting = false;
  const ringNow = (): void => {
    rungMs = clock.monotonicMs();
    ring();
  };
  const ringLater = async (waitMs: number): Promise<void> => {
    isWaiting = true;
    await clock.sleep(waitMs, closing.signal);
    // Before the ring: whoever pokes while it rings wants another one.
    isWaiting = false;
    if (!closing.signal.aborted) ringNow();
  };
  return {
    poke() {
      if (isWaiting || closing.signal.aborted) return;
      const waitMs = rungMs === null ? 0 : rungMs + pokeGapMs - clock.monotonicMs();
      if (waitMs <= 0) ringNow();
      else void ringLater(waitMs);
    },
    close() {
      closing.abort();
    },
  };
}
