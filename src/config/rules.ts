import type { DurationKey } from './bounds.ts';
import { durationBounds } from './bounds.ts';
import type { Draft } from './draft.ts';
import { isWithin } from './draft.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { judgeFleets } from './fleets.ts';
import { judgeHttp } from './http.ts';
import { judgeNotify } from './notify.ts';
import { isSameBranch, isSameRepository, judgeRemote } from './remote.ts';

/** Every rule that the schema cannot say. Each stands for itself, so that all problems are told at once. */
export function judgeConfig(draft: Draft, hostName: string): void {
  judgeRemote(draft, 'source');
  judgeRemote(draft, 'policySource');
  judgeRemote(draft, 'ledger');
  for (const key of ['source', 'policySource'] as const) judgeSharing(draft, key);
  judgePolicySource(draft);
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
  judgeHttp(draft);
  judgeNotify(draft);
  if (draft.value(['replica']) === undefined && toLabel(hostName) === '') {
    const message = 'replica is absent, and the host name cannot stand for it';
    draft.error([], { code: 'SG2015', message, hint: 'write replica: NAME' });
  }
}

const otherNames = { source: 'the source repository', policySource: 'the repository of policies' } as const;

/** A ledger in a repository of others: warned about, and refused where it is the very branch. */
function judgeSharing(draft: Draft, key: keyof typeof otherNames): void {
  if (!isSameRepository(draft, key, 'ledger')) return;
  if (isSameBranch(draft, key, 'ledger')) {
    const message = `ledger and ${key} are the same branch of the same repository`;
    draft.error(
      ['ledger'],
      { code: 'SG2022', message, hint: 'give the ledger a repository of its own' },
      'key',
    );
    return;
  }
  const message = `the ledger is a branch of ${otherNames[key]}: who may push there can change what was done`;
  const hint = 'give the ledger a repository of its own, with its own write key';
  draft.warn(['ledger'], { code: 'SG2016', message, hint });
}

/** Policies come from one place: with two of them, somebody would believe in the one that is not read. */
function judgePolicySource(draft: Draft): void {
  if (draft.value(['policySource']) === undefined) return;
  if (draft.value(['source', 'policies']) !== undefined) {
    const message = 'source.policies is not read where policySource is written';
    const hint = 'remove source.policies, or remove policySource where policies lie beside the manifests';
    draft.error(['source', 'policies'], { code: 'SG2031', message, hint }, 'key');
  }
  if (!isSameRepository(draft, 'source', 'policySource') || !isSameBranch(draft, 'source', 'policySource')) {
    return;
  }
  const message = 'policySource and source are the same branch of the same repository';
  const hint = 'remove policySource and write source.policies, or keep policies in a branch of their own';
  draft.error(['policySource'], { code: 'SG2032', message, hint }, 'key');
}

function judgeFolders(draft: Draft): void {
  const isSeparate = draft.value(['policySource']) !== undefined;
  const source = { path: draft.textOr('source.path'), policies: draft.textOr('source.policies') };
  const folders = [
    { at: ['source', 'path'], folder: source.path },
    isSeparate
      ? { at: ['policySource', 'path'], folder: draft.textOr('policySource.path') }
      : { at: ['source', 'policies'], folder: source.policies },
  ];
  for (const { at, folder } of folders) {
    const parts = folder.split('/');
    const isPlain = parts.every(
      (part) => part !== '' && part !== '.' && part !== '..' && !/[\\\p{Cc}]/u.test(part),
    );
    if (isPlain) continue;
    const message = `${at.join('.')} is not the path of a folder inside the repository`;
    draft.error(at, {
      code: 'SG2019',
      message,
      hint: 'write it without leading slash, . or ..: tasks/prod',
    });
  }
  const [a, b] = [`${source.path}/`, `${source.policies}/`];
  if (isSeparate || (!a.startsWith(b) && !b.startsWith(a))) return;
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
