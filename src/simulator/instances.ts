/**
 * The EC2 instances of a device, as AWS knows them from the device's last report. An instance has a state of its own, but runs
 * only on a device that is unlocked: on a locked one, RUNNING and PENDING show as STOPPED. Nothing here starts
 * or stops one; EC2 on a device is another API, spoken on board.
 */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device, Instance, InstanceState } from './device.ts';
import type { Fleet } from './fleet.ts';
import { makeId } from './identity.ts';
import { describeDevice } from './inventory.ts';
import type { Page } from './pages.ts';
import { collectPage, readToken } from './pages.ts';
import type { PageRequest } from './tasks.ts';
import { pageSize, refuseToken } from './tasks.ts';

/** The model's names with EC2's codes of them. */
export const instanceStates = {
  PENDING: 0,
  RUNNING: 16,
  SHUTTING_DOWN: 32,
  TERMINATED: 48,
  STOPPING: 64,
  STOPPED: 80,
} as const satisfies Record<InstanceState, number>;

/** The only type of resource that AWS knows on a device. */
export const instanceResource = 'instance';

/** A device's instances; where nobody has said otherwise, one whose ids follow from the device's. */
function instancesOf(device: Device): readonly Instance[] {
  return device.instances ?? [makeInstance(device.deviceId, 0, {})];
}

/** An instance of which some is said; the rest follows from its device and its place there. */
export function makeInstance(deviceId: string, index: number, said: Partial<Instance>): Instance {
  return {
    instanceId: makeId('s.i-', deviceId, index),
    imageId: makeId('s.ami-', deviceId, index),
    instanceType: 'sbe-c.large',
    state: 'RUNNING',
    ...said,
  };
}

/** The state that AWS shows: nothing runs on a device that is not unlocked. */
export function shownState(device: Device, { state }: Instance): InstanceState {
  const runs = state === 'RUNNING' || state === 'PENDING';
  return runs && device.state !== 'UNLOCKED' ? 'STOPPED' : state;
}

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
