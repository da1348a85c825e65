/** Tasks, executions, devices and instances as the API's JSON. */
import type { Device, Execution, Instance } from './device.ts';
import type { Fleet, Task } from './fleet.ts';
import { hash32, makeId } from './identity.ts';
import { instanceResource, instanceStates, shownState } from './instances.ts';
import { lastHeardMs } from './inventory.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Timestamps travel as seconds since 1970, with a fraction. */
function epochSeconds(atMs: number): number {
  return atMs / 1000;
}

/** A task as DescribeTask gives it. */
export function renderTask(task: Task): Json {
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

/** A task as ListTasks gives it. */
export function renderTaskSummary(task: Task, listTags: boolean): Json {
  const summary = { taskId: task.taskId, taskArn: task.arn, state: task.state };
  return listTags ? { ...summary, tags: task.tags } : summary;
}

/** An execution as ListExecutions gives it. */
export function renderExecutionSummary(execution: Execution): Json {
  return {
    taskId: execution.taskId,
    executionId: execution.executionId,
    managedDeviceId: execution.deviceId,
    state: execution.state,
  };
}

/** An execution as DescribeExecution gives it. */
export function renderExecution(execution: Execution): Json {
  return {
    ...renderExecutionSummary(execution),
    ...(execution.startedMs === null ? {} : { startedAt: epochSeconds(execution.startedMs) }),
    lastUpdatedAt: epochSeconds(execution.updatedMs),
  };
}

/** A device as ListDevices gives it. */
export function renderDeviceSummary(device: Device): Json {
  return {
    managedDeviceId: device.deviceId,
    managedDeviceArn: device.arn,
    associatedWithJob: device.jobId,
    tags: device.tags,
  };
}

/** A device as DescribeDevice gives it. */
export function renderDevice(fleet: Fleet, device: Device): Json {
  const heardMs = lastHeardMs(fleet, device);
  const gib = (total: number, used: number): Json => ({ unit: 'GiB', total, used, available: total - used });
  return {
    ...renderDeviceSummary(device),
    deviceType: 'EDGE_C',
    deviceState: device.state,
    ...(heardMs === null ? {} : { lastReachedOutAt: epochSeconds(heardMs) }),
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

/** An instance as ListDeviceResources gives it. */
export function renderResource(instance: Instance): Json {
  return { resourceType: instanceResource, id: instance.instanceId };
}

/** An instance as DescribeDeviceEc2Instances gives it: what AWS knows from the device's last report. */
export function renderInstance(device: Device, instance: Instance): Json {
  const { instanceId, imageId, instanceType } = instance;
  const createdAt = epochSeconds(device.madeMs);
  const state = shownState(device, instance);
  const address = hash32(instanceId) % 254;
  return {
    instance: {
      instanceId,
      imageId,
      instanceType,
      amiLaunchIndex: 0,
      state: { code: instanceStates[state], name: state },
      // From the blocks that RFC 5737 keeps for documentation: they lead nowhere.
      privateIpAddress: `198.51.100.${address + 1}`,
      publicIpAddress: `203.0.113.${address + 1}`,
      createdAt,
      updatedAt: epochSeconds(device.updatedMs),
      rootDeviceName: '/dev/sda1',
      blockDeviceMappings: [
        {
          deviceName: '/dev/sda1',
          ebs: {
            attachTime: createdAt,
            deleteOnTermination: true,
            status: 'ATTACHED',
            volumeId: makeId('s.vol-', instanceId, 0),
          },
        },
      ],
      securityGroups: [{ groupId: makeId('s.sg-', device.deviceId, 0), groupName: 'default' }],
      cpuOptions: { coreCount: 1, threadsPerCore: 2 },
    },
    lastUpdatedAt: epochSeconds(device.updatedMs),
  };
}
