import { simulatorOptions } from '../simulator/options.ts';
import { openSimulator } from '../simulator/server.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { printFault, printNote } from './print.ts';
import { untilStopped } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** Runs the simulator until the process is asked to end. Prints one line of JSON on stdout once it can be called. */
export async function simulate(
  written: Readonly<Record<string, unknown>>,
  world: Surroundings,
): Promise<ExitCode> {
  const options = simulatorOptions(written);
  if (!options.ok) {
    for (const problem of options.fault) printFault(problem, world);
    return exitCodes.usage;
  }
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

/** So many device ids stand in the ready line; the rest is one ListDevices away. */
const devicesShown = 20;

function summarize(fleet: {
  readonly account: string;
  readonly region: string;
  readonly devices: readonly string[];
}) {
  return { account: fleet.account, region: fleet.region, devices: fleet.devices.slice(0, devicesShown) };
}
