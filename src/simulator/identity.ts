/**
 * Names made from a seed: the same seed gives the same devices and the same task ids in every run, so that a test or a
 * demo can write them down beforehand. They look like AWS's: a prefix and 16 characters.
 */

const letters = 'abcdefghijklmnopqrstuvwxyz234567';
const idLetters = 16;

/** FNV-1a over UTF-16 code units; spreads well enough for names and page checks, and keeps nothing secret. */
export function hash32(text: string, start = 0x811c9dc5): number {
  let hash = start >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seededFractions(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

type IdPrefix = 'smd-' | 'st-' | 'JID-' | 's.i-' | 's.ami-' | 's.vol-' | 's.sg-';

/** `prefix` and 16 characters of a-z2-7. Not proven unique: who needs that asks again with another `count`. */
export function makeId(prefix: IdPrefix, seed: string, count: number): string {
  const next = seededFractions(hash32(`${prefix}${seed}#${count}`));
  let id: string = prefix;
  for (let index = 0; index < idLetters; index += 1) id += letters[Math.floor(next() * letters.length)];
  return id;
}

/** A request id in the shape of a UUID. */
export function makeRequestId(seed: number, count: number): string {
  const next = seededFractions(hash32(`request#${count}`, seed >>> 0));
  const hex = (digits: number): string => {
    let text = '';
    for (let index = 0; index < digits; index += 1) text += Math.floor(next() * 16).toString(16);
    return text;
  };
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
}

/** The resource name of a task or a device in its account and region. */
export function makeArn(
  place: { readonly account: string; readonly region: string },
  kind: 'task' | 'managed-device',
  id: string,
): string {
  return `arn:aws:snow-device-management:${place.region}:${place.account}:${kind}/${id}`;
}
