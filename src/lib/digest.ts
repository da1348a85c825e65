import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { BugError } from './faults.ts';

/**
 * The canonical JSON of a value (RFC 8785): the same bytes wherever it is computed.
 * Throws {@link BugError} on what JSON cannot say (undefined, NaN, a lone surrogate): validated data holds none.
 */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    throw new BugError('a value that was validated cannot be written as canonical JSON', { cause: error });
  }
  if (text === undefined) throw new BugError('undefined has no canonical JSON');
  return text;
}

/** Lower-case hex SHA-256 of the text's UTF-8 bytes: 64 characters. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
