/** Who may ask: one of several tokens, as a bearer or as the password of HTTP Basic, which browsers can send. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Shorter ones can be guessed, and open nothing. */
export const tokenLengthMin = 16;
/** A longer header is none of a browser or of Prometheus. */
const headerLengthMax = 4_096;

/** Whether the `Authorization` header holds one of the tokens. Takes as long for a wrong one as for a right one. */
export function isAuthorized(header: string | null, tokens: readonly string[]): boolean {
  const given = readToken(header);
  let isKnown = false;
  for (const token of tokens) {
    const isSame = timingSafeEqual(digest(given), digest(token));
    isKnown = (isSame && token.length >= tokenLengthMin) || isKnown;
  }
  return isKnown;
}

/** Digests are of one length, as the comparison needs, and tell nothing of the length of what they are of. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** Empty where there is none: no token is. Of Basic (RFC 7617) the user name is not looked at. */
function readToken(header: string | null): string {
  if (header === null || header.length > headerLengthMax) return '';
  const [, scheme = '', credentials = ''] = /^(bearer|basic) +([\x21-\x7e]+) *$/i.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials;
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0 ? '' : decoded.slice(colon + 1);
}
