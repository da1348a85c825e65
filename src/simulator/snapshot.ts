/** The service's whole state as JSON, for whoever checks a client from outside: more than AWS would ever tell. */
import type { Fleet, Task } from './fleet.ts';
import { settleFleet } from './fleet.ts';
import { instancesOf } from './instances.ts';
import type { Json } from './render.ts';
import type { Service } from './service.ts';
import type { Timeline } from './steps.ts';

function isoTime(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

function writeTask(task: Task): Json {
  return {
    taskId: task.taskId,
    clientToken: task.clientToken,
    command: task.command,
    targets: task.targets,
    description: task.description,
    tags: task.tags,
    made: task.made,
    state: task.state,
    acceptedAt: isoTime(task.acceptedMs),
    createdAt: isoTime(task.createdMs),
    visibleAt: isoTime(task.visibleMs),
    completedAt: isoTime(task.completedMs),
    cancelRequestedAt: isoTime(task.cancelRequestedMs),
    executions: task.executions.map((execution) => ({
      executionId: execution.executionId,
      managedDeviceId: execution.deviceId,
      state: execution.state,
      startedAt: isoTime(execution.startedMs),
      lastUpdatedAt: isoTime(execution.updatedMs),
    })),
  };
}

/** Tokens under which more than one task was accepted: what a client that must ask once looks for. */
export function findDoubled(
  fleet: Fleet,
): { readonly clientToken: string; readonly taskIds: readonly string[] }[] {
  const byToken = new Map<string, string[]>();
  for (const task of fleet.tasks.values()) {
    if (task.clientToken === null) continue;
    const ids = byToken.get(task.clientToken);
    if (ids === undefined) byToken.set(task.clientToken, [task.taskId]);
    else ids.push(task.taskId);
  }
  return [...byToken].flatMap(([clientToken, taskIds]) =>
    taskIds.length > 1 ? [{ clientToken, taskIds }] : [],
  );
}

function countStates(fleet: Fleet): Json {
  const counts: Record<string, number> = {};
  for (const { state } of fleet.tasks.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function writeTimeline({ startMs, steps, played, tasks, notes }: Timeline): Json {
  const made = [...tasks].map(([name, { taskId }]) => [name, taskId]);
  return { startedAt: isoTime(startMs), steps: steps.length, played, tasks: Object.fromEntries(made), notes };
}

/** Counts and what is wrong, without the tasks. */
export function writeSummary(service: Service, nowMs: number): Json {
  return {
    now: isoTime(nowMs),
    advancedMs: service.advancedMs,
    skewMs: service.skewMs,
    checkSkew: service.checkSkew,
    settings: service.settings,
    rules: service.rules.map((rule) => ({ ...rule, left: Number.isFinite(rule.left) ? rule.left : null })),
    calls: Object.fromEntries(service.counts),
    timeline: writeTimeline(service.timeline),
    fleets: service.fleets.map((fleet) => {
      settleFleet(fleet, nowMs);
      return {
        account: fleet.account,
        region: fleet.region,
        devices: fleet.devices.length,
        tasks: fleet.tasks.size,
        states: countStates(fleet),
        doubled: findDoubled(fleet),
      };
    }),
  };
}

/** Everything: the summary, and every device and every task ever accepted, whether reads show it or not. */
export function writeState(service: Service, nowMs: number): Json {
  return {
    ...writeSummary(service, nowMs),
    fleets: service.fleets.map((fleet) => {
      settleFleet(fleet, nowMs);
      return {
        account: fleet.account,
        region: fleet.region,
        devices: fleet.devices.map((device) => ({
          managedDeviceId: device.deviceId,
          name: device.name,
          present: device.present,
          online: device.online,
          state: device.state,
          tags: device.tags,
          instances: instancesOf(device),
          running: device.running?.taskId ?? null,
          queue: device.queue.map(({ taskId }) => taskId),
          outcomes: device.outcomes,
        })),
        tasks: [...fleet.tasks.values()].map(writeTask),
        doubled: findDoubled(fleet),
      };
    }),
  };
}
