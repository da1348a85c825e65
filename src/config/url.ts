/**
 * Which URLs are allowed (DESIGN 4). A configured URL reaches git's command line, and git reads more into one than an
 * address: transport helpers (`ext::`, `fd::`) run commands, a leading hyphen is an option, a host that begins with
 * one is an option of ssh (CVE-2017-1000117). Messages never repeat a URL: it may hold a secret.
 */
import type { Word } from './draft.ts';

export type Scheme = 'https' | 'http' | 'ssh' | 'file';

export type ParsedUrl =
  | {
      readonly ok: true;
      readonly scheme: Scheme;
      readonly isLoopback: boolean;
      /** Host and path without what varies between ways to write one address; two equal ones are one repository. */
      readonly identity: string;
    }
  | { readonly ok: false; readonly word: Word };

function refuse(code: Word['code'], message: string, hint: string): ParsedUrl {
  return { ok: false, word: { code, message, hint } };
}

const forms = 'write https://..., ssh://..., git@host:path or file:///...';

/** Reads the URL of a Git repository. `name` is the key it stands at. */
export function parseGitUrl(name: string, url: string): ParsedUrl {
  if (url.startsWith('-'))
    return refuse('SG2008', `${name} begins with a hyphen, like an option of git`, forms);
  if (/^[A-Za-z0-9+.-]+::/.test(url)) {
    return refuse('SG2008', `${name} names a transport helper, which runs a command of its own`, forms);
  }
  if (/[\s\p{Cc}]/u.test(url)) return refuse('SG2008', `${name} holds white space`, 'remove it');
  // Git takes %0a for a line break, and says it to helpers and servers as the end of a line (CVE-2020-5260).
  if (/%(?:[01][0-9a-f]|7f)/i.test(url))
    return refuse('SG2008', `${name} hides a control character`, 'remove it');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1];
  if (scheme === undefined) return parseScpLike(name, url);
  if (scheme === 'file') return parseFileUrl(name, url);
  if (scheme === 'https' || scheme === 'http' || scheme === 'ssh') return parseHostUrl(name, url, scheme);
  const reason = scheme === 'git' ? 'neither proves who answers nor hides what is said' : 'is not supported';
  return refuse('SG2008', `${name}: ${scheme.slice(0, 20)}:// ${reason}`, forms);
}

/** `[user@]host:path`, as ssh and git know it. */
function parseScpLike(name: string, url: string): ParsedUrl {
  const parts =
    /^(?:([A-Za-z0-9._][A-Za-z0-9._-]*)@)?([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:]+\]):(?!\/\/)(.+)$/.exec(
      url,
    );
  const [, , host, path] = parts ?? [];
  // `https:x` is a slip; git would look for a host of that name.
  if (host === undefined || path === undefined || /^(?:https?|ssh|file|git|ftps?)$/i.test(host)) {
    const hint = url.startsWith('/') ? 'a local repository is written file:///...' : forms;
    return refuse('SG2008', `${name} is not the URL of a Git repository`, hint);
  }
  if (path.startsWith('-')) {
    return refuse('SG2008', `${name}: the path begins with a hyphen, like an option of git`, forms);
  }
  return { ok: true, scheme: 'ssh', isLoopback: isLoopback(host), identity: identify(host, path) };
}

function parseFileUrl(name: string, url: string): ParsedUrl {
  const path = url.slice('file://'.length);
  if (!path.startsWith('/')) {
    return refuse('SG2008', `${name}: a file URL holds an absolute path`, 'write file:///srv/git/tasks.git');
  }
  return { ok: true, scheme: 'file', isLoopback: true, identity: identify('', path) };
}

function parseHostUrl(name: string, url: string, scheme: 'https' | 'http' | 'ssh'): ParsedUrl {
  const read = readUrl(url);
  if (read === undefined) return refuse('SG2008', `${name} is not a URL`, forms);
  const { username, password, hostname, pathname, search, hash } = read;
  if (password !== '')
    return refuse('SG2009', `${name} holds a password`, 'put it into a file and name it in auth');
  if (username !== '' && scheme !== 'ssh') {
    return refuse('SG2009', `${name} holds a user name, which may be a token`, 'name both in auth, by file');
  }
  if (search !== '' || hash !== '') {
    return refuse('SG2008', `${name} holds a query or fragment, where secrets are put`, 'remove it');
  }
  if (username.startsWith('-') || !isHost(hostname)) {
    return refuse('SG2008', `${name} does not name a host`, forms);
  }
  if (pathname === '' || pathname === '/') {
    return refuse('SG2008', `${name} names a host and no repository`, forms);
  }
  if (!isPlainAuthority(url, hostname)) {
    return refuse(
      'SG2008',
      `${name} does not name its host plainly`,
      'write user and host in plain ASCII, no \\ or %',
    );
  }
  return { ok: true, scheme, isLoopback: isLoopback(hostname), identity: identify(hostname, pathname) };
}

/**
 * Whether everybody reads the same host. `new URL` takes a backslash for a slash, decodes and normalizes; git and curl do
 * not: `http://127.0.0.1\@evil.example/` is loopback to the one and evil.example to the others.
 */
function isPlainAuthority(url: string, hostname: string): boolean {
  const host =
    /^[a-z]+:\/\/(?:[A-Za-z0-9._-]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]*)?\/[^\\]*$/.exec(
      url,
    )?.[1];
  if (host === undefined) return false;
  return host.startsWith('[') || host.toLowerCase() === hostname.toLowerCase();
}

function isHost(host: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9._-]*)$/.test(host) || /^\[[0-9A-Fa-f:.]+\]$/.test(host);
}

function readUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.[0-9]+\.[0-9]+\.[0-9]+$/.test(host);
}

function identify(host: string, path: string): string {
  const bare = path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  return `${host.toLowerCase()}/${bare}`;
}

export type ParsedEndpoint =
  | { readonly ok: true; readonly endpoint: string }
  | { readonly ok: false; readonly word: Word };

/**
 * An endpoint of AWS in the one form in which it is compared: claims are recovered only at an equal one. http is
 * allowed to loopback alone, since a signed request is readable by everybody on the way.
 */
export function parseEndpoint(name: string, text: string): ParsedEndpoint {
  const read = readUrl(text);
  const hint = 'write https://HOST, or http://127.0.0.1:PORT for a simulator on this machine';
  const fail = (message: string): ParsedEndpoint => ({ ok: false, word: { code: 'SG2006', message, hint } });
  if (read === undefined || !/^https?:\/\//.test(text)) return fail(`${name} is not an http or https URL`);
  if (read.username !== '' || read.password !== '') return fail(`${name} holds a user name or password`);
  if (read.search !== '' || read.hash !== '') return fail(`${name} holds a query or fragment`);
  if (read.protocol === 'http:' && !isLoopback(read.hostname)) {
    return fail(`${name} is http beyond loopback, where everybody on the way can read and change it`);
  }
  return { ok: true, endpoint: read.href.replace(/\/+$/, '') };
}

/** A proxy for git: http, https or socks5h, without a password in the URL. */
export function judgeProxy(name: string, text: string): Word | undefined {
  const read = readUrl(text);
  const hint = 'write http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT';
  if (read === undefined || !['http:', 'https:', 'socks5h:'].includes(read.protocol)) {
    return { code: 'SG2008', message: `${name} is not the URL of a proxy`, hint };
  }
  if (read.username !== '' || read.password !== '') {
    return {
      code: 'SG2009',
      message: `${name} holds a user name or password`,
      hint: 'use a proxy without one',
    };
  }
  return undefined;
}
