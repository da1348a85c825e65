/**
 * Outcomes of this process's own attempts that have not landed yet. They wait for the next commit, and are kept until
 * one with them has landed; an attempt that somebody else's look has settled meanwhile takes only a task id.
 */
import type { OutcomeEvent } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Controller } from './state.ts';

/** Keeps outcomes until a commit with them has landed. */
export function addOutcomes(c: Controller, events: readonly OutcomeEvent[]): void {
  if (events.length === 0) return;
  c.state.outbox.push(...events);
  c.state.outboxSinceMs ??= c.clock.monotonicMs();
}

/** What of the outbox the ledger still takes; the rest is dropped with a word, because it can never be written. */
export function usableOutcomes(c: Controller, view: LedgerView): OutcomeEvent[] {
  const usable = c.state.outbox.filter((event) => isUsable(event, view));
  for (const event of c.state.outbox) {
    if (usable.includes(event)) continue;
    c.journal.write('warn', 'outcome came after a look had settled its attempt', {
      fleet: event.fleet,
      task: event.name,
      token: event.token,
      attempt: event.attempt,
      outcome: event.kind,
    });
  }
  c.state.outbox = usable;
  if (usable.length === 0) c.state.outboxSinceMs = null;
  return usable;
}

function isUsable(event: OutcomeEvent, view: LedgerView): boolean {
  const receipt = view.receipts.get(event.token);
  const attempt = receipt?.attempts[event.attempt - 1];
  if (receipt === undefined || attempt === undefined) return false;
  if (event.kind === 'issued') return !receipt.taskIds.includes(event.taskId);
  return !attempt.settled && attempt.end === null;
}

/** Takes landed outcomes out. */
export function removeOutcomes(c: Controller, landed: ReadonlySet<unknown>): void {
  c.state.outbox = c.state.outbox.filter((event) => !landed.has(event));
  if (c.state.outbox.length === 0) c.state.outboxSinceMs = null;
}
