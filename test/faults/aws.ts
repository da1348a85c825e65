/**
 * AWS over the simulator's own model, with answers that get lost on either way. Every call that was started is written
 * down with its time: the invariants are checked against what happened, not against what a controller believes.
 */
import type {
  CancelOutcome,
  CreateOutcome,
  DescribedDevice,
  DescribedExecution,
  Read,
  ReadFailure,
  ServerTime,
  TaskApi,
} from '../../src/controller/ports.ts';
import { fault } from '../../src/lib/faults.ts';
import type { TaskRequest } from '../../src/manifest/request.ts';
import { setOnline } from '../../src/simulator/device.ts';
import type { Fleet } from '../../src/simulator/fleet.ts';
import { createFleet, expectChange, settleFleet } from '../../src/simulator/fleet.ts';
import { describeDevice, lastHeardMs } from '../../src/simulator/inventory.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import {
  cancelTask,
  createTask,
  describeExecution,
  describeTask,
  listExecutions,
  listTasks,
} from '../../src/simulator/tasks.ts';
import type { Prng } from './prng.ts';
import type { SimProcess } from './process.ts';
import { drawTravel, epochMs } from './process.ts';
import type { Odds, Scenario } from './scenario.ts';
import type { Timeline } from './timeline.ts';

export const simAccount = '111122223333';

/** A call that left a process. */
export interface StartedCall {
  readonly atMs: number;
  /** The same moment by the caller's own clock. */
  readonly wallMs: number;
  readonly fleet: string;
  readonly token: string;
  readonly by: string;
}

export class SimAws {
  readonly fleets = new Map<string, Fleet>();
  readonly calls: StartedCall[] = [];
  readonly cancels: StartedCall[] = [];
  /** Tasks and devices of which AWS refused to say when they began, as `task/device`. */
  readonly untold = new Set<string>();
  /** When somebody said of a device, by `fleet/device`, that it is ready, or is not any more. */
  readonly #ready = new Map<string, { readonly atMs: number; readonly isReady: boolean }[]>();
  readonly #timeline: Timeline;
  readonly #scenario: Scenario;

  constructor(timeline: Timeline, scenario: Scenario, seed: number) {
    this.#timeline = timeline;
    this.#scenario = scenario;
    const { listLagMs, listRetentionMs, tokenLifeMs } = scenario;
    const { pickupMs, workMs, cancelLagMs } = scenario.work;
    const settings = {
      ...defaultSettings,
      ...{ listLagMs, listRetentionMs, tokenLifeMs, pickupMs, cancelLagMs, pageSize: 3 },
      rebootMs: workMs,
      unlockMs: workMs,
    };
    for (let index = 0; index < scenario.fleets; index += 1) {
      const name = `fleet-${index}`;
      const options = { account: simAccount, region: name, devices: scenario.devices, seed, settings };
      this.fleets.set(name, createFleet({ ...options, nowMs: 0 }));
    }
  }

  /** Takes a device offline, or brings all of them back. */
  setOnline(fleet: string, index: number | null, online: boolean): void {
    const devices = this.fleets.get(fleet)?.devices ?? [];
    const nowMs = this.#settle(fleet);
    for (const device of index === null ? devices : devices.slice(index, index + 1))
      setOnline(device, online, nowMs);
    const known = this.fleets.get(fleet);
    if (known !== undefined) expectChange(known);
  }

  /** Somebody tags a device as ready, or takes that back. */
  setReady(fleet: string, device: string, isReady: boolean): void {
    const key = `${fleet}/${device}`;
    this.#ready.set(key, [...(this.#ready.get(key) ?? []), { atMs: this.#timeline.nowMs, isReady }]);
  }

  /** Whether a device was tagged as ready at any moment from one to another. */
  wasReady(fleet: string, device: string, fromMs: number, toMs: number): boolean {
    const said = this.#ready.get(`${fleet}/${device}`) ?? [];
    return said.some(
      ({ atMs, isReady }, index) => isReady && atMs <= toMs && (said[index + 1]?.atMs ?? toMs) >= fromMs,
    );
  }

  /** The next task of a device ends badly. */
  fail(fleet: string, index: number, outcome: 'FAILED' | 'REJECTED' | 'TIMED_OUT'): void {
    this.#settle(fleet);
    this.fleets.get(fleet)?.devices[index]?.outcomes.push(outcome);
  }

  /** A task that somebody makes in the console. */
  makeForeign(fleet: string, targets: readonly string[]): void {
    const known = this.fleets.get(fleet);
    if (known !== undefined)
      createTask(known, { command: 'reboot', targets, tags: { owner: 'somebody' } }, this.#timeline.nowMs, 0);
  }

  /** Lets happen in AWS what is due by now. */
  #settle(fleet: string): number {
    const known = this.fleets.get(fleet);
    return known === undefined ? this.#timeline.nowMs : settleFleet(known, this.#timeline.nowMs);
  }

  settleAll(): void {
    for (const name of this.fleets.keys()) this.#settle(name);
  }

  deviceIds(fleet: string): string[] {
    return (this.fleets.get(fleet)?.devices ?? []).map(({ deviceId }) => deviceId);
  }

  /** The port of one fleet for one process. */
  open(name: string, process: SimProcess, prng: Prng, odds: () => Odds): TaskApi {
    const fleet = this.fleets.get(name);
    if (fleet === undefined) throw new Error(`no fleet ${name}`);
    const server = (): ServerTime => {
      const serverMs = epochMs + Math.floor(this.#timeline.nowMs / 1_000) * 1_000;
      return { serverMs, wallMs: process.clock.wallMs() };
    };
    const read = async <T>(effect: () => Read<T>): Promise<Read<T>> => {
      const failure = prng.chance(odds().readFails) ? drawFailure(prng) : null;
      const travel = drawTravel(prng, odds().slowCall, 4_000);
      const answer = await process.call(travel, () => failure ?? effect());
      return failure?.kind === 'failed' ? answer : { ...answer, server: server() };
    };
    return {
      prove: () => read(() => ({ kind: 'ok', value: { account: simAccount } })),
      probe: () => read(() => ({ kind: 'ok', value: null })),
      listTasks: () => this.#listAll(fleet, read, {}),
      listActiveTasks: () => this.#listAll(fleet, read, { state: 'IN_PROGRESS' }),
      listDevices: () =>
        read(() => ({
          kind: 'ok',
          value: fleet.devices.map(({ deviceId }) => ({ device: deviceId, tags: {} })),
        })),
      cancelTask: (taskId, gate) => this.#cancel(fleet, process, prng, odds, taskId, gate),
      describeTask: (taskId) =>
        read(() => {
          const task = describeTask(fleet, taskId, this.#timeline.nowMs);
          if (!task.ok) return { kind: 'notFound', fault: fault('SG5001', 'human', 'no such task') };
          const { arn: taskArn, state, targets, tags } = task.value;
          const times = { createdMs: epochMs + task.value.createdMs, completedMs: null };
          return { kind: 'ok', value: { taskId, taskArn, state, targets, tags, ...times } };
        }),
      listExecutions: (taskId) =>
        read(() => {
          const page = listExecutions(fleet, { taskId, maxResults: 100 }, this.#timeline.nowMs);
          if (!page.ok) return { kind: 'notFound', fault: fault('SG5001', 'human', 'no such task') };
          const value = page.value.items.map(({ deviceId, executionId, state }) => ({
            device: deviceId,
            executionId,
            state,
          }));
          return { kind: 'ok', value };
        }),
      describeDevice: (device) => read(() => this.#describeDevice(fleet, device)),
      describeExecution: async (taskId, device) => {
        const answer = await read(() => this.#describeExecution(fleet, taskId, device));
        if (answer.kind === 'denied' || answer.kind === 'notFound') this.untold.add(`${taskId}/${device}`);
        return answer;
      },
      createTask: (request, gate) => this.#create(fleet, process, prng, odds, request, gate, server),
    };
  }

  #describeDevice(fleet: Fleet, device: string): Read<DescribedDevice> {
    const found = describeDevice(fleet, device, this.#timeline.nowMs);
    if (!found.ok) return { kind: 'notFound', fault: fault('SG5001', 'human', 'no such device') };
    const { state } = found.value;
    const nowMs = this.#timeline.nowMs;
    const isReady = this.wasReady(fleet.region, device, nowMs, nowMs);
    const tags = isReady ? { ...found.value.tags, ready: 'yes' } : found.value.tags;
    const lastMs = lastHeardMs(fleet, found.value);
    const lastReachedOutMs = lastMs === null ? null : epochMs + lastMs;
    return { kind: 'ok', value: { device, state, type: 'EDGE_C', tags, lastReachedOutMs } };
  }

  #describeExecution(fleet: Fleet, taskId: string, device: string): Read<DescribedExecution> {
    const found = describeExecution(fleet, taskId, device, this.#timeline.nowMs);
    if (!found.ok) return { kind: 'notFound', fault: fault('SG5001', 'human', 'no such execution') };
    const { executionId, state, startedMs, updatedMs } = found.value;
    const started = startedMs === null ? null : epochMs + startedMs;
    return {
      kind: 'ok',
      value: { device, executionId, state, startedMs: started, updatedMs: epochMs + updatedMs },
    };
  }

  async #listAll(
    fleet: Fleet,
    read: <T>(effect: () => Read<T>) => Promise<Read<T>>,
    filter: { readonly state?: 'IN_PROGRESS' },
  ): ReturnType<TaskApi['listTasks']> {
    const tasks: { taskId: string; state: string; tags: Readonly<Record<string, string>> }[] = [];
    let nextToken: string | undefined;
    for (let pages = 1; ; pages += 1) {
      const request = { ...filter, ...(nextToken === undefined ? {} : { nextToken }) };
      const answer = await read(() => {
        const page = listTasks(fleet, request, this.#timeline.nowMs);
        if (!page.ok) return { kind: 'failed', fault: fault('SG5002', 'retry', 'bad page') };
        return { kind: 'ok', value: page.value };
      });
      if (answer.kind !== 'ok') return answer;
      for (const { taskId, state, tags } of answer.value.items) tasks.push({ taskId, state, tags });
      nextToken = answer.value.nextToken ?? undefined;
      if (nextToken === undefined) return { ...answer, value: { tasks, pages } };
    }
  }

  async #cancel(
    fleet: Fleet,
    process: SimProcess,
    prng: Prng,
    odds: () => Odds,
    taskId: string,
    gate: () => 'open' | 'closed',
  ): Promise<CancelOutcome> {
    const failed = { kind: 'failed', throttled: false, fault: fault('SG5003', 'retry', 'planned') } as const;
    if (gate() === 'closed') return failed;
    await process.pause(prng.between(1, 50));
    if (gate() === 'closed') return failed;
    const token = fleet.tasks.get(taskId)?.clientToken ?? '';
    this.cancels.push({
      atMs: this.#timeline.nowMs,
      wallMs: process.clock.wallMs(),
      fleet: fleet.region,
      token,
      by: `${process.replica}/${process.life}`,
    });
    const [lostBefore, lostAfter] = [
      prng.chance(odds().createLostBefore),
      prng.chance(odds().createLostAfter),
    ];
    return process.call(drawTravel(prng, odds().slowCall, 2_000), (): CancelOutcome => {
      if (lostBefore) return failed;
      const done = cancelTask(fleet, taskId, this.#timeline.nowMs);
      if (lostAfter) return failed;
      if (done.ok) return { kind: 'accepted', requestId: null };
      return { kind: 'refused', error: done.fault.code, message: 'the service refused', requestId: null };
    });
  }

  async #create(
    fleet: Fleet,
    process: SimProcess,
    prng: Prng,
    odds: () => Odds,
    request: TaskRequest,
    gate: () => 'open' | 'closed',
    server: () => ServerTime,
  ): Promise<CreateOutcome> {
    const closed: CreateOutcome = { kind: 'unsent', reason: 'gate', message: 'closed' };
    if (gate() === 'closed') return closed;
    await process.pause(prng.between(1, 50));
    if (gate() === 'closed') return closed;
    this.calls.push({
      atMs: this.#timeline.nowMs,
      wallMs: process.clock.wallMs(),
      fleet: fleet.region,
      token: request.clientToken,
      by: `${process.replica}/${process.life}`,
    });
    const fate = drawFate(prng, odds());
    const travel = drawTravel(prng, odds().slowCall, 2_000);
    const lateMs = prng.between(0, this.#scenario.lateEffectMaxMs);
    const answer = await process.call(travel, (): CreateOutcome => {
      if (!fate.takesEffect) return fate.answer;
      const made = createTask(fleet, request, this.#timeline.nowMs, lateMs);
      if (!made.ok) {
        return { kind: 'refused', error: made.fault.code, message: 'the service refused', requestId: null };
      }
      if (fate.answer.kind === 'unknown') return fate.answer;
      const { taskId, taskArn } = made.value;
      return { kind: 'issued', taskId, taskArn, requestId: null };
    });
    return answer.kind === 'unknown' || answer.kind === 'unsent' ? answer : { ...answer, server: server() };
  }
}

interface Fate {
  readonly takesEffect: boolean;
  readonly answer: CreateOutcome;
}

const said = { message: 'planned', requestId: null } as const;

function drawFate(prng: Prng, odds: Odds): Fate {
  const lost = { kind: 'unknown', error: 'TimeoutError', ...said } as const;
  const internal = { kind: 'unknown', error: 'InternalServerException', ...said } as const;
  if (prng.chance(odds.createLostBefore)) return { takesEffect: false, answer: lost };
  if (prng.chance(odds.createLostAfter)) return { takesEffect: true, answer: lost };
  if (prng.chance(odds.createInternal)) return { takesEffect: prng.chance(0.5), answer: internal };
  const none = (answer: CreateOutcome): Fate => ({ takesEffect: false, answer });
  if (prng.chance(odds.createThrottled)) return none({ kind: 'throttled', reason: 'throttled', ...said });
  if (prng.chance(odds.createQuota)) return none({ kind: 'throttled', reason: 'quota', ...said });
  if (prng.chance(odds.createDenied)) return none({ kind: 'denied', ...said });
  if (prng.chance(odds.createUnsent)) {
    const reason = prng.pick(['credentials', 'connection'] as const);
    return none({ kind: 'unsent', reason, message: 'planned' });
  }
  if (prng.chance(odds.createRefused))
    return none({ kind: 'refused', error: 'ValidationException', ...said });
  return { takesEffect: true, answer: { kind: 'issued', taskId: '', taskArn: null, requestId: null } };
}

function drawFailure(prng: Prng): ReadFailure {
  const kind = prng.pick(['failed', 'failed', 'throttled', 'denied'] as const);
  return { kind, fault: fault('SG5003', 'retry', 'planned') };
}
