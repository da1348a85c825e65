import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What a git that talks to a remote may take of this machine. A server can feed it without end: refs are kept in
 * memory before the first is used, and objects are written to disk before anything looks at them.
 */
export interface GitLimits {
  /** Of the whole process group, not counting files mapped into memory. */
  readonly memoryBytes: number;
  /** A mirror, and how large its objects may grow. Absent where nothing is written. */
  readonly disk?: { readonly mirrorDir: string; readonly bytes: number };
}

/**
 * Measured: a first fetch of 806,000 objects (600,000 versions of manifests in 2,000 commits) takes 175 MB of memory
 * in its largest process, 395 MB with the serving end where that is a file:// repository, and 220 MB of disk. These are
 * twice the most of it, and more than thirty times the disk, and still fit beside us into a container of 1 GiB.
 */
export const memoryLimitBytes = 768 * 1024 * 1024;
export const diskLimitBytes = 8 * 1024 * 1024 * 1024;

/** Endless refs were measured to take 160 MB a second: a look every quarter of one goes over by 40 MB. */
export const appetiteLookMs = 250;

/** Which of the limits a process group is over, null where none. Elsewhere than on Linux memory is not seen. */
export async function findExcess(group: number, limits: GitLimits): Promise<'memory' | 'disk' | null> {
  if ((await memoryOf(group)) > limits.memoryBytes) return 'memory';
  const { disk } = limits;
  if (disk !== undefined && (await diskOf(join(disk.mirrorDir, 'objects'))) > disk.bytes) return 'disk';
  return null;
}

/** Bytes of memory that the processes of a group have written to and not given back. */
async function memoryOf(group: number): Promise<number> {
  const entries = await readdir('/proc').catch(() => []);
  const taken = await Promise.all(
    entries.filter((entry) => /^[0-9]+$/.test(entry)).map((id) => memoryIn(`/proc/${id}`, group)),
  );
  return taken.reduce((sum, bytes) => sum + bytes, 0);
}

async function memoryIn(processDir: string, group: number): Promise<number> {
  try {
    const stat = await readFile(join(processDir, 'stat'), 'latin1');
    // The program's name, in parentheses, may hold anything; after it come state, parent and group.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) !== group) return 0;
    const status = await readFile(join(processDir, 'status'), 'latin1');
    return Number(/^RssAnon:\s+([0-9]+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

/** Bytes of the files two levels deep, where a repository has its packs and loose objects. */
async function diskOf(objectsDir: string): Promise<number> {
  let sum = 0;
  for (const folder of await readdir(objectsDir).catch(() => [])) {
    const dir = join(objectsDir, folder);
    const names = await readdir(dir).catch(() => []);
    for (const name of names) sum += (await lstat(join(dir, name)).catch(() => null))?.size ?? 0;
  }
  return sum;
}
