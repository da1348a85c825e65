/** What AWS's answers may hold. Each parser gives a value or the reason why the answer cannot be used. */
import type {
  DescribedDevice,
  DescribedExecution,
  ListedDevice,
  ListedExecution,
  TaskDescription,
} from '../controller/ports.ts';
import { asObject } from './answer.ts';

/** A task before DESIGN's rule about tags is applied: null where the listing left them out. */
export interface TaskSummary {
  readonly taskId: string;
  readonly state: string;
  readonly tags: Readonly<Record<string, string>> | null;
}

export interface Page<T> {
  readonly entries: readonly T[];
  readonly nextToken: string | null;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

/** What we ask for, and the most that the model allows. */
export const pageEntriesMax = 100;

/**
 * An id of a task, a device or an execution. The model says 1 to 64 characters; the characters are those seen in the
 * guide and a few that ids of AWS have elsewhere. An id goes into paths, commit messages and logs.
 */
export function parseId(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value) ? value : null;
}

/** A resource name; what cannot be one is none, since nothing depends on it. */
export function parseArn(value: unknown): string | null {
  return typeof value === 'string' && /^arn:[A-Za-z0-9:/._-]{1,1000}$/.test(value) ? value : null;
}

/** One page of ListTasks. */
export function parseTaskPage(answer: Readonly<Record<string, unknown>>): Parsed<Page<TaskSummary>> {
  return parsePage<TaskSummary>(answer, 'tasks', (entry, at) => {
    const taskId = parseId(entry.taskId);
    const state = parseState(entry.state);
    if (taskId === null || state === null) return bad(`${at} has no usable taskId or state`);
    if (entry.tags === undefined || entry.tags === null) return good({ taskId, state, tags: null });
    const tags = parseTags(entry.tags);
    return tags === null ? bad(`${at} has tags that are not texts`) : good({ taskId, state, tags });
  });
}

/** One page of ListDevices. */
export function parseDevicePage(answer: Readonly<Record<string, unknown>>): Parsed<Page<ListedDevice>> {
  return parsePage<ListedDevice>(answer, 'devices', (entry, at) => {
    const device = parseId(entry.managedDeviceId);
    if (device === null) return bad(`${at} has no usable managedDeviceId`);
    const tags = parseTags(entry.tags ?? {});
    return tags === null ? bad(`${at} has tags that are not texts`) : good({ device, tags });
  });
}

/** One page of ListExecutions of a task; an entry of another task makes the page unusable. */
export function parseExecutionPage(
  answer: Readonly<Record<string, unknown>>,
  ofTask: string,
): Parsed<Page<ListedExecution>> {
  return parsePage<ListedExecution>(answer, 'executions', (entry, at) => {
    const device = parseId(entry.managedDeviceId);
    const state = parseState(entry.state);
    if (device === null || state === null) return bad(`${at} has no usable managedDeviceId or state`);
    const task = entry.taskId;
    if (task !== undefined && task !== null && task !== ofTask) return bad(`${at} belongs to another task`);
    const id = entry.executionId;
    if (id === undefined || id === null) return good({ executionId: null, device, state });
    const executionId = parseId(id);
    return executionId === null
      ? bad(`${at} has no usable executionId`)
      : good({ executionId, device, state });
  });
}

/** A description of the task that was asked for; one of another task is an answer that cannot be used. */
export function parseTask(
  answer: Readonly<Record<string, unknown>>,
  taskId: string,
): Parsed<TaskDescription> {
  if (answer.taskId !== taskId) return bad('it describes another task, or none');
  const state = parseState(answer.state);
  if (state === null) return bad('it has no usable state');
  const list = answer.targets ?? [];
  if (!Array.isArray(list)) return bad('its targets are not a list');
  const targets: string[] = [];
  for (const entry of list) {
    const id = parseId(entry);
    if (id === null) return bad('a target of it is not an id');
    targets.push(id);
  }
  const tags = parseTags(answer.tags ?? {});
  if (tags === null) return bad('it has tags that are not texts');
  return good({
    taskId,
    taskArn: parseArn(answer.taskArn),
    state,
    targets,
    tags,
    createdMs: parseInstant(answer.createdAt),
    completedMs: parseInstant(answer.completedAt),
  });
}

/** A description of the device that was asked for; one of another device is an answer that cannot be used. */
export function parseDevice(
  answer: Readonly<Record<string, unknown>>,
  device: string,
): Parsed<DescribedDevice> {
  if (answer.managedDeviceId !== device) return bad('it describes another device, or none');
  const state = parseState(answer.deviceState);
  if (state === null) return bad('it has no usable deviceState');
  const type = parseType(answer.deviceType);
  if (type === null) return bad('it has a deviceType that is none');
  const tags = parseTags(answer.tags ?? {});
  if (tags === null) return bad('it has tags that are not texts');
  if (!areTagsOfAws(tags)) return bad('it has more or longer tags than AWS allows');
  const reachedOut = parseMoment(answer.lastReachedOutAt, 'lastReachedOutAt');
  if (!reachedOut.ok) return reachedOut;
  return good({ device, state, type, tags, lastReachedOutMs: reachedOut.value });
}

/** A description of the execution that was asked for; one of another task or device cannot be used. */
export function parseExecution(
  answer: Readonly<Record<string, unknown>>,
  taskId: string,
  device: string,
): Parsed<DescribedExecution> {
  if (answer.taskId !== taskId) return bad('it describes an execution of another task, or of none');
  if (answer.managedDeviceId !== device)
    return bad('it describes an execution on another device, or on none');
  const state = parseState(answer.state);
  if (state === null) return bad('it has no usable state');
  const id = answer.executionId ?? null;
  const executionId = parseId(id);
  if (id !== null && executionId === null) return bad('it has no usable executionId');
  const started = parseMoment(answer.startedAt, 'startedAt');
  if (!started.ok) return started;
  const updated = parseMoment(answer.lastUpdatedAt, 'lastUpdatedAt');
  if (!updated.ok) return updated;
  return good({ device, executionId, state, startedMs: started.value, updatedMs: updated.value });
}

function parsePage<T>(
  answer: Readonly<Record<string, unknown>>,
  field: string,
  parseEntry: (entry: Readonly<Record<string, unknown>>, at: string) => Parsed<T>,
): Parsed<Page<T>> {
  const list = answer[field];
  // An absent list is not an empty one: "no tasks" ends doubts, and must have been said.
  if (!Array.isArray(list)) return bad(`a page without ${field}`);
  if (list.length > pageEntriesMax) return bad(`a page of ${list.length} ${field}, more than were asked for`);
  const entries: T[] = [];
  for (const [index, item] of list.entries()) {
    const entry = asObject(item);
    const parsed =
      entry === null ? bad(`${field}[${index}] is no object`) : parseEntry(entry, `${field}[${index}]`);
    if (!parsed.ok) return parsed;
    entries.push(parsed.value);
  }
  const next = answer.nextToken;
  // Every AWS client takes an absent, null or empty token for the last page.
  if (next === undefined || next === null || next === '') return good({ entries, nextToken: null });
  if (typeof next !== 'string' || next.length > 4096) return bad('a nextToken that is no token');
  return good({ entries, nextToken: next });
}

/** A state goes into the ledger, whose codec reads back 32 characters and no more; the longest known has 11. */
function parseState(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Z][A-Z_]{0,31}$/.test(value) ? value : null;
}

/** Epoch seconds, with fractions; what cannot be a time is none, since it is only told to people. */
function parseInstant(value: unknown): number | null {
  const inRange = typeof value === 'number' && value > 0 && value < 253_402_300_800;
  return inRange ? Math.round(value * 1000) : null;
}

/** The first Snow device was sold in October 2015: an earlier time is a default or a mistake. */
const momentMinMs = Date.UTC(2015, 0);
/** Far enough for any true answer; milliseconds taken for seconds, and "never" as the last of all days, lie behind it. */
const momentMaxMs = Date.UTC(2100, 0);

/**
 * Epoch seconds on which a decision may hang: null where AWS does not say, and what cannot be a time makes the answer
 * unusable. Taking it for "not said" would let a wrong answer pass for a device that was never seen.
 */
function parseMoment(value: unknown, field: string): Parsed<number | null> {
  if (value === undefined || value === null) return good(null);
  const atMs = typeof value === 'number' ? Math.round(value * 1000) : Number.NaN;
  return atMs >= momentMinMs && atMs < momentMaxMs ? good(atMs) : bad(`its ${field} cannot be a time`);
}

/** The model puts no limit on it; those that AWS sells are named like SNC1_HDD and EDGE_CG. Empty where it is not said. */
function parseType(value: unknown): string | null {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value) ? value : null;
}

/** Twice the fifty of AWS's rules for tags, because those that AWS adds by itself (`aws:`) do not count among them. */
const tagsMax = 100;
/** 128 and 256 characters by the same rules, which may each be two units of a JavaScript string. */
const tagKeyMax = 256;
const tagValueMax = 512;

/** A device's tags are matched by rules for each task that names it: what AWS would never hold is not taken in. */
function areTagsOfAws(tags: Readonly<Record<string, string>>): boolean {
  const all = Object.entries(tags);
  return (
    all.length <= tagsMax && all.every(([key, text]) => key.length <= tagKeyMax && text.length <= tagValueMax)
  );
}

function parseTags(value: unknown): Readonly<Record<string, string>> | null {
  const object = asObject(value);
  if (object === null) return null;
  const tags: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, text] of Object.entries(object)) {
    if (typeof text !== 'string') return null;
    tags[key] = text;
  }
  return { ...tags };
}

function good<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

function bad(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why };
}
