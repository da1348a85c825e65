/** sshd with a user `git` whose shell is git-shell, as a company would run it; the user exists for this sshd alone. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, freePort } from '../git/program.ts';
import { borrowSshdFolder } from '../git/sshd-folder.ts';
import type { Repositories } from './repositories.ts';
import { type Service, startService, waitForListener } from './services.ts';

const run = promisify(execFile);

/** Keys of the client: one that may push, one that may read, and one that nobody knows. */
export const keys = ['writer', 'reader', 'stranger'] as const;
export type Key = (typeof keys)[number];

type HostKey = 'host' | 'other-host';

export interface SshServer {
  url(repository: string): string;
  auth(key?: Key): { readonly sshKeyFile: string; readonly knownHostsFile: string };
  /** A known_hosts file that pins another key for this very host. */
  readonly otherHostsFile: string;
  kill(): Promise<void>;
  /** Starts it again, with another host key where one is named. */
  start(hostKey?: HostKey): Promise<void>;
  end(): Promise<void>;
}

export interface SshPrograms {
  readonly sshd: string;
  readonly gitShell: string;
  readonly wrapper: string;
}

/** What a server needs, or null with a printed reason. */
export function findSshPrograms(): SshPrograms | null {
  const [sshd, gitShell] = [findProgram('sshd', 'openssh-server'), findProgram('git-shell', 'git')];
  const wrapper = findLibrary('libnss_wrapper.so', 'libnss-wrapper');
  return sshd === null || gitShell === null || wrapper === null ? null : { sshd, gitShell, wrapper };
}

/** A library below /usr/lib, where Debian has a folder for each machine type. */
function findLibrary(name: string, debianPackage: string): string | null {
  const folders = existsSync('/usr/lib')
    ? ['', ...readdirSync('/usr/lib').filter((each) => each.includes('-linux-'))]
    : [];
  const found = [...folders.map((each) => join('/usr/lib', each, name)), join('/usr/lib64', name)].find(
    (path) => existsSync(path),
  );
  if (found !== undefined) return found;
  process.stderr.write(`tests that need ${name} are skipped: install ${debianPackage}\n`);
  return null;
}

/** What a host says to a key that may only read; the words are GitHub's. */
export const readOnlyWords = 'ERROR: The key you are authenticating with has been marked as read only.';

export async function startSshServer(
  { sshd, gitShell, wrapper }: SshPrograms,
  dir: string,
  { root, home }: Repositories,
  /** Shell commands that come before sshd, with a file system of their own. */
  before?: string,
): Promise<SshServer> {
  await mkdir(dir);
  const port = await freePort();
  for (const name of [...keys, 'host', 'other-host']) await makeKey(join(dir, name));
  await writeFile(join(dir, 'authorized_keys'), await authorizedKeys(dir));
  const commands = join(home, 'git-shell-commands');
  await mkdir(commands, { recursive: true });
  await writeFile(join(commands, 'read-only'), readOnlyCommand);
  await chmod(join(commands, 'read-only'), 0o755);
  const pin = async (file: string, key: string): Promise<string> => {
    await writeFile(
      join(dir, file),
      `[127.0.0.1]:${port} ${await readFile(join(dir, `${key}.pub`), 'utf8')}`,
    );
    return join(dir, file);
  };
  const knownHostsFile = await pin('known_hosts', 'host');
  const otherHostsFile = await pin('other_hosts', 'other-host');
  const config = join(dir, 'sshd_config');
  const env = { LD_PRELOAD: wrapper, ...(await makeUser(dir, home, gitShell)) };
  const giveBack = await borrowSshdFolder();
  let service: Service | null = null;
  const kill = async (): Promise<void> => {
    await service?.kill();
    service = null;
  };
  const start = async (hostKey: HostKey = 'host'): Promise<void> => {
    await writeFile(config, sshdConfig(dir, port, hostKey));
    const args = ['-D', '-e', '-f', config];
    service =
      before === undefined
        ? startService(sshd, args, { cwd: dir, env })
        : startService('unshare', ['-m', 'sh', '-e', '-c', `${before}\nexec "$@"`, 'sh', sshd, ...args], {
            cwd: dir,
            env,
          });
    await waitForListener(port, service);
  };
  const end = async (): Promise<void> => {
    await kill();
    await giveBack();
  };
  await start().catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    url: (repository) => `ssh://git@127.0.0.1:${port}${root}/${repository}`,
    auth: (key = 'writer') => ({ sshKeyFile: join(dir, key), knownHostsFile }),
    otherHostsFile,
    kill,
    start,
    end,
  };
}

/** The writer is held by its shell alone; the reader's key runs one command, whatever it asks for. */
async function authorizedKeys(dir: string): Promise<string> {
  const writer = await readFile(join(dir, 'writer.pub'), 'utf8');
  const reader = await readFile(join(dir, 'reader.pub'), 'utf8');
  return `restrict ${writer}restrict,command="read-only" ${reader}`;
}

const readOnlyCommand = `#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
  "git-upload-pack '"*) exec git-shell -c "$SSH_ORIGINAL_COMMAND" ;;
esac
echo "${readOnlyWords}" >&2
exit 1
`;

/** The machine's users and one more, in files that only this sshd is shown. It has our own number: no right is won. */
async function makeUser(dir: string, home: string, shell: string): Promise<Record<string, string>> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const users = await readFile('/etc/passwd', 'utf8');
  const [passwd, group] = [join(dir, 'passwd'), join(dir, 'group')];
  await writeFile(passwd, `git:x:${uid}:${gid}:git:${home}:${shell}\n${users}`);
  await writeFile(group, await readFile('/etc/group', 'utf8'));
  return { NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
}

async function makeKey(path: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
}

function sshdConfig(dir: string, port: number, hostKey: string): string {
  return `ListenAddress 127.0.0.1:${port}
HostKey ${dir}/${hostKey}
AuthorizedKeysFile ${dir}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LogLevel VERBOSE
`;
}
