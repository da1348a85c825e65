/** The bodies of requests, bounded before anybody knows who sent them: each in its bytes and its time, all in their number. */
import type { Clock } from '../lib/clock.ts';

/**
 * Room for a push of thousands of commits. Forges send up to 25 MB (GitHub's and GitLab's own bounds), of which a hint needs
 * a few hundred bytes; a push whose delivery is larger is seen by polling.
 */
export const hookBodyBytesMax = 1_048_576;
/** At a time: what strangers can have us keep is so many bodies. A forge sends one or two at once, within milliseconds. */
export const hookBodiesMax = 8;
/** One body may take so long. GitHub, GitLab and Bitbucket give a delivery up after ten seconds, Gitea after five. */
export const hookBodyMs = 8_000;
/**
 * Where all places are taken, the body that has had this long makes room: whoever dawdles on eight connections would else keep
 * every forge out. Not a share for each address: behind a proxy all have one, and elsewhere a stranger may have many.
 */
export const hookBodyGraceMs = 1_000;

export type ReadBody =
  | { readonly is: 'whole'; readonly bytes: Buffer }
  | { readonly is: 'tooLarge' }
  /** All places are taken, and nothing was read; or it had to make room for another. */
  | { readonly is: 'busy' }
  /** It took longer than {@link hookBodyMs}. */
  | { readonly is: 'late' }
  /** The connection ended within it. */
  | { readonly is: 'broken' };

export type BodyReader = (request: Request) => Promise<ReadBody>;

/** A body that is being read. */
interface Place {
  readonly beganMs: number;
  /** Ends the reading with this answer, if it has not ended. */
  readonly end: (read: ReadBody) => void;
}

/**
 * Reads at most {@link hookBodiesMax} bodies at a time, and of each at most {@link hookBodyBytesMax} bytes within
 * {@link hookBodyMs}. What declares more, or comes to no place, is not read at all; what declares nothing, or too little, is
 * counted, and cancelled at the first chunk that goes beyond. Never rejects.
 */
export function createBodyReader(clock: Clock): BodyReader {
  /** The oldest first. */
  const places = new Set<Place>();
  const hasRoom = (): boolean => {
    const [oldest] = places;
    if (oldest === undefined || places.size < hookBodiesMax) return true;
    if (clock.monotonicMs() - oldest.beganMs < hookBodyGraceMs) return false;
    oldest.end({ is: 'busy' });
    return true;
  };
  return async (request) => {
    if (declaresTooMuch(request.headers)) return { is: 'tooLarge' };
    if (!hasRoom()) return { is: 'busy' };
    const done = new AbortController();
    return new Promise((resolve) => {
      const place: Place = {
        beganMs: clock.monotonicMs(),
        end: (read) => {
          places.delete(place);
          done.abort();
          resolve(read);
        },
      };
      places.add(place);
      void clock.sleep(hookBodyMs, done.signal).then(() => place.end({ is: 'late' }));
      void readBounded(request.body, done.signal).then(place.end);
    });
  };
}

function declaresTooMuch(headers: Headers): boolean {
  const declared = headers.get('content-length') ?? '';
  return /^[0-9]+$/.test(declared) && Number(declared) > hookBodyBytesMax;
}

/** Stops, and lets go of what it holds, when the signal aborts; what it says then counts no more. */
async function readBounded(body: Request['body'], signal: AbortSignal): Promise<ReadBody> {
  if (body === null) return { is: 'whole', bytes: Buffer.alloc(0) };
  const reader = body.getReader();
  // Not awaited: a source that does not end its work must not hold the answer back.
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  // One block that doubles: a list of chunks could be a million of one byte each, and take many times what was sent.
  let block = Buffer.alloc(16_384);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { is: 'whole', bytes: block.subarray(0, length) };
      if (length + value.length > hookBodyBytesMax) return { is: 'tooLarge' };
      if (length + value.length > block.length) {
        const larger = Buffer.alloc(Math.min(hookBodyBytesMax, 2 * (length + value.length)));
        block.copy(larger, 0, 0, length);
        block = larger;
      }
      block.set(value, length);
      length += value.length;
    }
  } catch {
    return { is: 'broken' };
  }
}
