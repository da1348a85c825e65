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

/** What is read: objects of one type, none larger than the limit; the caller has seen to that. */
export interface ObjectKind {
  readonly type: 'blob' | 'tree';
  readonly limitBytes: number;
}

/**
 * Reads objects by id and hands out each as it comes, whole. One that is larger or of another type ends the reading.
 * Faults: SG3033 for an object that is not here, and git's own. What `onObject` throws, this rejects with.
 */
export async function readObjects(
  mirror: Mirror,
  ids: readonly string[],
  kind: ObjectKind,
  onObject: (id: string, bytes: Buffer) => void,
): Promise<Result<null>> {
  if (ids.length === 0) return ok(null);
  const { limitBytes } = kind;
  const reader = batchReader(kind, onObject);
  const result = await runLocal(mirror, ['cat-file', '--batch', '--buffer'], {
    input: `${ids.join('\n')}\n`,
    stdoutLimitBytes: ids.length * (limitBytes + headerBytes),
    timeoutMs: readTimeoutMs,
    onStdout: reader.push,
  });
  if (result.stopped === 'reader') return failed(readerFault(mirror, result.readerError));
  if (!succeeded(result)) return failed(explainLocal(result, 'reading the mirror', readTimeoutMs));
  if (reader.count() !== ids.length)
    return failed(brokenMirror(mirror, 'git gave fewer objects than were asked for'));
  return ok(null);
}

export interface ObjectInfo {
  readonly id: string;
  readonly type: string;
  readonly sizeBytes: number;
}

/**
 * What each name (an id, or `commit:path`) stands for, in their order; null for what is not here. No name holds a
 * line end: the caller has seen to that.
 */
export async function inspectObjects(
  mirror: Mirror,
  names: readonly string[],
): Promise<Result<readonly (ObjectInfo | null)[]>> {
  const found: (ObjectInfo | null)[] = [];
  if (names.length === 0) return ok(found);
  const lines = cutRecords(0x0a, (line) => found.push(parseInfo(line.toString('utf8'))));
  const result = await runLocal(mirror, ['cat-file', '--batch-check', '--buffer'], {
    input: `${names.join('\n')}\n`,
    stdoutLimitBytes: names.reduce((sum, name) => sum + Buffer.byteLength(name) + headerBytes, 0),
    timeoutMs: readTimeoutMs,
    onStdout: lines.push,
  });
  if (result.stopped === 'reader') return failed(readerFault(mirror, result.readerError));
  if (!succeeded(result)) return failed(explainLocal(result, 'looking at the mirror', readTimeoutMs));
  if (found.length !== names.length) return failed(brokenMirror(mirror, 'git answered less than was asked'));
  return ok(found);
}

/** `<id> <type> <size>`, or the name as it was asked with a word of why not. */
function parseInfo(line: string): ObjectInfo | null {
  const [, id, type, size] = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) ([0-9]+)$/.exec(line) ?? [];
  if (id === undefined || type === undefined || size === undefined) return null;
  return { id, type, sizeBytes: Number(size) };
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
function batchReader(kind: ObjectKind, onObject: (id: string, bytes: Buffer) => void) {
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
      onObject(id, take(sizeBytes + 1).subarray(0, sizeBytes));
      return true;
    }
    const end = lineEnd(pending);
    if (end < 0) {
      if (pendingBytes > headerBytes) throw new RecordError('git wrote a header without an end');
      return false;
    }
    current = parseHeader(take(end + 1).toString('latin1'), kind);
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

function parseHeader(line: string, kind: ObjectKind): { readonly id: string; readonly sizeBytes: number } {
  const found = parseInfo(line.trimEnd());
  if (found?.type !== kind.type)
    throw new RecordError(`there is no ${kind.type} where one should be: ${line.trimEnd()}`);
  if (found.sizeBytes > kind.limitBytes)
    throw new RecordError(`the ${kind.type} ${found.id} is larger than it may be`);
  return found;
}
