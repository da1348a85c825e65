/** From a routed request to the JSON that answers it: read, perform, render. Pure, like all below it. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Fleet } from './fleet.ts';
import { describeDevice, listDevices } from './inventory.ts';
import type { Page } from './pages.ts';
import type { Json } from './render.ts';
import {
  renderDevice,
  renderDeviceSummary,
  renderExecution,
  renderExecutionSummary,
  renderInstance,
  renderResource,
  renderTask,
  renderTaskSummary,
} from './render.ts';
import {
  executionStates,
  readId,
  readInstanceIds,
  readNewTags,
  readNewTask,
  readQuery,
  readTagKeys,
  taskStates,
} from './request.ts';
import { describeInstances, listResources } from './resources.ts';
import type { OperationName } from './routes.ts';
import { listTags, tagResource, untagResource } from './tagging.ts';
import type { CancelRace } from './tasks.ts';
import {
  cancelTask,
  createTask,
  describeExecution,
  describeTask,
  listExecutions,
  listTasks,
} from './tasks.ts';

export interface Call {
  readonly operation: OperationName;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly bodyText: string;
  /** What a rule changes: how late the effect is, who wins a cancellation, and whether a listing's page comes empty. */
  readonly lateEffectMs?: number;
  readonly cancelLoses?: boolean;
  readonly emptyPage?: boolean;
}

/** Performs one operation on a fleet at `nowMs`. */
export function performCall(fleet: Fleet, call: Call, nowMs: number): Reply<Json> {
  switch (call.operation) {
    case 'CreateTask': {
      const request = readNewTask(call.bodyText);
      return request.ok ? createTask(fleet, request.value, nowMs, call.lateEffectMs) : request;
    }
    case 'CancelTask':
      return withId(call, 'taskId', (taskId) => cancelTask(fleet, taskId, nowMs, raceOf(call)));
    case 'DescribeTask':
      return withId(call, 'taskId', (taskId) => render(describeTask(fleet, taskId, nowMs), renderTask));
    case 'DescribeExecution':
      return withId(call, 'taskId', (taskId) =>
        withId(call, 'managedDeviceId', (deviceId) =>
          render(describeExecution(fleet, taskId, deviceId, nowMs), renderExecution),
        ),
      );
    case 'DescribeDevice':
      return withId(call, 'managedDeviceId', (deviceId) =>
        render(describeDevice(fleet, deviceId, nowMs), (device) => renderDevice(fleet, device)),
      );
    case 'ListDeviceResources':
      return withId(call, 'managedDeviceId', (deviceId) => performResources(fleet, call, deviceId, nowMs));
    case 'DescribeDeviceEc2Instances':
      return withId(call, 'managedDeviceId', (deviceId) => performInstances(fleet, call, deviceId, nowMs));
    case 'ListTasks':
    case 'ListExecutions':
    case 'ListDevices':
      return performListing(fleet, call, call.operation, nowMs);
    case 'TagResource':
    case 'UntagResource':
    case 'ListTagsForResource':
      return performTagging(fleet, call, call.operation, nowMs);
  }
}

/** The grammar is checked before anything is looked for, here as everywhere. */
function performTagging(
  fleet: Fleet,
  call: Call,
  operation: 'TagResource' | 'UntagResource' | 'ListTagsForResource',
  nowMs: number,
): Reply<Json> {
  const arn = call.params.resourceArn ?? '';
  if (operation === 'ListTagsForResource') {
    return render(listTags(fleet, arn, nowMs), (tags) => ({ tags }));
  }
  if (operation === 'TagResource') {
    const tags = readNewTags(call.bodyText);
    return tags.ok ? render(tagResource(fleet, arn, tags.value, nowMs), () => ({})) : tags;
  }
  const keys = readTagKeys(call.query);
  return keys.ok ? render(untagResource(fleet, arn, keys.value, nowMs), () => ({})) : keys;
}

function performResources(fleet: Fleet, call: Call, deviceId: string, nowMs: number): Reply<Json> {
  const query = readQuery(call.query, []);
  if (!query.ok) return query;
  const page = listResources(fleet, { ...query.value, ...pageOf(call), deviceId }, nowMs);
  return render(page, (found) => renderPage('resources', found, renderResource));
}

function performInstances(fleet: Fleet, call: Call, deviceId: string, nowMs: number): Reply<Json> {
  const ids = readInstanceIds(call.bodyText);
  if (!ids.ok) return ids;
  return render(describeInstances(fleet, deviceId, ids.value, nowMs), ({ device, instances }) => ({
    instances: instances.map((instance) => renderInstance(device, instance)),
  }));
}

function raceOf({ lateEffectMs, cancelLoses }: Call): CancelRace {
  return {
    ...(lateEffectMs === undefined ? {} : { lagMs: lateEffectMs }),
    ...(cancelLoses === undefined ? {} : { loses: cancelLoses }),
  };
}

/** What a rule makes of the page that was asked for. */
function pageOf(call: Call): { readonly maxResults?: number } {
  return call.emptyPage === true ? { maxResults: 0 } : {};
}

function performListing(
  fleet: Fleet,
  call: Call,
  operation: 'ListTasks' | 'ListExecutions' | 'ListDevices',
  nowMs: number,
): Reply<Json> {
  const size = pageOf(call);
  if (operation === 'ListTasks') {
    const query = readQuery(call.query, taskStates);
    if (!query.ok) return query;
    const { listTags } = fleet.settings;
    return render(listTasks(fleet, { ...query.value, ...size }, nowMs), (page) =>
      renderPage('tasks', page, (task) => renderTaskSummary(task, listTags)),
    );
  }
  if (operation === 'ListDevices') {
    const query = readQuery(call.query, []);
    if (!query.ok) return query;
    return render(listDevices(fleet, { ...query.value, ...size }, nowMs), (page) =>
      renderPage('devices', page, renderDeviceSummary),
    );
  }
  const query = readQuery(call.query, executionStates);
  if (!query.ok) return query;
  const { taskId } = query.value;
  if (taskId === undefined) {
    return refuse(
      'ValidationException',
      "1 validation error detected: Value 'null' at 'taskId' failed to satisfy constraint: Member must not be null",
    );
  }
  return render(listExecutions(fleet, { ...query.value, ...size, taskId }, nowMs), (page) =>
    renderPage('executions', page, renderExecutionSummary),
  );
}

function withId(call: Call, member: string, perform: (id: string) => Reply<Json>): Reply<Json> {
  const id = readId(call.params[member] ?? '', member);
  return id.ok ? perform(id.value) : id;
}

function render<T>(reply: Reply<T>, write: (value: T) => Json): Reply<Json> {
  return reply.ok ? ok(write(reply.value)) : reply;
}

function renderPage<T>(member: string, page: Page<T>, write: (item: T) => Json): Json {
  const items = page.items.map(write);
  return page.nextToken === undefined ? { [member]: items } : { [member]: items, nextToken: page.nextToken };
}
