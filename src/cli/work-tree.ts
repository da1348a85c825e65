import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Problem } from '../manifest/manifest.ts';

/** Folders within folders; deeper than anybody sorts tasks, shallower than the longest path of the system. */
export const foldersMax = 64;

/** A thousand fleets fit into a tenth of it; no other file of a work tree may be longer. */
export const configBytesMax = 1024 * 1024;

/** A file to be read. `path` is as the user would write it, with forward slashes. */
export interface FoundFile {
  readonly path: string;
  readonly full: string;
  /** It was named itself, and not only found in a folder. */
  readonly isNamed?: true;
  /** It lies where every file is a manifest. */
  readonly isManifest?: true;
}

/** What was read of a file. */
export interface ReadFile {
  /** Of a longer file than may be read the first `limitBytes` + 1. */
  readonly bytes: Uint8Array;
  /** Of the whole file. */
  readonly sizeBytes: number;
}

/** Whether something is there; a symbolic link counts, wherever it leads. */
export function exists(full: string): Promise<boolean> {
  return lstat(full).then(
    () => true,
    () => false,
  );
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
  const read = readSized(full, path, limitBytes);
  return read.ok ? ok(read.value.bytes) : read;
}

/** The same at once, which for a small file is a fifth of the work, with the size of the whole file. */
export function readSized(full: string, path: string, limitBytes: number): Result<ReadFile> {
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
      if (readBytes === 0 || length > limitBytes)
        return ok({ bytes: buffer.subarray(0, length), sizeBytes: Math.max(found.size, length) });
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

/** Such a fault as a finding, beside which everything else is checked: of what only lies in a folder that is named. */
export function findingOf({ code, message }: Fault): Problem {
  return { code, severity: 'error', line: 1, column: 1, message, hint: 'let this user read it' };
}

/** SG7002: what was named on the command line is not what it has to be. */
export function unusable(path: string, reason: string): Fault {
  return fault('SG7002', 'human', `${path} ${reason}`, 'name files or folders that can be read');
}
