import { distance } from 'fastest-levenshtein';

/** Beyond this a word is not a slip of the fingers, and comparing it would cost more than it tells. */
const wordCharsMax = 64;

/**
 * The candidate that a misspelt word most likely means, or undefined where none is near: at most one edit in three
 * characters, and never one that would replace the whole word. Case alone is always near.
 */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > wordCharsMax) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestEdits = Math.ceil(word.length / 3) + 1;
  for (const candidate of candidates) {
    const edits = distance(wanted, candidate.toLowerCase());
    if (edits >= bestEdits || edits >= candidate.length) continue;
    best = candidate;
    bestEdits = edits;
  }
  return best;
}
