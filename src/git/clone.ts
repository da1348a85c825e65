/**
 * A clone on this machine, as a person or a CI job has it: two of its commits, and what a merge of them would be. It is only
 * read, through a mirror of our own that borrows its objects: nothing of its configuration, its hooks or its attributes is
 * asked, and what a merge makes is written into the mirror alone.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitId } from '../controller/ports.ts';
import { escapeTerminal } from '../lib/escape.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { explainGit } from './git-fault.ts';
import type { GitHome, Mirror } from './home.ts';
import { prepareGitHome, settingsEnvironment, stateDirFault } from './home.ts';
import { isAncestor, isObjectId } from './local-read.ts';
import { explainLocal, openMirror, remakeMirror, runLocal } from './mirror.ts';
import { readObjects } from './object-reader.ts';
import type { GitResult } from './process.ts';
import { runGit, succeeded } from './process.ts';
import { findEntry } from './tree.ts';

/** What a merge of one commit into another makes. */
export interface Merge {
  /** The commit that is planned for: nobody has it but the mirror, unless there is nothing to merge. */
  readonly commit: CommitId;
  /** Whether it is a commit that is written nowhere else. */
  readonly isMade: boolean;
}

/** What stands at a path of a commit. `link`: a symbolic link or a submodule, there or on the way: nobody follows it. */
export type FileAt =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'none' }
  | { readonly kind: 'link' };

/** Must be closed. */
export interface Clone {
  readonly mirror: Mirror;
  /** The root of its work tree; null where it has none. */
  readonly root: string | null;
  /** The commit that a name of the clone stands for. Faults: SG3051, SG3022. */
  resolve(name: string): Promise<Result<CommitId>>;
  /**
   * Merges `head` into `base`, at a time that is written into the commit as its date. Where the head is in the base there is
   * nothing to merge, and the base is the answer. Faults: SG3053 (they conflict, or have nothing in common), SG3054.
   */
  merge(base: CommitId, head: CommitId, atMs: number): Promise<Result<Merge>>;
  /** A file at a commit, at most `limitBytes` + 1 of it. Faults: those of reading git. */
  readFile(commit: CommitId, path: string, limitBytes: number): Promise<Result<FileAt>>;
  close(): Promise<void>;
}

const questionTimeoutMs = 60_000;
/** A merge looks for renames: seconds in a large repository, and never minutes. */
const mergeTimeoutMs = 2 * 60_000;
const answerBytes = 1024 * 1024;
/** More names of files in conflict than anybody reads in a message. */
const conflictsShown = 5;

/** Opens the clone that `cwd` lies in; its mirror is made below `stateDir`. Faults: SG3050, SG3052, SG3021, SG3001. */
export async function openClone(
  cwd: string,
  options: { readonly stateDir: string; readonly redactor: Pick<Redactor, 'register'> },
): Promise<Result<Clone>> {
  const home = await prepareGitHome(options.stateDir, options.redactor);
  if (!home.ok) return home;
  const stop = new AbortController();
  const ask = createAsker(home.value, cwd, stop.signal);
  const found = await findClone(ask, cwd);
  if (!found.ok) return found;
  const mirror = await borrow(home.value, options.stateDir, found.value, stop.signal);
  if (!mirror.ok) return mirror;
  return ok(new BorrowedClone(mirror.value, found.value.root, ask, stop));
}

type Ask = (args: readonly string[]) => Promise<GitResult>;

/**
 * Questions to the clone itself, which none of its configuration answers. That it belongs to another user, as in a container
 * of a CI system, is no reason not to look at it: nothing of it is run.
 */
function createAsker(home: GitHome, cwd: string, signal: AbortSignal): Ask {
  const env = { ...home.env, ...settingsEnvironment([['safe.directory', '*']]) };
  return (args) =>
    runGit(args, { cwd, env, stdoutLimitBytes: answerBytes, timeoutMs: questionTimeoutMs, signal });
}

interface Found {
  readonly objectsDir: string;
  readonly root: string | null;
  readonly format: 'sha1' | 'sha256';
}

async function findClone(ask: Ask, cwd: string): Promise<Result<Found>> {
  const questions = ['--git-common-dir', '--is-shallow-repository', '--show-object-format'];
  const answer = await ask(['rev-parse', '--path-format=absolute', ...questions]);
  if (!succeeded(answer)) return failed(noClone(answer, cwd));
  const [dir = '', shallow, format] = answer.stdout.toString('utf8').replace(/\n$/, '').split('\n');
  // A folder whose name holds a line break would be read as two answers.
  if (!dir.startsWith('/') || (format !== 'sha1' && format !== 'sha256')) return failed(noClone(answer, cwd));
  const partial = await ask([
    'config',
    '--get-regexp',
    '^(extensions\\.partialclone|remote\\..*\\.promisor)$',
  ]);
  if (shallow === 'true' || succeeded(partial)) return failed(incomplete(dir, shallow === 'true'));
  const top = await ask(['rev-parse', '--path-format=absolute', '--show-toplevel']);
  const root = succeeded(top) ? top.stdout.toString('utf8').replace(/\n$/, '') : null;
  return ok({ objectsDir: join(dir, 'objects'), root, format });
}

async function borrow(
  home: GitHome,
  stateDir: string,
  { objectsDir, format }: Found,
  signal: AbortSignal,
): Promise<Result<Mirror>> {
  const opened = await openMirror(home, join(stateDir, 'clone.git'), signal);
  if (!opened.ok) return opened;
  const made = await remakeMirror(opened.value, format);
  if (!made.ok) return made;
  try {
    await writeFile(join(made.value.dir, 'objects', 'info', 'alternates'), `${objectsDir}\n`, {
      mode: 0o600,
    });
    return made;
  } catch (error) {
    return failed(stateDirFault(stateDir, error));
  }
}

class BorrowedClone implements Clone {
  readonly mirror: Mirror;
  readonly root: string | null;
  readonly #ask: Ask;
  readonly #stop: AbortController;

  constructor(mirror: Mirror, root: string | null, ask: Ask, stop: AbortController) {
    this.mirror = mirror;
    this.root = root;
    this.#ask = ask;
    this.#stop = stop;
  }

  async resolve(name: string): Promise<Result<CommitId>> {
    const answer = await this.#ask([
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${name}^{commit}`,
    ]);
    const id = answer.stdout.toString('latin1').trim();
    if (succeeded(answer) && isObjectId(id)) return ok(id);
    if (answer.stopped !== null || answer.spawnError !== null)
      return failed(explain(answer, `looking up ${name}`));
    return failed(
      fault(
        'SG3051',
        'human',
        `there is no commit ${JSON.stringify(name)} in this clone`,
        'name a branch, a tag or a commit that git rev-parse knows here, such as origin/main; fetch it first if it is new',
      ),
    );
  }

  async merge(base: CommitId, head: CommitId, atMs: number): Promise<Result<Merge>> {
    const isMerged = await isAncestor(this.mirror, head, base);
    if (!isMerged.ok) return isMerged;
    if (isMerged.value) return ok({ commit: base, isMade: false });
    const tree = await this.#mergeTrees(base, head);
    if (!tree.ok) return tree;
    const date = `@${Math.floor(atMs / 1000)} +0000`;
    const env = { ...this.mirror.home.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
    const args = ['commit-tree', '-p', base, '-p', head, '-m', 'merge', tree.value];
    const made = await runLocal(this.mirror, args, { env });
    const id = made.stdout.toString('latin1').trim();
    if (!succeeded(made) || !isObjectId(id)) return failed(explainLocal(made, 'writing the merge'));
    return ok({ commit: id, isMade: true });
  }

  /** The tree that the merge has. Without a line of its own on the base there is nothing to bring together. */
  async #mergeTrees(base: CommitId, head: CommitId): Promise<Result<string>> {
    const isAhead = await isAncestor(this.mirror, base, head);
    if (!isAhead.ok) return isAhead;
    if (isAhead.value) return ok(`${head}^{tree}`);
    const merged = await runLocal(
      this.mirror,
      ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', base, head],
      { timeoutMs: mergeTimeoutMs },
    );
    const [tree = '', ...conflicts] = merged.stdout.toString('utf8').split('\0');
    if (succeeded(merged) && isObjectId(tree)) return ok(tree);
    if (merged.stopped === null && merged.code === 1 && isObjectId(tree))
      return failed(conflicting(conflicts));
    if (/unrelated histories/.test(merged.stderr)) return failed(unrelated());
    if (/usage: git merge-tree|unknown option/.test(merged.stderr)) return failed(tooOld());
    return failed(explainLocal(merged, 'merging', mergeTimeoutMs));
  }

  async readFile(commit: CommitId, path: string, limitBytes: number): Promise<Result<FileAt>> {
    const parts = path.split('/');
    for (let length = 1; length <= parts.length; length += 1) {
      const entry = await findEntry(this.mirror, commit, parts.slice(0, length).join('/'));
      if (!entry.ok) return entry;
      if (entry.value === null) return ok({ kind: 'none' });
      const { mode, id, sizeBytes } = entry.value;
      if (mode === '120000' || mode === '160000') return ok({ kind: 'link' });
      if (length < parts.length) continue;
      return sizeBytes === null ? ok({ kind: 'none' }) : this.#readBlob(id, sizeBytes, limitBytes);
    }
    return ok({ kind: 'none' });
  }

  async #readBlob(id: string, sizeBytes: number, limitBytes: number): Promise<Result<FileAt>> {
    // A reader sees that it is too long, and never reads it whole.
    let bytes = new Uint8Array(limitBytes + 1);
    if (sizeBytes > limitBytes) return ok({ kind: 'file', bytes });
    const read = await readObjects(this.mirror, [id], { type: 'blob', limitBytes }, (_id, found) => {
      bytes = Uint8Array.from(found);
    });
    return read.ok ? ok({ kind: 'file', bytes }) : read;
  }

  async close(): Promise<void> {
    this.#stop.abort();
  }
}

function explain(answer: GitResult, doing: string): Fault {
  return explainGit(answer, { doing, secrets: [], timeoutMs: questionTimeoutMs, local: true });
}

function noClone(answer: GitResult, cwd: string): Fault {
  if (answer.spawnError !== null || answer.stopped !== null) return explain(answer, 'looking for a clone');
  return fault(
    'SG3050',
    'human',
    `${escapeTerminal(cwd)} is not in a Git repository`,
    'run it in a clone of the source repository',
  );
}

function incomplete(dir: string, isShallow: boolean): Fault {
  const what = isShallow ? 'shallow: its history ends early' : 'partial: it lacks files of its commits';
  return fault(
    'SG3052',
    'human',
    `the clone ${escapeTerminal(dir)} is ${what}, and what waits since when cannot be told`,
    'complete it with git fetch --unshallow, or clone without --depth and --filter (actions/checkout: fetch-depth: 0)',
  );
}

function conflicting(names: readonly string[]): Fault {
  const files = [...new Set(names.filter((name) => name !== ''))];
  const more = files.length > conflictsShown ? ` and ${files.length - conflictsShown} more` : '';
  const shown = files.slice(0, conflictsShown).map((name) => escapeTerminal(name));
  return fault(
    'SG3053',
    'human',
    `head and base conflict in ${shown.join(', ')}${more}: nobody can say what a merge would make`,
    'merge or rebase onto the base, and plan again',
  );
}

function unrelated(): Fault {
  return fault(
    'SG3053',
    'human',
    'head and base have no commit in common: they cannot be merged',
    'name the branch that this one was made from as --base',
  );
}

function tooOld(): Fault {
  return fault(
    'SG3054',
    'human',
    'this git cannot merge two commits without a work tree: git 2.38 or later can',
    'update git, or rebase the head onto the base, after which there is nothing to merge',
  );
}
