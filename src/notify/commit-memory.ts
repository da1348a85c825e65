/** Which commit what waits belongs to, for the time when neither source nor ledger says it any more. */
import type { ControllerStatus } from '../controller/status.ts';
import { sha256Hex } from '../lib/digest.ts';
import type { Decision } from '../plan/decision.ts';

/** Names with errors, or files. */
export interface Broken {
  /** By what it is known by, the head at which each was seen to break; null where nobody saw that. */
  readonly names: ReadonlyMap<string, string | null>;
  /** Whether these are all: what is not here was good when it was looked at last. */
  readonly isWhole: boolean;
}

export interface CommitMemory {
  /** Of revisions that wait, or did until lately, by token. */
  readonly commits: ReadonlyMap<string, string>;
  /** Names with errors, by their keys. */
  readonly broken: Broken;
  /** Files that hold what shows no name, by {@link fileKey}. */
  readonly brokenFiles: Broken;
}

const nothingBroken: Broken = { names: new Map(), isWhole: false };
export const emptyMemory: CommitMemory = {
  commits: new Map(),
  broken: nothingBroken,
  brokenFiles: nothingBroken,
};

/** Revisions of which the commit is remembered: for the day on which they are withdrawn, and only the name is left. */
export const commitsMax = 2_000;
/** Of these, as many as are gone already. */
const goneMax = 1_000;
/** Names, and files, with errors that are written down; in this life all are known. */
export const brokenMax = 2_000;

/** What a commit is looked up in. */
export interface CommitLookup extends CommitMemory {
  readonly status: ControllerStatus;
  /** The origins of the status before: what has left the source since is still there. */
  readonly before: ControllerStatus['origins'];
}

/** The commit that a decision counts for: the one that introduced its revision; of a name with errors, at which it broke. */
export function commitOf({ token, key }: Decision, lookup: CommitLookup): string | null {
  return token === null ? (lookup.broken.names.get(key) ?? null) : commitOfToken(token, lookup);
}

/** The commit that introduced a revision. */
export function commitOfToken(token: string, { status, before, commits }: CommitLookup): string | null {
  const claimed = status.view?.receipts.get(token)?.manifest?.commit;
  if (claimed !== undefined) return claimed;
  const origin = status.origins.get(token) ?? before.get(token);
  return origin?.introduced?.id ?? commits.get(token) ?? null;
}

/** What a path is remembered by: four kilobytes of it would be too much for each of thousands. */
export function fileKey(path: string): string {
  return sha256Hex(path).slice(0, 32);
}

/**
 * What has errors, once a status has judged it: names, or files. One that was not among them broke at this head; unless nobody knows what
 * was: a file that broke long ago must not fail the commit that happens to be the newest when it is looked at first.
 */
export function noteBroken(known: Broken, keys: readonly string[], head: string | null): Broken {
  const names = new Map(keys.map((key) => [key, known.names.get(key) ?? null] as const));
  for (const key of known.isWhole ? keys : []) if (!known.names.has(key)) names.set(key, head);
  return { names, isWhole: true };
}

/** As much of them as is written down: where that is not all, the next life takes none for new. */
export function keepBroken({ names, isWhole }: Broken): Broken {
  if (names.size <= brokenMax) return { names, isWhole };
  const known = [...names].filter(([, commit]) => commit !== null);
  return { names: new Map(known.slice(-brokenMax)), isWhole: false };
}

/** What is kept in mind of revisions: those that are gone, the newest of them, and then what waits and was told of. */
export function noteCommits(
  known: ReadonlyMap<string, string>,
  seen: { readonly gone: ReadonlyMap<string, string>; readonly waiting: ReadonlyMap<string, string> },
): Map<string, string> {
  const { gone, waiting } = seen;
  const left = new Map([...[...known].filter(([token]) => !waiting.has(token)), ...gone]);
  const kept = [...left].slice(-goneMax);
  return new Map([...[...waiting].slice(0, commitsMax - kept.length), ...kept]);
}
