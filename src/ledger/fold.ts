/**
 * The fold: events in the ledger's order become receipts. It asserts the table of transitions; an event that the table
 * does not allow was written by something that does not follow the protocol, and stops issuing by its name.
 */
import type { Fault } from '../lib/faults.ts';
import { fault } from '../lib/faults.ts';
import type {
  AbsentEvent,
  AdoptedEvent,
  AmbiguousEvent,
  BaselineEvent,
  Batch,
  BatchHeader,
  CancelAnsweredEvent,
  CancelRequestedEvent,
  ClaimedEvent,
  IssuedEvent,
  LedgerEvent,
  OutcomeEvent,
  ProgressEvent,
  RanOutsideWindowEvent,
  ResolvedEvent,
  SettledEvent,
} from './events.ts';
import type { Attempt, Receipt, ReceiptState } from './receipt.ts';
import { emptyReceipt, isOpenState, receiptState } from './receipt.ts';
import { countedState, noteChange } from './summary.ts';
import type { LedgerView } from './view.ts';
import { noteClaim, noteTask } from './view.ts';

/**
 * Adds one commit to the view, or says why it may not be there. After a fault the view is not to be used:
 * part of the batch may be in it.
 */
export function foldBatch(view: LedgerView, batch: Batch, commit: string): Fault | null {
  const { header } = batch;
  if (header.seq !== view.seq + 1) {
    return fault(
      'SG4201',
      'human',
      `ledger commit ${commit} says it is number ${header.seq}, but follows number ${view.seq}`,
      'the ledger was written by something else than snowgate: restore the branch, then name its tip in ledger.acceptCommit',
    );
  }
  view.seq = header.seq;
  view.tip = commit;
  view.source = header.source ?? view.source;
  view.policies = header.policies ?? view.policies;
  if (header.accepted !== undefined) view.accepted.add(header.accepted);
  if (header.policySet !== undefined) view.policySet = { digest: header.policySet, head: header.policies };
  for (const event of batch.events) {
    const problem = foldEvent(view, header, event);
    if (problem !== null) return forbidden(problem, event, header, commit);
  }
  return null;
}

function forbidden(why: string, event: LedgerEvent, header: BatchHeader, commit: string): Fault {
  return fault(
    'SG4202',
    'human',
    `ledger commit ${commit} (number ${header.seq}, replica ${header.replica}) writes ${event.kind} for ${event.fleet}/${event.name} (${event.token.slice(0, 12)}): ${why}`,
    'no controller of this version writes this: stop all writers, find out what did, restore the branch to the commit before, then name its tip in ledger.acceptCommit',
  );
}

/** Applies one event; a sentence where the table of transitions forbids it. */
function foldEvent(view: LedgerView, header: BatchHeader, event: LedgerEvent): string | null {
  const known = view.receipts.get(event.token);
  if (known !== undefined && (known.fleet !== event.fleet || known.name !== event.name)) {
    return `the token belongs to ${known.key}`;
  }
  const receipt = known ?? emptyReceipt(event.token, event.fleet, event.name);
  const before = known === undefined ? null : countedState(known);
  const problem = applyEvent(view, header, receipt, event);
  if (problem !== null) return problem;
  receipt.seq = header.seq;
  const { isAtRest } = noteChange(view.summary, before, receipt, event);
  if (isAtRest) view.restless.delete(event.token);
  else view.restless.add(event.token);
  if (known === undefined) {
    view.receipts.set(event.token, receipt);
    const tokens = view.tokensByKey.get(receipt.key);
    if (tokens === undefined) view.tokensByKey.set(receipt.key, [event.token]);
    else tokens.push(event.token);
  }
  return null;
}

function applyEvent(
  view: LedgerView,
  header: BatchHeader,
  receipt: Receipt,
  event: LedgerEvent,
): string | null {
  const state = receiptState(receipt);
  switch (event.kind) {
    case 'claimed':
      return applyClaim(view, header, receipt, event, state);
    case 'issued':
    case 'released':
    case 'refused':
    case 'unknown':
      return applyOutcome(view, header, receipt, event);
    case 'adopted':
    case 'absent':
    case 'ambiguous':
      return applyLook(view, receipt, event, state);
    case 'doubled':
      if (!oneOf(state, ['claimed', 'inDoubt', 'ambiguous', 'issued', 'settled'])) return notFrom(state);
      if (new Set(event.taskIds).size < 2) return 'it names fewer than two tasks';
      receipt.doubled = true;
      for (const taskId of event.taskIds) addTask(view, receipt, taskId, event.at);
      settle(receipt, receipt.attempts.length);
      return null;
    case 'resolved':
      return applyResolution(view, receipt, event, state);
    case 'baseline':
      return applyBaseline(receipt, event, state);
    case 'noted':
      if (!oneOf(state, ['pending', 'waiting'])) return notFrom(state);
      if (!receipt.notes.has(event.reason)) receipt.notes.set(event.reason, event.message);
      return null;
    case 'progress':
    case 'settled':
      return applyNews(receipt, event, state);
    case 'cancelRequested':
      return applyCancel(receipt, event, state);
    case 'cancelAnswered':
      return applyCancelAnswer(receipt, event, state);
    case 'ranOutsideWindow':
      return applyOutside(receipt, event, state);
  }
}

function applyNews(
  receipt: Receipt,
  event: ProgressEvent | SettledEvent,
  state: ReceiptState,
): string | null {
  if (state !== 'issued') return notFrom(state);
  receipt.executions = event.executions;
  receipt.progressAt = event.at;
  if (event.kind === 'settled') receipt.settled = { outcome: event.outcome, at: event.at };
  return null;
}

/** Once: what is wanted again afterwards, and then again not, has had its chance. */
function applyCancel(receipt: Receipt, event: CancelRequestedEvent, state: ReceiptState): string | null {
  if (state !== 'issued') return notFrom(state);
  if (receipt.cancel !== null) return 'its cancel was requested before';
  if (receipt.taskIds[0] !== event.taskId) return `its task is not ${event.taskId}`;
  const { reason, taskId, at, end = null } = event;
  receipt.cancel = { reason, taskId, at, endMs: readInstant(end), answer: null };
  return null;
}

/** The end of the task may be written first, by another replica. */
function applyCancelAnswer(receipt: Receipt, event: CancelAnsweredEvent, state: ReceiptState): string | null {
  if (!oneOf(state, ['issued', 'settled'])) return notFrom(state);
  const { cancel } = receipt;
  if (cancel === null || cancel.answer !== null) return 'no cancel of it waits for an answer';
  const answer = { kind: event.answer, message: event.message, at: event.at };
  receipt.cancel = { ...cancel, answer };
  return null;
}

function applyOutside(receipt: Receipt, event: RanOutsideWindowEvent, state: ReceiptState): string | null {
  if (!oneOf(state, ['issued', 'settled'])) return notFrom(state);
  const told = event.runs.find(({ device }) => receipt.outside.some((run) => run.device === device));
  if (told !== undefined) return `that ${told.device} ran outside its window was written before`;
  receipt.outside.push(...event.runs);
  return null;
}

function applyClaim(
  view: LedgerView,
  header: BatchHeader,
  receipt: Receipt,
  event: ClaimedEvent,
  state: ReceiptState,
): string | null {
  const from: readonly ReceiptState[] =
    event.look === undefined ? ['pending', 'waiting'] : ['claimed', 'inDoubt', 'waiting'];
  if (!oneOf(state, from)) {
    return `${notFrom(state)}${event.look === undefined ? ' without a look' : ''}`;
  }
  if (event.attempt !== receipt.attempts.length + 1) {
    return `attempt ${event.attempt} follows attempt ${receipt.attempts.length}`;
  }
  if (event.look !== undefined && event.look.hits.length > 0) return 'its look has hits';
  if ((event.request === undefined) === (receipt.request === null)) {
    return receipt.request === null ? 'the first claim has no request' : 'a later claim brings a request';
  }
  const rival = (view.tokensByKey.get(receipt.key) ?? [])
    .filter((token) => token !== receipt.token)
    .map((token) => view.receipts.get(token))
    .find((other) => other !== undefined && isOpenState(receiptState(other)));
  if (rival !== undefined) return `revision ${rival.token.slice(0, 12)} of that name is still open`;
  if (event.look !== undefined) settle(receipt, receipt.attempts.length);
  if (event.request !== undefined) {
    receipt.request = event.request;
    receipt.revision = {
      command: event.request.command,
      targets: event.request.targets,
      run: event.taskRun,
    };
  }
  receipt.manifest = event.manifest;
  receipt.identity = event.identity;
  const { closes = null, cancels = null, notAfter = null } = event.verdict;
  receipt.permission = {
    closesMs: readInstant(closes),
    cancelMs: readInstant(cancels),
    notAfterMs: readInstant(notAfter),
    policies: event.verdict.policies.map(({ name }) => name),
    isWaived: event.verdict.waiver !== undefined,
  };
  noteClaim(view, event);
  view.newestIdentity.set(event.fleet, event.identity);
  receipt.attempts.push({
    n: event.attempt,
    claimedAt: event.at,
    seq: header.seq,
    replica: header.replica,
    run: header.run,
    identity: event.identity,
    end: null,
    settled: false,
  });
  return null;
}

function readInstant(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

function applyOutcome(
  view: LedgerView,
  header: BatchHeader,
  receipt: Receipt,
  event: OutcomeEvent,
): string | null {
  const attempt = receipt.attempts[event.attempt - 1];
  if (attempt === undefined) return `there is no attempt ${event.attempt}`;
  if (attempt.replica !== header.replica || attempt.run !== header.run) {
    return `attempt ${event.attempt} was claimed by ${attempt.replica} (${attempt.run}), and only it may say how it ended`;
  }
  if (event.kind === 'issued' || event.kind === 'refused') view.throttles.delete(event.fleet);
  if (event.kind === 'issued') return applyIssued(view, receipt, attempt, event);
  if (attempt.settled) return `attempt ${event.attempt} was settled by a look, and takes only issued`;
  if (attempt.end !== null) return `attempt ${event.attempt} has already ended as ${attempt.end}`;
  attempt.end = event.kind;
  if (event.kind === 'released') {
    const { reason, message, notBefore, at } = event;
    receipt.release = { reason, message, notBefore, at };
    if (reason === 'throttled' || reason === 'quota') noteThrottle(view, header, event.fleet, at);
  }
  if (event.kind === 'refused') receipt.refusal = { error: event.error, message: event.message };
  return null;
}

function noteThrottle(view: LedgerView, header: BatchHeader, fleet: string, at: string): void {
  const known = view.throttles.get(fleet);
  const streak = known === undefined ? 1 : known.streak + (known.seq === header.seq ? 0 : 1);
  view.throttles.set(fleet, { at, streak, seq: header.seq });
}

/** A task id is always believed, whatever came before or after. */
function applyIssued(view: LedgerView, receipt: Receipt, attempt: Attempt, event: IssuedEvent): null {
  attempt.end = 'issued';
  addTask(view, receipt, event.taskId, event.at);
  return null;
}

function applyLook(
  view: LedgerView,
  receipt: Receipt,
  event: AdoptedEvent | AbsentEvent | AmbiguousEvent,
  state: ReceiptState,
): string | null {
  const from: readonly ReceiptState[] =
    event.kind === 'adopted' ? ['claimed', 'inDoubt', 'ambiguous'] : ['claimed', 'inDoubt'];
  if (!oneOf(state, from)) return notFrom(state);
  if (event.through !== receipt.attempts.length) {
    return `its look is about ${event.through} attempts of ${receipt.attempts.length}`;
  }
  if (event.kind === 'absent' && event.look.hits.length > 0) return 'its look has hits';
  const [hit, second] = event.look.hits;
  if (event.kind === 'adopted' && (hit !== event.taskId || second !== undefined)) {
    return 'its look did not find this one task and no other';
  }
  settle(receipt, event.through);
  if (event.kind === 'adopted') addTask(view, receipt, event.taskId, event.at);
  if (event.kind === 'ambiguous') {
    receipt.ambiguous = event.reason;
    receipt.suspects = event.look.hits;
  }
  return null;
}

function applyResolution(
  view: LedgerView,
  receipt: Receipt,
  event: ResolvedEvent,
  state: ReceiptState,
): string | null {
  const from: readonly ReceiptState[] =
    event.taskId === null
      ? ['ambiguous', 'inDoubt', 'claimed']
      : ['ambiguous', 'inDoubt', 'claimed', 'pending', 'waiting', 'refused'];
  if (!oneOf(state, from)) return notFrom(state);
  if (receipt.revision === null) {
    if (event.revision === null) return 'nothing is known of the revision';
    const { command, targets, taskRun, identity } = event.revision;
    receipt.revision = { command, targets, run: taskRun };
    receipt.identity = identity;
    view.newestIdentity.set(event.fleet, identity);
  }
  settle(receipt, receipt.attempts.length);
  receipt.ambiguous = null;
  if (event.taskId === null) receipt.disowned.push(...receipt.suspects);
  receipt.suspects = [];
  receipt.resolution = { by: event.by, reason: event.reason, taskId: event.taskId };
  if (event.taskId !== null) addTask(view, receipt, event.taskId, event.at);
  return null;
}

function applyBaseline(receipt: Receipt, event: BaselineEvent, state: ReceiptState): string | null {
  if (state !== 'pending') return notFrom(state);
  receipt.baseline = true;
  receipt.revision = { command: event.command, targets: event.targets, run: event.taskRun };
  return null;
}

function settle(receipt: Receipt, through: number): void {
  for (const attempt of receipt.attempts) {
    if (attempt.n <= through && (attempt.end === null || attempt.end === 'unknown')) attempt.settled = true;
  }
}

function addTask(view: LedgerView, receipt: Receipt, taskId: string, at: string): void {
  if (receipt.taskIds.includes(taskId)) return;
  receipt.taskIds.push(taskId);
  receipt.issuedAt ??= at;
  noteTask(view, receipt);
}

function oneOf(state: ReceiptState, states: readonly ReceiptState[]): boolean {
  return states.includes(state);
}

function notFrom(state: ReceiptState): string {
  return `not allowed while it is ${state}`;
}
