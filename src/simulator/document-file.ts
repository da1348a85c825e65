/** The files that the simulator is given, read through the gate that every YAML file passes. JSON is YAML. */
import type { DocumentLimits, OpenedDocument } from '../lib/document.ts';
import { readDocuments } from '../lib/document.ts';
import type { Check } from '../lib/document-check.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { compareSpots } from '../lib/document-problem.ts';

/** A scenario of ten thousand steps is below a mebibyte; nobody writes one by hand. */
export const simulatorFileLimits: DocumentLimits = { fileBytes: 1024 * 1024, documentsPerFile: 1, depth: 16 };

export type GoodDocument = Extract<OpenedDocument, { readonly ok: true }>;

export type ReadFile<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/**
 * Reads the one document of a file. `judge` says what the schema cannot, and is asked only about a document that the schema
 * accepts; `build` makes the value of one that has no problem. All problems come in the order of the file.
 */
export function readSingle<T>(
  bytes: Uint8Array,
  kind: string,
  check: Check,
  judge: (document: GoodDocument) => readonly DocumentProblem[],
  build: (document: GoodDocument) => T,
): ReadFile<T> {
  const file = readDocuments(bytes, simulatorFileLimits);
  if (!file.ok) return file;
  const [document] = file.documents;
  if (document === undefined) {
    const message = `the file holds no ${kind}`;
    const hint = `write one document of kind: ${kind}`;
    return {
      ok: false,
      problems: [{ code: 'SG6006', severity: 'error', line: 1, column: 1, message, hint }],
    };
  }
  if (!document.ok) return document;
  const broken = check(document);
  const problems = broken.length > 0 ? broken : [...judge(document)].sort(compareSpots);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: build(document) };
}
