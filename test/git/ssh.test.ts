/** The source over ssh, against a real sshd on a loopback port, with keys made for the test. */
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { appendFile, chmod, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceConfig } from '../../src/config/config.ts';
import { startMs, taskText } from '../contract/source-world.ts';
import { findProgram, freePort } from './program.ts';
import type { GitSourceWorld } from './source-world.ts';
import { openSourceWorld } from './source-world.ts';
import { borrowSshdFolder } from './sshd-folder.ts';

const run = promisify(execFile);
const sshd = findProgram('sshd', 'openssh-server');

describe.skipIf(sshd === null)('a source over ssh', () => {
  let world: GitSourceWorld;
  let daemon: ChildProcess;
  let giveBack: () => Promise<void>;
  let port = 0;
  let ssh: { readonly kind: 'ssh'; readonly sshKeyFile: string; readonly knownHostsFile: string };
  let log = '';

  beforeAll(async () => {
    world = await openSourceWorld();
    await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    port = await freePort();
    // A path that a shell or ssh's own configuration would take apart.
    const folder = world.dir;
    const key = join(folder, 'key $(touch pwned) %h "x');
    await makeKey(key);
    await makeKey(join(folder, 'hostkey'));
    const publicKey = await readFile(`${key}.pub`, 'utf8');
    await writeFile(join(folder, 'authorized_keys'), publicKey, { mode: 0o600 });
    const hostKey = await readFile(join(folder, 'hostkey.pub'), 'utf8');
    const known = join(folder, 'known hosts %h $HOME');
    await writeFile(known, `[127.0.0.1]:${port} ${hostKey}`);
    ssh = { kind: 'ssh', sshKeyFile: key, knownHostsFile: known };
    const config = join(folder, 'sshd_config');
    await writeFile(config, sshdConfig(folder, port));
    giveBack = await borrowSshdFolder();
    daemon = spawn(sshd ?? '', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    daemon.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
    });
    await waitForPort(port).catch((error: unknown) => {
      throw new Error(`sshd: ${log}`, { cause: error });
    });
  });

  afterAll(async () => {
    daemon.kill('SIGTERM');
    if (daemon.exitCode === null) await new Promise((resolve) => daemon.once('exit', resolve));
    await giveBack();
    await world.end();
  });

  async function fetchWith(change: Partial<SourceConfig> = {}) {
    const url = `ssh://${userInfo().username}@127.0.0.1:${port}${world.repository}`;
    const source = await world.reopen({ url, auth: ssh, ...change });
    const answer = await source.fetch();
    await source.close();
    return answer.ok ? 'fetched' : answer.fault;
  }

  it('is fetched with a key and a pinned host key, whatever their paths look like', async () => {
    expect(await fetchWith(), log).toBe('fetched');
    await expect(readFile(join(world.dir, 'pwned'))).rejects.toThrow();
  });

  it('runs nothing there that its path could close its quotes for (CVE-2026-45570, GHSA-m7cr-m3pv-hgrp)', async () => {
    const name = `it's'; touch pwned; $(touch pwned) \\'x.git`;
    const path = join(world.dir, name);
    await run('git', ['clone', '--quiet', '--bare', '--', world.repository, path]);
    const user = userInfo().username;
    const url = `ssh://${user}@127.0.0.1:${port}${encodeURI(path)}`;
    expect(await fetchWith({ url }), log).toBe('fetched');
    for (const more of ["'", "';touch pwned;'", "'$(touch pwned)'", "\\';touch pwned;\\'", '!touch pwned!'])
      expect(await fetchWith({ url: `${url}${encodeURI(more)}` })).toMatchObject({ code: 'SG3004' });
    const home = userInfo().homedir;
    for (const folder of [home, world.dir, world.stateDir])
      await expect(readFile(join(folder, 'pwned'))).rejects.toThrow();
  });

  it('is refused with another key', async () => {
    const other = join(world.dir, 'other');
    await makeKey(other);
    const answer = await fetchWith({ auth: { ...ssh, sshKeyFile: other } });
    expect(answer, log).toMatchObject({ code: 'SG3003', class: 'human' });
  });

  it('is refused where the host key is another or unknown', async () => {
    await makeKey(join(world.dir, 'changed'));
    const changed = await readFile(join(world.dir, 'changed.pub'), 'utf8');
    const knownHostsFile = join(world.dir, 'known-changed');
    await writeFile(knownHostsFile, `[127.0.0.1]:${port} ${changed}`);
    expect(await fetchWith({ auth: { ...ssh, knownHostsFile } })).toMatchObject({
      code: 'SG3007',
      class: 'human',
    });
    await writeFile(knownHostsFile, `other.example ${changed}`);
    expect(await fetchWith({ auth: { ...ssh, knownHostsFile } })).toMatchObject({ code: 'SG3007' });
  });

  it('says which file is missing or empty, and what is not there', async () => {
    const nowhere = join(world.dir, 'nowhere');
    expect(await fetchWith({ auth: { ...ssh, sshKeyFile: nowhere } })).toMatchObject({ code: 'SG3013' });
    await appendFile(nowhere, '');
    expect(await fetchWith({ auth: { ...ssh, knownHostsFile: nowhere } })).toMatchObject({ code: 'SG3014' });
    expect(await fetchWith({ auth: { kind: 'none' } })).toMatchObject({ code: 'SG3015' });
    const user = userInfo().username;
    expect(await fetchWith({ url: `ssh://${user}@127.0.0.1:${port}/nowhere.git` })).toMatchObject({
      code: 'SG3004',
    });
    expect(await fetchWith({ url: `ssh://${user}@127.0.0.1:${await freePort()}/x.git` })).toMatchObject({
      code: 'SG3002',
    });
  });
});

async function makeKey(path: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
  await chmod(path, 0o600);
}

function sshdConfig(folder: string, port: number): string {
  return `ListenAddress 127.0.0.1:${port}
HostKey ${folder}/hostkey
AuthorizedKeysFile ${folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LogLevel VERBOSE
`;
}

async function waitForPort(port: number): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('sshd does not listen');
}
