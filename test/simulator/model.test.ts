/** The model without a socket: time is a number, and everything that waits can be watched. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeDevice } from '../../src/simulator/device-change.ts';
import { settleFleet } from '../../src/simulator/fleet.ts';
import { describeDevice } from '../../src/simulator/inventory.ts';
import { findDoubled } from '../../src/simulator/snapshot.ts';
import {
  cancelTask,
  createTask,
  describeExecution,
  describeTask,
  listExecutions,
} from '../../src/simulator/tasks.ts';
import { create, listedAt, makeFleet, statesAt, targetsOf, taskAt } from './fleet.ts';

describe('a device', () => {
  // Reboots take 5 s and unlocks 2 s; each is taken up 1 s after it was queued.
  it.each([
    [0, 'QUEUED', 'QUEUED'],
    [999, 'QUEUED', 'QUEUED'],
    [1_000, 'IN_PROGRESS', 'QUEUED'],
    [5_999, 'IN_PROGRESS', 'QUEUED'],
    [6_000, 'SUCCEEDED', 'IN_PROGRESS'],
    [7_999, 'SUCCEEDED', 'IN_PROGRESS'],
    [8_000, 'SUCCEEDED', 'SUCCEEDED'],
  ])('takes one task at a time: at %i ms the first is %s and the second %s', (nowMs, first, second) => {
    const fleet = makeFleet();
    const reboot = create(fleet, 0);
    const unlock = create(fleet, 0, { command: 'unlock' });
    expect([statesAt(fleet, reboot, nowMs), statesAt(fleet, unlock, nowMs)]).toEqual([first, second]);
  });

  it('is the same whether it was looked at all the time or only when it was asked for something', () => {
    const times = fc.integer({ min: 0, max: 20_000 });
    const action = fc.record({
      atMs: times,
      kind: fc.constantFrom('reboot', 'unlock', 'cancel', 'lose', 'plug', 'vanish'),
      device: fc.nat(3),
    });
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 20 }),
        fc.array(times, { maxLength: 30 }),
        (actions, looks) => {
          const settings = { executionLifeMs: 9_000, lateEffectMs: 300, cancelLagMs: 700 };
          const play = (lookTimes: readonly number[]): unknown => {
            const fleet = makeFleet(settings);
            const steps = [
              ...actions.map((step) => ({ atMs: step.atMs, order: 1, step })),
              ...lookTimes.map((atMs) => ({ atMs, order: 0, step: null })),
            ].sort((one, other) => one.atMs - other.atMs || one.order - other.order);
            for (const { atMs, step } of steps) {
              const device = fleet.devices[step?.device ?? 0];
              if (step === null || device === undefined) settleFleet(fleet, atMs);
              else if (step.kind === 'plug') changeDevice(fleet, device, { online: !device.online }, atMs);
              else if (step.kind === 'vanish')
                changeDevice(fleet, device, { present: !device.present }, atMs);
              else if (step.kind === 'cancel' || step.kind === 'lose') {
                const taskId = [...fleet.tasks.keys()].at(-1) ?? 'none';
                cancelTask(fleet, taskId, atMs, { loses: step.kind === 'lose' });
              } else {
                // Refused where a target has left the account, whoever has looked.
                const targets = targetsOf(fleet, step.device, (step.device + 1) % 4);
                createTask(fleet, { command: step.kind, targets }, atMs);
              }
            }
            settleFleet(fleet, 60_000);
            return {
              tasks: [...fleet.tasks.values()],
              states: fleet.devices.map(({ state }) => state),
              open: fleet.open,
            };
          };
          expect(play(looks)).toEqual(play([]));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('waits while it is offline and begins when it is back', () => {
    const fleet = makeFleet();
    const [device] = fleet.devices;
    if (device === undefined) throw new Error('no device');
    changeDevice(fleet, device, { online: false }, 0);
    const taskId = create(fleet, 0);
    expect(statesAt(fleet, taskId, 100_000)).toBe('QUEUED');
    changeDevice(fleet, device, { online: true }, 100_000);
    expect(statesAt(fleet, taskId, 100_000)).toBe('IN_PROGRESS');
    expect(statesAt(fleet, taskId, 105_000)).toBe('SUCCEEDED');
  });

  it('that goes offline at work reports the end when it is back', () => {
    const fleet = makeFleet();
    const [device] = fleet.devices;
    if (device === undefined) throw new Error('no device');
    const taskId = create(fleet, 0);
    changeDevice(fleet, device, { online: false }, 2_000);
    expect(statesAt(fleet, taskId, 60_000)).toBe('IN_PROGRESS');
    changeDevice(fleet, device, { online: true }, 70_000);
    const reply = describeExecution(fleet, taskId, device.deviceId, 70_000);
    expect(reply).toMatchObject({ value: { state: 'SUCCEEDED', startedMs: 1_000, updatedMs: 70_000 } });
    expect(describeTask(fleet, taskId, 70_000)).toMatchObject({ value: { completedMs: 70_000 } });
  });

  it('is unlocked by an unlock and locked by a restart', () => {
    const fleet = makeFleet();
    const [deviceId = ''] = targetsOf(fleet, 0);
    const lockAt = (nowMs: number): string => {
      const reply = describeDevice(fleet, deviceId, nowMs);
      return reply.ok ? reply.value.state : reply.fault.code;
    };
    expect(lockAt(0)).toBe('LOCKED');
    create(fleet, 0, { command: 'unlock' });
    expect([lockAt(500), lockAt(1_500), lockAt(3_000)]).toEqual(['LOCKED', 'UNLOCKING', 'UNLOCKED']);
    create(fleet, 4_000);
    expect([lockAt(9_999), lockAt(10_000)]).toEqual(['UNLOCKED', 'LOCKED']);
  });

  it.each([
    ['FAILED', 3_000],
    ['REJECTED', 1_000],
    ['TIMED_OUT', 3_000],
  ] as const)('ends an unlock %s when told to, stays locked, and the task is COMPLETED', (outcome, endMs) => {
    const fleet = makeFleet();
    const [device] = fleet.devices;
    if (device === undefined) throw new Error('no device');
    changeDevice(fleet, device, { outcomes: [outcome] }, 0);
    const taskId = create(fleet, 0, { command: 'unlock' });
    expect(statesAt(fleet, taskId, endMs - 1)).not.toBe(outcome);
    expect(statesAt(fleet, taskId, endMs)).toBe(outcome);
    expect(taskAt(fleet, taskId, endMs)).toBe('COMPLETED');
    expect(device.state).toBe('LOCKED');
    expect(statesAt(fleet, create(fleet, endMs), endMs + 6_000)).toBe('SUCCEEDED');
  });

  it('times out what waited or worked for longer than an execution lives', () => {
    const fleet = makeFleet({ executionLifeMs: 4_000 });
    const first = create(fleet, 0);
    const second = create(fleet, 0);
    const third = create(fleet, 1_000, { command: 'unlock' });
    expect([first, second, third].map((id) => statesAt(fleet, id, 3_999))).toEqual([
      'IN_PROGRESS',
      'QUEUED',
      'QUEUED',
    ]);
    expect([first, second, third].map((id) => statesAt(fleet, id, 4_000))).toEqual([
      'TIMED_OUT',
      'TIMED_OUT',
      'IN_PROGRESS',
    ]);
    expect(statesAt(fleet, third, 5_000)).toBe('TIMED_OUT');
  });
});

describe('a clientToken', () => {
  it.each([
    [600_000, 599_999, 'the same task'],
    [600_000, 600_000, 'another task'],
    [0, 0, 'another task'],
    [0, 1, 'another task'],
  ])('with a life of %i ms, used again after %i ms, gives %s', (tokenLifeMs, laterMs, expected) => {
    const fleet = makeFleet({ tokenLifeMs });
    const first = create(fleet, 0, { clientToken: 't' });
    const second = create(fleet, laterMs, { clientToken: 't' });
    expect(second === first ? 'the same task' : 'another task').toBe(expected);
    expect(findDoubled(fleet)).toEqual(
      expected === 'the same task' ? [] : [{ clientToken: 't', taskIds: [first, second] }],
    );
  });

  it('is remembered from its first use, which later uses do not prolong', () => {
    const fleet = makeFleet({ tokenLifeMs: 1_000 });
    const first = create(fleet, 0, { clientToken: 't' });
    expect(create(fleet, 900, { clientToken: 't' })).toBe(first);
    expect(create(fleet, 1_100, { clientToken: 't' })).not.toBe(first);
  });

  it('gives the old task whatever else the request says, even a target that does not exist', () => {
    const fleet = makeFleet();
    const first = create(fleet, 0, { clientToken: 't' });
    expect(create(fleet, 1, { clientToken: 't', command: 'unlock', targets: ['smd-none'] })).toBe(first);
  });

  it('of a refused request is not remembered', () => {
    const fleet = makeFleet();
    const refused = createTask(fleet, { clientToken: 't', command: 'reboot', targets: ['smd-none'] }, 0);
    expect(refused).toMatchObject({ ok: false, fault: { code: 'ResourceNotFoundException', status: 404 } });
    expect(fleet.tasks.size).toBe(0);
    create(fleet, 1, { clientToken: 't' });
    expect(fleet.tasks.size).toBe(1);
  });

  it('is known before its late task is made', () => {
    const fleet = makeFleet({ lateEffectMs: 5_000 });
    expect(create(fleet, 1_000, { clientToken: 't' })).toBe(create(fleet, 0, { clientToken: 't' }));
  });
});

describe('what reads show', () => {
  it.each([
    ['at once', {}, 0, 10_000_000],
    ['after the lag of the listing', { listLagMs: 3_000 }, 3_000, 10_000_000],
    ['after a late effect', { lateEffectMs: 2_000 }, 2_000, 10_000_000],
    ['after both', { lateEffectMs: 2_000, listLagMs: 3_000 }, 5_000, 10_000_000],
    [
      'until its retention, from when it was made',
      { lateEffectMs: 2_000, listRetentionMs: 60_000 },
      2_000,
      61_999,
    ],
  ])('is a task %s', (_name, settings, firstMs, lastMs) => {
    const fleet = makeFleet(settings);
    const taskId = create(fleet, 0);
    const [device = ''] = targetsOf(fleet, 0);
    const seenAt = (nowMs: number): boolean[] => [
      listedAt(fleet, nowMs).includes(taskId),
      describeTask(fleet, taskId, nowMs).ok,
      listExecutions(fleet, { taskId }, nowMs).ok,
      describeExecution(fleet, taskId, device, nowMs).ok,
    ];
    if (firstMs > 0) expect(seenAt(firstMs - 1)).toEqual([false, false, false, false]);
    expect(seenAt(firstMs)).toEqual([true, true, true, true]);
    expect(seenAt(lastMs)).toEqual([true, true, true, true]);
    if (lastMs < 10_000_000) expect(seenAt(lastMs + 1)).toEqual([false, false, false, false]);
  });

  it('never goes back in time', () => {
    const fleet = makeFleet();
    const taskId = create(fleet, 0);
    expect(statesAt(fleet, taskId, 6_000)).toBe('SUCCEEDED');
    expect(statesAt(fleet, taskId, 0)).toBe('SUCCEEDED');
  });
});

describe('a cancellation', () => {
  it('ends what is queued, leaves what runs, and the task ends CANCELED', () => {
    const fleet = makeFleet();
    create(fleet, 0, { targets: targetsOf(fleet, 1) });
    const taskId = create(fleet, 0, { targets: targetsOf(fleet, 0, 1) });
    expect(cancelTask(fleet, taskId, 2_000).ok).toBe(true);
    expect(statesAt(fleet, taskId, 2_000)).toBe('IN_PROGRESS CANCELED');
    expect(taskAt(fleet, taskId, 2_000)).toBe('IN_PROGRESS');
    expect(statesAt(fleet, taskId, 6_000)).toBe('SUCCEEDED CANCELED');
    expect(taskAt(fleet, taskId, 6_000)).toBe('CANCELED');
  });

  it.each([
    ['that runs on all its devices', 1_000],
    ['that has ended', 6_000],
  ])('of a task %s is refused', (_name, nowMs) => {
    const fleet = makeFleet();
    const taskId = create(fleet, 0);
    expect(cancelTask(fleet, taskId, nowMs)).toMatchObject({ fault: { code: 'ValidationException' } });
    expect(statesAt(fleet, taskId, 6_000)).toBe('SUCCEEDED');
  });

  it('of a task that is cancelled already is refused', () => {
    const fleet = makeFleet();
    const taskId = create(fleet, 0);
    expect(cancelTask(fleet, taskId, 0).ok).toBe(true);
    expect(cancelTask(fleet, taskId, 0)).toMatchObject({ fault: { code: 'ValidationException' } });
  });

  it.each([
    [500, 'CANCELED', 'CANCELED'],
    [1_500, 'SUCCEEDED', 'COMPLETED'],
  ])('with a lag of %i ms races with the device and leaves it %s', (cancelLagMs, execution, task) => {
    const fleet = makeFleet({ cancelLagMs });
    const taskId = create(fleet, 0);
    expect(cancelTask(fleet, taskId, 0).ok).toBe(true);
    expect(cancelTask(fleet, taskId, 1).ok).toBe(true);
    expect([statesAt(fleet, taskId, 60_000), taskAt(fleet, taskId, 60_000)]).toEqual([execution, task]);
  });

  it('frees the device for the next task', () => {
    const fleet = makeFleet();
    const first = create(fleet, 0);
    const second = create(fleet, 0);
    cancelTask(fleet, first, 500);
    expect(statesAt(fleet, second, 1_000)).toBe('IN_PROGRESS');
  });
});

describe('quotas', () => {
  it('refuse a task too many, and admit it when one has ended', () => {
    const fleet = makeFleet({ openTasksMax: 2 });
    create(fleet, 0);
    create(fleet, 0, { targets: targetsOf(fleet, 1) });
    const request = { command: 'reboot', targets: targetsOf(fleet, 2) } as const;
    expect(createTask(fleet, request, 0)).toMatchObject({
      fault: { code: 'ServiceQuotaExceededException', status: 402 },
    });
    expect(createTask(fleet, request, 6_000).ok).toBe(true);
  });

  it('count tasks whose effect is late', () => {
    const fleet = makeFleet({ openTasksMax: 1, lateEffectMs: 1_000 });
    create(fleet, 0);
    expect(createTask(fleet, { command: 'reboot', targets: targetsOf(fleet, 1) }, 0).ok).toBe(false);
  });

  it('bound what the simulator holds', () => {
    const fleet = makeFleet({ tasksMax: 1 });
    create(fleet, 0);
    expect(createTask(fleet, { command: 'reboot', targets: targetsOf(fleet, 0) }, 99_000)).toMatchObject({
      fault: { code: 'ServiceQuotaExceededException' },
    });
  });
});
