/** Who is quicker, CancelTask or the device: the answer does not tell. */
import {
  CancelTaskCommand,
  CreateTaskCommand,
  DescribeTaskCommand,
  ListExecutionsCommand,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { changeDevice } from '../../src/simulator/device-change.ts';
import type { RuleOptions } from '../../src/simulator/rules.ts';
import type { Settings } from '../../src/simulator/settings.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import type { CancelRace } from '../../src/simulator/tasks.ts';
import { cancelTask } from '../../src/simulator/tasks.ts';
import { withScene } from './client.ts';
import { create, makeFleet, statesAt, targetsOf, taskAt } from './fleet.ts';

describe('a cancellation that loses its race', () => {
  const lost: CancelRace = { loses: true };
  it('is accepted, and the task runs to its end', () => {
    const fleet = makeFleet();
    const taskId = create(fleet, 0);
    expect(cancelTask(fleet, taskId, 10, lost)).toEqual({ ok: true, value: { taskId } });
    expect([10, 5_009, 5_010].map((nowMs) => statesAt(fleet, taskId, nowMs))).toEqual([
      'IN_PROGRESS',
      'IN_PROGRESS',
      'SUCCEEDED',
    ]);
    expect(taskAt(fleet, taskId, 5_010)).toBe('COMPLETED');
  });

  it('wins where no device could take the task up: offline, busy, or with another task first', () => {
    const fleet = makeFleet();
    const [, offline, busy] = fleet.devices;
    if (offline === undefined || busy === undefined) throw new Error('no device');
    changeDevice(fleet, offline, { online: false }, 0);
    create(fleet, 0, { targets: targetsOf(fleet, 2) });
    create(fleet, 1_500, { targets: targetsOf(fleet, 3) });
    const taskId = create(fleet, 1_500, { targets: targetsOf(fleet, 0, 1, 2, 3) });
    expect(cancelTask(fleet, taskId, 1_600, lost).ok).toBe(true);
    expect(statesAt(fleet, taskId, 1_600)).toBe('IN_PROGRESS CANCELED CANCELED CANCELED');
    expect(taskAt(fleet, taskId, 60_000)).toBe('CANCELED');
  });

  it('is not accepted twice: what runs is not QUEUED', () => {
    const fleet = makeFleet();
    const taskId = create(fleet, 0);
    expect(cancelTask(fleet, taskId, 0, lost).ok).toBe(true);
    expect(cancelTask(fleet, taskId, 1, lost)).toMatchObject({ fault: { code: 'ValidationException' } });
  });

  it('meets a device that rejects the task at once', () => {
    const fleet = makeFleet();
    const [device] = fleet.devices;
    if (device === undefined) throw new Error('no device');
    changeDevice(fleet, device, { outcomes: ['REJECTED'] }, 0);
    const taskId = create(fleet, 0);
    expect(cancelTask(fleet, taskId, 0, lost).ok).toBe(true);
    expect([statesAt(fleet, taskId, 0), taskAt(fleet, taskId, 0)]).toEqual(['REJECTED', 'COMPLETED']);
  });
});

describe('the race through the AWS client', () => {
  const rule = { operation: 'CancelTask', times: 1 } as const;
  const table: [string, Partial<Settings>, RuleOptions[], string][] = [
    ['no rule', {}, [], 'CANCELED CANCELED'],
    ['the setting', { cancelLoses: true }, [], 'SUCCEEDED COMPLETED'],
    ['the rule', {}, [{ ...rule, effect: 'cancelLost' }], 'SUCCEEDED COMPLETED'],
    ['a lag longer than the pick-up', { cancelLagMs: 2_000 }, [], 'SUCCEEDED COMPLETED'],
    ['a lag shorter than the pick-up', { cancelLagMs: 500 }, [], 'CANCELED CANCELED'],
    ['a lag by a rule', {}, [{ ...rule, effect: 'slow', lateEffectMs: 2_000 }], 'SUCCEEDED COMPLETED'],
    [
      'no lag by a rule, against the setting',
      { cancelLagMs: 2_000 },
      [{ ...rule, effect: 'slow', lateEffectMs: 0 }],
      'CANCELED CANCELED',
    ],
  ];
  it.each(table)('with %s', async (_name, settings, rules, expected) => {
    await withScene(
      { settings: { ...defaultSettings, ...settings }, rules },
      async ({ client, devices, control }) => {
        const { taskId } = await client.send(
          new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) }),
        );
        expect((await client.send(new CancelTaskCommand({ taskId }))).taskId).toBe(taskId);
        await control('POST', '/time', { advanceMs: 60_000 });
        const { executions } = await client.send(new ListExecutionsCommand({ taskId }));
        const { state } = await client.send(new DescribeTaskCommand({ taskId }));
        expect(`${executions?.[0]?.state} ${state}`).toBe(expected);
      },
    );
  });

  it('is over when nothing is QUEUED: ValidationException; a task never made: ResourceNotFoundException', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const { taskId } = await client.send(
        new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) }),
      );
      for (const advanceMs of [1_500, 10_000]) {
        await control('POST', '/time', { advanceMs });
        await expect(client.send(new CancelTaskCommand({ taskId }))).rejects.toBeInstanceOf(
          ValidationException,
        );
      }
      await expect(client.send(new CancelTaskCommand({ taskId: 'st-none' }))).rejects.toBeInstanceOf(
        ResourceNotFoundException,
      );
    });
  });

  it('can be won although its answer was cut', async () => {
    const rules = [{ operation: 'CancelTask', effect: 'cutAfter', times: 1 }] as const;
    await withScene({ rules }, async ({ client, devices }) => {
      const { taskId } = await client.send(
        new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) }),
      );
      await expect(client.send(new CancelTaskCommand({ taskId }))).rejects.toMatchObject({
        code: 'ECONNRESET',
      });
      expect((await client.send(new DescribeTaskCommand({ taskId }))).state).toBe('CANCELED');
    });
  });
});
