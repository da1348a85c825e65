/** The repositories of a server, with the ways in which one's backend goes wrong in the middle. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the server's git does to the next requests. */
export type Trouble =
  | 'none'
  /** It is killed with half of the pack sent. */
  | 'fetchDies'
  /** It is asked for a pack and sends none. */
  | 'fetchHangs'
  /** The push is declined by a hook, as by a company's rule; by another, as by a host that protects the branch. */
  | 'declines'
  | 'protects'
  /** The repository takes no more than some bytes at once. */
  | 'quota'
  /** It is killed before the branch is moved; after it was moved. */
  | 'pushDies'
  | 'pushDiesAfter'
  /** It receives everything and does not answer. */
  | 'pushHangs';

export interface Repositories {
  /** Every repository of the server lies in it. */
  readonly root: string;
  /** The configuration that the server's git is to read, by GIT_CONFIG_GLOBAL or as ~/.gitconfig of `home`. */
  readonly configFile: string;
  readonly home: string;
  /** There as soon as a git that hangs has begun to. */
  readonly hangMark: string;
  /** Makes an empty repository. */
  make(name: string): Promise<void>;
  git(name: string, ...args: string[]): Promise<string>;
  suffer(trouble: Trouble): Promise<void>;
}

/** What a hook says, and must stand in the log: without it nobody knows whom to ask. */
export const hookWords = 'the ledger is frozen for an audit, ask the harbour office';

/** Prepares a server's git for the repositories that lie, or will, in `root`; what it needs itself goes to `dir`. */
export async function prepareServerGit(root: string, dir: string): Promise<Repositories> {
  const [home, hooks] = [join(dir, 'home'), join(dir, 'hooks')];
  for (const folder of [root, home, hooks]) await mkdir(folder, { recursive: true });
  const [configFile, packHook] = [join(home, '.gitconfig'), join(dir, 'pack-objects')];
  const hangMark = join(dir, 'hangs');
  // git runs a hook in place of pack-objects only where its own configuration names it, not that of a repository.
  const config = `[core]
	hooksPath = ${hooks}
[uploadpack]
	packObjectsHook = ${packHook}
[http]
	receivepack = true
[receive]
	denyNonFastForwards = true
	denyDeletes = true
`;
  const script = async (path: string, text: string): Promise<void> => {
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
  };
  // It ends, and does nothing more, when another trouble begins, so that no server's last process is held up for ever.
  const hang = `touch ${hangMark}\nwhile [ -e ${hangMark} ]; do sleep 0.3; done\nexit 1`;
  const suffer = async (trouble: Trouble): Promise<void> => {
    await rm(hangMark, { force: true });
    await writeFile(configFile, trouble === 'quota' ? `${config}\tmaxInputSize = 100\n` : config);
    await script(packHook, 'exec "$@"');
    for (const hook of ['pre-receive', 'update', 'post-receive'])
      await rm(join(hooks, hook), { force: true });
    const pre = join(hooks, 'pre-receive');
    if (trouble === 'fetchDies') await script(packHook, '"$@" | head -c 60\nkill -9 $PPID');
    if (trouble === 'fetchHangs') await script(packHook, hang);
    if (trouble === 'declines') await script(pre, `echo "${hookWords}" >&2\nexit 1`);
    if (trouble === 'protects') await script(join(hooks, 'update'), `echo "${hookWords}" >&2\nexit 1`);
    if (trouble === 'pushDies') await script(pre, 'kill -9 $PPID');
    if (trouble === 'pushDiesAfter') await script(join(hooks, 'post-receive'), 'kill -9 $PPID');
    if (trouble === 'pushHangs') await script(pre, hang);
  };
  await suffer('none');
  return {
    root,
    configFile,
    home,
    hangMark,
    suffer,
    make: async (name) => {
      await run('git', ['init', '-q', '--bare', '--template=', '--initial-branch=main', join(root, name)]);
    },
    git: async (name, ...args) => (await run('git', ['--git-dir', join(root, name), ...args])).stdout.trim(),
  };
}
