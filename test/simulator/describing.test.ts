/** What DescribeDevice and DescribeExecution tell of times, as it is on the wire. */
import { DescribeDeviceCommand } from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import type { DeviceChange } from '../../src/simulator/device-change.ts';
import { changeDevice } from '../../src/simulator/device-change.ts';
import type { Fleet } from '../../src/simulator/fleet.ts';
import { createFleet } from '../../src/simulator/fleet.ts';
import { performCall } from '../../src/simulator/operations.ts';
import type { DeviceOptions } from '../../src/simulator/roster.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import { cancelTask } from '../../src/simulator/tasks.ts';
import { withScene } from './client.ts';
import { create, makeFleet, targetsOf } from './fleet.ts';

/** A fleet of one device, of which this is said. */
function fleetOf(said: DeviceOptions): Fleet {
  const place = { account: '111122223333', region: 'eu-west-1', seed: 7 };
  return createFleet({ ...place, devices: [said], settings: defaultSettings, nowMs: 10_000 });
}

function change(fleet: Fleet, what: DeviceChange, atMs: number, index = 0): void {
  const device = fleet.devices[index];
  if (device === undefined) throw new Error('no device');
  changeDevice(fleet, device, what, atMs);
}

/** When the only device was heard, in seconds; undefined where that is not told, an error's class where nothing is. */
function heardAt(fleet: Fleet, nowMs: number): unknown {
  const params = { managedDeviceId: fleet.devices[0]?.deviceId ?? '' };
  const call = { operation: 'DescribeDevice', params, query: new URLSearchParams(), bodyText: '' } as const;
  const reply = performCall(fleet, call, nowMs);
  return reply.ok ? reply.value.lastReachedOutAt : reply.fault.code;
}

function executionAt(fleet: Fleet, taskId: string, nowMs: number, device = 0): unknown {
  const params = { taskId, managedDeviceId: targetsOf(fleet, device)[0] ?? '' };
  const call = {
    operation: 'DescribeExecution',
    params,
    query: new URLSearchParams(),
    bodyText: '',
  } as const;
  const reply = performCall(fleet, call, nowMs);
  if (!reply.ok) return reply.fault.code;
  const { state, startedAt, lastUpdatedAt } = reply.value;
  return { state, startedAt, lastUpdatedAt };
}

describe('when a device was heard', () => {
  it('is now while it is online, and when it went while it is not', () => {
    const fleet = fleetOf({});
    expect([heardAt(fleet, 10_000), heardAt(fleet, 20_500)]).toEqual([10, 20.5]);
    change(fleet, { online: false }, 30_000);
    expect([heardAt(fleet, 30_000), heardAt(fleet, 90_000)]).toEqual([30, 30]);
    change(fleet, { online: true }, 100_000);
    expect([heardAt(fleet, 100_000), heardAt(fleet, 110_000)]).toEqual([100, 110]);
  });

  it('is not told before it is for the first time', () => {
    const fleet = fleetOf({ online: false });
    expect(heardAt(fleet, 60_000)).toBeUndefined();
    change(fleet, { state: 'UNLOCKED', outcomes: ['FAILED'] }, 70_000);
    expect(heardAt(fleet, 80_000)).toBeUndefined();
    change(fleet, { online: true }, 90_000);
    change(fleet, { online: false }, 95_000);
    expect(heardAt(fleet, 200_000)).toBe(95);
  });

  it('does not move while the account does not have it, whatever becomes of its cable', () => {
    const fleet = fleetOf({});
    change(fleet, { present: false }, 20_000);
    expect(heardAt(fleet, 25_000)).toBe('ResourceNotFoundException');
    change(fleet, { online: false }, 30_000);
    change(fleet, { online: true }, 40_000);
    change(fleet, { online: false }, 50_000);
    change(fleet, { present: true }, 60_000);
    expect(heardAt(fleet, 70_000)).toBe(20);
    change(fleet, { online: true }, 80_000);
    expect(heardAt(fleet, 90_000)).toBe(90);
  });

  it('begins when the account gets it', () => {
    const fleet = fleetOf({ present: false });
    change(fleet, { online: false }, 20_000);
    change(fleet, { present: true }, 30_000);
    expect(heardAt(fleet, 40_000)).toBeUndefined();
    change(fleet, { online: true }, 50_000);
    change(fleet, { online: false }, 60_000);
    expect(heardAt(fleet, 70_000)).toBe(60);
  });

  it('is left out for the AWS client, too, of the devices that begin offline', async () => {
    await withScene({ offline: 1 }, async ({ client, devices, control }) => {
      const [managedDeviceId = '', other = ''] = devices;
      const describeOne = async (id: string) =>
        (await client.send(new DescribeDeviceCommand({ managedDeviceId: id }))).lastReachedOutAt;
      expect(await describeOne(managedDeviceId)).toBeUndefined();
      expect(await describeOne(other)).toBeInstanceOf(Date);
      await control('POST', '/devices', { ids: [managedDeviceId], online: true });
      expect(await describeOne(managedDeviceId)).toBeInstanceOf(Date);
    });
  });
});

describe('when an execution started', () => {
  it('is not told while it is queued, and stays what it was', () => {
    const fleet = makeFleet({ pickupMs: 5_000, rebootMs: 10_000 });
    const taskId = create(fleet, 1_000);
    expect(executionAt(fleet, taskId, 5_999)).toEqual({ state: 'QUEUED', lastUpdatedAt: 1 });
    expect(executionAt(fleet, taskId, 10_000)).toEqual({
      state: 'IN_PROGRESS',
      startedAt: 6,
      lastUpdatedAt: 6,
    });
    expect(executionAt(fleet, taskId, 60_000)).toEqual({
      state: 'SUCCEEDED',
      startedAt: 6,
      lastUpdatedAt: 16,
    });
  });

  it('is when the device was back, and its end is when it told it', () => {
    const fleet = makeFleet({ pickupMs: 0, rebootMs: 10_000 });
    change(fleet, { online: false }, 0);
    const taskId = create(fleet, 1_000);
    change(fleet, { online: true }, 3_600_000);
    change(fleet, { online: false }, 3_601_000);
    expect(executionAt(fleet, taskId, 3_700_000)).toMatchObject({ state: 'IN_PROGRESS', startedAt: 3_600 });
    change(fleet, { online: true }, 7_200_000);
    expect(executionAt(fleet, taskId, 7_200_000)).toEqual({
      state: 'SUCCEEDED',
      startedAt: 3_600,
      lastUpdatedAt: 7_200,
    });
  });

  it('is never told of one that was cancelled, or has timed out, while it was queued', () => {
    const fleet = makeFleet({ executionLifeMs: 60_000 });
    change(fleet, { online: false }, 0);
    const [cancelled, expired] = [create(fleet, 1_000), create(fleet, 1_000)];
    expect(cancelTask(fleet, cancelled, 30_000).ok).toBe(true);
    expect(executionAt(fleet, cancelled, 90_000)).toEqual({ state: 'CANCELED', lastUpdatedAt: 30 });
    expect(executionAt(fleet, expired, 90_000)).toEqual({ state: 'TIMED_OUT', lastUpdatedAt: 61 });
  });

  it('is told of one that its device has rejected or failed', () => {
    const fleet = makeFleet({ pickupMs: 1_000, rebootMs: 10_000 });
    change(fleet, { outcomes: ['REJECTED', 'FAILED'] }, 0);
    const [rejected, doomed] = [create(fleet, 0), create(fleet, 0)];
    expect(executionAt(fleet, rejected, 60_000)).toEqual({
      state: 'REJECTED',
      startedAt: 1,
      lastUpdatedAt: 1,
    });
    expect(executionAt(fleet, doomed, 60_000)).toEqual({ state: 'FAILED', startedAt: 1, lastUpdatedAt: 11 });
  });

  it('is of the device that was asked for', () => {
    const fleet = makeFleet({ pickupMs: 1_000 });
    change(fleet, { online: false }, 0, 1);
    const taskId = create(fleet, 0, { targets: targetsOf(fleet, 0, 1) });
    expect(executionAt(fleet, taskId, 60_000, 0)).toMatchObject({ state: 'SUCCEEDED' });
    expect(executionAt(fleet, taskId, 60_000, 1)).toEqual({ state: 'QUEUED', lastUpdatedAt: 0 });
    expect(executionAt(fleet, taskId, 60_000, 2)).toBe('ResourceNotFoundException');
  });
});
