import type { Dirent } from 'node:fs';
import { constants, type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';

/** As many files as the controller reads by default (`source.limits.files`): more is no manifest folder. */
const filesMax = 100_000;
/** Folders within folders; deeper than anybody sorts tasks, shallower than the longest path of the system. */
const foldersMax = 64;

/** A file to be read, or why it is none. `path` is as the user would write it, with forward slashes. */
export interface FoundFile {
  readonly path: string;
  readonly full: string;
}

export interface Found {
  readonly files: readonly FoundFile[];
  /** Symbolic links: the controller refuses them, so they are findings and never followed. */
  readonly links: readonly string[];
}

/**
 * The files that the paths name: a file itself, whatever it is called, and every .yaml and .yml below a folder, in the
 * order of their paths. Faults: SG7002 (a path that is not there or cannot be read), SG7003 (too many, too deep).
 */
export async function findFiles(paths: readonly string[], cwd: string): Promise<Result<Found>> {
  const files = new Map<string, FoundFile>();
  const links: string[] = [];
  const walk = async (full: string, depth: number): Promise<Fault | null> => {
    if (depth > foldersMax) return tooMany(show(full, cwd), `is more than ${foldersMax} folders deep`);
    for (const entry of await listFolder(full)) {
      const child = join(full, entry.name);
      const isManifest = /\.ya?ml$/.test(entry.name);
      if (entry.isSymbolicLink() && isManifest) links.push(show(child, cwd));
      if (entry.isDirectory() && entry.name !== '.git') {
        const trouble = await walk(child, depth + 1);
        if (trouble !== null) return trouble;
      }
      if (entry.isFile() && isManifest) files.set(child, { path: show(child, cwd), full: child });
      if (files.size > filesMax)
        return tooMany(show(full, cwd), `holds more than ${filesMax} manifest files`);
    }
    return null;
  };
  for (const path of paths) {
    if (path === '') return failed(unreadable('""', 'is no path'));
    const full = resolve(cwd, path);
    try {
      const found = await lstat(full);
      if (found.isSymbolicLink()) links.push(show(full, cwd));
      else if (found.isFile()) files.set(full, { path: show(full, cwd), full });
      else if (found.isDirectory()) {
        const trouble = await walk(full, 0);
        if (trouble !== null) return failed(trouble);
      } else return failed(unreadable(path, 'is neither a file nor a folder'));
    } catch (error) {
      return failed(unreadable(path, reasonOf(error)));
    }
  }
  const sorted = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return ok({ files: sorted, links: links.sort() });
}

async function listFolder(full: string): Promise<Dirent[]> {
  const entries = await readdir(full, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Relative to where the user stands, as long as that is shorter to read. */
function show(full: string, cwd: string): string {
  const near = relative(cwd, full);
  const path = near === '' || near.startsWith('..') || isAbsolute(near) ? full : near;
  return path.split(sep).join('/');
}

/**
 * Reads a file of at most `limitBytes`; of a longer one the first `limitBytes` + 1, so that its reader sees that it is too
 * long. Never waits for a pipe or a device. Fault: SG7002.
 */
export async function readBounded(
  full: string,
  path: string,
  limitBytes: number,
): Promise<Result<Uint8Array>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(full, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) return failed(unreadable(path, 'is no file'));
    const buffer = Buffer.alloc(limitBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return ok(buffer.subarray(0, length));
  } catch (error) {
    return failed(unreadable(path, reasonOf(error)));
  } finally {
    await handle?.close();
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ENOTDIR: 'passes through something that is no folder',
  ELOOP: 'is a loop of symbolic links',
  ENAMETOOLONG: 'is too long a path',
  EISDIR: 'is a folder',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return reasons[code] ?? `cannot be read (${code})`;
}

function unreadable(path: string, reason: string): Fault {
  return fault('SG7002', 'human', `${path} ${reason}`, 'name files or folders that can be read');
}

function tooMany(path: string, reason: string): Fault {
  return fault('SG7003', 'human', `${path} ${reason}`, 'name the folder that holds the manifests');
}
