/** Tags of tasks and devices, through the AWS client, and what it would never send. */
import {
  CreateTaskCommand,
  DescribeDeviceCommand,
  DescribeTaskCommand,
  ListDevicesCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  ValidationException,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { performCall } from '../../src/simulator/operations.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import { makeClient, type Scene, withScene } from './client.ts';
import { makeFleet } from './fleet.ts';

async function makeTask({ client, devices }: Scene, tags: Record<string, string> = {}) {
  const command = new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1), tags });
  const { taskId = '', taskArn = '' } = await client.send(command);
  return { taskId, taskArn };
}

function numbered(count: number, prefix = 'k'): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${prefix}${index}`, String(index)]),
  );
}

describe('the tags of a task', () => {
  it('are added, replaced and taken away, and every read shows it', async () => {
    await withScene({}, async (scene) => {
      const { client } = scene;
      const { taskId, taskArn } = await makeTask(scene, { owner: 'marine-ops', 'snowgate:task': 'a/b' });
      const seen = async (): Promise<unknown[]> => [
        (await client.send(new ListTagsForResourceCommand({ resourceArn: taskArn }))).tags,
        (await client.send(new DescribeTaskCommand({ taskId }))).tags,
        (await client.send(new ListTasksCommand({}))).tasks?.[0]?.tags,
      ];
      await client.send(
        new TagResourceCommand({ resourceArn: taskArn, tags: { owner: 'port', 'see also': '' } }),
      );
      const tagged = { owner: 'port', 'snowgate:task': 'a/b', 'see also': '' };
      expect(await seen()).toEqual([tagged, tagged, tagged]);
      await client.send(
        new UntagResourceCommand({ resourceArn: taskArn, tagKeys: ['see also', 'snowgate:task', 'never'] }),
      );
      expect(await seen()).toEqual([{ owner: 'port' }, { owner: 'port' }, { owner: 'port' }]);
    });
  });

  it('are its own: no other task and no caller holds them', async () => {
    await withScene({}, async (scene) => {
      const first = await makeTask(scene, { a: '1' });
      const second = await makeTask(scene, { a: '1' });
      await scene.client.send(new TagResourceCommand({ resourceArn: first.taskArn, tags: { a: '2' } }));
      const { tags } = await scene.client.send(
        new ListTagsForResourceCommand({ resourceArn: second.taskArn }),
      );
      expect(tags).toEqual({ a: '1' });
    });
  });

  it('cannot be asked for while no read shows the task', async () => {
    await withScene({ settings: { ...defaultSettings, listLagMs: 60_000 } }, async (scene) => {
      const { taskArn } = await makeTask(scene);
      const ask = () => scene.client.send(new ListTagsForResourceCommand({ resourceArn: taskArn }));
      await expect(ask()).rejects.toBeInstanceOf(ResourceNotFoundException);
      await scene.control('POST', '/time', { advanceMs: 60_000 });
      expect((await ask()).tags).toEqual({});
    });
  });

  it('leave its state and its times alone', async () => {
    await withScene({}, async (scene) => {
      const { taskId, taskArn } = await makeTask(scene);
      const before = await scene.client.send(new DescribeTaskCommand({ taskId }));
      await scene.client.send(new TagResourceCommand({ resourceArn: taskArn, tags: { a: 'b' } }));
      const after = await scene.client.send(new DescribeTaskCommand({ taskId }));
      expect(after.lastUpdatedAt).toEqual(before.lastUpdatedAt);
    });
  });
});

describe('the tags of a device', () => {
  it('are set, listed and described, in their own region only', async () => {
    const fleets = ['eu-west-1', 'us-west-2'].map((region) => ({
      account: '111122223333',
      region,
      accessKeyIds: [],
      devices: 2,
    }));
    await withScene({ fleets }, async ({ client, simulator }) => {
      const near = makeClient(simulator.endpoint, { region: 'eu-west-1' });
      const [device] = (await near.send(new ListDevicesCommand({}))).devices ?? [];
      const resourceArn = device?.managedDeviceArn ?? '';
      expect(resourceArn).toMatch(/^arn:aws:snow-device-management:eu-west-1:111122223333:managed-device\//);
      await near.send(new TagResourceCommand({ resourceArn, tags: { site: 'ærø' } }));
      const { managedDeviceId } = device ?? {};
      expect((await near.send(new DescribeDeviceCommand({ managedDeviceId }))).tags).toEqual({ site: 'ærø' });
      const tags = (await near.send(new ListDevicesCommand({}))).devices?.map((one) => one.tags);
      expect(tags).toEqual([{ site: 'ærø' }, {}]);
      await expect(client.send(new ListTagsForResourceCommand({ resourceArn }))).rejects.toBeInstanceOf(
        ResourceNotFoundException,
      );
      near.destroy();
    });
  });
});

describe('fifty tags', () => {
  it('are the most that a resource has, whatever way they came, and a refused call adds none', async () => {
    await withScene({}, async (scene) => {
      const { client } = scene;
      const { taskArn: resourceArn } = await makeTask(scene, numbered(49));
      const count = async (): Promise<number> =>
        Object.keys((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags ?? {}).length;
      const tag = (tags: Record<string, string>) =>
        client.send(new TagResourceCommand({ resourceArn, tags }));
      await expect(tag({ a: '', b: '' })).rejects.toBeInstanceOf(ValidationException);
      expect(await count()).toBe(49);
      await tag({ a: '' });
      // All fifty again: nothing is added.
      await tag({ ...numbered(49), a: 'x' });
      expect(await count()).toBe(50);
      await expect(tag({ b: '' })).rejects.toThrow('would have 51 tags');
    });
  });
});

describe('a tag request that is wrong', () => {
  const arn = 'arn:aws:snow-device-management:us-west-2:111122223333:task/st-none';
  it.each([
    ['an ARN that is none', 'st-none', {}, ValidationException],
    ['an ARN of another service', 'arn:aws:s3:us-west-2:111122223333:task/st-none', {}, ValidationException],
    ['an ARN of another kind', arn.replace('task', 'job'), {}, ValidationException],
    ['an ARN with too long an id', `${arn}${'x'.repeat(60)}`, {}, ValidationException],
    ['an ARN with a slash more', `${arn}/x`, {}, ValidationException],
    ['a task that is not there', arn, {}, ResourceNotFoundException],
    [
      'a device that is not there',
      arn.replace('task/st', 'managed-device/smd'),
      {},
      ResourceNotFoundException,
    ],
    ['the prototype of things', arn.replace('st-none', '__proto__'), {}, ResourceNotFoundException],
    ['a reserved key', arn, { 'aws:owner': 'x' }, ValidationException],
    ['a reserved key in capitals', arn, { 'AWS:owner': 'x' }, ValidationException],
    ['a key of 129 letters', arn, { ['k'.repeat(129)]: '' }, ValidationException],
    ['a value of 257 letters', arn, { k: 'v'.repeat(257) }, ValidationException],
    ['51 tags', arn, numbered(51), ValidationException],
    ['a star', arn, { k: '*' }, ValidationException],
  ] as const)('by %s is refused by a modelled class', async (_name, resourceArn, tags, errorClass) => {
    await withScene({}, async ({ client }) => {
      const command = new TagResourceCommand({ resourceArn, tags });
      await expect(client.send(command)).rejects.toBeInstanceOf(errorClass);
      const keys = Object.keys(tags);
      const untag = new UntagResourceCommand({ resourceArn, tagKeys: keys.length > 0 ? keys : ['a'] });
      const isOfValues = Object.values(tags).some((value) => value !== '' && value !== 'x');
      await expect(client.send(untag)).rejects.toBeInstanceOf(
        isOfValues && keys.length < 51 ? ResourceNotFoundException : errorClass,
      );
    });
  });

  it('says so without words that act on a terminal', async () => {
    await withScene({}, async ({ client }) => {
      const command = new ListTagsForResourceCommand({ resourceArn: `\u001b[31m${'x'.repeat(500)}` });
      const error = (await client.send(command).catch((caught: unknown) => caught)) as Error;
      expect(error).toBeInstanceOf(ValidationException);
      expect(error.message).toMatch(/^[ -~]{1,300}$/);
    });
  });

  it.each([
    ['no body', '', 'ValidationException'],
    ['no tags', '{}', 'ValidationException'],
    ['tags that are null', '{"tags":null}', 'ValidationException'],
    ['tags as a list', '{"tags":[]}', 'SerializationException'],
    ['a tag that is a number', '{"tags":{"a":1}}', 'SerializationException'],
    ['no JSON', '{', 'SerializationException'],
  ])('with %s: %s', (_name, bodyText, code) => {
    const call = { operation: 'TagResource', params: { resourceArn: arn }, bodyText } as const;
    const reply = performCall(makeFleet(), { ...call, query: new URLSearchParams() }, 0);
    expect(reply).toMatchObject({ ok: false, fault: { code } });
  });

  it('keeps a key called __proto__ as any other', () => {
    const fleet = makeFleet();
    const resourceArn = fleet.devices[0]?.arn ?? '';
    const query = new URLSearchParams();
    const call = { params: { resourceArn }, query } as const;
    const bodyText = '{"tags":{"__proto__":"x","a":"b"}}';
    expect(performCall(fleet, { ...call, operation: 'TagResource', bodyText }, 0).ok).toBe(true);
    const listed = performCall(fleet, { ...call, operation: 'ListTagsForResource', bodyText: '' }, 0);
    expect(JSON.stringify(listed)).toBe('{"ok":true,"value":{"tags":{"__proto__":"x","a":"b"}}}');
  });
});
