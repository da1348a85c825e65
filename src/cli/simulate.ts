import { resolve } from 'node:path';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { simulatorFileLimits } from '../simulator/document-file.ts';
import { readKeysFile } from '../simulator/keys-file.ts';
import { type SimulatorFiles, simulatorOptions } from '../simulator/options.ts';
import { readScenario } from '../simulator/scenario.ts';
import { openSimulator } from '../simulator/server.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { colorsFor, formatProblem, printFault, printNote } from './print.ts';
import { untilStopped } from './stop.ts';
import type { Surroundings } from './surroundings.ts';
import { readBounded } from './work-tree.ts';

/** Runs the simulator until the process is asked to end. Prints one line of JSON on stdout once it can be called. */
export async function simulate(
  written: Readonly<Record<string, unknown>>,
  world: Surroundings,
): Promise<ExitCode> {
  const files = await readFiles(written, world);
  const options = simulatorOptions(written, files ?? {});
  if (!options.ok) for (const problem of options.fault) printFault(problem, world);
  if (!options.ok || files === null) return exitCodes.usage;
  const opened = await openSimulator(options.value);
  if (!opened.ok) {
    printFault(opened.fault, world);
    return opened.fault.code === 'SG6005' ? exitCodes.unreachable : exitCodes.usage;
  }
  const { endpoint, fleets, close } = opened.value;
  world.stdout.write(`${JSON.stringify({ endpoint, fleets: fleets.map(summarize) })}\n`);
  if (world.stderr.isTerminal) {
    printNote(
      'The simulator runs until Ctrl-C; docs/SIMULATOR.md tells how to reach and to disturb it.',
      world,
    );
  }
  await untilStopped(world.stop);
  await close();
  return exitCodes.done;
}

/** What stands in the files that flags name; null where something is wrong with one, and that has been printed. */
async function readFiles(
  written: Readonly<Record<string, unknown>>,
  world: Surroundings,
): Promise<SimulatorFiles | null> {
  const keys = await readFile(written.keys, readKeysFile, world);
  const scenario = await readFile(written.scenario, readScenario, world);
  if (keys === null || scenario === null) return null;
  for (const { accessKeyId, secretAccessKey, sessionToken } of keys ?? []) {
    world.redactor.register(secretAccessKey, `secret key of ${accessKeyId}`);
    if (sessionToken !== undefined) world.redactor.register(sessionToken, `session token of ${accessKeyId}`);
  }
  return {
    ...(keys === undefined ? {} : { signingKeys: keys }),
    ...(scenario === undefined ? {} : { scenario }),
  };
}

type Reader<T> = (
  bytes: Uint8Array,
) =>
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/** Undefined where no file is named; null where it holds nothing that can be used. */
async function readFile<T>(
  path: unknown,
  read: Reader<T>,
  world: Surroundings,
): Promise<T | null | undefined> {
  if (typeof path !== 'string') return undefined;
  const bytes = await readBounded(resolve(world.cwd, path), path, simulatorFileLimits.fileBytes);
  if (!bytes.ok) {
    printFault(bytes.fault, world);
    return null;
  }
  const answer = read(bytes.value);
  if (answer.ok) return answer.value;
  const colors = colorsFor(world.stderr, world.env);
  for (const { line, column, ...problem } of answer.problems) {
    world.stderr.write(formatProblem({ ...problem, place: { path, line, column } }, colors));
  }
  return null;
}

/** So many device ids stand in the ready line; the rest is one ListDevices away. */
const devicesShown = 20;

function summarize(fleet: {
  readonly account: string;
  readonly region: string;
  readonly devices: readonly string[];
}) {
  return { account: fleet.account, region: fleet.region, devices: fleet.devices.slice(0, devicesShown) };
}
