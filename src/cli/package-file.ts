import { readFile } from 'node:fs/promises';

/** Policies, schemas and examples are part of the package; this file runs from `dist/cli`, and in tests from `src/cli`. */
const packageRoot = new URL('../../', import.meta.url);

/** A file that the package brings, by its path in it. Rejects where it is not there: the package is damaged. */
export function readPackageFile(path: string): Promise<string> {
  return readFile(new URL(path, packageRoot), 'utf8');
}
