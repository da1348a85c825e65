/** The stream of events that pages listen to: one when a pass has ended, so that they fetch themselves again. */

/** Tabs that are looked at; a page that nobody looks at closes its own. */
export const streamsMax = 32;
/** Passes that follow each other faster are told together. */
const pauseMs = 1_000;
/** Something has to be said now and then, or whatever stands between takes the connection for dead. */
const heartbeatMs = 15_000;
/** Messages that a reader has not taken: one that is so far behind does not read at all. */
const unreadMax = 64;

export interface LiveOptions {
  /** Tells of each pass that ends, until the answer is called. */
  readonly subscribe: (listener: () => void) => () => void;
  /** A word that changes with each pass. */
  readonly readRevision: () => string;
}

interface Stream {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

const encoder = new TextEncoder();

export class LiveStreams {
  readonly #options: LiveOptions;
  readonly #streams = new Set<Stream>();
  #unsubscribe: (() => void) | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #pause: NodeJS.Timeout | null = null;
  #isWaiting = false;
  #closing: AbortSignal | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** A stream that ends when `closing` aborts, when whoever asked goes, or when they do not read; null where there are too many. */
  open(closing: AbortSignal): ReadableStream<Uint8Array> | null {
    if (closing.aborted || this.#streams.size >= streamsMax) return null;
    this.#endWith(closing);
    let drop = (): void => undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const stream: Stream = { controller };
          drop = () => this.#drop(stream);
          this.#add(stream);
        },
        cancel: () => drop(),
      },
      { highWaterMark: unreadMax },
    );
  }

  /** All streams are of one listener: it is asked once, and not for each of them. */
  #endWith(closing: AbortSignal): void {
    if (this.#closing === closing) return;
    this.#closing = closing;
    const endAll = (): void => {
      for (const stream of [...this.#streams]) this.#end(stream);
    };
    closing.addEventListener('abort', endAll, { once: true });
  }

  #add(stream: Stream): void {
    this.#streams.add(stream);
    this.#unsubscribe ??= this.#options.subscribe(() => this.#tell());
    this.#heartbeat ??= setInterval(() => this.#send(':\n\n'), heartbeatMs).unref();
    // Whoever comes back after a while learns at once whether it has missed something.
    this.#write(stream, `retry: 3000\n\n${this.#message()}`);
  }

  #message(): string {
    return `event: pass\ndata: ${this.#options.readRevision()}\n\n`;
  }

  #tell(): void {
    if (this.#pause !== null) {
      this.#isWaiting = true;
      return;
    }
    this.#send(this.#message());
    this.#pause = setTimeout(() => {
      this.#pause = null;
      const isWaiting = this.#isWaiting;
      this.#isWaiting = false;
      if (isWaiting && this.#streams.size > 0) this.#tell();
    }, pauseMs).unref();
  }

  #send(text: string): void {
    for (const stream of [...this.#streams]) this.#write(stream, text);
  }

  #write(stream: Stream, text: string): void {
    if ((stream.controller.desiredSize ?? 0) > 0) stream.controller.enqueue(encoder.encode(text));
    else this.#end(stream);
  }

  #end(stream: Stream): void {
    if (!this.#streams.has(stream)) return;
    this.#drop(stream);
    stream.controller.close();
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
  }
}
