/** A verdict: may this task be asked for now, and if not, what ends that? Made by judge.ts alone. */
import type { Fault, FaultCode, Place } from '../lib/faults.ts';
import type { FactGroup } from './facts.ts';

/** What ends a hold: a time, a fact that may change by itself, or only a commit. */
export type EndedBy = 'time' | 'fact' | 'commit';

/** One reason of a verdict or of a plan's entry. */
export interface Reason {
  readonly code: FaultCode;
  readonly message: string;
  /** The policy and rule that give it, and where they are written. */
  readonly policy?: string;
  readonly rule?: string;
  readonly place?: Place;
  readonly endedBy?: EndedBy;
}

/** A fault as a reason: the hint is left to whoever can be told what to do. */
export function reasonFrom({ code, message }: Pick<Fault, 'code' | 'message'>): Reason {
  return { code, message };
}

/** A policy that was asked, and the text of it: what a claim records. */
export interface PolicyUse {
  readonly name: string;
  readonly blob: string;
}

/** A waiver without which the task would not be allowed. */
export interface WaiverUse {
  readonly name: string;
  readonly path: string;
  readonly blob: string;
  readonly rules: readonly string[];
  readonly reason: string;
  readonly expiresMs: number;
}

interface Judged {
  readonly reasons: readonly Reason[];
  /** The policies that match. */
  readonly policies: readonly PolicyUse[];
  /** The facts that their rules read. */
  readonly reads: ReadonlySet<FactGroup>;
  /** Those that its unchecked rules read: what only warns, and what is waived, waits for none. */
  readonly awaits: ReadonlySet<FactGroup>;
}

export interface Allow extends Judged {
  readonly action: 'allow';
  /** When the permission to ask ends; null where it does not. */
  readonly untilMs: number | null;
  /** When the permission to run ends; null where it does not. */
  readonly closesMs: number | null;
  /** When what is still queued is to be cancelled: the end of the permission to run, but of windows with `onClose: leave`. */
  readonly cancelMs: number | null;
  readonly waiver: WaiverUse | null;
  /** A policy matches with a rule that could hold it; otherwise it is allowed by `policy.uncovered` alone. */
  readonly isCovered: boolean;
  /** Rules that read facts which are not known here: they are checked before issuing. Empty where all were. */
  readonly unchecked: readonly Reason[];
}

export interface Hold extends Judged {
  readonly action: 'hold';
  /** When it ends by itself; null where only a commit or a fact ends it. */
  readonly untilMs: number | null;
}

export interface Deny extends Judged {
  readonly action: 'deny';
  /** Its own `notAfter` has passed. */
  readonly expired: boolean;
}

export type Verdict = Allow | Hold | Deny;

/** UTC, to the second: nobody plans a task by milliseconds. */
export function shortInstant(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** ISO 8601 in UTC with milliseconds, as everywhere in the ledger. */
export function isoInstant(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
