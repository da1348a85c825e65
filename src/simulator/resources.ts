/** The operations on what stands on a device. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device, Instance } from './device.ts';
import type { Fleet } from './fleet.ts';
import { instanceResource, instancesOf } from './instances.ts';
import { describeDevice } from './inventory.ts';
import type { Page } from './pages.ts';
import { collectPage, readToken } from './pages.ts';
import type { PageRequest } from './tasks.ts';
import { pageSize, refuseToken } from './tasks.ts';

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
        length: instances.length,
        at: (index) => instances[index],
        accept: () => request.type === undefined || request.type === instanceResource,
        cursor: (instance) => String(instances.indexOf(instance)),
      },
      startIndex,
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
