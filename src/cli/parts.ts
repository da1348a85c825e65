/** What the files of a work tree are, by their own word: configurations, documents of policies, manifests. */
import { dirname } from 'node:path';
import type { DocumentLimits } from '../lib/document.ts';
import { ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { ParsedFile } from '../manifest/manifest.ts';
import { parseManifestFile } from '../manifest/parse.ts';
import { type FolderNames, isOfManifests } from './folder-names.ts';
import { configBytesMax, type FoundFile, readNow } from './work-tree.ts';

/** One file, read: plain data, because it may come from another thread. */
export type Part =
  | { readonly kind: 'manifest'; readonly parsed: ParsedFile }
  /** A configuration, or a document of policies outside of any folder of theirs. */
  | { readonly kind: 'config' | 'policy'; readonly bytes: Uint8Array }
  /** Tests of policies are none of these; nor is YAML of other programs. */
  | { readonly kind: 'test' | 'foreign' };

/** By what a tree is read. */
export interface ReadingRules {
  readonly names: FolderNames;
  readonly limits: DocumentLimits;
}

/** A misspelt kind is what it is nearest to, so that what else is wrong with the document is told with it. */
const policyKinds = ['Window', 'Policy', 'Suspension', 'Waiver'];
const kinds = ['Controller', 'Task', ...policyKinds, 'PolicyTest'];

/** Reads files in their order, up to the first that cannot be read, whose fault comes last. Fault: SG7002. */
export function readPartsNow(files: readonly FoundFile[], rules: ReadingRules): Result<Part>[] {
  const parts: Result<Part>[] = [];
  for (const file of files) {
    const part = readPart(file, rules);
    parts.push(part);
    if (!part.ok) break;
  }
  return parts;
}

function readPart({ full, path, isNamed }: FoundFile, { names, limits }: ReadingRules): Result<Part> {
  const read = readNow(full, path, configBytesMax);
  if (!read.ok) return read;
  const bytes = read.value;
  const kind = kindOf(bytes);
  if (kind === 'Controller') return ok({ kind: 'config', bytes });
  // What a folder of manifests holds is read as one by the controller, and refused by it.
  const isManifest = isOfManifests(dirname(path), names);
  if (!isManifest && isNamed !== true && isForeign(bytes)) return ok({ kind: 'foreign' });
  if (isManifest || kind === undefined || kind === 'Task') {
    const parsed = parseManifestFile(bytes.subarray(0, limits.fileBytes + 1), limits);
    return ok({ kind: 'manifest', parsed });
  }
  return ok(kind === 'PolicyTest' ? { kind: 'test' } : { kind: 'policy', bytes });
}

/**
 * Only the first kind of a file counts: a configuration is one document. By searching, not by a pattern: each character
 * is looked at once, whatever a pull request writes there.
 */
function kindOf(bytes: Uint8Array): string | undefined {
  const text = latin1Of(bytes);
  const key = 'kind:';
  const start = text.startsWith(key) ? 0 : text.indexOf(`\n${key}`) + 1;
  if (!text.startsWith(key, start)) return undefined;
  const end = text.indexOf('\n', start);
  const [written = ''] = text.slice(start + key.length, end < 0 ? undefined : end).split('#', 1);
  return findNearest(written.replace(/["']/g, '').trim(), kinds);
}

/** Neither a kind nor our apiVersion: a workflow, say, of which nothing here understands a word. */
function isForeign(bytes: Uint8Array): boolean {
  const text = latin1Of(bytes);
  return !/^["']?kind["']?[ \t]*:/m.test(text) && !/apiVersion["']?[ \t]*:[ \t]*["']?snowgate\//.test(text);
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
