/** The statuses of commits that a forge is sent next, and what is noted when it has taken one. */
import type { NotifyTarget, StatusForge } from '../config/config.ts';
import { Aside } from './aside.ts';
import { type CommitStatus, listStatuses, type StatusMemory, seenCommits } from './commit-status.ts';
import { wantsFleet } from './filter.ts';
import { statusRequest, statusValue } from './forge-status.ts';
import { type Job, jsonType, type Offer, type Source } from './source.ts';

/** Commits and fleets whose status was sent; more than this is looked after at a time (commit-status.ts). */
export const sentMax = 1_000;
/** Commits of what was seen waiting: for the day on which it is withdrawn, and only the name is left. */
export const commitsMax = 2_000;

export interface StatusBook extends StatusMemory {
  readonly ledger: string | null;
}

export const emptyStatusBook: StatusBook = { ledger: null, seq: null, commits: new Map(), sent: new Map() };

/** The statuses of a forge. */
export class StatusSource implements Source {
  readonly #target: NotifyTarget;
  #book: StatusBook;
  readonly #aside = new Aside();
  #offered: CommitStatus | null = null;
  /** What the newest offer says: worked out once for it, and not for each of its statuses. */
  #known: { readonly offer: Offer; readonly statuses: readonly CommitStatus[] } | null = null;

  constructor(target: NotifyTarget, book: StatusBook) {
    this.#target = target;
    this.#book = book;
  }

  readonly isUnsaved = false;

  async next(offer: Offer, nowMs: number): Promise<Job | null> {
    const { via } = this.#target;
    const { view, desired } = offer.status;
    if (view === null || desired === null || via.kind !== 'commitStatus') return null;
    if (this.#known?.offer !== offer) {
      this.#open(view.ledgerId, view.seq);
      this.#known = { offer, statuses: this.#list(offer) };
    }
    const offered = this.#choose(this.#known.statuses, via.forge, nowMs);
    this.#offered = offered;
    if (offered === null) {
      if (this.#aside.isEmpty) this.#book = { ...this.#book, seq: view.seq };
      return null;
    }
    return {
      id: `${offered.commit.slice(0, 12)} ${offered.fleet}`,
      request: (token) => {
        // A header that held another character would be no header.
        if (!/^[\x21-\x7e]+$/.test(token)) return null;
        const { url, headers, body } = statusRequest(via, offered, token);
        return { url, headers: { 'content-type': jsonType, ...headers }, body };
      },
    };
  }

  note(end: 'taken' | 'refused' | 'unseen', nowMs: number): boolean {
    const { via } = this.#target;
    if (this.#offered === null || via.kind !== 'commitStatus') return true;
    const { key } = this.#offered;
    const value = statusValue(via.forge, this.#offered);
    this.#offered = null;
    if (end === 'unseen') return this.#aside.add(key, value, nowMs);
    if (end === 'refused') {
      this.#aside.refuse(key, value);
      return true;
    }
    this.#aside.forget(key);
    this.#book = { ...this.#book, sent: newest([...this.#book.sent, [key, value]], sentMax) };
    return true;
  }

  save(): StatusBook {
    return this.#book;
  }

  /** The first that stands otherwise at the forge; what was not taken before comes after what was not tried. */
  #choose(statuses: readonly CommitStatus[], forge: StatusForge, nowMs: number): CommitStatus | null {
    let later: CommitStatus | null = null;
    for (const one of statuses) {
      const value = statusValue(forge, one);
      if (this.#book.sent.get(one.key) === value) {
        this.#aside.forget(one.key);
        continue;
      }
      if (this.#aside.isRefused(one.key, value)) continue;
      const dueMs = this.#aside.dueMs(one.key);
      if (dueMs === 0) return one;
      if (dueMs <= nowMs) later ??= one;
    }
    return later;
  }

  #list({ status }: Offer): CommitStatus[] {
    const known = this.#book.commits;
    const commits = newest([...known, ...seenCommits(status, known)], commitsMax);
    this.#book = { ...this.#book, commits };
    const statuses = listStatuses(status, this.#book, (fleet) => wantsFleet(this.#target, fleet));
    this.#aside.keep(new Set(statuses.map(({ key }) => key)));
    return statuses;
  }

  /** The statuses stand at the forge whatever becomes of the ledger; what is news does not. */
  #open(ledger: string, seq: number): void {
    const isOurs = this.#book.ledger === ledger && (this.#book.seq ?? 0) <= seq;
    if (!isOurs) this.#book = { ...this.#book, ledger, seq: null };
  }
}

/** The last entry of each key, in the order in which they came last. */
function newest(entries: readonly (readonly [string, string])[], most: number): Map<string, string> {
  const map = new Map<string, string>();
  for (const [key, value] of entries) {
    map.delete(key);
    map.set(key, value);
  }
  return map.size <= most ? map : new Map([...map].slice(-most));
}
