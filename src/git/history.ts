import type { CommitId } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import { brokenMirror } from './blob-reader.ts';
import type { Mirror } from './home.ts';
import { isObjectId } from './local-read.ts';
import { explainLocal, runLocal } from './mirror.ts';
import { succeeded } from './process.ts';
import { cutRecords, RecordError } from './records.ts';
import { isExcluded, isRegularFile } from './source-files.ts';
import type { SourceLayout } from './source-path.ts';
import { judgePath } from './source-path.ts';

/** What one commit did to the manifests, seen from its first parent. */
export interface HistoryStep {
  readonly commit: CommitId;
  readonly firstParent: CommitId | null;
  /** `Name <email>` as written there: hostile text. */
  readonly author: string;
  readonly changes: readonly BlobChange[];
}

/** The blob of a manifest before and after; null where it was no manifest, or not there. */
export interface BlobChange {
  readonly before: string | null;
  readonly after: string | null;
}

export interface HistoryPage {
  /** Newest first. */
  readonly steps: readonly HistoryStep[];
  /** Whether the page ended early because one commit changes more entries than may be held. */
  readonly overflow: boolean;
}

const pageTimeoutMs = 5 * 60_000;
/** Keeps a page below about 100 MB; a commit that alone changes more ends what can be known of the past. */
const pageEntriesMax = 400_000;
/** More than any page writes: entries of 4 KiB paths, were they all so long. */
const pageOutputBytes = 4 * 1024 * 1024 * 1024;

/** Thrown into the reading to end it; never leaves this file. */
class PageFull extends Error {}

/**
 * The commits of the first-parent line from `from` back, at most `count`, each with its changes to manifests. A merge
 * counts as its difference to the first parent; a rename is a file gone and a file come.
 */
export async function readHistory(
  mirror: Mirror,
  from: CommitId,
  layout: SourceLayout,
  count: number,
): Promise<Result<HistoryPage>> {
  const parser = parsePage(layout);
  const records = cutRecords(0, parser.onRecord);
  const args = ['log', '--first-parent', '--sparse', '--diff-merges=first-parent', '--raw', '-z', ...logForm];
  const paths = layout.path === '' ? [] : [layout.path];
  const result = await runLocal(mirror, [...args, '-n', String(count), from, '--', ...paths], {
    stdoutLimitBytes: pageOutputBytes,
    timeoutMs: pageTimeoutMs,
    onStdout: records.push,
  });
  if (result.readerError instanceof PageFull) {
    const steps = parser.complete();
    return ok({ steps, overflow: steps.length === 0 });
  }
  if (result.readerError instanceof RecordError)
    return failed(brokenMirror(mirror, result.readerError.message));
  if (result.stopped === 'reader') throw result.readerError;
  if (!succeeded(result)) return failed(explainLocal(result, 'reading the history', pageTimeoutMs));
  return ok({ steps: parser.all(), overflow: false });
}

const logForm = ['--no-renames', '--no-abbrev', '--no-color', '--format=tformat:%H%x00%P%x00%an <%ae>'];

/**
 * With -z, each commit is three records of ours, then for each entry a record `:modes ids status` and one with its
 * path. Nothing that others wrote can look like a record: no name and no path holds a NUL.
 */
function parsePage(layout: SourceLayout) {
  const steps: { commit: CommitId; firstParent: CommitId | null; author: string; changes: BlobChange[] }[] =
    [];
  let entries = 0;
  let expected: 'commit' | 'parents' | 'author' | 'path' = 'commit';
  let header = '';

  const onEntry = (path: Buffer): void => {
    entries += 1;
    if (entries > pageEntriesMax) throw new PageFull();
    const change = parseChange(header, path, layout);
    if (change !== null) steps.at(-1)?.changes.push(change);
  };
  const onCommit = (text: string): void => {
    if (!isObjectId(text)) throw new RecordError('git wrote a history of another form');
    steps.push({ commit: text, firstParent: null, author: '', changes: [] });
  };
  return {
    onRecord: (record: Buffer): void => {
      const step = steps.at(-1);
      if (expected === 'path') {
        onEntry(record);
        expected = 'commit';
      } else if (expected === 'author' && step !== undefined) {
        step.author = record.toString('utf8');
        expected = 'commit';
      } else if (expected === 'parents' && step !== undefined) {
        const first = record.toString('latin1').split(' ')[0];
        step.firstParent = first === undefined || first === '' ? null : first;
        expected = 'author';
      } else {
        const text = record.toString('latin1').trimStart();
        const isEntry = text.startsWith(':');
        if (isEntry) header = text;
        else onCommit(text);
        expected = isEntry ? 'path' : 'parents';
      }
    },
    all: (): readonly HistoryStep[] => steps,
    /** Without the last one, whose changes may go on. */
    complete: (): readonly HistoryStep[] => steps.slice(0, -1),
  };
}

/** `:<mode before> <mode after> <id before> <id after> <status>`. */
function parseChange(header: string, path: Buffer, layout: SourceLayout): BlobChange | null {
  const [modeBefore, modeAfter, before, after] = header.slice(1).split(' ');
  if (modeBefore === undefined || modeAfter === undefined || before === undefined || after === undefined) {
    throw new RecordError('git wrote a change of another form');
  }
  const verdict = judgePath(path);
  if (verdict.kind !== 'manifest' || isExcluded(verdict.path, layout)) return null;
  return {
    before: isRegularFile(modeBefore) ? before : null,
    after: isRegularFile(modeAfter) ? after : null,
  };
}
