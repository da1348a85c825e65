/** The files that the simulator is given, read through the gate that every YAML file passes. JSON is YAML. */
import type { DocumentLimits, OpenedDocument } from '../lib/document.ts';
import { readDocuments } from '../lib/document.ts';
import type { Check } from '../lib/document-check.ts';
import type { Locate, ValuePath } from '../lib/document-place.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { compareSpots, problemsPerDocumentMax } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';

/** A scenario of ten thousand steps is below a mebibyte; nobody writes one by hand. */
export const simulatorFileLimits: DocumentLimits = { fileBytes: 1024 * 1024, documentsPerFile: 1, depth: 16 };

type GoodDocument = Extract<OpenedDocument, { readonly ok: true }>;

export type ReadFile<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/** Collects what the schema cannot say, each with its place; not more than anybody reads. */
export class Findings {
  readonly problems: DocumentProblem[] = [];
  readonly #locate: Locate;

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  /** Whether more would be left out: what is costly to word need not be worded. */
  get isFull(): boolean {
    return this.problems.length >= problemsPerDocumentMax;
  }

  add(code: DocumentProblem['code'], path: ValuePath, message: string, hint?: string): void {
    if (this.isFull) return;
    const problem = { code, severity: 'error', ...this.#locate(path), message } as const;
    this.problems.push(hint === undefined ? problem : { ...problem, hint });
  }
}

/**
 * Reads the one document of a file. `read` is asked only about a document that the schema accepts; it makes the value, and
 * adds what the schema cannot say. All problems come in the order of the file.
 */
export function readSingle<T>(
  bytes: Uint8Array,
  kind: string,
  check: Check,
  read: (value: JsonValue, findings: Findings) => T,
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
  return readGood(document, check, read);
}

function readGood<T>(
  document: GoodDocument,
  check: Check,
  read: (value: JsonValue, findings: Findings) => T,
): ReadFile<T> {
  const broken = check(document);
  if (broken.length > 0) return { ok: false, problems: broken };
  const findings = new Findings(document.locate);
  const value = read(document.value, findings);
  const problems = findings.problems.sort(compareSpots);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value };
}
