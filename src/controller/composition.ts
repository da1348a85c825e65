/**
 * What goes into the next commit, in the order of what must not wait: outcomes, what looks have settled, ends, claims,
 * notes. Bounded in bytes, and proven line by line to be readable: what is appended once stands for ever.
 */
import { checkEvent } from '../ledger/codec.ts';
import type { ClaimedEvent, LedgerEvent, OutcomeEvent } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import { removeOutcomes } from './outbox.ts';
import type { Controller } from './state.ts';

/** Half of what the reader takes in one segment: a batch that nobody can write would keep every outcome from landing. */
const bytesMax = 4 * 1024 * 1024;
/** Notes are for people, and there may be one for every manifest of a large source: the rest goes with later commits. */
const notesMax = 1_000;

export interface Parts {
  readonly outcomes: readonly OutcomeEvent[];
  readonly looked: readonly LedgerEvent[];
  readonly claims: readonly ClaimedEvent[];
  readonly notes: readonly LedgerEvent[];
}

export interface Composition {
  readonly events: readonly LedgerEvent[];
  /** Tokens whose claims are among the events. */
  readonly claimed: ReadonlySet<string>;
  /** Every note is among the events. */
  readonly complete: boolean;
}

/** Chooses and checks the events of one commit. */
export function composeCommit(c: Controller, view: LedgerView, parts: Parts): Composition {
  // An outcome of an attempt that a look has settled is a surprise that the plan has not seen: it is landed alone, and
  // everything else is decided on what it says.
  const surprising = parts.outcomes.some((event) => isSettled(view, event));
  const rest = surprising ? [] : oneEach(parts);
  const events: LedgerEvent[] = [];
  let bytes = 0;
  for (const event of [...parts.outcomes, ...rest]) {
    const check = checkEvent(event);
    if (check.misfit !== null) {
      dropUnreadable(c, event, check.misfit);
      continue;
    }
    if (bytes + check.bytes > bytesMax) continue;
    bytes += check.bytes;
    events.push(event);
  }
  const claimed = new Set(events.filter(({ kind }) => kind === 'claimed').map(({ token }) => token));
  const notes = events.filter(({ kind }) => kind === 'noted').length;
  return { events, claimed, complete: notes === parts.notes.length };
}

/**
 * One event a receipt: what an outcome, or a look that found a second task, makes of a receipt is not known to what else
 * was found out about it, and the next pass says that in its turn.
 */
function oneEach(parts: Parts): LedgerEvent[] {
  const told = new Set<string>(parts.outcomes.map(({ token }) => token));
  return [...parts.looked, ...parts.claims, ...parts.notes.slice(0, notesMax)].filter(({ token }) => {
    if (told.has(token)) return false;
    told.add(token);
    return true;
  });
}

function isSettled(view: LedgerView, event: OutcomeEvent): boolean {
  return view.receipts.get(event.token)?.attempts[event.attempt - 1]?.settled === true;
}

/** A bug, or a value that nobody has thought of: told loudly, because the ledger will not tell it. */
function dropUnreadable(c: Controller, event: LedgerEvent, field: string): void {
  removeOutcomes(c, new Set([event]));
  c.announcer.say(`unreadable ${event.token}`, 'error', 'event not written, it could not be read back', {
    code: 'SG6223',
    fleet: event.fleet,
    task: event.name,
    token: event.token,
    reason: `${event.kind}.${field} does not fit the ledger's format`,
  });
}
