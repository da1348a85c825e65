/** What AWS says of the fleets right now, for `snowgate status --live`: tasks in flight, tasks around Git, devices. */
import type { ControllerConfig } from '../config/config.ts';
import type { ListedTask } from '../controller/ports.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import { failed, ok, type Result } from '../lib/faults.ts';
import type { Survey } from '../plan/devices.ts';
import { isFinalState } from '../plan/observation.ts';
import {
  askFleets,
  type FleetQuestions,
  judgeWhose,
  knownTaskIds,
  resultOf,
  type Whose,
} from './aws-fleets.ts';
import type { Planning } from './planning.ts';
import type { Surroundings } from './surroundings.ts';

/** How long a person waits for the single questions of a fleet, beside its listings. */
const budgetMs = 20_000;
/** Tasks around Git, and tasks in flight, that are asked for one by one; of each. */
const askedMax = 100;

/** A task in flight that this ledger does not follow. */
export interface AroundTask {
  readonly taskId: string;
  readonly state: string;
  readonly whose: Exclude<Whose, 'known'>;
  /** Null where nobody asked any more. */
  readonly devices: readonly { readonly device: string; readonly state: string }[] | null;
}

/** One fleet, as AWS shows it now. */
export interface LiveFleet {
  /** By token: the state of each device; null where AWS does not know the task any more. */
  readonly executions: ReadonlyMap<string, ReadonlyMap<string, string> | null>;
  readonly around: readonly AroundTask[];
  /** Devices that manifests name, and AWS does not know. */
  readonly unknownDevices: readonly string[];
  /** Questions that were not asked any more, because there were too many or they took too long. */
  readonly unasked: number;
  readonly survey: Survey;
}

export type Live = ReadonlyMap<string, Result<LiveFleet>>;

/** Asks every fleet, or the one that is named, side by side; writes nothing. */
export function askLive(
  config: ControllerConfig,
  planning: Planning,
  only: string | null,
  world: Surroundings,
): Promise<Map<string, Result<LiveFleet>>> {
  const fleets = new Map([...config.fleets].filter(([name]) => only === null || name === only));
  return askFleets({ ...config, fleets }, budgetMs, world, (questions) => askFleet(questions, planning));
}

async function askFleet(questions: FleetQuestions, planning: Planning): Promise<Result<LiveFleet>> {
  const { api, fleet } = questions;
  const { view } = planning.reading;
  const [active, listed] = await Promise.all([api.listActiveTasks(), api.listDevices()]);
  const [tasks, devices] = [resultOf(active), resultOf(listed)];
  if (!tasks.ok) return tasks;
  if (!devices.ok) return devices;
  const flying = await askFlying(questions, planning);
  if (!flying.ok) return flying;
  const known = knownTaskIds(view);
  const manifests = [...planning.input.desired.tasks.values()].map(({ manifest }) => manifest);
  const wanted = new Set(manifests.map(({ token }) => token));
  const strange = tasks.value.tasks.flatMap((task) => {
    const whose = judgeWhose(task, view, wanted, known);
    return whose === 'known' ? [] : [{ task, whose }];
  });
  const around = await askAround(questions, strange);
  if (!around.ok) return around;
  const there = new Set(devices.value.map(({ device }) => device));
  const targets = manifests.filter((manifest) => manifest.fleet === fleet.name).flatMap((m) => m.targets);
  return ok({
    executions: flying.value.executions,
    around: around.value,
    unknownDevices: [...new Set(targets)].filter((device) => !there.has(device)).sort(),
    unasked: flying.value.unasked + around.value.filter((task) => task.devices === null).length,
    survey: { kind: 'seen', devices: there, foreign: busyDevices(around.value) },
  });
}

async function askFlying(
  { api, fleet, turn }: FleetQuestions,
  { reading, input }: Planning,
): Promise<Result<{ executions: Map<string, Map<string, string> | null>; unasked: number }>> {
  const flying = [...reading.view.restless].flatMap((token): Receipt[] => {
    const receipt = reading.view.receipts.get(token);
    const isAsked = receipt?.fleet === fleet.name && !input.elsewhere.has(token);
    return isAsked && receiptState(receipt) === 'issued' ? [receipt] : [];
  });
  const executions = new Map<string, Map<string, string> | null>();
  for (const { token, taskIds } of flying) {
    if (executions.size >= askedMax || !(await turn())) break;
    const listed = await api.listExecutions(taskIds[0] ?? '');
    if (listed.kind === 'notFound') executions.set(token, null);
    else if (listed.kind !== 'ok') return failed(listed.fault);
    else executions.set(token, new Map(listed.value.map(({ device, state }) => [device, state])));
  }
  return ok({ executions, unasked: flying.length - executions.size });
}

async function askAround(
  { api, turn }: FleetQuestions,
  strange: readonly { readonly task: ListedTask; readonly whose: Exclude<Whose, 'known'> }[],
): Promise<Result<AroundTask[]>> {
  const around: AroundTask[] = [];
  for (const { task, whose } of strange) {
    const { taskId, state } = task;
    // Two questions each.
    if (around.length >= askedMax || !(await turn()) || !(await turn())) {
      around.push({ taskId, state, whose, devices: null });
      continue;
    }
    const described = await api.describeTask(taskId);
    // It ended between the listing and now.
    if (described.kind === 'notFound') continue;
    if (described.kind !== 'ok') return failed(described.fault);
    const listed = await api.listExecutions(taskId);
    if (listed.kind !== 'ok' && listed.kind !== 'notFound') return failed(listed.fault);
    const states = new Map(
      (listed.kind === 'ok' ? listed.value : []).map(({ device, state: now }) => [device, now]),
    );
    const devices = described.value.targets.map((device) => ({
      device,
      state: states.get(device) ?? 'QUEUED',
    }));
    around.push({ taskId, state, whose, devices });
  }
  return ok(around);
}

/** As the plan wants to know them: which device is busy with which task of whose. */
function busyDevices(around: readonly AroundTask[]): Map<string, string> {
  const busy = new Map<string, string>();
  for (const { taskId, whose, devices } of around) {
    const words =
      whose === 'around' ? 'a task that was made around Git' : 'a task of this ledger that is not followed';
    for (const { device, state } of devices ?? []) {
      if (!isFinalState(state)) busy.set(device, `${taskId}, ${words}`);
    }
  }
  return busy;
}
