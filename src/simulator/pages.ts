/**
 * Pages and their tokens. A nextToken is opaque, fits the API's grammar, and is good only for the very listing that gave it out
 * (operation, fleet, filters): anything else is a ValidationException. The page size may change between pages.
 */
import { hash32 } from './identity.ts';

const tokenGrammar = /^[a-zA-Z0-9+/]+={0,2}$/;
const tokenLettersMax = 1024;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

/** What a listing is of; two listings with different texts do not understand each other's tokens. */
export type ListingKey = string;

/** The token of the page that begins at `cursor`, which must be ASCII. */
function writeToken(listing: ListingKey, cursor: string): string {
  return btoa(`${hash32(`${listing}\n${cursor}`).toString(16)}.${cursor}`);
}

/** The cursor within a token, or null when this listing never gave it out. */
export function readToken(listing: ListingKey, token: string): string | null {
  if (token.length > tokenLettersMax || !tokenGrammar.test(token)) return null;
  let text: string;
  try {
    text = atob(token);
  } catch {
    return null;
  }
  const cursor = text.slice(text.indexOf('.') + 1);
  return writeToken(listing, cursor) === token ? cursor : null;
}

/**
 * Collects at most `size` accepted items, beginning at `startIndex`, and one more to know whether there is a next page. A
 * size of 0 is a page with nothing on it and a token that begins where it began: services do that, too.
 */
export function collectPage<T>(
  listing: ListingKey,
  source: {
    readonly length: number;
    readonly at: (index: number) => T | undefined;
    readonly accept: (item: T) => boolean;
    /** Names the item from which a page goes on; read back by the caller. */
    readonly cursor: (item: T) => string;
  },
  startIndex: number,
  size: number,
): Page<T> {
  const items: T[] = [];
  for (let index = startIndex; index < source.length; index += 1) {
    const item = source.at(index);
    if (item === undefined || !source.accept(item)) continue;
    if (items.length === size) return { items, nextToken: writeToken(listing, source.cursor(item)) };
    items.push(item);
  }
  return { items };
}
