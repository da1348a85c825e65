import { numberBounds } from '../config/bounds.ts';
import { judgeSize, warnOfTwins } from '../git/source-files.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { ok, type Result } from '../lib/faults.ts';
import { collectDesired, type Desired, type PlacedProblem, type SourceFile } from '../manifest/collect.ts';
import type { ParsedFile } from '../manifest/manifest.ts';
import { parseManifestFile } from '../manifest/parse.ts';
import type { Found } from './tree-walk.ts';
import { type ReadFile, readSized } from './work-tree.ts';

/** What the controller reads by default (`source.limits`); a configuration may say otherwise. */
export const defaultLimits: DocumentLimits = {
  fileBytes: numberBounds['source.limits.fileBytes'].default,
  documentsPerFile: numberBounds['source.limits.documentsPerFile'].default,
  depth: numberBounds['source.limits.depth'].default,
};

/** Reads the manifest files of a work tree as the controller would read them from a commit. Fault: SG7002. */
export async function readManifests(found: Found, limits: DocumentLimits): Promise<Result<Desired>> {
  const files: SourceFile[] = [...found.refused];
  for (const { full, path } of found.files) {
    const read = readSized(full, path, limits.fileBytes);
    if (!read.ok) return read;
    files.push({ path, blob: '', parsed: parseRead(read.value, limits) });
  }
  return ok(collectDesired(warnOfTwins(files)));
}

/** What was read, as the controller would take it: a file that is too long is refused by its size alone. */
export function parseRead({ bytes, sizeBytes }: ReadFile, limits: DocumentLimits): ParsedFile {
  return judgeSize(sizeBytes, limits.fileBytes) ?? parseManifestFile(bytes, limits);
}

/** A warning where the paths lead to nothing: `what` is what was looked for there. */
export function nothingFound([path = '.']: readonly string[], what: string): PlacedProblem {
  return {
    code: 'SG7006',
    severity: 'warning',
    place: { path, line: 1, column: 1 },
    message: `no ${what} here: nothing was checked`,
  };
}
