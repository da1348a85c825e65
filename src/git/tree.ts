import type { CommitId } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { Mirror } from './home.ts';
import { explainLocal, runLocal } from './mirror.ts';
import { folderMode } from './modes.ts';
import { brokenMirror } from './object-reader.ts';
import { succeeded } from './process.ts';
import { cutRecords, LongRecordError, RecordError } from './records.ts';

/** One entry of a tree, read by object id. */
export interface TreeEntry {
  /** 100644 and 100755 files, 120000 symbolic links, 160000 gitlinks, 040000 folders. */
  readonly mode: string;
  readonly id: string;
  /** Null for what is no blob. */
  readonly sizeBytes: number | null;
  /** From the root of the repository, as the bytes it has there. */
  readonly path: Buffer;
}

const listTimeoutMs = 5 * 60_000;
/** What `ls-tree -l` writes before a path, and the longest path that git itself takes. */
const entryLimitBytes = 4096 + 128;

/** The entry of one folder at a commit; null where there is none. The empty path is the commit's whole tree. */
export async function findEntry(
  mirror: Mirror,
  head: CommitId,
  path: string,
): Promise<Result<TreeEntry | null>> {
  if (path === '') return findRoot(mirror, head);
  const listed = await list(mirror, ['-l', '--', head, path], '', 1);
  if (!listed.ok) return listed;
  return ok(listed.value.find((entry) => entry.path.toString('utf8') === path) ?? null);
}

async function findRoot(mirror: Mirror, head: CommitId): Promise<Result<TreeEntry | null>> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${head}^{tree}`];
  const result = await runLocal(mirror, args);
  if (!succeeded(result)) return failed(explainLocal(result, `reading the tree of ${head}`));
  const id = result.stdout.toString('latin1').trim();
  return ok({ mode: folderMode, id, sizeBytes: null, path: Buffer.alloc(0) });
}

/**
 * Every entry below a tree, folders themselves left out, in the order of their paths; paths begin with `folder`.
 * Fault: SG3030, more than `entriesMax`.
 */
export function listTree(
  mirror: Mirror,
  treeId: string,
  folder: string,
  entriesMax: number,
): Promise<Result<readonly TreeEntry[]>> {
  return list(mirror, ['-r', '-l', '--', treeId], folder === '' ? '' : `${folder}/`, entriesMax);
}

/** Thrown into the reading to end it; never leaves this file. */
class TooManyEntries extends Error {}

async function list(
  mirror: Mirror,
  args: readonly string[],
  prefix: string,
  entriesMax: number,
): Promise<Result<readonly TreeEntry[]>> {
  const entries: TreeEntry[] = [];
  const start = Buffer.from(prefix, 'utf8');
  const records = cutRecords(0, (record) => {
    if (entries.length === entriesMax) throw new TooManyEntries();
    entries.push(parseEntry(record, start));
  });
  const result = await runLocal(mirror, ['ls-tree', '-z', '--full-tree', ...args], {
    stdoutLimitBytes: (entriesMax + 1) * entryLimitBytes,
    timeoutMs: listTimeoutMs,
    onStdout: records.push,
  });
  if (result.readerError instanceof TooManyEntries) return failed(entriesFault(prefix, entriesMax));
  if (result.readerError instanceof LongRecordError) return failed(longPathFault(prefix));
  if (result.readerError instanceof RecordError)
    return failed(brokenMirror(mirror, result.readerError.message));
  if (result.stopped === 'reader') throw result.readerError;
  if (!succeeded(result)) return failed(explainLocal(result, 'listing the source', listTimeoutMs));
  return records.complete() ? ok(entries) : failed(brokenMirror(mirror, 'its listing is cut short'));
}

/** `<mode> SP <type> SP <id> SP+ <size or -> TAB <path>`. */
function parseEntry(record: Buffer, prefix: Buffer): TreeEntry {
  const tab = record.indexOf(0x09);
  const [mode, , id, size] = record.subarray(0, tab).toString('latin1').split(/ +/);
  if (tab < 0 || mode === undefined || id === undefined || size === undefined) {
    throw new RecordError('git wrote a tree entry of another form');
  }
  const path = Buffer.concat([prefix, record.subarray(tab + 1)]);
  return { mode, id, sizeBytes: size === '-' ? null : Number(size), path };
}

function longPathFault(prefix: string) {
  return fault(
    'SG3034',
    'human',
    `the source holds a path longer than can be read, below ${prefix === '' ? 'its root' : prefix}`,
    'remove the nested folders from the branch',
  );
}

function entriesFault(prefix: string, entriesMax: number) {
  return fault(
    'SG3030',
    'human',
    `the source holds more than ${entriesMax} entries below ${prefix === '' ? 'its root' : prefix}`,
    'remove what is no manifest, or raise source.limits.files',
  );
}
