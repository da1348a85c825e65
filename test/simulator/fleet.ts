/** A fleet without a socket, as the model's tests use it: four devices, time from 0, what AWS would show as short text. */
import type { Fleet } from '../../src/simulator/fleet.ts';
import { createFleet } from '../../src/simulator/fleet.ts';
import type { Settings } from '../../src/simulator/settings.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import type { NewTask } from '../../src/simulator/tasks.ts';
import { createTask, describeTask, listExecutions, listTasks } from '../../src/simulator/tasks.ts';

export function makeFleet(settings: Partial<Settings> = {}, devices = 4): Fleet {
  return createFleet({
    account: '111122223333',
    region: 'eu-west-1',
    devices,
    seed: 7,
    settings: { ...defaultSettings, ...settings },
    nowMs: 0,
  });
}

export function targetsOf(fleet: Fleet, ...indexes: number[]): string[] {
  return indexes.map((index) => fleet.devices[index]?.deviceId ?? 'none');
}

export function create(fleet: Fleet, nowMs: number, request: Partial<NewTask> = {}): string {
  const reply = createTask(fleet, { command: 'reboot', targets: targetsOf(fleet, 0), ...request }, nowMs);
  if (!reply.ok) throw new Error(reply.fault.message);
  return reply.value.taskId;
}

/** The executions' states in the order of the targets, or the error's class. */
export function statesAt(fleet: Fleet, taskId: string, nowMs: number): string {
  const reply = listExecutions(fleet, { taskId }, nowMs);
  return reply.ok ? reply.value.items.map(({ state }) => state).join(' ') : reply.fault.code;
}

export function taskAt(fleet: Fleet, taskId: string, nowMs: number): string {
  const reply = describeTask(fleet, taskId, nowMs);
  return reply.ok ? reply.value.state : reply.fault.code;
}

export function listedAt(fleet: Fleet, nowMs: number): string[] {
  const reply = listTasks(fleet, {}, nowMs);
  if (!reply.ok) throw new Error(reply.fault.message);
  return reply.value.items.map(({ taskId }) => taskId);
}
