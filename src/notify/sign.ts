/** How a webhook proves that it is ours; the receiving side of both forms is http/hook-signature.ts. */
import { createHmac } from 'node:crypto';

/** A shorter one can be guessed from one recorded message. In characters; bytes of a decoded key. */
const secretLengthMin = 16;

/**
 * The headers that prove a body; null for a secret that is too short, or no key. A secret `whsec_BASE64` is one of Standard
 * Webhooks, and makes the three headers that its libraries check; any other makes `X-Snowgate-Signature` over `TIME.BODY`.
 */
export function signHeaders(
  secret: string,
  id: string,
  body: string,
  nowMs: number,
): Readonly<Record<string, string>> | null {
  const time = String(Math.floor(nowMs / 1_000));
  if (!secret.startsWith('whsec_')) {
    if (secret.length < secretLengthMin) return null;
    const digest = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
    return { 'x-snowgate-timestamp': time, 'x-snowgate-signature': `sha256=${digest}` };
  }
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = Buffer.from(encoded ?? '', 'base64');
  if (key.length < secretLengthMin) return null;
  const digest = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${digest}` };
}
