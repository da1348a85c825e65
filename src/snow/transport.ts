import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Clock } from '../lib/clock.ts';
import { quoteWords, type RawAnswer } from './answer.ts';
import { Call, CallStopped } from './call.ts';
import { ConnectError, openConnection, type Target } from './connection.ts';

type HttpRequest = Parameters<NodeHttpHandler['handle']>[0];
type HttpResponse = Awaited<ReturnType<NodeHttpHandler['handle']>>['response'];

/** What we pass beside a command; the client hands it to the transport as it is. */
export type SendOptions = NonNullable<Parameters<NodeHttpHandler['handle']>[1]> & { readonly call?: Call };

export interface TransportOptions {
  readonly clock: Clock;
  /** For lookup, connecting and TLS together. */
  readonly connectTimeoutMs: number;
  /** For requests that come without a call of ours (role assumption inside the credential providers). */
  readonly requestTimeoutMs: number;
}

/**
 * A listing of 100 tasks with 50 tags each, at the longest that keys and values can be in UTF-8, is below 8 MiB;
 * twice that is no answer of AWS.
 */
const answerBytesMax = 16 * 1024 * 1024;

/** Reads of one fleet in flight: a pass describes tasks a few at a time, and asks little else meanwhile. */
const kept = { keepAlive: true, maxSockets: 8, maxFreeSockets: 2, scheduling: 'lifo' } as const;

/**
 * Sends the SDK's signed requests and reads the answers. It has the shape of the SDK's NodeHttpHandler and takes its
 * place, because that one cannot say whether a request was handed to a connection, has no limit on an answer's size
 * or on the time its body takes, and leaves its timers running after a failure.
 */
export class Transport {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #options: TransportOptions;
  readonly #http = new HttpAgent(kept);
  readonly #https = new HttpsAgent({ ...kept, rejectUnauthorized: true });

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Ends the kept connections. Calls in hand fail. */
  destroy(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  updateHttpClientConfig(): void {
    // Nothing of it can be changed by the client.
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  /** Rejects with the error's name and text for the client; the facts are in the call. */
  async handle(request: HttpRequest, options: SendOptions = {}): Promise<{ response: HttpResponse }> {
    if (options.call !== undefined) return this.#exchange(request, options.call);
    const timeoutMs = this.#options.requestTimeoutMs;
    const call = new Call({ timeoutMs, gate: () => 'open', ownConnection: true, clientDecodes: true });
    try {
      return await this.#exchange(request, call);
    } catch (error) {
      const end = call.finish();
      // The credential providers pass this error on; its text is all that anybody will see of the call.
      if (end.kind !== 'answered') throw Object.assign(new Error(end.message), { name: end.error });
      throw error;
    } finally {
      call.finish();
    }
  }

  async #exchange(request: HttpRequest, call: Call): Promise<{ response: HttpResponse }> {
    const target = targetOf(request);
    call.enterConnecting();
    if (!call.ownConnection) {
      call.enterSent();
      return this.#speak(request, call, { agent: target.tls ? this.#https : this.#http }, () => undefined);
    }
    const connection = await openConnection(target, this.#options.connectTimeoutMs, call.signal).catch(
      (error: unknown) => {
        const { code, message } =
          error instanceof ConnectError ? error : new ConnectError('ConnectError', String(error));
        call.stop('connection', code, `nothing was sent: ${message}`);
        throw error;
      },
    );
    try {
      if (connection.socket.destroyed) {
        call.stop('connection', 'ECONNRESET', 'nothing was sent: the connection was closed when it was open');
      }
      call.enterSent();
    } catch (error) {
      connection.cut();
      throw error;
    }
    return this.#speak(request, call, { createConnection: () => connection.socket }, connection.cut);
  }

  #speak(
    request: HttpRequest,
    call: Call,
    way: RequestOptions,
    cut: () => void,
  ): Promise<{ response: HttpResponse }> {
    return new Promise((resolve, reject) => {
      const send = request.protocol === 'https:' && way.agent !== undefined ? httpsRequest : httpRequest;
      const outgoing = send({
        ...way,
        method: request.method,
        host: request.hostname,
        ...(request.port === undefined ? {} : { port: request.port }),
        path: pathOf(request),
        headers: request.headers,
      });
      const giveUp = (): void => {
        cut();
        outgoing.destroy();
        reject(new CallStopped('the call is over'));
      };
      call.signal.addEventListener('abort', giveUp, { once: true });
      outgoing.on('error', (error: Error & { code?: string }) => {
        call.signal.removeEventListener('abort', giveUp);
        cut();
        call.stop('connection', error.code ?? error.name, `the connection broke: ${error.message}`);
        reject(error);
      });
      outgoing.on('response', (incoming) => {
        void this.#collect(incoming).then((answer) => {
          call.signal.removeEventListener('abort', giveUp);
          call.noteAnswer(answer);
          if (!call.clientDecodes) resolve({ response: emptyResponse() });
          else if (answer.body.kind === 'whole') resolve({ response: responseOf(answer, answer.body.bytes) });
          else reject(new Error(answer.body.why));
        });
      });
      outgoing.end(request.body === undefined ? undefined : Buffer.from(request.body));
    });
  }

  /** The answer with its whole body, or with the reason why there is none. Never rejects. */
  async #collect(incoming: IncomingMessage): Promise<RawAnswer> {
    const head = {
      status: incoming.statusCode ?? 0,
      headers: headersOf(incoming),
      wallMs: this.#options.clock.wallMs(),
    };
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of incoming) {
        const bytes = chunk as Buffer;
        size += bytes.length;
        if (size > answerBytesMax) {
          incoming.destroy();
          return { ...head, body: { kind: 'cut', why: `the answer is larger than ${answerBytesMax} bytes` } };
        }
        chunks.push(bytes);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { ...head, body: { kind: 'cut', why: `the answer was cut short: ${quoteWords(why)}` } };
    }
    return { ...head, body: { kind: 'whole', bytes: Buffer.concat(chunks) } };
  }
}

function targetOf(request: HttpRequest): Target {
  const tls = request.protocol === 'https:';
  // A literal IPv6 address stands in brackets in a URL, and without them everywhere else.
  return { tls, host: request.hostname.replace(/^\[|\]$/g, ''), port: request.port ?? (tls ? 443 : 80) };
}

/** Path and query as they were signed: RFC 3986, everything but unreserved characters percent-encoded. */
function pathOf(request: HttpRequest): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(request.query ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const one of Array.isArray(value) ? value : [value]) {
      parts.push(one === null || one === undefined ? encode(name) : `${encode(name)}=${encode(one)}`);
    }
  }
  return parts.length === 0 ? request.path : `${request.path}?${parts.join('&')}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

function responseOf(answer: RawAnswer, body: Uint8Array): HttpResponse {
  // The client looks at these three fields alone; its own class is not needed for that.
  return { statusCode: answer.status, headers: { ...answer.headers }, body };
}

/** What a client is told whose answer we decode: nothing, and no error. */
function emptyResponse(): HttpResponse {
  return { statusCode: 200, headers: {}, body: Buffer.from('{}') };
}
