/** Sets of instants as half-open spans of epoch milliseconds, in order. */

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
  /** The reasons of what makes it, without repeats, in order of their beginning. */
  readonly reasons: readonly string[];
}

/** Nobody reads more of the reasons of what runs into one; the rest changes nothing. */
const reasonsMax = 4;

/** In order, with those that touch or overlap made one. Empty spans are left out. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const sorted = spans.filter(({ startMs, endMs }) => endMs > startMs);
  sorted.sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const merged: { startMs: number; endMs: number; reasons: readonly string[] }[] = [];
  for (const span of sorted) {
    const last = merged.at(-1);
    if (last === undefined || span.startMs > last.endMs) {
      merged.push({ ...span });
      continue;
    }
    last.endMs = Math.max(last.endMs, span.endMs);
    const news = span.reasons.filter((reason) => !last.reasons.includes(reason));
    if (news.length > 0) last.reasons = [...last.reasons, ...news].slice(0, reasonsMax);
  }
  return merged;
}

/** What is in the first and not in the second; both in order and merged, as `mergeSpans` leaves them. */
export function subtractSpans(from: readonly Span[], taken: readonly Span[]): Span[] {
  const left: Span[] = [];
  let next = 0;
  for (const span of from) {
    let startMs = span.startMs;
    while (next < taken.length && (taken[next]?.endMs ?? 0) <= startMs) next += 1;
    for (let index = next; index < taken.length; index += 1) {
      const hole = taken[index];
      if (hole === undefined || hole.startMs >= span.endMs) break;
      if (hole.startMs > startMs) left.push({ ...span, startMs, endMs: hole.startMs });
      startMs = Math.max(startMs, hole.endMs);
    }
    if (startMs < span.endMs) left.push({ ...span, startMs });
  }
  return left;
}

/** Index of the last span that starts at or before the instant; -1 where none does. Spans in order. */
export function findSpan(spans: readonly Span[], timeMs: number): number {
  let [low, high] = [-1, spans.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((spans[middle]?.startMs ?? 0) <= timeMs) low = middle;
    else high = middle - 1;
  }
  return low;
}
