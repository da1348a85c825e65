import type { CommitId } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import type { Mirror } from './home.ts';
import { isObjectId } from './local-read.ts';
import { explainLocal, runLocal } from './mirror.ts';
import { brokenMirror, inspectObjects } from './object-reader.ts';
import { succeeded } from './process.ts';
import { cutRecords, RecordError } from './records.ts';
import type { BlobChange, DiffScope, TreePair } from './tree-diff.ts';
import { diffTrees } from './tree-diff.ts';

/** A commit of the first-parent line. */
interface LineCommit {
  readonly commit: CommitId;
  readonly firstParent: CommitId | null;
}

/** What one commit did to the files that are wanted, seen from its first parent. */
export interface HistoryStep extends LineCommit {
  readonly changes: readonly BlobChange[];
}

/** Most questions are about the newest commits: the first page of a walk is small, and each further one larger. */
export const pageSizes = { first: 16, most: 512 } as const;

const logTimeoutMs = 5 * 60_000;
/** Passed through and not kept: a page is at most 512 commits, and one may have any number of parents. */
const logOutputBytes = 2 * 1024 * 1024 * 1024;

/**
 * The commits of the first-parent line from `from` back, newest first, at most `count`, each with its changes to
 * the files in scope. A merge counts as its difference to the first parent; a rename is a file gone and a file come.
 * Null where so many commits change more than `entriesMax` entries: fewer may not, and of one alone that does nothing
 * can be known.
 */
export async function readHistory(
  mirror: Mirror,
  from: CommitId,
  scope: DiffScope,
  count: number,
  entriesMax: number,
): Promise<Result<readonly HistoryStep[] | null>> {
  const commits = await readCommits(mirror, from, count);
  if (!commits.ok) return commits;
  const pairs = await findFolders(mirror, commits.value, scope.folder);
  if (!pairs.ok) return pairs;
  const changed = pairs.value.filter(({ before, after }) => before !== after);
  const diffs = await diffTrees(mirror, changed, scope, entriesMax);
  if (!diffs.ok || diffs.value === null) return diffs.ok ? ok(null) : diffs;
  const changesOf = new Map(changed.map((pair, index) => [pair, diffs.value?.[index] ?? []]));
  return ok(
    commits.value.map((commit, index) => {
      const pair = pairs.value[index];
      return { ...commit, changes: pair === undefined ? [] : (changesOf.get(pair) ?? []) };
    }),
  );
}

async function readCommits(
  mirror: Mirror,
  from: CommitId,
  count: number,
): Promise<Result<readonly LineCommit[]>> {
  const commits: LineCommit[] = [];
  const fields: string[] = [];
  // Of any number of parents the first is enough.
  const records = cutRecords(
    0,
    (record) => {
      fields.push(record.toString('utf8').trimStart());
      const [commit, parents] = fields;
      if (commit === undefined || parents === undefined) return;
      fields.length = 0;
      const firstParent = parents.split(' ')[0] ?? '';
      if (!isObjectId(commit)) throw new RecordError('git wrote a history of another form');
      commits.push({ commit, firstParent: firstParent === '' ? null : firstParent });
    },
    'cut',
  );
  const form = ['--no-color', '-z', '--format=tformat:%H%x00%P'];
  const result = await runLocal(mirror, ['log', '--first-parent', ...form, '-n', String(count), from, '--'], {
    stdoutLimitBytes: logOutputBytes,
    timeoutMs: logTimeoutMs,
    onStdout: records.push,
  });
  if (result.readerError instanceof RecordError)
    return failed(brokenMirror(mirror, result.readerError.message));
  if (result.stopped === 'reader') throw result.readerError;
  if (!succeeded(result)) return failed(explainLocal(result, 'reading the history', logTimeoutMs));
  return records.complete() ? ok(commits) : failed(brokenMirror(mirror, 'its history is cut short'));
}

/** The folder in each commit and in its first parent. */
async function findFolders(
  mirror: Mirror,
  commits: readonly LineCommit[],
  path: string,
): Promise<Result<readonly TreePair[]>> {
  const oldest = commits.at(-1)?.firstParent ?? null;
  const named = [...commits.map(({ commit }) => commit), ...(oldest === null ? [] : [oldest])];
  const infos = await inspectObjects(
    mirror,
    named.map((commit) => (path === '' ? `${commit}^{tree}` : `${commit}:${path}`)),
  );
  if (!infos.ok) return infos;
  // A file or a link in the folder's place holds no files of ours.
  const folders = infos.value.map((info) => (info?.type === 'tree' ? info.id : null));
  return ok(
    commits.map((_commit, index) => ({ after: folders[index] ?? null, before: folders[index + 1] ?? null })),
  );
}
