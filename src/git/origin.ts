import { resolve } from 'node:path';
import { runGit, succeeded } from './process.ts';

const timeoutMs = 5_000;
/** Longer than any URL that a configuration takes. */
const outputBytes = 4_096;

/**
 * What the remote `origin` of the repository at `dir` itself is called, as it stands there; null where there is no
 * repository, no such remote, or no git. A repository that `dir` only lies in is not asked.
 */
export async function readOrigin(dir: string, signal: AbortSignal): Promise<string | null> {
  const result = await runGit(['config', '--get', 'remote.origin.url'], {
    gitDir: resolve(dir, '.git'),
    cwd: '/',
    env: {
      PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    },
    stdoutLimitBytes: outputBytes,
    timeoutMs,
    signal,
  });
  const url = result.stdout.toString('utf8').trim();
  return succeeded(result) && url !== '' ? url : null;
}
