/** Reads what a client sent into what the operations take: path, query and body, checked against the grammar. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { CommandName, ExecutionState } from './device.ts';
import type { TaskState } from './fleet.ts';
import {
  clientTokenRule,
  descriptionRule,
  idRule,
  pageTokenRule,
  resourceTypeRule,
  Violations,
} from './grammar.ts';
import type { NewTask, PageRequest } from './tasks.ts';

export const taskStates = ['IN_PROGRESS', 'CANCELED', 'COMPLETED'] as const satisfies readonly TaskState[];
export const executionStates = [
  'QUEUED',
  'IN_PROGRESS',
  'CANCELED',
  'FAILED',
  'SUCCEEDED',
  'REJECTED',
  'TIMED_OUT',
] as const satisfies readonly ExecutionState[];
const targetsMax = 10;
const pageEntriesMax = 100;

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseType(member: string, expected: string): Reply<never> {
  return refuse('SerializationException', `The member '${member}' must be ${expected}`);
}

/** The object that a body holds; an empty body holds an empty one. */
function readBody(bodyText: string): Reply<JsonObject> {
  let body: unknown;
  try {
    body = bodyText === '' ? {} : JSON.parse(bodyText);
  } catch {
    return refuse('SerializationException', 'The request body is not JSON');
  }
  return isObject(body) ? ok(body) : refuseType('(body)', 'an object');
}

/** A CreateTask from its body's text. */
export function readNewTask(bodyText: string): Reply<NewTask> {
  const read = readBody(bodyText);
  if (!read.ok) return read;
  const body = read.value;
  const typeFault = checkTypes(body);
  if (typeFault !== null) return typeFault;

  const violations = new Violations();
  const command = readCommand(body.command, violations);
  const targets = readTargets(body.targets, violations);
  const clientToken = readText(body.clientToken);
  if (clientToken !== undefined) violations.checkText(clientToken, 'clientToken', clientTokenRule);
  const description = readText(body.description);
  if (description !== undefined) violations.checkText(description, 'description', descriptionRule);
  const tags = isObject(body.tags) ? readTags(body.tags) : {};
  violations.checkTags(tags);
  const refusal = violations.conclude();
  if (refusal !== null) return refusal;
  return ok({
    command,
    targets,
    tags,
    ...(clientToken === undefined ? {} : { clientToken }),
    ...(description === undefined ? {} : { description }),
  });
}

/** The caller has seen that every value is a text or null. */
function readTags(tags: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(definedEntries(tags)) as Record<string, string>;
}

function definedEntries(object: JsonObject): [string, unknown][] {
  return Object.entries(object).filter(([, value]) => value !== null);
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function checkTypes(body: JsonObject): Reply<never> | null {
  for (const member of ['clientToken', 'description']) {
    const value = body[member] ?? null;
    if (value !== null && typeof value !== 'string') return refuseType(member, 'a string');
  }
  const targets = body.targets ?? null;
  if (targets !== null && !(Array.isArray(targets) && targets.every((item) => typeof item === 'string'))) {
    return refuseType('targets', 'a list of strings');
  }
  const tagsFault = checkTagTypes(body.tags ?? null);
  if (tagsFault !== null) return tagsFault;
  const command = body.command ?? null;
  if (command !== null && !isObject(command)) return refuseType('command', 'a union');
  if (isObject(command) && definedEntries(command).some(([, value]) => !isObject(value))) {
    return refuseType('command', 'a union of structures');
  }
  return null;
}

function checkTagTypes(tags: unknown): Reply<never> | null {
  if (tags === null) return null;
  const isMap = isObject(tags) && definedEntries(tags).every(([, value]) => typeof value === 'string');
  return isMap ? null : refuseType('tags', 'a map of strings');
}

function readCommand(value: unknown, violations: Violations): CommandName {
  const members = isObject(value) ? definedEntries(value).map(([name]) => name) : null;
  const [name] = members ?? [];
  if (members === null) violations.add(null, 'command', 'not be null');
  else if (members.length !== 1 || (name !== 'reboot' && name !== 'unlock')) {
    violations.add(members, 'command', 'have exactly one member, one of [reboot, unlock]');
  }
  return name === 'unlock' ? 'unlock' : 'reboot';
}

function readTargets(value: unknown, violations: Violations): string[] {
  if (!Array.isArray(value)) {
    violations.add(null, 'targets', 'not be null');
    return [];
  }
  const targets = value.filter((item) => typeof item === 'string');
  if (targets.length < 1) violations.add(targets, 'targets', 'have length greater than or equal to 1');
  if (targets.length > targetsMax) {
    violations.add(`${targets.length} entries`, 'targets', `have length less than or equal to ${targetsMax}`);
    return [];
  }
  targets.forEach((target, index) => {
    violations.checkText(target, `targets.${index + 1}.member`, idRule);
  });
  if (new Set(targets).size !== targets.length) violations.add(targets, 'targets', 'not name a device twice');
  return targets;
}

/** The tags of a TagResource. */
export function readNewTags(bodyText: string): Reply<Readonly<Record<string, string>>> {
  const body = readBody(bodyText);
  if (!body.ok) return body;
  const written = body.value.tags ?? null;
  const typeFault = checkTagTypes(written);
  if (typeFault !== null) return typeFault;
  const violations = new Violations();
  const tags = isObject(written) ? readTags(written) : {};
  if (written === null) violations.add(null, 'tags', 'not be null');
  violations.checkTags(tags);
  return violations.conclude() ?? ok(tags);
}

/** The keys of an UntagResource: the parameter is given once for each. */
export function readTagKeys(query: URLSearchParams): Reply<readonly string[]> {
  const keys = query.getAll('tagKeys');
  const violations = new Violations();
  if (keys.length === 0) violations.add(null, 'tagKeys', 'not be null');
  else violations.checkTagKeys(keys);
  return violations.conclude() ?? ok(keys);
}

/** The instances that a DescribeDeviceEc2Instances names. */
export function readInstanceIds(bodyText: string): Reply<readonly string[]> {
  const body = readBody(bodyText);
  if (!body.ok) return body;
  const written = body.value.instanceIds ?? null;
  if (written !== null && !(Array.isArray(written) && written.every((item) => typeof item === 'string'))) {
    return refuseType('instanceIds', 'a list of strings');
  }
  const violations = new Violations();
  if (written === null) violations.add(null, 'instanceIds', 'not be null');
  return violations.conclude() ?? ok(written ?? []);
}

/** An identifier out of the path. */
export function readId(value: string, member: string): Reply<string> {
  const violations = new Violations();
  violations.checkText(value, member, idRule);
  return violations.conclude() ?? ok(value);
}

export interface ListingQuery<State extends string> extends PageRequest {
  readonly state?: State;
  readonly taskId?: string;
  readonly jobId?: string;
  readonly type?: string;
}

/**
 * The filters and the page that a listing's query asks for; `states` are those it can be filtered by. An empty parameter
 * is a value like any other, and refused. Of a parameter given twice the first counts.
 */
export function readQuery<State extends string>(
  query: URLSearchParams,
  states: readonly State[],
): Reply<ListingQuery<State>> {
  const violations = new Violations();
  const maxResults = query.get('maxResults');
  if (maxResults !== null) {
    if (!/^-?[0-9]{1,10}$/.test(maxResults)) return refuseType('maxResults', 'an integer');
    const count = Number(maxResults);
    if (count < 1) violations.add(count, 'maxResults', 'have value greater than or equal to 1');
    if (count > pageEntriesMax) {
      violations.add(count, 'maxResults', `have value less than or equal to ${pageEntriesMax}`);
    }
  }
  const nextToken = query.get('nextToken');
  if (nextToken !== null) violations.checkText(nextToken, 'nextToken', pageTokenRule);
  const stateText = states.length === 0 ? null : query.get('state');
  const state = states.find((known) => known === stateText);
  if (stateText !== null && state === undefined) {
    violations.add(stateText, 'state', `satisfy enum value set: [${states.join(', ')}]`);
  }
  const taskId = query.get('taskId');
  if (taskId !== null) violations.checkText(taskId, 'taskId', idRule);
  const jobId = query.get('jobId');
  if (jobId !== null) violations.checkText(jobId, 'jobId', idRule);
  const type = query.get('type');
  if (type !== null) violations.checkText(type, 'type', resourceTypeRule);
  return (
    violations.conclude() ??
    ok({
      ...(maxResults === null ? {} : { maxResults: Number(maxResults) }),
      ...(nextToken === null ? {} : { nextToken }),
      ...(state === undefined ? {} : { state }),
      ...(taskId === null ? {} : { taskId }),
      ...(jobId === null ? {} : { jobId }),
      ...(type === null ? {} : { type }),
    })
  );
}
