import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { explainGit } from './git-fault.ts';
import { runGit, succeeded } from './process.ts';

/** The oldest git that the tests run on: Debian 12's. */
const oldest = [2, 39] as const;
const versionTimeoutMs = 10_000;

/** The version of the git that is run. Faults: SG3001 it cannot be started, SG7041 it is older than those that are tested. */
export async function readGitVersion(): Promise<Result<string>> {
  const answer = await runGit(['--version'], {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1' },
    stdoutLimitBytes: 4096,
    timeoutMs: versionTimeoutMs,
  });
  const [, version, major, minor] =
    /^git version ((\d{1,4})\.(\d{1,4})[\w.-]{0,40})/.exec(answer.stdout.toString('latin1')) ?? [];
  if (!succeeded(answer) || version === undefined) {
    return failed(
      explainGit(answer, { doing: 'asking git for its version', secrets: [], timeoutMs: versionTimeoutMs }),
    );
  }
  const isOld = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
  if (!isOld) return ok(version);
  const text = `git ${version} is older than ${oldest.join('.')}, the oldest that snowgate is tested with`;
  return failed(fault('SG7041', 'human', text, 'install a newer git where PATH finds it'));
}
