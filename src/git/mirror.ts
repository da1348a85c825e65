import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RemoteConfig } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { diskLimitBytes, memoryLimitBytes } from './appetite.ts';
import { makeFolder } from './folder.ts';
import { explainGit, explainRemote } from './git-fault.ts';
import type { GitHome, Mirror } from './home.ts';
import { claimDir, stateDirFault, writeIfChanged } from './home.ts';
import { isObjectId, resolveCommit } from './local-read.ts';
import type { GitOptions, GitResult } from './process.ts';
import { runGit, succeeded } from './process.ts';
import { prepareRemote } from './remote.ts';

export type { Mirror } from './home.ts';
export { isAncestor, isObjectId, resolveCommit } from './local-read.ts';

export interface FetchRequest {
  readonly remote: RemoteConfig;
  /** Where the branch's head is kept here, such as `refs/snowgate/source`. */
  readonly localRef: string;
  /** Whether the kept head may move to a commit that does not descend from it (a leading `+`). */
  readonly force: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type FetchAnswer =
  | { readonly kind: 'fetched'; readonly head: CommitId }
  /** The server answered, and has no such branch. The kept head stays. */
  | { readonly kind: 'missing'; readonly fault: Fault }
  /** Without `force`: the branch no longer descends from the kept head. Its commits are here, the head stays. */
  | { readonly kind: 'rejected'; readonly fault: Fault }
  | { readonly kind: 'failed'; readonly fault: Fault };

/** Local reads of a few lines; a repository that needs longer is broken or its disk is. */
export const localTimeoutMs = 60_000;
const smallOutputBytes = 1024 * 1024;
/** Measured: after 400 fetches of small commits a fetch takes 114 ms instead of 81, and 500 keeps it there. */
const fetchesPerRepack = 500;
/** Repacking 100,000 files takes seconds; it runs between passes and may be ended at any time. */
const repackTimeoutMs = 10 * 60_000;

/**
 * Opens the mirror in `dir`, or makes it. What a killed life left half done (locks, temporary packs) is removed, and
 * a mirror that cannot be used is deleted and made anew: it is a cache. The caller holds the state directory's lock.
 * Faults: SG3001, SG3009, SG3021.
 */
export async function openMirror(home: GitHome, dir: string, signal?: AbortSignal): Promise<Result<Mirror>> {
  const mirror = signal === undefined ? { dir, home } : { dir, home, signal };
  const claimed = await claimDir(dir);
  if (!claimed.ok) return claimed;
  try {
    await removeLeftovers(dir);
    await restoreConfig(dir);
    if (await usable(mirror)) return ok(mirror);
    return await remakeMirror(mirror);
  } catch (error) {
    return failed(stateDirFault(dir, error));
  }
}

/** Deletes the mirror and makes an empty one; the remote may count in SHA-256, and then so must the mirror. */
export async function remakeMirror(
  mirror: Mirror,
  format: 'sha1' | 'sha256' = 'sha1',
): Promise<Result<Mirror>> {
  try {
    await rm(mirror.dir, { recursive: true, force: true });
    return await makeMirror(mirror, format);
  } catch (error) {
    return failed(stateDirFault(mirror.dir, error));
  }
}

async function makeMirror(mirror: Mirror, format: 'sha1' | 'sha256'): Promise<Result<Mirror>> {
  await makeFolder(mirror.dir);
  // HEAD names a branch that never is: nothing of ours depends on it, and no fetch can land under it.
  const args = [
    'init',
    '--quiet',
    '--bare',
    '--template=',
    `--object-format=${format}`,
    '--initial-branch=none',
  ];
  const made = await runGit([...args, '--', mirror.dir], {
    cwd: mirror.home.dir,
    env: mirror.home.env,
    stdoutLimitBytes: smallOutputBytes,
    timeoutMs: localTimeoutMs,
  });
  return succeeded(made) ? ok(mirror) : failed(explainLocal(made, 'making the mirror'));
}

/** Larger than any configuration that git makes for a new repository. */
const configBytesMax = 4096;

/**
 * Writes a mirror's configuration anew: an earlier life, or another user before the folder was ours, may have left one
 * that has git run programs, or fetch from elsewhere. Of the old one only the kind of object ids is believed.
 */
async function restoreConfig(dir: string): Promise<void> {
  const path = join(dir, 'config');
  const info = await lstat(path).catch(() => null);
  const readable = info?.isFile() === true && info.size <= configBytesMax;
  if (!readable) await rm(path, { recursive: true, force: true });
  const old = readable ? await readFile(path, 'latin1') : '';
  const sha256 = /^[ \t]*objectformat = sha256$/im.test(old);
  const core = `[core]\n\trepositoryformatversion = ${sha256 ? 1 : 0}\n\tfilemode = true\n\tbare = true\n`;
  await writeIfChanged(path, sha256 ? `${core}[extensions]\n\tobjectformat = sha256\n` : core);
  // They would have git look for configuration, or for objects, somewhere else.
  for (const pointer of ['commondir', 'config.worktree', join('objects', 'info', 'alternates')])
    await rm(join(dir, pointer), { force: true });
}

/** A repository that opens, whose refs all name commits that are here. */
async function usable(mirror: Mirror): Promise<boolean> {
  const opened = await runLocal(mirror, ['rev-parse', '--is-bare-repository']);
  if (!succeeded(opened) || opened.stdout.toString('utf8').trim() !== 'true') return false;
  const refs = await runLocal(mirror, ['for-each-ref', '--format=%(objectname) %(objecttype)']);
  return succeeded(refs) && refs.stderr === '';
}

/** Folders in a mirror are few: 256 of loose objects, packs, refs. More entries than this is not a mirror of ours. */
const leftoverDepthMax = 8;

async function removeLeftovers(dir: string, depth = 0): Promise<void> {
  if (depth > leftoverDepthMax) return;
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.name.endsWith('.lock') || /^\.?tmp[-_]/.test(entry.name)) {
      await rm(path, { recursive: true, force: true });
    } else if (entry.isDirectory()) {
      await removeLeftovers(path, depth + 1);
    }
  }
}

/** Runs git on the mirror alone: no remote is allowed. */
export function runLocal(
  mirror: Mirror,
  args: readonly string[],
  options: Partial<Omit<GitOptions, 'gitDir' | 'cwd'>> = {},
): Promise<GitResult> {
  return runGit(args, {
    stdoutLimitBytes: smallOutputBytes,
    timeoutMs: localTimeoutMs,
    env: mirror.home.env,
    ...(mirror.signal === undefined ? {} : { signal: mirror.signal }),
    ...options,
    gitDir: mirror.dir,
    cwd: mirror.home.dir,
  });
}

/** Why a run on the mirror alone failed: SG3033 where git itself says that it cannot go on. */
export function explainLocal(result: GitResult, doing: string, timeoutMs: number = localTimeoutMs): Fault {
  return explainGit(result, { doing, secrets: [], timeoutMs, local: true });
}

/** Brings one branch here. Tags, other branches, submodules and shallow boundaries stay where they are. */
export async function fetchBranch(mirror: Mirror, request: FetchRequest): Promise<FetchAnswer> {
  const first = await fetchOnce(mirror, request);
  if (first.kind !== 'failed') return first;
  // Somebody may have deleted our folder, or the disk damaged it, while we run: then a new one is the way on.
  const damaged = first.otherFormat === null && !(await usable(mirror));
  const replaceable = damaged || (first.otherFormat !== null && !(await keepsHistory(mirror, request)));
  if (!replaceable) return { kind: 'failed', fault: first.fault };
  const made = await remakeMirror(mirror, first.otherFormat ?? 'sha1');
  if (!made.ok) return { kind: 'failed', fault: made.fault };
  const again = await fetchOnce(mirror, request);
  return again.kind === 'failed' ? { kind: 'failed', fault: again.fault } : again;
}

/** Where going back is an alarm, what is known of the past is not deleted because a server says so. */
async function keepsHistory(mirror: Mirror, { force, localRef }: FetchRequest): Promise<boolean> {
  if (force) return false;
  const head = await resolveCommit(mirror, localRef);
  return !head.ok || head.value !== null;
}

type OnceAnswer =
  | Exclude<FetchAnswer, { kind: 'failed' }>
  | { readonly kind: 'failed'; readonly fault: Fault; readonly otherFormat: 'sha1' | 'sha256' | null };

async function fetchOnce(mirror: Mirror, request: FetchRequest): Promise<OnceAnswer> {
  const { remote, localRef, force, timeoutMs } = request;
  const signal = request.signal ?? mirror.signal;
  const access = await prepareRemote(remote, mirror.home);
  if (!access.ok) return { kind: 'failed', fault: access.fault, otherFormat: null };
  const fetchHead = join(mirror.dir, 'FETCH_HEAD');
  await rm(fetchHead, { force: true }).catch(() => undefined);
  const refspec = `${force ? '+' : ''}refs/heads/${remote.branch}:${localRef}`;
  const result = await runGit([...fetchArguments, '--', access.value.url, refspec], {
    gitDir: mirror.dir,
    cwd: access.value.cwd,
    env: access.value.env,
    stdoutLimitBytes: smallOutputBytes,
    timeoutMs,
    limits: { memoryBytes: memoryLimitBytes, disk: { mirrorDir: mirror.dir, bytes: diskLimitBytes } },
    ...(signal === undefined ? {} : { signal }),
  });
  // Killed in the middle it leaves half a pack behind, of any size, and the next one would add another.
  if (result.stopped !== null) await removeLeftovers(mirror.dir).catch(() => undefined);
  if (succeeded(result)) return readFetched(mirror, fetchHead, access.value.shown);
  const found = explainRemote(result, access.value, `fetching branch ${remote.branch} of`, timeoutMs);
  if (found.code === 'SG3005') return { kind: 'missing', fault: found };
  if (/\[rejected\].*\(non-fast-forward\)/.test(result.stderr)) return { kind: 'rejected', fault: found };
  const format = /mismatched algorithms: client \w+; server (sha1|sha256)/.exec(result.stderr)?.[1];
  const otherFormat = format === 'sha1' || format === 'sha256' ? format : null;
  return { kind: 'failed', fault: found, otherFormat };
}

/** `--no-prune` is said because a deleted branch must never take our copy of its head along. */
const fetchArguments = [
  'fetch',
  '--no-tags',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
  '--no-prune',
  '--no-progress',
];

/**
 * What the server said that the branch is, from FETCH_HEAD. Not from our own ref: git ends well, with a warning, where
 * it does not move that (a shallow repository), and yesterday's head would pass for today's.
 */
async function readFetched(mirror: Mirror, fetchHead: string, shown: string): Promise<OnceAnswer> {
  const text = await readFile(fetchHead, 'utf8').catch(() => '');
  const id = /^[0-9a-f]+/.exec(text)?.[0] ?? '';
  const otherFormat = null;
  if (!isObjectId(id)) return { kind: 'failed', fault: shallowFault(shown), otherFormat };
  const head = await resolveCommit(mirror, id);
  if (!head.ok) return { kind: 'failed', fault: head.fault, otherFormat };
  if (head.value === null) return { kind: 'failed', fault: noCommitFault(shown), otherFormat };
  return { kind: 'fetched', head: head.value };
}

function shallowFault(shown: string): Fault {
  return fault(
    'SG3024',
    'human',
    `${shown} is a shallow clone: it has the branch without its history`,
    'complete it with git fetch --unshallow, or name the repository that it was cloned from',
  );
}

function noCommitFault(shown: string): Fault {
  return fault(
    'SG3023',
    'human',
    `the branch of ${shown} names an object that is no commit`,
    'a server that lets this happen is broken or hostile: look at the branch there',
  );
}

/** Counts fetches and repacks when it is time: call it between passes, never beside a fetch of the same mirror. */
export class MirrorKeeper {
  readonly #mirror: Mirror;
  #fetches = 0;
  /** An earlier life may have ended before its repack, again and again: looked at once. */
  #inherited = true;

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
  }

  countFetch(): void {
    this.#fetches += 1;
  }

  /**
   * Repacks after every 500 fetches, and the first time where an earlier life left much behind. Nothing is pruned: a
   * late fetch may still need it.
   */
  async maintain(signal?: AbortSignal): Promise<Result<{ readonly repacked: boolean }>> {
    const due =
      this.#fetches >= fetchesPerRepack || (this.#inherited && (await looksScattered(this.#mirror)));
    this.#inherited = false;
    if (!due) return ok({ repacked: false });
    this.#fetches = 0;
    const result = await repack(this.#mirror, signal);
    return result.ok ? ok({ repacked: true }) : result;
  }
}

/** About 2,000 loose objects, judged as git's own gc does by one of 256 folders; and many packs. */
const looseSampleMax = 8;
const packFilesMax = 100;

async function looksScattered({ dir }: Mirror): Promise<boolean> {
  const count = async (folder: string): Promise<number> =>
    (await readdir(join(dir, 'objects', folder)).catch(() => [])).length;
  return (await count('17')) > looseSampleMax || (await count('pack')) > packFilesMax;
}

/** Joins loose objects and small packs. A failure leaves the mirror as it was. */
export async function repack(mirror: Mirror, signal?: AbortSignal): Promise<Result<null>> {
  const args = ['repack', '--quiet', '-d', '-l', '--geometric=2', '--write-midx'];
  const options = { timeoutMs: repackTimeoutMs, ...(signal === undefined ? {} : { signal }) };
  const result = await runLocal(mirror, args, options);
  if (!succeeded(result)) return failed(explainLocal(result, 'repacking the mirror', repackTimeoutMs));
  return ok(null);
}
