/**
 * Segments as text: JSON Lines, a batch header first. Written by {@link encodeSegment}; {@link decodeSegment} believes
 * nothing: an unknown kind, an unknown field or a wrong type is a fault, never skipped, because a skipped line could
 * be the one that says a task was made.
 */
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { Batch, BatchHeader, LedgerEvent, LedgerFormat } from './events.ts';
import {
  cancelAnswers,
  cancelReasons,
  formatVersion,
  noteReasons,
  outsideCauses,
  releaseReasons,
  settledOutcomes,
} from './events.ts';

/** Lines of one segment; a batch of claims is far smaller, and a longer one is not ours. */
const linesMax = 100_000;
/** Characters of a text that others wrote (AWS's words, a human's reason); writers cut at a tenth of it. */
const textMax = 8192;

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === 'string' && value.length <= textMax;
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const positive: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 1;
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const among =
  (values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check, itemsMax: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= itemsMax && value.every(check);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapOf =
  (check: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every(check);
const shaped =
  (shape: Shape): Check =>
  (value) =>
    isRecord(value) && misfit(value, shape) === null;

/** The first field that does not fit, or null; what others wrote is shown quoted, and only a little of it. */
function misfit(value: Record<string, unknown>, shape: Shape): string | null {
  for (const [field, check] of Object.entries(shape)) if (!check(value[field])) return field;
  const foreign = Object.keys(value).find((field) => !Object.hasOwn(shape, field));
  return foreign === undefined ? null : JSON.stringify(foreign.slice(0, 40));
}

/** Compared as it comes back: a 30th of February would be computed with as NaN, which is earlier and later than nothing. */
const instant: Check = (value) => {
  if (typeof value !== 'string' || !/^\d{4}-/.test(value)) return false;
  const timeMs = Date.parse(value);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString() === value;
};
const token = matches(/^[0-9a-f]{64}$/);
const objectId = matches(/^[0-9a-f]{40}([0-9a-f]{24})?$/);
const label = matches(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const runId = matches(/^[0-9a-z-]{1,64}$/);
/** Ids that AWS gives and takes: 1 to 64 characters, none that a shell, a terminal or a log would read as more. */
const awsId = matches(/^[A-Za-z0-9._-]{1,64}$/);
const command = among(['unlock', 'reboot']);
const targets = listOf(awsId, 10);

const identity = shaped({
  account: matches(/^(\d{12})?$/),
  region: matches(/^[a-z0-9-]{1,40}$/),
  endpoint: text,
});
const request = shaped({
  clientToken: token,
  command,
  targets,
  description: optional(text),
  tags: mapOf(text),
});
const manifest = shaped({
  path: text,
  blob: objectId,
  commit: orNull(objectId),
  author: orNull(text),
  annotations: mapOf(text),
});
/** What rules read of the world, as one object; the writer cuts it at half of this. */
const factsCharsMax = 16_384;
const facts: Check = (value) => isRecord(value) && JSON.stringify(value).length <= factsCharsMax;
const waiver = shaped({
  name: label,
  path: text,
  blob: objectId,
  rules: listOf(text, 20),
  reason: text,
  expires: instant,
});
/** More than policies are ever loaded: each that matches is named. */
const policiesMax = 10_000;
const verdict = shaped({
  action: among(['allow']),
  until: orNull(instant),
  closes: optional(orNull(instant)),
  cancels: optional(orNull(instant)),
  notAfter: optional(orNull(instant)),
  waiver: optional(waiver),
  facts: optional(facts),
  reasons: listOf(shaped({ code: matches(/^SG\d{4}$/), message: text }), 100),
  policies: listOf(shaped({ name: text, blob: objectId }), policiesMax),
});
const look = shaped({
  begunAt: instant,
  endedAt: instant,
  tasksSeen: count,
  pages: count,
  hits: listOf(awsId, 100),
});
const execution = shaped({ device: awsId, state: matches(/^[A-Z_]{1,32}$/), executionId: orNull(awsId) });

const header: Shape = {
  v: positive,
  kind: among(['batch']),
  seq: positive,
  replica: label,
  run: runId,
  source: orNull(objectId),
  policies: orNull(objectId),
  policySet: optional(token),
  accepted: optional(objectId),
  at: instant,
};
const base: Shape = { v: positive, kind: text, token, fleet: label, name: label, at: instant };
const ofAttempt: Shape = { ...base, attempt: positive };
const answered: Shape = { ...ofAttempt, message: text, requestId: orNull(text) };

const shapes: Readonly<Record<LedgerEvent['kind'], Shape>> = {
  claimed: {
    ...ofAttempt,
    request: optional(request),
    taskRun: positive,
    identity,
    manifest,
    verdict,
    policySet: token,
    tzdata: text,
    look: optional(look),
  },
  issued: { ...ofAttempt, taskId: awsId, taskArn: orNull(text), requestId: orNull(text) },
  released: { ...answered, reason: among(releaseReasons), notBefore: orNull(instant) },
  refused: { ...answered, error: text },
  unknown: { ...answered, error: text },
  adopted: { ...base, through: positive, taskId: awsId, taskArn: orNull(text), look },
  absent: { ...base, through: positive, look },
  ambiguous: { ...base, through: positive, reason: among(['tooOld', 'otherTargets']), look },
  doubled: { ...base, taskIds: listOf(awsId, 100) },
  resolved: {
    ...base,
    taskId: orNull(awsId),
    reason: text,
    by: text,
    revision: orNull(shaped({ command, targets, taskRun: positive, identity })),
  },
  baseline: { ...base, command, targets, taskRun: positive, path: text },
  noted: { ...base, reason: among(noteReasons), message: text },
  progress: { ...base, executions: listOf(execution, 10) },
  cancelRequested: { ...base, taskId: awsId, reason: among(cancelReasons), end: optional(instant) },
  cancelAnswered: { ...base, answer: among(cancelAnswers), message: text, requestId: orNull(text) },
  ranOutsideWindow: {
    ...base,
    closedAt: instant,
    runs: listOf(shaped({ device: awsId, startedAt: instant, cause: among(outsideCauses) }), 10),
  },
  settled: { ...base, outcome: among(settledOutcomes), executions: listOf(execution, 10) },
};

function isKind(kind: unknown): kind is LedgerEvent['kind'] {
  return typeof kind === 'string' && Object.hasOwn(shapes, kind);
}

/** The text of a segment, with a final newline. */
export function encodeSegment(batch: Batch): string {
  return `${[batch.header, ...batch.events].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/**
 * The text of a segment, proven to be read back: what is appended once stands for ever, and one line that the reader
 * refuses stops every controller at every start. Fault: SG4214, and nothing may be written.
 */
export function encodeChecked(batch: Batch): Result<string> {
  const segment = encodeSegment(batch);
  const read = decodeSegment({ path: 'about to be written', text: segment });
  return read.ok ? ok(segment) : failed(unreadable(read.fault));
}

/** The field in which an event could not be read back, and its size as a line; null for the field where all is well. */
export function checkEvent(event: LedgerEvent): { readonly misfit: string | null; readonly bytes: number } {
  const line = JSON.stringify(event);
  const value = parseLine(line);
  const wrong = value === null ? 'line' : misfit(value, shapes[event.kind]);
  return { misfit: wrong, bytes: new TextEncoder().encode(line).length + 1 };
}

/** The batch that a segment's text holds, or what in which line is not ours. */
export function decodeSegment(segment: { readonly path: string; readonly text: string }): Result<Batch> {
  const { path } = segment;
  const lines = segment.text.split('\n');
  if (lines.pop() !== '') return failed(damaged(path, lines.length + 1, 'the last line is not ended'));
  if (lines.length > linesMax) return failed(damaged(path, linesMax, `more than ${linesMax} lines`));
  const values: Record<string, unknown>[] = [];
  for (const [index, line] of lines.entries()) {
    const value = parseLine(line);
    if (value === null) return failed(damaged(path, index + 1, 'not a JSON object'));
    const newer = typeof value['v'] === 'number' && value['v'] > formatVersion;
    if (newer) return failed(tooNew(path, index + 1, String(value['v'])));
    values.push(value);
  }
  const [first, ...rest] = values;
  if (first === undefined) return failed(damaged(path, 1, 'empty'));
  const wrong = misfit(first, header);
  if (wrong !== null) return failed(damaged(path, 1, `the batch header's ${wrong} is missing or wrong`));
  for (const [index, value] of rest.entries()) {
    if (!isKind(value['kind'])) return failed(unknownKind(path, index + 2, value['kind']));
    const field = misfit(value, shapes[value['kind']]);
    if (field !== null)
      return failed(damaged(path, index + 2, `${value['kind']}.${field} is missing, wrong or unknown`));
  }
  // Proven line by line above: the shapes are the types, field by field.
  return ok({
    header: first as unknown as BatchHeader,
    events: rest as unknown as readonly LedgerEvent[],
  });
}

/** The FORMAT file of a ledger's root commit. */
export function encodeFormat(format: LedgerFormat): string {
  return `${JSON.stringify({ v: format.v, ledger: format.ledger })}\n`;
}

/** What a FORMAT file says; a fault where it is not one, or is newer than this code understands. */
export function decodeFormat(content: string): Result<LedgerFormat> {
  const value = parseLine(content.trimEnd());
  const wrong =
    value === null
      ? 'it is not a JSON object'
      : misfit(value, { v: positive, ledger: matches(/^[0-9a-f-]{36}$/) });
  if (value === null || wrong !== null) {
    return failed(
      fault(
        'SG4211',
        'human',
        `the ledger's FORMAT cannot be read: ${value === null ? wrong : `${wrong} is missing, wrong or unknown`}`,
        'check that ledger.url and ledger.branch name a branch made by `snowgate ledger init`',
      ),
    );
  }
  if (Number(value['v']) > formatVersion) return failed(tooNew('FORMAT', 1, String(value['v'])));
  return ok(value as unknown as LedgerFormat);
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function damaged(path: string, line: number, what: string): Fault {
  return fault(
    'SG4210',
    'human',
    `ledger segment ${path}:${line}: ${what}`,
    'the ledger was written by something else than snowgate, or by a newer version: stop, upgrade, or restore the branch',
  );
}

function unreadable({ message }: Fault): Fault {
  return fault(
    'SG4214',
    'human',
    `nothing is written to the ledger, because it could not be read again: ${message}`,
    'shorten the text that is named, where it is yours; else report it as a bug',
  );
}

function unknownKind(path: string, line: number, kind: unknown): Fault {
  const shown = typeof kind === 'string' ? JSON.stringify(kind.slice(0, 40)) : 'no text';
  return fault(
    'SG4212',
    'human',
    `ledger segment ${path}:${line}: unknown kind of event (${shown})`,
    'a newer snowgate wrote it: upgrade this one; an event is never skipped',
  );
}

function tooNew(path: string, line: number, version: string): Fault {
  return fault(
    'SG4213',
    'human',
    `${path}:${line} has version ${version}, and this snowgate reads up to ${formatVersion}`,
    'upgrade this snowgate',
  );
}
