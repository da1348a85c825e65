/** What the documents below `source.policies` mean once they are parsed; windows are in window.ts. */
import type { Place } from '../lib/faults.ts';
import type { Expression } from './expression.ts';
import type { Match } from './match.ts';

/** What becomes of a task for which a rule does not hold; the strictest of all rules wins. */
export type Otherwise = 'deny' | 'hold' | 'warn';

/** What becomes of a task that is still queued when the window that allowed it closes. */
export type OnClose = 'cancel' | 'leave';

interface RuleBase {
  readonly name: string;
  readonly place: Place;
  readonly otherwise: Otherwise;
  /** What the author says to people where it does not hold. */
  readonly message: string | null;
}

export interface WindowRule extends RuleBase {
  readonly kind: 'window';
  /** One of them is to be open. */
  readonly anyOf: readonly string[];
  readonly onClose: OnClose;
}

export interface ConditionRule extends RuleBase {
  readonly kind: 'condition';
  readonly expression: Expression;
}

export type Rule = WindowRule | ConditionRule;

export interface Policy {
  readonly name: string;
  readonly place: Place;
  readonly blob: string;
  readonly description: string;
  readonly match: Match;
  readonly rules: readonly Rule[];
}

export interface Suspension {
  readonly name: string;
  readonly place: Place;
  /** Null: every fleet. */
  readonly fleet: string | null;
  readonly reason: string;
  /** Null: until it is removed. */
  readonly untilMs: number | null;
}

export interface Waiver {
  readonly name: string;
  readonly place: Place;
  readonly blob: string;
  readonly fleet: string;
  readonly task: string;
  readonly run: number;
  /** As `policy/rule`. */
  readonly rules: readonly string[];
  readonly reason: string;
  readonly expiresMs: number;
}
