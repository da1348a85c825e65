/** What is sent to a target next, and what is noted when it was taken: once for those that read notices, once for forges. */
import type { NotifyTarget } from '../config/config.ts';
import { parseEndpoint } from '../config/url.ts';
import type { ControllerStatus } from '../controller/status.ts';
import type { Redactor } from '../lib/redact.ts';
import { type Book, listWaiting, type News, noteNothing, noteTaken, openBook, type Waiting } from './book.ts';
import { cloudEventType, digestNoticesMax, writeCloudEvent } from './cloud-event.ts';
import { type CommitStatus, listStatuses, type StatusMemory, seenCommits } from './commit-status.ts';
import type { Present } from './facts.ts';
import { wantsFleet } from './filter.ts';
import { statusRequest, statusValue } from './forge-status.ts';
import { type Message, nextMessage } from './message.ts';
import type { PostRequest } from './post.ts';
import { signHeaders } from './sign.ts';
import { writeSlack } from './slack.ts';

/** A status, and what is made of it once for all targets. */
export interface Offer {
  readonly status: ControllerStatus;
  readonly present: () => Present;
}

export interface Job {
  /** For the log. */
  readonly id: string;
  /** What is sent; null where the secret is none that it can be sent with. */
  readonly request: (secret: string, wallMs: number) => Omit<PostRequest, 'ca'> | null;
}

export interface Source {
  /** The next message; null where nothing waits. Decided anew each time, so that what waits long is folded. */
  next(offer: Offer, nowMs: number): Job | null;
  /** The last job was taken, or is not wanted. */
  noteDone(): void;
  /** Everything that must not be forgotten, as JSON. */
  save(): object;
}

const jsonType = 'application/json; charset=utf-8';

/** The notices of a webhook or a chat. */
export class NoticeSource implements Source {
  readonly #target: NotifyTarget;
  readonly #redactor: Redactor;
  readonly #onDropped: () => void;
  #book: Book;
  #taken: readonly Waiting[] = [];

  constructor(target: NotifyTarget, book: Book, redactor: Redactor, onDropped: () => void) {
    this.#target = target;
    this.#book = book;
    this.#redactor = redactor;
    this.#onDropped = onDropped;
  }

  next({ status, present }: Offer, nowMs: number): Job | null {
    const { view, origins, recent } = status;
    if (view === null) return null;
    const news: News = { view, origins, events: recent.all, isCut: recent.isCut, present: present(), nowMs };
    this.#book = openBook(this.#book, news);
    const most = this.#target.via.kind === 'webhook' ? digestNoticesMax : Number.POSITIVE_INFINITY;
    const waiting = listWaiting(this.#book, this.#target, news, most);
    if (!waiting.some(({ of }) => of === 'event')) this.#book = noteNothing(this.#book, news);
    const next = nextMessage(waiting);
    if (next === null) return null;
    this.#taken = next.taken;
    return jobOf(next.message, this.#target, view.ledgerId, this.#redactor);
  }

  noteDone(): void {
    if (this.#taken.some(({ notice }) => notice.kind === 'dropped')) this.#onDropped();
    this.#book = noteTaken(this.#book, this.#taken);
    this.#taken = [];
  }

  save(): Book {
    const told = [...this.#book.told].map(([key, one]) => {
      const { end } = one;
      return [
        key,
        end === undefined ? one : { ...one, end: { ...end, text: this.#redactor.redact(end.text) } },
      ] as const;
    });
    return { ...this.#book, told: new Map(told) };
  }
}

function jobOf(message: Message, { via }: NotifyTarget, ledgerId: string, redactor: Redactor): Job {
  const id = message.kind === 'one' ? message.notice.id : message.digest.id;
  if (via.kind !== 'webhook') return { id, request: (url) => slackRequest(url, message, redactor) };
  return {
    id,
    request: (secret, wallMs) => {
      const { body } = writeCloudEvent(message, ledgerId, wallMs, redactor);
      const signed = signHeaders(secret, id, body, wallMs);
      return signed === null
        ? null
        : { url: via.url, headers: { 'content-type': cloudEventType, ...signed }, body };
    },
  };
}

/** The secret is the URL itself, which must lead over https, or to this machine. */
function slackRequest(url: string, message: Message, redactor: Redactor): Omit<PostRequest, 'ca'> | null {
  if (!parseEndpoint('', url).ok) return null;
  return { url, headers: { 'content-type': jsonType }, body: writeSlack(message, redactor) };
}

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
  #offered: CommitStatus | null = null;
  /** What the newest offer says: worked out once for it, and not for each of its statuses. */
  #known: { readonly offer: Offer; readonly statuses: readonly CommitStatus[] } | null = null;

  constructor(target: NotifyTarget, book: StatusBook) {
    this.#target = target;
    this.#book = book;
  }

  next(offer: Offer): Job | null {
    const { via } = this.#target;
    const { view, desired } = offer.status;
    if (view === null || desired === null || via.kind !== 'commitStatus') return null;
    if (this.#known?.offer !== offer) {
      this.#open(view.ledgerId, view.seq);
      this.#known = { offer, statuses: this.#list(offer) };
    }
    const offered = this.#known.statuses.find(
      (one) => this.#book.sent.get(one.key) !== statusValue(via.forge, one),
    );
    this.#offered = offered ?? null;
    if (offered === undefined) {
      this.#book = { ...this.#book, seq: view.seq };
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

  noteDone(): void {
    const { via } = this.#target;
    if (this.#offered === null || via.kind !== 'commitStatus') return;
    const { key } = this.#offered;
    const sent = [...this.#book.sent].filter(([other]) => other !== key);
    const value = statusValue(via.forge, this.#offered);
    this.#book = { ...this.#book, sent: newest([...sent, [key, value]], sentMax) };
    this.#offered = null;
  }

  save(): StatusBook {
    return this.#book;
  }

  #list({ status }: Offer): CommitStatus[] {
    const known = this.#book.commits;
    const commits = newest([...known, ...seenCommits(status, known)], commitsMax);
    this.#book = { ...this.#book, commits };
    return listStatuses(status, this.#book, (fleet) => wantsFleet(this.#target, fleet));
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
