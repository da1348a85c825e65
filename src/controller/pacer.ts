/** Paces: how often the ledger is pushed to and AWS is called. Pure over moments handed in. */

/**
 * A token bucket over the monotonic clock. Starts full, so that the first burst goes at once; `take` may go below
 * zero (a resend cannot wait), and is paid for afterwards.
 */
export class Pacer {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number | null = null;

  constructor(ratePerSecond: number, burst: number) {
    this.#perMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** How long until one token is there, or so many (at most the burst, or it would be never); 0 when they are. */
  waitMs(nowMs: number, tokens = 1): number {
    this.#refill(nowMs);
    const wanted = Math.min(tokens, this.#burst);
    return this.#tokens >= wanted ? 0 : Math.ceil((wanted - this.#tokens) / this.#perMs);
  }

  take(nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens -= 1;
  }

  #refill(nowMs: number): void {
    const sinceMs = this.#atMs === null ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#tokens = Math.min(this.#burst, this.#tokens + sinceMs * this.#perMs);
    this.#atMs = nowMs;
  }
}

/** Doubling from `firstMs` to `lastMs`; `n` counts from 1. */
export function backoffMs(n: number, firstMs: number, lastMs: number): number {
  return Math.min(lastMs, firstMs * 2 ** Math.min(30, Math.max(0, n - 1)));
}
