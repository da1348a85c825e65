import { systemClock } from '../lib/clock.ts';
import { ok } from '../lib/faults.ts';
import type { Survey } from '../plan/devices.ts';
import { makePlan } from '../plan/plan.ts';
import { loadConfig, stopBy } from './configuration.ts';
import { exitOf } from './decision-view.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { askLive, type Live } from './live.ts';
import type { Format } from './options.ts';
import { type Planning, printProblems, readPlanning } from './planning.ts';
import { formatJson, redactPage } from './print.ts';
import { makeEntries, type Status } from './status-entries.ts';
import { statusJson, taskJson } from './status-json.ts';
import { formatTask } from './status-task.ts';
import { formatStatus } from './status-view.ts';
import type { Surroundings } from './surroundings.ts';
import { findKey } from './task-name.ts';

export interface StatusOptions {
  readonly config?: string;
  readonly live?: true;
  readonly format: Format;
}

/** Shows every task by what a person has to do about it, or everything about one. Writes nothing. */
export async function status(
  name: string | undefined,
  options: StatusOptions,
  world: Surroundings,
): Promise<ExitCode> {
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const read = await readPlanning(config.value, systemClock, world);
  if (!read.ok) return read.exit;
  const key = name === undefined ? ok(null) : findKey(name, knownKeys(read.value));
  if (!key.ok) return stopBy(key.fault, exitCodes.usage, world).exit;
  const fleet = key.value?.split('/')[0] ?? null;
  const live = options.live === true ? await askLive(config.value, read.value, fleet, world) : null;
  const planning = live === null ? read.value : withLive(read.value, live);
  const entries = makeEntries({
    reading: planning.reading,
    decisions: planning.decisions,
    desired: planning.input.desired,
    halted: planning.input.halts.length > 0,
  });
  const shown: Status = { planning, entries, live };
  world.stdout.write(render(shown, key.value, options.format, world));
  const invalid = printProblems(planning, world);
  if (live !== null && [...live.values()].some((answer) => !answer.ok)) return exitCodes.unreachable;
  const decisions = planning.decisions.filter((decision) => key.value === null || decision.key === key.value);
  const exit = exitOf(decisions, planning.input.halts);
  return exit === exitCodes.done && invalid && key.value === null ? exitCodes.findings : exit;
}

function render(shown: Status, key: string | null, format: Format, world: Surroundings): string {
  if (format === 'json') return formatJson(key === null ? statusJson(shown) : taskJson(shown, key), world);
  const text = key === null ? formatStatus(shown, world) : formatTask(shown, key, world);
  return redactPage(text, world.redactor);
}

/**
 * The same decisions, with what AWS showed: devices that are busy or not there hold tasks, as in a pass. A fleet that
 * could not be asked is told once, and not in every one of its tasks.
 */
function withLive(planning: Planning, live: Live): Planning {
  const surveys = new Map<string, Survey>();
  for (const [fleet, answer] of live) if (answer.ok) surveys.set(fleet, answer.value.survey);
  const input = { ...planning.input, surveys };
  return { ...planning, input, decisions: makePlan(input).decisions };
}

function knownKeys({ input, reading }: Planning): ReadonlySet<string> {
  const { tasks, frozen } = input.desired;
  return new Set([...tasks.keys(), ...frozen, ...reading.view.tokensByKey.keys()]);
}
