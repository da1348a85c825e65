/** What a contract test of the task API stands on: one fleet in AWS, and hands to change it from outside. */
import type { CreateOutcome, Read, TaskApi } from '../../src/controller/ports.ts';
import type { TaskRequest } from '../../src/manifest/request.ts';
import type { DeviceChange } from '../../src/simulator/device-change.ts';
import type { DeviceOptions } from '../../src/simulator/roster.ts';
import type { RuleOptions } from '../../src/simulator/rules.ts';
import type { Settings } from '../../src/simulator/settings.ts';

/** The devices of every world, in the order of `TaskWorld.devices`. */
export const worldDevices: readonly DeviceOptions[] = [
  { tags: { ship: 'aurora', 'site/deck': '2 aft' } },
  { state: 'UNLOCKED' },
  {},
  {},
  {},
  { online: false },
];

/** One fleet in AWS, and what a test may do to it from outside. */
export interface TaskWorld {
  readonly api: TaskApi;
  readonly account: string;
  readonly devices: readonly string[];
  order(rule: RuleOptions): Promise<void>;
  change(settings: Partial<Settings>): Promise<void>;
  turn(device: string, change: DeviceChange): Promise<void>;
  advance(durationMs: number): Promise<void>;
  /** The tokens of all tasks ever accepted, one entry for each task. */
  tokens(): Promise<readonly string[]>;
  end(): Promise<void>;
}

/** A client token, one for each number. */
export const token = (n: number): string => n.toString(16).padStart(64, '0');

/** An unlock of the first device, unless more is said. */
export function request(world: TaskWorld, n: number, more: Partial<TaskRequest> = {}): TaskRequest {
  return {
    clientToken: token(n),
    command: 'unlock',
    targets: [world.devices[0] ?? ''],
    tags: { 'snowgate:revision': token(n) },
    ...more,
  };
}

export const open = (): 'open' => 'open';

/** What was read; throws where it was not. */
export function value<T>(read: Read<T>): T {
  if (read.kind !== 'ok') throw new Error(`${read.kind}: ${read.fault.message}`);
  return read.value;
}

export function issuedId(outcome: CreateOutcome): string {
  if (outcome.kind !== 'issued') throw new Error(JSON.stringify(outcome));
  return outcome.taskId;
}

/** Effects after which a read is a failure of this kind, never a part. */
export const readFaults: readonly (readonly [RuleOptions['effect'], Read<unknown>['kind']])[] = [
  ['throttle', 'throttled'],
  ['accessDenied', 'denied'],
  ['expiredToken', 'denied'],
  ['notFound', 'notFound'],
  ['internal', 'failed'],
  ['html502', 'failed'],
  ['cutJson', 'failed'],
  ['cutBody', 'failed'],
  ['empty', 'failed'],
  ['cutBefore', 'failed'],
  ['hang', 'failed'],
];

/** Runs each test in a world of its own, which is ended afterwards. */
export function worldFrom(start: () => Promise<TaskWorld>) {
  return (work: (world: TaskWorld) => Promise<void>) => async (): Promise<void> => {
    const world = await start();
    try {
      await work(world);
    } finally {
      await world.end();
    }
  };
}
