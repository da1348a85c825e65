import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder of ours and those above it, as `mkdir -p` does. Not by Node's own `recursive`: below a folder that is
 * mounted here and was deleted where it comes from, which is there and can hold nothing, that goes round for ever,
 * with a processor to itself and without a word.
 */
export async function makeFolder(dir: string): Promise<void> {
  const missing: string[] = [];
  for (let at = dir; !(await isMade(at)); at = dirname(at)) missing.push(at);
  for (const path of missing.reverse()) await makeOne(path);
}

/** Makes one folder; false where there is none yet to make it in. */
async function isMade(path: string): Promise<boolean> {
  try {
    await makeOne(path);
    return true;
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isAbsent && dirname(path) !== path) return false;
    throw error;
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Whatever the reason is: where a folder is there, none has to be made.
    const info = await stat(path).catch(() => null);
    if (info?.isDirectory() !== true) throw error;
  }
}
