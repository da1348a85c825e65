/** What the ledger says, as far as it was read: the receipts, and what is looked up in them again and again. */
import type { FleetIdentity } from '../config/config.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { ClaimedEvent } from './events.ts';
import type { Receipt } from './receipt.ts';
import { emptySummary, type LedgerSummary } from './summary.ts';

/** What the ledger says, as far as it was read. Grows in place: a million receipts are not copied for one event. */
export interface LedgerView {
  readonly ledgerId: string;
  /** Height and id of the newest commit folded in. */
  seq: number;
  tip: string;
  /** The newest heads that any replica acted on; null before the first. */
  source: string | null;
  policies: string | null;
  /** The policy set that any replica acted on last; null before the first. */
  policySet: ActedPolicySet | null;
  readonly receipts: Map<Token, Receipt>;
  readonly tokensByKey: Map<TaskKey, Token[]>;
  /** The identity that a fleet's newest claim was made under. */
  readonly newestIdentity: Map<string, FleetIdentity>;
  /** Fleets that AWS throttles: since which commit in a row, and when last, by the writer's wall clock. */
  readonly throttles: Map<string, Throttle>;
  /** Tokens that are not at rest: all that a pass has to look through. What was withdrawn would else be more with each year. */
  readonly restless: Set<Token>;
  /** Values of `source.accept` that were acted on: each is good once. */
  readonly accepted: Set<string>;
  /** The newest claims of each fleet, in the ledger's order: what rules count. */
  readonly claims: Map<string, ClaimMark[]>;
  /** The newest tasks that were made on a device, by `fleet/device`. */
  readonly lastTasks: Map<string, LastTasks>;
  /** What is counted and listed of all receipts. */
  readonly summary: LedgerSummary;
}

/** A policy set, and the head that it was read at. */
export interface ActedPolicySet {
  readonly digest: string;
  readonly head: string | null;
}

export interface ClaimMark {
  readonly token: Token;
  readonly atMs: number;
}

export interface LastTasks {
  /** Of any command. */
  readonly task: Token;
  readonly unlock?: Token;
  readonly reboot?: Token;
}

/**
 * Marks of a fleet that are kept, the newest in the ledger's order. Rules count a day back, and at the usual rate of two calls
 * a second a day has fewer. Never dropped by their times: one claim dated far ahead would make all others look old.
 */
const claimsMax = 200_000;
/** Dropped when so many more have come to stand: not at each claim. */
const claimsSlack = 20_000;

export interface Throttle {
  readonly at: string;
  /** Commits in a row that told of throttling, without a call that got through. */
  readonly streak: number;
  readonly seq: number;
}

/** The receipts that are not at rest. */
export function restlessReceipts(view: LedgerView): Receipt[] {
  return [...view.restless].flatMap((token) => view.receipts.get(token) ?? []);
}

/** The view of a ledger of which only the root commit is known. */
export function emptyView(ledgerId: string, root: string): LedgerView {
  return {
    ledgerId,
    seq: 0,
    tip: root,
    source: null,
    policies: null,
    policySet: null,
    receipts: new Map(),
    tokensByKey: new Map(),
    newestIdentity: new Map(),
    throttles: new Map(),
    restless: new Set(),
    accepted: new Set(),
    claims: new Map(),
    lastTasks: new Map(),
    summary: emptySummary(),
  };
}

/** Keeps in mind that a fleet was claimed for. */
export function noteClaim(view: LedgerView, { fleet, token, at }: ClaimedEvent): void {
  const atMs = Date.parse(at);
  const marks = view.claims.get(fleet);
  if (marks === undefined) view.claims.set(fleet, [{ token, atMs }]);
  else marks.push({ token, atMs });
  if (marks !== undefined && marks.length >= claimsMax + claimsSlack)
    marks.splice(0, marks.length - claimsMax);
}

/** Keeps in mind that the task of a receipt is the newest one on its devices. */
export function noteTask(view: LedgerView, { token, fleet, revision }: Receipt): void {
  if (revision === null) return;
  for (const device of revision.targets) {
    const key = `${fleet}/${device}`;
    view.lastTasks.set(key, { ...view.lastTasks.get(key), task: token, [revision.command]: token });
  }
}
