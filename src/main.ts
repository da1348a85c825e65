#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { isatty } from 'node:tty';
import type { Outlet, Surroundings } from './cli/surroundings.ts';
import { createRedactor } from './lib/redact.ts';

/** Handles that a library left open must not keep an ended command alive; what is still being written gets this long. */
const lingerMs = 3_000;

interface Watched extends Outlet {
  /** Why not everything was written; null where it was, or where nobody wanted the rest. */
  readonly lost: () => string | null;
}

/** A reader that went away (`snowgate validate | head`) ends the output, not the command. */
function outlet(stream: NodeJS.WriteStream): Watched {
  let open = true;
  let lost: string | null = null;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    open = false;
    if (error.code !== 'EPIPE') lost ??= error.code ?? error.message;
  });
  return {
    lost: () => lost,
    write: (text) => {
      if (open) stream.write(text);
    },
    isTerminal: stream.isTTY === true,
    columns: () => (stream.isTTY === true ? stream.columns : 0),
  };
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  const holds = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return holds ? String(manifest.version) : 'unknown';
}

/**
 * The first signal asks for an orderly end; a second one ends the process at once, with the code that a shell gives for
 * it. Not by the signal itself, which would leave git and temporary folders behind.
 */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, (_name: NodeJS.Signals, number: number) => {
      if (stop.signal.aborted) process.exit(128 + number);
      stop.abort(signal);
    });
  }
  return stop.signal;
}

async function main(): Promise<void> {
  const stdout = outlet(process.stdout);
  const surroundings: Surroundings = {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    version: readVersion(),
    stdin: { isTerminal: isatty(0), open: () => process.stdin },
    stdout,
    stderr: outlet(process.stderr),
    redactor: createRedactor(),
    stop: listenForStop(),
  };
  const { reportBug, reportLostOutput, runProgram } = await import('./cli/program.ts');
  const die = (error: unknown): never => process.exit(reportBug(error, surroundings));
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  const exit = await runProgram(surroundings);
  process.exitCode = exit;
  // Files and pipes are written at once, and what went wrong is told a turn later.
  await setImmediate();
  const lost = stdout.lost();
  if (lost !== null) {
    const lostExit = reportLostOutput(lost, surroundings);
    // What else went wrong tells more: whoever waits for findings must not take them for a disk.
    process.exitCode = exit || lostExit;
  }
  setTimeout(() => process.exit(), lingerMs).unref();
}

await main();
