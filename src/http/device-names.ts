/** Device ids for readers who must not know which devices there are. */
import type { ControllerStatus } from '../controller/status.ts';
import { eachInSlices, finish, type Slices } from '../lib/turns.ts';
import type { Desired } from '../manifest/collect.ts';

/** Says of a word whether it is a device id. */
export interface DeviceNames {
  has(word: string): boolean;
}

/** Every device id that this controller has heard of. `before` is what the source asked for when what is shown was worked out. */
export function knownDevices(
  { desired, view, fleets }: Pick<ControllerStatus, 'desired' | 'view' | 'fleets'>,
  before: Desired | null = null,
): DeviceNames {
  const known = [
    desired === null ? null : finish(learnDevices(desired)),
    before === null ? null : finish(learnDevices(before)),
    view?.summary.devices ?? null,
    ...fleets.map(({ devices }) => devices),
  ];
  return { has: (word) => known.some((devices) => devices?.has(word) === true) };
}

/** One pass reads the source once, and is asked of many times. */
const wantedBy = new WeakMap<Desired, ReadonlySet<string>>();

/** Keeps in mind the devices that the source asks for, in slices: who then asks `knownDevices` does not wait for them. */
export function* learnDevices(desired: Desired): Slices<ReadonlySet<string>> {
  const known = wantedBy.get(desired);
  if (known !== undefined) return known;
  const devices = new Set<string>();
  yield* eachInSlices(desired.tasks.values(), ({ manifest }) => {
    for (const device of manifest.targets) devices.add(device);
  });
  wantedBy.set(desired, devices);
  return devices;
}
