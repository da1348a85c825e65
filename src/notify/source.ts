/** What is sent to a target next, and what is noted when it was taken; here for those that read notices. */
import type { NotifyTarget } from '../config/config.ts';
import type { ControllerStatus } from '../controller/status.ts';
import type { Moment } from '../lib/clock.ts';
import type { Redactor } from '../lib/redact.ts';
import { Turns } from '../lib/turns.ts';
import {
  type Book,
  listWaiting,
  type News,
  noteEnds,
  noteNothing,
  noteTaken,
  openBook,
  standingOf,
  type Waiting,
} from './book.ts';
import { cloudEventType, digestNoticesMax, writeCloudEvent } from './cloud-event.ts';
import { type FactMemo, type Facts, surveyFacts } from './facts.ts';
import { type Message, nextMessage } from './message.ts';
import { showText } from './notice.ts';
import type { PostRequest } from './post.ts';
import { shortenIds } from './short-ids.ts';
import { signHeaders } from './sign.ts';
import { writeSlack } from './slack.ts';
import { isUsableSecret } from './via-files.ts';

/** A status, and what is made of it once for all targets. */
export interface Offer {
  readonly status: ControllerStatus;
  readonly memo: FactMemo;
}

export interface Job {
  /** For the log. */
  readonly id: string;
  /** What is sent; null where the secret is none that it can be sent with. */
  readonly request: (secret: string, wallMs: number) => Omit<PostRequest, 'ca'> | null;
  /** It was not taken before, and all that is left beside it was not either. */
  readonly isRepeat: boolean;
}

export interface Source {
  /** The next message; null where nothing waits. Decided anew each time, so that what waits long is folded. */
  next(offer: Offer, now: Moment): Promise<Job | null>;
  /** What became of the last job. Whether it is over: else it is tried again, later, or in parts. */
  note(end: 'taken' | 'refused' | 'unseen', now: Moment): boolean;
  /** Whether something was found that must not be forgotten, though nothing was sent. */
  readonly isUnsaved: boolean;
  /** What was sent: another object once anything of it is another. */
  readonly book: object;
  /** Everything of it that must not be forgotten, for JSON. */
  save(): object;
}

export const jsonType = 'application/json; charset=utf-8';

/** The notices of a webhook or a chat. */
export class NoticeSource implements Source {
  readonly #target: NotifyTarget;
  readonly #redactor: Redactor;
  readonly #onDropped: () => void;
  readonly #turns = new Turns();
  #book: Book;
  #isUnsaved = false;
  #taken: readonly Waiting[] = [];
  /** Notices that are sent one by one: folded they were refused. */
  #unfolded = 0;
  /** What the newest offer says of facts: worked out once for it, and not for each message. */
  #known: { readonly offer: Offer; readonly facts: Facts } | null = null;

  constructor(target: NotifyTarget, book: Book, redactor: Redactor, onDropped: () => void) {
    this.#target = target;
    this.#book = book;
    this.#redactor = redactor;
    this.#onDropped = onDropped;
  }

  get book(): Book {
    return this.#book;
  }

  get isUnsaved(): boolean {
    return this.#isUnsaved;
  }

  async next(offer: Offer, { wallMs: nowMs }: Moment): Promise<Job | null> {
    const { view, origins, recent } = offer.status;
    if (view === null) return null;
    const ledger = { view, origins, events: recent.all, isCut: recent.isCut, nowMs };
    this.#book = openBook(this.#book, ledger);
    const facts = await this.#survey(offer);
    const news: News = { ...ledger, facts };
    const isHook = this.#target.via.kind === 'webhook';
    const most = this.#unfolded > 0 ? 1 : isHook ? digestNoticesMax : Number.POSITIVE_INFINITY;
    const waiting = listWaiting(this.#book, this.#target, news, most);
    if (!waiting.some(({ of }) => of === 'event')) this.#book = noteNothing(this.#book, news);
    const next = nextMessage(waiting);
    if (next === null) return null;
    this.#taken = next.taken;
    const { message } = next;
    const shown = this.#target.redactDevices ? shortenIds(message, offer.status) : message;
    return jobOf(shown, this.#target, view.ledgerId, this.#redactor);
  }

  async #survey(offer: Offer): Promise<Facts> {
    if (this.#known?.offer === offer) return this.#known.facts;
    const { status, memo } = offer;
    const facts = await this.#turns.run(surveyFacts(status, this.#target, standingOf(this.#book), memo));
    const book = noteEnds(this.#book, facts);
    this.#isUnsaved ||= book !== this.#book;
    this.#book = book;
    this.#known = { offer, facts };
    return facts;
  }

  note(end: 'taken' | 'refused' | 'unseen'): boolean {
    // One that it does not like must not take up to fifty along.
    if (end === 'refused' && this.#taken.length > 1 && this.#target.via.kind === 'webhook') {
      this.#unfolded = this.#taken.length;
      return false;
    }
    this.#unfolded = Math.max(0, this.#unfolded - 1);
    if (this.#taken.some(({ notice }) => notice.kind === 'dropped')) this.#onDropped();
    this.#book = noteTaken(this.#book, this.#taken);
    this.#taken = [];
    return true;
  }

  save(): Book {
    this.#isUnsaved = false;
    const told = [...this.#book.told].map(([key, { round, now }]) => {
      if (now?.end === undefined) return [key, { round, now }] as const;
      const end = { ...now.end, text: showText(now.end.text, this.#redactor) };
      return [key, { round, now: { ...now, end } }] as const;
    });
    return { ...this.#book, told: new Map(told) };
  }
}

function jobOf(message: Message, { via }: NotifyTarget, ledgerId: string, redactor: Redactor): Job {
  const id = message.kind === 'one' ? message.notice.id : message.digest.id;
  if (via.kind !== 'webhook') {
    return {
      id,
      isRepeat: false,
      request: (url) => {
        if (!isUsableSecret(via, url)) return null;
        return { url, headers: { 'content-type': jsonType }, body: writeSlack(message, redactor) };
      },
    };
  }
  return {
    id,
    isRepeat: false,
    request: (secret, wallMs) => {
      const { body } = writeCloudEvent(message, ledgerId, wallMs, redactor);
      const signed = signHeaders(secret, id, body, wallMs);
      return signed === null
        ? null
        : { url: via.url, headers: { 'content-type': cloudEventType, ...signed }, body };
    },
  };
}
