/**
 * Reads the ledger out of the mirror: the commits by one `git log --raw`, their files by one `git cat-file --batch`,
 * both streamed, and stopped at the first thing that is not as it must be. 20,000 segments are two processes.
 */
import type { CommitId, LedgerSegment } from '../controller/ports.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { BugError, failed, fault, ok } from '../lib/faults.ts';
import type { GitContext } from './git-fault.ts';
import { explainGit } from './git-fault.ts';
import type { ChainEnd, ChainLink, RawCommit } from './ledger-chain.ts';
import { badRoot, checkLink, formatPath, tampering } from './ledger-chain.ts';
import { createBatchParser, createRawLogParser } from './ledger-stream.ts';
import type { Mirror } from './mirror.ts';
import { runLocal } from './mirror.ts';
import type { GitResult } from './process.ts';
import { succeeded } from './process.ts';

export interface LedgerLimits {
  /** Of one segment. A pass claims at most some hundred tasks of a few KB; larger is nothing that snowgate wrote. */
  readonly segmentBytes: number;
  /** Of all segments read at once: they are in memory together, once, at a start. */
  readonly ledgerBytes: number;
  /** Ten times the length up to which a push was measured not to grow slower; then the ledger is to be rotated. */
  readonly commits: number;
  /** For git to read the mirror; the disk is ours, so that more than this means that it hangs. */
  readonly readTimeoutMs: number;
}

export const ledgerLimits: LedgerLimits = {
  segmentBytes: 8 * 1024 * 1024,
  ledgerBytes: 512 * 1024 * 1024,
  commits: 200_000,
  readTimeoutMs: 120_000,
};

/** FORMAT is one short line; a megabyte of it is no ledger of ours. */
const formatBytesMax = 4096;

/** Halted: what is there breaks the rules. Failed: it could not be read, and nothing was learned. */
export interface ReadTrouble {
  readonly kind: 'halted' | 'failed';
  readonly fault: Fault;
}

/**
 * The commits from `last` (the root, where null) to `tip`, oldest first, each one checked. `tip` must descend from
 * `last`. Faults: SG4013 to SG4017 for a commit that breaks the rules, SG4019 for too many.
 */
export async function readChain(
  mirror: Mirror,
  last: ChainEnd,
  tip: CommitId,
  limits: LedgerLimits,
): Promise<Result<readonly ChainLink[], ReadTrouble>> {
  if (last?.commit === tip) return ok([]);
  const links: ChainLink[] = [];
  let end: ChainEnd = last;
  let found: Fault | null = null;
  const take = (raw: RawCommit): void => {
    const link = end !== null && end.height >= limits.commits ? tooLong(limits) : checkLink(end, raw);
    if ('code' in link) {
      found ??= link;
      throw new Error('stop reading');
    }
    links.push(link);
    end = link;
  };
  const parser = createRawLogParser(take);
  const range = last === null ? [tip] : [`^${last.commit}`, tip];
  const result = await runLocal(mirror, [...logArguments, ...range, '--'], {
    timeoutMs: limits.readTimeoutMs,
    // A commit of ours is some 200 bytes of it; a hostile one ends the reading long before this.
    stdoutLimitBytes: 16 * 1024 * 1024 * 1024,
    onStdout: parser.push,
  });
  if (found !== null) return failed({ kind: 'halted', fault: found });
  if (!succeeded(result)) return failed({ kind: 'failed', fault: explain(result, limits) });
  try {
    parser.end();
  } catch {
    if (found !== null) return failed({ kind: 'halted', fault: found });
    return failed({ kind: 'failed', fault: explain(result, limits) });
  }
  return ok(links);
}

/** Everything is said here that configuration could change; a merge shows no changes and two parents. */
const logArguments = [
  'log',
  '--reverse',
  '--topo-order',
  '--root',
  '--raw',
  '-r',
  '-z',
  '--no-abbrev',
  '--no-renames',
  '--no-ext-diff',
  '--no-color',
  '--no-show-signature',
  '--diff-merges=off',
  '--format=tformat:commit %H %P',
] as const;

/**
 * The files of checked commits, as text, in their order; the root's FORMAT is among them where `links` begins with
 * it. `last` is the commit below them. Faults: SG4018 too large or not UTF-8 (SG4013 for FORMAT), SG4019 too much
 * altogether.
 */
export async function readSegments(
  mirror: Mirror,
  last: ChainEnd,
  links: readonly ChainLink[],
  limits: LedgerLimits,
): Promise<Result<readonly LedgerSegment[], ReadTrouble>> {
  if (links.length === 0) return ok([]);
  const segments: LedgerSegment[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let totalBytes = 0;
  let found: Fault | null = null;
  const stop = (reason: Fault): never => {
    found ??= reason;
    throw new Error('stop reading');
  };
  const at = (): ChainLink => {
    const link = links[segments.length];
    if (link === undefined) throw new Error('more blobs than were asked for');
    return link;
  };
  const parser = createBatchParser({
    onHeader: (blob, sizeBytes) => {
      const link = at();
      if (blob !== link.blob) throw new Error('another blob than was asked for');
      const limitBytes = link.path === formatPath ? formatBytesMax : limits.segmentBytes;
      if (sizeBytes > limitBytes)
        stop(unreadable(last, links, segments.length, `${sizeBytes} bytes, more than ${limitBytes}`));
      totalBytes += sizeBytes;
      if (totalBytes > limits.ledgerBytes) stop(tooMuch(limits));
    },
    onContent: (content) => {
      const link = at();
      let text = '';
      try {
        text = decoder.decode(content);
      } catch {
        stop(unreadable(last, links, segments.length, 'not UTF-8'));
      }
      segments.push({ commit: link.commit, path: link.path, text });
    },
  });
  const result = await runLocal(mirror, ['cat-file', '--batch', '--buffer'], {
    timeoutMs: limits.readTimeoutMs,
    input: `${links.map((link) => link.blob).join('\n')}\n`,
    stdoutLimitBytes: limits.ledgerBytes + limits.segmentBytes + links.length * 128,
    onStdout: parser.push,
  });
  if (found !== null) return failed({ kind: 'halted', fault: found });
  if (!succeeded(result) || segments.length !== links.length) {
    return failed({ kind: 'failed', fault: explain(result, limits) });
  }
  return ok(segments);
}

/** Trouble with the mirror itself, which is a cache. */
export function explainLocal(result: GitResult, doing: string, timeoutMs: number): Fault {
  const context: GitContext = { doing, secrets: [], timeoutMs };
  const reason = succeeded(result) ? 'its answer was not complete' : explainGit(result, context).message;
  return fault(
    'SG4003',
    'retry',
    `${doing} failed: ${reason}`,
    'it is tried again; if it goes on, stop snowgate and remove the mirror below stateDir: it is a cache',
  );
}

function explain(result: GitResult, limits: LedgerLimits): Fault {
  return explainLocal(result, "reading the ledger's mirror", limits.readTimeoutMs);
}

function unreadable(last: ChainEnd, links: readonly ChainLink[], index: number, reason: string): Fault {
  const link = links[index];
  const before = links[index - 1] ?? last;
  if (link === undefined) throw new BugError('a file was read that no commit adds');
  if (before === null) return badRoot(link, `adds a ${formatPath} that no snowgate wrote: ${reason}`);
  return tampering('SG4018', before, link, `adds ${link.path}, which no snowgate wrote: ${reason}`);
}

function tooLong(limits: LedgerLimits): Fault {
  return fault(
    'SG4019',
    'human',
    `the ledger has more than ${limits.commits} commits, the most that are read`,
    'begin a new ledger branch: `snowgate ledger init --baseline` on another ledger.branch, once nothing is open',
  );
}

function tooMuch(limits: LedgerLimits): Fault {
  return fault(
    'SG4019',
    'human',
    `the ledger's segments are larger than ${limits.ledgerBytes} bytes together, the most that are read`,
    'begin a new ledger branch: `snowgate ledger init --baseline` on another ledger.branch, once nothing is open',
  );
}
