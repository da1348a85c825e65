/** The statuses of commits that a forge is sent next, and what is noted when it has taken one. */
import type { NotifyTarget, StatusForge } from '../config/config.ts';
import type { ControllerStatus } from '../controller/status.ts';
import type { Moment } from '../lib/clock.ts';
import { Turns } from '../lib/turns.ts';
import { Aside } from './aside.ts';
import { emptyMemory, keepBroken } from './commit-memory.ts';
import { type CommitStatus, type StatusMemory, surveyStatuses } from './commit-status.ts';
import { wantsFleet } from './filter.ts';
import { statusRequest, statusValue } from './forge-status.ts';
import { type Job, jsonType, type Offer, type Source } from './source.ts';
import { isUsableSecret } from './via-files.ts';

/** Commits and fleets whose status was sent; more than this is looked after at a time (commit-status.ts). */
export const sentMax = 1_000;
/**
 * How long a halt or a pause may last before words that were sent are changed for it. They come and go, and tell nothing of
 * what becomes of the commit; one that stays is worth a word.
 */
const pauseToldMs = 60 * 60_000;
/** Words that are changed for halts alone, for each status that is offered: as many as are sent between two passes. */
const rewordsMax = 30;

interface Due {
  readonly due: readonly CommitStatus[];
  /** Whether no more is to be sent of what was looked at. */
  readonly isAll: boolean;
}

export interface StatusBook extends StatusMemory {
  readonly ledger: string | null;
}

export const emptyStatusBook: StatusBook = {
  ...emptyMemory,
  ledger: null,
  seq: null,
  sent: new Map(),
  counts: new Map(),
};

/** The statuses of a forge. */
export class StatusSource implements Source {
  readonly #target: NotifyTarget;
  #book: StatusBook;
  readonly #aside = new Aside();
  readonly #turns = new Turns();
  #offered: CommitStatus | null = null;
  /** What the newest offer says that is to be sent: worked out once for it, and not for each of its statuses. */
  #known: (Due & { readonly offer: Offer; readonly seq: number }) | null = null;
  #before: ControllerStatus['origins'] = new Map();
  /** Since when, by the monotonic clock, each has had the words of a halt or a pause. */
  #pausedMs: ReadonlyMap<string, number> = new Map();

  constructor(target: NotifyTarget, book: StatusBook) {
    this.#target = target;
    this.#book = book;
  }

  readonly isUnsaved = false;

  get book(): StatusBook {
    return this.#book;
  }

  async next(offer: Offer, { monotonicMs }: Moment): Promise<Job | null> {
    const { via } = this.#target;
    const { view, desired } = offer.status;
    if (view === null || desired === null || via.kind !== 'commitStatus') return null;
    if (this.#known?.offer !== offer) {
      // Read first: what is folded while this is looked through is news to the next look.
      const { ledgerId, seq } = view;
      this.#open(ledgerId, seq);
      this.#known = { offer, seq, ...this.#chooseDue(await this.#survey(offer), monotonicMs) };
    }
    const offered = this.#choose(this.#known.due, via.forge, monotonicMs);
    this.#offered = offered;
    if (offered === null) {
      const { isAll, seq } = this.#known;
      if (this.#aside.isEmpty && isAll) this.#book = { ...this.#book, seq };
      return null;
    }
    return {
      isRepeat: this.#aside.dueMs(offered.key) !== null,
      id: [offered.commit.slice(0, 12), offered.fleet ?? []].flat().join(' '),
      request: (token) => {
        if (!isUsableSecret(via, token)) return null;
        const { url, headers, body } = statusRequest(via, offered, token);
        return { url, headers: { 'content-type': jsonType, ...headers }, body };
      },
    };
  }

  note(end: 'taken' | 'refused' | 'unseen', { monotonicMs }: Moment): boolean {
    const { via } = this.#target;
    if (this.#offered === null || via.kind !== 'commitStatus') return true;
    const { key, revisions } = this.#offered;
    const value = statusValue(via.forge, this.#offered);
    this.#offered = null;
    if (end === 'unseen') return this.#aside.add(key, value, monotonicMs);
    if (end === 'refused') {
      this.#aside.refuse(key, value);
      return true;
    }
    this.#aside.forget(key);
    const sent = newest([...this.#book.sent, [key, value]], sentMax);
    const counts = new Map([...this.#book.counts].filter(([one]) => sent.has(one)));
    this.#book = { ...this.#book, sent, counts: noteCount(counts, key, revisions) };
    return true;
  }

  save(): StatusBook {
    const { broken, brokenFiles } = this.#book;
    return { ...this.#book, broken: keepBroken(broken), brokenFiles: keepBroken(brokenFiles) };
  }

  /** The first that still stands otherwise at the forge; what was not taken before comes after what was not tried. */
  #choose(statuses: readonly CommitStatus[], forge: StatusForge, monotonicMs: number): CommitStatus | null {
    let later: CommitStatus | null = null;
    for (const one of statuses) {
      const value = statusValue(forge, one);
      if (this.#book.sent.get(one.key) === value || this.#aside.isRefused(one.key, value)) continue;
      const dueMs = this.#aside.dueMs(one.key);
      if (dueMs === null) return one;
      if (dueMs <= monotonicMs) later ??= one;
    }
    return later;
  }

  async #survey({ status }: Offer): Promise<readonly CommitStatus[]> {
    const wants = (fleet: string | null): boolean => wantsFleet(this.#target, fleet);
    const survey = await this.#turns.run(surveyStatuses(status, this.#book, wants, this.#before));
    const { statuses, ...memory } = survey;
    this.#before = status.origins;
    this.#book = { ...this.#book, ...memory };
    this.#aside.keep(new Set(statuses.map(({ key }) => key)));
    return statuses;
  }

  /**
   * What is to be sent: every state that is another one, and words. Of words that are changed by a halt or by its end alone
   * only some at a time, and none while it is young.
   */
  #chooseDue(statuses: readonly CommitStatus[], monotonicMs: number): Due {
    const { via } = this.#target;
    if (via.kind !== 'commitStatus') return { due: [], isAll: true };
    const pausedMs = new Map<string, number>();
    const due: CommitStatus[] = [];
    const rewords: CommitStatus[] = [];
    const counts = new Map(this.#book.counts);
    for (const one of statuses) {
      const { key, isPaused, revisions } = one;
      const sinceMs = this.#pausedMs.get(key) ?? monotonicMs;
      if (isPaused) pausedMs.set(key, sinceMs);
      const [sent, value] = [this.#book.sent.get(key), statusValue(via.forge, one)];
      if (sent === value) {
        this.#aside.forget(key);
        noteCount(counts, key, revisions);
      } else if (!isReword(sent, value) || !(isPaused || /\bhalted\b/.test(sent ?? ''))) {
        due.push(one);
      } else if (!isPaused || monotonicMs - sinceMs >= pauseToldMs) {
        rewords.push(one);
      }
    }
    this.#pausedMs = pausedMs;
    this.#book = { ...this.#book, counts };
    return { due: [...due, ...rewords.slice(0, rewordsMax)], isAll: rewords.length <= rewordsMax };
  }

  /** The statuses stand at the forge whatever becomes of the ledger; what is news does not. */
  #open(ledger: string, seq: number): void {
    const isOurs = this.#book.ledger === ledger && (this.#book.seq ?? 0) <= seq;
    if (!isOurs) this.#book = { ...this.#book, ledger, seq: null, counts: new Map() };
  }
}

/** Those that were found once are known for good. */
function noteCount(counts: Map<string, number>, key: string, revisions: number): Map<string, number> {
  return counts.set(key, Math.max(counts.get(key) ?? 0, revisions));
}

/** Whether only the words are others, of what is pending before and after. */
function isReword(sent: string | undefined, value: string): boolean {
  return sent?.startsWith('pending ') === true && value.startsWith('pending ');
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
