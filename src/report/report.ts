/**
 * What a command found, as data that every format is written from. Texts are as their authors wrote them (paths, names,
 * subjects, AWS's words), without secrets: each format escapes them its own way, and nobody does before it.
 */
import type { FaultCode, Place } from '../lib/faults.ts';

/** Something that a person should know of. An error fails the check; a warning does not; a note only tells. */
export interface Finding {
  readonly code: FaultCode;
  readonly severity: 'error' | 'warning' | 'note';
  /** Null where it is of no file: a halt, the ledger. */
  readonly place: Place | null;
  /** One sentence, no final full stop. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
}

/** One thing that was checked, as test runners count them. */
export interface Case {
  /** What it belongs to: a file, a fleet. */
  readonly group: string;
  readonly name: string;
  readonly place: Place | null;
  /** Why it failed; empty where it passed. */
  readonly failures: readonly string[];
  /** Why it was not checked; null where it was. */
  readonly skipped: string | null;
}

/** A run of text: plain, or with a mark. */
export type Inline = string | { readonly code: string } | { readonly strong: string };

/** A piece of a page for people. */
export type Block =
  | { readonly kind: 'heading'; readonly text: readonly Inline[] }
  | { readonly kind: 'text'; readonly text: readonly Inline[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'code'; readonly language: 'json' | 'yaml' | 'text'; readonly text: string }
  /** Closed unless `isOpen`: a page of many tasks stays short. */
  | {
      readonly kind: 'fold';
      readonly summary: readonly Inline[];
      readonly isOpen: boolean;
      readonly blocks: readonly Block[];
    };

export interface Report {
  /** The command: `snowgate validate`. */
  readonly title: string;
  /** One line that says it all. */
  readonly summary: string;
  readonly isFailed: boolean;
  readonly findings: readonly Finding[];
  readonly cases: readonly Case[];
  /** What the markdown page shows between its summary and its findings. */
  readonly body: readonly Block[];
}

/** The formats that are written from a report. */
export const reportFormats = ['markdown', 'sarif', 'junit', 'github', 'gitlab'] as const;
export type ReportFormat = (typeof reportFormats)[number];
