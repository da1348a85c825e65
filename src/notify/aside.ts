/**
 * What a forge does not know: tried again beside everything else, ever more seldom, for a day. Then it is given up until it
 * says something else. In this life alone: the next one may have another token, and tries anew. By the monotonic clock: where a
 * wall clock is set back, nothing would be tried, or given up, until it has come to where it was.
 */

/** Between two tries of one: doubling. A mirror has a commit within minutes, a person mends a token within hours. */
const pauseFirstMs = 30_000;
const pauseLastMs = 60 * 60_000;
/** As long as what happened is news. */
const triedForMs = 24 * 60 * 60_000;

interface Entry {
  readonly firstMs: number;
  readonly tries: number;
  readonly dueMs: number;
}

export class Aside {
  readonly #entries = new Map<string, Entry>();
  readonly #refused = new Map<string, string>();

  /** It was not taken. Whether it is given up now. */
  add(key: string, value: string, monotonicMs: number): boolean {
    const { firstMs, tries } = this.#entries.get(key) ?? { firstMs: monotonicMs, tries: 0 };
    if (monotonicMs - firstMs >= triedForMs) {
      this.refuse(key, value);
      return true;
    }
    const pauseMs = Math.min(pauseLastMs, pauseFirstMs * 2 ** Math.min(tries, 20));
    this.#entries.set(key, { firstMs, tries: tries + 1, dueMs: monotonicMs + pauseMs });
    return false;
  }

  /** It is not wanted as it is. */
  refuse(key: string, value: string): void {
    this.#entries.delete(key);
    this.#refused.set(key, value);
  }

  /** It was taken. */
  forget(key: string): void {
    this.#entries.delete(key);
    this.#refused.delete(key);
  }

  /** Drops what nobody looks after any more. */
  keep(keys: ReadonlySet<string>): void {
    for (const map of [this.#entries, this.#refused]) {
      for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
    }
  }

  isRefused(key: string, value: string): boolean {
    return this.#refused.get(key) === value;
  }

  /** When it may be tried again; null for one that was not tried before. */
  dueMs(key: string): number | null {
    return this.#entries.get(key)?.dueMs ?? null;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }
}
