/** The paths that AWS does not have. */
import {
  CreateTaskCommand,
  DescribeDeviceCommand,
  ListTasksCommand,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../src/simulator/settings.ts';
import { askControl, withScene } from './client.ts';

interface State {
  readonly fleets: readonly {
    readonly devices: readonly {
      readonly managedDeviceId: string;
      readonly online: boolean;
      readonly queue: string[];
    }[];
    readonly tasks: readonly {
      readonly taskId: string;
      readonly clientToken: string | null;
      readonly state: string;
    }[];
    readonly doubled: readonly { readonly clientToken: string; readonly taskIds: readonly string[] }[];
  }[];
}

describe('GET /_simulator/state', () => {
  it('shows every task ever accepted with its token, and tokens with two tasks', async () => {
    const settings = { ...defaultSettings, tokenLifeMs: 0, listRetentionMs: 1_000 };
    await withScene({ settings }, async ({ client, devices, control }) => {
      const made: (string | undefined)[] = [];
      for (const clientToken of ['a', 'b', 'a']) {
        const created = await client.send(
          new CreateTaskCommand({ clientToken, command: { reboot: {} }, targets: devices.slice(0, 1) }),
        );
        made.push(created.taskId);
      }
      await control('POST', '/time', { advanceMs: 60_000 });
      expect((await client.send(new ListTasksCommand({}))).tasks).toEqual([]);
      const { fleets } = (await control('GET', '/state')) as State;
      expect(fleets[0]?.tasks.map(({ taskId, clientToken }) => [taskId, clientToken])).toEqual([
        [made[0], 'a'],
        [made[1], 'b'],
        [made[2], 'a'],
      ]);
      expect(fleets[0]?.doubled).toEqual([{ clientToken: 'a', taskIds: [made[0], made[2]] }]);
    });
  });
});

describe('GET /_simulator/calls', () => {
  it('shows what was asked and what was answered', async () => {
    const rules = [{ operation: 'CreateTask', effect: 'cutAfter', times: 1 }] as const;
    await withScene({ rules }, async ({ client, devices, control }) => {
      const command = new CreateTaskCommand({
        clientToken: 't',
        command: { reboot: {} },
        targets: devices.slice(0, 1),
      });
      await client.send(command).catch(() => undefined);
      const { taskId } = await client.send(command);
      expect(await control('GET', '/calls')).toMatchObject([
        { operation: 'CreateTask', status: null, effect: 'cutAfter', clientToken: 't', taskId },
        { operation: 'CreateTask', status: 200, effect: null, clientToken: 't', taskId },
      ]);
    });
  });
});

describe('POST /_simulator/devices', () => {
  it('pulls and plugs the cable of some devices or of all', async () => {
    await withScene({}, async ({ devices, control }) => {
      const online = async (): Promise<boolean[]> => {
        const { fleets } = (await control('GET', '/state')) as State;
        return fleets[0]?.devices.map((device) => device.online) ?? [];
      };
      expect(await control('POST', '/devices', { ids: devices.slice(1, 3), online: false })).toEqual({
        changed: 2,
      });
      expect(await online()).toEqual([true, false, false, true, true, true]);
      expect(await control('POST', '/devices', { online: false })).toEqual({ changed: 6 });
      expect(await online()).toEqual([false, false, false, false, false, false]);
    });
  });

  it('turns the key and dooms the next commands', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const [managedDeviceId] = devices;
      await control('POST', '/devices', { ids: [managedDeviceId], state: 'UNLOCKED', outcomes: ['FAILED'] });
      expect((await client.send(new DescribeDeviceCommand({ managedDeviceId }))).deviceState).toBe(
        'UNLOCKED',
      );
    });
  });
});

describe('POST /_simulator/settings', () => {
  it('changes what happens from then on', async () => {
    await withScene({}, async ({ client, devices, control }) => {
      const create = (): Promise<unknown> =>
        client.send(new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) }));
      await create();
      expect(await control('POST', '/settings', { listLagMs: 60_000, tokenLifeMs: 0 })).toMatchObject({
        listLagMs: 60_000,
        tokenLifeMs: 0,
        rebootMs: 5_000,
      });
      await create();
      expect((await client.send(new ListTasksCommand({}))).tasks).toHaveLength(1);
    });
  });
});

describe('DELETE /_simulator/rules', () => {
  it('takes one rule away, or all', async () => {
    await withScene({}, async ({ client, control }) => {
      const rule = { operation: 'ListTasks', effect: 'throttle' };
      expect(await control('POST', '/rules', rule)).toEqual({ id: 1 });
      expect(await control('POST', '/rules', rule)).toEqual({ id: 2 });
      const throttled = (): Promise<boolean> =>
        client.send(new ListTasksCommand({})).then(
          () => false,
          () => true,
        );
      expect(await throttled()).toBe(true);
      await control('DELETE', '/rules/1');
      expect(await throttled()).toBe(true);
      await control('DELETE', '/rules');
      expect(await throttled()).toBe(false);
    });
  });
});

describe('a control request that is wrong', () => {
  it.each([
    ['POST', '/nothing', {}, 404, 'no such path'],
    ['GET', '/rules', undefined, 404, 'no such path'],
    ['DELETE', '/rules/9', undefined, 404, 'no rule 9'],
    ['POST', '/rules', [], 400, 'must be an object'],
    ['POST', '/rules', {}, 400, 'a rule needs operation'],
    ['POST', '/rules', { operation: 'CreateTsk', effect: 'throttle' }, 400, 'did you mean "CreateTask"'],
    ['POST', '/rules', { operation: '*', effect: 'throtle' }, 400, 'did you mean "throttle"'],
    ['POST', '/rules', { operation: '*', effect: 'slow', dealyMs: 1 }, 400, 'did you mean "delayMs"'],
    ['POST', '/rules', { operation: '*', effect: 'slow', delayMs: -1 }, 400, 'delayMs is "-1"'],
    ['POST', '/rules', { operation: '*', effect: 'slow', times: 0 }, 400, 'times is "0"'],
    ['POST', '/rules', { operation: '*', effect: 'slow', probability: 2 }, 400, 'probability is "2"'],
    ['POST', '/settings', { tokenLive: 1 }, 400, 'is not known here'],
    ['POST', '/settings', { listOrder: 'id' }, 400, 'is not known here'],
    ['POST', '/settings', { pageSize: 101 }, 400, 'pageSize is "101"'],
    ['POST', '/settings', { listTags: 1 }, 400, 'listTags is "1"'],
    ['POST', '/time', { advanceMs: -1 }, 400, 'time never goes back'],
    ['POST', '/time', { skewMs: 'much' }, 400, 'skewMs is "much"'],
    ['POST', '/time', { checkSkew: 'no' }, 400, 'checkSkew is "no"'],
    ['POST', '/devices', { ids: ['smd-none'], online: true }, 400, 'no device "smd-none"'],
    ['POST', '/devices', { ids: 'smd-none' }, 400, 'ids must be a list'],
    ['POST', '/devices', { online: 'yes' }, 400, 'online must be'],
    ['POST', '/devices', { state: 'OPEN' }, 400, 'state is "OPEN"'],
    ['POST', '/devices', { outcomes: ['GOOD'] }, 400, 'outcomes must be'],
  ])('%s %s %j: %i %s', async (method, path, body, status, problem) => {
    await withScene({}, async ({ simulator }) => {
      const answer = await askControl(simulator.endpoint, method, path, body);
      expect(answer.status).toBe(status);
      expect((answer.body as { problems: string[] }).problems.join('; ')).toContain(problem);
    });
  });

  it.each([
    ['comes from a web page', { origin: 'http://127.0.0.1' }],
    ['names a host that is not loopback', { host: 'rebound.example' }],
  ])('because it %s is refused', async (_name, headers) => {
    await withScene({}, async ({ simulator }) => {
      const { request } = await import('node:http');
      const status = await new Promise((resolve, reject) => {
        const call = request(`${simulator.endpoint}/_simulator/state`, { headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        call.on('error', reject);
        call.end();
      });
      expect(status).toBe(403);
    });
  });

  it('leaves everything as it was, also what was right in it', async () => {
    await withScene({}, async ({ simulator, control }) => {
      const before = await control('GET', '/state');
      await askControl(simulator.endpoint, 'POST', '/settings', { listLagMs: 5, pageSize: 0 });
      await askControl(simulator.endpoint, 'POST', '/devices', { online: false, state: 'OPEN' });
      await askControl(simulator.endpoint, 'POST', '/time', { advanceMs: 5, skewMs: 'x' });
      const { now: _then, ...rest } = before as Record<string, unknown>;
      expect(await control('GET', '/state')).toMatchObject(rest);
    });
  });
});
