/**
 * Says what changed, once: a daemon that repeats itself every pass is not read when it matters. What a person has to end
 * is said again every hour, because by then the log may have been cut, or its reader have come on duty.
 */
import type { Clock } from '../lib/clock.ts';
import type { Journal, LogFields, LogLevel } from './ports.ts';

const repeatMs = 60 * 60_000;

export class Announcer {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #said = new Map<string, { readonly text: string; readonly atMs: number }>();

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Writes the line when what it says about the subject is new; an error also when it has stood for another hour. */
  say(subject: string, level: LogLevel, event: string, fields: LogFields): void {
    const text = JSON.stringify([event, fields]);
    const said = this.#said.get(subject);
    const nowMs = this.#clock.monotonicMs();
    if (said?.text === text && (level !== 'error' || nowMs - said.atMs < repeatMs)) return;
    this.#said.set(subject, { text, atMs: nowMs });
    this.#journal.write(level, event, fields);
  }

  /** The subject is at peace again; says so when something had been said. */
  clear(subject: string, event: string, fields: LogFields = {}): void {
    if (this.#said.delete(subject)) this.#journal.write('info', event, fields);
  }

  /** Forgets subjects beginning with the prefix that are not among those named, without a word. */
  keepOnly(prefix: string, subjects: ReadonlySet<string>): void {
    for (const subject of this.#said.keys()) {
      if (subject.startsWith(prefix) && !subjects.has(subject)) this.#said.delete(subject);
    }
  }
}
