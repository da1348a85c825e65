import {
  type NoticeKind,
  type NoticeSeverity,
  type NotifyTarget,
  type NotifyVia,
  noticeKinds,
  noticeSeverities,
  statusForges,
} from './config.ts';
import type { Draft } from './draft.ts';
import { resolvePath } from './remote.ts';
import { parseEndpoint } from './url.ts';

const ways = ['webhook', 'slack', 'commitStatus'] as const;
type Way = (typeof ways)[number];

/**
 * Sent where `events` is absent: everything but a doubt and its end, which come and go within minutes, and of which the one
 * that stays is told as ambiguous.
 */
const usualEvents: readonly NoticeKind[] = noticeKinds.filter(
  (kind) => kind !== 'inDoubt' && kind !== 'doubtEnded',
);

/** Judges what the schema cannot say of `notify`: one way for each target, and addresses that a secret may be sent to. */
export function judgeNotify(draft: Draft): void {
  for (const name of draft.keys(['notify'])) {
    const written = writtenWays(draft, name);
    const isMap = typeof draft.value(['notify', name]) === 'object' && draft.value(['notify', name]) !== null;
    if (isMap && written.length !== 1) {
      const message = `notify.${name} names ${written.length === 0 ? 'no way' : 'more than one way'} to send word`;
      const hint = `write one of ${ways.join(', ')}; a second way is a target of its own`;
      draft.error(['notify', name], { code: 'SG2039', message, hint }, 'key');
    }
    judgeUrl(draft, name, ['webhook', 'url']);
    judgeUrl(draft, name, ['commitStatus', 'apiUrl']);
    if (written.includes('commitStatus')) {
      judgeRepository(draft, name);
      judgeFilters(draft, name);
    }
  }
}

function writtenWays(draft: Draft, name: string): Way[] {
  const keys = draft.keys(['notify', name]);
  return ways.filter((way) => keys.includes(way));
}

/** Messages never repeat the URL: somebody may have put a secret there. */
function judgeUrl(draft: Draft, name: string, [way, key]: readonly [Way, string]): void {
  const path = ['notify', name, way, key];
  const text = draft.text(path);
  if (text === undefined) return;
  const parsed = parseEndpoint(path.join('.'), text);
  if (!parsed.ok) {
    const hint = 'write https://HOST/PATH, or http to this machine; secrets go into files';
    draft.error(path, { code: 'SG2040', message: parsed.word.message, hint });
    return;
  }
  const caFile = ['notify', name, way, 'caFile'];
  if (draft.value(caFile) === undefined || parsed.endpoint.startsWith('https:')) return;
  const message = `${caFile.join('.')} is for https`;
  draft.error(caFile, { code: 'SG2042', message, hint: 'remove it' }, 'key');
}

/** GitHub and Gitea know owner/name; a project of GitLab may lie in groups within groups. */
function judgeRepository(draft: Draft, name: string): void {
  const path = ['notify', name, 'commitStatus', 'repository'];
  const text = draft.text(path);
  if (text === undefined) return;
  const parts = text.split('/');
  const isDeep = draft.text(['notify', name, 'commitStatus', 'forge']) === 'gitlab';
  const isPlain = parts.every((part) => part !== '.' && part !== '..' && part !== '');
  if (isPlain && (parts.length === 2 || (isDeep && parts.length > 2))) return;
  const message = `${path.join('.')} is not the name of a repository there`;
  const hint = isDeep ? 'write group/project, or group/subgroup/project' : 'write owner/name';
  draft.error(path, { code: 'SG2043', message, hint });
}

/** A status says how all tasks of its commit stand: one that left some out would say that all is well. It names no device. */
function judgeFilters(draft: Draft, name: string): void {
  for (const key of ['events', 'severity', 'redactDevices']) {
    const path = ['notify', name, key];
    if (draft.value(path) === undefined) continue;
    const message = `notify.${name}.${key} does nothing beside commitStatus, which tells of every outcome, and of no device`;
    draft.error(path, { code: 'SG2041', message, hint: 'remove it; fleets may stay' }, 'key');
  }
}

/** What a judged `notify` means, by name; undefined where nobody is sent word. */
export function buildNotify(draft: Draft, baseDir: string): Map<string, NotifyTarget> | undefined {
  const names = draft.keys(['notify']);
  if (names.length === 0) return undefined;
  return new Map(names.map((name) => [name, buildTarget(draft, name, baseDir)]));
}

function buildTarget(draft: Draft, name: string, baseDir: string): NotifyTarget {
  const fleets = draft.texts(['notify', name, 'fleets']);
  const events = draft.texts(['notify', name, 'events']);
  const severity = draft.text(['notify', name, 'severity']);
  return {
    name,
    fleets: fleets.length === 0 ? ['*'] : fleets,
    events: events.length === 0 ? usualEvents : noticeKinds.filter((kind) => events.includes(kind)),
    severity: noticeSeverities.find((one): one is NoticeSeverity => one === severity) ?? 'info',
    redactDevices: draft.isTrue(['notify', name, 'redactDevices']),
    via: buildVia(draft, name, baseDir),
  };
}

function buildVia(draft: Draft, name: string, baseDir: string): NotifyVia {
  const [kind = 'webhook'] = writtenWays(draft, name);
  const text = (key: string): string => draft.text(['notify', name, kind, key]) ?? '';
  const file = (key: string): string => resolvePath(baseDir, text(key));
  const ca = text('caFile') === '' ? {} : { caFile: file('caFile') };
  if (kind === 'slack') return { kind, urlFile: file('urlFile'), ...ca };
  if (kind === 'webhook') return { kind, url: text('url'), secretFile: file('secretFile'), ...ca };
  return {
    kind,
    forge: statusForges.find((forge) => forge === text('forge')) ?? 'github',
    apiUrl: text('apiUrl').replace(/\/+$/, ''),
    repository: text('repository'),
    tokenFile: file('tokenFile'),
    ...ca,
  };
}
