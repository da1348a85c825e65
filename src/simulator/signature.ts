/**
 * Reads the signature's headers as the layer in front of a service does, down to what they claim. Whether the claim is true
 * is another question, asked only where keys are configured.
 */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';

const serviceName = 'snow-device-management';
const skewToleranceMs = 5 * 60_000;

const authorizationGrammar =
  /^AWS4-HMAC-SHA256 +Credential=([^\s,/]{1,128})\/([0-9]{8})\/([^\s,/]{1,64})\/([^\s,/]{1,64})\/aws4_request, *SignedHeaders=([a-z0-9;_-]{1,2048}), *Signature=([0-9a-f]{64})$/;
const dateGrammar = /^([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z$/;

/** Who signed, and for which region. */
export interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
}

/** All that a signature's headers say. */
export interface Claim extends Scope {
  readonly service: string;
  /** `YYYYMMDD`, of the credential's scope. */
  readonly day: string;
  readonly amzDate: string;
  /** As they were written; sorted, if the caller knows how to sign. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export interface SignatureHeaders {
  readonly authorization: string | undefined;
  readonly amzDate: string | undefined;
}

/** What the headers claim; refusals are AWS's. With `checkSkew`, a date more than 5 minutes from `nowMs` is one. */
export function readSignature(headers: SignatureHeaders, nowMs: number, checkSkew: boolean): Reply<Claim> {
  if (headers.authorization === undefined || headers.authorization === '') {
    return refuse('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const match = authorizationGrammar.exec(headers.authorization);
  if (match === null) {
    return refuse(
      'IncompleteSignatureException',
      "Authorization header requires 'AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=..., Signature=...'",
    );
  }
  const [, accessKeyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = match;
  const signedMs = headers.amzDate === undefined ? null : parseAmzDate(headers.amzDate);
  if (headers.amzDate === undefined || signedMs === null) {
    return refuse(
      'IncompleteSignatureException',
      "The request needs a header 'X-Amz-Date' like 20261127T220000Z",
    );
  }
  const signed = signedHeaders.split(';');
  if (!signed.includes('host') || !signed.includes('x-amz-date')) {
    return refuse('InvalidSignatureException', "'Host' and 'X-Amz-Date' must be among the signed headers");
  }
  if (service !== serviceName) {
    return refuse(
      'InvalidSignatureException',
      `Credential should be scoped to correct service: '${serviceName}'.`,
    );
  }
  if (!headers.amzDate.startsWith(day)) {
    return refuse('InvalidSignatureException', "The credential's date is not the date of 'X-Amz-Date'");
  }
  if (checkSkew && Math.abs(nowMs - signedMs) > skewToleranceMs) {
    const when = signedMs < nowMs ? 'expired' : 'not yet current';
    const order = signedMs < nowMs ? 'earlier than' : 'later than';
    const limitMs = signedMs < nowMs ? nowMs - skewToleranceMs : nowMs + skewToleranceMs;
    const sign = signedMs < nowMs ? '-' : '+';
    return refuse(
      'InvalidSignatureException',
      `Signature ${when}: ${headers.amzDate} is now ${order} ${writeAmzDate(limitMs)} (${writeAmzDate(nowMs)} ${sign} 5 min.)`,
    );
  }
  return ok({
    accessKeyId,
    region,
    service,
    day,
    amzDate: headers.amzDate,
    signedHeaders: signed,
    signature,
  });
}

function parseAmzDate(text: string): number | null {
  const match = dateGrammar.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  const parsedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(parsedMs) ? null : parsedMs;
}

function writeAmzDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.[0-9]{3}/g, '');
}
