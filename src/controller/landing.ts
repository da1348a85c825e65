/**
 * Writing: one commit, pushed by compare-and-swap until its fate is known. An answer that is not one is met by sending
 * the same commit again, never by guessing and never by rebasing; past its time the commit stays undecided, and
 * nothing else is written before the branch shows what became of it.
 */

import { encodeChecked } from '../ledger/codec.ts';
import type { Batch, LedgerEvent } from '../ledger/events.ts';
import { formatVersion } from '../ledger/events.ts';
import { foldBatch } from '../ledger/fold.ts';
import { commitMessage, segmentPath } from '../ledger/message.ts';
import type { LedgerView } from '../ledger/view.ts';
import { emptyView } from '../ledger/view.ts';
import type { Fault } from '../lib/faults.ts';
import { BugError, fault } from '../lib/faults.ts';
import { isoInstant } from '../policy/verdict.ts';
import { removeOutcomes, usableOutcomes } from './outbox.ts';
import { backoffMs } from './pacer.ts';
import type { LedgerCommit } from './ports.ts';
import type { Controller } from './state.ts';

export type Landing = 'landed' | 'lost' | 'refused' | 'unknown';

/** Between two sends of the same commit: from half a second to eight, so that a minute's deadline sees about ten. */
const resendFirstMs = 500;
const resendLastMs = 8_000;
/** Between two pushes after a refusal or an unknown answer. */
const failureFirstMs = 10_000;
const failureLastMs = 10 * 60_000;

/** Heads that a commit says it acted on; null leaves the newest ones of the ledger standing. */
export interface ActedHeads {
  readonly source: string | null;
  readonly policies: string | null;
  /** Digest of what was read at the head of the policies. */
  readonly policySet: string | null;
  /** The value of `source.accept` that is acted on here for the first time. */
  readonly accepted: string | null;
}

/** Of a commit that acts on no head. */
export const noHeads: ActedHeads = { source: null, policies: null, policySet: null, accepted: null };

/** Builds the next commit from events and pushes it; folds it when it lands. `giveUp` ends the resending. */
export async function land(
  c: Controller,
  view: LedgerView,
  events: readonly LedgerEvent[],
  heads: ActedHeads,
  giveUp: () => boolean,
): Promise<Landing> {
  const batch = makeBatch(c, view, events, heads);
  const problem = findForbidden(view, batch);
  if (problem !== null) return refuseToWrite(c, view, events, problem, giveUp);
  const text = encodeChecked(batch);
  if (!text.ok) return refuseToWrite(c, view, events, text.fault, giveUp);
  const built = await c.ledger.commit({
    parent: view.tip,
    path: segmentPath(batch.header),
    text: text.value,
    message: commitMessage(batch),
    atMs: Date.parse(batch.header.at),
  });
  if (!built.ok) {
    c.announcer.say('push', 'error', 'ledger commit not built', {
      code: built.fault.code,
      reason: built.fault.message,
      hint: built.fault.hint,
    });
    delayPushes(c);
    return 'refused';
  }
  return pushUntilKnown(c, view, built.value, batch, giveUp);
}

/** Sends an undecided commit again, and again. */
export async function pushUntilKnown(
  c: Controller,
  view: LedgerView,
  commit: LedgerCommit,
  batch: Batch,
  giveUp: () => boolean,
): Promise<Landing> {
  c.state.undecided = { commit, batch };
  for (let sends = 1; ; sends += 1) {
    c.pushPacer.take(c.clock.monotonicMs());
    const answer = await c.ledger.push(commit);
    if (answer.kind === 'landed') {
      concludeLanded(c, view, commit, batch);
      return 'landed';
    }
    if (answer.kind === 'lost') {
      c.state.undecided = null;
      c.journal.write('debug', 'ledger commit lost to another writer', { commit: commit.commit });
      return 'lost';
    }
    const { code, message, hint } = answer.fault;
    const level = answer.kind === 'refused' ? 'error' : 'warn';
    c.announcer.say('push', level, `ledger push ${answer.kind}`, { code, reason: message, hint });
    if (answer.kind === 'refused') {
      c.state.undecided = null;
      c.state.pushHalt = answer.fault;
      delayPushes(c);
      return 'refused';
    }
    if (giveUp()) {
      delayPushes(c);
      return 'unknown';
    }
    // Told to stop, there are seconds left: they are not slept away.
    const [signal, lastMs] = c.signal.aborted ? [undefined, resendFirstMs] : [c.signal, resendLastMs];
    await c.clock.sleep(backoffMs(sends, resendFirstMs, lastMs), signal);
  }
}

function concludeLanded(c: Controller, view: LedgerView, commit: LedgerCommit, batch: Batch): void {
  const { state } = c;
  state.undecided = null;
  state.pushFailures = 0;
  state.pushHalt = null;
  c.announcer.clear('push', 'ledger takes pushes again');
  const problem = foldBatch(view, batch, commit.commit);
  if (problem !== null) throw new BugError(`our own commit does not fold: ${problem.message}`);
  state.recent.add(batch, commit.commit);
  state.landed.add(commit.commit);
  removeOutcomes(c, new Set(batch.events));
  c.watch.observe(view, c.clock.monotonicMs());
  c.journal.write('debug', 'ledger commit landed', { commit: commit.commit, events: batch.events.length });
}

function delayPushes(c: Controller): void {
  const { state } = c;
  state.pushFailures += 1;
  state.pushAtMs = c.clock.monotonicMs() + backoffMs(state.pushFailures, failureFirstMs, failureLastMs);
}

function makeBatch(
  c: Controller,
  view: LedgerView,
  events: readonly LedgerEvent[],
  heads: ActedHeads,
): Batch {
  return {
    header: {
      v: formatVersion,
      kind: 'batch',
      seq: view.seq + 1,
      replica: c.config.replica,
      run: c.run,
      source: heads.source ?? view.source,
      policies: heads.policies ?? view.policies,
      ...(heads.policySet === null ? {} : { policySet: heads.policySet }),
      ...(heads.accepted === null ? {} : { accepted: heads.accepted }),
      at: isoInstant(c.clock.wallMs()),
    },
    events,
  };
}

/**
 * Folds the batch into a copy of what it touches before anybody else can see it: an event that the table forbids
 * would stop every replica for good, so it must never leave this process.
 */
function findForbidden(view: LedgerView, batch: Batch): Fault | null {
  const copy: LedgerView = { ...emptyView(view.ledgerId, view.tip), seq: view.seq };
  for (const { fleet, name } of batch.events) {
    const key = `${fleet}/${name}`;
    const tokens = view.tokensByKey.get(key);
    if (tokens === undefined || copy.tokensByKey.has(key)) continue;
    copy.tokensByKey.set(key, [...tokens]);
    for (const token of tokens) {
      const receipt = view.receipts.get(token);
      if (receipt !== undefined) copy.receipts.set(token, structuredClone(receipt));
    }
  }
  return foldBatch(copy, batch, 'not yet pushed');
}

/**
 * A bug of ours, held back: the controller stays up, says so, and writes nothing any more; but first what AWS has
 * answered, if that alone may be written, because nobody else knows it.
 */
async function refuseToWrite(
  c: Controller,
  view: LedgerView,
  events: readonly LedgerEvent[],
  problem: Fault,
  giveUp: () => boolean,
): Promise<Landing> {
  const outcomes = usableOutcomes(c, view);
  if (outcomes.length > 0 && outcomes.length < events.length) {
    await land(c, view, outcomes, noHeads, giveUp);
  }
  const message = `this controller was about to break the ledger's rules and stopped itself: ${problem.message}`;
  c.state.ledgerHalt = fault(
    'SG6222',
    'human',
    message,
    'report it with the log; start the controller again',
  );
  c.journal.write('error', 'halted: a bug was held back', { code: 'SG6222', reason: message });
  return 'refused';
}
