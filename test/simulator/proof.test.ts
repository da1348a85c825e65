/** Signatures that are proved: by the real client, and by requests changed after it had signed them. */
import {
  CreateTaskCommand,
  DescribeTaskCommand,
  ListDevicesCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  SnowDeviceManagementClient,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-snow-device-management';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, it } from 'vitest';
import { defaultSeat } from '../../src/simulator/defaults.ts';
import { readKeysFile } from '../../src/simulator/keys-file.ts';
import { defaultOptions, simulatorOptions } from '../../src/simulator/options.ts';
import type { SigningKey } from '../../src/simulator/proof.ts';
import { proveClaim } from '../../src/simulator/proof.ts';
import { openSimulator } from '../../src/simulator/server.ts';
import { askControl, withScene } from './client.ts';

const account = '111122223333';
const key: SigningKey = {
  accessKeyId: 'AKIDONE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  account,
};
const temporary: SigningKey = {
  accessKeyId: 'ASIATWO',
  secretAccessKey: 'other/secret+of=mine',
  account,
  sessionToken: 'IQoJ//token==',
};
const signingKeys = [key, temporary];

/** What a request can have changed in it behind its signature. */
interface Sent {
  method: string;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

function clientOf(
  endpoint: string,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = key,
  change: (request: Sent) => void = () => undefined,
): SnowDeviceManagementClient {
  const handler = new NodeHttpHandler();
  const handle = handler.handle.bind(handler);
  handler.handle = (request, options) => {
    change(request as unknown as Sent);
    return handle(request, options);
  };
  return new SnowDeviceManagementClient({
    endpoint,
    region: 'us-west-2',
    credentials,
    maxAttempts: 1,
    requestHandler: handler,
  });
}

/** The class of the refusal, or `ok`. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  );
}

describe('a right signature', () => {
  it('is accepted for every shape of request: bodies, queries, ARNs in the path, repeated parameters', async () => {
    await withScene({ signingKeys }, async ({ simulator, devices }) => {
      const client = clientOf(simulator.endpoint);
      const { taskId, taskArn: resourceArn } = await client.send(
        new CreateTaskCommand({
          command: { reboot: {} },
          targets: devices.slice(0, 2),
          description: 'Reboot, please!',
          tags: { 'see also': 'a+b/c=d:é' },
        }),
      );
      const tagKeys = ['see also', 'b', 'a', 'a/b', 'a+b', 'é'];
      expect(await outcome(client.send(new TagResourceCommand({ resourceArn, tags: { 'a+b': '1' } })))).toBe(
        'ok',
      );
      expect(await outcome(client.send(new UntagResourceCommand({ resourceArn, tagKeys })))).toBe('ok');
      expect((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({});
      expect((await client.send(new DescribeTaskCommand({ taskId }))).state).toBe('IN_PROGRESS');
      const page = await client.send(new ListDevicesCommand({ maxResults: 2 }));
      const nextToken = page.nextToken ?? '';
      expect((await client.send(new ListDevicesCommand({ maxResults: 2, nextToken }))).devices).toHaveLength(
        2,
      );
      expect((await client.send(new ListTasksCommand({ state: 'IN_PROGRESS' }))).tasks).toHaveLength(1);
      client.destroy();
    });
  });

  it('may say in an unsigned header what it likes', async () => {
    await withScene({ signingKeys }, async ({ simulator }) => {
      const client = clientOf(simulator.endpoint, key, ({ headers }) => {
        headers['x-forwarded-for'] = '192.0.2.1';
      });
      expect(await outcome(client.send(new ListTasksCommand({})))).toBe('ok');
      client.destroy();
    });
  });
});

const mismatch = /^InvalidSignatureException: The request signature we calculated does not match/;
const unknown = 'UnrecognizedClientException: The security token included in the request is invalid.';

describe('credentials', () => {
  it.each([
    ['another secret', { ...key, secretAccessKey: 'guessed' }, mismatch],
    ['the secret of another key', { ...key, secretAccessKey: temporary.secretAccessKey }, mismatch],
    ['an unknown key', { ...key, accessKeyId: 'AKIDNONE' }, unknown],
    ['a key in other capitals', { ...key, accessKeyId: 'akidone' }, unknown],
    ['a token that the key does not have', { ...key, sessionToken: 'x' }, unknown],
    ['no token where the key has one', { ...key, ...temporary, sessionToken: '' }, unknown],
    ['another token', { ...temporary, sessionToken: 'y' }, unknown],
    ['a secret with a space behind it', { ...key, secretAccessKey: `${key.secretAccessKey} ` }, mismatch],
    ['the very key', key, /^ok$/],
    ['the very temporary key', temporary as Required<SigningKey>, /^ok$/],
  ])('with %s', async (_name, credentials, expected) => {
    await withScene({ signingKeys }, async ({ simulator }) => {
      const client = clientOf(simulator.endpoint, credentials);
      expect(await outcome(client.send(new ListTasksCommand({})))).toMatch(expected);
      client.destroy();
    });
  });
});

describe('a request that was changed behind its signature', () => {
  const bodyText = (request: Sent): string => String(request.body);
  const changes: [string, (request: Sent) => void][] = [
    [
      'its body',
      (request) => Object.assign(request, { body: bodyText(request).replace('reboot', 'unlock') }),
    ],
    [
      'its body and the hash that it claims of it',
      (request) => {
        request.body = bodyText(request).replace('reboot', 'unlock');
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      },
    ],
    ['its path', (request) => Object.assign(request, { path: '/task/st-other' })],
    ['its query', (request) => Object.assign(request, { query: { maxResults: '1' } })],
    ['its method', (request) => Object.assign(request, { method: 'GET', path: '/tasks' })],
    ['a signed header', ({ headers }) => Object.assign(headers, { 'content-type': 'application/json; a=b' })],
    ['its host', ({ headers }) => Object.assign(headers, { host: 'other.example' })],
    [
      'its date by a second',
      ({ headers }) => {
        const date = headers['x-amz-date'] ?? '';
        headers['x-amz-date'] = date.replace(/.Z$/, date.endsWith('0Z') ? '1Z' : '0Z');
      },
    ],
    [
      'the list of what is signed',
      ({ headers }) => {
        headers.authorization = (headers.authorization ?? '').replace('content-type;', '');
      },
    ],
    [
      'a letter of its signature',
      ({ headers }) => {
        headers.authorization = (headers.authorization ?? '').replace(/.$/, (last) =>
          last === '0' ? '1' : '0',
        );
      },
    ],
  ];
  it.each(changes)('in %s is an InvalidSignatureException, and nothing was done', async (_name, change) => {
    await withScene({ signingKeys }, async ({ simulator, devices, control }) => {
      const client = clientOf(simulator.endpoint, key, change);
      const command = new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) });
      expect(await outcome(client.send(command))).toMatch(mismatch);
      expect(await control('GET', '')).toMatchObject({ fleets: [{ tasks: 0 }] });
      client.destroy();
    });
  });

  it('is refused before a rule of the simulator has its turn', async () => {
    const rules = [{ operation: '*', effect: 'throttle', times: 1 }] as const;
    await withScene({ signingKeys, rules }, async ({ simulator }) => {
      const thief = clientOf(simulator.endpoint, { ...key, secretAccessKey: 'guessed' });
      expect(await outcome(thief.send(new ListTasksCommand({})))).toMatch(mismatch);
      const client = clientOf(simulator.endpoint);
      expect(await outcome(client.send(new ListTasksCommand({})))).toBe('ThrottlingException: Rate exceeded');
      thief.destroy();
      client.destroy();
    });
  });
});

describe('a rightly signed request of another time', () => {
  it.each([
    [
      6 * 60_000,
      /^InvalidSignatureException: Signature expired: [0-9TZ]{16} is now earlier than [0-9TZ]{16} \([0-9TZ]{16} - 5 min\.\)$/,
    ],
    [-6 * 60_000, /^InvalidSignatureException: Signature not yet current: [0-9TZ]{16} is now later than /],
    [4 * 60_000, /^ok$/],
  ])('%i ms of skew', async (skewMs, expected) => {
    await withScene({ signingKeys, skewMs }, async ({ simulator }) => {
      const client = clientOf(simulator.endpoint);
      expect(await outcome(client.send(new ListTasksCommand({})))).toMatch(expected);
      client.destroy();
    });
  });
});

describe('without keys', () => {
  it('everybody is believed', async () => {
    await withScene({}, async ({ simulator }) => {
      const client = clientOf(
        simulator.endpoint,
        { accessKeyId: 'any', secretAccessKey: 'any' },
        (request) => {
          request.query = { maxResults: '1' };
        },
      );
      expect(await outcome(client.send(new ListTasksCommand({})))).toBe('ok');
      client.destroy();
    });
  });

  it('with keys, a request of which only the headers are known is not', () => {
    const claim = {
      accessKeyId: key.accessKeyId,
      region: 'us-west-2',
      service: 'snow-device-management',
      day: '20261127',
      amzDate: '20261127T220000Z',
      signedHeaders: ['host', 'x-amz-date'],
      signature: '0'.repeat(64),
    };
    const keys = new Map([[key.accessKeyId, key]]);
    expect(proveClaim(keys, claim, { method: 'GET', path: '/tasks' })).toMatchObject({
      fault: { code: 'InvalidSignatureException', status: 403 },
    });
  });
});

describe('the signature', () => {
  // From AWS's published test suite of Signature Version 4: not made by the client that the other tests use.
  it.each([
    ['get-vanilla', '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      'Param2=value2&Param1=value1',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
  ])('of %s is the one that AWS publishes', (_name, rawQuery, signature) => {
    const example = { ...key, accessKeyId: 'AKIDEXAMPLE' };
    const claim = {
      accessKeyId: 'AKIDEXAMPLE',
      region: 'us-east-1',
      service: 'service',
      day: '20150830',
      amzDate: '20150830T123600Z',
      signedHeaders: ['host', 'x-amz-date'],
      signature,
    };
    const headers = new Map([
      ['host', 'example.amazonaws.com'],
      ['x-amz-date', '20150830T123600Z'],
    ]);
    const bodyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const request = { method: 'GET', path: '/', wire: { rawQuery, headers, bodyHash } };
    const keys = new Map([[example.accessKeyId, example]]);
    expect(proveClaim(keys, claim, request)).toEqual({ ok: true, value: null });
  });
});

describe('keys', () => {
  it('name the account, and leave the region to the fleets', async () => {
    const fleets = [
      { ...defaultSeat, region: 'eu-west-1', devices: 1 },
      { ...defaultSeat, region: 'us-west-2', devices: 2 },
      { ...defaultSeat, account: '444455556666', devices: 3 },
    ];
    const other = { ...temporary, account: '444455556666' };
    await withScene({ fleets, signingKeys: [key, other] }, async ({ simulator }) => {
      const counts: (number | undefined)[] = [];
      for (const credentials of [key, other as Required<SigningKey>]) {
        const client = clientOf(simulator.endpoint, credentials);
        counts.push((await client.send(new ListDevicesCommand({}))).devices?.length);
        client.destroy();
      }
      expect(counts).toEqual([2, 3]);
    });
  });

  it('are shown by no control path', async () => {
    await withScene({ signingKeys }, async ({ simulator }) => {
      for (const path of ['', '/state', '/calls']) {
        const { body } = await askControl(simulator.endpoint, 'GET', path);
        for (const secret of [key.secretAccessKey, temporary.secretAccessKey, 'IQoJ'])
          expect(JSON.stringify(body)).not.toContain(secret);
      }
    });
  });

  it.each([
    ['of an account without a fleet', [{ ...key, account: '444455556666' }], 'which has no fleet'],
    ['twice', [key, { ...key, secretAccessKey: 'x' }], 'has two secrets'],
  ])('%s are refused', async (_name, keys, problem) => {
    const opened = await openSimulator({ ...defaultOptions, signingKeys: keys });
    expect(opened).toMatchObject({ ok: false, fault: { code: 'SG6004' } });
    const options = simulatorOptions({}, { signingKeys: keys });
    expect(options.ok ? [] : options.fault.map(({ message }) => message).join('; ')).toContain(problem);
  });

  it('have to be there for every access key id that a fleet names', () => {
    const fleet = [`${account}/us-west-2/AKIDONE,AKIDTHREE`, `${account}/eu-west-1/AKIDONE`];
    const options = simulatorOptions({ fleet }, { signingKeys: [key] });
    expect(options.ok ? [] : options.fault.map(({ message }) => message)).toEqual([
      'access key id "AKIDTHREE" has no secret, and signatures are to be proved',
    ]);
  });
});

describe('the file of keys', () => {
  const good = 'apiVersion: snowgate/v1\nkind: SimulatorKeys\nkeys:\n';
  const entry = '  - {accessKeyId: AKIDONE, secretAccessKey: made-up, account: "111122223333"}\n';
  it('is YAML or JSON', () => {
    const value = [{ accessKeyId: 'AKIDONE', secretAccessKey: 'made-up', account }];
    expect(readKeysFile(Buffer.from(good + entry))).toEqual({ ok: true, value });
    const json = JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'SimulatorKeys', keys: value });
    expect(readKeysFile(Buffer.from(json))).toEqual({ ok: true, value });
  });

  it.each([
    ['nothing', '', '1:1 SG6006 the file holds no SimulatorKeys'],
    [
      'another kind',
      `${good}${entry}`.replace('SimulatorKeys', 'SimulatorKey'),
      '2:7 SG1104 kind must be SimulatorKeys',
    ],
    ['no keys', `${good.trim()} []\n`, '3:7 SG1106 keys is empty'],
    [
      'a misspelt key',
      good + entry.replace('account:', 'acount:'),
      '4:54 SG1101 unknown key keys[0].acount; did you mean account?',
    ],
    [
      'an account that is a number',
      good + entry.replaceAll('"', ''),
      '4:63 SG1103 keys[0].account must be text, not a number; put it in quotes: "..."',
    ],
    [
      'a key twice',
      good + entry + entry,
      '5:19 SG6007 keys[1].accessKeyId is that of keys[0]; name each one once',
    ],
    [
      'two documents',
      `${good}${entry}---\n${good}${entry}`,
      '6:1 SG1005 the file holds 2 documents; at most 1 are read; split it into several files',
    ],
    ['an anchor', good + entry.replace('made-up', '&a made-up'), '4:45 SG1008'],
  ])('with %s says where and what', (_name, text, expected) => {
    const read = readKeysFile(Buffer.from(text));
    const told = read.ok
      ? []
      : read.problems.map(({ line, column, code, message, hint }) =>
          [`${line}:${column} ${code} ${message}`, ...(hint === undefined ? [] : [hint])].join('; '),
        );
    expect(told.join('\n')).toContain(expected);
    expect(told.join('\n')).not.toContain('made-up');
  });
});
