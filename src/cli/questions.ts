/** Questions to whoever sits at the terminal. They go to stderr: stdout holds results alone. */
import { Writable } from 'node:stream';
import type { Fault } from '../lib/faults.ts';
import type { Surroundings } from './surroundings.ts';

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

export interface TextQuestion {
  readonly message: string;
  /** Taken where nothing is typed, and shown until something is; typing replaces it. */
  readonly fallback?: string;
  /** Typed already, to be gone on with. */
  readonly begun?: string;
  /** What is wrong with an answer; null where it can be taken. */
  readonly judge?: (text: string) => string | null;
}

/** Asks one thing at a time. Each rejects where the person gives up, which {@link withAsker} answers. */
export interface Asker {
  /** The answer, without the spaces around it. */
  text(question: TextQuestion): Promise<string>;
  choose<T extends string>(message: string, choices: readonly Choice<T>[], initial: T): Promise<T>;
  chooseMany<T extends string>(
    message: string,
    choices: readonly Choice<T>[],
    initial: readonly T[],
  ): Promise<T[]>;
  confirm(message: string, initial: boolean): Promise<boolean>;
  /** As if the person had. */
  giveUp(): never;
}

/** Ctrl-C, Escape, or the process was asked to end. */
class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** Why an answer cannot be taken, in one line; null where it can. */
export function reasonOf(fault: Fault | null | undefined): string | null {
  if (fault == null) return null;
  return fault.hint === undefined ? fault.message : `${fault.message}; ${fault.hint}`;
}

/** Whether there is anybody to be asked. */
export function canAsk({ stdin, stderr }: Surroundings): boolean {
  return stdin.isTerminal && stderr.isTerminal;
}

/**
 * Begins to ask; the library is loaded now, and not before. What `ask` answers is answered; null where the person gave up,
 * which is told.
 */
export async function withAsker<T>(
  title: string,
  world: Surroundings,
  ask: (asker: Asker) => Promise<T>,
): Promise<T | null> {
  const { intro, cancel } = await import('@clack/prompts');
  const output = terminalOf(world);
  intro(title, { output });
  try {
    return await ask(await openAsker(output, world));
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    cancel('Ended: nothing was written.', { output });
    return null;
  }
}

async function openAsker(output: Writable, world: Surroundings): Promise<Asker> {
  const { confirm, isCancel, multiselect, select, text } = await import('@clack/prompts');
  const input = world.stdin.open();
  // A signal of its own for each question: the library leaves its listener behind.
  const common = () => ({ input, output, signal: AbortSignal.any([world.stop]) });
  const taken = <T>(answer: T): Exclude<T, symbol> => {
    if (isCancel(answer)) throw new Cancelled();
    return answer as Exclude<T, symbol>;
  };
  return {
    text: async ({ message, fallback, begun, judge }) => {
      const answerOf = (typed: string | undefined): string => (typed ?? '').trim() || (fallback ?? '');
      const validate = (typed: string | undefined): string | undefined =>
        judge?.(answerOf(typed)) ?? undefined;
      const shown = {
        ...(fallback === undefined ? {} : { placeholder: fallback, defaultValue: fallback }),
        ...(begun === undefined ? {} : { initialValue: begun }),
      };
      return answerOf(taken(await text({ ...common(), message, ...shown, validate })));
    },
    choose: async (message, choices, initial) =>
      taken(
        await select<string>({ ...common(), message, options: [...choices], initialValue: initial }),
      ) as never,
    chooseMany: async (message, choices, initial) => {
      const options = { ...common(), message, options: [...choices], initialValues: [...initial] };
      return taken(await multiselect<string>({ ...options, required: false })) as never;
    },
    confirm: async (message, initial) =>
      taken(await confirm({ ...common(), message, initialValue: initial })),
    giveUp: () => {
      throw new Cancelled();
    },
  };
}

const usualColumns = 80;

/** stderr as a stream of the shape that the library writes to. */
function terminalOf({ stderr }: Surroundings): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      stderr.write(String(chunk));
      done();
    },
  });
  return Object.defineProperties(stream, {
    isTTY: { get: () => stderr.isTerminal },
    // A terminal that does not say how wide it is would be wrapped after each character.
    columns: { get: () => stderr.columns() || usualColumns },
  });
}
