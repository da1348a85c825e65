import type { Surroundings } from './surroundings.ts';

/** Quicker work needs no word. */
const silenceMs = 1_000;
const intervalMs = 100;

export interface Progress {
  /** So many more are done. */
  add(number: number): void;
  /** Removes the line: nothing of it is left on the terminal. */
  end(): void;
}

/**
 * How far a long command is: one line on stderr that is written anew, after the first second. Only on a terminal; what is
 * kept in a file or in the log of a CI system shows nothing.
 */
export function startProgress(
  what: string,
  total: number,
  { stderr, env }: Pick<Surroundings, 'stderr' | 'env'>,
  nowMs: () => number,
): Progress {
  const isShown = stderr.isTerminal && (env.CI ?? '') === '' && env.TERM !== 'dumb';
  if (!isShown) return { add: () => undefined, end: () => undefined };
  let nextMs = nowMs() + silenceMs;
  let done = 0;
  let width = 0;
  return {
    add: (number) => {
      done += number;
      if (nowMs() < nextMs) return;
      nextMs = nowMs() + intervalMs;
      // The last column is left free: a terminal that wraps there would begin another line.
      const line = `${what}: ${done} of ${total}`.slice(0, Math.max(0, stderr.columns() - 1));
      stderr.write(`\r${line.padEnd(width)}`);
      width = line.length;
    },
    end: () => {
      if (width > 0) stderr.write(`\r${' '.repeat(width)}\r`);
      width = 0;
    },
  };
}
