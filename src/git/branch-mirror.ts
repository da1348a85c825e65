import { join } from 'node:path';
import type { RemoteConfig } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import type { Mirror } from './home.ts';
import { prepareGitHome } from './home.ts';
import { isAncestor, resolveCommit } from './local-read.ts';
import { fetchBranch, MirrorKeeper, openMirror, remakeMirror } from './mirror.ts';
import { folderMode } from './modes.ts';
import { findEntry } from './tree.ts';

export interface MirrorOptions {
  readonly stateDir: string;
  readonly redactor: Pick<Redactor, 'register'>;
  readonly fetchTimeoutMs: number;
}

/** One branch that is only read: its mirror, and what is asked of a commit before its files are. */
export class BranchMirror {
  readonly mirror: Mirror;
  readonly #remote: RemoteConfig;
  /** Where the branch's newest head is kept in the mirror. */
  readonly #localRef: string;
  readonly #fetchTimeoutMs: number;
  readonly #stop: AbortController;
  readonly #keeper: MirrorKeeper;
  #damaged = false;

  constructor(
    remote: RemoteConfig,
    mirror: Mirror,
    options: {
      readonly localRef: string;
      readonly fetchTimeoutMs: number;
      readonly stop: AbortController;
    },
  ) {
    this.mirror = mirror;
    this.#remote = remote;
    this.#localRef = options.localRef;
    this.#fetchTimeoutMs = options.fetchTimeoutMs;
    this.#stop = options.stop;
    this.#keeper = new MirrorKeeper(mirror);
  }

  /** Brings the branch's newest head here; a mirror that was found damaged is made anew before. */
  async fetch(): Promise<Result<{ readonly head: CommitId }>> {
    if (this.#damaged) {
      const made = await remakeMirror(this.mirror);
      if (!made.ok) return made;
      this.#damaged = false;
    }
    const answer = await fetchBranch(this.mirror, {
      remote: this.#remote,
      localRef: this.#localRef,
      // A rewritten history is fetched all the same: that it is one is told by `descends`, and judged by the caller.
      force: true,
      timeoutMs: this.#fetchTimeoutMs,
    });
    this.#keeper.countFetch();
    return answer.kind === 'fetched' ? ok({ head: answer.head }) : failed(answer.fault);
  }

  /** Whether `head` is `ancestor` or descends from it. Fault: SG3032, the head is not here. */
  async descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>> {
    const present = await this.prove(head);
    return present.ok ? isAncestor(this.mirror, ancestor, head) : present;
  }

  /** Fault: SG3032, the commit is not here. */
  async prove(head: CommitId): Promise<Result<null>> {
    const here = await resolveCommit(this.mirror, head);
    if (!here.ok) return here;
    if (here.value === head) return ok(null);
    return failed(fault('SG3032', 'retry', `the commit ${head} is not in the mirror of ${this.mirror.dir}`));
  }

  /** The id of a folder's tree, null where there is no such path. Fault: SG3031, it is no folder. */
  async findFolder(head: CommitId, path: string, setting: string): Promise<Result<string | null>> {
    const entry = await findEntry(this.mirror, head, path);
    if (!entry.ok || entry.value === null) return entry.ok ? ok(null) : entry;
    if (entry.value.mode === folderMode) return ok(entry.value.id);
    return failed(folderFault(head, path, setting));
  }

  /** The answer as it is; where it tells of damage, the next fetch makes the mirror anew. */
  notice<T>(answer: Result<T>): Result<T> {
    if (!answer.ok && answer.fault.code === 'SG3033') this.#damaged = true;
    return answer;
  }

  maintain(): Promise<Result<{ readonly repacked: boolean }>> {
    return this.#keeper.maintain();
  }

  /** Ends whatever git is running for it; the calls in hand answer with SG3018. */
  close(): void {
    this.#stop.abort();
  }
}

/**
 * Opens the mirror `NAME.git` below the state directory, whose lock the caller holds. Nothing is fetched yet.
 * Faults: SG3001, SG3009, SG3021.
 */
export async function openBranchMirror(
  remote: RemoteConfig,
  name: 'source' | 'policies',
  options: MirrorOptions,
): Promise<Result<BranchMirror>> {
  const { stateDir, redactor, fetchTimeoutMs } = options;
  const home = await prepareGitHome(stateDir, redactor);
  if (!home.ok) return home;
  const stop = new AbortController();
  const mirror = await openMirror(home.value, join(stateDir, `${name}.git`), stop.signal);
  if (!mirror.ok) return mirror;
  const localRef = `refs/snowgate/${name}`;
  return ok(new BranchMirror(remote, mirror.value, { localRef, fetchTimeoutMs, stop }));
}

function folderFault(head: CommitId, path: string, setting: string): Fault {
  return fault(
    'SG3031',
    'human',
    `${path} is no folder at ${head}, but a file, a symbolic link or a submodule`,
    `correct ${setting} in the configuration, or commit a folder in its place`,
  );
}
