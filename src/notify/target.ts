/**
 * One target: sends what waits for it, one message at a time, for as long as there is any. A receiver that is down or slow
 * holds back nothing but its own word.
 */
import type { NotifyTarget } from '../config/config.ts';
import type { Journal } from '../controller/ports.ts';
import { type Clock, readMoment } from '../lib/clock.ts';
import type { Fault, FaultCode } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { Sieve } from '../lib/sieve.ts';
import { judgeAnswer, type Verdict } from './answer.ts';
import type { Post } from './post.ts';
import type { Job, Offer, Source } from './source.ts';
import { type ReadSecret, readAuthorities, readViaSecret, secretOf, uselessSecret } from './via-files.ts';

/** What became of one try. */
export type SendResult = 'sent' | 'retried' | 'refused' | 'dropped';

export interface TargetOptions {
  readonly target: NotifyTarget;
  readonly source: Source;
  readonly post: Post;
  readonly readSecret: ReadSecret;
  readonly clock: Clock;
  /** From 0 up to 1: spreads the tries of many. */
  readonly random: () => number;
  readonly journal: Journal;
  readonly redactor: Redactor;
  readonly userAgent: string;
  readonly onResult: (result: SendResult) => void;
  /** Something was taken, and should be remembered. */
  readonly onProgress: () => void;
}

/** Between two tries: doubling, and each of them somewhere in its upper half. */
const pauseFirstMs = 1_000;
const pauseLastMs = 5 * 60_000;
/** Longer than that a receiver may ask to wait, but nobody does. */
const askedWaitMaxMs = 15 * 60_000;
/** What a chat and a forge take in a row: one a second. A webhook takes what it can. */
const gapMs = 1_000;
/** One that refuses each message is told so often. */
const refusalsMs = 10 * 60_000;
/** How often it is written down where a quiet target stands. */
const idleMs = 10 * 60_000;

export class Target {
  readonly #options: TargetOptions;
  readonly #stop = new AbortController();
  /** Ends the request in hand, too. */
  readonly #kill = new AbortController();
  readonly #running: Promise<void>;
  #offer: Offer | null = null;
  #hasNews = false;
  #wake: () => void = () => undefined;
  #trouble: FaultCode | null = null;
  readonly #refusals = new Sieve(refusalsMs);
  /** When it was last written down that nothing waits; null before the first look of this life. */
  #idleMs: number | null = null;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Takes note, and wakes whoever waits for news. */
  offer(offer: Offer): void {
    this.#offer = offer;
    this.#hasNews = true;
    this.#wake();
  }

  /** Begins nothing more; what is in hand gets so long. */
  async close(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.#wake();
    const over = new AbortController();
    const ended = this.#running.then(() => over.abort());
    await Promise.race([ended, this.#options.clock.sleep(graceMs, over.signal)]);
    this.#kill.abort();
    await ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (!this.#hasNews) await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#hasNews = false;
      try {
        await this.#drain();
      } catch (error) {
        this.#tell('SG7107', error instanceof Error ? error.name : 'unknown');
      }
    }
  }

  /** Sends until nothing waits. What waits is looked at anew for each try, so that it is folded when there is much. */
  async #drain(): Promise<void> {
    const { clock, source, target, onResult } = this.#options;
    const { signal } = this.#stop;
    let tries = 0;
    let misses = 0;
    let restedMs = 0;
    while (!signal.aborted && this.#offer !== null) {
      const offer = this.#offer;
      const job = await source.next(offer, readMoment(clock));
      this.#noteLook();
      if (job === null || signal.aborted) return;
      const restMs = job.isRepeat ? restedMs - clock.monotonicMs() : 0;
      if (restMs > 0) {
        await this.#rest(restMs, offer);
        continue;
      }
      const verdict = await this.#send(job);
      if (verdict.kind === 'again') {
        if (signal.aborted) return;
        tries += 1;
        onResult('retried');
        this.#tell(verdict.code, verdict.why);
        await clock.sleep(this.#pauseMs(tries, verdict.waitMs), signal);
        continue;
      }
      if (verdict.kind === 'unseen') {
        misses += 1;
        this.#noteUnseen(job, verdict);
        restedMs = clock.monotonicMs() + this.#pauseMs(misses, null);
        await clock.sleep(gapMs, signal);
        continue;
      }
      this.#noteDone(job, verdict, tries);
      [tries, misses, restedMs] = [0, 0, 0];
      if (target.via.kind !== 'webhook') await clock.sleep(gapMs, signal);
    }
  }

  /** Waits so long before what was not taken is tried again; not where there is something newer than that offer. */
  async #rest(durationMs: number, offer: Offer): Promise<void> {
    if (this.#offer !== offer) return;
    const over = new AbortController();
    this.#wake = () => over.abort();
    await this.#options.clock.sleep(durationMs, over.signal);
  }

  /**
   * Where this life begins is written down before anything is sent, so that the next one begins there, too; and now and
   * then what is behind the target, though nothing of it was sent.
   */
  #noteLook(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const isQuiet = this.#idleMs !== null && nowMs - this.#idleMs < idleMs;
    if (isQuiet && !this.#options.source.isUnsaved) return;
    this.#idleMs = nowMs;
    this.#options.onProgress();
  }

  #noteUnseen(job: Job, { code, why }: Extract<Verdict, { kind: 'unseen' }>): void {
    const { source, onResult, clock } = this.#options;
    const isOver = source.note('unseen', readMoment(clock));
    onResult(isOver ? 'refused' : 'retried');
    if (isOver) this.#tellRefusal('word was refused for a day, and is not sent again', job, 'SG7103', why);
    else this.#tellRefusal('word is not taken yet, others are sent and it is tried again', job, code, why);
  }

  #noteDone(job: Job, verdict: Extract<Verdict, { kind: 'taken' | 'refused' }>, tries: number): void {
    const { source, onResult, onProgress, journal, target, clock } = this.#options;
    const isOver = source.note(verdict.kind, readMoment(clock));
    onProgress();
    if (this.#trouble !== null) {
      journal.write('info', 'word is taken again', { target: target.name, tries: tries + 1 });
      this.#trouble = null;
    }
    onResult(verdict.kind === 'taken' ? 'sent' : 'refused');
    if (verdict.kind === 'taken') return;
    const what = isOver
      ? 'word was refused, and is not sent again'
      : 'folded word was refused, and is sent one by one';
    this.#tellRefusal(what, job, verdict.code, verdict.why);
  }

  #pauseMs(tries: number, askedMs: number | null): number {
    const fullMs = Math.min(pauseLastMs, pauseFirstMs * 2 ** Math.min(20, tries - 1));
    const ownMs = fullMs / 2 + (fullMs / 2) * this.#options.random();
    return Math.max(ownMs, Math.min(askedMs ?? 0, askedWaitMaxMs));
  }

  async #send(job: Job): Promise<Verdict> {
    const { target, post, readSecret, clock, redactor, userAgent } = this.#options;
    const { name, via } = target;
    const secret = await readViaSecret(name, via, readSecret);
    if (!secret.ok) return unusable(secret.fault);
    redactor.register(secret.value, secretOf(via).file);
    const ca = await readAuthorities(via);
    if (!ca.ok) return unusable(ca.fault);
    const request = job.request(secret.value, clock.wallMs());
    if (request === null) return unusable(uselessSecret(via));
    const headers = { ...request.headers, 'user-agent': userAgent };
    const answer = await post({ ...request, headers, ca: ca.value }, this.#kill.signal);
    return judgeAnswer(answer, via, { wallMs: clock.wallMs(), redactor });
  }

  /** Once, until it is over or something else. */
  #tell(code: FaultCode, why: string): void {
    if (this.#trouble === code) return;
    this.#trouble = code;
    const { journal, redactor, target } = this.#options;
    const level = code === 'SG7101' ? 'warn' : 'error';
    journal.write(level, 'word cannot be sent, it is tried again with growing pauses', {
      target: target.name,
      code,
      reason: redactor.redact(why),
    });
  }

  /** Each event so often, with how many there were meanwhile. */
  #tellRefusal(event: string, { id }: Job, code: FaultCode, why: string): void {
    const { clock, journal, redactor, target } = this.#options;
    const more = this.#refusals.take(event, clock.monotonicMs());
    if (more === null) return;
    const reason = redactor.redact(why);
    const fields = { target: target.name, code, reason, message: id, more };
    journal.write('warn', event, fields);
  }
}

function unusable({ code, message }: Fault): Verdict {
  return { kind: 'again', code, why: message, waitMs: null };
}
