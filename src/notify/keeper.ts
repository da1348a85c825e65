/** Writes down what was sent, beside everything else: seldom, in slices, and of each target only what has changed. */
import type { Journal } from '../controller/ports.ts';
import type { Clock } from '../lib/clock.ts';
import { describeBug, type FaultCode } from '../lib/faults.ts';
import { type Slices, Turns } from '../lib/turns.ts';
import { writeCursor, writeTarget } from './cursor.ts';
import type { CursorStore } from './files.ts';
import type { Source } from './source.ts';

/** Between two writes. What was taken within it, a crash sends again; a disk has more to do than to note each message. */
const writeGapMs = 1_000;

export interface KeeperOptions {
  readonly store: CursorStore;
  readonly clock: Clock;
  readonly journal: Journal;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #sources: ReadonlyMap<string, Pick<Source, 'book' | 'save'>>;
  readonly #turns = new Turns();
  /** Ends the wait for the next write. */
  readonly #closing = new AbortController();
  /** The text of each target, and what it was made of. */
  readonly #texts = new Map<string, { readonly book: object; readonly text: string }>();
  #isDue = false;
  #isWriting = false;
  #writing = Promise.resolve();
  #writtenMs = Number.NEGATIVE_INFINITY;
  /** The code of what was told since the last good write. */
  #told: FaultCode | null = null;

  constructor(options: KeeperOptions, sources: ReadonlyMap<string, Pick<Source, 'book' | 'save'>>) {
    this.#options = options;
    this.#sources = sources;
  }

  /** Something is to be written down: at once, or a second after the write before; however much comes meanwhile is one write. */
  touch(): void {
    this.#isDue = true;
    if (!this.#isWriting) this.#writing = this.#write();
  }

  /** Writes down how things stand in the end; resolves when that is done. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.touch();
    await this.#writing;
  }

  /** Never rejects: nobody waits for it, and the next word has to find it ready to write again. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    const { store, clock } = this.#options;
    try {
      while (this.#isDue) {
        const leftMs = this.#writtenMs + writeGapMs - clock.monotonicMs();
        if (leftMs > 0) await clock.sleep(leftMs, this.#closing.signal);
        this.#isDue = false;
        const text = await this.#turns.run(this.#build());
        this.#writtenMs = clock.monotonicMs();
        const written = await store.write(text);
        if (written.ok) this.#told = null;
        else this.#tell('warn', 'what was sent cannot be written down', 'SG7105', written.fault);
      }
    } catch (error) {
      const event = 'a bug kept what was sent from being written down';
      this.#tell('error', event, 'SG6224', describeBug(error));
    } finally {
      this.#isWriting = false;
    }
  }

  *#build(): Slices<string> {
    const texts = new Map<string, string>();
    for (const [name, source] of this.#sources) {
      const { book } = source;
      let kept = this.#texts.get(name);
      if (kept?.book !== book) kept = { book, text: yield* writeTarget(source.save()) };
      this.#texts.set(name, kept);
      texts.set(name, kept.text);
      yield;
    }
    return writeCursor(texts);
  }

  #tell(level: 'warn' | 'error', event: string, code: FaultCode, reason: string): void {
    if (this.#told === code) return;
    this.#told = code;
    this.#options.journal.write(level, event, { code, reason });
  }
}
