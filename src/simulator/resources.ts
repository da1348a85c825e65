/** The operations on what stands on a device. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device, Instance } from './device.ts';
import type { Fleet } from './fleet.ts';
import { instanceResource, instancesOf } from './instances.ts';
import { describeDevice } from './inventory.ts';
import type { Page } from './pages.ts';
import { collectPage } from './pages.ts';
import type { PageRequest } from './tasks.ts';
import { findStart, pageSize } from './tasks.ts';

/** A page of a device's resources; of one type where one is named, and a type that nothing has is an empty page. */
export function listResources(
  fleet: Fleet,
  request: PageRequest & { readonly deviceId: string; readonly type?: string },
  nowMs: number,
): Reply<Page<Instance>> {
  const found = describeDevice(fleet, request.deviceId, nowMs);
  if (!found.ok) return found;
  const instances = instancesOf(found.value);
  const listing = `ListDeviceResources ${fleet.seed} ${request.deviceId} ${request.type ?? ''}`;
  const start = findStart(listing, request, Number);
  if (!start.ok) return start;
  return ok(
    collectPage(
      listing,
      {
        length: instances.length,
        at: (index) => instances[index],
        accept: () => request.type === undefined || request.type === instanceResource,
        cursor: (instance) => String(instances.indexOf(instance)),
      },
      start.value,
      pageSize(fleet, request),
    ),
  );
}

/** The named instances of a device, in the order they were named; one that it does not have is a ResourceNotFoundException. */
export function describeInstances(
  fleet: Fleet,
  deviceId: string,
  instanceIds: readonly string[],
  nowMs: number,
): Reply<{ readonly device: Device; readonly instances: readonly Instance[] }> {
  const found = describeDevice(fleet, deviceId, nowMs);
  if (!found.ok) return found;
  const byId = new Map(instancesOf(found.value).map((instance) => [instance.instanceId, instance]));
  const instances: Instance[] = [];
  for (const instanceId of new Set(instanceIds)) {
    const instance = byId.get(instanceId);
    if (instance === undefined) {
      return refuse(
        'ResourceNotFoundException',
        `An instance that was named was not found on managed device ${deviceId}`,
      );
    }
    instances.push(instance);
  }
  return ok({ device: found.value, instances });
}
