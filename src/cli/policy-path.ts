/** A folder of policies that the command line names. */
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { failed, type Result } from '../lib/faults.ts';
import { type PolicyFolder, readPolicyTree } from './policy-folder.ts';
import { unusable } from './work-tree.ts';

/**
 * Reads the policies of a folder, for a command that runs no tests: a file of these is refused, too. Faults: those of
 * {@link readPolicyTree}.
 */
export async function readPolicyPath(
  path: string,
  cwd: string,
  fileBytes: number,
): Promise<Result<PolicyFolder>> {
  const found = await lstat(resolve(cwd, path)).catch(() => null);
  if (found !== null && !found.isDirectory()) return failed(unusable(path, 'is no folder of policies'));
  return readPolicyTree(path, cwd, fileBytes);
}
