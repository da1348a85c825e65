import type { Result } from '../lib/faults.ts';

/** Resolves when the process is asked to end, at once where it already was. */
export function untilStopped(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

interface Closable {
  close(): Promise<void>;
}

/** What a command has opened: closed in reverse when it ends, and when the process is asked to end. */
export class OpenedParts {
  readonly #stop: AbortSignal;
  readonly #parts: Closable[] = [];

  constructor(stop: AbortSignal) {
    this.#stop = stop;
  }

  /** The answer as it is; what it holds is closed with the others. */
  keep<T extends Closable | null>(answer: Result<T>): Result<T> {
    if (answer.ok && answer.value !== null) {
      this.#parts.push(answer.value);
      closeOnStop(this.#stop, answer.value);
    }
    return answer;
  }

  async close(): Promise<void> {
    for (const part of this.#parts.reverse()) await part.close();
  }
}

/** Closes what works for a command when the process is asked to end: its git is ended, and the command tells so. */
export function closeOnStop(stop: AbortSignal, opened: Closable): void {
  const close = (): void => {
    opened.close().catch(() => {
      // Closing is tried once more when the command ends; what fails then is a bug, and is told as one.
    });
  };
  if (stop.aborted) close();
  else stop.addEventListener('abort', close, { once: true });
}
