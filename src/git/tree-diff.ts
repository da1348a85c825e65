import type { Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import type { Mirror } from './home.ts';
import { isRegularFile } from './modes.ts';
import { brokenMirror, inspectObjects, readObjects } from './object-reader.ts';

/** The files whose changes are wanted. */
export interface DiffScope {
  /** The folder that the trees are of: no slash at either end; empty for the whole repository. */
  readonly folder: string;
  /** What a file of this path is called in the answer; null for one that is not wanted. */
  readonly pick: (path: Buffer) => string | null;
}

/** The blob of a wanted file before and after; null where there was none. */
export interface BlobChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Two versions of a folder; null where there was none. */
export interface TreePair {
  readonly before: string | null;
  readonly after: string | null;
}

const levelsMax = 200;
/** A folder of 100,000 manifests is about 6 MB; its entries are bounded above all the same. */
const treeLimitBytes = 32 * 1024 * 1024;

/**
 * The changes of each pair, in the order of the pairs; null where more than `entriesMax` entries would be looked at.
 * A tree that names another many times over is a few hundred bytes in Git and any number of entries: `git log --raw`
 * holds all of them in memory before it writes the first, so it is done here.
 */
export async function diffTrees(
  mirror: Mirror,
  pairs: readonly TreePair[],
  scope: DiffScope,
  entriesMax: number,
): Promise<Result<readonly (readonly BlobChange[])[] | null>> {
  const changes = pairs.map((): BlobChange[] => []);
  const folder = scope.folder === '' ? '' : `${scope.folder}/`;
  let level = pairs.map((pair, index): Visit => ({ ...pair, index, prefix: Buffer.from(folder) }));
  let entries = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    const trees = await readTrees(mirror, level, entriesMax - entries);
    if (!trees.ok) return trees;
    if (trees.value === null || depth === levelsMax) return ok(null);
    const next: Visit[] = [];
    for (const visit of level) {
      const before = entriesOf(trees.value, visit.before);
      const after = entriesOf(trees.value, visit.after);
      entries += before.size + after.size;
      if (entries > entriesMax) return ok(null);
      compare(visit, before, after, scope, changes[visit.index] ?? [], next);
    }
    level = next;
  }
  return ok(changes);
}

/** A pair of folders still to be compared: for which question, and where they lie. */
interface Visit extends TreePair {
  readonly index: number;
  readonly prefix: Buffer;
}

interface Entry {
  readonly mode: string;
  readonly id: string;
  readonly name: Buffer;
}

/** By the bytes of the name, one character for each. */
type Entries = ReadonlyMap<string, Entry>;

const none: Entries = new Map();
const folderMode = '40000';

function entriesOf(trees: ReadonlyMap<string, Entries>, id: string | null): Entries {
  return id === null ? none : (trees.get(id) ?? none);
}

/** Notes what differs between two folders, and which folders in them are to be compared next. */
function compare(
  visit: Visit,
  before: Entries,
  after: Entries,
  scope: DiffScope,
  changes: BlobChange[],
  next: Visit[],
): void {
  for (const [name, { name: bytes }] of new Map([...before, ...after])) {
    const was = before.get(name);
    const is = after.get(name);
    if (was?.id === is?.id && was?.mode === is?.mode) continue;
    const path = Buffer.concat([visit.prefix, bytes]);
    const tree: TreePair = { before: idIf(was, isFolder), after: idIf(is, isFolder) };
    if (tree.before !== tree.after) {
      next.push({ ...tree, index: visit.index, prefix: Buffer.concat([path, Buffer.from('/')]) });
    }
    const blob: TreePair = { before: idIf(was, isFile), after: idIf(is, isFile) };
    if (blob.before === blob.after) continue;
    const picked = scope.pick(path);
    if (picked !== null) changes.push({ ...blob, path: picked });
  }
}

function isFolder({ mode }: Entry): boolean {
  return mode === folderMode;
}

function isFile({ mode }: Entry): boolean {
  return isRegularFile(mode);
}

function idIf(entry: Entry | undefined, matches: (entry: Entry) => boolean): string | null {
  return entry !== undefined && matches(entry) ? entry.id : null;
}

/** Ends the reading of trees; never leaves this file. */
class TooManyEntries extends Error {}

/** The trees of one level, each read once; null where they hold more entries than are left. */
async function readTrees(
  mirror: Mirror,
  level: readonly Visit[],
  entriesLeft: number,
): Promise<Result<ReadonlyMap<string, Entries> | null>> {
  const ids = new Set(level.flatMap(({ before, after }) => [before, after].filter((id) => id !== null)));
  const infos = await inspectObjects(mirror, [...ids]);
  if (!infos.ok) return infos;
  if (infos.value.some((info) => info !== null && info.sizeBytes > treeLimitBytes)) return ok(null);
  const trees = new Map<string, Entries>();
  let left = entriesLeft;
  try {
    const read = await readObjects(
      mirror,
      [...ids],
      { type: 'tree', limitBytes: treeLimitBytes },
      (id, bytes) => {
        const entries = parseTree(bytes, id.length / 2);
        left -= entries.size;
        if (left < 0) throw new TooManyEntries();
        trees.set(id, entries);
      },
    );
    if (!read.ok) return read;
  } catch (error) {
    if (error instanceof TooManyEntries) return ok(null);
    throw error;
  }
  if (trees.size < ids.size) return failed(brokenMirror(mirror, 'a tree is missing'));
  return ok(trees);
}

/** `<mode> SP <name> NUL <id as bytes>`, again and again: Git's own form of a tree. */
function parseTree(bytes: Buffer, idBytes: number): Entries {
  const entries = new Map<string, Entry>();
  for (let start = 0; start < bytes.length; ) {
    const space = bytes.indexOf(0x20, start);
    const end = bytes.indexOf(0, space);
    const mode = bytes.toString('latin1', start, space);
    const name = Buffer.from(bytes.subarray(space + 1, end));
    start = end + 1 + idBytes;
    entries.set(name.toString('latin1'), { mode, name, id: bytes.toString('hex', end + 1, start) });
  }
  return entries;
}
