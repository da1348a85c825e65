/** What stands on a device: its EC2 instances, through the AWS client. */
import * as sdk from '@aws-sdk/client-snow-device-management';
import {
  CreateTaskCommand,
  DescribeDeviceEc2InstancesCommand,
  ListDeviceResourcesCommand,
  paginateListDeviceResources,
  ResourceNotFoundException,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { instanceStates, makeInstance } from '../../src/simulator/instances.ts';
import { performCall } from '../../src/simulator/operations.ts';
import { listResources } from '../../src/simulator/resources.ts';
import { operationNames } from '../../src/simulator/routes.ts';
import { withScene } from './client.ts';
import { makeFleet } from './fleet.ts';

describe('the operations', () => {
  it('are those of the AWS client, no more and no fewer', () => {
    const commands = Object.keys(sdk).filter((name) => /^[A-Z].*[a-z]Command$/.test(name));
    expect(commands.map((name) => name.replace(/Command$/, '')).sort()).toEqual([...operationNames].sort());
    expect(operationNames).toHaveLength(13);
  });
});

describe('the instances of a device', () => {
  it('are listed and described, and run only while it is unlocked', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const [managedDeviceId = ''] = devices;
      const listed = await client.send(new ListDeviceResourcesCommand({ managedDeviceId }));
      expect(listed.resources).toEqual([
        { resourceType: 'instance', id: expect.stringMatching(/^s\.i-[a-z2-7]{16}$/) },
      ]);
      expect(listed.nextToken).toBeUndefined();
      const instanceIds = [listed.resources?.[0]?.id ?? ''];
      const ask = async () => {
        const command = new DescribeDeviceEc2InstancesCommand({ managedDeviceId, instanceIds });
        return (await client.send(command)).instances ?? [];
      };
      const [locked] = await ask();
      expect(locked?.lastUpdatedAt).toBeInstanceOf(Date);
      expect(locked?.instance).toMatchObject({
        instanceId: instanceIds[0],
        imageId: expect.stringMatching(/^s\.ami-/),
        instanceType: 'sbe-c.large',
        state: { code: 80, name: 'STOPPED' },
        cpuOptions: { coreCount: 1, threadsPerCore: 2 },
        rootDeviceName: '/dev/sda1',
      });
      expect(locked?.instance?.createdAt).toBeInstanceOf(Date);
      expect(locked?.instance?.blockDeviceMappings?.[0]?.ebs?.attachTime).toBeInstanceOf(Date);
      await client.send(new CreateTaskCommand({ command: { unlock: {} }, targets: [managedDeviceId] }));
      await control('POST', '/time', { advanceMs: 60_000 });
      expect((await ask())[0]?.instance?.state).toEqual({ code: 16, name: 'RUNNING' });
      await client.send(new CreateTaskCommand({ command: { reboot: {} }, targets: [managedDeviceId] }));
      await control('POST', '/time', { advanceMs: 60_000 });
      expect((await ask())[0]?.instance?.state?.name).toBe('STOPPED');
    });
  });

  it('of a device that is not there, or that it does not have, are not found', async () => {
    await withScene({}, async ({ client, devices }) => {
      const [first = '', second = ''] = devices;
      const listed = await client.send(new ListDeviceResourcesCommand({ managedDeviceId: second }));
      const others = [listed.resources?.[0]?.id ?? ''];
      for (const command of [
        new ListDeviceResourcesCommand({ managedDeviceId: 'smd-none' }),
        new DescribeDeviceEc2InstancesCommand({ managedDeviceId: 'smd-none', instanceIds: others }),
        new DescribeDeviceEc2InstancesCommand({ managedDeviceId: first, instanceIds: others }),
      ]) {
        await expect(client.send(command as ListDeviceResourcesCommand)).rejects.toBeInstanceOf(
          ResourceNotFoundException,
        );
      }
    });
  });

  it('are filtered by type, and a type that nothing has is an empty page', async () => {
    await withScene({}, async ({ client, devices: [managedDeviceId] }) => {
      const count = async (type: string): Promise<number | undefined> =>
        (await client.send(new ListDeviceResourcesCommand({ managedDeviceId, type }))).resources?.length;
      expect([await count('instance'), await count('volume')]).toEqual([1, 0]);
    });
  });

  it('come in pages by a rule of the simulator, too', async () => {
    const rules = [{ operation: 'ListDeviceResources', effect: 'emptyPage', times: 1 }] as const;
    await withScene({ rules }, async ({ client, devices: [managedDeviceId] }) => {
      const sizes: (number | undefined)[] = [];
      for await (const page of paginateListDeviceResources({ client }, { managedDeviceId }))
        sizes.push(page.resources?.length);
      expect(sizes).toEqual([0, 1]);
    });
  });

  it('are paged each once, and a token of another device or type is refused', () => {
    const fleet = makeFleet();
    const [device, other] = fleet.devices;
    if (device === undefined || other === undefined) throw new Error('no device');
    device.instances = Array.from({ length: 7 }, (_, index) => makeInstance(device.deviceId, index, {}));
    const found: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = listResources(
        fleet,
        { deviceId: device.deviceId, maxResults: 3, ...(nextToken === undefined ? {} : { nextToken }) },
        0,
      );
      if (!page.ok) throw new Error(page.fault.message);
      found.push(...page.value.items.map(({ instanceId }) => instanceId));
      nextToken = page.value.nextToken;
      if (nextToken === undefined) break;
      const refused = { ok: false, fault: { code: 'ValidationException' } };
      expect(listResources(fleet, { deviceId: other.deviceId, nextToken }, 0)).toMatchObject(refused);
      expect(
        listResources(fleet, { deviceId: device.deviceId, type: 'instance', nextToken }, 0),
      ).toMatchObject(refused);
    } while (found.length < 20);
    expect(found).toEqual(device.instances.map(({ instanceId }) => instanceId));
    expect(new Set(found).size).toBe(7);
  });

  it.each([
    ['no body', '', 'ValidationException'],
    ['ids that are null', '{"instanceIds":null}', 'ValidationException'],
    ['ids as text', '{"instanceIds":"s.i-a"}', 'SerializationException'],
    ['an id that is a number', '{"instanceIds":[1]}', 'SerializationException'],
    ['an unknown id', '{"instanceIds":["s.i-a"]}', 'ResourceNotFoundException'],
    ['no ids', '{"instanceIds":[]}', null],
  ])('asked for with %s: %s', (_name, bodyText, code) => {
    const fleet = makeFleet();
    const params = { managedDeviceId: fleet.devices[0]?.deviceId ?? '' };
    const call = { operation: 'DescribeDeviceEc2Instances', params, query: new URLSearchParams() } as const;
    const reply = performCall(fleet, { ...call, bodyText }, 0);
    expect(reply.ok ? null : reply.fault.code).toBe(code);
    if (reply.ok) expect(reply.value).toEqual({ instances: [] });
  });

  it("have the model's states", () => {
    expect(Object.keys(instanceStates).sort()).toEqual(Object.keys(sdk.InstanceStateName).sort());
  });
});
