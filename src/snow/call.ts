import type { CallGate } from '../controller/ports.ts';
import { type CallEnd, quoteWords, type RawAnswer, readAnswer, type UnsentReason } from './answer.ts';

export interface CallOptions {
  /** Counted from the call's beginning, credentials and connecting included; nothing is sent or read after it. */
  readonly timeoutMs: number;
  readonly gate: CallGate;
  /**
   * A connection of its own, never used before or again. A kept connection may be dead without our knowing, and a
   * request lost in it is a doubt; an own one is known to be open before a byte is handed to it.
   */
  readonly ownConnection: boolean;
  /**
   * Whether the client is given the answer to decode. Ours are decoded from the facts: the client takes HTML for a
   * syntax error, prints what surprises it on the console, and moves its clock after the Date of any server.
   */
  readonly clientDecodes: boolean;
}

/** Thrown inside the client to end a call; what happened is in the call, not in the error. */
export class CallStopped extends Error {
  override readonly name = 'CallStopped';
}

/**
 * One call, from before its credentials to after its answer. Written by the connection code, read when it is over:
 *
 *     preparing -> connecting -> sent -> answered
 *
 * `stop` ends it where it stands. Until `sent` is entered nothing was handed to a connection, and once stopped, `sent`
 * cannot be entered: that is what makes "not a byte left this machine" a fact. All of it happens on one thread.
 */
export class Call {
  readonly #gate: CallGate;
  readonly #abort = new AbortController();
  readonly #over: Promise<void>;
  #phase: 'preparing' | 'connecting' | 'sent' = 'preparing';
  #end: { readonly reason: UnsentReason; readonly error: string; readonly message: string } | null = null;
  #answer: RawAnswer | null = null;
  readonly ownConnection: boolean;
  readonly clientDecodes: boolean;

  constructor(options: CallOptions) {
    this.#gate = options.gate;
    this.ownConnection = options.ownConnection;
    this.clientDecodes = options.clientDecodes;
    const { signal } = this.#abort;
    const timer = setTimeout(() => {
      this.stop(
        this.#phase === 'preparing' ? 'credentials' : 'connection',
        'TimeoutError',
        this.#late(options.timeoutMs),
      );
    }, options.timeoutMs);
    this.#over = new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  /** Aborts when the call is over, for whatever reason. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves when the call is over; never rejects. */
  get over(): Promise<void> {
    return this.#over;
  }

  /** Asks whether the call may still go on; throws {@link CallStopped} when not. */
  check(): void {
    if (this.signal.aborted) throw new CallStopped('the call is over');
    if (this.#gate() === 'open') return;
    this.stop('gate', 'GateClosed', 'the permission to call ended before the request was sent');
    throw new CallStopped('the gate is closed');
  }

  enterConnecting(): void {
    this.check();
    this.#phase = 'connecting';
  }

  /** The last question, asked in the same turn in which the request is handed over. */
  enterSent(): void {
    this.check();
    this.#phase = 'sent';
  }

  noteAnswer(answer: RawAnswer): void {
    if (!this.signal.aborted) this.#answer = answer;
  }

  get answered(): boolean {
    return this.#answer !== null;
  }

  /** Ends the call; only the first end counts. */
  stop(reason: UnsentReason, error: string, message: string): void {
    if (this.signal.aborted) return;
    this.#end = { reason, error: quoteWords(error), message: quoteWords(message) };
    this.#abort.abort();
  }

  /** Ends a call that went its whole way, or says what is known of one that was stopped. */
  finish(): CallEnd {
    this.stop('connection', 'NoAnswer', 'the connection ended without an answer');
    if (this.#answer !== null) return { kind: 'answered', answer: readAnswer(this.#answer) };
    const { reason, error, message } = this.#end ?? { reason: 'connection', error: 'NoAnswer', message: '' };
    return this.#phase === 'sent'
      ? { kind: 'silent', error, message }
      : { kind: 'unsent', reason, error, message };
  }

  #late(timeoutMs: number): string {
    switch (this.#phase) {
      case 'preparing':
        return `no usable credentials within ${timeoutMs} ms`;
      case 'connecting':
        return `no connection within ${timeoutMs} ms; nothing was sent`;
      case 'sent':
        return `no whole answer within ${timeoutMs} ms`;
    }
  }
}
