import { randomUUID } from 'node:crypto';
import { chmod, lstat, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { makeFolder } from './folder.ts';

/** Where git finds itself when we run it: an empty home, our own configuration and nobody else's. */
export interface GitHome {
  /** Below the state directory; only we may look into it. */
  readonly dir: string;
  /** Nothing is in it, and nobody writes to it. */
  readonly emptyDir: string;
  /** The environment of every git, complete; no protocol is allowed and no repository is named. */
  readonly env: Readonly<Record<string, string>>;
  /** Told of each secret that is read, so that no text of any part shows it. */
  readonly redactor: Pick<Redactor, 'register'>;
}

/** A bare repository of ours: a cache of a remote, which may be lost at any time. One user at a time. */
export interface Mirror {
  readonly dir: string;
  readonly home: GitHome;
  /** Ends every git that works on it: snowgate is stopping. */
  readonly signal?: AbortSignal;
}

/**
 * What git is told instead of system and user configuration. It is a file and not only environment because a
 * file:// remote is served by a child git whose environment is cleared of `GIT_CONFIG_COUNT`.
 */
const configText = `# Written by snowgate at every start; changes are lost.
[core]
	hooksPath = /dev/null
	logAllRefUpdates = false
	fsmonitor = false
	# Larger blobs are streamed to disk: a 500 MB file in the repository must not become 500 MB of memory.
	bigFileThreshold = 1m
[init]
	templateDir =
	defaultBranch = main
[fetch]
	# Entries such as .git, .., a/b or duplicates are refused by the fetch, before anything reads them.
	fsckObjects = true
	recurseSubmodules = false
	writeCommitGraph = false
[transfer]
	fsckObjects = true
[receive]
	fsckObjects = true
[submodule]
	recurse = false
[gc]
	auto = 0
	autoDetach = false
[maintenance]
	auto = false
	autoDetach = false
[protocol]
	allow = never
	version = 2
[credential]
	helper =
[http]
	followRedirects = false
	sslVerify = true
[user]
	name = snowgate
	email = snowgate@localhost
	useConfigOnly = true
[commit]
	gpgSign = false
[push]
	gpgSign = false
	followTags = false
[log]
	showSignature = false
[pack]
	threads = 1
`;

/** Makes the home below the state directory, or mends it. Fault: SG3021, the state directory cannot be written. */
export async function prepareGitHome(
  stateDir: string,
  redactor: Pick<Redactor, 'register'>,
): Promise<Result<GitHome>> {
  const dir = join(stateDir, 'git');
  const home = join(dir, 'home');
  const config = join(dir, 'config');
  for (const folder of [dir, home]) {
    const claimed = await claimDir(folder);
    if (!claimed.ok) return claimed;
  }
  try {
    await writeIfChanged(config, configText);
  } catch (error) {
    return failed(stateDirFault(stateDir, error));
  }
  return ok({ dir, emptyDir: home, env: gitEnvironment(home, config), redactor });
}

/**
 * Makes a directory of ours, or takes the one that is there, so that only this user may look into it and write to it.
 * What another user made is not taken: git does as the configuration in it says. Fault: SG3021.
 */
export async function claimDir(dir: string): Promise<Result<null>> {
  try {
    await makeFolder(dir);
    const { uid, isDirectory } = await inspect(dir);
    if (!isDirectory) return failed(strangeFault(dir, 'is a link and no directory'));
    if (uid !== (process.geteuid?.() ?? uid)) return failed(strangeFault(dir, 'belongs to another user'));
    await chmod(dir, 0o700);
    return ok(null);
  } catch (error) {
    return failed(stateDirFault(dir, error));
  }
}

async function inspect(path: string): Promise<{ readonly uid: number; readonly isDirectory: boolean }> {
  const info = await lstat(path);
  return { uid: info.uid, isDirectory: info.isDirectory() };
}

function strangeFault(dir: string, what: string): Fault {
  return fault(
    'SG3021',
    'human',
    `the state directory cannot be used: ${dir} ${what}`,
    'whoever writes there could have git run any program: let nobody else write to stateDir, and delete what is in it while no controller runs; it is only a cache',
  );
}

/** What SG3021 says for any trouble with a file of ours. */
export function stateDirFault(stateDir: string, error: unknown) {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return fault(
    'SG3021',
    'human',
    `the state directory ${stateDir} cannot be used: ${reason}`,
    'it must be a writable directory on a local disk, owned by the user snowgate runs as; its content may be deleted',
  );
}

/** A name beside `path` that nobody else uses: not even a later process with our id, as every container has it. */
export function temporaryName(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}`;
}

/** Two may write at once, and a third read: the file is replaced whole, never seen half. */
export async function writeIfChanged(path: string, text: string): Promise<void> {
  const old = await readFile(path, 'utf8').catch(() => null);
  if (old === text) return;
  const temporary = temporaryName(path);
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}

/** One setting of git's configuration: its key and its value. */
export type GitSetting = readonly [key: string, value: string];

/**
 * What a repository's own configuration could have git run as a program, or hand a credential to. The environment is
 * stronger than any file, so these hold although somebody should write to a mirror while we use it.
 */
const guards: readonly GitSetting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.sshCommand', ''],
  ['core.askPass', ''],
  ['core.gitProxy', ''],
  ['core.alternateRefsCommand', ':'],
  ['credential.helper', ''],
  ['commit.gpgSign', 'false'],
  ['push.gpgSign', 'false'],
  ['log.showSignature', 'false'],
];

/** Configuration by environment, in neither arguments, which everybody can list, nor a file: these beside the guards. */
export function settingsEnvironment(settings: readonly GitSetting[]): Readonly<Record<string, string>> {
  const all = [...guards, ...settings];
  const entries = all.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(all.length), ...Object.fromEntries(entries) };
}

function gitEnvironment(home: string, config: string): Readonly<Record<string, string>> {
  return {
    // Where git and ssh are is the one thing that only the machine knows.
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    // curl reads ~/.netrc, and ssh is told its own files: an empty home holds no surprises.
    HOME: home,
    XDG_CONFIG_HOME: home,
    LC_ALL: 'C',
    LANGUAGE: 'C',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: config,
    GIT_ATTR_NOSYSTEM: '1',
    ...settingsEnvironment([]),
    // The form that the configuration of a mirror is written for, whatever a later git takes by itself.
    GIT_DEFAULT_REF_FORMAT: 'files',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: '',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    // Found again by this after a kill -9 of ours, and ended before the mirrors are touched (see `endLeftovers`).
    [homeMark]: home,
  };
}

/** The variable by which a git of ours is known as ours, whoever its parent is by then. */
export const homeMark = 'SNOWGATE_GIT_HOME';
