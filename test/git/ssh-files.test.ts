/** The files that ssh is given: made by several at once, and after a life that ended in the middle. */
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RemoteConfig } from '../../src/config/config.ts';
import { prepareGitHome } from '../../src/git/home.ts';
import { prepareRemote } from '../../src/git/remote.ts';

let dir = '';
let remote: RemoteConfig;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'snowgate-test-ssh-'));
  const [sshKeyFile, knownHostsFile] = [join(dir, 'id'), join(dir, 'known')];
  await writeFile(sshKeyFile, 'key\n');
  await writeFile(knownHostsFile, 'hosts\n');
  const auth = { kind: 'ssh', sshKeyFile, knownHostsFile } as const;
  remote = { url: 'git@git.example.com:a.git', branch: 'main', auth, insecureTransport: false };
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function prepare() {
  const home = await prepareGitHome(join(dir, 'state'), { register: () => undefined });
  if (!home.ok) throw new Error(home.fault.message);
  const access = await prepareRemote(remote, home.value);
  if (!access.ok) throw new Error(access.fault.message);
  return access.value;
}

it('are made by source and ledger at the same time', async () => {
  await prepareGitHome(join(dir, 'state'), { register: () => undefined });
  const made = await Promise.all(Array.from({ length: 8 }, prepare));
  expect(new Set(made.map(({ cwd }) => cwd)).size).toBe(1);
});

it('are made although an earlier life with this process id ended in the middle', async () => {
  const { cwd } = await prepare();
  await rm(join(cwd, 'key'));
  await symlink('elsewhere', join(cwd, `key.${process.pid}`));
  await expect(prepare()).resolves.toMatchObject({ cwd });
});

it('are never seen half written by an ssh that reads them meanwhile', async () => {
  const { cwd } = await prepare();
  const before = await stat(join(cwd, 'ssh_config'));
  await prepare();
  const after = await stat(join(cwd, 'ssh_config'));
  expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
});
