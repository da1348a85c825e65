/** The operations on devices: what a fleet has, and what state it is in. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device, DeviceState, Outcome } from './device.ts';
import { setOnline } from './device.ts';
import type { Fleet } from './fleet.ts';
import { expectChange, settleFleet } from './fleet.ts';
import type { Page } from './pages.ts';
import { collectPage, readToken } from './pages.ts';
import type { PageRequest } from './tasks.ts';
import { pageSize, refuseToken } from './tasks.ts';

/** A page of the fleet's devices, in the order they were made; by `jobId` where one is named. */
export function listDevices(
  fleet: Fleet,
  request: PageRequest & { readonly jobId?: string },
  nowMs: number,
): Reply<Page<Device>> {
  settleFleet(fleet, nowMs);
  const listing = `ListDevices ${fleet.seed} ${request.jobId ?? ''}`;
  let startIndex = 0;
  if (request.nextToken !== undefined) {
    const cursor = readToken(listing, request.nextToken);
    if (cursor === null) return refuseToken();
    startIndex = Number(cursor);
  }
  return ok(
    collectPage(
      listing,
      {
        length: fleet.devices.length,
        at: (index) => fleet.devices[index],
        accept: (device) => request.jobId === undefined || device.jobId === request.jobId,
        cursor: (device) => String(device.index),
      },
      startIndex,
      pageSize(fleet, request),
    ),
  );
}

/** One device; ResourceNotFoundException where the fleet has none of this id. */
export function describeDevice(fleet: Fleet, deviceId: string, nowMs: number): Reply<Device> {
  settleFleet(fleet, nowMs);
  const device = fleet.deviceById.get(deviceId);
  return device === undefined
    ? refuse('ResourceNotFoundException', `Managed device ${deviceId} was not found`)
    : ok(device);
}

/** What can be done to a device from outside: the cable pulled, the key turned, the next commands doomed. */
export interface DeviceChange {
  readonly online?: boolean;
  readonly state?: DeviceState;
  /** How its next executions end, first first; replaces what was scripted before. */
  readonly outcomes?: readonly Outcome[];
}

/** Changes a device from `nowMs` on; what was due before happens as if nothing had changed. */
export function changeDevice(fleet: Fleet, device: Device, change: DeviceChange, nowMs: number): void {
  const atMs = settleFleet(fleet, nowMs);
  if (change.online !== undefined) setOnline(device, change.online, atMs);
  if (change.state !== undefined) {
    device.state = change.state;
    device.updatedMs = atMs;
  }
  if (change.outcomes !== undefined) device.outcomes = [...change.outcomes];
  expectChange(fleet);
}
