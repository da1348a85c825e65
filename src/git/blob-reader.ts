import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { Mirror } from './home.ts';
import { explainLocal, runLocal } from './mirror.ts';
import { succeeded } from './process.ts';
import { cutRecords, RecordError } from './records.ts';

/** 100,000 small blobs take about 5 s here; on a slow disk, and with the parsing in between, far longer. */
const readTimeoutMs = 10 * 60_000;
/** An id, a type, a size and a line end. */
const headerBytes = 128;

/**
 * Reads blobs by id and hands out each as it comes, whole. The caller knows that none is larger than `limitBytes`;
 * one that is all the same ends the reading. Faults: SG3033 for an object that is not here, and git's own.
 */
export async function readBlobs(
  mirror: Mirror,
  ids: readonly string[],
  limitBytes: number,
  onBlob: (id: string, bytes: Buffer) => void,
): Promise<Result<null>> {
  if (ids.length === 0) return ok(null);
  const reader = batchReader(limitBytes, onBlob);
  const result = await runLocal(mirror, ['cat-file', '--batch', '--buffer'], {
    input: `${ids.join('\n')}\n`,
    stdoutLimitBytes: ids.length * (limitBytes + headerBytes),
    timeoutMs: readTimeoutMs,
    onStdout: reader.push,
  });
  if (result.stopped === 'reader') return failed(readerFault(mirror, result.readerError));
  if (!succeeded(result)) return failed(explainLocal(result, 'reading files from the mirror', readTimeoutMs));
  if (reader.count() !== ids.length)
    return failed(brokenMirror(mirror, 'git gave fewer files than were asked for'));
  return ok(null);
}

/** The sizes of blobs in bytes; what is not here or no blob has none. */
export async function sizeBlobs(
  mirror: Mirror,
  ids: readonly string[],
): Promise<Result<ReadonlyMap<string, number>>> {
  const sizes = new Map<string, number>();
  if (ids.length === 0) return ok(sizes);
  const lines = cutRecords(0x0a, (line) => {
    const [id, type, size] = line.toString('latin1').split(' ');
    if (id !== undefined && type === 'blob' && size !== undefined) sizes.set(id, Number(size));
  });
  const result = await runLocal(mirror, ['cat-file', '--batch-check', '--buffer'], {
    input: `${ids.join('\n')}\n`,
    stdoutLimitBytes: ids.length * headerBytes,
    timeoutMs: readTimeoutMs,
    onStdout: lines.push,
  });
  if (!succeeded(result)) return failed(explainLocal(result, 'sizing files in the mirror', readTimeoutMs));
  return ok(sizes);
}

/** What SG3033 says: our copy lacks what it should hold; the next fetch makes it anew. */
export function brokenMirror(mirror: Mirror, reason: string) {
  return fault(
    'SG3033',
    'retry',
    `the mirror ${mirror.dir} is damaged: ${reason}`,
    'it is made anew at the next fetch; check the disk if it happens again',
  );
}

/** An exception that is not of the reading is a bug of ours and goes on as one. */
function readerFault(mirror: Mirror, error: unknown) {
  if (error instanceof RecordError) return brokenMirror(mirror, error.message);
  throw error;
}

/** The answer of `cat-file --batch`: a header line, so many bytes, a line end; again. */
function batchReader(limitBytes: number, onBlob: (id: string, bytes: Buffer) => void) {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let current: { readonly id: string; readonly sizeBytes: number } | null = null;
  let count = 0;

  const take = (bytes: number): Buffer => {
    const all = pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending);
    pending = all.length > bytes ? [all.subarray(bytes)] : [];
    pendingBytes -= bytes;
    return all.subarray(0, bytes);
  };
  const step = (): boolean => {
    if (current !== null) {
      if (pendingBytes < current.sizeBytes + 1) return false;
      const { id, sizeBytes } = current;
      current = null;
      count += 1;
      onBlob(id, take(sizeBytes + 1).subarray(0, sizeBytes));
      return true;
    }
    const end = lineEnd(pending);
    if (end < 0) {
      if (pendingBytes > headerBytes) throw new RecordError('git wrote a header without an end');
      return false;
    }
    current = parseHeader(take(end + 1).toString('latin1'), limitBytes);
    return true;
  };
  return {
    push: (chunk: Buffer): void => {
      pending.push(chunk);
      pendingBytes += chunk.length;
      while (step());
    },
    count: () => count,
  };
}

/** Looks at the first piece alone where it can: a header is seldom cut. */
function lineEnd(pending: readonly Buffer[]): number {
  let offset = 0;
  for (const piece of pending) {
    const end = piece.indexOf(0x0a);
    if (end >= 0) return offset + end;
    offset += piece.length;
  }
  return -1;
}

function parseHeader(line: string, limitBytes: number): { readonly id: string; readonly sizeBytes: number } {
  const [id, type, size] = line.trimEnd().split(' ');
  const sizeBytes = Number(size);
  if (id === undefined || type !== 'blob' || !Number.isSafeInteger(sizeBytes)) {
    throw new RecordError(`git has no blob ${String(id)}: ${String(type)}`);
  }
  if (sizeBytes > limitBytes) throw new RecordError(`the blob ${id} is larger than its tree said`);
  return { id, sizeBytes };
}
