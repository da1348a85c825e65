/** Whether each fleet may be asked: who it is, whether it answers, and what stands in its way. */
import type { FleetIdentity } from '../config/config.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import type { Moment } from '../lib/clock.ts';
import { readMoment } from '../lib/clock.ts';
import type { Fault } from '../lib/faults.ts';
import type { Token } from '../manifest/manifest.ts';
import { tagKeys } from '../manifest/request.ts';
import type { FleetCondition } from '../plan/claimable.ts';
import type { Reason } from '../policy/verdict.ts';
import { backoffMs } from './pacer.ts';
import type { ListedTask, Read, TaskApi } from './ports.ts';
import type { Controller, FleetState, Stranger } from './state.ts';
import { isObserved } from './state.ts';

/** A fleet's pause after failures in a row, and between probes: as the table of DESIGN 5 has it for throttling. */
export const pauseFirstMs = 30_000;
export const pauseLastMs = 60 * 60_000;

/** Whether two identities are one place in AWS: account, region and endpoint alike. */
export function sameIdentity(a: FleetIdentity, b: FleetIdentity): boolean {
  return a.account === b.account && a.region === b.region && a.endpoint === b.endpoint;
}

/** The condition of every configured fleet at this moment. */
export function fleetConditions(c: Controller, view: LedgerView): Map<string, FleetCondition> {
  const conditions = new Map<string, FleetCondition>();
  const now = readMoment(c.clock);
  for (const [name, fleet] of c.state.fleets) {
    if (isObserved(fleet)) {
      conditions.set(name, observedCondition(name));
      continue;
    }
    // `snowgate plan` has no way to ask AWS, and does not speak for the daemon's listing.
    const unlisted = !fleet.startListed && c.apis.has(name);
    const condition = fleetCondition(name, fleet, view, now);
    // What keeps the listing from being made is the better reason, where there is one.
    conditions.set(name, unlisted && condition.kind === 'open' ? beforeListing(name, fleet) : condition);
  }
  return conditions;
}

function observedCondition(name: string): FleetCondition {
  return {
    kind: 'observed',
    reason: { code: 'SG6129', message: `fleet ${name} only observes (fleets.${name}.mode)` },
  };
}

/**
 * A ledger that was lost, restored or taken back looks whole from inside: only AWS can say that it is not. So each life
 * begins with a listing, and not only one without a remembered tip: what halted one life must halt the next.
 */
function beforeListing(name: string, { readReason }: FleetState): FleetCondition {
  if (readReason !== null) return { kind: 'paused', untilMs: null, reason: readReason };
  const message = `fleet ${name} is listed once before its first claim of this process`;
  return { kind: 'paused', untilMs: null, reason: { code: 'SG6238', message } };
}

function fleetCondition(
  name: string,
  fleet: FleetState,
  view: LedgerView,
  { monotonicMs, wallMs }: Moment,
): FleetCondition {
  const halt = findMismatch(name, fleet, view) ?? findStrangers(name, fleet, view);
  if (halt !== null) return { kind: 'halted', reason: halt };
  if (fleet.closed !== null) return { kind: 'halted', reason: fleet.closed };
  if (fleet.pauseReason !== null && monotonicMs < fleet.pausedUntilMs) {
    const untilMs = wallMs + fleet.pausedUntilMs - monotonicMs;
    return { kind: 'paused', untilMs, reason: fleet.pauseReason };
  }
  const throttle = view.throttles.get(name);
  const pauseMs = throttle === undefined ? 0 : backoffMs(throttle.streak, pauseFirstMs, pauseLastMs);
  const throttledUntilMs = throttle === undefined ? 0 : Date.parse(throttle.at) + pauseMs;
  // A wall clock that was set back must not make this pause longer than it is.
  if (wallMs < throttledUntilMs && throttledUntilMs - wallMs <= pauseMs) {
    const reason: Reason = {
      code: 'SG6231',
      message: `AWS throttled fleet ${name} at ${throttle?.at ?? ''}; the whole fleet waits ${pauseMs / 1000} s`,
    };
    return { kind: 'paused', untilMs: throttledUntilMs, reason };
  }
  return { kind: 'open' };
}

/** A fleet that is not what its newest claim says is halted until the operator names the old one on purpose. */
function findMismatch(name: string, fleet: FleetState, view: LedgerView): Reason | null {
  const newest = view.newestIdentity.get(name);
  if (newest === undefined || sameIdentity(newest, fleet.expected)) return null;
  const { rebind } = fleet.config;
  if (rebind !== undefined && sameIdentity(rebind, newest)) return null;
  return {
    code: 'SG6232',
    message: `fleet ${name} is configured as ${describeIdentity(fleet.expected)}, but its newest claim was made in ${describeIdentity(newest)}; correct it, or name the old one in fleets.${name}.rebind`,
  };
}

function describeIdentity({ account, region, endpoint }: FleetIdentity): string {
  return [account === '' ? 'no account' : account, region, endpoint].filter((part) => part !== '').join(' ');
}

/** What is open in another account, region or endpoint than its fleet is now, or of a fleet that is gone. */
export function findElsewhere(c: Controller, view: LedgerView): Set<Token> {
  const elsewhere = new Set<Token>();
  for (const { token, fleet, identity } of restlessReceipts(view)) {
    const expected = c.state.fleets.get(fleet)?.expected;
    if (identity === null) continue;
    if (expected === undefined || !sameIdentity(identity, expected)) elsewhere.add(token);
  }
  return elsewhere;
}

/** Tasks of ours that the ledger does not know: this ledger is new, or has lost something. */
function findStrangers(name: string, fleet: FleetState, view: LedgerView): Reason | null {
  const unknown = unknownStrangers(fleet, view);
  const [first] = unknown;
  if (first === undefined) return null;
  const more = unknown.length > 1 ? ` and ${unknown.length - 1} more` : '';
  return {
    code: 'SG6233',
    message: `AWS has task ${first.taskId} of fleet ${name} for revision ${first.token.slice(0, 12)}${more}, which this ledger does not know; restore the ledger, or \`snowgate ledger resolve ${first.token} --created ${first.taskId}\`, with \`--reason\``,
  };
}

/** Of each listing, for the ledger as it was when somebody asked last. */
const unknownBy = new WeakMap<
  readonly Stranger[],
  { readonly view: LedgerView; readonly seq: number; readonly unknown: readonly Stranger[] }
>();

/**
 * Those tasks of the last listing that bear our marks and that the ledger does not know. Exact at every moment, and looked
 * for once for each listing and height of the ledger: pages and probes ask with every request, and a listing has thousands.
 */
export function unknownStrangers(
  { strangers }: Pick<FleetState, 'strangers'>,
  view: LedgerView,
): readonly Stranger[] {
  const last = unknownBy.get(strangers);
  if (last?.view === view && last.seq === view.seq) return last.unknown;
  const unknown = strangers.filter((stranger) => !isKnown(stranger, view));
  unknownBy.set(strangers, { view, seq: view.seq, unknown });
  return unknown;
}

/** Whether the ledger knows of a task that bears our marks. */
function isKnown({ taskId, token }: Stranger, view: LedgerView): boolean {
  const receipt = view.receipts.get(token);
  if (receipt === undefined) return false;
  if (receipt.taskIds.includes(taskId) || receipt.disowned.includes(taskId)) return true;
  const state = receiptState(receipt);
  // A second task of an issued revision is no stranger: it is a double, and is written down as one.
  return state !== 'pending' && state !== 'waiting' && state !== 'refused';
}

/** The tasks of a listing that bear this ledger's mark, or the token of a revision now in the source. */
export function findOurs(
  tasks: readonly ListedTask[],
  ledgerId: string,
  isWanted: (token: string) => boolean,
): Stranger[] {
  return tasks.flatMap(({ taskId, tags }) => {
    const token = tags[tagKeys.revision];
    if (token === undefined) return [];
    return tags[tagKeys.ledger] === ledgerId || isWanted(token) ? [{ taskId, token }] : [];
  });
}

/**
 * Puts a fleet on hold for a while that doubles with every failure in a row. Calls and access are counted apart: a
 * fleet that answers every probe and refuses every call would else be called for ever at the shortest pause.
 */
export function pauseFleet(
  c: Controller,
  name: string,
  fleet: FleetState,
  reason: Reason,
  failed: 'calls' | 'access',
): void {
  fleet.failures[failed] += 1;
  const pauseMs = backoffMs(fleet.failures[failed], pauseFirstMs, pauseLastMs);
  fleet.pausedUntilMs = c.clock.monotonicMs() + pauseMs;
  fleet.pauseReason = reason;
  c.announcer.say(`fleet ${name}`, 'warn', 'fleet paused', {
    fleet: name,
    code: reason.code,
    reason: reason.message,
    pauseMs,
  });
}

/** A call, or access, went well: its failures are forgotten. */
export function noteSuccess(c: Controller, name: string, fleet: FleetState, went: 'calls' | 'access'): void {
  fleet.failures[went] = 0;
  if (fleet.failures.calls + fleet.failures.access > 0 || fleet.closed !== null) return;
  fleet.pauseReason = null;
  c.announcer.clear(`fleet ${name}`, 'fleet answers again', { fleet: name });
}

/**
 * Makes a fleet ready for calls: credentials and account proved, AWS's time heard, a closed fleet probed when its
 * back-off has passed. True when it may be called; what stands in the way is left in its state. Every call of a pass comes
 * after this one: a fleet that is only observed is never ready.
 */
export async function prepareFleet(c: Controller, name: string): Promise<boolean> {
  const fleet = c.state.fleets.get(name);
  const api = c.apis.get(name);
  if (fleet === undefined || api === undefined || isObserved(fleet)) return false;
  fleet.proved = false;
  if (fleet.pauseReason !== null && c.clock.monotonicMs() < fleet.pausedUntilMs) return false;
  const proof = await api.prove();
  const now = readMoment(c.clock);
  c.guard.observe(name, proof.server, now);
  if (proof.kind !== 'ok') {
    if (proof.fault.class === 'human') fleet.identified = false;
    pauseFleet(c, name, fleet, reasonOf(name, proof.fault), 'access');
    return false;
  }
  if (proof.value.account !== fleet.expected.account) {
    fleet.identified = false;
    const reason: Reason = {
      code: 'SG6234',
      message: `fleet ${name} reaches account ${proof.value.account}, and the configuration says ${fleet.expected.account}`,
    };
    pauseFleet(c, name, fleet, reason, 'access');
    return false;
  }
  fleet.identified = true;
  if (!(await heardAndOpen(c, name, fleet, api))) return false;
  noteSuccess(c, name, fleet, 'access');
  fleet.proved = true;
  return true;
}

/** Probes where a probe is owed: never heard, closed, or clocks that disagree; at most one a back-off. */
async function heardAndOpen(c: Controller, name: string, fleet: FleetState, api: TaskApi): Promise<boolean> {
  c.guard.check(readMoment(c.clock));
  const owed = !c.guard.hasHeard(name) || fleet.closed !== null || c.guard.complaint() !== null;
  if (!owed) return true;
  if (c.clock.monotonicMs() < fleet.probeAtMs) return false;
  const answer = await probeFleet(c, name, fleet, api);
  return answer.kind === 'ok' && c.guard.hasHeard(name) && c.guard.complaint() === null;
}

/** One ListDevices: proves permission and tells the time. Closes the fleet when it is denied, opens it when not. */
export async function probeFleet(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
): Promise<Read<null>> {
  const answer = await api.probe();
  const now = readMoment(c.clock);
  c.guard.observe(name, answer.server, now);
  if (answer.kind === 'ok' && c.guard.complaint() === null) fleet.probes = 0;
  else fleet.probes += 1;
  fleet.probeAtMs =
    fleet.probes === 0 ? 0 : now.monotonicMs + backoffMs(fleet.probes, pauseFirstMs, pauseLastMs);
  if (answer.kind === 'ok') {
    fleet.closed = null;
  } else if (answer.kind === 'denied') {
    fleet.closed = {
      code: 'SG6235',
      message: `AWS denies fleet ${name} even ListDevices: ${answer.fault.message}; correct its credentials or role`,
    };
  } else {
    pauseFleet(c, name, fleet, reasonOf(name, answer.fault), 'access');
  }
  return answer;
}

/** A fault of a fleet's call as a reason that names the fleet. */
export function reasonOf(name: string, problem: Fault): Reason {
  return { code: problem.code, message: `fleet ${name}: ${problem.message}` };
}
