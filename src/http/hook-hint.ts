/**
 * What a delivery hints at. Nothing in it is believed, fetched or shown: it is compared with what is watched, and the most that
 * a lie does is a look too early. So wherever something is in doubt, more is poked rather than less.
 */
import type { HookProvider } from '../config/config.ts';
import type { RemoteKey } from '../config/remote.ts';
import { parseGitUrl } from '../config/url.ts';

/** A branch of a repository that is looked at again and again. */
export interface WatchedPlace {
  readonly name: RemoteKey;
  /** The repository, as the configuration has it. */
  readonly url: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
}

export interface ReadDelivery {
  readonly provider: HookProvider;
  readonly headers: Headers;
  /** Raw and proven; any bytes at all. */
  readonly body: Buffer;
}

/** A longer URL is nobody's repository. */
const urlLengthMax = 2_048;
/** More branches in one push are taken for all of them. */
const changesMax = 100;
/** Bitbucket Data Center has one for https, one for ssh, and those of mirrors. */
const clonesMax = 20;

/**
 * The places to look at, in the order of `watched`. All of them where the payload cannot be read or names no repository that
 * can be compared; none where it names another one, or another branch, or where the event is no push. Never throws.
 */
export function hintedPlaces(delivery: ReadDelivery, watched: readonly WatchedPlace[]): readonly RemoteKey[] {
  const { provider, headers, body } = delivery;
  const payload = parsePayload(headers, body);
  if (!isPush(provider, headers, payload)) return [];
  const named = new Set(urlsIn(provider, payload).flatMap((url) => identityOf(url) ?? []));
  const refs = refsIn(provider, payload);
  const isHinted = ({ url, branch }: WatchedPlace): boolean => {
    if (named.size === 0) return true;
    return named.has(identityOf(url) ?? '') && (refs === null || refs.includes(`refs/heads/${branch}`));
  };
  return watched.filter(isHinted).map(({ name }) => name);
}

/** What each forge calls a push, and where it says so: beside the body, and so unsigned. */
const pushes: Readonly<Record<HookProvider, { headers: readonly string[]; events: readonly string[] }>> = {
  github: { headers: ['x-github-event'], events: ['push'] },
  gitea: { headers: ['x-gitea-event', 'x-forgejo-event'], events: ['push'] },
  gitlab: { headers: ['x-gitlab-event'], events: ['Push Hook', 'System Hook'] },
  // The first is Cloud's; the others are Data Center's, of a repository and of a mirror that has caught up.
  bitbucket: {
    headers: ['x-event-key'],
    events: ['repo:push', 'repo:refs_changed', 'mirror:repo_synchronized'],
  },
  generic: { headers: [], events: [] },
};

/** Every other event comes beside a push where it moves a branch, as a merge does. What names no event may be one. */
function isPush(provider: HookProvider, headers: Headers, payload: unknown): boolean {
  const { headers: names, events } = pushes[provider];
  const event = names.map((name) => headers.get(name)).find((value) => value !== null) ?? null;
  if (event === null) return true;
  if (!events.includes(event)) return false;
  // GitLab's system hooks name their event in the payload; users and keys have some, too (docs.gitlab.com, "System hooks").
  const inner = event === 'System Hook' ? at(payload, ['event_name']) : undefined;
  return typeof inner !== 'string' || inner === 'push' || inner === 'repository_update';
}

/** Undefined for what is no JSON: a hint that cannot be read is still a hint, since whoever sent it has proved itself. */
function parsePayload(headers: Headers, body: Buffer): unknown {
  const text = body.toString('utf8');
  // GitHub's other content type: the same JSON as a field of a form.
  const isForm = /^application\/x-www-form-urlencoded *(?:;|$)/i.test(headers.get('content-type') ?? '');
  const json = isForm ? new URLSearchParams(text).get('payload') : text;
  try {
    return JSON.parse(json ?? '') as unknown;
  } catch {
    return undefined;
  }
}

/** Where payloads name the repository. Fixed places of fixed depth: nothing is searched. */
const urlPlaces: Readonly<Record<HookProvider, readonly string[]>> = {
  github: ['repository.clone_url', 'repository.ssh_url', 'repository.html_url', 'repository.git_url'],
  gitea: ['repository.clone_url', 'repository.ssh_url', 'repository.html_url'],
  gitlab: [
    'project.git_http_url',
    'project.git_ssh_url',
    'project.web_url',
    'repository.git_http_url',
    'repository.git_ssh_url',
    'repository.homepage',
  ],
  bitbucket: ['repository.links.html.href'],
  generic: ['repository'],
};

function urlsIn(provider: HookProvider, payload: unknown): readonly string[] {
  const found = urlPlaces[provider].map((place) => at(payload, place.split('.')));
  if (provider === 'bitbucket') {
    const fullName = at(payload, ['repository', 'full_name']);
    if (typeof fullName === 'string') found.push(`https://bitbucket.org/${fullName}`);
    const clones = at(payload, ['repository', 'links', 'clone']);
    if (Array.isArray(clones)) found.push(...clones.slice(0, clonesMax).map((clone) => at(clone, ['href'])));
  }
  return found.filter((url) => typeof url === 'string');
}

/** Full names of what was pushed, as `refs/heads/main`; null where that is not told, or not of every one. */
function refsIn(provider: HookProvider, payload: unknown): readonly string[] | null {
  if (provider !== 'bitbucket') {
    const ref = at(payload, ['ref']);
    return typeof ref === 'string' ? [fullRef(ref)] : null;
  }
  const changes = at(payload, ['push', 'changes']) ?? at(payload, ['changes']);
  if (!Array.isArray(changes) || changes.length === 0 || changes.length > changesMax) return null;
  const refs = changes.flatMap((change) => refOfChange(change) ?? []);
  return refs.length === changes.length ? refs : null;
}

/** Data Center writes a full name; Cloud what is there now and what was, either of which is null at an end of its life. */
function refOfChange(change: unknown): string | null {
  const full = at(change, ['ref', 'id']);
  if (typeof full === 'string') return full;
  const side = at(change, ['new']) ?? at(change, ['old']);
  const name = at(side, ['name']);
  if (typeof name !== 'string') return null;
  return at(side, ['type']) === 'tag' ? `refs/tags/${name}` : `refs/heads/${name}`;
}

function fullRef(ref: string): string {
  return ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
}

/**
 * One text for all ways to write one address: without scheme, user, port, `.git` and final slash, in small letters. The port is
 * left out as everywhere in the configuration: a forge often does not know the one under which it is reached from here.
 */
function identityOf(url: string): string | null {
  if (url.length > urlLengthMax) return null;
  const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(?:[^/@]*@)?(.*)$/i.exec(url) ?? [];
  const isFile = scheme === '' || scheme.toLowerCase() === 'file';
  const parsed = parseGitUrl('repository', isFile ? url : `https://${rest}`);
  return parsed.ok ? parsed.identity.toLowerCase() : null;
}

function at(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[key];
  }
  return here;
}
