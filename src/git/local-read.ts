import { simpleGit } from 'simple-git';
import type { CommitId } from '../controller/ports.ts';
import { escapeRecord } from '../lib/escape.ts';
import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { Mirror } from './home.ts';

/** Local questions with an answer of one line; a repository that needs longer is broken or its disk is. */
const questionTimeoutMs = 60_000;
const reasonLimit = 300;

/** The commit that a ref or an id of ours names, null where there is none here. Fault: SG3022. */
export async function resolveCommit(mirror: Mirror, name: string): Promise<Result<CommitId | null>> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  const answer = await ask(mirror, args, `looking up ${name}`);
  if (!answer.ok) return answer;
  return ok(isObjectId(answer.value) ? answer.value : null);
}

/** Whether `head` is `ancestor` or descends from it. An ancestor that is not here is none; a head must be here. */
export async function isAncestor(
  mirror: Mirror,
  ancestor: CommitId,
  head: CommitId,
): Promise<Result<boolean>> {
  const known = await resolveCommit(mirror, ancestor);
  if (!known.ok) return known;
  if (known.value === null) return ok(false);
  // The usual case, in which nothing has happened: every look at a server would else cost one process more.
  if (known.value === head) return ok(true);
  // Not --is-ancestor, which answers by exit code alone: simple-git takes a silent failure for success. The best
  // common ancestor of two commits is one of them exactly when the other descends from it.
  const base = await ask(mirror, ['merge-base', ancestor, head], `comparing ${ancestor} with ${head}`);
  return base.ok ? ok(base.value === known.value) : base;
}

/** A full object id and nothing else: what may stand where git also takes names and options. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

async function ask(mirror: Mirror, args: string[], doing: string): Promise<Result<string>> {
  const env = { ...mirror.home.env, GIT_DIR: mirror.dir };
  try {
    const git = simpleGit({
      baseDir: mirror.home.dir,
      // Each variable is ours; simple-git takes away what is not named.
      allowEnvironment: Object.keys(env),
      // Each names what runs nothing: that these are set is what keeps a repository's own configuration from it.
      unsafe: {
        allowUnsafeConfigPaths: true,
        allowUnsafeConfigEnvCount: true,
        allowUnsafeAskPass: true,
        allowUnsafeCredentialHelper: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeGitProxy: true,
        allowUnsafeHooksPath: true,
        allowUnsafeSshCommand: true,
      },
      timeout: { block: questionTimeoutMs, stdErr: false, stdOut: false },
      trimmed: true,
      ...(mirror.signal === undefined ? {} : { abort: mirror.signal }),
      // Exit code 1 is git's "no", said with or without a word; anything else but 0 is no answer.
      errors: (error, { exitCode }) =>
        exitCode === 0 || exitCode === 1
          ? undefined
          : (error ?? new Error(`git ended with ${String(exitCode)}`)),
    });
    return ok(await git.env(env).raw(args));
  } catch (error) {
    const reason = escapeRecord(error instanceof Error ? error.message.trim() : 'unknown', reasonLimit);
    return failed(
      fault(
        'SG3022',
        'retry',
        `${doing} in the mirror ${mirror.dir} failed: ${reason}`,
        'it is tried again; if it goes on, stop snowgate and delete the folder, which is only a cache',
      ),
    );
  }
}
