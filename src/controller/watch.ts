/**
 * The observer's own watch. What another process claimed is in doubt only for whoever has itself watched it, by its own
 * monotonic clock, from zero after a restart: the times written in the ledger are somebody else's clock, and a claim
 * that was written long ago may be landing only now.
 *
 * For each doubtful attempt it also knows the last moment at which a request could have been sent, because a look
 * begun too early finds nothing where something is still on its way.
 */
import type { RecoveryConfig } from '../config/config.ts';
import type { Attempt, Receipt } from '../ledger/receipt.ts';
import { isDoubtful, isOpen, receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import type { Token } from '../manifest/manifest.ts';

/** When a doubt may be looked at, by the monotonic clock. */
export interface Doubt {
  readonly token: Token;
  readonly fleet: string;
  readonly lookableAtMs: number;
}

export class Watch {
  readonly #run: string;
  readonly #recovery: RecoveryConfig;
  /** First sight of an open claim, and of an `unknown`, by attempt. */
  #claimSeenMs = new Map<string, number>();
  #unknownSeenMs = new Map<string, number>();
  /** When this process's own calls ended. */
  readonly #callEndedMs = new Map<string, number>();

  constructor(run: string, recovery: RecoveryConfig) {
    this.#run = run;
    this.#recovery = recovery;
  }

  /** A call of this process ended without anybody knowing how. */
  noteCallEnd(token: Token, attempt: number, monotonicMs: number): void {
    this.#callEndedMs.set(attemptKey(token, attempt), monotonicMs);
  }

  /** Looks over the ledger as it is known now; to be called after every fold. Forgets what is settled. */
  observe(view: LedgerView, nowMs: number): void {
    const claims = new Map<string, number>();
    const unknowns = new Map<string, number>();
    for (const receipt of restlessReceipts(view)) {
      const state = receiptState(receipt);
      if (state !== 'claimed' && state !== 'inDoubt') continue;
      for (const attempt of receipt.attempts) {
        if (!isDoubtful(attempt)) continue;
        const key = attemptKey(receipt.token, attempt.n);
        if (isOpen(attempt)) claims.set(key, this.#claimSeenMs.get(key) ?? nowMs);
        else unknowns.set(key, this.#unknownSeenMs.get(key) ?? nowMs);
      }
    }
    this.#claimSeenMs = claims;
    this.#unknownSeenMs = unknowns;
    for (const key of this.#callEndedMs.keys()) {
      if (!claims.has(key) && !unknowns.has(key)) this.#callEndedMs.delete(key);
    }
  }

  /** Everything in doubt for this process, now. */
  doubts(view: LedgerView, nowMs: number): Doubt[] {
    const found: Doubt[] = [];
    for (const receipt of restlessReceipts(view)) {
      const lookableAtMs = this.#lookableAtMs(receipt, nowMs);
      if (lookableAtMs !== null) found.push({ token: receipt.token, fleet: receipt.fleet, lookableAtMs });
    }
    return found;
  }

  /** When the next watched claim will be given up; null where none is watched. */
  nextTakeoverMs(view: LedgerView, nowMs: number): number | null {
    let next: number | null = null;
    for (const receipt of restlessReceipts(view)) {
      const newest = receipt.attempts.at(-1);
      if (newest === undefined || receiptState(receipt) !== 'claimed' || newest.run === this.#run) continue;
      const atMs = this.#takeoverAtMs(receipt, newest, nowMs);
      if (atMs > nowMs && (next === null || atMs < next)) next = atMs;
    }
    return next;
  }

  #lookableAtMs(receipt: Receipt, nowMs: number): number | null {
    const state = receiptState(receipt);
    const newest = receipt.attempts.at(-1);
    if (newest === undefined || (state !== 'claimed' && state !== 'inDoubt')) return null;
    if (state === 'claimed') {
      if (newest.run === this.#run) return null;
      if (this.#takeoverAtMs(receipt, newest, nowMs) > nowMs) return null;
    }
    const sends = receipt.attempts
      .filter(isDoubtful)
      .map((attempt) => this.#lastSendMs(receipt, attempt, nowMs));
    return Math.max(...sends) + this.#recovery.settlingMs;
  }

  /** The last moment at which the attempt's request could have been sent, as far as this process can know. */
  #lastSendMs(receipt: Receipt, attempt: Attempt, nowMs: number): number {
    if (isOpen(attempt)) return this.#takeoverAtMs(receipt, attempt, nowMs);
    const key = attemptKey(receipt.token, attempt.n);
    const own = attempt.run === this.#run ? this.#callEndedMs.get(key) : undefined;
    return own ?? this.#unknownSeenMs.get(key) ?? nowMs;
  }

  #takeoverAtMs(receipt: Receipt, attempt: Attempt, nowMs: number): number {
    const seenMs = this.#claimSeenMs.get(attemptKey(receipt.token, attempt.n)) ?? nowMs;
    return seenMs + this.#recovery.takeoverMs;
  }
}

function attemptKey(token: Token, attempt: number): string {
  return `${token}#${attempt}`;
}
