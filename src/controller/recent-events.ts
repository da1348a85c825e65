/**
 * The newest events of the ledger, kept for whoever tells of them: pages, and word that is sent out. The ledger has all of
 * them; what is dropped here is read there.
 */
import type { Batch, LedgerEvent } from '../ledger/events.ts';
import type { Token } from '../manifest/manifest.ts';
import type { CommitId } from './ports.ts';

/** Weeks of a busy fleet; a claim with its request and facts has a few thousand characters, so some tens of megabytes at most. */
const recentEventsMax = 10_000;
/** Dropped when so many more have come to stand: not at each commit. */
const slack = 1_000;

export interface RecentEvent {
  /** The height of its commit and its place in it: a name that every reader of the ledger has for it. */
  readonly seq: number;
  readonly index: number;
  readonly commit: CommitId;
  readonly replica: string;
  readonly event: LedgerEvent;
}

export class RecentEvents {
  #events: RecentEvent[] = [];
  #dropped = false;

  /** The events of one commit, in the ledger's order. */
  add({ header, events }: Batch, commit: CommitId): void {
    const { seq, replica } = header;
    for (const [index, event] of events.entries()) this.#events.push({ seq, index, commit, replica, event });
    if (this.#events.length <= recentEventsMax + slack) return;
    this.#events = this.#events.slice(-recentEventsMax);
    this.#dropped = true;
  }

  /** Oldest first. */
  get all(): readonly RecentEvent[] {
    return this.#events;
  }

  /** Whether the ledger has older ones that are not here. */
  get isCut(): boolean {
    return this.#dropped;
  }

  /** Those of one revision, oldest first. */
  of(token: Token): RecentEvent[] {
    return this.#events.filter(({ event }) => event.token === token);
  }
}
