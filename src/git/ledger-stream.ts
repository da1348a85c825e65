/** Two parsers of what git prints, fed with pieces cut anywhere; what they hold is bounded whatever is pushed in. */
import type { RawChange, RawCommit } from './ledger-chain.ts';

/** A good path has 80 bytes; beyond this a commit is told as it is so far, and fails its checks. */
const tokenBytesMax = 8192;
/** One is right and two are wrong already. */
const changesMax = 16;

interface StreamParser {
  /** Throws on what is not git's output, and whatever its callbacks throw. */
  readonly push: (chunk: Buffer) => void;
  readonly end: () => void;
}

/**
 * Parses `git log --raw -z --no-abbrev --format='tformat:commit %H %P'`: for each commit its line, ended by NUL, then
 * for each change `:modes blobs status`, NUL, path, NUL. A path is always where one is due, so that no name of a
 * file can pretend to be a commit.
 */
export function createRawLogParser(onCommit: (commit: RawCommit) => void): StreamParser {
  let rest: Buffer = Buffer.alloc(0);
  let commit: { commit: string; parents: string[]; changes: RawChange[] } | null = null;
  let change: Omit<RawChange, 'path'> | null = null;

  const flush = (): void => {
    const whole = commit;
    commit = null;
    if (whole !== null) onCommit(whole);
  };
  const takePath = (path: string): void => {
    if (commit === null || change === null) throw new Error('a path before its commit');
    commit.changes.push({ ...change, path });
    change = null;
    if (commit.changes.length >= changesMax) flush();
  };
  const take = (token: string): void => {
    if (change !== null) {
      takePath(token);
      return;
    }
    const text = token.startsWith('\n') ? token.slice(1) : token;
    if (text.startsWith(':') && commit !== null) {
      change = parseChange(text);
      return;
    }
    flush();
    const [word, id, ...parents] = text.trimEnd().split(' ');
    if (word !== 'commit' || id === undefined || !isObjectId(id))
      throw new Error('not the output of git log');
    commit = { commit: id, parents: parents.filter((parent) => parent !== ''), changes: [] };
  };

  return {
    push: (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = rest.indexOf(0, start); end !== -1; end = rest.indexOf(0, start)) {
        take(rest.toString('latin1', start, end));
        start = end + 1;
      }
      rest = rest.subarray(start);
      if (rest.length <= tokenBytesMax) return;
      take(rest.toString('latin1', 0, tokenBytesMax));
      flush();
      throw new Error('a line of git log without an end');
    },
    end: () => {
      if (rest.length > 0 || change !== null) throw new Error('the output of git log is cut off');
      flush();
    },
  };
}

function parseChange(text: string): Omit<RawChange, 'path'> {
  const match = /^:(\d{6}) (\d{6}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([A-Z])\d*$/.exec(text);
  const [, oldMode, mode, , blob, status] = match ?? [];
  if (oldMode === undefined || mode === undefined || blob === undefined || status === undefined) {
    throw new Error('not a change of git log --raw');
  }
  return { oldMode, mode, blob, status };
}

function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

export interface BatchHandler {
  /** Before the content is kept: throwing here is how a blob that is too large is refused. */
  readonly onHeader: (id: string, sizeBytes: number) => void;
  readonly onContent: (content: Buffer) => void;
}

/** Parses `git cat-file --batch` of blobs. The output is complete when as many contents came as were asked for. */
export function createBatchParser(handler: BatchHandler): Pick<StreamParser, 'push'> {
  let pieces: Buffer[] = [];
  let heldBytes = 0;
  /** The header's size and the final newline; null while a header is awaited. */
  let neededBytes: number | null = null;

  const readHeader = (held: Buffer): Buffer | null => {
    const end = held.indexOf(0x0a);
    if (end === -1) {
      if (held.length > 256) throw new Error('not the output of git cat-file');
      return null;
    }
    const [, id, size] = /^([0-9a-f]{40,64}) blob (\d{1,15})$/.exec(held.toString('latin1', 0, end)) ?? [];
    if (id === undefined || size === undefined) throw new Error('not a blob');
    handler.onHeader(id, Number(size));
    neededBytes = Number(size) + 1;
    return held.subarray(end + 1);
  };

  return {
    push: (chunk) => {
      pieces.push(chunk);
      heldBytes += chunk.length;
      // The pieces of a large blob are joined once, when it is whole.
      if (neededBytes !== null && heldBytes < neededBytes) return;
      let held: Buffer = pieces.length === 1 ? chunk : Buffer.concat(pieces);
      for (;;) {
        if (neededBytes === null) {
          const content = readHeader(held);
          if (content === null) break;
          held = content;
        }
        if (neededBytes === null || held.length < neededBytes) break;
        handler.onContent(held.subarray(0, neededBytes - 1));
        held = held.subarray(neededBytes);
        neededBytes = null;
      }
      pieces = held.length === 0 ? [] : [held];
      heldBytes = held.length;
    },
  };
}
