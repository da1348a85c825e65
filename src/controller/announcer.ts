/** Says what changed, once: a daemon that repeats itself every pass is not read when it matters. */
import type { Journal, LogFields, LogLevel } from './ports.ts';

export class Announcer {
  readonly #journal: Journal;
  readonly #said = new Map<string, string>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Writes the line when what it says about the subject is new. */
  say(subject: string, level: LogLevel, event: string, fields: LogFields): void {
    const text = JSON.stringify([event, fields]);
    if (this.#said.get(subject) === text) return;
    this.#said.set(subject, text);
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
