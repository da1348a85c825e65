/** What is in flight in each fleet and was asked for lately: what rules count, and what is granted within one plan. */
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import type { Token } from '../manifest/manifest.ts';
import type { CountFacts, TaskCount } from '../policy/facts.ts';
import { isInFlight } from './devices.ts';
import { isFinalState } from './observation.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Tallies = Map<string, CountFacts>;

const nothing: TaskCount = { tasks: 0, devices: 0 };
const noCounts: CountFacts = { inFlight: nothing, issuedLastHour: nothing, issuedLastDay: nothing };

/**
 * The counts of every fleet by the ledger, at an instant by the wall clock. `absent` are tokens that a look of this pass
 * did not find: they are judged again as if they had never been asked for, and must not count themselves.
 */
export function tallyFleets(
  ledger: LedgerView,
  nowMs: number,
  absent: ReadonlySet<Token> = new Set(),
): Tallies {
  const tallies: Tallies = new Map();
  for (const receipt of restlessReceipts(ledger)) {
    if (!isInFlight(receipt) || absent.has(receipt.token)) continue;
    const counts = tallies.get(receipt.fleet) ?? noCounts;
    tallies.set(receipt.fleet, { ...counts, inFlight: add(counts.inFlight, openDevices(receipt)) });
  }
  for (const fleet of ledger.claims.keys()) {
    const counts = tallies.get(fleet) ?? noCounts;
    tallies.set(fleet, { ...counts, ...countLately(ledger, fleet, nowMs, absent) });
  }
  return tallies;
}

/** The counts of one fleet. */
export function countsOf(tallies: ReadonlyMap<string, CountFacts>, fleet: string): CountFacts {
  return tallies.get(fleet) ?? noCounts;
}

/** Counts a task that is granted: each that is judged after it sees it as in flight. */
export function grant(tallies: Tallies, fleet: string, devices: number): void {
  const { inFlight, issuedLastHour, issuedLastDay } = countsOf(tallies, fleet);
  tallies.set(fleet, {
    inFlight: add(inFlight, devices),
    issuedLastHour: add(issuedLastHour, devices),
    issuedLastDay: add(issuedLastDay, devices),
  });
}

function add({ tasks, devices }: TaskCount, more: number): TaskCount {
  return { tasks: tasks + 1, devices: devices + more };
}

function openDevices({ revision, executions }: Receipt): number {
  const over = executions.filter(({ state }) => isFinalState(state)).length;
  return Math.max(0, (revision?.targets.length ?? 0) - over);
}

/**
 * Each revision once, at its newest claim of the last day; what made no task and waits again is not counted. All marks that
 * the view keeps are looked at: writers' clocks differ, so that one out of order says nothing of those before it.
 */
function countLately(
  ledger: LedgerView,
  fleet: string,
  nowMs: number,
  absent: ReadonlySet<Token>,
): Pick<CountFacts, 'issuedLastHour' | 'issuedLastDay'> {
  let issuedLastHour = nothing;
  let issuedLastDay = nothing;
  const newest = new Map<Token, number>();
  for (const { token, atMs } of ledger.claims.get(fleet) ?? []) {
    if (atMs > nowMs - dayMs) newest.set(token, atMs);
  }
  for (const [token, atMs] of newest) {
    const receipt = ledger.receipts.get(token);
    if (receipt === undefined || absent.has(token) || !wasAsked(receipt)) continue;
    const devices = receipt.revision?.targets.length ?? 0;
    issuedLastDay = add(issuedLastDay, devices);
    if (atMs > nowMs - hourMs) issuedLastHour = add(issuedLastHour, devices);
  }
  return { issuedLastHour, issuedLastDay };
}

function wasAsked(receipt: Receipt): boolean {
  const state = receiptState(receipt);
  return state !== 'pending' && state !== 'waiting' && state !== 'refused' && state !== 'baseline';
}
