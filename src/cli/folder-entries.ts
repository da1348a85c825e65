/** What lies in a folder of a work tree, in the terms of git: names are bytes, and need not be text. */
import type { Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { folderMode, symbolicLinkMode } from '../git/modes.ts';

/** One entry of a folder, as git would write it into a tree. */
export interface FolderEntry {
  readonly name: Buffer;
  /** Of a file always that of one which is not executable: nothing here tells them apart. */
  readonly mode: string;
}

export interface FolderContent {
  /** In the order of their names. Pipes, sockets and devices are left out, as git does, and so is `.git`. */
  readonly entries: readonly FolderEntry[];
  /** It is a repository of its own: git would commit a submodule in its place. */
  readonly isRepository: boolean;
}

/** Lists a folder. Throws what the file system says of one that cannot be read. */
export async function listFolder(full: Buffer): Promise<FolderContent> {
  const found = await readdir(full, { encoding: 'buffer', withFileTypes: true });
  const isRepository = found.some(({ name }) => name.equals(gitName));
  const entries = found.flatMap((entry): FolderEntry[] => {
    const mode = modeOf(entry);
    return mode === null || entry.name.equals(gitName) ? [] : [{ name: entry.name, mode }];
  });
  return { entries: entries.sort((a, b) => a.name.compare(b.name)), isRepository };
}

const gitName = Buffer.from('.git');

/** The mode that git gives to such a thing; null for what it does not know. */
export function modeOf(found: Pick<Stats, 'isDirectory' | 'isFile' | 'isSymbolicLink'>): string | null {
  if (found.isDirectory()) return folderMode;
  if (found.isSymbolicLink()) return symbolicLinkMode;
  return found.isFile() ? '100644' : null;
}

const slash = Buffer.from('/');

/** The path of an entry; that of an empty folder is its name. */
export function joinPath(folder: Buffer, name: Buffer): Buffer {
  return folder.length === 0 ? name : Buffer.concat([folder, slash, name]);
}
