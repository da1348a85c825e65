/** What AWS has and Git does not, and the other way round: looked for, told, never touched. */
import type { ControllerConfig } from '../config/config.ts';
import type { ListedTask } from '../controller/ports.ts';
import { systemClock } from '../lib/clock.ts';
import { failed, ok, type Result } from '../lib/faults.ts';
import { tagKeys } from '../manifest/request.ts';
import { askFleets, type FleetQuestions, judgeWhose, knownTaskIds, resultOf } from './aws-fleets.ts';
import { loadConfig } from './configuration.ts';
import type { DriftTask, FleetDrift } from './drift-types.ts';
import { driftJson, formatDrift } from './drift-view.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { Format } from './options.ts';
import { type Planning, printProblems, readPlanning } from './planning.ts';
import { redactPage } from './print.ts';
import type { Surroundings } from './surroundings.ts';

/** How long a person waits for the single questions of a fleet, beside its listings. */
const budgetMs = 60_000;
/** Tasks that are described one by one; those in progress first. */
const describedMax = 500;

/**
 * Lists what was made around Git, tasks of this ledger that it does not know, and devices that AWS does not know. Exit 0
 * with none, 1 with findings, 3 where a fleet could not be asked.
 */
export async function drift(
  options: { readonly config?: string; readonly format: Format },
  world: Surroundings,
): Promise<ExitCode> {
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const read = await readPlanning(config.value, systemClock, world);
  if (!read.ok) return read.exit;
  const found = await findDrift(config.value, read.value, world);
  const text =
    options.format === 'json'
      ? driftJson(read.value, found, world)
      : redactPage(formatDrift(read.value, found, world), world.redactor);
  world.stdout.write(text);
  // They say where the comparison is not whole: a manifest that cannot be read may name devices, too.
  printProblems(read.value, world);
  const answers = [...found.values()];
  if (answers.some((answer) => !answer.ok)) return exitCodes.unreachable;
  const some = answers.some((answer) => answer.ok && hasDrift(answer.value));
  return some ? exitCodes.findings : exitCodes.done;
}

function hasDrift({ tasks, devices }: FleetDrift): boolean {
  return tasks.length > 0 || devices.length > 0;
}

function findDrift(
  config: ControllerConfig,
  planning: Planning,
  world: Surroundings,
): Promise<Map<string, Result<FleetDrift>>> {
  return askFleets(config, budgetMs, world, (questions) => askFleet(questions, planning));
}

async function askFleet(questions: FleetQuestions, planning: Planning): Promise<Result<FleetDrift>> {
  const { api, fleet } = questions;
  const { view } = planning.reading;
  const manifests = [...planning.input.desired.tasks.values()].map(({ manifest }) => manifest);
  const wanted = new Set(manifests.map(({ token }) => token));
  const known = knownTaskIds(view);
  const [all, listed] = await Promise.all([api.listTasks(), api.listDevices()]);
  const [tasks, devices] = [resultOf(all), resultOf(listed)];
  if (!tasks.ok) return tasks;
  if (!devices.ok) return devices;
  const strange = tasks.value.tasks.flatMap((task) => {
    const whose = judgeWhose(task, view, wanted, known);
    return whose === 'known' ? [] : [{ task, whose }];
  });
  strange.sort((a, b) => Number(isOver(a.task)) - Number(isOver(b.task)));
  const described = await describe(questions, strange);
  if (!described.ok) return described;
  const there = new Set(devices.value.map(({ device }) => device));
  const namers = new Map<string, string[]>();
  for (const { fleet: of, name, targets } of manifests) {
    if (of !== fleet.name) continue;
    for (const device of targets) {
      if (!there.has(device)) namers.set(device, [...(namers.get(device) ?? []), name]);
    }
  }
  return ok({
    tasks: described.value.tasks,
    devices: [...namers].map(([device, names]) => ({ device, tasks: names.sort() })).sort(byDevice),
    undescribed: described.value.undescribed,
  });
}

function byDevice(a: { readonly device: string }, b: { readonly device: string }): number {
  return a.device < b.device ? -1 : 1;
}

function isOver({ state }: { readonly state: string }): boolean {
  return state === 'COMPLETED' || state === 'CANCELED';
}

/** Their devices and times, as far as there is time; what is in progress comes first, then the newest. */
async function describe(
  { api, turn }: FleetQuestions,
  strange: readonly { readonly task: ListedTask; readonly whose: DriftTask['whose'] }[],
): Promise<Result<{ readonly tasks: readonly DriftTask[]; readonly undescribed: number }>> {
  const tasks: DriftTask[] = [];
  let left = describedMax;
  let undescribed = 0;
  for (const { task, whose } of strange) {
    const { taskId, state, tags } = task;
    const told = { whose, ledger: tags[tagKeys.ledger] ?? null, revision: tags[tagKeys.revision] ?? null };
    if (left > 0 && !(await turn())) left = 0;
    if (left === 0) {
      undescribed += 1;
      tasks.push({ taskId, state, ...told, described: null });
      continue;
    }
    left -= 1;
    const answer = await api.describeTask(taskId);
    if (answer.kind !== 'ok' && answer.kind !== 'notFound') return failed(answer.fault);
    const described = answer.kind === 'ok' ? answer.value : null;
    tasks.push({ taskId, state: described?.state ?? state, ...told, described });
  }
  tasks.sort((a, b) => Number(isOver(a)) - Number(isOver(b)) || createdMs(b) - createdMs(a));
  return ok({ tasks, undescribed });
}

function createdMs({ described }: DriftTask): number {
  return described?.createdMs ?? 0;
}
