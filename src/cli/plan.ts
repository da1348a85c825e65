import { type Clock, systemClock } from '../lib/clock.ts';
import { fault } from '../lib/faults.ts';
import { parseTime } from '../manifest/time.ts';
import { loadConfig, stopBy } from './configuration.ts';
import { decisionJson, decisionRow, exitOf } from './decision-view.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { tally } from './ledger-list.ts';
import type { Format } from './options.ts';
import { formatHead, headJson, type Planning, printProblems, readPlanning } from './planning.ts';
import { colorsFor, count, formatJson } from './print.ts';
import { formatRows } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';

export interface PlanOptions {
  readonly config?: string;
  readonly at?: string;
  readonly format: Format;
}

/** Shows what a pass would do with each task, and why. Reads source and ledger, asks AWS nothing, writes nothing. */
export async function plan(options: PlanOptions, world: Surroundings): Promise<ExitCode> {
  const at = options.at === undefined ? null : parseTime(options.at);
  if (at?.ok === false) {
    const wrong = `--at ${JSON.stringify(options.at)} ${at.reason}`;
    const hint = 'an instant with its offset, such as 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z';
    return stopBy(fault('SG7009', 'human', wrong, hint), exitCodes.usage, world).exit;
  }
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const clock = at === null ? systemClock : shiftedClock(at.epochMs - systemClock.wallMs());
  const planned = await readPlanning(config.value, clock, world);
  if (!planned.ok) return planned.exit;
  const { value } = planned;
  world.stdout.write(options.format === 'json' ? planJson(value, world) : planText(value, world));
  const invalid = printProblems(value, world);
  const exit = exitOf(value.decisions, value.input.halts);
  return exit === exitCodes.done && invalid ? exitCodes.findings : exit;
}

/** The machine's clock, some time ahead or behind. */
function shiftedClock(shiftMs: number): Clock {
  return { ...systemClock, wallMs: () => systemClock.wallMs() + shiftMs };
}

function planJson(planned: Planning, world: Surroundings): string {
  const { heads, findings } = headJson(planned);
  return formatJson({ ...heads, tasks: planned.decisions.map(decisionJson), ...findings }, world);
}

function planText(planned: Planning, world: Surroundings): string {
  const { decisions } = planned;
  const colors = colorsFor(world.stdout, world.env);
  const rows = formatRows(decisions.map(decisionRow), world.stdout.columns(), colors);
  const unasked = `${colors.dim('AWS was not asked: a fleet that it denies or throttles shows in the log of the controller')}\n`;
  return `${formatHead(planned, colors, world.stdout.columns())}${rows}${unasked}${count(decisions.length, 'task')}${tally(decisions.map(({ action }) => action))}\n`;
}
