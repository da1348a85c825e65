/** One POST and its answer, both bounded. Redirects are not followed, no proxy is asked, no connection is kept. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Authorities in place of the machine's, as PEM. */
  readonly ca: string | null;
}

export type PostAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The value of a header, by its name in lower case. */
      readonly header: (name: string) => string | null;
      /** The beginning of the answer. */
      readonly text: string;
    }
  /** `why` is a code of the system or a phrase of ours, and holds nothing of the URL. */
  | { readonly kind: 'unanswered'; readonly why: string };

/** Never rejects. Ends when the signal aborts, too. */
export type Post = (request: PostRequest, signal: AbortSignal) => Promise<PostAnswer>;

/** As much as an error of a forge has; the rest is not read. */
const answerBytesMax = 16 * 1024;

/** A poster that waits so long for the whole of an exchange, from connecting to the last byte that is read. */
export function createPost(timeoutMs: number): Post {
  return (request, signal) => {
    if (signal.aborted) return Promise.resolve({ kind: 'unanswered', why: 'stopped' });
    return new Promise((resolve) => exchange(request, { timeoutMs, signal, resolve }));
  };
}

interface Exchange {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly resolve: (answer: PostAnswer) => void;
}

function exchange({ url, headers, body, ca }: PostRequest, { timeoutMs, signal, resolve }: Exchange): void {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  let outgoing: ReturnType<typeof requestHttp> | undefined;
  const end = (answer: PostAnswer): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    outgoing?.destroy();
    resolve(answer);
  };
  const stop = (): void => end({ kind: 'unanswered', why: 'stopped' });
  const timer = setTimeout(
    () => end({ kind: 'unanswered', why: `no whole answer within ${timeoutMs / 1_000} s` }),
    timeoutMs,
  );
  signal.addEventListener('abort', stop, { once: true });
  const fail = (error: unknown): void => end({ kind: 'unanswered', why: reasonOf(error) });
  try {
    const length = String(Buffer.byteLength(body));
    outgoing = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': length, connection: 'close' },
      agent: false,
      ...(ca === null ? {} : { ca }),
    });
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      const header = (name: string): string | null => {
        const value = response.headers[name];
        return typeof value === 'string' ? value : null;
      };
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (): void => {
        const text = Buffer.concat(chunks).subarray(0, answerBytesMax).toString('utf8');
        end({ kind: 'answered', status, header, text });
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= answerBytesMax) done();
      });
      response.on('end', done);
      response.on('error', fail);
      // What a 2xx says beside its status changes nothing, and need not be waited for.
      if (status >= 200 && status < 300) done();
    });
    outgoing.end(body);
  } catch (error) {
    fail(error);
  }
}

/** A code of the system or of TLS. Messages may hold the URL. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'the connection failed';
}
