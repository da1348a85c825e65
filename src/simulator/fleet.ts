/**
 * One account's devices and tasks in one region: the pure state that every operation works on.
 *
 * Nothing here has a clock. Each operation says how late it is, and {@link settleFleet} first lets everything happen that
 * was due by then, in order: tasks whose effect was late are made, cancellations take effect, devices take up and end
 * work. A time earlier than one already seen counts as that one: the service's own time never goes back.
 */
import { BugError } from '../lib/faults.ts';
import type { CommandName, Device, Execution } from './device.ts';
import { advanceDevice, cancelExecution, takeUp } from './device.ts';
import type { DeviceOptions } from './roster.ts';
import { makeDevices } from './roster.ts';
import type { Settings } from './settings.ts';

export type TaskState = 'IN_PROGRESS' | 'CANCELED' | 'COMPLETED';

export interface Task {
  readonly taskId: string;
  readonly arn: string;
  readonly clientToken: string | null;
  readonly command: CommandName;
  readonly targets: readonly string[];
  readonly description: string | null;
  tags: Readonly<Record<string, string>>;
  /** When its request was accepted. */
  readonly acceptedMs: number;
  /** When it comes into being; until then it is known by its token alone. */
  readonly createdMs: number;
  /** When reads begin to show it. */
  readonly visibleMs: number;
  made: boolean;
  /** Grows as tasks are made; the order of ListTasks by `oldest` and `newest`. */
  sequence: number;
  state: TaskState;
  updatedMs: number;
  completedMs: number | null;
  cancelRequestedMs: number | null;
  /** True once a cancellation has ended at least one execution. */
  cancelled: boolean;
  executions: readonly Execution[];
  /** Executions that have not ended. */
  open: number;
}

interface Effect {
  readonly kind: 'make' | 'cancel';
  readonly atMs: number;
  readonly task: Task;
}

export interface Fleet {
  readonly account: string;
  readonly region: string;
  readonly seed: string;
  settings: Settings;
  readonly devices: readonly Device[];
  readonly deviceById: ReadonlyMap<string, Device>;
  /** Every task ever accepted, by id. */
  readonly tasks: Map<string, Task>;
  /** Tasks that were made, in the order of the listing. */
  readonly listed: Task[];
  /** The task last accepted under a token, oldest acceptance first. */
  readonly tokens: Map<string, Task>;
  /** What was accepted and has no effect yet, by time. */
  readonly effects: Effect[];
  /** Devices with work. */
  readonly busy: Set<Device>;
  nowMs: number;
  /** Nothing is due before. */
  nextDueMs: number;
  sequence: number;
  /** Tasks made and not ended. */
  open: number;
}

export interface FleetOptions {
  readonly account: string;
  readonly region: string;
  /** How many, or what is said of each. */
  readonly devices: number | readonly DeviceOptions[];
  readonly seed: string | number;
  readonly settings: Settings;
  readonly nowMs: number;
}

/** A fleet; the ids of its devices follow from seed, account and region, where they are not said. */
export function createFleet(options: FleetOptions): Fleet {
  const { account, region, settings, nowMs } = options;
  const seed = `${options.seed}/${account}/${region}`;
  const deviceById = makeDevices({ account, region }, seed, options.devices, nowMs);
  return {
    account,
    region,
    seed,
    settings,
    devices: [...deviceById.values()],
    deviceById,
    tasks: new Map(),
    listed: [],
    tokens: new Map(),
    effects: [],
    busy: new Set(),
    nowMs,
    nextDueMs: Infinity,
    sequence: 0,
    open: 0,
  };
}

/** Lets everything happen that is due by `nowMs`; answers the service's time, which never goes back. */
export function settleFleet(fleet: Fleet, nowMs: number): number {
  if (nowMs > fleet.nowMs) fleet.nowMs = nowMs;
  if (fleet.nowMs < fleet.nextDueMs) return fleet.nowMs;
  // Ends: an effect is taken off before it is applied, and applying makes none.
  for (;;) {
    const effect = fleet.effects[0];
    if (effect === undefined || effect.atMs > fleet.nowMs) break;
    fleet.effects.shift();
    applyEffect(fleet, effect);
  }
  let nextDueMs = fleet.effects[0]?.atMs ?? Infinity;
  for (const device of fleet.busy) {
    if (device.dueMs <= fleet.nowMs) advance(fleet, device, fleet.nowMs);
    nextDueMs = Math.min(nextDueMs, device.dueMs);
  }
  fleet.nextDueMs = nextDueMs;
  return fleet.nowMs;
}

/** To be called after anything that can change when something is due: settings, a device's state. */
export function expectChange(fleet: Fleet): void {
  for (const device of fleet.busy) device.dueMs = -Infinity;
  fleet.nextDueMs = -Infinity;
}

/**
 * Queues an accepted change for its time, or applies it where that has come; the caller has settled the fleet. What is
 * due at the same time happens in the order it was accepted.
 */
export function scheduleEffect(fleet: Fleet, kind: Effect['kind'], task: Task, atMs: number): void {
  if (atMs <= fleet.nowMs) {
    applyEffect(fleet, { kind, task, atMs });
    // Only its own devices are looked at: a fleet of thousands would make each new task cost as much as all of them.
    for (const execution of task.executions) {
      const device = deviceOf(fleet, execution);
      advance(fleet, device, fleet.nowMs);
      fleet.nextDueMs = Math.min(fleet.nextDueMs, device.dueMs);
    }
    return;
  }
  let index = fleet.effects.length;
  while (index > 0 && (fleet.effects[index - 1]?.atMs ?? -Infinity) > atMs) index -= 1;
  fleet.effects.splice(index, 0, { kind, task, atMs });
  fleet.nextDueMs = Math.min(fleet.nextDueMs, atMs);
}

function applyEffect(fleet: Fleet, effect: Effect): void {
  if (effect.kind === 'make') makeTask(fleet, effect.task, effect.atMs);
  else applyCancel(fleet, effect.task, effect.atMs);
}

function advance(fleet: Fleet, device: Device, toMs: number): void {
  device.dueMs = advanceDevice(device, toMs, fleet.settings, (execution) => {
    const task = fleet.tasks.get(execution.taskId);
    if (task === undefined) throw new BugError(`execution of task ${execution.taskId}, which does not exist`);
    closeExecution(fleet, task, execution);
  });
  if (device.running === null && device.queue.length === 0) fleet.busy.delete(device);
}

function closeExecution(fleet: Fleet, task: Task, execution: Execution): void {
  task.open -= 1;
  task.updatedMs = Math.max(task.updatedMs, execution.updatedMs);
  if (task.open > 0) return;
  task.state = task.cancelled ? 'CANCELED' : 'COMPLETED';
  task.completedMs = task.updatedMs;
  fleet.open -= 1;
}

function makeTask(fleet: Fleet, task: Task, atMs: number): void {
  task.made = true;
  task.sequence = fleet.sequence;
  fleet.sequence += 1;
  fleet.open += 1;
  task.open = task.targets.length;
  task.executions = task.targets.map((deviceId, index) => ({
    executionId: String(index + 1),
    taskId: task.taskId,
    deviceId,
    command: task.command,
    queuedMs: atMs,
    state: 'QUEUED',
    startedMs: null,
    endMs: atMs,
    outcome: 'SUCCEEDED',
    updatedMs: atMs,
  }));
  for (const execution of task.executions) {
    const device = deviceOf(fleet, execution);
    advance(fleet, device, atMs);
    device.queue.push(execution);
    device.dueMs = -Infinity;
    fleet.busy.add(device);
  }
  insertListed(fleet, task);
}

/** Ends what is still QUEUED; what a device has taken up meanwhile runs on. */
function applyCancel(fleet: Fleet, task: Task, atMs: number): void {
  for (const execution of task.executions) {
    const device = deviceOf(fleet, execution);
    advance(fleet, device, atMs);
    if (execution.state !== 'QUEUED') continue;
    task.cancelled = true;
    cancelExecution(device, execution, atMs);
    device.dueMs = -Infinity;
    closeExecution(fleet, task, execution);
  }
}

/** The devices that could take this task up do so now; the caller has settled the fleet. */
export function hurryTask(fleet: Fleet, task: Task): void {
  for (const execution of task.executions) {
    const device = deviceOf(fleet, execution);
    if (!takeUp(device, execution, fleet.nowMs, fleet.settings)) continue;
    device.dueMs = -Infinity;
    advance(fleet, device, fleet.nowMs);
    fleet.nextDueMs = Math.min(fleet.nextDueMs, device.dueMs);
  }
}

function deviceOf(fleet: Fleet, execution: Execution): Device {
  const device = fleet.deviceById.get(execution.deviceId);
  if (device === undefined)
    throw new BugError(`execution on device ${execution.deviceId}, which does not exist`);
  return device;
}

function insertListed(fleet: Fleet, task: Task): void {
  if (fleet.settings.listOrder !== 'id') {
    fleet.listed.push(task);
    return;
  }
  let low = 0;
  let high = fleet.listed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((fleet.listed[middle]?.taskId ?? '') < task.taskId) low = middle + 1;
    else high = middle;
  }
  fleet.listed.splice(low, 0, task);
}
