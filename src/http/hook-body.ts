/** The body of a request, bounded before anybody knows who sent it. */

/**
 * Room for a push of thousands of commits. Forges send up to 25 MB (GitHub's and GitLab's own bounds), of which a hint needs
 * a few hundred bytes; a push whose delivery is larger is seen by polling.
 */
export const hookBodyBytesMax = 1_048_576;

export type ReadBody =
  | { readonly is: 'whole'; readonly bytes: Buffer }
  | { readonly is: 'tooLarge' }
  /** The connection ended within it. */
  | { readonly is: 'broken' };

/**
 * Reads at most {@link hookBodyBytesMax} bytes. What declares more is not read at all; what declares nothing, or too little,
 * is counted, and cancelled at the first chunk that goes beyond. How long it may take is for the server to bound.
 */
export async function readHookBody(request: Request): Promise<ReadBody> {
  if (request.body === null) return { is: 'whole', bytes: Buffer.alloc(0) };
  const declared = request.headers.get('content-length') ?? '';
  if (/^[0-9]+$/.test(declared) && Number(declared) > hookBodyBytesMax) return { is: 'tooLarge' };
  const reader = request.body.getReader();
  // One block that doubles: a list of chunks could be a million of one byte each, and take many times what was sent.
  let block = Buffer.alloc(16_384);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { is: 'whole', bytes: block.subarray(0, length) };
      if (length + value.length > hookBodyBytesMax) {
        // Not awaited: a source that does not end its work must not hold the answer back.
        void reader.cancel().catch(() => {});
        return { is: 'tooLarge' };
      }
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
