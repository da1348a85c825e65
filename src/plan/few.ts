/** Many things in a sentence: a task may name hundreds of devices, and nobody reads them all. */

/** Named one by one. */
const shownMax = 4;

/** What is said of each, in their order: the first few, and how many more there are. */
export function joinFew(texts: readonly string[]): string {
  // One more is no longer than to say that there is one.
  if (texts.length <= shownMax + 1) return texts.join(', ');
  return `${texts.slice(0, shownMax).join(', ')} and ${texts.length - shownMax} more`;
}
