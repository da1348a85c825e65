/** What is counted and listed of receipts again and again, kept up as events are folded: a million are not gone through for it. */
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { DeviceExecution, LedgerEvent, SettledOutcome } from './events.ts';
import { type Receipt, type ReceiptState, receiptState } from './receipt.ts';

export interface LedgerSummary {
  /** How many receipts are in each state; none of one that is not named. */
  readonly states: Map<ReceiptState, number>;
  /** How many have settled, by how. */
  readonly outcomes: Map<SettledOutcome, number>;
  /** Devices that ran outside their window, by fleet. */
  readonly outside: Map<string, number>;
  /** The newest bad end of each name, unless another revision of the name has come, or was claimed, since. */
  readonly badEnds: Map<TaskKey, Token>;
  /** The height of the newest commit that told of a success, by `fleet/command/device`. */
  readonly successes: Map<string, number>;
  /** Every device that was asked, or that AWS has told of. */
  readonly devices: Set<string>;
  /** The newest that came to rest, by fleet, oldest first. One that came to it twice is there twice. */
  readonly ended: Map<string, Token[]>;
}

/** Kept of each fleet: more than anybody reads on a page. The ledger has all of them. */
export const endedMax = 10_000;
/** Dropped when so many more have come to stand: not at each end. */
const endedSlack = 1_000;

/** Ends that somebody has to look at. */
const badOutcomes: ReadonlySet<SettledOutcome> = new Set(['partial', 'failed', 'missed', 'vanished']);

const finalStates: ReadonlySet<ReceiptState> = new Set(['settled', 'refused', 'baseline']);

function judgeRest(state: ReceiptState, { notes }: Receipt): boolean {
  return finalStates.has(state) || ((state === 'pending' || state === 'waiting') && notes.has('withdrawn'));
}

/** Whether a task ended so that somebody has to look at it. */
export function isBadEnd({ settled }: Receipt): boolean {
  return settled !== null && badOutcomes.has(settled.outcome);
}

/** The summary of no receipts. */
export function emptySummary(): LedgerSummary {
  return {
    states: new Map(),
    outcomes: new Map(),
    outside: new Map(),
    badEnds: new Map(),
    successes: new Map(),
    devices: new Set(),
    ended: new Map(),
  };
}

/** What of a receipt is counted. */
export interface CountedState {
  readonly state: ReceiptState;
  /**
   * Whether a pass has nothing to look for in it: it is at its end, or it was withdrawn while nothing of it may be in AWS. It
   * stays so until another event of it: a late task id, or a claim where its manifest has come back.
   */
  readonly isAtRest: boolean;
  readonly outcome: SettledOutcome | null;
  readonly outside: number;
}

/** Reads it off a receipt. */
export function countedState(receipt: Receipt): CountedState {
  const { settled, outside } = receipt;
  const state = receiptState(receipt);
  return {
    state,
    isAtRest: judgeRest(state, receipt),
    outcome: settled === null ? null : settled.outcome,
    outside: outside.length,
  };
}

/**
 * Keeps in mind what an event has made of its receipt, and answers what is counted of it now. `before` is null where the event
 * is the first of its token.
 */
export function noteChange(
  summary: LedgerSummary,
  before: CountedState | null,
  receipt: Receipt,
  event: LedgerEvent,
): CountedState {
  const now = countedState(receipt);
  if (before?.state !== now.state) {
    if (before !== null) add(summary.states, before.state, -1);
    add(summary.states, now.state, 1);
  }
  if (now.outcome !== null && before?.outcome !== now.outcome) add(summary.outcomes, now.outcome, 1);
  const ran = now.outside - (before?.outside ?? 0);
  if (ran > 0) add(summary.outside, receipt.fleet, ran);
  if (now.isAtRest && before?.isAtRest !== true) noteEnd(summary, receipt);
  if (before === null || event.kind === 'claimed') summary.badEnds.delete(receipt.key);
  if (event.kind === 'settled' && isBadEnd(receipt)) summary.badEnds.set(receipt.key, receipt.token);
  noteDevices(summary, receipt, event);
  return now;
}

function add<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function noteEnd({ ended }: LedgerSummary, { fleet, token }: Receipt): void {
  const tokens = ended.get(fleet);
  if (tokens === undefined) ended.set(fleet, [token]);
  else tokens.push(token);
  if (tokens !== undefined && tokens.length >= endedMax + endedSlack)
    tokens.splice(0, tokens.length - endedMax);
}

function noteDevices(summary: LedgerSummary, receipt: Receipt, event: LedgerEvent): void {
  if (event.kind === 'claimed' || event.kind === 'baseline' || event.kind === 'resolved')
    for (const device of receipt.revision?.targets ?? []) summary.devices.add(device);
  if (event.kind === 'progress' || event.kind === 'settled')
    for (const execution of event.executions) noteExecution(summary, receipt, execution);
}

function noteExecution(
  { devices, successes }: LedgerSummary,
  { fleet, revision, seq }: Receipt,
  { device, state }: DeviceExecution,
): void {
  devices.add(device);
  if (state === 'SUCCEEDED') successes.set(successKey(fleet, revision?.command, device), seq);
}

/** The key of `successes`. */
export function successKey(fleet: string, command: string | undefined, device: string): string {
  return `${fleet}/${command}/${device}`;
}
