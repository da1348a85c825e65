/** Faults to order: what the caller sees, and what was done behind its back. */
import {
  CreateTaskCommand,
  ListDevicesCommand,
  ListTasksCommand,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import type { EffectName } from '../../src/simulator/rules.ts';
import { decideFault, effectNames, makeRule } from '../../src/simulator/rules.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { makeClient, withScene } from './client.ts';

interface Summary {
  readonly fleets: readonly { readonly tasks: number; readonly doubled: readonly unknown[] }[];
  readonly calls: Readonly<Record<string, number>>;
}

/** How the call ended, in one word: the error's class or code, or what came back. */
function ended(promise: Promise<{ taskId?: string | undefined }>): Promise<string> {
  return promise.then(
    ({ taskId }) => (taskId === undefined ? 'no task id' : 'task id'),
    (error: unknown) => {
      const { name, code } = error as { name: string; code?: string };
      return code ?? name;
    },
  );
}

describe('an effect on CreateTask', () => {
  const table: Record<Exclude<EffectName, 'emptyPage'>, [sees: string, made: number]> = {
    throttle: ['ThrottlingException', 0],
    quota: ['ServiceQuotaExceededException', 0],
    internal: ['InternalServerException', 0],
    internalAfter: ['InternalServerException', 1],
    unavailable: ['ServiceUnavailableException', 0],
    accessDenied: ['AccessDeniedException', 0],
    expiredToken: ['ExpiredTokenException', 0],
    invalidToken: ['UnrecognizedClientException', 0],
    validation: ['ValidationException', 0],
    notFound: ['ResourceNotFoundException', 0],
    html502: ['SyntaxError', 0],
    html502After: ['SyntaxError', 1],
    cutJson: ['SyntaxError', 1],
    cutBody: ['ECONNRESET', 1],
    empty: ['no task id', 1],
    cutBefore: ['ECONNRESET', 0],
    cutAfter: ['ECONNRESET', 1],
    hang: ['TimeoutError', 0],
    hangAfter: ['TimeoutError', 1],
    cancelLost: ['task id', 1],
    slow: ['task id', 1],
    slowBefore: ['task id', 1],
  };
  it.each(Object.entries(table))('%s shows %j (and tasks made)', async (effect, [sees, made]) => {
    const rules = [{ operation: 'CreateTask', effect: effect as EffectName, times: 1, delayMs: 5 }];
    await withScene({ rules }, async ({ simulator, client, devices, control }) => {
      const hasty = makeClient(simulator.endpoint, { requestTimeoutMs: 500 });
      const command = new CreateTaskCommand({
        clientToken: 't',
        command: { reboot: {} },
        targets: devices.slice(0, 1),
      });
      expect(await ended((sees === 'TimeoutError' ? hasty : client).send(command))).toBe(sees);
      const summary = (await control('GET', '')) as Summary;
      expect(summary.fleets[0]?.tasks).toBe(made);
      // The rule is used up: the same request goes through, and the token makes it the same task.
      expect(await ended(client.send(command))).toBe('task id');
      expect(((await control('GET', '')) as Summary).fleets[0]).toMatchObject({ tasks: 1, doubled: [] });
      hasty.destroy();
    });
  });

  it('is in the table above for every effect there is', () => {
    expect([...Object.keys(table), 'emptyPage'].sort()).toEqual([...effectNames].sort());
  });

  it('can show late: a task whose answer was cut comes into being afterwards', async () => {
    const rules = [{ operation: 'CreateTask', effect: 'cutAfter', times: 1, lateEffectMs: 60_000 }] as const;
    await withScene({ rules }, async ({ client, devices, control }) => {
      const command = new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) });
      expect(await ended(client.send(command))).toBe('ECONNRESET');
      expect((await client.send(new ListTasksCommand({}))).tasks).toEqual([]);
      await control('POST', '/time', { advanceMs: 60_000 });
      expect((await client.send(new ListTasksCommand({}))).tasks).toHaveLength(1);
    });
  });

  it('sends Retry-After where the rule says so', async () => {
    const rules = [{ operation: '*', effect: 'throttle', retryAfterSeconds: 7 }] as const;
    await withScene({ rules }, async ({ client }) => {
      const error: unknown = await client.send(new ListDevicesCommand({})).catch((caught: unknown) => caught);
      const { $response } = error as { $response: { headers: Record<string, string> } };
      expect($response.headers['retry-after']).toBe('7');
    });
  });

  it('gives listings an empty page with a token that goes on', async () => {
    const rules = [{ operation: 'ListDevices', effect: 'emptyPage', times: 1 }] as const;
    await withScene({ rules }, async ({ client, devices }) => {
      const empty = await client.send(new ListDevicesCommand({}));
      expect(empty.devices).toEqual([]);
      const rest = await client.send(new ListDevicesCommand({ nextToken: empty.nextToken ?? '' }));
      expect(rest.devices).toHaveLength(devices.length);
    });
  });
});

describe('a rule', () => {
  const call = { operation: 'CreateTask', account: '111122223333', region: 'eu-west-1' };
  const strikes = (options: Partial<Parameters<typeof makeRule>[0]>, fraction = 0.5): string => {
    const rule = makeRule({ operation: 'CreateTask', effect: 'throttle', ...options }, 1);
    return Array.from({ length: 5 }, () =>
      decideFault([rule], call, () => fraction) === null ? '.' : 'x',
    ).join('');
  };
  it.each([
    ['strikes always', {}, 'xxxxx'],
    ['strikes so many times', { times: 2 }, 'xx...'],
    ['lets so many pass first', { skip: 2 }, '..xxx'],
    ['does both', { skip: 1, times: 2 }, '.xx..'],
    ['strikes any operation', { operation: '*' }, 'xxxxx'],
    ['spares other operations', { operation: 'ListTasks' }, '.....'],
    ['spares other accounts', { account: '444455556666' }, '.....'],
    ['spares other regions', { region: 'us-west-2' }, '.....'],
    ['strikes its own region', { region: 'eu-west-1' }, 'xxxxx'],
    ['strikes below its probability', { probability: 0.6 }, 'xxxxx'],
    ['spares above its probability', { probability: 0.5 }, '.....'],
  ])('%s', (_name, options, expected) => {
    expect(strikes(options)).toBe(expected);
  });

  it('comes after those before it', () => {
    const rules = [
      makeRule({ operation: '*', effect: 'throttle', times: 1 }, 1),
      makeRule({ operation: '*', effect: 'internal' }, 2),
    ];
    const struck = [0, 1].map(() => decideFault(rules, call, () => 0)?.effect);
    expect(struck).toEqual(['throttle', 'internal']);
  });
});

describe('closing', () => {
  it('ends connections that hang and answers that wait', async () => {
    const simulator = await startSimulator({
      rules: [
        { operation: 'ListTasks', effect: 'hang' },
        { operation: 'ListDevices', effect: 'slow', delayMs: 3_600_000 },
      ],
    });
    const client = makeClient(simulator.endpoint, { requestTimeoutMs: 30_000 });
    const calls = [client.send(new ListTasksCommand({})), client.send(new ListDevicesCommand({}))];
    const settled = Promise.allSettled(calls);
    // Both have arrived when a later call has been answered.
    await fetch(`${simulator.endpoint}/_simulator/calls`);
    await simulator.close();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await simulator.close();
    client.destroy();
  });
});
