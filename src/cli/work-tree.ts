import { closeSync, constants, type Dirent, fstatSync, openSync, readSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { type FolderNames, policyFolderOf } from './folder-names.ts';

/** As many files as the controller reads by default (`source.limits.files`): more is no manifest folder. */
const filesMax = 100_000;
/** Folders within folders; deeper than anybody sorts tasks, shallower than the longest path of the system. */
export const foldersMax = 64;

/** A thousand fleets fit into a tenth of it; no other file of a work tree may be longer. */
export const configBytesMax = 1024 * 1024;

/** A file to be read, or why it is none. `path` is as the user would write it, with forward slashes. */
export interface FoundFile {
  readonly path: string;
  readonly full: string;
  /** It was named itself, and not only found in a folder. */
  readonly isNamed?: true;
}

export interface Found {
  readonly files: readonly FoundFile[];
  /** Symbolic links: the controller refuses them, so they are findings and never followed. */
  readonly links: readonly string[];
  /** Folders of policies that are named, or hold what is named: each is read as a whole, by {@link readPolicyFolder}. */
  readonly policyFolders: readonly FoundFile[];
  /** iCalendar files outside of these. */
  readonly calendars: readonly FoundFile[];
}

/**
 * The files that the paths name: a file itself, whatever it is called, and every .yaml and .yml below a folder, in the
 * order of their paths. Without `names` no folder is one of policies. Faults: SG7002 (a path that is not there or cannot be
 * read), SG7003 (too many, too deep).
 */
export async function findFiles(
  paths: readonly string[],
  cwd: string,
  names: FolderNames | null = null,
): Promise<Result<Found>> {
  const walk = new Walk(cwd, names);
  for (const path of paths) {
    if (path === '') return failed(unusable('""', 'is no path'));
    try {
      const trouble = await walk.take(path);
      if (trouble !== null) return failed(trouble);
    } catch (error) {
      return failed(unreadable(path, error));
    }
  }
  return ok(walk.found());
}

class Walk {
  readonly #cwd: string;
  readonly #names: FolderNames | null;
  readonly #files = new Map<string, FoundFile>();
  readonly #links = new Set<string>();
  readonly #policyFolders = new Map<string, FoundFile>();
  readonly #calendars = new Map<string, FoundFile>();

  constructor(cwd: string, names: FolderNames | null) {
    this.#cwd = cwd;
    this.#names = names;
  }

  /** Throws what the file system says of a path that cannot be read. */
  async take(path: string): Promise<Fault | null> {
    const full = resolve(this.#cwd, path);
    const found = await lstat(full);
    const isFolder = found.isDirectory();
    if (!isFolder && !found.isFile() && !found.isSymbolicLink()) {
      return unusable(path, 'is neither a file nor a folder');
    }
    if (this.#takePolicies(isFolder ? full : dirname(full))) return null;
    if (isFolder) return this.#enter(full, 0);
    if (found.isFile()) this.#files.set(full, { ...this.#show(full), isNamed: true });
    else this.#links.add(showPath(full, this.#cwd));
    return null;
  }

  found(): Found {
    return {
      files: sorted(this.#files),
      links: [...this.#links].sort(),
      policyFolders: sorted(this.#policyFolders),
      calendars: sorted(this.#calendars),
    };
  }

  async #enter(full: string, depth: number): Promise<Fault | null> {
    if (depth > foldersMax)
      return tooMany(showPath(full, this.#cwd), `is more than ${foldersMax} folders deep`);
    for (const entry of await listFolder(full)) {
      const child = join(full, entry.name);
      const isManifest = /\.ya?ml$/.test(entry.name);
      if (entry.isSymbolicLink() && isManifest) this.#links.add(showPath(child, this.#cwd));
      if (entry.isDirectory() && entry.name !== '.git' && !this.#takePolicies(child)) {
        const trouble = await this.#enter(child, depth + 1);
        if (trouble !== null) return trouble;
      }
      if (entry.isFile() && isManifest && !this.#files.has(child)) this.#files.set(child, this.#show(child));
      if (entry.isFile() && entry.name.endsWith('.ics')) this.#calendars.set(child, this.#show(child));
      if (this.#files.size + this.#calendars.size > filesMax)
        return tooMany(showPath(full, this.#cwd), `holds more than ${filesMax} manifest files`);
    }
    return null;
  }

  /** Whether a folder is one of policies, or lies in one. */
  #takePolicies(full: string): boolean {
    if (this.#names === null || full === this.#cwd) return false;
    const path = policyFolderOf(showPath(full, this.#cwd), this.#names);
    if (path === null) return false;
    const top = resolve(this.#cwd, path);
    this.#policyFolders.set(top, { path, full: top });
    return true;
  }

  #show(full: string): FoundFile {
    return { path: showPath(full, this.#cwd), full };
  }
}

function sorted(files: ReadonlyMap<string, FoundFile>): FoundFile[] {
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether something is there; a symbolic link counts, wherever it leads. */
export function exists(full: string): Promise<boolean> {
  return lstat(full).then(
    () => true,
    () => false,
  );
}

async function listFolder(full: string): Promise<Dirent[]> {
  const entries = await readdir(full, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Relative to where the user stands, as long as that is shorter to read. */
export function showPath(full: string, cwd: string): string {
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
  return readNow(full, path, limitBytes);
}

/** The same at once, which for a small file is a fifth of the work. */
export function readNow(full: string, path: string, limitBytes: number): Result<Uint8Array> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(full, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(descriptor);
    if (!found.isFile()) return failed(unusable(path, 'is no file'));
    // A file may have grown since, or tell no size at all.
    let buffer = Buffer.alloc(Math.min(found.size, limitBytes) + 1);
    let length = 0;
    for (;;) {
      const readBytes = readSync(descriptor, buffer, length, buffer.length - length, length);
      length += readBytes;
      if (readBytes === 0 || length > limitBytes) return ok(buffer.subarray(0, length));
      if (length === buffer.length) {
        const grown = Buffer.alloc(Math.min(2 * length, limitBytes) + 1);
        buffer.copy(grown);
        buffer = grown;
      }
    }
  } catch (error) {
    return failed(unreadable(path, error));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
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

/** SG7002 for what the file system says of a path. */
export function unreadable(path: string, error: unknown): Fault {
  return unusable(path, reasonOf(error));
}

/** SG7002: what was named on the command line is not what it has to be. */
export function unusable(path: string, reason: string): Fault {
  return fault('SG7002', 'human', `${path} ${reason}`, 'name files or folders that can be read');
}

function tooMany(path: string, reason: string): Fault {
  return fault('SG7003', 'human', `${path} ${reason}`, 'name the folder that holds the manifests');
}
