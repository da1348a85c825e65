/**
 * Whether a delivery comes from somebody who knows the secret. Every way to prove it ends in 32 bytes that a secret makes, and
 * 32 bytes that the delivery brings along: they are compared in constant time, for each secret, with no early end, and
 * something is computed and compared also where there is no secret, no signature, or one of another form. What is seen before
 * the body is read depends on no secret: whether the headers have the form of a proof, which whoever wrote them knows.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { hookSecretsMax } from '../config/bounds.ts';
import type { HookProvider } from '../config/config.ts';

/** A delivery whose body has not been read. */
export interface AnnouncedDelivery {
  readonly headers: Headers;
  /** Our own wall clock, for signatures with a time in them. */
  readonly wallMs: number;
}

export interface SignedDelivery extends AnnouncedDelivery {
  /** The bytes as they came: signatures are over these, and not over what they mean. */
  readonly body: Uint8Array;
}

export interface Proof {
  /** What was signed besides the body and is another for every delivery (a time, an id); empty where nothing is. */
  readonly besides: string;
}

/** A shorter secret never matches: it can be guessed from one recorded delivery. In characters; bytes of a decoded key. */
export const secretLengthMin = 16;
/** How far a signed time may be from ours, either way: what the libraries of Standard Webhooks allow. */
export const timestampToleranceMs = 300_000;
/** More than anybody signs with at a time while keys are replaced. */
const signaturesMax = 8;

/** Whether anything can be proved by this secret: it is long enough, and after GitLab's `whsec_` it is a key in base64. */
export function isHookSecret(provider: HookProvider, secret: string): boolean {
  const isStandard = provider === 'gitlab' && secret.startsWith(standardPrefix);
  return (isStandard ? standardKey(secret) : textKey(secret)) !== null;
}

/**
 * Whether a body could still make this delivery genuine: false where the signature or the token is missing or of another form,
 * or where its time is not now. {@link checkSignature} proves such a delivery by no body and no secret.
 */
export function mayBeGenuine(provider: HookProvider, delivery: AnnouncedDelivery): boolean {
  return claimsOf[provider](delivery).some(({ digests }) => digests.some((digest) => digest !== blank));
}

/**
 * The proof that a delivery is by somebody who knows one of the secrets; null where it proves nothing. Only the first
 * {@link hookSecretsMax} secrets count, and of these the ones that are not too short.
 */
export function checkSignature(
  provider: HookProvider,
  delivery: SignedDelivery,
  secrets: readonly string[],
): Proof | null {
  const proofs: Proof[] = [];
  for (const { digests, keyOf, digestOf, besides } of claimsOf[provider](delivery)) {
    for (let slot = 0; slot < hookSecretsMax; slot += 1) {
      const key = keyOf(secrets[slot] ?? '');
      // Anybody can sign with the decoy, so that a match with it must not count.
      const made = digestOf(key ?? decoy, delivery.body);
      for (const digest of digests) {
        const isSame = timingSafeEqual(made, digest);
        if (isSame && key !== null) proofs.push({ besides });
      }
    }
  }
  return proofs[0] ?? null;
}

/** One way in which a delivery says that it is genuine. */
interface Claim {
  /** 32 bytes each, any of which may be the right one. Never empty: {@link blank} stands for what is not there. */
  readonly digests: readonly Buffer[];
  /** What a secret is here; null for one that is none. */
  readonly keyOf: (secret: string) => Buffer | null;
  /** The 32 bytes that the right one must equal. */
  readonly digestOf: (key: Buffer, body: Uint8Array) => Buffer;
  readonly besides: string;
}

const decoy = Buffer.from('no secret at all');
/** No HMAC and no SHA-256 of anything known is all zeros, and whoever found one had broken both. */
const blank = Buffer.alloc(32);

const claimsOf: Readonly<Record<HookProvider, (delivery: AnnouncedDelivery) => readonly Claim[]>> = {
  // docs.github.com, "Validating webhook deliveries". X-Hub-Signature beside it is HMAC-SHA1, for old receivers.
  github: ({ headers }) => [claimBody([readHex(headers, 'x-hub-signature-256', 'sha256=')])],
  // support.atlassian.com, "Manage webhooks" (Cloud), and confluence.atlassian.com, "Managing webhooks" (Data Center).
  bitbucket: ({ headers }) => [claimBody([readHex(headers, 'x-hub-signature', 'sha256=')])],
  // services/webhook of both: Gitea sends the first, Forgejo both, equal. Either is enough, and X-Hub-Signature-256, which
  // both send too, adds nothing. They sign the JSON also where they send a form of it: that is not what we read, and refused.
  gitea: ({ headers }) => [
    claimBody([readHex(headers, 'x-gitea-signature', ''), readHex(headers, 'x-forgejo-signature', '')]),
  ],
  // The signature comes first: it proves more, and its id tells deliveries apart.
  gitlab: (delivery) => [claimStandard(delivery), claimToken(delivery)],
  generic: claimStamped,
};

function claimBody(digests: readonly Buffer[]): Claim {
  return { digests, keyOf: textKey, digestOf: hmac, besides: '' };
}

/** Ours: the time is signed together with the body, `TIME.BODY`, so that an empty body can be told from an older one. */
function claimStamped({ headers, wallMs }: AnnouncedDelivery): readonly Claim[] {
  const time = headers.get('x-snowgate-timestamp') ?? '';
  const digest = readHex(headers, 'x-snowgate-signature', 'sha256=');
  return [
    {
      digests: [isTimely(time, wallMs) ? digest : blank],
      keyOf: textKey,
      digestOf: (key, body) => hmac(key, `${time}.`, body),
      besides: time,
    },
  ];
}

/**
 * GitLab's signing token (gitlab-org/gitlab!230944 and !231325, 2026), by Standard Webhooks: `ID.TIME.BODY` under the
 * bytes that the secret `whsec_BASE64` holds, written `v1,BASE64`, several with spaces between. An id with a full stop is
 * refused, as the standard advises: part of a body could be taken for a time, and a recorded delivery for a fresh one.
 */
function claimStandard({ headers, wallMs }: AnnouncedDelivery): Claim {
  const id = headers.get('webhook-id') ?? '';
  const time = headers.get('webhook-timestamp') ?? '';
  const isWhole = /^[A-Za-z0-9_-]{1,128}$/.test(id) && isTimely(time, wallMs);
  const written = (headers.get('webhook-signature') ?? '').split(' ').slice(0, signaturesMax);
  return {
    digests: isWhole ? written.map(readBase64) : [blank],
    keyOf: standardKey,
    digestOf: (key, body) => hmac(key, `${id}.${time}.`, body),
    besides: id,
  };
}

/**
 * GitLab's secret token (docs.gitlab.com, "Webhooks"): the secret itself, in clear. It proves nothing of the body, and whoever
 * has seen one delivery can make others: TLS is all that protects it. Digests are compared, so that lengths do not show.
 */
function claimToken({ headers }: AnnouncedDelivery): Claim {
  const token = headers.get('x-gitlab-token') ?? '';
  return {
    // A header is read byte by byte, and a secret as UTF-8: as bytes they are the same.
    digests: [token.length < secretLengthMin ? blank : sha256(Buffer.from(token, 'latin1'))],
    keyOf: (secret) => (secret.startsWith(standardPrefix) ? null : textKey(secret)),
    digestOf: (key) => sha256(key),
    besides: '',
  };
}

const standardPrefix = 'whsec_';

function textKey(secret: string): Buffer | null {
  return secret.length < secretLengthMin ? null : Buffer.from(secret, 'utf8');
}

function standardKey(secret: string): Buffer | null {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  if (encoded === undefined) return null;
  const key = Buffer.from(encoded, 'base64');
  return key.length < secretLengthMin ? null : key;
}

function hmac(key: Buffer, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const made = createHmac('sha256', key);
  for (const part of parts) made.update(part);
  return made.digest();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** A header that was sent twice arrives as one text with a comma in it, and is of another form. */
function readHex(headers: Headers, name: string, prefix: string): Buffer {
  const written = headers.get(name) ?? '';
  const digits = written.startsWith(prefix) ? written.slice(prefix.length) : '';
  return /^[0-9a-fA-F]{64}$/.test(digits) ? Buffer.from(digits, 'hex') : blank;
}

function readBase64(written: string): Buffer {
  const encoded = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(written)?.[1];
  return encoded === undefined ? blank : Buffer.from(encoded, 'base64');
}

/** `time` counts seconds since 1970. */
function isTimely(time: string, wallMs: number): boolean {
  return /^[0-9]{1,12}$/.test(time) && Math.abs(wallMs - Number(time) * 1_000) <= timestampToleranceMs;
}
