import { numberBounds } from '../config/bounds.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { ok, type Result } from '../lib/faults.ts';
import { collectDesired, type Desired, type PlacedProblem, type SourceFile } from '../manifest/collect.ts';
import { parseManifestFile } from '../manifest/parse.ts';
import { type FoundFile, readBounded } from './work-tree.ts';

/** What the controller reads by default (`source.limits`); a configuration may say otherwise. */
export const defaultLimits: DocumentLimits = {
  fileBytes: numberBounds['source.limits.fileBytes'].default,
  documentsPerFile: numberBounds['source.limits.documentsPerFile'].default,
  depth: numberBounds['source.limits.depth'].default,
};

/** Reads manifest files of a work tree as the controller would read them from a commit. Fault: SG7002. */
export async function readManifests(
  found: readonly FoundFile[],
  limits: DocumentLimits,
): Promise<Result<Desired>> {
  const files: SourceFile[] = [];
  for (const { full, path } of found) {
    const bytes = await readBounded(full, path, limits.fileBytes);
    if (!bytes.ok) return bytes;
    files.push({ path, blob: '', parsed: parseManifestFile(bytes.value, limits) });
  }
  return ok(collectDesired(files));
}

/** What the controller says of a symbolic link among the manifests. */
export function linkProblem(path: string): PlacedProblem {
  return {
    code: 'SG7005',
    severity: 'error',
    place: { path, line: 1, column: 1 },
    message: 'a symbolic link; manifests are plain files, links are never followed',
    hint: 'replace it with the file itself',
  };
}
