/**
 * Proves a Signature Version 4, where keys are configured: what the caller must have signed is put together again from the
 * request as it arrived, and signed with the same secret. Any byte changed on the way gives another signature.
 *
 * The body is always hashed here: a header X-Amz-Content-Sha256 that says something else, or UNSIGNED-PAYLOAD, is believed by
 * S3 and by nobody else.
 */
import { createHash, createHmac } from 'node:crypto';
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Claim } from './signature.ts';

/** A secret that the simulator shares with a caller. */
export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Twelve digits. */
  readonly account: string;
  /** Of temporary credentials: the request must carry this very token, and none where there is none. */
  readonly sessionToken?: string;
}

/** A request as it arrived, before anything in it was decoded. */
export interface WireParts {
  /** Behind the `?`, still encoded. */
  readonly rawQuery: string;
  /** By lower-case name; values of a header that came several times are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** SHA-256 of the body's bytes, in lower-case hex. */
  readonly bodyHash: string;
}

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly wire?: WireParts;
}

const invalidToken = 'The security token included in the request is invalid.';
const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** Whether the claim is true. Without keys nobody can tell, and everybody is believed. */
export function proveClaim(
  keys: ReadonlyMap<string, SigningKey>,
  claim: Claim,
  request: SignedRequest,
): Reply<null> {
  if (keys.size === 0) return ok(null);
  const key = keys.get(claim.accessKeyId);
  const token = request.wire?.headers.get('x-amz-security-token');
  if (key === undefined || token !== key.sessionToken) {
    return refuse('UnrecognizedClientException', invalidToken);
  }
  const { wire } = request;
  if (wire === undefined || signRequest(key, claim, { ...request, wire }) !== claim.signature) {
    return refuse('InvalidSignatureException', mismatch);
  }
  return ok(null);
}

function signRequest(key: SigningKey, claim: Claim, request: Required<SignedRequest>): string {
  const { day, region, service, amzDate } = claim;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const canonical = sha256(writeCanonical(claim, request));
  const text = ['AWS4-HMAC-SHA256', amzDate, scope, canonical].join('\n');
  let secret: string | Buffer = `AWS4${key.secretAccessKey}`;
  for (const part of [day, region, service, 'aws4_request']) secret = hmac(secret, part);
  return hmac(secret, text).toString('hex');
}

function hmac(secret: string | Buffer, text: string): Buffer {
  return createHmac('sha256', secret).update(text, 'utf8').digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function writeCanonical(claim: Claim, { method, path, wire }: Required<SignedRequest>): string {
  const headers = claim.signedHeaders.map((name) => `${name}:${trim(wire.headers.get(name) ?? '')}\n`);
  return [
    method,
    canonicalPath(path),
    canonicalQuery(wire.rawQuery),
    headers.join(''),
    claim.signedHeaders.join(';'),
    wire.bodyHash,
  ].join('\n');
}

function trim(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}

/** Encoded once more than on the wire, as every service but S3 has it. No path of the API has empty or dotted segments. */
function canonicalPath(path: string): string {
  return path.split('/').map(encode).join('/');
}

/** Parameters by name and then by value, each encoded in the one way that the signature knows. */
function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return '';
  const pairs = rawQuery.split('&').map((pair) => {
    const cut = pair.indexOf('=');
    const [name, value] = cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)];
    return [encode(decode(name)), encode(decode(value))] as const;
  });
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  pairs.sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986, which encodes five characters more than encodeURIComponent does. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
