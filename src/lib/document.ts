/**
 * The gate through which every YAML file goes: manifests, policies, the configuration. Each document comes out as
 * plain JSON with a way to point into it, or as problems; one bad document never hides the others of its file.
 */
import type { Locate } from './document-place.ts';
import { createLocate } from './document-place.ts';
import type { DocumentProblem } from './document-problem.ts';
import { decodeText, findConflict, splitDocuments } from './document-text.ts';
import type { JsonValue } from './document-yaml.ts';
import { readYaml } from './document-yaml.ts';

export interface DocumentLimits {
  readonly fileBytes: number;
  readonly documentsPerFile: number;
  /** Nested lists and maps; a flat map has depth 1. */
  readonly depth: number;
}

export type OpenedDocument =
  | { readonly ok: true; readonly line: number; readonly value: JsonValue; readonly locate: Locate }
  | { readonly ok: false; readonly line: number; readonly problems: readonly DocumentProblem[] };

export type OpenedFile =
  | { readonly ok: true; readonly documents: readonly OpenedDocument[] }
  /** No document of the file can be told apart from the others, or there are too many. */
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/**
 * Reads a file of YAML documents. Never throws for what the bytes hold, and its work is bounded by the limits: time
 * and memory are linear in the bytes, recursion is bounded by the depth. Documents that hold nothing but
 * comments are left out.
 */
export function readDocuments(bytes: Uint8Array, limits: DocumentLimits): OpenedFile {
  const decoded = decodeText(bytes, limits.fileBytes);
  if (!decoded.ok) return { ok: false, problems: [decoded.problem] };
  const conflict = findConflict(decoded.text);
  if (conflict !== undefined) return { ok: false, problems: [conflict] };
  const texts = splitDocuments(decoded.text);
  if (texts.length > limits.documentsPerFile) {
    const line = texts[limits.documentsPerFile]?.contentLine ?? 1;
    const message = `the file holds ${texts.length} documents; at most ${limits.documentsPerFile} are read`;
    const hint = 'split it into several files';
    return { ok: false, problems: [{ code: 'SG1005', severity: 'error', line, column: 1, message, hint }] };
  }
  const documents = texts.map((text): OpenedDocument => {
    const read = readYaml(text, limits.depth);
    const line = text.contentLine;
    if (!read.ok) return { ok: false, line, problems: read.problems };
    return { ok: true, line, value: read.value, locate: createLocate(text) };
  });
  return { ok: true, documents };
}
