/**
 * A survey: what AWS shows of a fleet beside the tasks that are followed. Asked for before anything is issued to the fleet,
 * because a device takes one task at a time, whoever made it; and now and then, because somebody should know.
 */

import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { elapsedMs, type Moment, readMoment } from '../lib/clock.ts';
import { tagKeys } from '../manifest/request.ts';
import type { Survey } from '../plan/devices.ts';
import { isFinalState } from '../plan/observation.ts';
import { pauseFleet, reasonOf, sameIdentity } from './fleet-check.ts';
import type { ListedTask, ReadFailure, TaskApi } from './ports.ts';
import type { Controller, FleetState, ForeignTask } from './state.ts';

/** A fleet that nothing is issued to is surveyed this often, so that tasks made around Git are told. */
const idleMs = 10 * 60_000;
/** Devices come and go seldom. One that a task names and that was not there is looked for again much sooner. */
const devicesMs = 10 * 60_000;
const missingMs = 30_000;
/** How long what a foreign task's devices did is believed. */
const foreignMs = 60_000;
/** Of one survey: a fleet in which hundreds of tasks were made by hand is read over several passes. */
const budgetMs = 5_000;
/** Tasks of others that are remembered; more than a fleet can have at once. */
const foreignMax = 10_000;

/** Whether a survey is owed although nothing waits to be issued. */
export function isSurveyDue(c: Controller, fleet: FleetState): boolean {
  const { surveyedMs } = fleet.around;
  return surveyedMs === null || c.clock.monotonicMs() - surveyedMs >= idleMs;
}

/** Surveys one fleet that is ready to be asked. `wanted`: the devices of the tasks that might be issued. */
export async function surveyFleet(
  c: Controller,
  view: LedgerView,
  name: string,
  wanted: ReadonlySet<string>,
): Promise<Survey> {
  const fleet = c.state.fleets.get(name);
  const api = c.apis.get(name);
  if (fleet === undefined || api === undefined) return unread(name, 'it cannot be asked');
  const begun = readMoment(c.clock);
  const active = await api.listActiveTasks();
  c.guard.observe(name, active.server, readMoment(c.clock));
  if (active.kind !== 'ok') return fail(c, name, fleet, active);
  const foreign = active.value.tasks.filter((task) => !isFollowed(task, view, fleet));
  forgetEnded(fleet, foreign);
  const left = await readForeign(c, view, name, fleet, api, foreign, begun);
  if (typeof left !== 'number') return left;
  // A survey for nobody tells of tasks alone: devices are listed when a task names some.
  const devices = wanted.size === 0 ? new Set<string>() : await readDevices(c, name, fleet, api, wanted);
  if ('kind' in devices) return devices;
  if (left > 0) return unread(name, `${left} tasks that were made around Git are still being read`);
  fleet.around.surveyedMs = c.clock.monotonicMs();
  c.announcer.clear(`survey ${name}`, 'fleet surveyed again', { fleet: name });
  return { kind: 'seen', devices, foreign: busyDevices(fleet) };
}

/** Tasks of receipts that the plan counts by itself: their devices are held without a survey. */
function isFollowed({ taskId, tags }: ListedTask, view: LedgerView, fleet: FleetState): boolean {
  const receipt =
    tags[tagKeys.ledger] === view.ledgerId ? view.receipts.get(tags[tagKeys.revision] ?? '') : undefined;
  if (receipt?.identity == null || !sameIdentity(receipt.identity, fleet.expected)) return false;
  const state = receiptState(receipt);
  if (state === 'issued') return receipt.taskIds.includes(taskId);
  return state === 'claimed' || state === 'inDoubt' || state === 'ambiguous';
}

function forgetEnded(fleet: FleetState, active: readonly ListedTask[]): void {
  const ids = new Set(active.map(({ taskId }) => taskId));
  for (const taskId of fleet.around.foreign.keys()) if (!ids.has(taskId)) fleet.around.foreign.delete(taskId);
}

/** Reads what is not known of others' tasks, within the survey's time. How many are left, or why it failed. */
async function readForeign(
  c: Controller,
  view: LedgerView,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  tasks: readonly ListedTask[],
  begun: Moment,
): Promise<number | Survey> {
  const { foreign } = fleet.around;
  // Those that nobody has read come first: an old answer holds its devices a little longer, a missing one the whole fleet.
  const askedMs = ({ taskId }: ListedTask): number =>
    foreign.get(taskId)?.askedMs ?? Number.NEGATIVE_INFINITY;
  const due = tasks
    .filter((task) => c.clock.monotonicMs() - askedMs(task) >= foreignMs)
    .sort((a, b) => Math.sign(askedMs(a) - askedMs(b)) || 0);
  let hidden = 0;
  for (const [index, task] of due.entries()) {
    const isNew = !foreign.has(task.taskId);
    const waitMs = fleet.observePacer.waitMs(c.clock.monotonicMs());
    if (c.signal.aborted || elapsedMs(begun, readMoment(c.clock)) + waitMs >= budgetMs) {
      return hidden + due.slice(index).filter(({ taskId }) => !foreign.has(taskId)).length;
    }
    if (waitMs > 0) await c.clock.sleep(waitMs, c.signal);
    fleet.observePacer.take(c.clock.monotonicMs());
    const read = await readTask(c, api, task, foreign.get(task.taskId), view.ledgerId);
    if (read === null) {
      hidden += 1;
      continue;
    }
    if ('fault' in read) return fail(c, name, fleet, read);
    if (foreign.size >= foreignMax && isNew) continue;
    foreign.set(task.taskId, read);
    if (isNew && !read.isOurs) tellForeign(c, name, task.taskId, read);
  }
  return hidden;
}

/** What one task takes; null where AWS lists it and does not show it. */
async function readTask(
  c: Controller,
  api: TaskApi,
  task: ListedTask,
  known: ForeignTask | undefined,
  ledgerId: string,
): Promise<ForeignTask | ReadFailure | null> {
  const { taskId, tags } = task;
  let targets = known?.targets;
  if (targets === undefined) {
    const described = await api.describeTask(taskId);
    // Listed, and not shown: it was just made, and whose devices it takes is not known yet.
    if (described.kind === 'notFound') return null;
    if (described.kind !== 'ok') return described;
    targets = described.value.targets;
  }
  const listed = await api.listExecutions(taskId);
  if (listed.kind !== 'ok' && listed.kind !== 'notFound') return listed;
  const executions = listed.kind === 'ok' ? listed.value : [];
  const over = new Set(executions.filter(({ state }) => isFinalState(state)).map(({ device }) => device));
  return {
    targets,
    isOurs: tags[tagKeys.ledger] === ledgerId,
    busy: targets.filter((device) => !over.has(device)),
    askedMs: c.clock.monotonicMs(),
  };
}

function tellForeign(c: Controller, fleet: string, taskId: string, { targets }: ForeignTask): void {
  c.journal.write('warn', 'task made around Git', { fleet, taskId, devices: targets });
}

async function readDevices(
  c: Controller,
  name: string,
  fleet: FleetState,
  api: TaskApi,
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string> | Survey> {
  const { around } = fleet;
  const ageMs = c.clock.monotonicMs() - around.devicesMs;
  const lacks = [...wanted].some((device) => around.devices?.has(device) !== true);
  if (around.devices !== null && ageMs < (lacks ? missingMs : devicesMs)) return around.devices;
  const listed = await api.listDevices();
  c.guard.observe(name, listed.server, readMoment(c.clock));
  if (listed.kind !== 'ok') return fail(c, name, fleet, listed);
  around.devices = new Set(listed.value.map(({ device }) => device));
  around.devicesMs = c.clock.monotonicMs();
  return around.devices;
}

function busyDevices(fleet: FleetState): Map<string, string> {
  const busy = new Map<string, string>();
  for (const [taskId, task] of fleet.around.foreign) {
    const whose = task.isOurs
      ? 'a task of this ledger that is not followed'
      : 'a task that was made around Git';
    for (const device of task.busy) busy.set(device, `${taskId}, ${whose}`);
  }
  return busy;
}

function fail(c: Controller, name: string, fleet: FleetState, failure: ReadFailure): Survey {
  const { code, message } = failure.fault;
  c.announcer.say(`survey ${name}`, 'warn', 'fleet could not be surveyed, nothing is issued to it', {
    fleet: name,
    code,
    reason: message,
  });
  if (failure.kind === 'throttled') pauseFleet(c, name, fleet, reasonOf(name, failure.fault), 'access');
  return { kind: 'unseen', reason: reasonOf(name, failure.fault) };
}

function unread(name: string, why: string): Survey {
  return { kind: 'unseen', reason: { code: 'SG6239', message: `fleet ${name}: ${why}` } };
}
