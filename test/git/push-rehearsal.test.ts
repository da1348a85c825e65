/** May this key push? Asked over an ssh that runs here what the server's end would run, or what a forced command makes of it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerConfig } from '../../src/config/config.ts';
import { examineLedger } from '../../src/git/ledger-examination.ts';

let dir: string;
const path = process.env.PATH ?? '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snowgate-test-rehearsal-'));
  mkdirSync(join(dir, 'bin'));
  for (const file of ['key', 'known']) writeFileSync(join(dir, file), 'x');
  execFileSync('git', ['init', '--quiet', '--bare', join(dir, 'ledger.git')]);
  process.env.PATH = `${join(dir, 'bin')}:${path}`;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(dir, { recursive: true, force: true });
});

/** Fills the branch with a root of a ledger, so that there is a tip. */
function begin(): void {
  // Input only for those that read it: one that ends without breaks the pipe of whoever writes.
  const git = (args: readonly string[], input?: string): string =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b', ...args], {
      cwd: join(dir, 'ledger.git'),
      encoding: 'utf8',
      ...(input === undefined ? {} : { input }),
    }).trim();
  const blob = git(['hash-object', '-w', '--stdin'], 'x\n');
  const tree = git(['mktree'], `100644 blob ${blob}\tFORMAT\n`);
  git(['update-ref', 'refs/heads/snowgate-ledger', git(['commit-tree', tree, '-m', 'Begin'])]);
}

async function rehearse(forced: string | null): Promise<string> {
  const command = forced === null ? 'eval "exec $last"' : `exec ${forced} '${join(dir, 'ledger.git')}'`;
  const ssh = join(dir, 'bin', 'ssh');
  writeFileSync(ssh, `#!/bin/sh\nfor last; do :; done\nunset GIT_TRACE_PACKET\n${command}\n`);
  chmodSync(ssh, 0o755);
  const config: LedgerConfig = {
    url: `ssh://git@127.0.0.1${join(dir, 'ledger.git')}`,
    branch: 'snowgate-ledger',
    auth: { kind: 'ssh', sshKeyFile: join(dir, 'key'), knownHostsFile: join(dir, 'known') },
    insecureTransport: false,
    pushesPerMinute: 6,
    replicas: 1,
    sharesSource: false,
  };
  const { push } = await examineLedger(config, {
    stateDir: join(dir, 'state'),
    fetchTimeoutMs: 60_000,
    pushTimeoutMs: 30_000,
    redactor: { register: () => undefined },
    signal: new AbortController().signal,
  });
  if (push === null) return 'unasked';
  return push.ok ? 'let in' : `${push.fault.code} ${push.fault.class}`;
}

const refs = (): string =>
  execFileSync('git', ['for-each-ref'], { cwd: join(dir, 'ledger.git'), encoding: 'utf8' });

describe.each([
  ['a ledger', begin],
  ['a repository without one', () => undefined],
])('a push to %s over ssh', (_what, prepare) => {
  it.each([
    ['is let in where the key may push', null, 'let in'],
    ['is not let in where the key is bound to fetches', 'git-upload-pack', 'SG3003 human'],
  ])('%s', async (_case, forced, answer) => {
    prepare();
    const before = refs();
    expect(await rehearse(forced)).toBe(answer);
    expect(refs()).toBe(before);
  });
});
