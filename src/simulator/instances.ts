/**
 * The EC2 instances of a device, as AWS knows them from the device's last report. An instance has a state of its own, but runs
 * only on a device that is unlocked: on a locked one, RUNNING and PENDING show as STOPPED. Nothing here starts
 * or stops one; EC2 on a device is another API, spoken on board.
 */
import type { Device, Instance, InstanceState } from './device.ts';
import { makeId } from './identity.ts';

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
export function instancesOf(device: Device): readonly Instance[] {
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
