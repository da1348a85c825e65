/** Lets one of each kind through in so long, and counts what it holds back: for what anybody may cause as often as he likes. */
export class Sieve {
  readonly #gapMs: number;
  readonly #last = new Map<string, { readonly atMs: number; heldBack: number }>();

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  /** How many of its kind were held back since the last that went through; null where this one is held back, too. */
  take(kind: string, monotonicMs: number): number | null {
    const last = this.#last.get(kind);
    if (last !== undefined && monotonicMs - last.atMs < this.#gapMs) {
      last.heldBack += 1;
      return null;
    }
    this.#last.set(kind, { atMs: monotonicMs, heldBack: 0 });
    return last?.heldBack ?? 0;
  }
}
