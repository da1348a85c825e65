/** Many files read by several threads, and handed back as if one had read them. */
import { Worker } from 'node:worker_threads';
import type { DocumentLimits } from '../lib/document.ts';
import { BugError, type Result } from '../lib/faults.ts';
import type { Part } from './parts.ts';
import type { FoundFile } from './work-tree.ts';

/** Chunks that a thread has at a time: it reads one while the answer to the other is taken. */
const chunksPerThread = 2;

/**
 * Reads the chunks with so many threads; what is read comes chunk by chunk, in the order of the chunks. After a chunk with
 * a fault, or once `stop` aborts, no other is begun. A thread that fails is a bug, and rejects with it: what it
 * should have read is never left out. No thread outlives the call.
 */
export async function readInThreads(
  chunks: readonly (readonly FoundFile[])[],
  limits: DocumentLimits,
  threads: number,
  stop: AbortSignal,
  onRead: (files: number) => void,
): Promise<Result<Part>[]> {
  const read: Result<Part>[][] = [];
  const workers: Worker[] = [];
  let begun = 0;
  let isOver = false;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./tree-worker.js', import.meta.url), {
        workerData: limits,
        // What a file becomes is short-lived here: with the usual size, two threads were slower than one.
        resourceLimits: { maxYoungGenerationSizeMb: 64 },
      });
      workers.push(worker);
      const waiting: number[] = [];
      const feed = (): void => {
        while (!isOver && !stop.aborted && waiting.length < chunksPerThread && begun < chunks.length) {
          waiting.push(begun);
          worker.postMessage(chunks[begun]);
          begun += 1;
        }
        if (waiting.length === 0) resolve();
      };
      worker.on('message', (parts: Result<Part>[]) => {
        const index = waiting.shift() ?? 0;
        read[index] = parts;
        onRead(parts.length);
        if (parts.at(-1)?.ok === false) isOver = true;
        feed();
      });
      worker.on('error', (error) => reject(new BugError('a reading thread failed', { cause: error })));
      worker.on('exit', () => reject(new BugError('a reading thread ended before its work did')));
      feed();
    });
  const ended = new AbortController();
  const stopped = new Promise((resolve) => {
    stop.addEventListener('abort', resolve, { signal: ended.signal });
  });
  try {
    await Promise.race([
      stopped,
      Promise.all(Array.from({ length: Math.min(threads, chunks.length) }, work)),
    ]);
  } finally {
    isOver = true;
    ended.abort();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return read.flat();
}
