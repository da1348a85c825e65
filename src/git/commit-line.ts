import type { CommitId } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import type { Mirror } from './home.ts';
import { explainLocal, runLocal } from './mirror.ts';
import { brokenMirror } from './object-reader.ts';
import { succeeded } from './process.ts';
import { cutRecords } from './records.ts';

/**
 * The first-parent line from the root to a head, by position: the root has position 1, the head `timesMs.length`.
 * A commit's position depends on nothing but the commit.
 */
export interface CommitLine {
  readonly head: CommitId;
  /** At index position - 1 the committer date, never earlier than any before it on the line. */
  readonly timesMs: readonly number[];
  /** Whether the line that was known before is the beginning of this one. */
  readonly continues: boolean;
}

/** A million commits take about 6 s once; afterwards only new ones are read. */
const lineTimeoutMs = 5 * 60_000;
/** Id, parents and date of ten million commits: more history than any repository of manifests will have. */
const lineOutputBytes = 2 * 1024 * 1024 * 1024;

/** The line to `head`, read anew only from where `known` ends, if that is on it. */
export async function readLine(
  mirror: Mirror,
  head: CommitId,
  known: CommitLine | null,
): Promise<Result<CommitLine>> {
  if (known?.head === head) return ok({ ...known, continues: true });
  if (known !== null) {
    const added = await readTimes(mirror, [head, `^${known.head}`]);
    if (!added.ok) return added;
    // Only where the oldest new commit stands on the known head is that head on the line: it may have been merged in.
    if (added.value.oldestParent === known.head) {
      return ok({ head, timesMs: extend(known.timesMs, added.value.timesMs), continues: true });
    }
  }
  const all = await readTimes(mirror, [head]);
  if (!all.ok) return all;
  return ok({ head, timesMs: extend([], all.value.timesMs), continues: false });
}

function extend(olderMs: readonly number[], newestFirstMs: readonly number[]): readonly number[] {
  const timesMs = olderMs.slice();
  let floorMs = timesMs.at(-1) ?? 0;
  for (let index = newestFirstMs.length - 1; index >= 0; index -= 1) {
    floorMs = Math.max(floorMs, newestFirstMs[index] ?? 0);
    timesMs.push(floorMs);
  }
  return timesMs;
}

interface Times {
  /** Newest first. */
  readonly timesMs: readonly number[];
  readonly oldestParent: string;
}

async function readTimes(mirror: Mirror, range: readonly string[]): Promise<Result<Times>> {
  const timesMs: number[] = [];
  let oldestParent = '';
  // Only the first of the parents is wanted, and a commit may have any number of them.
  const lines = cutRecords(
    0x0a,
    (line) => {
      const [time, parent] = line.toString('latin1').split(' ');
      const timeMs = Number(time) * 1000;
      // A date that is no number says nothing; the clamp gives it its parent's.
      timesMs.push(Number.isSafeInteger(timeMs) ? timeMs : 0);
      oldestParent = parent ?? '';
    },
    'cut',
  );
  const result = await runLocal(
    mirror,
    ['log', '--first-parent', '--format=tformat:%ct %P', ...range, '--'],
    {
      stdoutLimitBytes: lineOutputBytes,
      timeoutMs: lineTimeoutMs,
      onStdout: lines.push,
    },
  );
  if (result.stopped === 'reader') throw result.readerError;
  if (!succeeded(result)) return failed(explainLocal(result, 'reading the history', lineTimeoutMs));
  if (!lines.complete()) return failed(brokenMirror(mirror, 'its history is cut short'));
  return ok({ timesMs, oldestParent });
}
