/** What is done to devices from outside: the cable pulled, the key turned, the next commands doomed, the device gone. */
import type {
  CommandName,
  Device,
  DeviceState,
  Instance,
  InstanceState,
  Outcome,
  ScriptedOutcome,
} from './device.ts';
import { setOnline, setPresent } from './device.ts';
import type { Fleet } from './fleet.ts';
import { expectChange, settleFleet } from './fleet.ts';
import { instanceStates, makeInstance } from './instances.ts';
import type { Reading, Readings, Written } from './written.ts';
import { findUnknownKeys, isWritten, quote, readChoice, readCount } from './written.ts';

export interface DeviceChange {
  readonly present?: boolean;
  readonly online?: boolean;
  readonly state?: DeviceState;
  /** How its next executions end, first first; replaces what was scripted before. */
  readonly outcomes?: readonly ScriptedOutcome[];
  /** Replaces those there were. */
  readonly instances?: readonly Partial<Instance>[];
}

export const changeKeys = ['present', 'online', 'state', 'outcomes', 'instances'] as const;

/** Enough for any script, and little to keep for each of many devices. */
export const outcomesMax = 1_000;
export const instancesMax = 100;

export const deviceStates = ['LOCKED', 'UNLOCKING', 'UNLOCKED'] as const satisfies readonly DeviceState[];
export const outcomeNames = [
  'SUCCEEDED',
  'FAILED',
  'REJECTED',
  'TIMED_OUT',
] as const satisfies readonly Outcome[];
export const commandNames = ['reboot', 'unlock'] as const satisfies readonly CommandName[];
export const instanceStateNames = Object.keys(instanceStates) as readonly InstanceState[];

/** Changes devices from `nowMs` on; what was due before happens as if nothing had changed. */
export function changeDevices(
  chosen: readonly (readonly [Fleet, Device])[],
  change: DeviceChange,
  nowMs: number,
): void {
  // Each fleet is settled once: to settle it for each of its devices would take the square of their number.
  const fleets = new Set(chosen.map(([fleet]) => fleet));
  for (const fleet of fleets) settleFleet(fleet, nowMs);
  for (const [fleet, device] of chosen) applyChange(device, change, fleet.nowMs);
  for (const fleet of fleets) expectChange(fleet);
}

/** {@link changeDevices} for one. */
export function changeDevice(fleet: Fleet, device: Device, change: DeviceChange, nowMs: number): void {
  changeDevices([[fleet, device]], change, nowMs);
}

function applyChange(device: Device, change: DeviceChange, atMs: number): void {
  if (change.present !== undefined) setPresent(device, change.present, atMs);
  if (change.online !== undefined) setOnline(device, change.online, atMs);
  if (change.state !== undefined) {
    device.state = change.state;
    device.updatedMs = atMs;
  }
  if (change.outcomes !== undefined) device.outcomes = [...change.outcomes];
  if (change.instances !== undefined) {
    device.instances = change.instances.map((said, index) => makeInstance(device.deviceId, index, said));
    device.updatedMs = atMs;
  }
}

/** A change as it is written; keys that are none of a change are somebody else's to judge. */
export function readDeviceChange(written: Written): Readings<DeviceChange> {
  const problems: string[] = [];
  const change: { -readonly [K in keyof DeviceChange]: DeviceChange[K] } = {};
  for (const key of ['present', 'online'] as const) {
    const value = written[key];
    if (typeof value === 'boolean') change[key] = value;
    else if (value !== undefined) problems.push(`${key} must be true or false`);
  }
  if (written.state !== undefined) {
    const state = readChoice('state', written.state, deviceStates);
    if (state.ok) change.state = state.value;
    else problems.push(state.problem);
  }
  if (written.outcomes !== undefined) {
    const outcomes = readOutcomes(written.outcomes);
    if (outcomes.ok) change.outcomes = outcomes.value;
    else problems.push(...outcomes.problems);
  }
  if (written.instances !== undefined) {
    const instances = readInstances(written.instances);
    if (instances.ok) change.instances = instances.value;
    else problems.push(...instances.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: change };
}

function readOutcomes(written: unknown): Readings<readonly ScriptedOutcome[]> {
  if (!Array.isArray(written)) {
    return { ok: false, problems: [`outcomes must be a list of ${outcomeNames.join(', ')}`] };
  }
  const problems: string[] = [];
  const outcomes: ScriptedOutcome[] = [];
  for (const item of written.slice(0, outcomesMax + 1)) {
    const read = readOutcome(item);
    if (read.ok) outcomes.push(...read.value);
    else problems.push(`outcomes must be ends: ${read.problem}`);
  }
  if (outcomes.length > outcomesMax) problems.push(`outcomes may be at most ${outcomesMax} together`);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: outcomes };
}

function readOutcome(item: unknown): Reading<readonly ScriptedOutcome[]> {
  const said = isWritten(item) ? item : { outcome: item };
  const [unknown] = findUnknownKeys(said, ['outcome', 'command', 'times']);
  if (unknown !== undefined) return { ok: false, problem: unknown };
  const outcome = readChoice('outcome', said.outcome, outcomeNames);
  if (!outcome.ok) return outcome;
  const times = readCount('times', said.times ?? 1, 1, outcomesMax);
  if (!times.ok) return times;
  const fill = (scripted: ScriptedOutcome) => Array.from({ length: times.value }, () => scripted);
  if (said.command === undefined) return { ok: true, value: fill(outcome.value) };
  const command = readChoice('command', said.command, commandNames);
  if (!command.ok) return command;
  return { ok: true, value: fill({ outcome: outcome.value, command: command.value }) };
}

const instanceKeys = ['instanceId', 'imageId', 'instanceType'] as const;

function readInstances(written: unknown): Readings<readonly Partial<Instance>[]> {
  if (!Array.isArray(written) || written.length > instancesMax) {
    return { ok: false, problems: [`instances must be a list of at most ${instancesMax}`] };
  }
  const problems: string[] = [];
  const instances: Partial<Instance>[] = [];
  for (const item of written) {
    if (!isWritten(item)) {
      problems.push(`an instance is an object, not ${quote(item)}`);
      continue;
    }
    problems.push(...findUnknownKeys(item, [...instanceKeys, 'state']));
    const texts = instanceKeys.filter((key) => item[key] !== undefined);
    for (const key of texts) {
      const text = item[key];
      if (typeof text !== 'string' || !/^[!-~]{1,64}$/.test(text)) {
        problems.push(`${key} is ${quote(text)}: it must be 1 to 64 printable characters without a space`);
      }
    }
    const state = readChoice('state', item.state ?? 'RUNNING', instanceStateNames);
    if (!state.ok) problems.push(state.problem);
    else instances.push({ ...Object.fromEntries(texts.map((key) => [key, item[key]])), state: state.value });
  }
  const ids = instances.flatMap(({ instanceId }) => (instanceId === undefined ? [] : [instanceId]));
  if (new Set(ids).size < ids.length) problems.push('instances must differ in their instanceId');
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: instances };
}
