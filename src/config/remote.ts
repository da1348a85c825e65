import { holdsPlaceholder, placeholder } from '../lib/placeholder.ts';
import type { Auth, RemoteConfig } from './config.ts';
import type { Draft, Word } from './draft.ts';
import type { ParsedUrl } from './url.ts';
import { judgeProxy, parseGitUrl } from './url.ts';

export type RemoteKey = 'source' | 'policySource' | 'ledger';

/** Judges everything about how a repository is reached. */
export function judgeRemote(draft: Draft, key: RemoteKey): void {
  const branch = draft.text([key, 'branch']);
  const fault = branch === undefined ? undefined : judgeBranch(`${key}.branch`, branch);
  if (fault !== undefined) draft.error([key, 'branch'], fault);
  const url = draft.text([key, 'url']);
  if (url === undefined) return;
  const parsed = parseGitUrl(`${key}.url`, url);
  if (!parsed.ok) {
    draft.error([key, 'url'], parsed.word);
    return;
  }
  if (parsed.scheme === 'http' && !parsed.isLoopback) judgePlainHttp(draft, key);
  if (holdsPlaceholder(url)) {
    const message = `${key}.url still holds ${placeholder}`;
    draft.warn([key, 'url'], { code: 'SG2033', message, hint: 'write the address of the repository' });
  }
  judgeAuth(draft, key, parsed);
}

/** Whether two of them are one repository, as far as their URLs tell; over ssh and https it is one too. */
export function isSameRepository(draft: Draft, one: RemoteKey, other: RemoteKey): boolean {
  const [a, b] = [one, other].map((key) => parseGitUrl(key, draft.text([key, 'url']) ?? ''));
  return a?.ok === true && b?.ok === true && a.identity === b.identity;
}

/** Whether two remotes of one repository are one branch of it, too. */
export function isSameBranch(draft: Draft, one: RemoteKey, other: RemoteKey): boolean {
  return draft.textOr(`${one}.branch`) === draft.textOr(`${other}.branch`);
}

function judgePlainHttp(draft: Draft, key: RemoteKey): void {
  if (draft.isTrue([key, 'insecureTransport'])) {
    const message = `${key}.url is http: everybody on the way can read the token and change what is read`;
    draft.warn([key, 'insecureTransport'], { code: 'SG2023', message, hint: 'use https' });
    return;
  }
  const message = `${key}.url is http beyond loopback`;
  const hint = `use https, or accept that everybody on the way reads the token: ${key}.insecureTransport: true`;
  draft.error([key, 'url'], { code: 'SG2008', message, hint });
}

const ways = {
  token: ['tokenFile'],
  password: ['username', 'passwordFile'],
  ssh: ['sshKeyFile', 'knownHostsFile'],
} as const;

function judgeAuth(draft: Draft, key: RemoteKey, { scheme }: Extract<ParsedUrl, { ok: true }>): void {
  const auth = [key, 'auth'];
  const say = (message: string, hint: string): void =>
    draft.error(auth, { code: 'SG2010', message, hint }, 'key');
  const written = new Set(draft.keys(auth));
  const named = (Object.keys(ways) as (keyof typeof ways)[]).filter((way) =>
    ways[way].some((part) => written.has(part)),
  );
  const oneWay = 'name one of {tokenFile}, {username, passwordFile}, {sshKeyFile, knownHostsFile}';
  if (named.length > 1) say(`${key}.auth names more than one way to authenticate`, oneWay);
  for (const way of named) {
    const absent = ways[way].filter((part) => !written.has(part));
    if (absent.length > 0) say(`${key}.auth needs ${absent.join(' and ')} too`, oneWay);
  }
  const isHttp = scheme === 'https' || scheme === 'http';
  const [way] = named;
  if (scheme === 'ssh' && way !== 'ssh') {
    say(`${key}.url is ssh, and ${key}.auth names no key`, 'name sshKeyFile and knownHostsFile in it');
  }
  if (way === 'ssh' && scheme !== 'ssh')
    say(`${key}.auth names an SSH key, and ${key}.url is ${scheme}`, oneWay);
  if ((way === 'token' || way === 'password') && !isHttp) {
    say(`${key}.auth names a ${way}, and ${key}.url is ${scheme}`, 'a token or password is for https');
  }
  if (written.has('caFile') && scheme !== 'https') say(`${key}.auth.caFile is for https`, 'remove it');
  if (written.has('proxy') && !isHttp) say(`${key}.auth.proxy is for https and http`, 'remove it');
  const proxy = draft.text([...auth, 'proxy']);
  const fault = proxy === undefined ? undefined : judgeProxy(`${key}.auth.proxy`, proxy);
  if (fault !== undefined) draft.error([...auth, 'proxy'], fault);
}

/** The rules of git-check-ref-format(1) for a branch, and none that a shell or an option could be made of. */
function judgeBranch(name: string, branch: string): Word | undefined {
  const reason = branchFault(branch);
  if (reason === undefined) return undefined;
  return {
    code: 'SG2011',
    message: `${name} ${reason}`,
    hint: 'write a branch name that git accepts, as main',
  };
}

function branchFault(branch: string): string | undefined {
  if (/[\s\p{Cc}~^:?*[\\]/u.test(branch))
    return 'holds a space, a control character or one of ~ ^ : ? * [ \\';
  if (branch.startsWith('-')) return 'begins with a hyphen';
  if (branch.startsWith('refs/')) return 'begins with refs/: the name of the branch alone is wanted';
  if (branch === 'HEAD' || branch === '@') return 'is not the name of a branch';
  if (branch.includes('..') || branch.includes('@{') || branch.endsWith('.'))
    return 'holds .., @{ or a final dot';
  const parts = branch.split('/');
  if (parts.includes('')) return 'begins or ends with a slash, or holds two in a row';
  if (parts.some((part) => part.startsWith('.') || part.endsWith('.lock'))) {
    return 'has a part that begins with a dot or ends with .lock';
  }
  return undefined;
}

/** What a judged remote means, defaults filled in. */
export function buildRemote(draft: Draft, key: RemoteKey, baseDir: string): RemoteConfig {
  const caFile = draft.text([key, 'auth', 'caFile']);
  const proxy = draft.text([key, 'auth', 'proxy']);
  return {
    url: draft.text([key, 'url']) ?? '',
    branch: draft.textOr(`${key}.branch`),
    auth: buildAuth(draft, key, baseDir),
    ...(caFile === undefined ? {} : { caFile: resolvePath(baseDir, caFile) }),
    ...(proxy === undefined ? {} : { proxy }),
    insecureTransport: draft.isTrue([key, 'insecureTransport']),
  };
}

function buildAuth(draft: Draft, key: RemoteKey, baseDir: string): Auth {
  const file = (name: string): string | undefined => {
    const path = draft.text([key, 'auth', name]);
    return path === undefined ? undefined : resolvePath(baseDir, path);
  };
  const tokenFile = file('tokenFile');
  if (tokenFile !== undefined) return { kind: 'token', tokenFile };
  const username = draft.text([key, 'auth', 'username']);
  const passwordFile = file('passwordFile');
  if (username !== undefined && passwordFile !== undefined)
    return { kind: 'password', username, passwordFile };
  const sshKeyFile = file('sshKeyFile');
  const knownHostsFile = file('knownHostsFile');
  if (sshKeyFile !== undefined && knownHostsFile !== undefined)
    return { kind: 'ssh', sshKeyFile, knownHostsFile };
  return { kind: 'none' };
}

/** An absolute path as it is; a relative one from the folder of the configuration. Pure: nothing is looked up. */
export function resolvePath(baseDir: string, path: string): string {
  const joined = path.startsWith('/') ? path : `${baseDir}/${path}`;
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `${joined.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}
