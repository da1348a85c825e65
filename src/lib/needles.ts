interface Needle {
  readonly text: string;
  /** So many characters of it end with its gram. */
  readonly gramEnd: number;
  readonly slot: number;
  /** How often it was added, and not removed. */
  holders: number;
}

/** No needle is shorter: one gram of it is looked for. */
export const needleLengthMin = 4;
const slotBits = 16;
const slotCount = 2 ** slotBits;
/** A character leaves the slot after as many steps as a gram is long: what is left speaks of the last gram alone. */
const stepBits = slotBits / needleLengthMin;

/**
 * Texts that are looked for in others, all of them in one walk. Each is found by one gram of four characters, chosen where no
 * other has the same: hundreds of session tokens that begin alike cost no more than one. Work grows with the text, and not with
 * the number of needles.
 */
export class Needles {
  readonly #byText = new Map<string, Needle>();
  readonly #bySlot = new Map<number, Needle[]>();
  readonly #isUsed = new Uint8Array(slotCount);

  /** Looks for it from now on, until it is removed as often as it was added. It has at least `needleLengthMin` characters. */
  add(text: string): void {
    const known = this.#byText.get(text);
    if (known !== undefined) {
      known.holders += 1;
      return;
    }
    const needle = { ...this.#freestGram(text), text, holders: 1 };
    const beside = this.#bySlot.get(needle.slot);
    if (beside === undefined) this.#bySlot.set(needle.slot, [needle]);
    else beside.push(needle);
    this.#isUsed[needle.slot] = 1;
    this.#byText.set(text, needle);
  }

  remove(text: string): void {
    const needle = this.#byText.get(text);
    if (needle === undefined) return;
    needle.holders -= 1;
    if (needle.holders > 0) return;
    this.#byText.delete(text);
    const others = (this.#bySlot.get(needle.slot) ?? []).filter((one) => one !== needle);
    this.#bySlot.set(needle.slot, others);
    if (others.length === 0) {
      this.#bySlot.delete(needle.slot);
      this.#isUsed[needle.slot] = 0;
    }
  }

  /** The text with a mask in place of every character that belongs to a needle, one for those that overlap or touch. */
  mask(text: string, mask: string): string {
    const spans = this.#find(text).sort(([a], [b]) => a - b);
    let shown = '';
    let shownEnd = -1;
    for (const [start, end] of spans) {
      if (start > shownEnd) shown += text.slice(Math.max(0, shownEnd), start) + mask;
      shownEnd = Math.max(shownEnd, end);
    }
    return shownEnd < 0 ? text : shown + text.slice(shownEnd);
  }

  /** Where needles stand, from and to, in no order. */
  #find(text: string): [number, number][] {
    const spans: [number, number][] = [];
    if (this.#byText.size === 0) return spans;
    let slot = 0;
    for (let at = 0; at < text.length; at += 1) {
      slot = nextSlot(slot, text, at);
      if (this.#isUsed[slot] === 0) continue;
      for (const needle of this.#bySlot.get(slot) ?? []) {
        const start = at + 1 - needle.gramEnd;
        if (start >= 0 && text.startsWith(needle.text, start))
          spans.push([start, start + needle.text.length]);
      }
    }
    return spans;
  }

  #freestGram(text: string): { readonly gramEnd: number; readonly slot: number } {
    let best = { gramEnd: 0, slot: 0 };
    let bestCount = Number.POSITIVE_INFINITY;
    let slot = 0;
    for (let at = 0; at < text.length && bestCount > 0; at += 1) {
      slot = nextSlot(slot, text, at);
      if (at + 1 < needleLengthMin) continue;
      const count = this.#bySlot.get(slot)?.length ?? 0;
      if (count < bestCount) {
        best = { gramEnd: at + 1, slot };
        bestCount = count;
      }
    }
    return best;
  }
}

function nextSlot(slot: number, text: string, at: number): number {
  return ((slot << stepBits) ^ text.charCodeAt(at)) & (slotCount - 1);
}
