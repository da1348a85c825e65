/** A command run in this process, with what it wrote. */
import { Readable } from 'node:stream';
import { runProgram } from '../../src/cli/program.ts';
import type { Outlet, Surroundings } from '../../src/cli/surroundings.ts';
import { createRedactor } from '../../src/lib/redact.ts';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  readonly cwd?: string;
  readonly env?: Surroundings['env'];
  /** Both outlets are terminals of so many columns; 0 (as usual) for files. */
  readonly columns?: number;
  readonly stop?: AbortSignal;
  /** What standard input holds; empty where nothing is said. */
  readonly stdin?: Surroundings['stdin'] | string;
}

/** An outlet that remembers. */
export function rememberingOutlet(columns = 0): Outlet & { text(): string } {
  let written = '';
  return {
    write: (text) => {
      written += text;
    },
    text: () => written,
    isTerminal: columns > 0,
    columns: () => columns,
  };
}

/** Surroundings that touch nothing of this process. */
export function quietSurroundings(argv: readonly string[], settings: RunSettings = {}) {
  const stdout = rememberingOutlet(settings.columns);
  const stderr = rememberingOutlet(settings.columns);
  const world: Surroundings = {
    argv,
    env: settings.env ?? {},
    cwd: settings.cwd ?? process.cwd(),
    version: '0.0.0-test',
    stdin: inletOf(settings.stdin ?? ''),
    stdout,
    stderr,
    redactor: createRedactor(),
    stop: settings.stop ?? new AbortController().signal,
  };
  return { world, stdout, stderr };
}

function inletOf(stdin: Surroundings['stdin'] | string): Surroundings['stdin'] {
  return typeof stdin === 'string'
    ? { isTerminal: false, open: () => Readable.from([Buffer.from(stdin)]) }
    : stdin;
}

/** Runs `snowgate ...argv`. */
export async function run(argv: readonly string[], settings: RunSettings = {}): Promise<Ran> {
  const { world, stdout, stderr } = quietSurroundings(argv, settings);
  const exit = await runProgram(world);
  return { exit, stdout: stdout.text(), stderr: stderr.text() };
}
