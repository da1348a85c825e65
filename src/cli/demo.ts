import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PassReport } from '../controller/pass.ts';
import { describeEvent } from '../ledger/message.ts';
import { systemClock } from '../lib/clock.ts';
import { count } from '../lib/count.ts';
import { BugError } from '../lib/faults.ts';
import type { PlanAction } from '../plan/decision.ts';
import { shortInstant } from '../policy/verdict.ts';
import type { Listening } from '../wire.ts';
import { stopBy } from './configuration.ts';
import { type DemoWorld, demoCredentials, makeDemoWorld, takeDemoCredentials } from './demo-world.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { openJournal } from './journal.ts';
import { readWholeLedger } from './ledger-reading.ts';
import { colorsFor, plain } from './print.ts';
import { ReportLog } from './report-log.ts';
import { openController, reportText } from './run.ts';
import type { Surroundings } from './surroundings.ts';

/** Shows the whole path on this machine alone: source, ledger, simulated AWS and the controller, from examples/. */
export async function demo(options: { readonly once?: true }, world: Surroundings): Promise<ExitCode> {
  takeDemoCredentials(process.env);
  const made = await makeDemoWorld(world);
  if (!made.ok) return stopBy(made.fault, exitCodes.unreachable, world).exit;
  try {
    introduce(made.value, world);
    return await (options.once === true ? showOnce(made.value, world) : showAndRun(made.value, world));
  } finally {
    await made.value.close();
  }
}

function say(text: string, world: Surroundings): void {
  world.stdout.write(`${text}\n`);
}

function title(text: string, world: Surroundings): void {
  say(`\n${colorsFor(world.stdout, world.env).bold(text)}`, world);
}

function introduce(made: DemoWorld, world: Surroundings): void {
  const devices = made.simulator.fleets.reduce((sum, fleet) => sum + fleet.devices.length, 0);
  title('A world to try snowgate in, made for this demo and gone with it', world);
  say(`  tasks   ${made.sourceDir}, a Git repository made from examples/`, world);
  say(`  ledger  ${made.ledgerDir}, branch ${made.config.ledger.branch}`, world);
  say(
    `  AWS     ${made.simulator.endpoint}, simulated: ${count(made.config.fleets.size, 'fleet')}, ${count(devices, 'device')}`,
    world,
  );
  say(`  config  ${made.configFile}`, world);
  say(`  window  of unlocks on ships: opens at ${shortInstant(made.opensMs)}`, world);
}

/** One pass of a new controller, as `snowgate run --once` makes it. */
async function pass(made: DemoWorld, world: Surroundings): Promise<PassReport | ExitCode> {
  const journal = openJournal('warn', made.config.replica, world);
  const wired = await openController(made.config, journal, world);
  if (!wired.ok) return wired.exit;
  try {
    return await wired.value.runOnce(false);
  } finally {
    await wired.value.close();
  }
}

async function showOnce(made: DemoWorld, world: Surroundings): Promise<ExitCode> {
  title('The controller reads the tasks, claims them in the ledger, and asks AWS', world);
  const first = await pass(made, world);
  if (typeof first === 'number') return first;
  say(reportText(first, world).trimEnd(), world);

  if (!(await untilOpen(made, world))) return exitCodes.done;
  title("Another controller, with none of the first one's files, asks for the rest", world);
  await rm(made.config.stateDir, { recursive: true, force: true });
  const second = await pass(made, world);
  if (typeof second === 'number') return second;
  say(reportText(second, world).trimEnd(), world);

  title('What the ledger remembers (git log tells the same)', world);
  const told = await tellLedger(made, world);
  return told ?? (await conclude(made, first, second, world));
}

/** Waits until the window is open; false where the process was asked to end before. */
async function untilOpen({ opensMs }: DemoWorld, world: Surroundings): Promise<boolean> {
  const leftMs = opensMs - systemClock.wallMs();
  title(`The window opens in ${Math.max(0, Math.ceil(leftMs / 1000))} s`, world);
  while (systemClock.wallMs() < opensMs && !world.stop.aborted)
    await systemClock.sleep(opensMs - systemClock.wallMs(), world.stop);
  return !world.stop.aborted;
}

/** Prints the ledger's events in their order. */
async function tellLedger(made: DemoWorld, world: Surroundings): Promise<null | ExitCode> {
  const reading = await readWholeLedger(made.config, world);
  if (!reading.ok) return reading.exit;
  const events = [...reading.value.events.values()].flat();
  events.sort((a, b) => a.header.seq - b.header.seq);
  for (const { event, header } of events) say(`  #${header.seq} ${plain(describeEvent(event))}`, world);
  return null;
}

interface SimulatedFleet {
  readonly tasks: number;
  readonly doubled: readonly unknown[];
}

/** Counts at the other end: what the simulated AWS was really asked. That a task is denied is part of the story: exit 0. */
async function conclude(
  made: DemoWorld,
  first: PassReport,
  last: PassReport,
  world: Surroundings,
): Promise<ExitCode> {
  const fleets = await readSimulated(made.simulator.endpoint);
  const tasks = fleets.reduce((sum, fleet) => sum + fleet.tasks, 0);
  const doubled = fleets.reduce((sum, fleet) => sum + fleet.doubled.length, 0);
  const issued = countOf(last, 'done');
  const told: [number, string][] = [
    [countOf(first, 'done'), 'issued at once'],
    [issued - countOf(first, 'done'), 'when the window opened'],
    [countOf(last, 'hold'), 'held'],
    [countOf(last, 'deny'), 'denied'],
  ];
  const summary = told.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  say(`\ndemo: of ${count(last.decisions.length, 'task')} ${summary.join(', ')}`, world);
  say(`demo: AWS holds ${count(tasks, 'task')}, ${doubled} asked for twice`, world);
  return tasks === issued && doubled === 0 ? exitCodes.done : exitCodes.findings;
}

function countOf({ decisions }: PassReport, action: PlanAction): number {
  return decisions.filter((decision) => decision.action === action).length;
}

async function readSimulated(endpoint: string): Promise<readonly SimulatedFleet[]> {
  const answer: unknown = await (await fetch(`${endpoint}/_simulator`)).json();
  if (
    typeof answer !== 'object' ||
    answer === null ||
    !('fleets' in answer) ||
    !Array.isArray(answer.fleets)
  ) {
    throw new BugError('the simulator tells no summary');
  }
  return answer.fleets.map((fleet: { tasks?: unknown; doubled?: unknown }) => ({
    tasks: Number(fleet.tasks),
    doubled: Array.isArray(fleet.doubled) ? fleet.doubled : [],
  }));
}

async function showAndRun(made: DemoWorld, world: Surroundings): Promise<ExitCode> {
  const journal = openJournal('info', made.config.replica, world);
  const wired = await openController(made.config, journal, world);
  if (!wired.ok) return wired.exit;
  title('The controller runs; its log:', world);
  let told = false;
  const log = new ReportLog(journal);
  try {
    const ran = await wired.value.runDaemon((report, listening) => {
      log.tell(report);
      if (told || report.again || report.problems.length > 0) return;
      told = true;
      suggest(made, listening, world);
    });
    return ran.ok ? exitCodes.done : stopBy(ran.fault, exitCodes.unreachable, world).exit;
  } finally {
    await wired.value.close();
    say('demo: ended, everything removed', world);
  }
}

/** Said once, when the first tasks have been issued. */
function suggest(made: DemoWorld, listening: Listening, world: Surroundings): void {
  const self = `node ${fileURLToPath(new URL('../main.js', import.meta.url))}`;
  title('Try a change, in another terminal:', world);
  say(`  cd ${made.sourceDir}`, world);
  say(`  sed -i.bak 's/{reason/{change: CHG10450, reason/' tasks/north-sea/reboot-cygnus.yaml`, world);
  say('  rm tasks/north-sea/*.bak', world);
  say(`  git commit -am 'Name the change request of Cygnus'`, world);
  say('What was denied is issued within seconds. Revert it, move the file: nothing is.', world);
  say(`  sed -i.bak 's/run: 1/run: 2/' tasks/north-sea/reboot-aurora.yaml`, world);
  say('  rm tasks/north-sea/*.bak', world);
  say(`  git commit -am 'Reboot Aurora again'`, world);
  title('Look:', world);
  const web = listening.get('web');
  if (web !== undefined) say(`  http://${web.host}:${web.port}/ in a browser`, world);
  say(`  ${self} plan --config ${made.configFile}`, world);
  say(`  ${self} plan --explain unlock-borealis-2026-11 --config ${made.configFile}`, world);
  say(`  ${self} ledger list --config ${made.configFile}`, world);
  say(`  git -C ${made.ledgerDir} log ${made.config.ledger.branch}`, world);
  say(`  curl -s ${made.simulator.endpoint}/_simulator/state`, world);
  title('Look at AWS, too, with keys that only this simulator knows:', world);
  for (const [name, value] of Object.entries(demoCredentials)) say(`  export ${name}=${value}`, world);
  say(`  ${self} drift --config ${made.configFile}`, world);
  say(`  ${self} doctor --config ${made.configFile}`, world);
  say('\nCtrl-C ends the demo and removes everything.\n', world);
}
