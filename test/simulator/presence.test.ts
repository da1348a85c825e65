/** Devices that the account gets and loses, and ends in store for one command. */
import {
  CreateTaskCommand,
  DescribeDeviceCommand,
  DescribeDeviceEc2InstancesCommand,
  ListDeviceResourcesCommand,
  ListDevicesCommand,
  ListExecutionsCommand,
  ListTagsForResourceCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { changeDevice, readDeviceChange } from '../../src/simulator/device-change.ts';
import { createFleet } from '../../src/simulator/fleet.ts';
import { describeDevice } from '../../src/simulator/inventory.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import { createTask } from '../../src/simulator/tasks.ts';
import { withScene } from './client.ts';
import { create, makeFleet, statesAt, targetsOf } from './fleet.ts';

describe('a device that the account has lost', () => {
  it('is in no listing, is not found, and takes no task, until it is back', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const [managedDeviceId = ''] = devices;
      const listed = async () =>
        (await client.send(new ListDevicesCommand({ maxResults: 2 }))).devices?.map(
          (device) => device.managedDeviceId,
        );
      const { managedDeviceArn } = await client.send(new DescribeDeviceCommand({ managedDeviceId }));
      await control('POST', '/devices', { ids: [managedDeviceId], present: false });
      expect(await listed()).toEqual(devices.slice(1, 3));
      const reboot = { command: { reboot: {} }, targets: [managedDeviceId] };
      for (const refused of [
        () => client.send(new DescribeDeviceCommand({ managedDeviceId })),
        () => client.send(new CreateTaskCommand(reboot)),
        () => client.send(new ListDeviceResourcesCommand({ managedDeviceId })),
        () => client.send(new DescribeDeviceEc2InstancesCommand({ managedDeviceId, instanceIds: [] })),
        () => client.send(new ListTagsForResourceCommand({ resourceArn: managedDeviceArn })),
      ]) {
        await expect(refused()).rejects.toBeInstanceOf(ResourceNotFoundException);
      }
      await control('POST', '/devices', { ids: [managedDeviceId], present: true });
      expect(await listed()).toEqual(devices.slice(0, 2));
    });
  });

  it('is not heard: what was queued waits, what runs reports its end when it is back', () => {
    const fleet = makeFleet();
    const [device] = fleet.devices;
    if (device === undefined) throw new Error('no device');
    const running = create(fleet, 0);
    const queued = create(fleet, 0);
    changeDevice(fleet, device, { present: false }, 2_000);
    expect([statesAt(fleet, running, 60_000), statesAt(fleet, queued, 60_000)]).toEqual([
      'IN_PROGRESS',
      'QUEUED',
    ]);
    // The cable alone brings nothing back.
    changeDevice(fleet, device, { online: false }, 61_000);
    changeDevice(fleet, device, { online: true }, 62_000);
    expect(statesAt(fleet, running, 63_000)).toBe('IN_PROGRESS');
    changeDevice(fleet, device, { present: true }, 70_000);
    expect([statesAt(fleet, running, 70_000), statesAt(fleet, queued, 70_000)]).toEqual([
      'SUCCEEDED',
      'IN_PROGRESS',
    ]);
    expect(describeDevice(fleet, device.deviceId, 70_000)).toMatchObject({ ok: true });
  });

  it('still lets its tasks be looked at', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const targets = devices.slice(0, 1);
      const { taskId } = await client.send(new CreateTaskCommand({ command: { reboot: {} }, targets }));
      await control('POST', '/devices', { ids: targets, present: false });
      await control('POST', '/time', { advanceMs: 60_000 });
      const { executions } = await client.send(new ListExecutionsCommand({ taskId }));
      expect(executions?.[0]).toMatchObject({ managedDeviceId: targets[0], state: 'QUEUED' });
    });
  });
});

describe('ends in store', () => {
  it('for one command wait for it, those for any are used in their order', () => {
    const fleet = makeFleet();
    const [device] = fleet.devices;
    if (device === undefined) throw new Error('no device');
    const change = readDeviceChange({
      outcomes: [{ outcome: 'REJECTED', command: 'unlock', times: 2 }, 'FAILED', { outcome: 'TIMED_OUT' }],
    });
    if (!change.ok) throw new Error(change.problems.join());
    changeDevice(fleet, device, change.value, 0);
    const ends: string[] = [];
    for (const [index, command] of (['reboot', 'unlock', 'reboot', 'unlock', 'unlock'] as const).entries()) {
      const taskId = create(fleet, index * 60_000, { command });
      ends.push(statesAt(fleet, taskId, index * 60_000 + 59_000));
    }
    expect(ends).toEqual(['FAILED', 'REJECTED', 'TIMED_OUT', 'REJECTED', 'SUCCEEDED']);
  });

  it.each([
    [{ present: 'no' }, 'present must be true or false'],
    [{ outcomes: 'FAILED' }, 'outcomes must be a list'],
    [{ outcomes: ['FAILD'] }, 'did you mean "FAILED"'],
    [{ outcomes: [{ outcome: 'FAILED', comand: 'unlock' }] }, 'did you mean "command"'],
    [{ outcomes: [{ outcome: 'FAILED', command: 'unlok' }] }, 'did you mean "unlock"'],
    [{ outcomes: [{ outcome: 'FAILED', times: 0 }] }, 'times is "0"'],
    [
      {
        outcomes: [
          { outcome: 'FAILED', times: 600 },
          { outcome: 'FAILED', times: 600 },
        ],
      },
      'at most 1000',
    ],
    [{ outcomes: Array.from({ length: 100_000 }, () => 'FAILED') }, 'at most 1000'],
    [{ instances: {} }, 'instances must be a list'],
    [{ instances: [1] }, 'an instance is an object'],
    [{ instances: [{ state: 'RUNING' }] }, 'did you mean "RUNNING"'],
    [{ instances: [{ instanceId: 'a b' }] }, 'instanceId is "a b"'],
    [{ instances: [{ instanceID: 'a' }] }, 'did you mean "instanceId"'],
    [{ instances: [{ instanceId: 'a' }, { instanceId: 'a' }] }, 'must differ'],
    [{ instances: Array.from({ length: 101 }, () => ({})) }, 'at most 100'],
  ])('written as %j are refused', (written, problem) => {
    const read = readDeviceChange(written);
    expect(read.ok ? [] : read.problems.join('; ')).toContain(problem);
  });
});

describe('devices of which something is said', () => {
  it('keep it, and all else follows from the seed', () => {
    const options = {
      account: '111122223333',
      region: 'eu-west-1',
      seed: 7,
      settings: defaultSettings,
      nowMs: 0,
    };
    const plain = createFleet({ ...options, devices: 3 });
    const [first = '', second = ''] = targetsOf(plain, 0, 1);
    const fleet = createFleet({
      ...options,
      devices: [
        { name: 'aurora', deviceId: second, state: 'UNLOCKED', tags: { site: 'a' }, jobId: 'JID-a' },
        { online: false, outcomes: ['FAILED'] },
        { present: false, instances: [{ instanceId: 's.i-a' }, {}] },
      ],
    });
    expect(fleet.devices.map(({ deviceId }) => deviceId)[0]).toBe(second);
    expect(new Set(fleet.devices.map(({ deviceId }) => deviceId)).size).toBe(3);
    expect(fleet.devices[0]).toMatchObject({
      name: 'aurora',
      state: 'UNLOCKED',
      tags: { site: 'a' },
      jobId: 'JID-a',
    });
    expect(fleet.devices[1]).toMatchObject({ online: false, outcomes: ['FAILED'], name: null });
    expect(fleet.devices[2]?.instances?.map(({ instanceId }) => instanceId)[0]).toBe('s.i-a');
    expect(createTask(fleet, { command: 'reboot', targets: [first] }, 0).ok).toBe(
      fleet.devices.some(({ deviceId, present }) => deviceId === first && present),
    );
  });
});
