import type { CommitRef } from '../controller/ports.ts';
import { escapeRecord } from '../lib/escape.ts';

/** More than a message with a line for everybody who had a hand in it. */
const trailersMax = 50;
const valueLimit = 256;
/** What git takes for the key of a trailer: nothing that needs escaping. Longer ones are not meant for a machine. */
const keyPattern = /^[a-z0-9-]{1,256}$/;

/**
 * The trailers that git printed, one a line, as `Key: value`. The rest of a line that was cut is not taken for a whole
 * one: `Approved-By: alice@example.com.evil.example` must not become alice. Those beyond the bound are left out, and a
 * value that is too long ends in an ellipsis.
 */
export function parseTrailers(text: string): CommitRef['trailers'] {
  // Without a prototype: `constructor` is a key like any other, and one that is not there must be absent.
  const trailers: Record<string, string[]> = Object.create(null);
  const lines = text.split('\n', trailersMax + 1);
  // What stands behind the last line feed is nothing, or was cut.
  const whole = lines.length > trailersMax ? trailersMax : lines.length - 1;
  for (const line of lines.slice(0, whole)) {
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (!keyPattern.test(key)) continue;
    const value = escapeRecord(line.slice(colon + 1).trim(), valueLimit);
    trailers[key] ??= [];
    trailers[key].push(value);
  }
  return trailers;
}
