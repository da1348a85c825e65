/**
 * Reading: the ledger first, then the source. In this order, because every head that the ledger names was on the source
 * branch before this fetch of it began: if it is not there now, history was rewritten, and nobody was merely quicker.
 */

import { decodeFormat, decodeSegment } from '../ledger/codec.ts';
import type { Batch, LedgerEvent } from '../ledger/events.ts';
import { foldBatch } from '../ledger/fold.ts';
import { findForgedRequest } from '../ledger/frozen-request.ts';
import { isOpen } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { emptyView } from '../ledger/view.ts';
import { readMoment } from '../lib/clock.ts';
import type { Fault } from '../lib/faults.ts';
import { fault } from '../lib/faults.ts';
import { eventBase } from './event-base.ts';
import { addOutcomes, removeOutcomes } from './outbox.ts';
import type { LedgerFetch, LedgerSegment } from './ports.ts';
import type { Controller } from './state.ts';

/** Fetches and folds the ledger. True when the view is as new as this moment. */
export async function syncLedger(c: Controller): Promise<boolean> {
  const { state } = c;
  if (state.ledgerHalt !== null) return false;
  const begun = readMoment(c.clock);
  if (state.view === null && (await c.ledger.remembered()) === null) {
    c.announcer.say(
      'memory',
      'info',
      'this state directory remembers no ledger: it is read from its beginning',
      {},
    );
  }
  const fetched = await c.ledger.fetch();
  state.fetchFailures = fetched.kind === 'fetched' ? 0 : state.fetchFailures + 1;
  if (fetched.kind === 'halted') {
    // Judged anew at each fetch: a branch that was restored needs no restart.
    state.branchHalt = fetched.fault;
    const { code, message, hint } = fetched.fault;
    c.announcer.say('ledger', 'error', 'halted: the ledger branch cannot be trusted', {
      code,
      reason: message,
      hint,
    });
    return false;
  }
  if (fetched.kind === 'unreachable') {
    // Nothing was seen of the branch: what halted it halts it still.
    const { code, message, hint } = fetched.fault;
    c.announcer.say('ledger', 'warn', 'ledger not reached', { code, reason: message, hint });
    return false;
  }
  state.branchHalt = null;
  const problem = foldFetched(c, fetched);
  if (problem !== null) return haltLedger(c, problem);
  c.announcer.clear('ledger', 'ledger reached again');
  state.ledgerFresh = begun;
  resolveUndecided(c, fetched);
  if (state.view !== null) c.watch.observe(state.view, c.clock.monotonicMs());
  return true;
}

function haltLedger(c: Controller, problem: Fault): false {
  c.state.ledgerHalt = problem;
  c.journal.write('error', 'halted: the ledger cannot be trusted', {
    code: problem.code,
    reason: problem.message,
    hint: problem.hint,
  });
  return false;
}

function foldFetched(c: Controller, fetched: LedgerFetch & { kind: 'fetched' }): Fault | null {
  const { state, config } = c;
  if (state.view === null) {
    const format = decodeFormat(fetched.format);
    if (!format.ok) return format.fault;
    const id = format.value.ledger;
    if (config.ledger.id !== undefined && config.ledger.id !== id) return wrongLedger(config.ledger.id, id);
    state.view = emptyView(id, fetched.root);
  }
  for (const segment of fetched.segments) {
    if (state.landed.delete(segment.commit)) continue;
    const problem = foldSegment(state.view, segment, (batch) => state.recent.add(batch, segment.commit));
    if (problem !== null) return problem;
  }
  return null;
}

/** Decodes and folds one commit of the ledger; tells of what it held once it is folded. */
export function foldSegment(
  view: LedgerView,
  segment: LedgerSegment,
  onFolded?: (batch: Batch) => void,
): Fault | null {
  const batch = decodeSegment(segment);
  if (!batch.ok) return batch.fault;
  const forged = findForgedRequest(batch.value, view.ledgerId, segment.commit);
  const problem = forged ?? foldBatch(view, batch.value, segment.commit);
  if (problem === null) onFolded?.(batch.value);
  return problem;
}

function wrongLedger(expected: string, found: string): Fault {
  return fault(
    'SG6221',
    'human',
    `the ledger branch holds ledger ${found}, and the configuration's ledger.id is ${expected}`,
    'point ledger.url and ledger.branch at the right ledger, or correct ledger.id if this is a new one on purpose',
  );
}

/** Tells whether the commit that nobody could answer for has landed, once the branch shows it. */
function resolveUndecided(c: Controller, fetched: LedgerFetch & { kind: 'fetched' }): void {
  const { state } = c;
  if (state.undecided === null) return;
  const { commit, batch } = state.undecided;
  if (fetched.segments.some((segment) => segment.commit === commit.commit)) {
    state.undecided = null;
    removeOutcomes(c, new Set(batch.events));
    releaseLate(c, batch.events);
  } else if (fetched.tip !== commit.parent) {
    state.undecided = null;
    c.journal.write('warn', 'ledger commit lost to another writer', { commit: commit.commit });
  }
}

/** Claims that turned out to have landed after nobody could know: not called, so released. */
export function releaseLate(c: Controller, events: readonly LedgerEvent[]): void {
  const { view } = c.state;
  for (const { kind, token } of events) {
    if (kind !== 'claimed') continue;
    const receipt = view?.receipts.get(token);
    const newest = receipt?.attempts.at(-1);
    if (receipt === undefined || newest === undefined || !isOpen(newest) || newest.run !== c.run) continue;
    if (c.state.outbox.some((event) => event.token === token && event.attempt === newest.n)) continue;
    addOutcomes(c, [
      {
        ...eventBase(c, receipt),
        kind: 'released',
        attempt: newest.n,
        reason: 'deadline',
        message: 'the claim landed too late to be called',
        notBefore: null,
        requestId: null,
      },
    ]);
  }
}

/** Fetches the source. True when the head is as new as this moment; an older good one may still be used for a while. */
export async function syncSource(c: Controller): Promise<boolean> {
  const begun = readMoment(c.clock);
  const fetched = await c.source.fetch();
  c.state.sourceFailures = fetched.ok ? 0 : c.state.sourceFailures + 1;
  if (!fetched.ok) {
    const { code, message, hint } = fetched.fault;
    c.announcer.say('source', 'warn', 'source not reached', { code, reason: message, hint });
    return false;
  }
  c.announcer.clear('source', 'source reached again');
  if (c.state.head !== fetched.value.head)
    c.journal.write('info', 'source head read', { commit: fetched.value.head });
  c.state.head = fetched.value.head;
  c.state.sourceFresh = begun;
  return true;
}

/** Fetches the policies where they have a repository of their own. True when their head is as new as this moment. */
export async function syncPolicies(c: Controller): Promise<boolean> {
  if (c.policySource === null) return true;
  const begun = readMoment(c.clock);
  const fetched = await c.policySource.fetch();
  if (!fetched.ok) {
    const { code, message, hint } = fetched.fault;
    c.state.policyFault = fetched.fault;
    c.announcer.say('policies', 'warn', 'policies not reached', { code, reason: message, hint });
    return false;
  }
  c.announcer.clear('policies', 'policies reached again');
  c.state.policyFault = null;
  if (c.state.policyHead !== fetched.value.head)
    c.journal.write('info', 'policy head read', { commit: fetched.value.head });
  c.state.policyHead = fetched.value.head;
  c.state.policyFresh = begun;
  return true;
}
