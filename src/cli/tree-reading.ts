import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../lib/clock.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { BugError, failed, fault, ok, type Result } from '../lib/faults.ts';
import { type Part, readPartsNow } from './parts.ts';
import { startProgress } from './progress.ts';
import type { Surroundings } from './surroundings.ts';
import type { FoundFile } from './work-tree.ts';

/** A few milliseconds of work: a signal is heard that soon, and so many bytes are on their way between threads. */
const chunkFiles = 100;
/** Below it a thread costs more, to start and to load its parser, than it saves. */
const threadedFilesMin = 20_000;
/** Each holds a parser and what it reads; with more of them one thread cannot take their answers. */
const threadsMax = 8;

/**
 * Reads and parses the files of a work tree: what each is, in their order, by as many threads as gain something. Faults:
 * SG7002, of the first file that is named and cannot be read; SG7023.
 */
export async function readParts(
  files: readonly FoundFile[],
  limits: DocumentLimits,
  world: Pick<Surroundings, 'stop' | 'stderr' | 'env'>,
  threads = usualThreads(files.length),
): Promise<Result<readonly Part[]>> {
  const chunks = cut(files);
  const progress = startProgress('reading files', files.length, world, () => systemClock.monotonicMs());
  try {
    const read =
      threads > 1
        ? await (await import('./tree-threads.ts')).readInThreads(
            chunks,
            limits,
            threads,
            world.stop,
            progress.add,
          )
        : await readHere(chunks, limits, world.stop, progress.add);
    const parts: Part[] = [];
    for (const part of read) {
      if (!part.ok) return part;
      parts.push(part.value);
    }
    if (parts.length === files.length) return ok(parts);
    if (!world.stop.aborted) throw new BugError(`of ${files.length} files ${parts.length} were read`);
    return failed(interrupted(parts.length, files.length));
  } finally {
    progress.end();
  }
}

function usualThreads(files: number): number {
  return files < threadedFilesMin ? 1 : Math.min(availableParallelism(), threadsMax);
}

function cut(files: readonly FoundFile[]): FoundFile[][] {
  const chunks: FoundFile[][] = [];
  for (let start = 0; start < files.length; start += chunkFiles)
    chunks.push(files.slice(start, start + chunkFiles));
  return chunks;
}

async function readHere(
  chunks: readonly (readonly FoundFile[])[],
  limits: DocumentLimits,
  stop: AbortSignal,
  onRead: (files: number) => void,
): Promise<Result<Part>[]> {
  const read: Result<Part>[] = [];
  for (const chunk of chunks) {
    if (stop.aborted) break;
    const parts = readPartsNow(chunk, limits);
    for (const part of parts) read.push(part);
    if (parts.at(-1)?.ok === false) break;
    onRead(parts.length);
    if (chunks.length > 1) await setImmediate();
  }
  return read;
}

function interrupted(read: number, files: number) {
  const message = `asked to end: at least ${read} of ${files} files were read, and nothing was checked`;
  return fault('SG7023', 'retry', message, 'run the command again');
}
