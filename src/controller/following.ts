/**
 * Following: what became of each task that AWS has. Done at the end of a pass, when everything that could be issued has
 * been, and bounded in calls and in time: a fleet with a thousand tasks in flight must not keep a window waiting.
 *
 * What is seen is kept here until the ledger tells it. Each commit takes whatever is news against the ledger as it is
 * folded then, so that two replicas that see the same thing write it once.
 */
import type { DeviceExecution, LedgerEvent } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import { type Moment, readMoment } from '../lib/clock.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Observation } from '../plan/observation.ts';
import { isFinalState, judgeNews } from '../plan/observation.ts';
import { isoInstant } from '../policy/verdict.ts';
import { eventBase } from './event-base.ts';
import { pauseFleet, prepareFleet, reasonOf, sameIdentity } from './fleet-check.ts';
import { waitForRate } from './observe-rate.ts';
import { endOf, findOutsideRuns, findUnknownStarts, learnStarts } from './outside.ts';
import { backoffMs } from './pacer.ts';
import type { ReadFailure, TaskApi } from './ports.ts';
import type { Controller, FleetState, Followed } from './state.ts';
import { isObserved } from './state.ts';

/** The first questions after a change come so soon; the later ones when a quarter of the time since has passed again. */
const intervalFirstMs = 5_000;
const intervalLastMs = 10 * 60_000;
/** A newer revision, or a cancel, waits for the end. */
const intervalAwaitedMs = 60_000;
const intervalShare = 0.25;
/** Before the next pass goes on with what this one did not come to. */
const overdueMs = 15_000;
/** After a question that was not answered. */
const failureFirstMs = 30_000;
const failureLastMs = 10 * 60_000;

/** How long after one question the next one comes, where nothing has changed for so long. */
export function followIntervalMs(unchangedMs: number, isAwaited: boolean): number {
  const lastMs = isAwaited ? intervalAwaitedMs : intervalLastMs;
  return Math.min(lastMs, Math.max(intervalFirstMs, unchangedMs * intervalShare));
}

/** Asks for the tasks that are due, the longest due first, as far as the pass's time and `observe.rate` go. */
export async function observeTasks(
  c: Controller,
  view: LedgerView,
  awaited: ReadonlySet<Token>,
): Promise<void> {
  const byFleet = trackTasks(c, view);
  const begun = readMoment(c.clock);
  await Promise.all([...byFleet].map(([name, receipts]) => observeFleet(c, name, receipts, awaited, begun)));
}

/** Notes which tasks are in flight now, and forgets the others. The receipts, by fleet. */
function trackTasks(c: Controller, view: LedgerView): Map<string, Receipt[]> {
  const byFleet = new Map<string, Receipt[]>();
  const nowMs = c.clock.monotonicMs();
  for (const receipt of restlessReceipts(view)) {
    const fleet = c.state.fleets.get(receipt.fleet);
    if (fleet === undefined || !isFollowed(receipt, fleet)) continue;
    if (!fleet.follows.has(receipt.token)) {
      const dueMs = nowMs + Math.max(0, intervalFirstMs - ageMs(c, receipt));
      fleet.follows.set(receipt.token, beginFollowing(nowMs, dueMs));
    }
    const others = byFleet.get(receipt.fleet);
    if (others === undefined) byFleet.set(receipt.fleet, [receipt]);
    else others.push(receipt);
  }
  for (const [name, fleet] of c.state.fleets) {
    const followed = new Set((byFleet.get(name) ?? []).map(({ token }) => token));
    for (const token of fleet.follows.keys()) if (!followed.has(token)) fleet.follows.delete(token);
  }
  return byFleet;
}

/** A task of which this process has not asked yet, and is to ask at `dueMs` (both monotonic). */
export function beginFollowing(nowMs: number, dueMs: number): Followed {
  return {
    dueMs,
    changedMs: nowMs,
    askedMs: null,
    failures: 0,
    seen: null,
    seenMs: nowMs,
    starts: new Map(),
  };
}

/** Something is about to change: it is asked for as often as if it had changed just now. */
export function followSoon({ follows }: FleetState, token: Token, nowMs: number): void {
  const followed = follows.get(token);
  if (followed === undefined) return;
  follows.set(token, { ...followed, changedMs: nowMs, dueMs: nowMs + intervalFirstMs });
}

/** How long ago its newest attempt was claimed, by what is written; a clock that was wrong makes it old, and asked for at once. */
function ageMs(c: Controller, receipt: Receipt): number {
  const claimedMs = Date.parse(receipt.attempts.at(-1)?.claimedAt ?? '');
  const age = c.clock.wallMs() - claimedMs;
  return Number.isNaN(age) || age < 0 ? intervalFirstMs : age;
}

/** In AWS, not at its end, and where this fleet is now: nobody else's account can be asked. */
function isFollowed(receipt: Receipt, fleet: FleetState): boolean {
  if (receiptState(receipt) !== 'issued' || receipt.identity === null || isObserved(fleet)) return false;
  return sameIdentity(receipt.identity, fleet.expected);
}

async function observeFleet(
  c: Controller,
  name: string,
  receipts: readonly Receipt[],
  awaited: ReadonlySet<Token>,
  begun: Moment,
): Promise<void> {
  const fleet = c.state.fleets.get(name);
  const api = c.apis.get(name);
  if (fleet === undefined || api === undefined) return;
  const nowMs = c.clock.monotonicMs();
  if (nowMs < fleet.observeAtMs) return;
  const due = receipts
    .flatMap((receipt) => {
      const followed = fleet.follows.get(receipt.token);
      return followed === undefined ? [] : [{ receipt, followed }];
    })
    .filter(({ receipt, followed }) => dueMsOf(followed, awaited.has(receipt.token)) <= nowMs)
    .sort((a, b) => a.followed.dueMs - b.followed.dueMs);
  if (due.length === 0 || !(await prepareFleet(c, name))) return;
  for (const { receipt, followed } of due) {
    if (!(await waitForRate(c, fleet, begun))) return;
    if (!(await observeOne(c, name, fleet, api, receipt, followed))) return;
  }
}

/** What is waited for is asked for at once, by a life that has not asked yet, and then at least every minute. */
function dueMsOf({ dueMs, changedMs, askedMs, failures }: Followed, isAwaited: boolean): number {
  if (!isAwaited || failures > 0) return dueMs;
  return Math.min(dueMs, askedMs === null ? changedMs : askedMs + intervalAwaitedMs);
}

/** Asks for one task and keeps what is seen. False where the fleet is better left alone for a while. */
export async function observeOne(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  receipt: Receipt,
  followed: Followed,
): Promise<boolean> {
  const seen = await askOnce(c, name, fleet, api, receipt);
  const nowMs = c.clock.monotonicMs();
  if (seen === null) {
    const failures = followed.failures + 1;
    const dueMs = nowMs + backoffMs(failures, failureFirstMs, failureLastMs);
    fleet.follows.set(receipt.token, { ...followed, askedMs: nowMs, failures, dueMs });
    return nowMs >= fleet.observeAtMs;
  }
  const starts = await learnStarts(c, name, fleet, api, receipt, seen, followed.starts);
  const isNews = judgeNews(receipt, seen).kind !== 'none';
  const wasNews = followed.seen !== null && judgeNews(receipt, followed.seen).kind !== 'none';
  const isChange = JSON.stringify(seen) !== JSON.stringify(followed.seen) && isNews;
  const changedMs = isChange ? nowMs : followed.changedMs;
  fleet.follows.set(receipt.token, {
    dueMs: nowMs + followIntervalMs(nowMs - changedMs, false),
    changedMs,
    askedMs: nowMs,
    failures: 0,
    seen,
    seenMs: isNews && !wasNews ? nowMs : followed.seenMs,
    starts,
  });
  fleet.observeFailures = 0;
  c.announcer.clear(`observe ${name}`, 'tasks are followed again', { fleet: name });
  return true;
}

/** One look at one task; null where nothing was learned. */
async function askOnce(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  receipt: Receipt,
): Promise<Observation | null> {
  const [taskId = ''] = receipt.taskIds;
  const targets = receipt.revision?.targets ?? [];
  const early = await listExecutions(c, name, fleet, api, taskId, targets);
  if (early === null) return null;
  const listed = early === 'unknown' ? [] : early;
  // The task itself is asked only where its devices do not say enough: most questions are one call.
  if (saysEnough(targets, listed)) return { state: null, executions: listed, gone: false };
  fleet.observePacer.take(c.clock.monotonicMs());
  const task = await api.describeTask(taskId);
  c.guard.observe(name, task.server, readMoment(c.clock));
  if (task.kind === 'notFound') {
    return mayVanish(c, receipt) ? { state: null, executions: [], gone: true } : null;
  }
  if (task.kind !== 'ok') return failObserve(c, name, fleet, task);
  const { state } = task.value;
  if (state === 'IN_PROGRESS') return { state, executions: listed, gone: false };
  // It is over: what was listed before that was known may be older than its end.
  fleet.observePacer.take(c.clock.monotonicMs());
  const executions = await listExecutions(c, name, fleet, api, taskId, targets);
  return executions === null || executions === 'unknown' ? null : { state, executions, gone: false };
}

/** The executions of the devices that were asked; `unknown` where AWS does not show the task; null where the question failed. */
async function listExecutions(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  taskId: string,
  targets: readonly string[],
): Promise<DeviceExecution[] | 'unknown' | null> {
  const listed = await api.listExecutions(taskId);
  c.guard.observe(name, listed.server, readMoment(c.clock));
  if (listed.kind === 'notFound') return 'unknown';
  if (listed.kind !== 'ok') return failObserve(c, name, fleet, listed);
  // One a device: a longer list than a task has targets would not be ours.
  const byDevice = new Map(listed.value.map((execution) => [execution.device, execution]));
  return targets.flatMap((target) => byDevice.get(target) ?? []);
}

/** Something goes on, or everything is over by the devices' own word. */
function saysEnough(targets: readonly string[], executions: readonly DeviceExecution[]): boolean {
  const states = new Map(executions.map(({ device, state }) => [device, state]));
  if ([...states.values()].some((state) => state === 'QUEUED' || state === 'IN_PROGRESS')) return true;
  return targets.every((target) => isFinalState(states.get(target) ?? ''));
}

/** A task that is not shown is gone only when it is old enough to have been shown: until then it may be just made. */
function mayVanish(c: Controller, receipt: Receipt): boolean {
  const claimedAt = receipt.attempts.at(-1)?.claimedAt;
  return claimedAt === undefined || c.clock.wallMs() - Date.parse(claimedAt) > c.config.recovery.takeoverMs;
}

function failObserve(c: Controller, name: string, fleet: FleetState, failure: ReadFailure): null {
  const { code, message } = failure.fault;
  fleet.observeFailures += 1;
  fleet.observeAtMs = c.clock.monotonicMs() + backoffMs(fleet.observeFailures, failureFirstMs, failureLastMs);
  c.announcer.say(`observe ${name}`, 'warn', 'tasks could not be followed', {
    fleet: name,
    code,
    reason: message,
  });
  if (failure.kind === 'throttled') pauseFleet(c, name, fleet, reasonOf(name, failure.fault), 'access');
  return null;
}

/** What has been seen and the ledger does not tell yet: at most one event a receipt. */
export function newsEvents(c: Controller, view: LedgerView): LedgerEvent[] {
  return [...unwritten(c, view)].map(({ event }) => event);
}

/** Since when news waits to be written (monotonic); null where there is none. */
export function newsSinceMs(c: Controller, view: LedgerView): number | null {
  let since: number | null = null;
  for (const { seenMs } of unwritten(c, view)) since = Math.min(since ?? seenMs, seenMs);
  return since;
}

function* unwritten(
  c: Controller,
  view: LedgerView,
): Generator<{ readonly event: LedgerEvent; readonly seenMs: number }> {
  for (const fleet of c.state.fleets.values()) {
    for (const [token, followed] of fleet.follows) {
      const receipt = view.receipts.get(token);
      if (receipt === undefined || !isFollowed(receipt, fleet)) continue;
      const event = newsOf(c, receipt, followed);
      if (event !== null) yield { event, seenMs: followed.seenMs };
    }
  }
}

/** What ran outside its window is written first, and an end only when it is known whether anything did. */
function newsOf(c: Controller, receipt: Receipt, { seen, starts }: Followed): LedgerEvent | null {
  if (seen === null) return null;
  const runs = findOutsideRuns(c, receipt, starts);
  const endMs = endOf(receipt);
  if (runs.length > 0 && endMs !== null) {
    return { ...eventBase(c, receipt), kind: 'ranOutsideWindow', closedAt: isoInstant(endMs), runs };
  }
  const news = judgeNews(receipt, seen);
  if (news.kind === 'none') return null;
  const isOpen = findUnknownStarts(receipt, seen, starts, c.clock.wallMs()).length > 0;
  return news.kind === 'settled' && isOpen ? null : { ...eventBase(c, receipt), ...news };
}

/**
 * When the next task is due to be asked for (monotonic); null where none is in flight. What is overdue goes on after a pause,
 * and not at once: it may be overdue because its fleet cannot be asked.
 */
export function nextObserveMs(c: Controller, awaited: ReadonlySet<Token>): number | null {
  const nowMs = c.clock.monotonicMs();
  const againMs = nowMs + overdueMs;
  let next: number | null = null;
  for (const fleet of c.state.fleets.values()) {
    const earliestMs = Math.max(fleet.observeAtMs, fleet.pausedUntilMs);
    for (const [token, followed] of fleet.follows) {
      const dueMs = Math.max(earliestMs, dueMsOf(followed, awaited.has(token)));
      const atMs = dueMs <= nowMs ? againMs : dueMs;
      if (next === null || atMs < next) next = atMs;
    }
  }
  return next;
}
