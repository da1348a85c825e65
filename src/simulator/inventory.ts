/** The operations on devices: what a fleet has, and what state it is in. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device } from './device.ts';
import type { Fleet } from './fleet.ts';
import { settleFleet } from './fleet.ts';
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
        accept: (device) => device.present && (request.jobId === undefined || device.jobId === request.jobId),
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
  return device?.present !== true
    ? refuse('ResourceNotFoundException', `Managed device ${deviceId} was not found`)
    : ok(device);
}
