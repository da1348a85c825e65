import type { DurationKey } from './bounds.ts';
import { durationBounds } from './bounds.ts';
import type { Draft } from './draft.ts';
import { isWithin } from './draft.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { judgeFleets } from './fleets.ts';
import { isSameRepository, judgeRemote } from './remote.ts';

/** Every rule that the schema cannot say. Each stands for itself, so that all problems are told at once. */
export function judgeConfig(draft: Draft, hostName: string): void {
  judgeRemote(draft, 'source');
  judgeRemote(draft, 'ledger');
  if (isSameRepository(draft)) judgeSharing(draft);
  if (draft.value(['ledger']) !== undefined && draft.value(['ledger', 'id']) === undefined) {
    const message = 'ledger.id is absent: any ledger found at the URL would be believed';
    draft.warn(['ledger'], {
      code: 'SG2017',
      message,
      hint: 'write the UUID that `snowgate ledger init` printed',
    });
  }
  judgeFolders(draft);
  judgeSchedule(draft);
  judgeDurations(draft);
  judgeRelations(draft);
  judgeFleets(draft);
  if (draft.value(['replica']) === undefined && toLabel(hostName) === '') {
    const message = 'replica is absent, and the host name cannot stand for it';
    draft.error([], { code: 'SG2015', message, hint: 'write replica: NAME' });
  }
}

function judgeSharing(draft: Draft): void {
  if (draft.textOr('ledger.branch') === draft.textOr('source.branch')) {
    const message = 'ledger and source are the same branch of the same repository';
    draft.error(
      ['ledger'],
      { code: 'SG2022', message, hint: 'give the ledger a repository of its own' },
      'key',
    );
    return;
  }
  const message =
    'the ledger is a branch of the source repository: who may push there can change what was done';
  const hint = 'give the ledger a repository of its own, with its own write key';
  draft.warn(['ledger'], { code: 'SG2016', message, hint });
}

function judgeFolders(draft: Draft): void {
  const folders = { path: draft.textOr('source.path'), policies: draft.textOr('source.policies') };
  for (const [key, folder] of Object.entries(folders)) {
    const parts = folder.split('/');
    const isPlain = parts.every(
      (part) => part !== '' && part !== '.' && part !== '..' && !/[\\\p{Cc}]/u.test(part),
    );
    if (isPlain) continue;
    const message = `source.${key} is not the path of a folder inside the repository`;
    draft.error(['source', key], {
      code: 'SG2019',
      message,
      hint: 'write it without leading slash, . or ..: tasks/prod',
    });
  }
  const [a, b] = [`${folders.path}/`, `${folders.policies}/`];
  if (!a.startsWith(b) && !b.startsWith(a)) return;
  const message = 'source.path and source.policies lie within each other';
  const hint = 'keep manifests and policies in folders of their own';
  draft.error(['source', 'policies'], { code: 'SG2019', message, hint }, 'key');
}

/** The shape alone; node-cron has the last word when the loop is made. */
function judgeSchedule(draft: Draft): void {
  const schedule = draft.text(['source', 'schedule']);
  if (schedule === undefined) return;
  const fields = schedule.trim().split(/\s+/);
  const example = 'second minute hour day month weekday, as "*/30 * * * * *"';
  if (fields.length !== 6) {
    const message = `source.schedule has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}; six are needed`;
    const hint = fields.length === 5 ? `put the seconds first, as "0 ...": ${example}` : example;
    draft.error(['source', 'schedule'], { code: 'SG2012', message, hint });
  } else if (fields.some((field) => !/^[0-9A-Za-z*/,-]+$/.test(field))) {
    const message = 'source.schedule is not a cron expression';
    draft.error(['source', 'schedule'], { code: 'SG2012', message, hint: example });
  }
}

function judgeDurations(draft: Draft): void {
  for (const [key, bounds] of Object.entries(durationBounds)) {
    const text = draft.text(key.split('.'));
    const writtenMs = text === undefined ? undefined : parseDuration(text);
    if (writtenMs === undefined || isWithin(writtenMs, bounds)) continue;
    const message = `${key} is ${formatDuration(writtenMs)}; it must be from ${bounds.minimum} to ${bounds.maximum}`;
    draft.error(key.split('.'), { code: 'SG2014', message, hint: `the default is ${bounds.default}` });
  }
}

/** What must be longer than what: a takeover that begins too early lets two replicas make one call. */
function judgeRelations(draft: Draft): void {
  judgeExceeds(draft, 'issue.deadline', ['issue.requestTimeout']);
  judgeExceeds(draft, 'shutdown.timeout', ['issue.requestTimeout']);
  judgeExceeds(draft, 'recovery.takeover', ['issue.deadline', 'issue.requestTimeout', 'recovery.settling']);
  judgeExceeds(draft, 'recovery.listTrust', ['recovery.takeover', 'recovery.settling']);
}

function judgeExceeds(draft: Draft, key: DurationKey, parts: readonly DurationKey[]): void {
  const valueMs = draft.durationMs(key);
  const sumMs = parts.reduce((sum, part) => sum + draft.durationMs(part), 0);
  if (valueMs > sumMs) return;
  const numbers = parts.map((part) => formatDuration(draft.durationMs(part))).join(' + ');
  const total = parts.length > 1 ? `${numbers} = ${formatDuration(sumMs)}` : numbers;
  const message = `${key} (${formatDuration(valueMs)}) must exceed ${parts.join(' + ')} (${total})`;
  // Pointed at where something is written: the default that it clashes with has no place.
  const written = [key, ...parts].find((name) => draft.value(name.split('.')) !== undefined) ?? key;
  draft.error(
    written.split('.'),
    { code: 'SG2004', message, hint: `raise ${key}, or lower the others` },
    'key',
  );
}

/** A host name as a DNS-1123 label: what cannot stand in one becomes a hyphen. Empty where nothing is left. */
export function toLabel(hostName: string): string {
  const label = hostName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
  return label.replace(/-+$/, '');
}
