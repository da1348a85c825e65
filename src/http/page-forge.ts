/**
 * Links to commits and files on a forge, built from the configuration and from ids and paths alone. Of a forge that is not known
 * there are none: a wrong link is worse than a commit id.
 */
import type { ControllerConfig, RemoteConfig } from '../config/config.ts';
import { encodeUriPath } from '../lib/escape.ts';

export type ForgeKind = 'github' | 'gitlab' | 'gitea' | 'bitbucket';

/** Null where nothing can be linked. */
export interface Forge {
  commit(id: string | null): string | null;
  /** `line` from 1. */
  file(commit: string | null, path: string, line: number): string | null;
}

export interface Forges {
  readonly source: Forge;
  readonly policies: Forge;
  readonly ledger: Forge;
}

/** A longer path is nobody's file. */
const pathLengthMax = 1_000;

/** The forges of the configured repositories. */
export function makeForges(config: ControllerConfig): Forges {
  const { source, policySource, ledger, http } = config;
  const hinted = [...(http?.hookSecretFiles.keys() ?? [])].filter((provider) => provider !== 'generic');
  // Whoever has one kind of webhook alone has one kind of forge.
  const hint = hinted.length === 1 ? (hinted[0] ?? null) : null;
  const make = (remote: RemoteConfig): Forge => makeForge(remote.url, hint);
  return { source: make(source), policies: make(policySource ?? source), ledger: make(ledger) };
}

/** The forge of one repository. `hint` is what it is where its name does not say so. */
export function makeForge(url: string, hint: ForgeKind | null): Forge {
  const web = webAddress(url);
  const kind = web === null ? null : (kindOf(web.host) ?? hint);
  if (web === null || kind === null) return noForge;
  const base = `${web.origin}/${encodeUriPath(web.path)}`;
  return {
    commit: (id) => (isCommit(id) ? commitUrl(kind, base, id) : null),
    file: (commit, path, line) =>
      isCommit(commit) && isPath(path) ? fileUrl(kind, base, { commit, path, line }) : null,
  };
}

const noForge: Forge = { commit: () => null, file: () => null };

function isCommit(id: string | null): id is string {
  return id !== null && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id);
}

/** A browser resolves dots, however they are written: such a path would lead elsewhere on the forge. */
function isPath(path: string): boolean {
  const segments = path.split('/');
  return path.length <= pathLengthMax && segments.every((part) => part !== '' && !/^\.{1,2}$/.test(part));
}

function commitUrl(kind: ForgeKind, base: string, id: string): string {
  switch (kind) {
    case 'github':
    case 'gitea':
      return `${base}/commit/${id}`;
    case 'gitlab':
      return `${base}/-/commit/${id}`;
    case 'bitbucket':
      return `${base}/commits/${id}`;
  }
}

interface FilePlace {
  readonly commit: string;
  readonly path: string;
  readonly line: number;
}

function fileUrl(kind: ForgeKind, base: string, { commit, path, line }: FilePlace): string {
  const file = encodeUriPath(path);
  switch (kind) {
    case 'github':
      return `${base}/blob/${commit}/${file}#L${line}`;
    case 'gitlab':
      return `${base}/-/blob/${commit}/${file}#L${line}`;
    case 'gitea':
      return `${base}/src/commit/${commit}/${file}#L${line}`;
    case 'bitbucket':
      return `${base}/src/${commit}/${file}#lines-${line}`;
  }
}

/** What a host calls itself; Bitbucket in one's own house has other addresses than the one in the cloud. */
function kindOf(host: string): ForgeKind | null {
  if (host === 'bitbucket.org') return 'bitbucket';
  const words = new Set(host.split(/[.-]/));
  if (words.has('github')) return 'github';
  if (words.has('gitlab')) return 'gitlab';
  return words.has('gitea') || words.has('forgejo') || words.has('codeberg') ? 'gitea' : null;
}

interface WebAddress {
  readonly origin: string;
  readonly host: string;
  readonly path: string;
}

/** Where a browser finds a repository; null where nothing says so. Of an address for ssh the port is another server's. */
function webAddress(url: string): WebAddress | null {
  const read = /^(https?):\/\/([A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](?::[0-9]{1,5})?)\/(.+)$/.exec(
    url,
  );
  if (read !== null) {
    const [, scheme = '', authority = '', path = ''] = read;
    const host = authority.replace(/:[0-9]+$/, '').toLowerCase();
    return webOf(`${scheme}://${authority}`, host, path);
  }
  const ssh =
    /^ssh:\/\/(?:[^@/]*@)?([A-Za-z0-9.-]+)(?::[0-9]+)?\/(.+)$/.exec(url) ??
    /^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+):(?!\/\/)(.+)$/.exec(url);
  const [, host = '', path = ''] = ssh ?? [];
  // A name without a dot is an alias of somebody's ssh configuration.
  return host.includes('.') ? webOf(`https://${host}`, host.toLowerCase(), path) : null;
}

function webOf(origin: string, host: string, path: string): WebAddress | null {
  const bare = path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  return isPath(bare) ? { origin, host, path: bare } : null;
}
