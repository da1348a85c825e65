/** Writing files that are not there yet, and only such: nothing is overwritten, and no link is followed. */
import { lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { unreadable } from './work-tree.ts';

/** A file to be written, below some folder, with forward slashes. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/**
 * What stands where a file, or a folder on the way to it, would be written: a path, and what it is where that is no file.
 * Nothing where all is free. Fault: SG7002, nobody may look.
 */
export async function findObstacles(dir: string, paths: readonly string[]): Promise<Result<string[]>> {
  const obstacles = new Set<string>();
  for (const path of paths) {
    try {
      const found = await findObstacle(dir, path);
      if (found !== null) obstacles.add(found);
    } catch (error) {
      return failed(unreadable(join(dir, path), error));
    }
  }
  return ok([...obstacles]);
}

async function findObstacle(dir: string, path: string): Promise<string | null> {
  for (const folder of foldersOf(path)) {
    const kind = await kindOf(join(dir, folder));
    if (kind === 'nothing') return null;
    if (kind !== 'folder') return `${folder} (${kind}, not a folder)`;
  }
  const kind = await kindOf(join(dir, path));
  if (kind === 'nothing') return null;
  return kind === 'a file' ? path : `${path} (${kind})`;
}

/** SG7080: something is there already, and nothing was written. */
export function obstructed(dir: string, obstacles: readonly string[]): Fault {
  const verb = obstacles.length === 1 ? 'is' : 'are';
  return fault(
    'SG7080',
    'human',
    `nothing was written, because in ${dir} there ${verb} already ${obstacles.join(', ')}`,
    'nothing is ever overwritten, and no link followed: move it away, or name another place',
  );
}

/** The folders that lead to a path, from the outermost on. */
function foldersOf(path: string): string[] {
  const steps = path.split('/').slice(0, -1);
  return steps.map((_, index) => steps.slice(0, index + 1).join('/'));
}

type Kind = 'nothing' | 'a file' | 'folder' | 'a symbolic link' | 'something else';

/** Throws what the file system says, where it does not even say that nothing is there. */
async function kindOf(full: string): Promise<Kind> {
  try {
    const found = await lstat(full);
    if (found.isSymbolicLink()) return 'a symbolic link';
    if (found.isFile()) return 'a file';
    return found.isDirectory() ? 'folder' : 'something else';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'nothing';
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

export interface WrittenFiles {
  readonly written: readonly string[];
  /** What ended it before all were written. */
  readonly fault: Fault | null;
}

/**
 * Writes the files in their order, with the folders that they need. At the first that cannot be written it ends, and names
 * what it has written until then. Fault: SG7081.
 */
export async function writeNewFiles(dir: string, files: readonly NewFile[]): Promise<WrittenFiles> {
  const written: string[] = [];
  for (const { path, text } of files) {
    try {
      await mkdir(dir, { recursive: true });
      for (const folder of foldersOf(path)) await makeFolder(join(dir, folder));
      await writeWhole(join(dir, path), text);
      written.push(path);
    } catch (error) {
      return { written, fault: unwritten(join(dir, path), codeOf(error), written) };
    }
  }
  return { written, fault: null };
}

async function makeFolder(full: string): Promise<void> {
  try {
    await mkdir(full);
  } catch (error) {
    // A link that was put there since we looked is no folder, and ends it.
    if (codeOf(error) !== 'EEXIST' || (await kindOf(full)) !== 'folder') throw error;
  }
}

/** Never half a file: what could not be written to its end is removed, being ours. */
async function writeWhole(full: string, text: string): Promise<void> {
  try {
    await writeFile(full, text, { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') await rm(full, { force: true });
    throw error;
  }
}

function unwritten(full: string, code: string, written: readonly string[]): Fault {
  const isFirst = written.length === 0;
  const before = isFirst ? 'nothing was written' : `written before it: ${written.join(', ')}`;
  return fault(
    'SG7081',
    'human',
    `${full} could not be written (${code}); ${before}`,
    `mend the cause,${isFirst ? '' : ' remove what was written,'} and run the command again`,
  );
}
