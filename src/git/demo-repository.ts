import { join } from 'node:path';
import type { Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import { makeFolder } from './folder.ts';
import { explainGit } from './git-fault.ts';
import type { GitHome } from './home.ts';
import { runGit, succeeded } from './process.ts';

/** Everything here is small and on a local disk. */
const timeoutMs = 30_000;
const outputBytes = 64 * 1024;

/** Makes an empty bare repository, to be pushed to. */
export async function makeBareRepository(home: GitHome, dir: string): Promise<Result<null>> {
  await makeFolder(dir);
  return runQuietly(home, dir, ['init', '--quiet', '--bare', '--initial-branch=main', '--', dir]);
}

/**
 * Makes a repository with a work tree out of what lies in `dir`, committed on `main`. Its own configuration names an
 * author, so that whoever tries the demo can commit without having told git who they are.
 */
export async function makeWorkRepository(home: GitHome, dir: string, message: string): Promise<Result<null>> {
  const steps = [
    ['init', '--quiet', '--initial-branch=main', '--', dir],
    ['config', '--file', join(dir, '.git', 'config'), 'user.name', 'Demo'],
    ['config', '--file', join(dir, '.git', 'config'), 'user.email', 'demo@snowgate.example'],
  ];
  for (const args of steps) {
    const done = await runQuietly(home, dir, args);
    if (!done.ok) return done;
  }
  return commitAll(home, dir, message);
}

/** Commits every change of a work tree. */
async function commitAll(home: GitHome, dir: string, message: string): Promise<Result<null>> {
  for (const args of [
    ['add', '--all'],
    ['commit', '--quiet', `--message=${message}`],
  ]) {
    const done = await runQuietly(home, dir, args, join(dir, '.git'));
    if (!done.ok) return done;
  }
  return ok(null);
}

async function runQuietly(
  home: GitHome,
  cwd: string,
  args: readonly string[],
  gitDir?: string,
): Promise<Result<null>> {
  const result = await runGit(args, {
    ...(gitDir === undefined ? {} : { gitDir }),
    cwd,
    env: home.env,
    stdoutLimitBytes: outputBytes,
    timeoutMs,
  });
  if (succeeded(result)) return ok(null);
  return failed(explainGit(result, { doing: `git ${args[0] ?? ''}`, secrets: [], timeoutMs }));
}
