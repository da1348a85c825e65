import type { ControllerConfig } from '../config/config.ts';
import type { Fault } from '../lib/faults.ts';
import { fault } from '../lib/faults.ts';
import { readConfig } from './config-file.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { defaultConfigPath } from './options.ts';
import { colorsFor, formatProblem, printFault } from './print.ts';
import type { Surroundings } from './surroundings.ts';

/** What a command needs, or how it ends without: what stood in the way has been printed. */
export type Ready<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly exit: ExitCode };

/** Tells a fault, and ends the command by it. */
export function stopBy(
  reason: Fault,
  exit: ExitCode,
  world: Surroundings,
): { readonly ok: false; readonly exit: ExitCode } {
  printFault(reason, world);
  return { ok: false, exit };
}

/**
 * The configuration that `--config` names, or the usual one. Everything wrong with it is printed, warnings too, but
 * for the codes that the command answers by itself.
 */
export async function loadConfig(
  path: string | undefined,
  world: Surroundings,
  silent: readonly string[] = [],
): Promise<Ready<ControllerConfig>> {
  const read = await readConfig(path ?? defaultConfigPath, world);
  if (!read.ok) {
    const reason = path === undefined ? noConfig(read.fault) : read.fault;
    return stopBy(reason, exitCodes.usage, world);
  }
  const colors = colorsFor(world.stderr, world.env);
  const told = read.value.problems.filter(({ code }) => !silent.includes(code));
  for (const problem of told) world.stderr.write(formatProblem(problem, colors));
  const { config } = read.value;
  return config === null ? { ok: false, exit: exitCodes.usage } : { ok: true, value: config };
}

/** The usual configuration is not there. */
export function noConfig(reason: Fault): Fault {
  return fault('SG7007', 'human', reason.message, 'name the configuration with --config FILE');
}
