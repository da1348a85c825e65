import { createHash } from 'node:crypto';
import { readlink, rename, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RemoteConfig } from '../config/config.ts';
import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { checkFile, readSecretFile } from '../lib/secret-file.ts';
import { makeFolder } from './folder.ts';
import type { GitHome, GitSetting } from './home.ts';
import { settingsEnvironment, stateDirFault, temporaryName, writeIfChanged } from './home.ts';

/** A remote as one run of git reaches it: made anew for each, so that rotated secrets are taken up. */
export interface RemoteAccess {
  /** Follows a `--` in the arguments; it holds no secret. */
  readonly url: string;
  /** The URL for messages: without user information and query. */
  readonly shown: string;
  readonly cwd: string;
  /** The whole environment, secrets included: for git alone, never for a log. */
  readonly env: Readonly<Record<string, string>>;
  /** What must never be in a message, in every form in which it may come up. */
  readonly secrets: readonly string[];
  /** Whether a proxy is on the way. */
  readonly proxied: boolean;
}

export type Scheme = 'https' | 'http' | 'ssh' | 'file';

/** A server that sends nothing at all for so long has gone; one that counts objects sends a byte now and then. */
const silenceLimitS = 60;
/** A host that does not even accept a connection by then is down; the fetch's own limit is minutes. */
const sshConnectTimeoutS = 10;
const sshKeepAliveS = 15;

/** How a URL is reached, or null for what is never run: git://, helpers such as ext:: and what looks like an option. */
export function remoteScheme(url: string): Scheme | null {
  // A line break, written out or as %0a, would begin another line of what git says to helpers and servers.
  if (hasControlCharacter(url) || /%(?:[01][0-9a-f]|7f)/i.test(url)) return null;
  const written = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (written === 'https' || written === 'http' || written === 'ssh' || written === 'file') return written;
  if (written !== undefined || url.includes('::')) return null;
  if (url.startsWith('/')) return 'file';
  // git's short form of ssh, [user@]host:path: what comes before the colon holds no slash.
  return /^[A-Za-z0-9_][^/:\s]*:[^:]/.test(url) ? 'ssh' : null;
}

/**
 * Reads the secrets and prepares one run. No secret is in an argument, a URL or a file of ours: an HTTP header goes by
 * environment, an ssh key by its own path. Faults: SG3013 and SG3014 for secret files, SG3015 for a URL that is not
 * run, SG3021 for the state directory.
 */
export async function prepareRemote(config: RemoteConfig, home: GitHome): Promise<Result<RemoteAccess>> {
  const scheme = remoteScheme(config.url);
  const shown = showUrl(config.url);
  if (scheme === null) return failed(urlFault(shown));
  const access = { url: config.url, shown, cwd: home.dir, secrets: [], proxied: config.proxy !== undefined };
  const env = { ...home.env, GIT_ALLOW_PROTOCOL: scheme };
  if (scheme === 'file') return ok({ ...access, env });
  if (scheme === 'ssh') return prepareSsh(config, home, { ...access, env });
  return prepareHttp(config, home, { ...access, env });
}

async function prepareHttp(
  config: RemoteConfig,
  home: GitHome,
  access: RemoteAccess,
): Promise<Result<RemoteAccess>> {
  const settings: GitSetting[] = [
    // Written here too and not only in the configuration file, because a credential goes along.
    ['http.followRedirects', 'false'],
    ['http.sslVerify', 'true'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', String(silenceLimitS)],
    // An empty proxy: none, whatever else a later curl may look at.
    ['http.proxy', config.proxy ?? ''],
  ];
  if (config.caFile !== undefined) {
    const present = await checkFile(config.caFile, 'CA');
    if (!present.ok) return present;
    // An empty folder in place of the machine's: curl looks there beside the file, and would trust every public authority.
    settings.push(['http.sslCAInfo', resolve(config.caFile)], ['http.sslCAPath', home.emptyDir]);
  }
  const secret = await readHttpSecret(config);
  if (!secret.ok) return secret;
  if (secret.value === null) return ok(withSettings(access, settings, []));
  const { username, password, file } = secret.value;
  const encoded = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  home.redactor.register(password, file);
  home.redactor.register(encoded, `${file} as ${username}`);
  settings.push(['http.extraHeader', `Authorization: Basic ${encoded}`]);
  return ok(withSettings(access, settings, [password, encoded, encodeURIComponent(password)]));
}

interface HttpSecret {
  readonly username: string;
  readonly password: string;
  /** Where the password was read. */
  readonly file: string;
}

/**
 * A token is sent as the password of `x-access-token`: GitHub asks for that name, GitLab, Gitea and Azure DevOps take
 * any. A host that wants another one (Bitbucket: x-token-auth) is given username and passwordFile.
 */
async function readHttpSecret(config: RemoteConfig): Promise<Result<HttpSecret | null>> {
  const { auth } = config;
  if (auth.kind !== 'token' && auth.kind !== 'password') return ok(null);
  const file = auth.kind === 'token' ? auth.tokenFile : auth.passwordFile;
  const secret = await readSecretFile(file, auth.kind);
  if (!secret.ok) return secret;
  const username = auth.kind === 'token' ? 'x-access-token' : auth.username;
  return ok({ username, password: secret.value, file });
}

function withSettings(
  access: RemoteAccess,
  settings: readonly GitSetting[],
  secrets: readonly string[],
): RemoteAccess {
  return { ...access, env: { ...access.env, ...settingsEnvironment(settings) }, secrets };
}

/**
 * git hands GIT_SSH_COMMAND to a shell, and ssh expands % and $ in the paths of its configuration. So neither sees
 * a configured path: the command is a constant, run in a directory of ours that holds `ssh_config` and links to key
 * and known hosts under constant names.
 */
async function prepareSsh(
  config: RemoteConfig,
  home: GitHome,
  access: RemoteAccess,
): Promise<Result<RemoteAccess>> {
  const { auth } = config;
  if (auth.kind !== 'ssh') return failed(sshAuthFault(access.shown));
  const key = await checkFile(auth.sshKeyFile, 'ssh key');
  if (!key.ok) return key;
  const known = await checkFile(auth.knownHostsFile, 'known hosts');
  if (!known.ok) return known;
  // Source and ledger may use different keys at the same time: a directory for each pair.
  const id = createHash('sha256')
    .update(`${auth.sshKeyFile}\0${auth.knownHostsFile}`)
    .digest('hex')
    .slice(0, 16);
  const cwd = join(home.dir, `ssh-${id}`);
  try {
    await makeFolder(cwd);
    await linkTo(join(cwd, 'key'), resolve(auth.sshKeyFile));
    await linkTo(join(cwd, 'known_hosts'), resolve(auth.knownHostsFile));
    // Another ssh may be reading it: an empty one would let in the user's own keys and known hosts.
    await writeIfChanged(join(cwd, 'ssh_config'), sshConfigText);
  } catch (error) {
    return failed(stateDirFault(home.dir, error));
  }
  return ok({
    ...access,
    cwd,
    env: { ...access.env, GIT_SSH_COMMAND: 'ssh -F ssh_config', GIT_SSH_VARIANT: 'ssh' },
  });
}

const sshConfigText = `# Written by snowgate; changes are lost.
Host *
	IdentityFile key
	IdentitiesOnly yes
	IdentityAgent none
	CertificateFile none
	UserKnownHostsFile known_hosts
	GlobalKnownHostsFile /dev/null
	StrictHostKeyChecking yes
	UpdateHostKeys no
	BatchMode yes
	ConnectTimeout ${sshConnectTimeoutS}
	ConnectionAttempts 1
	ServerAliveInterval ${sshKeepAliveS}
	ServerAliveCountMax 4
	ClearAllForwardings yes
	ForwardAgent no
	ControlMaster no
	ControlPath none
	PermitLocalCommand no
	EscapeChar none
	LogLevel ERROR
`;

async function linkTo(path: string, target: string): Promise<void> {
  if ((await readlink(path).catch(() => null)) === target) return;
  const temporary = temporaryName(path);
  await symlink(target, temporary);
  await rename(temporary, path);
}

/** A URL without what may be secret in it: user information (a name is kept, a password never), query, fragment. */
export function showUrl(url: string): string {
  const plain = url.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
  return [...plain].map((character) => (hasControlCharacter(character) ? '\ufffd' : character)).join('');
}

function hasControlCharacter(text: string): boolean {
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return true;
  }
  return false;
}

function urlFault(shown: string) {
  return fault(
    'SG3015',
    'human',
    `the repository URL ${shown} is of a kind that snowgate does not run`,
    'use https://, ssh:// (or user@host:path), file:// or, to loopback, http://, without line breaks or %0a in it',
  );
}

function sshAuthFault(shown: string) {
  return fault(
    'SG3015',
    'human',
    `the repository ${shown} is reached by ssh, and its auth names no key`,
    'set auth to {sshKeyFile, knownHostsFile}; no agent, no user configuration and no unknown host key is used',
  );
}
