/** A ledger on real git in a directory of its own: a bare repository, served by file:// or smart http. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LedgerConfig } from '../../src/config/config.ts';
import type { CommitId } from '../../src/controller/ports.ts';
import type { OpenLedger } from '../../src/git/ledger-branch.ts';
import { openLedger } from '../../src/git/ledger-branch.ts';
import type { LedgerBeginning } from '../../src/git/ledger-init.ts';
import { initLedger } from '../../src/git/ledger-init.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import type { LedgerWorld, OpenOptions } from '../contract/ledger-world.ts';
import type { GitServer } from '../doubles/git-server.ts';
import { startGitServer } from '../doubles/git-server.ts';

const run = promisify(execFile);

export const branch = 'snowgate-ledger';
export const format = '{"v":1,"ledger":"6f1c0a3e-0000-4000-8000-000000000001"}\n';
export const waits = { fetchTimeoutMs: 30_000, pushTimeoutMs: 30_000, redactor: createRedactor() };

export const beginning: LedgerBeginning = {
  format,
  message: 'Begin the ledger\n',
  replica: 'init',
  atMs: Date.UTC(2026, 10, 23, 13, 0, 0),
  segments: [],
};

export interface GitWorld extends LedgerWorld {
  readonly dir: string;
  /** The bare repository of the server. */
  readonly repository: string;
  readonly config: LedgerConfig;
  readonly server: GitServer | null;
  open(replica: string, options?: OpenOptions): Promise<OpenLedger>;
  stateDir(replica: string): string;
  /** Runs git in the server's repository. */
  git(args: readonly string[], input?: string): Promise<string>;
  /** Installs a hook in the server, as a shell script. */
  hook(name: string, script: string): Promise<void>;
}

/** A world whose ledger is not begun yet. */
export async function prepareWorld(transport: 'file' | 'http'): Promise<GitWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'snowgate-test-ledger-'));
  const repository = join(dir, 'srv', 'ledger.git');
  await run('git', ['init', '-q', '--bare', '--initial-branch=main', repository]);
  const hooks = join(repository, 'hooks');
  await mkdir(hooks, { recursive: true });
  const git = async (args: readonly string[], input = ''): Promise<string> => {
    const child = run('git', ['--git-dir', repository, ...args], { maxBuffer: 1 << 26 });
    child.child.stdin?.on('error', () => undefined);
    child.child.stdin?.end(input);
    return (await child).stdout.trim();
  };
  // Over file:// the server is a child of ours and reads our configuration, which has no hooks.
  await git(['config', 'core.hooksPath', hooks]);
  const server = transport === 'http' ? await startGitServer(join(dir, 'srv')) : null;
  const url = server === null ? `file://${repository}` : `${server.url}/ledger.git`;
  const config: LedgerConfig = {
    url,
    branch,
    auth: { kind: 'none' },
    insecureTransport: false,
    pushesPerMinute: 6,
    replicas: 1,
    sharesSource: false,
  };
  const ref = `refs/heads/${branch}`;
  const stores = new Map<string, OpenLedger>();
  const stateDir = (replica: string): string => join(dir, `state-${replica}`);
  const hook = async (name: string, script: string): Promise<void> => {
    await writeFile(join(hooks, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(hooks, name), 0o755);
  };
  return {
    format,
    dir,
    repository,
    config,
    server,
    stateDir,
    git,
    hook,
    open: async (replica, options = {}) => {
      await stores.get(replica)?.close();
      if (options.lostState === true) await rm(stateDir(replica), { recursive: true, force: true });
      const { acceptCommit } = options;
      const accepting = acceptCommit === undefined ? config : { ...config, acceptCommit };
      const store = await openLedger(accepting, { ...waits, stateDir: stateDir(replica) });
      if (!store.ok) throw new Error(store.fault.message);
      stores.set(replica, store.value);
      return store.value;
    },
    tip: () =>
      git(['rev-parse', '--verify', '--quiet', ref]).then(
        (id): CommitId | null => id,
        () => null,
      ),
    rewind: async (commit) => {
      await git(['update-ref', ref, commit]);
    },
    deleteBranch: async () => {
      await git(['update-ref', '-d', ref]);
    },
    loseNextAnswer: (when) =>
      hook(when === 'beforeEffect' ? 'pre-receive' : 'post-receive', 'rm -f "$0"\nkill -9 $PPID'),
    decline: (on) =>
      on
        ? hook('pre-receive', 'echo the answer is no\nexit 1')
        : rm(join(hooks, 'pre-receive'), { force: true }),
    end: async () => {
      await Promise.all([...stores.values()].map((store) => store.close()));
      await server?.close();
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** A world with a ledger that was just begun. */
export async function beginWorld(transport: 'file' | 'http'): Promise<GitWorld> {
  const world = await prepareWorld(transport);
  const begun = await initLedger(world.config, beginning, waits);
  if (begun.ok) return world;
  await world.end();
  throw new Error(begun.fault.message);
}
