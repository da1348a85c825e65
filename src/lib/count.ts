/** `1 finding`, `2 findings`: for nouns that need no more than an s. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
