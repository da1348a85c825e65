/** Tasks, executions and devices, through the client that everybody uses. */
import {
  CancelTaskCommand,
  CreateTaskCommand,
  DescribeDeviceCommand,
  DescribeExecutionCommand,
  DescribeTaskCommand,
  ListDevicesCommand,
  ListExecutionsCommand,
  ListTasksCommand,
  paginateListTasks,
  ResourceNotFoundException,
  ServiceQuotaExceededException,
  ThrottlingException,
  ValidationException,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../src/simulator/settings.ts';
import { makeClient, withScene } from './client.ts';

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected a refusal, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

describe('a task, through the AWS client', () => {
  it('is created, described, listed with its executions, run and completed', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const targets = devices.slice(0, 2);
      const created = await client.send(
        new CreateTaskCommand({
          clientToken: 'a'.repeat(64),
          command: { unlock: {} },
          targets: [...targets],
          description: 'Unlock after customs, inspection #7!',
          tags: { owner: 'marine-ops', 'snowgate:task': 'north-sea/unlock' },
        }),
      );
      expect(created.taskId).toMatch(/^st-[a-z2-7]{16}$/);
      expect(created.taskArn).toBe(
        `arn:aws:snow-device-management:us-west-2:111122223333:task/${created.taskId}`,
      );
      expect(created.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);

      const { taskId } = created;
      const described = await client.send(new DescribeTaskCommand({ taskId }));
      expect(described).toMatchObject({
        taskId,
        taskArn: created.taskArn,
        targets,
        state: 'IN_PROGRESS',
        description: 'Unlock after customs, inspection #7!',
        tags: { owner: 'marine-ops', 'snowgate:task': 'north-sea/unlock' },
      });
      expect(described.createdAt).toBeInstanceOf(Date);
      expect(described.completedAt).toBeUndefined();

      const queued = await client.send(new ListExecutionsCommand({ taskId }));
      expect(queued.executions).toEqual(
        targets.map((managedDeviceId, index) => ({
          taskId,
          executionId: String(index + 1),
          managedDeviceId,
          state: 'QUEUED',
        })),
      );
      await control('POST', '/time', { advanceMs: 1_500 });
      const [device] = targets;
      const running = await client.send(new DescribeExecutionCommand({ taskId, managedDeviceId: device }));
      expect(running.state).toBe('IN_PROGRESS');
      expect(running.startedAt).toBeInstanceOf(Date);
      expect((await client.send(new DescribeDeviceCommand({ managedDeviceId: device }))).deviceState).toBe(
        'UNLOCKING',
      );
      await control('POST', '/time', { advanceMs: 10_000 });
      expect((await client.send(new DescribeTaskCommand({ taskId }))).state).toBe('COMPLETED');
      const ended = await client.send(new ListExecutionsCommand({ taskId, state: 'SUCCEEDED' }));
      expect(ended.executions).toHaveLength(2);
    });
  });

  it('is cancelled while it is queued, and not afterwards', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const create = async (): Promise<string> => {
        const created = await client.send(
          new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) }),
        );
        return created.taskId ?? '';
      };
      const first = await create();
      expect((await client.send(new CancelTaskCommand({ taskId: first }))).taskId).toBe(first);
      expect((await client.send(new DescribeTaskCommand({ taskId: first }))).state).toBe('CANCELED');
      const second = await create();
      await control('POST', '/time', { advanceMs: 2_000 });
      expect(await caught(client.send(new CancelTaskCommand({ taskId: second })))).toBeInstanceOf(
        ValidationException,
      );
    });
  });

  it('is the same for the same token, and another without one', async () => {
    await withScene({}, async ({ client, devices }) => {
      const ask = (clientToken: string): Promise<string | undefined> =>
        client
          .send(new CreateTaskCommand({ clientToken, command: { reboot: {} }, targets: devices.slice(0, 1) }))
          .then(({ taskId }) => taskId);
      const first = await ask('t1');
      expect(await ask('t1')).toBe(first);
      expect(await ask('t2')).not.toBe(first);
    });
  });

  it('is found over pages by the paginator of the client', async () => {
    await withScene({ settings: { ...defaultSettings, pageSize: 3 } }, async ({ client, devices }) => {
      const made: (string | undefined)[] = [];
      for (let index = 0; index < 8; index += 1) {
        const created = await client.send(
          new CreateTaskCommand({
            command: { reboot: {} },
            targets: devices.slice(0, 1),
            tags: { index: String(index) },
          }),
        );
        made.push(created.taskId);
      }
      const found: (string | undefined)[] = [];
      const sizes: number[] = [];
      for await (const page of paginateListTasks({ client }, {})) {
        sizes.push(page.tasks?.length ?? -1);
        found.push(...(page.tasks ?? []).map(({ taskId }) => taskId));
      }
      expect(found).toEqual(made);
      expect(sizes).toEqual([3, 3, 2]);
      const listed = await client.send(new ListTasksCommand({ state: 'COMPLETED' }));
      expect(listed.tasks).toEqual([]);
    });
  });

  it('comes without tags in the listing when so set', async () => {
    await withScene({ settings: { ...defaultSettings, listTags: false } }, async ({ client, devices }) => {
      await client.send(
        new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1), tags: { a: 'b' } }),
      );
      const [task] = (await client.send(new ListTasksCommand({}))).tasks ?? [];
      expect(task).toBeDefined();
      expect(task?.tags).toBeUndefined();
      expect((await client.send(new DescribeTaskCommand({ taskId: task?.taskId }))).tags).toEqual({ a: 'b' });
    });
  });
});

describe('devices, through the AWS client', () => {
  it('are listed by page and by job, and described', async () => {
    await withScene({}, async ({ client, devices }) => {
      const first = await client.send(new ListDevicesCommand({ maxResults: 4 }));
      expect(first.devices).toHaveLength(4);
      const second = await client.send(
        new ListDevicesCommand({ maxResults: 4, nextToken: first.nextToken ?? '' }),
      );
      expect(second.nextToken).toBeUndefined();
      const all = [...(first.devices ?? []), ...(second.devices ?? [])];
      expect(all.map(({ managedDeviceId }) => managedDeviceId)).toEqual(devices);
      const [one] = all;
      const byJob = await client.send(new ListDevicesCommand({ jobId: one?.associatedWithJob ?? '' }));
      expect(byJob.devices).toEqual([one]);
      const described = await client.send(
        new DescribeDeviceCommand({ managedDeviceId: one?.managedDeviceId }),
      );
      expect(described).toMatchObject({ managedDeviceArn: one?.managedDeviceArn, deviceState: 'LOCKED' });
      expect(described.lastReachedOutAt).toBeInstanceOf(Date);
    });
  });
});

describe('a refusal, through the AWS client', () => {
  it.each([
    ['an unknown task', new DescribeTaskCommand({ taskId: 'st-unknown' }), ResourceNotFoundException, 404],
    [
      'an unknown device',
      new DescribeDeviceCommand({ managedDeviceId: 'smd-unknown' }),
      ResourceNotFoundException,
      404,
    ],
    [
      'an unknown target',
      new CreateTaskCommand({ command: { reboot: {} }, targets: ['smd-unknown'] }),
      ResourceNotFoundException,
      404,
    ],
    [
      'a description with a hyphen',
      new CreateTaskCommand({ command: { reboot: {} }, targets: ['smd-x'], description: 'a-b' }),
      ValidationException,
      400,
    ],
    ['a page that nobody gave out', new ListTasksCommand({ nextToken: 'AAAA' }), ValidationException, 400],
    ['a page of 101', new ListTasksCommand({ maxResults: 101 }), ValidationException, 400],
  ] as const)('of %s is the modelled class with its status', async (_name, command, errorClass, status) => {
    await withScene({}, async ({ client }) => {
      const error = await caught(client.send(command as ListTasksCommand));
      expect(error).toBeInstanceOf(errorClass);
      expect(error).toMatchObject({ $metadata: { httpStatusCode: status } });
      expect((error as Error).message).not.toBe('');
    });
  });

  it.each([
    ['throttle', ThrottlingException, 429],
    ['quota', ServiceQuotaExceededException, 402],
  ] as const)('ordered as %s is the modelled class with its status', async (effect, errorClass, status) => {
    await withScene(
      { rules: [{ operation: 'CreateTask', effect, times: 1 }] },
      async ({ client, devices }) => {
        const command = new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) });
        const error = await caught(client.send(command));
        expect(error).toBeInstanceOf(errorClass);
        expect(error).toMatchObject({ $metadata: { httpStatusCode: status } });
        expect((await client.send(command)).taskId).toBeDefined();
      },
    );
  });
});

describe('accounts and regions', () => {
  it('are told apart by access key id and by the region signed for', async () => {
    const fleets = [
      { account: '111122223333', region: 'eu-west-1', accessKeyIds: ['AKIDONE'], devices: 1 },
      { account: '111122223333', region: 'us-west-2', accessKeyIds: ['AKIDONE'], devices: 2 },
      { account: '444455556666', region: 'us-west-2', accessKeyIds: ['AKIDTWO'], devices: 3 },
    ];
    await withScene({ fleets }, async ({ simulator }) => {
      const seen: unknown[] = [];
      for (const [accessKeyId, region] of [
        ['AKIDONE', 'eu-west-1'],
        ['AKIDONE', 'us-west-2'],
        ['AKIDTWO', 'us-west-2'],
        ['AKIDTWO', 'eu-west-1'],
        ['AKIDTHREE', 'us-west-2'],
      ] as const) {
        const client = makeClient(simulator.endpoint, { accessKeyId, region });
        seen.push(
          await client.send(new ListDevicesCommand({})).then(
            ({ devices }) => devices?.length,
            (error: unknown) => (error as Error).name,
          ),
        );
        client.destroy();
      }
      expect(seen).toEqual([1, 2, 3, 'InvalidSignatureException', 'UnrecognizedClientException']);
    });
  });

  it('are told apart by region alone where no fleet has keys', async () => {
    const fleets = [
      { account: '111122223333', region: 'eu-west-1', accessKeyIds: [], devices: 1 },
      { account: '444455556666', region: 'us-west-2', accessKeyIds: [], devices: 2 },
    ];
    await withScene({ fleets }, async ({ simulator }) => {
      const client = makeClient(simulator.endpoint, { region: 'us-west-2' });
      expect((await client.send(new ListDevicesCommand({}))).devices).toHaveLength(2);
      client.destroy();
    });
  });
});
