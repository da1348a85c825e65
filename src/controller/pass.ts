/**
 * One pass: read, decide, claim, issue; what was recorded goes out with the next commit.
 *
 * The order is the promise. Nothing is called before its claim has landed; nothing is decided on a ledger that has
 * moved; a commit that was lost to another writer is never rebased, but everything is decided again.
 */

import type { LedgerEvent, LookEvidence } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Moment } from '../lib/clock.ts';
import { elapsedMs, readMoment } from '../lib/clock.ts';
import type { Desired, PlacedProblem } from '../manifest/collect.ts';
import type { Token } from '../manifest/manifest.ts';
import { batchMax, candidateOf, chooseBatch } from '../plan/batch.ts';
import type { Decision } from '../plan/decision.ts';
import type { Origin } from '../plan/facts.ts';
import type { Plan } from '../plan/plan.ts';
import type { Reason } from '../policy/verdict.ts';
import { reasonFrom } from '../policy/verdict.ts';
import type { Grant } from './calling.ts';
import { issueGrants } from './calling.ts';
import { answerEvents, askCancels, requestEvents } from './cancelling.ts';
import type { Choice } from './claims.ts';
import { makeClaims, makeNotes } from './claims.ts';
import { composeCommit } from './composition.ts';
import { eventBase } from './event-base.ts';
import { fleetConditions, pauseFirstMs, pauseLastMs } from './fleet-check.ts';
import { newsEvents, newsSinceMs, observeTasks } from './following.ts';
import type { Gathered } from './gathering.ts';
import { gather, planNow } from './gathering.ts';
import { readSource } from './history.ts';
import type { ActedHeads, Landing } from './landing.ts';
import { land, noHeads, pushUntilKnown } from './landing.ts';
import { settleLooks } from './looks.ts';
import { usableOutcomes } from './outbox.ts';
import { backoffMs } from './pacer.ts';
import { actedPolicies, syncAndReadPolicies } from './policies.ts';
import type { CommitId, SourceRepository } from './ports.ts';
import type { Controller } from './state.ts';
import { releaseLate, syncLedger, syncSource } from './sync.ts';
import { tellLanded, tellObserved } from './telling.ts';
import { isWorthPushing, nextPushMs, nextWakeMs } from './timing.ts';

/** A commit that was lost is decided again so many times in one pass; then others are given the branch for a while. */
const roundsMax = 5;
/** Between two fetches of a ledger that does not answer, where something waits to be written. */
const fetchFirstMs = 1_000;
const fetchLastMs = 60_000;

export interface PassOptions {
  /** Outcomes do not wait for quiet: the pass is the last one. */
  readonly drain: boolean;
}

export interface PassReport {
  readonly decisions: readonly Decision[];
  /**
   * The ledger, the source, its history and its policies were read, nothing halts, and every task was decided on them.
   * Only then is what is not found here so no more.
   */
  readonly isJudged: boolean;
  /** Why the pass ended early, or what stands in the way of everything. */
  readonly problems: readonly Reason[];
  /** What halts whole fleets, whether or not a task waits for them, and clocks that disagree. */
  readonly halts: readonly Reason[];
  /** What the source asks for; null where this pass has not read it. */
  readonly desired: Desired | null;
  /** Where in history what may be asked for was introduced; null where this pass has not read it. */
  readonly origins: ReadonlyMap<Token, Origin> | null;
  /** What is wrong with the source's files; null where this pass has not read them. */
  readonly sourceProblems: readonly PlacedProblem[] | null;
  /** Something landed that may make more possible at once. */
  readonly again: boolean;
  /** When the next thing is due, by the monotonic clock; null where nothing is. */
  readonly wakeAtMs: number | null;
}

/** Runs one pass. Never rejects for what the world does. */
export async function runPass(c: Controller, options: PassOptions): Promise<PassReport> {
  const { state } = c;
  const fresh = await syncLedger(c);
  const { view } = state;
  if (state.ledgerHalt !== null || view === null || !fresh) return endEarly(c, ledgerProblem(c));
  if (!(await settleUndecided(c, view))) return endEarly(c, undecidedProblem());
  const fetched = await syncSource(c);
  const answer = state.head === null ? null : await readSource(c, view, state.head, fetched);
  const problems: Reason[] = [];
  if (answer === null) problems.push({ code: 'SG6205', message: 'the source has not been read yet' });
  else if ('failure' in answer) problems.push(answer.failure);
  const reading = answer !== null && !('failure' in answer) ? answer : null;
  problems.push(...(reading?.halts ?? []));
  const policies = await syncAndReadPolicies(c, view, reading, problems);
  announceHalts(c, problems);
  const gathered = await gather(c, view, reading, policies);
  const { plan, again } = await decideAndAct(c, view, gathered, problems, options);
  const isTraced = reading !== null && state.historyFault === null;
  const awaited = new Set([...plan.awaited, ...plan.cancellations.map(({ token }) => token)]);
  if (!c.signal.aborted) {
    // A window that closes does not wait for what is only looked at.
    if (await askCancels(c, view, plan.cancellations)) await observeTasks(c, view, awaited);
  }
  return {
    decisions: plan.decisions,
    isJudged: isTraced && policies !== null && problems.length === 0,
    problems,
    halts: announceFleets(c, view),
    desired: reading?.desired ?? null,
    origins: isTraced ? gathered.origins : null,
    sourceProblems:
      reading === null ? null : [...reading.desired.problems, ...(policies?.set.problems ?? [])],
    again: again || (options.drain && newsSinceMs(c, view) !== null),
    wakeAtMs: nextWakeMs(c, view, plan, awaited),
  };
}

function ledgerProblem(c: Controller): Reason {
  const halt = c.state.ledgerHalt ?? c.state.branchHalt;
  return halt === null ? { code: 'SG6206', message: 'the ledger could not be fetched' } : reasonFrom(halt);
}

function undecidedProblem(): Reason {
  return {
    code: 'SG6207',
    message: 'nobody can say yet whether the last ledger commit landed; it is sent again',
  };
}

function endEarly(c: Controller, problem: Reason): PassReport {
  const { decisions } = c.state;
  // A server that is down is not asked in a loop, however much waits to be written.
  const retryAtMs = c.clock.monotonicMs() + backoffMs(c.state.fetchFailures + 1, fetchFirstMs, fetchLastMs);
  const pushAtMs = nextPushMs(c, c.state.view);
  const wakeAtMs = pushAtMs === null ? null : Math.max(pushAtMs, retryAtMs);
  const unread = { isJudged: false, desired: null, origins: null, sourceProblems: null };
  return { decisions, problems: [problem], halts: [], ...unread, again: false, wakeAtMs };
}

function announceHalts(c: Controller, halts: readonly Reason[]): void {
  const [first] = halts;
  if (first === undefined) {
    c.announcer.clear('halt', 'issuing goes on');
    return;
  }
  c.announcer.say('halt', 'error', 'halted: nothing is issued', {
    code: first.code,
    reason: halts.map(({ message }) => message).join('; '),
  });
}

/** True when no commit of ours is undecided any more. */
async function settleUndecided(c: Controller, view: LedgerView): Promise<boolean> {
  const { undecided } = c.state;
  if (undecided === null) return true;
  const { commit, batch } = undecided;
  const landing = await pushUntilKnown(c, view, commit, batch, () => true);
  if (landing === 'landed') releaseLate(c, batch.events);
  return landing !== 'unknown';
}

interface Acted {
  readonly plan: Plan;
  /** Something landed that may make more possible at once. */
  readonly again: boolean;
}

/** Decides, writes, and calls; decides again when another writer was first. */
async function decideAndAct(
  c: Controller,
  view: LedgerView,
  gathered: Gathered,
  problems: readonly Reason[],
  options: PassOptions,
): Promise<Acted> {
  for (let round = 1; ; round += 1) {
    const { events: lookEvents, absent } = settleLooks(c, view, gathered.looks);
    const plan = planNow(c, view, gathered, absent, problems);
    if (gathered.reading !== null) c.state.decisions = plan.decisions;
    const granted = readMoment(c.clock);
    const chosen = chooseClaims(c, view, gathered, plan, absent);
    const { events, claimed, complete } = composeCommit(c, view, {
      outcomes: usableOutcomes(c, view),
      looked: [
        ...lookEvents,
        ...answerEvents(c, view),
        ...newsEvents(c, view),
        ...requestEvents(c, view, plan.cancellations),
        ...absentEvents(c, view, absent, chosen),
      ],
      claims: makeClaims(c, view, chosen, gathered),
      // A halted head is nobody's wish: what is written of it would stand for ever.
      notes: problems.length > 0 ? [] : makeNotes(c, plan.notes),
    });
    const heads = actedHeads(gathered, problems);
    if (!isWorthPushing(c, view, events, heads.accepted !== null, options)) {
      if (problems.length === 0 && plan.notes.length === 0) rememberTasks(c, gathered);
      return { plan, again: false };
    }
    const landing = await landNow(c, view, events, heads, granted);
    if (landing === 'landed') {
      for (const event of events) tellLanded(c, event);
      if (problems.length === 0 && complete) rememberTasks(c, gathered);
      const choices = chosen.filter(({ token }) => claimed.has(token));
      await callClaims(c, view, choices, granted);
      return { plan, again: events.length > 0 };
    }
    if (landing !== 'lost' || round >= roundsMax || !(await refetch(c, gathered))) {
      return { plan, again: landing === 'lost' };
    }
  }
}

/**
 * A fleet that is halted, and clocks that disagree, are told as halts, whether or not a task waits for them. At the end of
 * a pass: its own calls may have shown it.
 */
function announceFleets(c: Controller, view: LedgerView): Reason[] {
  const halts: Reason[] = [];
  for (const [fleet, condition] of fleetConditions(c, view)) {
    const subject = `halted ${fleet}`;
    if (condition.kind === 'observed') tellObserved(c, fleet, condition.reason);
    if (condition.kind !== 'halted') c.announcer.clear(subject, 'issuing goes on for the fleet', { fleet });
    else {
      const { code, message } = condition.reason;
      halts.push(condition.reason);
      c.announcer.say(subject, 'error', 'halted: nothing is issued to the fleet', {
        fleet,
        code,
        reason: message,
      });
    }
  }
  const complaint = c.guard.complaint();
  if (complaint === null) c.announcer.clear('clock', 'clocks agree again');
  else {
    halts.push(complaint);
    c.announcer.say('clock', 'error', 'halted: clocks disagree', { code: complaint.code });
  }
  return halts;
}

/** After a lost push: the newest ledger, unless it has moved on to heads that this pass has not read. */
async function refetch(c: Controller, { reading, policies }: Gathered): Promise<boolean> {
  if (c.signal.aborted || !(await syncLedger(c))) return false;
  const { view } = c.state;
  if (!(await covers(c.source, reading?.tree.head, view?.source))) return false;
  const acted = view === null ? null : actedPolicies(view);
  return c.policySource === null || (await covers(c.policySource, policies?.head, acted));
}

async function covers(
  repository: Pick<SourceRepository, 'descends'>,
  head: CommitId | undefined,
  base: CommitId | null | undefined,
): Promise<boolean> {
  if (base == null || head === undefined || base === head) return true;
  const grown = await repository.descends(head, base);
  return grown.ok && grown.value;
}

function chooseClaims(
  c: Controller,
  view: LedgerView,
  gathered: Gathered,
  plan: Plan,
  absent: ReadonlyMap<Token, LookEvidence>,
): Choice[] {
  const nowMs = c.clock.monotonicMs();
  const { pushAtMs, claimAtMs } = c.state;
  if (c.signal.aborted || c.pushPacer.waitMs(nowMs) > 0) return [];
  if (nowMs < Math.max(pushAtMs, claimAtMs)) return [];
  const candidates = plan.issuable.map((issuable): Choice => {
    const { token } = issuable.task.manifest;
    const origin = gathered.origins.get(token) ?? null;
    const look = absent.get(token) ?? null;
    return { ...candidateOf(issuable, origin), ...issuable, origin, look };
  });
  // One at a time where AWS throttles: the rest of a batch would be claimed and released for nothing.
  const perFleetMax = (fleet: string): number => {
    if (!gathered.ready.has(fleet) || gathered.surveys.get(fleet)?.kind !== 'seen') return 0;
    const { issue } = c.config;
    return view.throttles.has(fleet) ? 1 : Math.min(batchMax(issue), issue.maxPerPass);
  };
  return chooseBatch(candidates, perFleetMax, c.state.turn);
}

function absentEvents(
  c: Controller,
  view: LedgerView,
  absent: ReadonlyMap<Token, LookEvidence>,
  choices: readonly Choice[],
): LedgerEvent[] {
  const claimed = new Set(choices.map(({ token }) => token));
  return [...absent].flatMap(([token, look]): LedgerEvent[] => {
    const receipt = view.receipts.get(token);
    if (receipt === undefined || claimed.has(token)) return [];
    return [{ ...eventBase(c, receipt), kind: 'absent', through: receipt.attempts.length, look }];
  });
}

/** A pass that is halted has acted on no head: its commit leaves the newest ones standing. */
function actedHeads({ reading, policies }: Gathered, problems: readonly Reason[]): ActedHeads {
  if (reading === null || policies === null || problems.length > 0) return noHeads;
  const accepted = reading.accepted ?? policies.accepted;
  const { head, set } = policies;
  return { source: reading.tree.head, policies: head, policySet: set.digest, accepted };
}

async function landNow(
  c: Controller,
  view: LedgerView,
  events: readonly LedgerEvent[],
  heads: ActedHeads,
  granted: Moment,
): Promise<Landing> {
  const giveUp = (): boolean =>
    c.signal.aborted || elapsedMs(granted, readMoment(c.clock)) >= c.config.issue.deadlineMs;
  return land(c, view, events, heads, giveUp);
}

async function callClaims(
  c: Controller,
  view: LedgerView,
  choices: readonly Choice[],
  granted: Moment,
): Promise<void> {
  if (choices.length === 0) return;
  c.state.turn += 1;
  const grants: Grant[] = choices.map(({ task, permit, token }) => ({
    task,
    permit,
    attempt: view.receipts.get(token)?.attempts.length ?? 0,
  }));
  await issueGrants(c, view, grants, granted);
  noteLateness(c, choices);
}

/** A ledger that always answers too late would be claimed and released in for ever: batches like that come less often. */
function noteLateness(c: Controller, choices: readonly Choice[]): void {
  const tokens = new Set(choices.map(({ token }) => token));
  const ends = c.state.outbox.filter(({ token }) => tokens.has(token));
  if (!ends.every((event) => event.kind === 'released' && event.reason === 'deadline')) {
    c.state.lateBatches = 0;
    return;
  }
  c.state.lateBatches += 1;
  const pauseMs = backoffMs(c.state.lateBatches, pauseFirstMs, pauseLastMs);
  c.state.claimAtMs = c.clock.monotonicMs() + pauseMs;
  c.journal.write('warn', 'claims landed too late to be called', { tasks: choices.length, pauseMs });
}

function rememberTasks(c: Controller, { reading, policies }: Gathered): void {
  if (reading === null || policies === null) return;
  c.state.lastPolicies = policies.set;
  c.state.lastTasks = reading.desired.tasks;
  c.state.lastHead = reading.tree.head;
}
