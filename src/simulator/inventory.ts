/** The operations on devices: what a fleet has, and what state it is in. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device } from './device.ts';
import { isHeard } from './device.ts';
import type { Fleet } from './fleet.ts';
import { settleFleet } from './fleet.ts';
import type { Page } from './pages.ts';
import { collectPage } from './pages.ts';
import type { PageRequest } from './tasks.ts';
import { findStart, pageSize } from './tasks.ts';

/** A page of the fleet's devices, in the order they were made; by `jobId` where one is named. */
export function listDevices(
  fleet: Fleet,
  request: PageRequest & { readonly jobId?: string },
  nowMs: number,
): Reply<Page<Device>> {
  settleFleet(fleet, nowMs);
  const listing = `ListDevices ${fleet.seed} ${request.jobId ?? ''}`;
  const start = findStart(listing, request, Number);
  if (!start.ok) return start;
  return ok(
    collectPage(
      listing,
      {
        length: fleet.devices.length,
        at: (index) => fleet.devices[index],
        accept: (device) => device.present && (request.jobId === undefined || device.jobId === request.jobId),
        cursor: (device) => String(device.index),
      },
      start.value,
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

/** When AWS heard a device last, as of the fleet's time: now while it is online; null where it never was. */
export function lastHeardMs(fleet: Fleet, device: Device): number | null {
  return isHeard(device) ? fleet.nowMs : device.lastReachedOutMs;
}
