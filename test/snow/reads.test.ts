import { describe, expect, it } from 'vitest';
import { fleetAt, later, openApi, patientTimeoutMs, useEnvironment } from './fixture.ts';
import { type Behaviour, reply, startRawServer } from './raw-server.ts';

useEnvironment();

async function open(behaviour: Behaviour, requestTimeoutMs = patientTimeoutMs) {
  const server = await startRawServer(behaviour);
  later(server.close);
  return { server, api: openApi(fleetAt(server.endpoint), { requestTimeoutMs }) };
}

const silence: Behaviour = () => undefined;

const failures: readonly (readonly [string, Behaviour, string, string, string])[] = [
  ['ValidationException', reply({ status: 400, type: 'ValidationException' }), 'failed', 'SG5016', 'human'],
  [
    'AccessDeniedException',
    reply({ status: 403, type: 'AccessDeniedException' }),
    'denied',
    'SG5008',
    'human',
  ],
  [
    'ExpiredTokenException',
    reply({ status: 403, type: 'ExpiredTokenException' }),
    'denied',
    'SG5009',
    'human',
  ],
  ['403 of a proxy', reply({ status: 403, body: '<html>' }), 'failed', 'SG5004', 'retry'],
  [
    'ResourceNotFoundException',
    reply({ status: 404, type: 'ResourceNotFoundException' }),
    'notFound',
    'SG5015',
    'human',
  ],
  ['404 of a proxy', reply({ status: 404, body: '<html>' }), 'failed', 'SG5004', 'retry'],
  ['ThrottlingException', reply({ status: 429, type: 'ThrottlingException' }), 'throttled', 'SG5006', 'wait'],
  ['429 of a proxy', reply({ status: 429, body: '<html>' }), 'throttled', 'SG5006', 'wait'],
  ['a quota', reply({ status: 402, type: 'ServiceQuotaExceededException' }), 'throttled', 'SG5007', 'wait'],
  [
    'InternalServerException',
    reply({ status: 500, type: 'InternalServerException' }),
    'failed',
    'SG5005',
    'retry',
  ],
  ['502 of a proxy', reply({ status: 502, body: '<html>' }), 'failed', 'SG5004', 'retry'],
  ['a reset', (socket) => void socket.resetAndDestroy(), 'failed', 'SG5003', 'retry'],
  ['no answer', silence, 'failed', 'SG5002', 'retry'],
];

describe('how reads fail', () => {
  it.each(failures)('%s', async (_name, behaviour, kind, code, faultClass) => {
    const { api, server } = await open(behaviour, behaviour === silence ? 1000 : patientTimeoutMs);
    for (const read of [
      await api.probe(),
      await api.listTasks(),
      await api.describeTask('st-1'),
      await api.listExecutions('st-1'),
      await api.describeDevice('smd-1'),
      await api.describeExecution('st-1', 'smd-1'),
    ]) {
      expect(read).toMatchObject({
        kind,
        fault: {
          code,
          class: faultClass,
          message: expect.stringContaining('fleet lab'),
          hint: expect.any(String),
        },
      });
    }
    // One attempt each: the SDK repeats nothing.
    expect(server.requests).toHaveLength(6);
  });

  it("tells the server's time and its wish to wait beside the failure", async () => {
    const headers = { date: 'Mon, 23 Nov 2026 12:00:00 GMT', 'retry-after': '9' };
    const { api } = await open(reply({ status: 429, type: 'ThrottlingException', headers }));
    const read = await api.probe();
    expect(read).toMatchObject({ kind: 'throttled', retryAfterMs: 9000 });
    expect(read.server?.serverMs).toBe(Date.UTC(2026, 10, 23, 12));
  });
});

describe('reads', () => {
  it('ask for the whole, unfiltered, a hundred at a time, over one kept connection', async () => {
    let page = 0;
    const { api, server } = await open((socket, request) => {
      page += 1;
      const next = page < 3 ? { nextToken: `t+/=${page}` } : {};
      reply({ status: 200, body: { tasks: [], ...next } })(socket, request);
    });
    expect(await api.listTasks()).toMatchObject({ kind: 'ok', value: { tasks: [], pages: 3 } });
    expect(server.requests.map((request) => request.split(' ', 2).join(' '))).toEqual([
      'GET /tasks?maxResults=100',
      'GET /tasks?maxResults=100&nextToken=t%2B%2F%3D1',
      'GET /tasks?maxResults=100&nextToken=t%2B%2F%3D2',
    ]);
    expect(server.connections).toBe(1);
  });

  it('ask for one device and one execution by the paths of the model', async () => {
    const { api, server } = await open(reply({ status: 200, body: {} }));
    await api.describeDevice('smd-1');
    await api.describeExecution('st-1', 'smd-1');
    expect(server.requests.map((request) => request.split(' ', 2).join(' '))).toEqual([
      'POST /managed-device/smd-1/describe',
      'POST /task/st-1/execution/smd-1',
    ]);
  });

  it('believe no description of something else, and say why', async () => {
    const { api } = await open((socket, request) => {
      const device = { managedDeviceId: 'smd-2', deviceState: 'UNLOCKED' };
      const execution = { taskId: 'st-1', managedDeviceId: 'smd-2', state: 'SUCCEEDED' };
      reply({ status: 200, body: request.includes('/describe ') ? device : execution })(socket, request);
    });
    for (const [read, why] of [
      [await api.describeDevice('smd-1'), 'DescribeDevice smd-1 of fleet lab: .*another device'],
      [
        await api.describeExecution('st-1', 'smd-1'),
        'DescribeExecution st-1 on smd-1 of fleet lab: .*another device',
      ],
    ] as const) {
      const message = expect.stringMatching(why);
      expect(read).toMatchObject({ kind: 'failed', fault: { code: 'SG5004', class: 'retry', message } });
      expect(read).not.toHaveProperty('value');
    }
  });

  it('probe with the smallest question there is', async () => {
    const { api, server } = await open(reply({ status: 200, body: { devices: [] } }));
    expect((await api.probe()).kind).toBe('ok');
    expect(server.requests[0]).toMatch(/^GET \/managed-devices\?maxResults=1 /);
  });

  it('fail once, not for ever, when a kept connection has died', async () => {
    const { api, server } = await open(reply({ status: 200, body: { devices: [] } }));
    expect((await api.probe()).kind).toBe('ok');
    server.behave((socket) => void socket.resetAndDestroy());
    expect((await api.probe()).kind).toBe('failed');
    server.behave(reply({ status: 200, body: { devices: [] } }));
    expect((await api.probe()).kind).toBe('ok');
  });
});
