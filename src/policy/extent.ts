/**
 * How large a value can be at most. The evaluator has no budget of its own, so the work of an expression is bounded
 * before it is accepted: from what its facts can hold at most, and from what its operators make of that.
 */
export interface Extent {
  /** Of a text, its UTF-16 units; of a map, those of each key; otherwise 0. */
  readonly chars: number;
  /** Of a list or a map; 0 for everything that is not counted. */
  readonly items: number;
  /** What each element of a list, or each value of a map, can be at most. */
  readonly of: Extent | null;
}

/** A number, an instant, a struct: what takes no longer however large it is. */
export const scalar: Extent = { chars: 0, items: 0, of: null };

/** A text of at most so many UTF-16 units. */
export function textExtent(chars: number): Extent {
  return { chars, items: 0, of: null };
}

/** A list of at most so many elements. */
export function listExtent(items: number, of: Extent): Extent {
  return { chars: 0, items, of };
}

/** A map of at most so many entries, with keys of at most so many UTF-16 units. */
export function mapExtent(items: number, keyChars: number, of: Extent): Extent {
  return { chars: keyChars, items, of };
}

/** What either of two values can be. */
export function widest(left: Extent, right: Extent): Extent {
  return {
    chars: Math.max(left.chars, right.chars),
    items: Math.max(left.items, right.items),
    of: left.of === null || right.of === null ? (left.of ?? right.of) : widest(left.of, right.of),
  };
}

/** A text or a list with another behind it. */
export function joined(left: Extent, right: Extent): Extent {
  return { ...widest(left, right), chars: left.chars + right.chars, items: left.items + right.items };
}

/** Steps to look at all of a value once; a step is about 100 ns, which compare a hundred characters. */
export function weightOf(extent: Extent): number {
  const text = 1 + extent.chars / 100;
  return extent.of === null ? text : 1 + extent.items * (text + weightOf(extent.of));
}
