/** The shape of the ledger branch, and every way in which a commit can break it. Nothing here runs git. */
import type { CommitId } from '../controller/ports.ts';
import { type Fault, fault } from '../lib/faults.ts';

/** The file of the root commit. */
export const formatPath = 'FORMAT';

const segmentPattern =
  /^(\d{4})\/(0[1-9]|1[0-2])\/(0[1-9]|[12]\d|3[01])\/([01]\d|2[0-3])\/(\d{10})-([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.jsonl$/;

/** Reads `YYYY/MM/DD/HH/<seq, 10 digits>-<replica>.jsonl`; undefined for any other path. */
export function parseSegmentPath(
  path: string,
): { readonly seq: number; readonly replica: string } | undefined {
  const match = segmentPattern.exec(path);
  const [, , , , , seq, replica] = match ?? [];
  return seq === undefined || replica === undefined ? undefined : { seq: Number(seq), replica };
}

/** One change of a commit against its parent, as `--raw` tells it. */
export interface RawChange {
  readonly oldMode: string;
  readonly mode: string;
  readonly blob: string;
  readonly status: string;
  /** As bytes of Latin-1, so that no byte is lost: a good path is ASCII. */
  readonly path: string;
}

/** One commit as `git log --raw` tells it. */
export interface RawCommit {
  readonly commit: CommitId;
  readonly parents: readonly CommitId[];
  readonly changes: readonly RawChange[];
}

/** A commit that keeps the rules, and the blob that holds its file. */
export interface ChainLink {
  readonly commit: CommitId;
  readonly height: number;
  readonly path: string;
  readonly blob: string;
}

/** The last commit known to be good, on which the next must stand; null before the root. */
export type ChainEnd = Pick<ChainLink, 'commit' | 'height'> | null;

/**
 * Checks the next commit of the branch: one parent, the last good commit; one change, the addition of one plain
 * file; and a name whose number is the commit's height. Faults: SG4013 to SG4017, each naming the commit.
 */
export function checkLink(last: ChainEnd, raw: RawCommit): ChainLink | Fault {
  if (last === null) return checkRoot(raw);
  if (raw.parents.length !== 1 || raw.parents[0] !== last.commit) {
    const what = raw.parents.length === 0 ? 'has no parent' : `has the parents ${raw.parents.join(', ')}`;
    return tampering('SG4014', last, raw, `${what}; it must have the one parent ${last.commit}`);
  }
  const change = onlyAddition(raw);
  if (typeof change === 'string') return tampering('SG4015', last, raw, change);
  const name = parseSegmentPath(change.path);
  if (name === undefined) {
    return tampering('SG4016', last, raw, `adds ${quote(change.path)}, which is no name of a segment`);
  }
  const height = last.height + 1;
  if (name.seq !== height) {
    return tampering(
      'SG4017',
      last,
      raw,
      `is number ${height} but its file says ${name.seq}: ${change.path}`,
    );
  }
  return { commit: raw.commit, height, path: change.path, blob: change.blob };
}

function checkRoot(raw: RawCommit): ChainLink | Fault {
  const change = onlyAddition(raw);
  const reason =
    raw.parents.length > 0
      ? 'has a parent that is not part of the branch'
      : typeof change === 'string'
        ? change
        : change.path === formatPath
          ? undefined
          : `adds ${quote(change.path)}`;
  if (reason !== undefined || typeof change === 'string') return badRoot(raw, reason ?? '');
  return { commit: raw.commit, height: 0, path: change.path, blob: change.blob };
}

/** A fault for a first commit that begins no ledger. */
export function badRoot(raw: { readonly commit: CommitId }, reason: string): Fault {
  return fault(
    'SG4013',
    'human',
    `the ledger's first commit ${raw.commit} ${reason}; it must add the file ${formatPath} and nothing else`,
    'this branch is no ledger: check ledger.url and ledger.branch, or make one with `snowgate ledger init`',
  );
}

/** The one addition of a plain file, or what there is instead. */
function onlyAddition(raw: RawCommit): RawChange | string {
  const [change, ...more] = raw.changes;
  if (change === undefined) return 'changes no file; each commit adds one';
  const bad = raw.changes.find((one) => one.status !== 'A');
  if (bad !== undefined)
    return `${describeStatus(bad.status)} ${quote(bad.path)}; a ledger's files are only ever added`;
  if (more.length > 0) return `adds more than one file: ${quote(change.path)} and others`;
  if (change.mode !== '100644') {
    return `adds ${quote(change.path)} with mode ${change.mode}; a segment is a plain file (100644)`;
  }
  return change;
}

function describeStatus(status: string): string {
  if (status === 'D') return 'removes';
  if (status === 'M') return 'changes';
  if (status === 'T') return 'changes the type of';
  return `does ${quote(status)} to`;
}

/** A path that others wrote, fit to be shown: ASCII, bounded, in quotes. */
function quote(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}...` : path).replace(
    /[^ -~]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** A fault for a commit that breaks the branch's rules: the last good commit is the way back. */
export function tampering(
  code: 'SG4014' | 'SG4015' | 'SG4016' | 'SG4017' | 'SG4018' | 'SG4019',
  last: { readonly commit: CommitId },
  raw: { readonly commit: CommitId },
  reason: string,
): Fault {
  return fault(
    code,
    'human',
    `the ledger was tampered with: commit ${raw.commit} ${reason}`,
    `find out who pushed it, and move the branch back to its last good commit ${last.commit}`,
  );
}
