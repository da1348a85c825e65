/** Device ids for readers who must not know which devices there are. */
import type { ControllerStatus } from '../controller/status.ts';
import type { LedgerView } from '../ledger/view.ts';

const shownLength = 4;
/** What an id of AWS is made of; a longer run of it is none. */
const word = /[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?/g;

/** The last four characters: enough for who knows the fleet, and nothing for anybody else. */
function shortenDevice(device: string): string {
  return `…${device.slice(-shownLength)}`;
}

interface Gathered {
  readonly from: readonly unknown[];
  readonly known: ReadonlySet<string>;
}

const gathered = new WeakMap<LedgerView, Gathered>();

/**
 * Every device id that this controller has heard of. Gathered again only when source, ledger or a list of devices have
 * changed: a ledger of years names many, and each answer asks.
 */
export function knownDevices(status: ControllerStatus): ReadonlySet<string> {
  const { desired, view, fleets } = status;
  if (view === null) return gatherDevices(status);
  const from = [desired, view.tip, ...fleets.map(({ devices }) => devices)];
  const last = gathered.get(view);
  const isSame = last?.from.length === from.length && last.from.every((one, index) => one === from[index]);
  if (isSame) return last.known;
  const known = gatherDevices(status);
  gathered.set(view, { from, known });
  return known;
}

function gatherDevices({ desired, view, fleets }: ControllerStatus): Set<string> {
  const known = new Set<string>();
  const add = (devices: Iterable<string>): void => {
    for (const device of devices) known.add(device);
  };
  for (const { manifest } of desired?.tasks.values() ?? []) add(manifest.targets);
  for (const { revision, executions } of view?.receipts.values() ?? []) {
    add(revision?.targets ?? []);
    add(executions.map(({ device }) => device));
  }
  for (const { devices } of fleets) add(devices ?? []);
  return known;
}

/** The value with every known device id shortened wherever it stands in a text, in a key, too. */
export function redactDevices(value: unknown, known: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return redactText(value, known);
  if (Array.isArray(value)) return value.map((item) => redactDevices(item, known));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    redactText(key, known),
    redactDevices(item, known),
  ]);
  return Object.fromEntries(entries);
}

function redactText(text: string, known: ReadonlySet<string>): string {
  return text.replace(word, (found) => (known.has(found) ? shortenDevice(found) : found));
}
