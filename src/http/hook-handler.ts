/**
 * The receiving side of webhooks. A delivery is a hint that somebody pushed, so that a merge does not wait for the next look;
 * polling goes on underneath, and whatever is refused, lost or forged here costs time and nothing else.
 */
import type { HookProvider } from '../config/config.ts';
import type { RemoteKey } from '../config/remote.ts';
import type { Clock } from '../lib/clock.ts';
import type { Result } from '../lib/faults.ts';
import { type BodyReader, createBodyReader, type ReadBody } from './hook-body.ts';
import { hintedPlaces, type WatchedPlace } from './hook-hint.ts';
import { createDeliveryMemory, type DeliveryMemory } from './hook-memory.ts';
import { checkSignature, mayBeGenuine } from './hook-signature.ts';

/**
 * The secrets that are good now, up to two, without the final newline of their files: both while one takes the other's place.
 * Called for each delivery. A fault counts as no secret, and is for the caller to tell: nothing of it gets out here.
 */
export type SecretReader = () => Promise<Result<readonly string[]>>;

export type DeliveryResult =
  /** Genuine, and something was poked. */
  | 'accepted'
  /** Genuine, and about something else than what is watched. */
  | 'ignored'
  /** Genuine, and here before. */
  | 'duplicate'
  | 'unauthorized'
  | 'badMethod'
  /** Not all of its body was read. */
  | Exclude<ReadBody['is'], 'whole'>;

export interface HookOptions {
  /** Of the providers that exist; every other is not found. */
  readonly secrets: ReadonlyMap<HookProvider, SecretReader>;
  readonly watched: readonly WatchedPlace[];
  /** Has these places looked at soon. Must return at once; the answer waits for it. */
  readonly poke: (names: readonly RemoteKey[]) => void;
  /** Told once for each delivery. Holds nothing that the sender wrote. */
  readonly onDelivery: (delivery: {
    readonly provider: HookProvider;
    readonly result: DeliveryResult;
  }) => void;
  /** The wall clock for times that are signed, the monotonic one for what is remembered. */
  readonly clock: Clock;
}

export type HookHandler = (request: Request, provider: HookProvider) => Promise<Response>;

/** Three results are one answer: a sender learns whether it is believed, and not what is watched or was said before. */
const statuses: Readonly<Record<DeliveryResult, number>> = {
  accepted: 202,
  ignored: 202,
  duplicate: 202,
  unauthorized: 401,
  badMethod: 405,
  tooLarge: 413,
  busy: 503,
  late: 408,
  // Whoever sent half a body has hung up, and reads no answer.
  broken: 400,
};

/** When to come again: by then every body that is being read now has come or been given up. */
const retryAfterSeconds = '10';

const headersOf: Partial<Readonly<Record<DeliveryResult, Readonly<Record<string, string>>>>> = {
  badMethod: { allow: 'POST' },
  busy: { 'retry-after': retryAfterSeconds },
};

/**
 * Answers deliveries: 202 for one that is genuine, 405 for what is no POST, 413 for more than 1 MiB, 503 where too many bodies
 * are being read, 408 for one that does not come, 404 for a provider that is not configured, else one and the same 401. Every
 * body is empty. Rejects only where an option does.
 */
export function createHookHandler(options: HookOptions): HookHandler {
  const readBody = createBodyReader(options.clock);
  const memory = createDeliveryMemory(options.clock);
  return async (request, provider) => {
    const readSecrets = options.secrets.get(provider);
    if (readSecrets === undefined) return answer(404);
    const result = await judge({ request, provider, readSecrets, readBody, memory, ...options });
    options.onDelivery({ provider, result });
    return answer(statuses[result], headersOf[result]);
  };
}

interface Arrival extends HookOptions {
  readonly request: Request;
  readonly provider: HookProvider;
  readonly readSecrets: SecretReader;
  readonly readBody: BodyReader;
  readonly memory: DeliveryMemory;
}

/** The order is what protects: of the right form before it is read, bounded while it is, proven before it is parsed. */
async function judge(arrival: Arrival): Promise<DeliveryResult> {
  const { request, provider, readSecrets, readBody, memory, watched, poke, clock } = arrival;
  if (request.method !== 'POST') return 'badMethod';
  const { headers } = request;
  if (!mayBeGenuine(provider, { headers, wallMs: clock.wallMs() })) return 'unauthorized';
  const read = await readBody(request);
  if (read.is !== 'whole') return read.is;
  const body = read.bytes;
  const secrets = await readSecrets();
  const signed = { headers, body, wallMs: clock.wallMs() };
  const proof = checkSignature(provider, signed, secrets.ok ? secrets.value : []);
  if (proof === null) return 'unauthorized';
  if (memory.isRepeated({ provider, body, besides: proof.besides })) return 'duplicate';
  const names = hintedPlaces({ provider, headers, body }, watched);
  if (names.length === 0) return 'ignored';
  poke(names);
  return 'accepted';
}

function answer(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers: { 'cache-control': 'no-store', ...headers } });
}
