/**
 * One task at a time on a device: what is in flight on it, from us or from anybody, holds further tasks to it. AWS would
 * queue them, and run them hours later, when nobody expects it any more.
 */

import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import type { Manifest, Token } from '../manifest/manifest.ts';
import type { Reason } from '../policy/verdict.ts';
import { joinFew } from './few.ts';
import { isFinalState } from './observation.ts';
import type { OrderInput } from './order.ts';

/** What AWS shows of a fleet beside our own tasks; or why it could not be seen. */
export type Survey =
  | {
      readonly kind: 'seen';
      /** Every managed device. */
      readonly devices: ReadonlySet<string>;
      /** Devices in flight for tasks that this ledger does not follow, and which task of whose that is. */
      readonly foreign: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'unseen'; readonly reason: Reason };

export interface DeviceInput {
  /** Of the fleets that were asked; of others nothing is known, and nothing is held for it. */
  readonly surveys: ReadonlyMap<string, Survey>;
  readonly occupied: Occupied;
}

/** Who is in flight on a device, by `fleet/device`. */
export type Occupied = ReadonlyMap<string, Receipt>;

/** Devices on which a task of ours is, or may be, in flight. */
export function findOccupied(input: {
  readonly ledger: LedgerView;
  readonly elsewhere: ReadonlySet<Token>;
}): Occupied {
  const occupied = new Map<string, Receipt>();
  for (const receipt of restlessReceipts(input.ledger)) {
    // Its devices are in another account, and nobody here can follow it to its end.
    if (receipt.revision === null || input.elsewhere.has(receipt.token) || !isInFlight(receipt)) continue;
    const over = new Set(
      receipt.executions.filter(({ state }) => isFinalState(state)).map(({ device }) => device),
    );
    for (const device of receipt.revision.targets) {
      if (!over.has(device)) occupied.set(`${receipt.fleet}/${device}`, receipt);
    }
  }
  return occupied;
}

/** Whether a task of it may be in AWS and not at its end. */
export function isInFlight(receipt: Receipt): boolean {
  const state = receiptState(receipt);
  return state === 'claimed' || state === 'inDoubt' || state === 'ambiguous' || state === 'issued';
}

/** A reason for each task that is in flight on devices of a manifest, and one for the devices that AWS does not know. */
export function findBusyDevices(
  manifest: Manifest,
  { occupied, surveys, desired }: DeviceInput & OrderInput,
): Reason[] {
  const { fleet, targets, token } = manifest;
  const survey = surveys.get(fleet);
  if (survey?.kind === 'unseen') return [survey.reason];
  const ours = new Map<string, string[]>();
  const foreign = new Map<string, string[]>();
  const unknown: string[] = [];
  for (const device of targets) {
    const receipt = occupied.get(`${fleet}/${device}`);
    if (receipt !== undefined && receipt.token !== token) {
      if (!isWaitedFor(manifest, receipt, desired)) addTo(ours, describe(receipt), device);
      continue;
    }
    if (survey === undefined) continue;
    const other = survey.foreign.get(device);
    if (other !== undefined) addTo(foreign, other, device);
    else if (!survey.devices.has(device)) unknown.push(device);
  }
  return [
    ...busyReasons('SG6120', ours),
    ...busyReasons('SG6121', foreign),
    ...(unknown.length === 0 ? [] : [unknownReason(unknown, fleet)]),
  ];
}

function addTo(devicesBy: Map<string, string[]>, task: string, device: string): void {
  const devices = devicesBy.get(task);
  if (devices === undefined) devicesBy.set(task, [device]);
  else devices.push(device);
}

function busyReasons(code: Reason['code'], devicesBy: ReadonlyMap<string, readonly string[]>): Reason[] {
  return [...devicesBy].map(([task, devices]) => {
    const are = devices.length === 1 ? 'is' : 'are';
    return { code, message: `${joinFew(devices)} ${are} busy with ${task}` };
  });
}

function unknownReason(devices: readonly string[], fleet: string): Reason {
  const where = `in the account and region of fleet ${fleet}`;
  const message =
    devices.length === 1
      ? `AWS knows no device ${devices[0]} ${where}; correct the target, or register it`
      : `AWS knows none of the devices ${joinFew(devices)} ${where}; correct the targets, or register them`;
  return { code: 'SG6126', message };
}

/**
 * That a task waits for the very revision that is in flight is said already, by `spec.after`. Not of another revision of that
 * name: what is wanted of it may have succeeded while an older or newer one still holds the device.
 */
function isWaitedFor({ after }: Manifest, receipt: Receipt, desired: OrderInput['desired']): boolean {
  return after.includes(receipt.name) && desired.tasks.get(receipt.key)?.manifest.token === receipt.token;
}

function describe(receipt: Receipt): string {
  const [taskId] = receipt.taskIds;
  return `${receipt.name} (${taskId ?? receiptState(receipt)})`;
}
