/** The operations on tags: those of tasks and of devices, which are named by their ARN. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device } from './device.ts';
import type { Fleet, Task } from './fleet.ts';
import { tagsMax, Violations } from './grammar.ts';
import { describeDevice } from './inventory.ts';
import { describeTask } from './tasks.ts';

type Tags = Readonly<Record<string, string>>;

/** A task's or a device's, in any partition; an id has no slash. */
const arnGrammar =
  /^arn:[a-z-]{1,32}:snow-device-management:[a-z0-9-]{1,32}:[0-9]{12}:(task|managed-device)\/([!-.0-~]{1,64})$/;

/** The task or device of this ARN, as reads show it: another account's or region's is as absent as one never made. */
function findResource(fleet: Fleet, arn: string, nowMs: number): Reply<Task | Device> {
  const match = arnGrammar.exec(arn);
  if (match === null) {
    const violations = new Violations();
    violations.add(arn, 'resourceArn', 'be the ARN of a task or a managed device');
    return violations.conclude() ?? refuse('ValidationException', 'The resourceArn is not valid');
  }
  const [, kind, id = ''] = match;
  const found: Reply<Task | Device> =
    kind === 'task' ? describeTask(fleet, id, nowMs) : describeDevice(fleet, id, nowMs);
  if (found.ok && found.value.arn === arn) return found;
  return refuse('ResourceNotFoundException', `Resource ${arn} was not found`);
}

/**
 * Adds tags; a key that is there takes the new value. More than 50 together are refused, and then none is added. AWS's tag
 * operations have no error for a quota, so that it is a ValidationException.
 */
export function tagResource(fleet: Fleet, arn: string, tags: Tags, nowMs: number): Reply<null> {
  const found = findResource(fleet, arn, nowMs);
  if (!found.ok) return found;
  const together = { ...found.value.tags, ...tags };
  const count = Object.keys(together).length;
  if (count > tagsMax) {
    return refuse(
      'ValidationException',
      `The resource would have ${count} tags: at most ${tagsMax} are allowed`,
    );
  }
  found.value.tags = together;
  return ok(null);
}

/** Takes tags away; a key that is not there is none of its business. */
export function untagResource(
  fleet: Fleet,
  arn: string,
  keys: readonly string[],
  nowMs: number,
): Reply<null> {
  const found = findResource(fleet, arn, nowMs);
  if (!found.ok) return found;
  const rest = Object.entries(found.value.tags).filter(([key]) => !keys.includes(key));
  found.value.tags = Object.fromEntries(rest);
  return ok(null);
}

/** The tags of a task or a device. */
export function listTags(fleet: Fleet, arn: string, nowMs: number): Reply<Tags> {
  const found = findResource(fleet, arn, nowMs);
  return found.ok ? ok(found.value.tags) : found;
}
