/** How far what a page shows is to be believed: said where a pass could not do what an earlier one did. */
import type { ControllerStatus, FleetStatus } from '../controller/status.ts';
import { type Html, html } from './html.ts';

/** Sentences of which each is so now; none where the newest pass has done all that it should. */
export function standingNotes({ isJudged, passes, desired, source }: ControllerStatus): string[] {
  const notes: string[] = [];
  if (!isJudged && passes.tookMs !== null) {
    notes.push(
      desired === null
        ? 'No pass has decided anything yet: what follows is what the ledger tells.'
        : 'The newest pass could not judge every task: what follows may be what an earlier pass decided.',
    );
  }
  const { historyFault } = source;
  if (historyFault !== null) {
    const { code, message } = historyFault;
    notes.push(`The history of what waits could not be read, and no rule knows of it: ${code} ${message}`);
  }
  return notes;
}

/** That nothing is claimed for a fleet before its tasks were listed; null where they were, or nobody lists them. */
export function listingNote({ isListed, stand }: FleetStatus): string | null {
  if (isListed || stand === 'observed') return null;
  return 'Its tasks are not listed yet: nothing is claimed before that.';
}

/** The sentences, in a card. */
export function standingLines(notes: readonly string[]): Html | null {
  if (notes.length === 0) return null;
  return html`<div class="card">${notes.map((note) => html`<p>${note}</p>`)}</div>`;
}
