/**
 * What can go wrong, as values. A fault is classed by what happens next, because that is all a caller can act on:
 *
 * - `human`: nothing changes until a person does something (a commit, a configuration, a command);
 * - `wait`: it ends by itself at a time or by a fact that is known;
 * - `retry`: it is tried again with back-off, and may never come to anybody's notice.
 */
export type FaultClass = 'human' | 'wait' | 'retry';

/** A stable code, listed with its meaning in docs/ERRORS.md. A code is never given a second meaning. */
export type FaultCode = `SG${number}`;

/** Where in a text something is; line and column count from 1, as editors do. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface Fault {
  readonly code: FaultCode;
  readonly class: FaultClass;
  /** Names the thing, the place and the reason; one sentence, no final full stop. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
}

export type Result<T, F = Fault> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: F };

/** A result that holds a value. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A result that holds a fault. */
export function failed<F>(fault: F): { readonly ok: false; readonly fault: F } {
  return { ok: false, fault };
}

/** Makes a fault; the hint says what to do next. */
export function fault(code: FaultCode, faultClass: FaultClass, message: string, hint?: string): Fault {
  return hint === undefined
    ? { code, class: faultClass, message }
    : { code, class: faultClass, message, hint };
}

/** A broken invariant of ours: never caught but at the rim, where it ends as exit code 70. */
export class BugError extends Error {
  override readonly name = 'BugError';
}

/** What was thrown, for the log: with its stack, where it has one. */
export function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
