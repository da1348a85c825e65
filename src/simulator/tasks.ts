/** The operations on tasks and executions, as functions of a fleet and the time. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { CommandName, Execution, ExecutionState } from './device.ts';
import type { Fleet, Task, TaskState } from './fleet.ts';
import { hurryTask, scheduleEffect, settleFleet } from './fleet.ts';
import { makeArn, makeId } from './identity.ts';
import type { ListingKey, Page } from './pages.ts';
import { collectPage, readToken } from './pages.ts';

/** A CreateTask whose grammar was checked. */
export interface NewTask {
  readonly clientToken?: string;
  readonly command: CommandName;
  readonly targets: readonly string[];
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface PageRequest {
  /** 0 to 100: no caller can ask for 0, but a fault can. */
  readonly maxResults?: number;
  readonly nextToken?: string;
}

/**
 * Accepts a task. A token that is remembered gives the task it stands for, whatever the other parameters say: whether AWS compares
 * them is not published, and the old task is the answer that hides a mistake best. A request without a token is always
 * a new task. Targets must be devices of the fleet.
 */
export function createTask(
  fleet: Fleet,
  request: NewTask,
  nowMs: number,
  lateEffectMs = fleet.settings.lateEffectMs,
): Reply<{ readonly taskId: string; readonly taskArn: string }> {
  const acceptedMs = settleFleet(fleet, nowMs);
  const { settings } = fleet;
  forgetTokens(fleet, acceptedMs);
  const known = request.clientToken === undefined ? undefined : fleet.tokens.get(request.clientToken);
  if (known !== undefined) return ok({ taskId: known.taskId, taskArn: known.arn });

  for (const target of request.targets) {
    if (fleet.deviceById.get(target)?.present !== true) {
      return refuse(
        'ResourceNotFoundException',
        `Managed device ${target} was not found in account ${fleet.account} and region ${fleet.region}`,
      );
    }
  }
  if (settings.openTasksMax > 0 && fleet.open + countUnmade(fleet) >= settings.openTasksMax) {
    return refuse(
      'ServiceQuotaExceededException',
      `At most ${settings.openTasksMax} tasks may be in progress`,
    );
  }
  if (fleet.tasks.size >= settings.tasksMax) {
    return refuse('ServiceQuotaExceededException', `The simulator holds at most ${settings.tasksMax} tasks`);
  }
  const task = acceptTask(fleet, request, acceptedMs, lateEffectMs);
  scheduleEffect(fleet, 'make', task, task.createdMs);
  return ok({ taskId: task.taskId, taskArn: task.arn });
}

function acceptTask(fleet: Fleet, request: NewTask, acceptedMs: number, lateEffectMs: number): Task {
  let taskId = makeId('st-', fleet.seed, fleet.tasks.size);
  // Ends: each try is another draw out of 2^32, and the fleet holds a bounded number.
  for (let count = fleet.tasks.size; fleet.tasks.has(taskId); count += 1_000_003) {
    taskId = makeId('st-', `${fleet.seed}+`, count);
  }
  const createdMs = acceptedMs + lateEffectMs;
  const task: Task = {
    taskId,
    arn: makeArn(fleet, 'task', taskId),
    clientToken: request.clientToken ?? null,
    command: request.command,
    targets: [...request.targets],
    description: request.description ?? null,
    tags: { ...request.tags },
    acceptedMs,
    createdMs,
    visibleMs: createdMs + fleet.settings.listLagMs,
    made: false,
    sequence: -1,
    state: 'IN_PROGRESS',
    updatedMs: createdMs,
    completedMs: null,
    cancelRequestedMs: null,
    cancelled: false,
    executions: [],
    open: request.targets.length,
  };
  fleet.tasks.set(taskId, task);
  if (task.clientToken !== null) {
    // Deleted first, so that the map stays in the order of acceptance and forgetting can stop at the first fresh one.
    fleet.tokens.delete(task.clientToken);
    fleet.tokens.set(task.clientToken, task);
  }
  return task;
}

function forgetTokens(fleet: Fleet, nowMs: number): void {
  for (const [token, task] of fleet.tokens) {
    if (nowMs - task.acceptedMs < fleet.settings.tokenLifeMs) return;
    fleet.tokens.delete(token);
  }
}

function countUnmade(fleet: Fleet): number {
  let count = 0;
  for (const effect of fleet.effects) if (effect.kind === 'make') count += 1;
  return count;
}

function isVisible(fleet: Fleet, task: Task): boolean {
  const { listRetentionMs } = fleet.settings;
  if (!task.made || fleet.nowMs < task.visibleMs) return false;
  return listRetentionMs === 0 || fleet.nowMs < task.createdMs + listRetentionMs;
}

/** The task that reads show under this id now. */
function findTask(fleet: Fleet, taskId: string, nowMs: number): Reply<Task> {
  settleFleet(fleet, nowMs);
  const task = fleet.tasks.get(taskId);
  if (task === undefined || !isVisible(fleet, task)) {
    return refuse('ResourceNotFoundException', `Task ${taskId} was not found`);
  }
  return ok(task);
}

/** One task; ResourceNotFoundException where reads show none of this id (yet, or any more). */
export function describeTask(fleet: Fleet, taskId: string, nowMs: number): Reply<Task> {
  return findTask(fleet, taskId, nowMs);
}

/** How a cancellation fares; the settings, where a rule says nothing else. */
export interface CancelRace {
  readonly lagMs?: number;
  readonly loses?: boolean;
}

/**
 * Cancels what is QUEUED; what devices have taken up runs on, and the task then ends CANCELED all the same. A task without a
 * QUEUED execution is refused by the only modelled error that says so. The answer promises nothing: with a lag the devices
 * may be quicker, and one that loses its race finds only what no device could take up.
 */
export function cancelTask(
  fleet: Fleet,
  taskId: string,
  nowMs: number,
  race: CancelRace = {},
): Reply<{ readonly taskId: string }> {
  const found = findTask(fleet, taskId, nowMs);
  if (!found.ok) return found;
  const task = found.value;
  if (!task.executions.some((execution) => execution.state === 'QUEUED')) {
    return refuse(
      'ValidationException',
      `Task ${taskId} is ${task.state} and none of its executions is QUEUED any more: it cannot be cancelled`,
    );
  }
  if (task.cancelRequestedMs === null) {
    const { cancelLagMs, cancelLoses } = fleet.settings;
    task.cancelRequestedMs = fleet.nowMs;
    if (race.loses ?? cancelLoses) hurryTask(fleet, task);
    scheduleEffect(fleet, 'cancel', task, fleet.nowMs + (race.lagMs ?? cancelLagMs));
  }
  return ok({ taskId });
}

/** A page of the tasks that reads show, in the order of the setting `listOrder`; in one state where one is named. */
export function listTasks(
  fleet: Fleet,
  request: PageRequest & { readonly state?: TaskState },
  nowMs: number,
): Reply<Page<Task>> {
  settleFleet(fleet, nowMs);
  const { listed, settings } = fleet;
  const listing = `ListTasks ${fleet.seed} ${settings.listOrder} ${request.state ?? ''}`;
  const backwards = settings.listOrder === 'newest';
  const at = (index: number): Task | undefined => listed[backwards ? listed.length - 1 - index : index];
  const start = findStart(listing, request, (cursor) => findCursor(fleet, cursor, at));
  if (!start.ok) return start;
  return ok(
    collectPage(
      listing,
      {
        length: listed.length,
        at,
        accept: (task) =>
          isVisible(fleet, task) && (request.state === undefined || task.state === request.state),
        cursor: (task) => (settings.listOrder === 'id' ? task.taskId : String(task.sequence)),
      },
      start.value,
      pageSize(fleet, request),
    ),
  );
}

/** The first place in the listing that is at or behind the cursor, by halving. */
function findCursor(fleet: Fleet, cursor: string, at: (index: number) => Task | undefined): number {
  const { listOrder } = fleet.settings;
  const sequence = Number(cursor);
  const isBefore = (task: Task): boolean => {
    if (listOrder === 'id') return task.taskId < cursor;
    return listOrder === 'oldest' ? task.sequence < sequence : task.sequence > sequence;
  };
  let low = 0;
  let high = fleet.listed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const task = at(middle);
    if (task !== undefined && isBefore(task)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A page of a task's executions, one for each target, in the order of its targets. */
export function listExecutions(
  fleet: Fleet,
  request: PageRequest & { readonly taskId: string; readonly state?: ExecutionState },
  nowMs: number,
): Reply<Page<Execution>> {
  const found = findTask(fleet, request.taskId, nowMs);
  if (!found.ok) return found;
  const { executions } = found.value;
  const listing = `ListExecutions ${fleet.seed} ${request.taskId} ${request.state ?? ''}`;
  const start = findStart(listing, request, (cursor) => Number(cursor) - 1);
  if (!start.ok) return start;
  return ok(
    collectPage(
      listing,
      {
        length: executions.length,
        at: (index) => executions[index],
        accept: (execution) => request.state === undefined || execution.state === request.state,
        cursor: (execution) => execution.executionId,
      },
      start.value,
      pageSize(fleet, request),
    ),
  );
}

/** A task's execution on one device. */
export function describeExecution(
  fleet: Fleet,
  taskId: string,
  deviceId: string,
  nowMs: number,
): Reply<Execution> {
  const found = findTask(fleet, taskId, nowMs);
  if (!found.ok) return found;
  const execution = found.value.executions.find((candidate) => candidate.deviceId === deviceId);
  return execution === undefined
    ? refuse('ResourceNotFoundException', `Task ${taskId} has no execution on managed device ${deviceId}`)
    : ok(execution);
}

/** How many entries a page gets: what was asked for, at most the setting. */
export function pageSize(fleet: Fleet, request: PageRequest): number {
  return Math.min(request.maxResults ?? fleet.settings.pageSize, fleet.settings.pageSize);
}

/** Where a listing goes on, by `indexOf` of the cursor in its nextToken; refuses a token that was not given out for this very listing. */
export function findStart(
  listing: ListingKey,
  { nextToken }: PageRequest,
  indexOf: (cursor: string) => number,
): Reply<number> {
  if (nextToken === undefined) return ok(0);
  const cursor = readToken(listing, nextToken);
  return cursor === null
    ? refuse('ValidationException', 'The nextToken is not one that this listing gave out')
    : ok(indexOf(cursor));
}
