/** Which entries of a folder's tree are policies. Without git: a work tree is asked the same question. */
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { PolicyCandidate, PolicyLayout } from './policy-entry.ts';
import { judgePolicyEntry } from './policy-entry.ts';
import type { TreeEntry } from './tree.ts';

/** More than anybody reviews: each of them is looked at for every task, in every pass. */
const policyFilesMax = 1_000;
/** They are all held in memory, and parsed: a thousand files of the usual length are a fiftieth of it. */
const policyBytesMax = 32 * 1024 * 1024;
/** READMEs and tests between them: some, but not a repository of something else. */
export const policyEntriesMax = policyFilesMax * 10;

/** What is to be read below the policies' folder, in the order of the paths. Fault: SG3071, more than is read. */
export function selectPolicies(
  entries: readonly TreeEntry[],
  layout: PolicyLayout,
  fileBytes: number,
): Result<readonly PolicyCandidate[]> {
  const candidates = entries
    .map((entry) => judgePolicyEntry(entry, layout, fileBytes))
    .filter((candidate) => candidate !== null);
  if (candidates.length > policyFilesMax) {
    const count = `${candidates.length} files, and at most ${policyFilesMax}`;
    return failed(manyPolicies(count, layout));
  }
  const bytes = candidates.reduce((sum, found) => sum + (found.kind === 'blob' ? found.sizeBytes : 0), 0);
  if (bytes > policyBytesMax) {
    return failed(manyPolicies(`${bytes} bytes, and at most ${policyBytesMax}`, layout));
  }
  const byPath = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return ok(candidates.sort((a, b) => byPath(pathOf(a), pathOf(b))));
}

function pathOf(candidate: PolicyCandidate): string {
  return candidate.kind === 'blob' ? candidate.path : candidate.file.path;
}

/** SG3071: a folder holds more than is read. */
export function manyPolicies(what: string, { folder }: PolicyLayout): Fault {
  return fault(
    'SG3071',
    'human',
    `the policies below ${folder === '' ? 'the root' : folder} are ${what} are read`,
    'put several into one file, and remove what is no window or policy',
  );
}
