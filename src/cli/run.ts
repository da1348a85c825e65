import type { ControllerConfig } from '../config/config.ts';
import type { PassReport } from '../controller/pass.ts';
import type { Journal } from '../controller/ports.ts';
import { count } from '../lib/count.ts';
import { type Fault, fault } from '../lib/faults.ts';
import type { Level } from '../lib/log.ts';
import { decisionJson } from '../report/task-json.ts';
import { type Wired, wire } from '../wire.ts';
import { loadConfig, type Ready, stopBy } from './configuration.ts';
import { decisionRow, exitOf, isUnreachable } from './decision-view.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { openJournal } from './journal.ts';
import { tally } from './ledger-list.ts';
import type { Format, LogFormat } from './options.ts';
import { colorsFor, formatJson, plain } from './print.ts';
import { formatRows } from './receipt-view.ts';
import { ReportLog } from './report-log.ts';
import type { Surroundings } from './surroundings.ts';

export interface RunOptions {
  readonly config?: string;
  readonly once?: true;
  readonly wait: boolean;
  readonly logLevel: Level;
  readonly logFormat?: LogFormat;
  readonly format: Format;
}

/** The daemon, until the process is asked to end; or one pass to its end, with its decisions on stdout. */
export async function run(options: RunOptions, world: Surroundings): Promise<ExitCode> {
  if (!options.wait && options.once !== true) {
    const wrong = fault(
      'SG7001',
      'human',
      '--no-wait goes with --once',
      'the controller itself waits for nothing',
    );
    return stopBy(wrong, exitCodes.usage, world).exit;
  }
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const journal = openJournal(options.logLevel, config.value.replica, world, options.logFormat);
  const wired = await openController(config.value, journal, world);
  if (!wired.ok) return wired.exit;
  try {
    return await (options.once === true
      ? runToItsEnd(wired.value, options, journal, world)
      : runDaemon(wired.value, config.value, journal, world));
  } finally {
    await wired.value.close();
  }
}

/** Opens a controller in its world; what stands in the way has been printed. */
export async function openController(
  config: ControllerConfig,
  journal: Journal,
  world: Surroundings,
): Promise<Ready<Wired>> {
  const { redactor, stop, version } = world;
  const wired = await wire({ config, journal, redactor, stop, version });
  return wired.ok ? wired : stopBy(wired.fault, exitOfOpening(wired.fault), world);
}

/** A folder or an address that cannot be had now may be there at the next start: a disk that is mounted late, a port still in use. */
function exitOfOpening({ code }: Fault): ExitCode {
  return code === 'SG7030' ? exitCodes.usage : exitCodes.unreachable;
}

async function runDaemon(
  wired: Wired,
  config: ControllerConfig,
  journal: Journal,
  world: Surroundings,
): Promise<ExitCode> {
  journal.write('info', 'controller started', {
    fleets: [...config.fleets.keys()],
    source: config.source.url,
    branch: config.source.branch,
    ledger: config.ledger.url,
    schedule: config.source.schedule,
  });
  const log = new ReportLog(journal);
  const ran = await wired.runDaemon((report) => log.tell(report));
  if (!ran.ok) return stopBy(ran.fault, exitOfOpening(ran.fault), world).exit;
  journal.write('info', 'controller stopped');
  return exitCodes.done;
}

async function runToItsEnd(
  wired: Wired,
  options: RunOptions,
  journal: Journal,
  world: Surroundings,
): Promise<ExitCode> {
  const report = await wired.runOnce(options.wait);
  new ReportLog(journal).tellProblems(report);
  world.stdout.write(options.format === 'json' ? reportJson(report, world) : reportText(report, world));
  const exit = exitOf(report.decisions, [...report.problems, ...report.halts]);
  const invalid = report.sourceProblems?.some(({ severity }) => severity === 'error') ?? false;
  return exit === exitCodes.done && invalid ? exitCodes.findings : exit;
}

function reportJson({ decisions, problems, halts }: PassReport, world: Surroundings): string {
  return formatJson({ tasks: decisions.map(decisionJson), problems: [...problems, ...halts] }, world);
}

/** Every task with what became of it, what halts issuing or stood in its way, and the count as the last line. */
export function reportText({ decisions, problems, halts }: PassReport, world: Surroundings): string {
  const colors = colorsFor(world.stdout, world.env);
  const rows = formatRows(decisions.map(decisionRow), world.stdout.columns(), colors);
  const said = new Set(decisions.flatMap(({ reasons }) => reasons.map(({ message }) => message)));
  const unsaid = halts.filter(({ message }) => !said.has(message));
  const told = [...problems, ...unsaid].map(({ code, message }) => {
    // What cannot be reached ends by itself; what halts waits for a person.
    const word = isUnreachable(code) ? 'problem' : 'halted';
    return `${colors.red(word)} ${code}: ${plain(message)}\n`;
  });
  const counted = tally(decisions.map(({ action }) => action));
  return `${rows}${told.join('')}${count(decisions.length, 'task')}${counted}\n`;
}
