/** What happens in the simulated world by itself, and when: the resolved form of a scenario's timeline, and how far it was played. */
import type { Device } from './device.ts';
import type { DeviceChange } from './device-change.ts';
import type { Fleet } from './fleet.ts';
import type { RuleOptions } from './rules.ts';
import type { Settings } from './settings.ts';
import type { NewTask } from './tasks.ts';

/** Devices and tasks are known by the names that the scenario gives them. */
export type Happening =
  /** To every device, where none is named. */
  | { readonly kind: 'devices'; readonly names: readonly string[] | null; readonly change: DeviceChange }
  /** Somebody else asks for a task; its targets are names. A later task of the same name takes the name over. */
  | { readonly kind: 'task'; readonly name: string | null; readonly request: NewTask }
  /** Somebody else cancels it. */
  | { readonly kind: 'cancel'; readonly task: string }
  | { readonly kind: 'rule'; readonly rule: RuleOptions }
  | { readonly kind: 'clearRules' }
  | { readonly kind: 'settings'; readonly change: Partial<Settings> };

export interface Step {
  /** Since the start. */
  readonly atMs: number;
  readonly happening: Happening;
}

export interface Timeline {
  readonly startMs: number;
  /** By time; those of one time in the order they were written. */
  readonly steps: readonly Step[];
  readonly devices: ReadonlyMap<string, readonly [Fleet, Device]>;
  /** Steps played. */
  played: number;
  /** Tasks of the scenario that were made, by name. */
  readonly tasks: Map<string, { readonly fleet: Fleet; readonly taskId: string }>;
  /** What did not go as it was written; a bounded number. */
  readonly notes: string[];
}

/** A timeline that begins at `startMs`. */
export function makeTimeline(steps: readonly Step[], fleets: readonly Fleet[], startMs: number): Timeline {
  const devices = new Map<string, readonly [Fleet, Device]>();
  for (const fleet of fleets) {
    for (const device of fleet.devices) if (device.name !== null) devices.set(device.name, [fleet, device]);
  }
  const sorted = [...steps].sort((one, other) => one.atMs - other.atMs);
  return { startMs, steps: sorted, devices, played: 0, tasks: new Map(), notes: [] };
}
