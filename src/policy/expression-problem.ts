import type { FaultCode } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';

/** Why an expression is not accepted, and where in its text (UTF-16 units). */
export interface ExpressionProblem {
  readonly code: FaultCode;
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
}

/** A part of an expression's text. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Makes a problem. */
export function problemAt(
  code: FaultCode,
  { start, end }: TextRange,
  message: string,
  hint?: string,
): ExpressionProblem {
  const place = { code, offset: start, length: Math.max(0, end - start), message };
  return hint === undefined ? place : { ...place, hint };
}

/** What a person who wrote an unknown name most likely meant, or all there is to choose from. */
export function suggestName(word: string, names: readonly string[]): string {
  const nearest = findNearest(word, names);
  return nearest === undefined ? `there are ${names.join(', ')}` : `did you mean ${nearest}?`;
}

/** A piece of an expression's text for a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}\u2026` : text);
}
