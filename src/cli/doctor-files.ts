import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ControllerConfig, RemoteConfig } from '../config/config.ts';
import { isStateDirHeld, judgeStateDirPath } from '../git/lock.ts';
import { type Fault, fault } from '../lib/faults.ts';
import { checkFile, readSecretFile } from '../lib/secret-file.ts';
import { broken, type Check, passed, warned } from './doctor-report.ts';
import type { Surroundings } from './surroundings.ts';

/** Whether the controller could work in its state directory. It is neither made nor written to. */
export async function checkStateDir({ stateDir }: ControllerConfig): Promise<Check> {
  const name = 'state directory';
  const tooLong = judgeStateDirPath(stateDir);
  if (tooLong !== null) return broken(name, stateDir, tooLong);
  const there = await statOf(stateDir);
  if (there === 'ENOENT') return checkPlaceFor(stateDir);
  if (typeof there === 'string') return broken(name, stateDir, unusable(stateDir, there));
  if (!there.isDirectory()) return broken(name, stateDir, unusable(stateDir, 'it is no directory'));
  const refused = await refusalOf(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
  if (refused !== null) return broken(name, stateDir, unusable(stateDir, refused));
  const foreign = await findForeign(stateDir);
  if (foreign !== null) {
    return broken(name, stateDir, unusable(stateDir, `${foreign} in it belongs to another user`));
  }
  const held = await isStateDirHeld(stateDir);
  return passed(name, stateDir, held ? 'writable; a running controller uses it, which is fine' : 'writable');
}

async function checkPlaceFor(stateDir: string): Promise<Check> {
  let above = dirname(stateDir);
  while ((await statOf(above)) === 'ENOENT' && dirname(above) !== above) above = dirname(above);
  const refused = await refusalOf(above, constants.W_OK | constants.X_OK);
  if (refused === null) {
    return passed('state directory', stateDir, 'not there yet; the controller makes it when it starts');
  }
  const why = `it is not there, and cannot be made in ${above}: ${refused}`;
  return broken('state directory', stateDir, unusable(stateDir, why));
}

/** A folder of ours that another user has made: the controller takes none of them. */
async function findForeign(stateDir: string): Promise<string | null> {
  for (const name of ['git', 'source.git', 'ledger']) {
    const found = await statOf(join(stateDir, name));
    if (typeof found !== 'string' && found.uid !== (process.geteuid?.() ?? found.uid)) return name;
  }
  return null;
}

function unusable(stateDir: string, why: string): Fault {
  return fault(
    'SG3021',
    'human',
    `the state directory ${stateDir} cannot be used: ${why}`,
    'it must be a writable directory on a local disk, of the user that snowgate runs as: run doctor as that user, too',
  );
}

async function statOf(path: string): Promise<Stats | string> {
  return stat(path).catch(codeOf);
}

async function refusalOf(path: string, mode: number): Promise<string | null> {
  return access(path, mode).then(() => null, codeOf);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

// ------------------------------------------------------------------------------------------- files of auth

export interface NamedFile {
  readonly setting: string;
  readonly path: string;
  readonly what: 'token' | 'password' | 'ssh key' | 'known hosts' | 'CA' | 'secret';
}

/** The files that a remote's `auth` names: there, readable, of the right form, and not open to others. */
export async function checkSecrets(
  remote: RemoteConfig,
  section: 'source' | 'ledger' | 'policySource',
  world: Surroundings,
): Promise<Check[]> {
  return Promise.all(filesOf(remote, section).map((file) => checkSecret(file, world)));
}

function filesOf({ auth, caFile }: RemoteConfig, section: string): NamedFile[] {
  const files: NamedFile[] = [];
  const add = (key: string, path: string, what: NamedFile['what']): void => {
    files.push({ setting: `${section}.auth.${key}`, path, what });
  };
  if (auth.kind === 'token') add('tokenFile', auth.tokenFile, 'token');
  if (auth.kind === 'password') add('passwordFile', auth.passwordFile, 'password');
  if (auth.kind === 'ssh') {
    add('sshKeyFile', auth.sshKeyFile, 'ssh key');
    add('knownHostsFile', auth.knownHostsFile, 'known hosts');
  }
  if (caFile !== undefined) add('caFile', caFile, 'CA');
  return files;
}

async function checkSecret({ setting, path, what }: NamedFile, { redactor }: Surroundings): Promise<Check> {
  const isShort = what === 'token' || what === 'password';
  const read = isShort ? await readSecretFile(path, what) : await checkFile(path, what);
  if (!read.ok) return broken('secret', setting, read.fault);
  if (typeof read.value === 'string') redactor.register(read.value, path);
  return checkMode({ setting, path, what });
}

/** Whether a file that can be read is open to those it should not be open to: SG7040. */
export async function checkMode({ setting, path, what }: NamedFile): Promise<Check> {
  const found = await statOf(path);
  if (typeof found === 'string') return passed('secret', setting, path);
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  const open = (why: string, hint: string): Fault =>
    fault('SG7040', 'human', `${path} (mode ${mode}) ${why}`, hint);
  const isPublic = what === 'known hosts' || what === 'CA';
  const isOwn = found.uid === process.geteuid?.();
  if (what === 'ssh key' && isOwn && (found.mode & 0o077) !== 0) {
    // ssh's own rule; it holds for the owner alone, so that a key mounted for a group is taken.
    const refusal = open('is open to others, and ssh does not use such a key', `chmod 600 ${path}`);
    return broken('secret', setting, refusal);
  }
  if (isPublic && (found.mode & 0o002) !== 0) {
    const why = 'can be written by every user, who so decides which servers are trusted';
    return warned('secret', setting, open(why, `chmod o-w ${path}`));
  }
  if (!isPublic && (found.mode & 0o007) !== 0) {
    return warned('secret', setting, open('can be read by every user', `chmod o= ${path}`));
  }
  return passed('secret', setting, `${path} (mode ${mode})`);
}
