/**
 * Issuing: each landed claim is one call, or none. Everything that allowed the claim is asked again right before the
 * call and once more when it is signed; whatever closes, the claim still gets an outcome.
 */

import type { OutcomeEvent, ReleaseReason } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Moment } from '../lib/clock.ts';
import { elapsedMs, readMoment } from '../lib/clock.ts';
import { BugError } from '../lib/faults.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { Permit } from '../plan/judgement.ts';
import { judge } from '../policy/judge.ts';
import { isoInstant } from '../policy/verdict.ts';
import { eventBase } from './event-base.ts';
import { noteSuccess, pauseFirstMs, pauseFleet, pauseLastMs, probeFleet } from './fleet-check.ts';
import { addOutcomes } from './outbox.ts';
import { backoffMs, Pacer } from './pacer.ts';
import type { CreateOutcome, TaskApi } from './ports.ts';
import { staleReason } from './staleness.ts';
import type { Controller, FleetState } from './state.ts';

/** A claim that landed, and what it was granted on. */
export interface Grant {
  readonly task: WantedTask;
  readonly attempt: number;
  readonly permit: Permit;
}

interface Batch {
  readonly c: Controller;
  readonly name: string;
  readonly fleet: FleetState;
  readonly api: TaskApi;
  /** Both clocks, read before the claim's commit was built. */
  readonly granted: Moment;
  readonly pacer: Pacer;
  /** Set by an answer that says the rest of the batch need not be tried. */
  closed: ReleaseReason | null;
}

/** Calls AWS for all grants, fleet beside fleet, and leaves every outcome in the outbox. */
export async function issueGrants(
  c: Controller,
  view: LedgerView,
  grants: readonly Grant[],
  granted: Moment,
): Promise<void> {
  const byFleet = new Map<string, Grant[]>();
  for (const grant of grants) {
    const { fleet } = grant.task.manifest;
    byFleet.set(fleet, [...(byFleet.get(fleet) ?? []), grant]);
  }
  // All are waited for, whatever one of them does: a call in hand has an answer that must not be lost.
  const ends = await Promise.allSettled(
    [...byFleet].map(([name, fleetGrants]) => issueFleet(c, view, name, fleetGrants, granted)),
  );
  const bug = ends.find((end) => end.status === 'rejected');
  if (bug === undefined) return;
  answerForBug(c, grants);
  throw bug.reason;
}

/** No claim is left without an outcome: what a bug has interrupted may have been called, and is looked for. */
function answerForBug(c: Controller, grants: readonly Grant[]): void {
  for (const { task, attempt } of grants) {
    const { token } = task.manifest;
    if (c.state.outbox.some((event) => event.token === token && event.attempt === attempt)) continue;
    c.watch.noteCallEnd(token, attempt, c.clock.monotonicMs());
    const message = 'a bug of the controller interrupted the call';
    const ended = { attempt, error: 'BugError', message, requestId: null } as const;
    addOutcomes(c, [{ ...eventBase(c, task.manifest), kind: 'unknown', ...ended }]);
  }
}

async function issueFleet(
  c: Controller,
  view: LedgerView,
  name: string,
  grants: readonly Grant[],
  granted: Moment,
): Promise<void> {
  const fleet = c.state.fleets.get(name);
  const api = c.apis.get(name);
  if (fleet === undefined || api === undefined)
    throw new BugError(`fleet ${name} was claimed for and is not there`);
  const pacer = new Pacer(c.config.issue.rate, 1);
  const batch: Batch = { c, name, fleet, api, granted, pacer, closed: null };
  const queue = [...grants];
  const work = async (): Promise<void> => {
    for (let grant = queue.shift(); grant !== undefined; grant = queue.shift()) {
      await issueOne(batch, view, grant);
    }
  };
  const workers = Array.from({ length: Math.min(c.config.issue.concurrency, grants.length) }, work);
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  await concludeFleet(batch);
}

async function issueOne(batch: Batch, view: LedgerView, grant: Grant): Promise<void> {
  const { c, name, api } = batch;
  const { manifest } = grant.task;
  const request = view.receipts.get(manifest.token)?.request;
  if (request == null) throw new BugError(`${name}/${manifest.name} was claimed without a request`);
  await waitTurn(batch);
  const gate = { closed: findClosed(batch, grant) };
  let answer: CreateOutcome | null = null;
  if (gate.closed === null) {
    answer = await callOnce(api, request, () => {
      gate.closed = findClosed(batch, grant);
      return gate.closed === null ? 'open' : 'closed';
    });
    c.guard.observe(name, answer.server, readMoment(c.clock));
  }
  const event = makeOutcome(batch, grant, answer, gate.closed);
  noteAnswer(batch, answer, event, grant);
  addOutcomes(c, [event]);
}

/** The rate binds starts; the deadline is asked afterwards, so a long turn releases instead of calling late. */
async function waitTurn({ c, pacer }: Batch): Promise<void> {
  for (;;) {
    const waitMs = pacer.waitMs(c.clock.monotonicMs());
    if (waitMs === 0 || c.signal.aborted) break;
    await c.clock.sleep(waitMs, c.signal);
  }
  pacer.take(c.clock.monotonicMs());
}

/** As much of a bug's message as the ledger keeps; the log has it whole. */
const bugMessageMax = 500;

async function callOnce(
  api: TaskApi,
  request: Parameters<TaskApi['createTask']>[0],
  gate: () => 'open' | 'closed',
): Promise<CreateOutcome> {
  try {
    return await api.createTask(request, gate);
  } catch (error) {
    // A bug in the adapter must not lose a claim whose call may have been made.
    const message = error instanceof Error ? error.message.slice(0, bugMessageMax) : 'the adapter failed';
    return { kind: 'unknown', error: 'BugError', message, requestId: null };
  }
}

/** Which condition of a call does not hold at this moment; null when all do. */
function findClosed(batch: Batch, { permit }: Grant): ReleaseReason | null {
  const { c } = batch;
  const now = readMoment(c.clock);
  if (c.signal.aborted) return 'shutdown';
  if (batch.closed !== null) return batch.closed;
  if (elapsedMs(batch.granted, now) >= c.config.issue.deadlineMs) return 'deadline';
  if (staleReason(c, now) !== null) return 'stale';
  c.guard.check(now);
  if (c.guard.complaint() !== null) return 'clock';
  return isAllowed(permit, now.wallMs, c.config.cancel.leadMs) ? null : 'notAllowed';
}

/**
 * The same function on the same facts, at this moment: a slow push must not carry a call past the end of its window, nor so
 * near to it that the next pass would cancel what was made, for good; what is released waits for the next opening.
 */
function isAllowed({ input }: Permit, nowMs: number, leadMs: number): boolean {
  const verdict = judge({ ...input, facts: { ...input.facts, nowMs } });
  if (verdict.action !== 'allow' || verdict.unchecked.length > 0) return false;
  return verdict.cancelMs === null || nowMs < verdict.cancelMs - leadMs;
}

const closedMessages: Record<ReleaseReason, string> = {
  throttled: 'the fleet was throttled before this call',
  quota: 'the fleet has no quota left',
  denied: 'AWS denied the fleet before this call',
  credentials: 'the fleet has no credentials',
  connection: 'AWS could not be reached',
  deadline: 'the deadline of the claim had passed',
  notAllowed: 'it was no longer allowed at the moment of the call',
  notWanted: 'it was no longer wanted at the moment of the call',
  stale: 'the source or the ledger had not been fetched for too long',
  clock: 'the clocks disagreed',
  shutdown: 'the controller was told to stop',
};

/** The event that ends the attempt: the table of DESIGN 5. */
function makeOutcome(
  { c }: Batch,
  { task, attempt }: Grant,
  answer: CreateOutcome | null,
  closed: ReleaseReason | null,
): OutcomeEvent {
  const base = { ...eventBase(c, task.manifest), attempt };
  if (answer === null || (answer.kind === 'unsent' && answer.reason === 'gate')) {
    const reason = closed ?? 'shutdown';
    return {
      ...base,
      kind: 'released',
      reason,
      message: closedMessages[reason],
      notBefore: null,
      requestId: null,
    };
  }
  switch (answer.kind) {
    case 'issued': {
      const { taskId, taskArn, requestId } = answer;
      return { ...base, kind: 'issued', taskId, taskArn, requestId };
    }
    case 'refused':
    case 'unknown': {
      const { kind, error, message, requestId } = answer;
      return { ...base, kind, error, message, requestId };
    }
    case 'throttled': {
      const pauseMs = Math.max(backoffMs(attempt, pauseFirstMs, pauseLastMs), answer.retryAfterMs ?? 0);
      const notBefore = isoInstant(c.clock.wallMs() + Math.min(pauseMs, pauseLastMs));
      const { reason, message, requestId } = answer;
      return { ...base, kind: 'released', reason, message, notBefore, requestId };
    }
    case 'denied':
      return {
        ...base,
        kind: 'released',
        reason: 'denied',
        message: answer.message,
        notBefore: null,
        requestId: answer.requestId,
      };
    case 'unsent': {
      const reason = answer.reason === 'credentials' ? 'credentials' : 'connection';
      return { ...base, kind: 'released', reason, message: answer.message, notBefore: null, requestId: null };
    }
  }
}

/** What an answer means for the rest of the batch, and what the log says of it. */
function noteAnswer(batch: Batch, answer: CreateOutcome | null, event: OutcomeEvent, grant: Grant): void {
  const { c, name, fleet } = batch;
  const { manifest } = grant.task;
  const fields = { fleet: name, task: manifest.name, token: manifest.token, attempt: grant.attempt };
  switch (event.kind) {
    case 'issued':
      noteSuccess(c, name, fleet, 'calls');
      c.journal.write('info', 'task issued', { ...fields, taskId: event.taskId, requestId: event.requestId });
      return;
    case 'refused':
      noteSuccess(c, name, fleet, 'calls');
      c.journal.write('error', 'task refused by AWS', {
        ...fields,
        error: event.error,
        reason: event.message,
        requestId: event.requestId,
      });
      return;
    case 'unknown':
      c.watch.noteCallEnd(manifest.token, grant.attempt, c.clock.monotonicMs());
      c.journal.write('warn', 'task in doubt: AWS may have made it', {
        ...fields,
        error: event.error,
        reason: event.message,
        requestId: event.requestId,
      });
      return;
    case 'released': {
      if (answer !== null && answer.kind !== 'unsent') batch.closed = event.reason;
      if (answer?.kind === 'unsent' && answer.reason !== 'gate') batch.closed = event.reason;
      c.journal.write('info', 'claim released, no task was made', {
        ...fields,
        reason: event.reason,
        message: event.message,
        notBefore: event.notBefore,
        requestId: event.requestId,
      });
    }
  }
}

/** After the batch: a fleet that denied is probed, and one that could not be reached waits. */
async function concludeFleet({ c, name, fleet, api, closed }: Batch): Promise<void> {
  if (closed === 'denied') {
    await probeFleet(c, name, fleet, api);
    if (fleet.closed !== null) return;
    const message = `AWS denies CreateTask to fleet ${name}, though not ListDevices; correct its role's policy`;
    pauseFleet(c, name, fleet, { code: 'SG6236', message }, 'calls');
  } else if (closed === 'credentials' || closed === 'connection') {
    pauseFleet(
      c,
      name,
      fleet,
      { code: 'SG6237', message: `fleet ${name}: ${closedMessages[closed]}` },
      'calls',
    );
  } else if (closed === 'throttled' || closed === 'quota') {
    c.announcer.say(`fleet ${name}`, 'warn', 'fleet throttled by AWS', { fleet: name, reason: closed });
  }
}
