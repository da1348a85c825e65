/** What the files of a work tree are, by their own word: configurations, documents of policies, manifests. */
import { unread } from '../git/source-files.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { ParsedFile } from '../manifest/manifest.ts';
import { parseRead } from './manifests.ts';
import { configBytesMax, type FoundFile, findingOf, readSized } from './work-tree.ts';

/** One file, read: plain data, because it may come from another thread. */
export type Part =
  /** Also what cannot be read, and might be one. */
  | { readonly kind: 'manifest'; readonly parsed: ParsedFile }
  /** A configuration; `parsed` is what the controller makes of it where every file is a manifest, null elsewhere. */
  | { readonly kind: 'config'; readonly bytes: Uint8Array; readonly parsed: ParsedFile | null }
  /** A document of policies outside of any folder of theirs. */
  | { readonly kind: 'policy'; readonly bytes: Uint8Array }
  /** Tests of policies are none of these; nor is YAML of other programs. */
  | { readonly kind: 'test' | 'foreign' };

/** A misspelt kind is what it is nearest to, so that what else is wrong with the document is told with it. */
const policyKinds = ['Window', 'Policy', 'Suspension', 'Waiver'];
const kinds = ['Controller', 'Task', ...policyKinds, 'PolicyTest'];

/** Reads files in their order, up to the first that is named and cannot be read, whose fault comes last. Fault: SG7002. */
export function readPartsNow(files: readonly FoundFile[], limits: DocumentLimits): Result<Part>[] {
  const parts: Result<Part>[] = [];
  for (const file of files) {
    const part = readPart(file, limits);
    parts.push(part);
    if (!part.ok) break;
  }
  return parts;
}

function readPart({ full, path, isNamed, isManifest }: FoundFile, limits: DocumentLimits): Result<Part> {
  const read = readSized(full, path, configBytesMax);
  if (!read.ok)
    return isNamed === true ? read : ok({ kind: 'manifest', parsed: unread(findingOf(read.fault)) });
  const { bytes } = read.value;
  const kind = kindOf(bytes);
  // What a folder of manifests holds is read as one by the controller, and refused by it.
  const parsed = isManifest === true ? parseRead(read.value, limits) : null;
  if (kind === 'Controller') return ok({ kind: 'config', bytes, parsed });
  if (parsed !== null) return ok({ kind: 'manifest', parsed });
  if (isNamed !== true && isForeign(bytes)) return ok({ kind: 'foreign' });
  if (kind === undefined || kind === 'Task') {
    return ok({ kind: 'manifest', parsed: parseRead(read.value, limits) });
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
