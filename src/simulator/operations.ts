/** From a routed request to the JSON that answers it: read, perform, render. Pure, like all below it. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Device, Execution } from './device.ts';
import type { Fleet, Task } from './fleet.ts';
import { describeDevice, listDevices } from './inventory.ts';
import type { Page } from './pages.ts';
import { executionStates, readId, readNewTask, readQuery, taskStates } from './request.ts';
import type { OperationName } from './routes.ts';
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
  /** What a rule changes: how late a new task is made, and whether a listing's page comes empty. */
  readonly lateEffectMs?: number;
  readonly emptyPage?: boolean;
}

export type Json = Readonly<Record<string, unknown>>;

/** Performs one operation on a fleet at `nowMs`. */
export function performCall(fleet: Fleet, call: Call, nowMs: number): Reply<Json> {
  switch (call.operation) {
    case 'CreateTask': {
      const request = readNewTask(call.bodyText);
      return request.ok ? createTask(fleet, request.value, nowMs, call.lateEffectMs) : request;
    }
    case 'CancelTask':
      return withId(call, 'taskId', (taskId) => cancelTask(fleet, taskId, nowMs));
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
    case 'ListTasks':
    case 'ListExecutions':
    case 'ListDevices':
      return performListing(fleet, call, call.operation, nowMs);
    case 'ListDeviceResources':
    case 'DescribeDeviceEc2Instances':
    case 'TagResource':
    case 'UntagResource':
    case 'ListTagsForResource':
      return refuse('NotImplementedException', `The simulator does not serve ${call.operation} yet`);
  }
}

function performListing(
  fleet: Fleet,
  call: Call,
  operation: 'ListTasks' | 'ListExecutions' | 'ListDevices',
  nowMs: number,
): Reply<Json> {
  const size = call.emptyPage === true ? { maxResults: 0 } : {};
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

/** Timestamps travel as seconds since 1970, with a fraction. */
function epochSeconds(atMs: number): number {
  return atMs / 1000;
}

function renderTask(task: Task): Json {
  return {
    taskId: task.taskId,
    taskArn: task.arn,
    targets: task.targets,
    state: task.state,
    createdAt: epochSeconds(task.createdMs),
    lastUpdatedAt: epochSeconds(task.updatedMs),
    ...(task.completedMs === null ? {} : { completedAt: epochSeconds(task.completedMs) }),
    ...(task.description === null ? {} : { description: task.description }),
    tags: task.tags,
  };
}

function renderTaskSummary(task: Task, listTags: boolean): Json {
  const summary = { taskId: task.taskId, taskArn: task.arn, state: task.state };
  return listTags ? { ...summary, tags: task.tags } : summary;
}

function renderExecutionSummary(execution: Execution): Json {
  return {
    taskId: execution.taskId,
    executionId: execution.executionId,
    managedDeviceId: execution.deviceId,
    state: execution.state,
  };
}

function renderExecution(execution: Execution): Json {
  return {
    ...renderExecutionSummary(execution),
    ...(execution.startedMs === null ? {} : { startedAt: epochSeconds(execution.startedMs) }),
    lastUpdatedAt: epochSeconds(execution.updatedMs),
  };
}

function renderDeviceSummary(device: Device): Json {
  return {
    managedDeviceId: device.deviceId,
    managedDeviceArn: device.arn,
    associatedWithJob: device.jobId,
    tags: device.tags,
  };
}

function renderDevice(fleet: Fleet, device: Device): Json {
  const gib = (total: number, used: number): Json => ({ unit: 'GiB', total, used, available: total - used });
  return {
    ...renderDeviceSummary(device),
    deviceType: 'EDGE_C',
    deviceState: device.state,
    lastReachedOutAt: epochSeconds(device.online ? fleet.nowMs : device.lastReachedOutMs),
    lastUpdatedAt: epochSeconds(device.updatedMs),
    software: { installedVersion: '2.2.44', installState: 'COMPLETED' },
    deviceCapacities: [
      { name: 'HDD Storage', ...gib(39_000, 1_024) },
      { name: 'vCPU', unit: 'Number', total: 52, used: 4, available: 48 },
    ],
    physicalNetworkInterfaces: [
      {
        physicalNetworkInterfaceId: `s.ni-${device.deviceId.slice(4)}`,
        physicalConnectorType: 'RJ45',
        ipAddressAssignment: 'STATIC',
        // From the block that RFC 5737 keeps for documentation: it leads nowhere.
        ipAddress: `192.0.2.${(device.index % 254) + 1}`,
        netmask: '255.255.255.0',
        defaultGateway: '192.0.2.254',
        macAddress: `02:00:00:00:00:${(device.index % 256).toString(16).padStart(2, '0')}`,
      },
    ],
  };
}
