/**
 * Looking at AWS, where the ledger alone cannot tell: listings for what is in doubt, and one at the start of each life.
 */

import type { LedgerEvent, LookEvidence } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import { elapsedMs, readMoment } from '../lib/clock.ts';
import type { Token } from '../manifest/manifest.ts';
import { tagKeys } from '../manifest/request.ts';
import type { Hit } from '../plan/look.ts';
import { settleDoubt } from '../plan/look.ts';
import { isoInstant } from '../policy/verdict.ts';
import { eventBase } from './event-base.ts';
import { findOurs, pauseFleet, reasonOf, sameIdentity } from './fleet-check.ts';
import { backoffMs } from './pacer.ts';
import type { ListedTask, ReadFailure, TaskApi } from './ports.ts';
import type { Controller, FleetState, Stranger } from './state.ts';
import type { Doubt } from './watch.ts';

/** The ambiguous are looked for once an hour: a hit settles them, and a human is being waited for anyway. */
const ambiguousEveryMs = 60 * 60_000;
/** After a listing that failed: as long as a pass, doubling. */
const listFirstMs = 30_000;
const listLastMs = 10 * 60_000;
/** Tasks with one token that are described; more than two is already the alarm of alarms. */
const hitsMax = 10;

/** One whole listing of a fleet, with the hits described. */
export interface Look {
  readonly fleet: string;
  readonly begunMonotonicMs: number;
  /** The later of our wall clock and AWS's, when it ended. */
  readonly nowMs: number;
  readonly evidence: Omit<LookEvidence, 'hits'>;
  /** What was sought when it began; of anything else it says nothing. */
  readonly sought: ReadonlySet<Token>;
  readonly hits: ReadonlyMap<Token, readonly Hit[]>;
  /** Every task that bears our marks. */
  readonly ours: readonly Stranger[];
}

/** The listings that are due now, one a fleet at most. A listing that fails is no answer, and is tried again later. */
export async function takeLooks(
  c: Controller,
  view: LedgerView,
  isWanted: (token: Token) => boolean,
  prepare: (fleet: string) => Promise<boolean>,
): Promise<Map<string, Look>> {
  const nowMs = c.clock.monotonicMs();
  const doubts = c.watch.doubts(view, nowMs);
  // What cannot be written down now would have to be looked up again.
  const cannotWrite = c.pushPacer.waitMs(nowMs) > 0 || nowMs < c.state.pushAtMs;
  const takeLook = async ([name, fleet]: [string, FleetState]): Promise<Look | null> => {
    const sought = soughtTokens(view, name, fleet, doubts, nowMs);
    const starts = !fleet.startListed;
    if ((sought.length === 0 || cannotWrite) && !starts) return null;
    if (nowMs < fleet.listAtMs) return null;
    const api = c.apis.get(name);
    if (api === undefined || !(await prepare(name))) return null;
    return list(c, view, name, fleet, api, sought, isWanted);
  };
  const taken = await Promise.all([...c.state.fleets].map(takeLook));
  return new Map(taken.filter((look) => look !== null).map((look) => [look.fleet, look]));
}

/** What a listing of the fleet, begun now, could settle: in doubt under the fleet's present identity, or ambiguous. */
function soughtTokens(
  view: LedgerView,
  name: string,
  fleet: FleetState,
  doubts: readonly Doubt[],
  nowMs: number,
): Token[] {
  const isHere = (receipt: Receipt | undefined): boolean =>
    receipt?.identity != null && sameIdentity(receipt.identity, fleet.expected);
  const sought = doubts
    .filter((doubt) => doubt.fleet === name && doubt.lookableAtMs <= nowMs)
    .map(({ token }) => token)
    .filter((token) => isHere(view.receipts.get(token)));
  const due = fleet.ambiguousListedMs === null || nowMs - fleet.ambiguousListedMs >= ambiguousEveryMs;
  if (sought.length === 0 && !due) return [];
  for (const receipt of restlessReceipts(view)) {
    if (receipt.fleet === name && receiptState(receipt) === 'ambiguous' && isHere(receipt)) {
      sought.push(receipt.token);
    }
  }
  return sought;
}

async function list(
  c: Controller,
  view: LedgerView,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  sought: readonly Token[],
  isWanted: (token: Token) => boolean,
): Promise<Look | null> {
  const begun = readMoment(c.clock);
  const listing = await api.listTasks();
  const ended = readMoment(c.clock);
  c.guard.observe(name, listing.server, ended);
  if (listing.kind !== 'ok') return failList(c, name, fleet, listing);
  const hits = await describeHits(c, name, fleet, api, sought, listing.value.tasks);
  if (hits === null) return null;
  fleet.startListed = true;
  fleet.failures.reads = 0;
  fleet.readReason = null;
  c.announcer.clear(`read ${name}`, 'AWS can be read again', { fleet: name });
  fleet.ambiguousListedMs = begun.monotonicMs;
  const ours = findOurs(listing.value.tasks, view.ledgerId, isWanted);
  fleet.strangers = ours;
  return {
    fleet: name,
    begunMonotonicMs: begun.monotonicMs,
    nowMs: Math.max(ended.wallMs, listing.server?.serverMs ?? 0),
    evidence: {
      begunAt: isoInstant(begun.wallMs),
      endedAt: isoInstant(begun.wallMs + Math.max(0, elapsedMs(begun, ended))),
      tasksSeen: listing.value.tasks.length,
      pages: listing.value.pages,
    },
    sought: new Set(sought),
    hits,
    ours,
  };
}

async function describeHits(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  sought: readonly Token[],
  tasks: readonly ListedTask[],
): Promise<Map<Token, Hit[]> | null> {
  const wanted = new Set(sought);
  const hits = new Map<Token, Hit[]>();
  for (const { taskId, tags } of tasks) {
    const token = tags[tagKeys.revision];
    if (token === undefined || !wanted.has(token)) continue;
    const found = hits.get(token) ?? [];
    if (found.length >= hitsMax) continue;
    const described = await api.describeTask(taskId);
    if (described.kind !== 'ok') return failList(c, name, fleet, described);
    found.push({ taskId, taskArn: described.value.taskArn, targets: described.value.targets });
    hits.set(token, found);
  }
  return hits;
}

/** A read that fails holds up what it would have told, and not the fleet: its calls may go well all the same. */
function tellFailure(c: Controller, name: string, fleet: FleetState, failure: ReadFailure): void {
  const { code, message } = failure.fault;
  fleet.readReason = reasonOf(name, failure.fault);
  c.announcer.say(`read ${name}`, 'warn', 'AWS could not be read', { fleet: name, code, reason: message });
  if (failure.kind === 'throttled') pauseFleet(c, name, fleet, reasonOf(name, failure.fault), 'access');
}

function failList(c: Controller, name: string, fleet: FleetState, failure: ReadFailure): null {
  fleet.failures.reads += 1;
  fleet.listAtMs = c.clock.monotonicMs() + backoffMs(fleet.failures.reads, listFirstMs, listLastMs);
  tellFailure(c, name, fleet, failure);
  return null;
}

/**
 * What the looks settle, against the ledger as it is folded now. A token without a hit comes back apart: it may be
 * claimed again with the look as evidence, and is written `absent` when it is not.
 */
export function settleLooks(
  c: Controller,
  view: LedgerView,
  looks: ReadonlyMap<string, Look>,
): { readonly events: LedgerEvent[]; readonly absent: Map<Token, LookEvidence> } {
  const events: LedgerEvent[] = [];
  const absent = new Map<Token, LookEvidence>();
  const doubts = new Map(c.watch.doubts(view, c.clock.monotonicMs()).map((doubt) => [doubt.token, doubt]));
  for (const receipt of restlessReceipts(view)) {
    const look = looks.get(receipt.fleet);
    if (look === undefined || !look.sought.has(receipt.token)) continue;
    const ambiguous = receiptState(receipt) === 'ambiguous';
    const doubt = doubts.get(receipt.token);
    // A listing begun before the last possible send proves nothing about it.
    if (!ambiguous && (doubt === undefined || look.begunMonotonicMs < doubt.lookableAtMs)) continue;
    const fleet = c.state.fleets.get(receipt.fleet);
    if (fleet === undefined || receipt.identity === null) continue;
    if (!sameIdentity(receipt.identity, fleet.expected)) continue;
    settleOne(c, receipt, look, events, absent);
  }
  for (const look of looks.values()) events.push(...findDoubles(c, view, look));
  return { events, absent };
}

/** Tasks that bear the token of a revision which already has another task: the alarm of alarms. */
function findDoubles(c: Controller, view: LedgerView, look: Look): LedgerEvent[] {
  const seconds = new Map<Token, string[]>();
  for (const { taskId, token } of look.ours) {
    const receipt = view.receipts.get(token);
    const state = receipt === undefined ? null : receiptState(receipt);
    if (receipt === undefined || (state !== 'issued' && state !== 'settled')) continue;
    if (receipt.taskIds.includes(taskId) || receipt.disowned.includes(taskId)) continue;
    seconds.set(token, [...(seconds.get(token) ?? []), taskId]);
  }
  return [...seconds].flatMap(([token, taskIds]): LedgerEvent[] => {
    const receipt = view.receipts.get(token);
    if (receipt === undefined) return [];
    const all = [...receipt.taskIds, ...taskIds].slice(0, 100);
    return [{ ...eventBase(c, receipt), kind: 'doubled', taskIds: all }];
  });
}

function settleOne(
  c: Controller,
  receipt: Receipt,
  look: Look,
  events: LedgerEvent[],
  absent: Map<Token, LookEvidence>,
): void {
  const hits = (look.hits.get(receipt.token) ?? []).filter(
    ({ taskId }) => !receipt.disowned.includes(taskId),
  );
  const evidence: LookEvidence = { ...look.evidence, hits: hits.map(({ taskId }) => taskId) };
  const result = settleDoubt(receipt, hits, look.nowMs, c.config.recovery.listTrustMs);
  const base = eventBase(c, receipt);
  const through = receipt.attempts.length;
  switch (result.kind) {
    case 'adopted': {
      const { taskId, taskArn } = result.hit;
      events.push({ ...base, kind: 'adopted', through, taskId, taskArn, look: evidence });
      break;
    }
    case 'doubled':
      events.push({ ...base, kind: 'doubled', taskIds: result.taskIds });
      break;
    case 'ambiguous':
      events.push({ ...base, kind: 'ambiguous', through, reason: result.reason, look: evidence });
      break;
    case 'absent':
      absent.set(receipt.token, evidence);
      break;
    case 'unchanged':
      break;
  }
}
