/** The devices of a fleet, made from what is said of them; the rest follows from seed, account and region. */
import type { Device, DeviceState, Instance, ScriptedOutcome } from './device.ts';
import { makeArn, makeId } from './identity.ts';
import { makeInstance } from './instances.ts';

/** What can be said of a device before it exists. Left out: online, locked, there from the start, one instance. */
export interface DeviceOptions {
  readonly name?: string;
  readonly deviceId?: string;
  readonly jobId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly present?: boolean;
  readonly online?: boolean;
  readonly state?: DeviceState;
  readonly outcomes?: readonly ScriptedOutcome[];
  readonly instances?: readonly Partial<Instance>[];
}

interface Place {
  readonly account: string;
  readonly region: string;
}

/** So many devices of which nothing is said, or each as it is said; by id, in their order. */
export function makeDevices(
  place: Place,
  seed: string,
  said: number | readonly DeviceOptions[],
  nowMs: number,
): ReadonlyMap<string, Device> {
  const all = typeof said === 'number' ? Array.from({ length: said }, () => nothingSaid) : said;
  const taken = new Set(all.map(({ deviceId }) => deviceId));
  const devices = new Map<string, Device>();
  let count = 0;
  for (const [index, options] of all.entries()) {
    let deviceId = options.deviceId ?? makeId('smd-', seed, count);
    // Ends: each try is another draw, and a fleet has a bounded number of devices.
    while (options.deviceId === undefined && (devices.has(deviceId) || taken.has(deviceId))) {
      count += 1;
      deviceId = makeId('smd-', seed, count);
    }
    const jobId = options.jobId ?? makeId('JID-', seed, count);
    devices.set(deviceId, makeDevice(place, { ...options, deviceId, jobId }, index, nowMs));
    count += 1;
  }
  return devices;
}

/** The same devices, the first so many of them offline from the start. */
export function startOffline(
  said: number | readonly DeviceOptions[],
  offline: number,
): readonly DeviceOptions[] {
  const all = typeof said === 'number' ? Array.from({ length: said }, () => nothingSaid) : said;
  return all.map((device, index) => (index < offline ? { ...device, online: false } : device));
}

const nothingSaid: DeviceOptions = {};

function makeDevice(
  place: Place,
  said: DeviceOptions & { readonly deviceId: string; readonly jobId: string },
  index: number,
  nowMs: number,
): Device {
  const { deviceId, jobId, present = true, online = true } = said;
  return {
    deviceId,
    name: said.name ?? null,
    arn: makeArn(place, 'managed-device', deviceId),
    jobId,
    index,
    tags: { ...said.tags },
    madeMs: nowMs,
    present,
    online,
    onlineSinceMs: nowMs,
    lastReachedOutMs: present && online ? nowMs : null,
    updatedMs: nowMs,
    state: said.state ?? 'LOCKED',
    queue: [],
    running: null,
    idleSinceMs: nowMs,
    instances: said.instances?.map((instance, place) => makeInstance(deviceId, place, instance)) ?? null,
    outcomes: [...(said.outcomes ?? [])],
    dueMs: Infinity,
  };
}
