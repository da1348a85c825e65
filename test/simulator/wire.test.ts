/** What no AWS client would send, and how answers look on the wire. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { withScene } from './client.ts';

interface Raw {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function amzDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.[0-9]{3}/g, '');
}

function signedHeaders(
  change: {
    readonly atMs?: number;
    readonly service?: string;
    readonly signed?: string;
    readonly day?: string;
  } = {},
): Record<string, string> {
  const date = amzDate(change.atMs ?? Date.now());
  const scope = `${change.day ?? date.slice(0, 8)}/us-west-2/${change.service ?? 'snow-device-management'}/aws4_request`;
  return {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=${change.signed ?? 'host;x-amz-date'}, Signature=${'0'.repeat(64)}`,
  };
}

/** node:http and not fetch: fetch would tidy up the path and the headers. */
function ask(
  endpoint: string,
  call: {
    readonly method?: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  },
): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(endpoint);
    const request = httpRequest(
      {
        hostname,
        port,
        method: call.method ?? 'POST',
        path: call.path,
        headers: call.headers ?? signedHeaders(),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    request.on('error', reject);
    request.end(call.body);
  });
}

const json = { 'content-type': 'application/json' };

describe('the signature headers', () => {
  const dayMs = 86_400_000;
  it.each([
    ['none', {}, 'MissingAuthenticationTokenException'],
    ['an empty one', { authorization: '' }, 'MissingAuthenticationTokenException'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'IncompleteSignatureException'],
    [
      'one without a date header',
      { authorization: signedHeaders().authorization ?? '' },
      'IncompleteSignatureException',
    ],
    [
      'a date that is none',
      { ...signedHeaders(), 'x-amz-date': '20269999T999999Z' },
      'IncompleteSignatureException',
    ],
    ['a date that is not signed', signedHeaders({ signed: 'host' }), 'InvalidSignatureException'],
    ['another service', signedHeaders({ service: 's3' }), 'InvalidSignatureException'],
    ['a scope of another day', signedHeaders({ day: '20200101' }), 'InvalidSignatureException'],
    ['a date too old', signedHeaders({ atMs: Date.now() - dayMs }), 'InvalidSignatureException'],
    ['a date too new', signedHeaders({ atMs: Date.now() + dayMs }), 'InvalidSignatureException'],
  ])('%s: 403 %s', async (_name, headers, errorType) => {
    await withScene({}, async ({ simulator }) => {
      const answer = await ask(simulator.endpoint, { method: 'GET', path: '/tasks', headers });
      expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([403, errorType]);
      expect(JSON.parse(answer.text)).toEqual({ message: expect.stringMatching(/./) });
    });
  });

  it('may be dated wrongly where the check is off', async () => {
    await withScene({ checkSkew: false }, async ({ simulator }) => {
      const headers = signedHeaders({ atMs: Date.now() - 2 * dayMs });
      expect((await ask(simulator.endpoint, { method: 'GET', path: '/tasks', headers })).status).toBe(200);
    });
  });

  it("are judged by the server's clock, which its Date header tells", async () => {
    await withScene({ skewMs: 3 * dayMs }, async ({ simulator }) => {
      const now = await ask(simulator.endpoint, { method: 'GET', path: '/tasks' });
      expect(now.status).toBe(403);
      const serverMs = Date.parse(String(now.headers.date));
      expect(Math.round((serverMs - Date.now()) / dayMs)).toBe(3);
      const headers = signedHeaders({ atMs: serverMs });
      expect((await ask(simulator.endpoint, { method: 'GET', path: '/tasks', headers })).status).toBe(200);
    });
  });
});

describe('a path', () => {
  it.each([
    ['GET', '/', 404, 'UnknownOperationException'],
    ['GET', '/nothing', 404, 'UnknownOperationException'],
    ['POST', '/task/', 404, 'UnknownOperationException'],
    ['POST', '/task/%ZZ', 404, 'UnknownOperationException'],
    ['POST', '/task/a/b', 404, 'UnknownOperationException'],
    ['GET', '/tasks/', 404, 'UnknownOperationException'],
    ['GET', '/task', 405, 'MethodNotAllowedException'],
    ['DELETE', '/tasks', 405, 'MethodNotAllowedException'],
    ['POST', '/managed-devices', 405, 'MethodNotAllowedException'],
    ['POST', `/task/${'x'.repeat(65)}`, 400, 'ValidationException'],
    ['POST', '/task/st-%2e%2e%2f', 404, 'ResourceNotFoundException'],
    ['POST', '/task/__proto__', 404, 'ResourceNotFoundException'],
    ['GET', '/executions', 400, 'ValidationException'],
    ['GET', '/executions?taskId=', 400, 'ValidationException'],
    ['GET', '/executions?taskId=st-a', 404, 'ResourceNotFoundException'],
    ['GET', '/tasks?maxResults=0', 400, 'ValidationException'],
    ['GET', '/tasks?maxResults=ten', 400, 'SerializationException'],
    ['GET', '/tasks?state=QUEUED', 400, 'ValidationException'],
    ['GET', '/tasks?nextToken=', 400, 'ValidationException'],
    ['GET', '/tasks?nextToken=%00', 400, 'ValidationException'],
    ['GET', `/tasks?nextToken=${'A'.repeat(1025)}`, 400, 'ValidationException'],
    ['GET', '/tags/arn%3Aaws%3Ax', 400, 'ValidationException'],
    ['GET', '/tags/', 404, 'UnknownOperationException'],
    ['GET', '/tags/task/st-a', 404, 'UnknownOperationException'],
    ['PUT', '/tags/arn%3Aaws%3Ax', 405, 'MethodNotAllowedException'],
    ['DELETE', '/tags/arn%3Aaws%3Ax', 400, 'ValidationException'],
    ['DELETE', '/tags/arn%3Aaws%3Ax?tagKeys=', 400, 'ValidationException'],
    ['GET', '/managed-device/smd-a/resources', 404, 'ResourceNotFoundException'],
    ['GET', '/managed-device/smd-a/resources?type=', 400, 'ValidationException'],
    ['GET', `/managed-device/smd-a/resources?type=${'x'.repeat(51)}`, 400, 'ValidationException'],
    ['GET', '/managed-device/smd-a/resources?maxResults=101', 400, 'ValidationException'],
    ['POST', '/managed-device/smd-a/resources', 405, 'MethodNotAllowedException'],
    ['POST', '/managed-device/smd-a/resources/ec2/describe', 400, 'ValidationException'],
  ])('%s %s: %i %s', async (method, path, status, errorType) => {
    await withScene({}, async ({ simulator }) => {
      const answer = await ask(simulator.endpoint, { method, path });
      expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([status, errorType]);
      expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers.allow === undefined).toBe(status !== 405);
    });
  });
});

describe('the body of CreateTask', () => {
  const good = { command: { reboot: {} }, targets: ['smd-x'] };
  it.each([
    ['no body', '', 400, 'ValidationException'],
    ['no JSON', '{', 400, 'SerializationException'],
    ['a list', '[]', 400, 'SerializationException'],
    ['a text', '"x"', 400, 'SerializationException'],
    ['deep nesting', '['.repeat(100_000), 400, 'SerializationException'],
    ['no command', JSON.stringify({ targets: ['smd-x'] }), 400, 'ValidationException'],
    [
      'two commands',
      JSON.stringify({ ...good, command: { reboot: {}, unlock: {} } }),
      400,
      'ValidationException',
    ],
    [
      'a null beside a command',
      JSON.stringify({ ...good, command: { reboot: {}, unlock: null } }),
      404,
      'ResourceNotFoundException',
    ],
    ['an unknown command', JSON.stringify({ ...good, command: { format: {} } }), 400, 'ValidationException'],
    ['a command as text', JSON.stringify({ ...good, command: 'reboot' }), 400, 'SerializationException'],
    [
      'a command without structure',
      JSON.stringify({ ...good, command: { reboot: true } }),
      400,
      'SerializationException',
    ],
    ['no targets', JSON.stringify({ command: good.command }), 400, 'ValidationException'],
    ['an empty list of targets', JSON.stringify({ ...good, targets: [] }), 400, 'ValidationException'],
    [
      '11 targets',
      JSON.stringify({ ...good, targets: Array.from({ length: 11 }, (_, i) => `smd-${i}`) }),
      400,
      'ValidationException',
    ],
    [
      'a target of 65 letters',
      JSON.stringify({ ...good, targets: ['x'.repeat(65)] }),
      400,
      'ValidationException',
    ],
    ['a target twice', JSON.stringify({ ...good, targets: ['smd-x', 'smd-x'] }), 400, 'ValidationException'],
    ['targets as text', JSON.stringify({ ...good, targets: 'smd-x' }), 400, 'SerializationException'],
    ['an empty token', JSON.stringify({ ...good, clientToken: '' }), 400, 'ValidationException'],
    ['a token with a space', JSON.stringify({ ...good, clientToken: 'a b' }), 400, 'ValidationException'],
    [
      'a token of 65 letters',
      JSON.stringify({ ...good, clientToken: 'x'.repeat(65) }),
      400,
      'ValidationException',
    ],
    ['a token that is a number', JSON.stringify({ ...good, clientToken: 1 }), 400, 'SerializationException'],
    ['an empty description', JSON.stringify({ ...good, description: '' }), 400, 'ValidationException'],
    [
      'a description of 129 letters',
      JSON.stringify({ ...good, description: 'x'.repeat(129) }),
      400,
      'ValidationException',
    ],
    [
      "a description with ' in it",
      JSON.stringify({ ...good, description: "it's" }),
      400,
      'ValidationException',
    ],
    ['tags as a list', JSON.stringify({ ...good, tags: [] }), 400, 'SerializationException'],
    ['a tag that is a number', JSON.stringify({ ...good, tags: { a: 1 } }), 400, 'SerializationException'],
    ['a reserved tag', JSON.stringify({ ...good, tags: { 'AWS:a': 'b' } }), 400, 'ValidationException'],
    ['an empty tag key', JSON.stringify({ ...good, tags: { '': 'b' } }), 400, 'ValidationException'],
    [
      'a tag of 257 letters',
      JSON.stringify({ ...good, tags: { a: 'b'.repeat(257) } }),
      400,
      'ValidationException',
    ],
    ['a tag with *', JSON.stringify({ ...good, tags: { a: '*' } }), 400, 'ValidationException'],
    [
      '51 tags',
      JSON.stringify({
        ...good,
        tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])),
      }),
      400,
      'ValidationException',
    ],
    ['unknown members', JSON.stringify({ ...good, surprise: { a: 1 } }), 404, 'ResourceNotFoundException'],
    [
      'a tag called __proto__',
      '{"command":{"reboot":{}},"targets":["smd-x"],"tags":{"__proto__":"x"}}',
      404,
      'ResourceNotFoundException',
    ],
    ['too many bytes', ' '.repeat(256 * 1024 + 1), 413, 'RequestEntityTooLargeException'],
  ])('with %s: %i %s', async (_name, body, status, errorType) => {
    await withScene({}, async ({ simulator }) => {
      const answer = await ask(simulator.endpoint, {
        path: '/task',
        headers: { ...signedHeaders(), ...json },
        body,
      });
      expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([status, errorType]);
    });
  });

  it('has the content type of JSON, or is refused', async () => {
    await withScene({}, async ({ simulator }) => {
      const headers = { ...signedHeaders(), 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await ask(simulator.endpoint, { path: '/task', headers, body: '{}' });
      expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([
        415,
        'UnsupportedMediaTypeException',
      ]);
    });
  });

  it('has every violation named at once, and nothing in it that acts on a terminal', async () => {
    await withScene({}, async ({ simulator }) => {
      const body = JSON.stringify({ targets: [], description: '\u001b[31mred-\u202e', clientToken: '' });
      const answer = await ask(simulator.endpoint, {
        path: '/task',
        headers: { ...signedHeaders(), ...json },
        body,
      });
      const { message } = JSON.parse(answer.text) as { message: string };
      expect(message).toMatch(/^5 validation errors detected: /);
      for (const member of ['command', 'targets', 'description', 'clientToken'])
        expect(message).toContain(`'${member}'`);
      expect(message).toMatch(/^[ -~]*$/);
    });
  });
});

describe('timestamps', () => {
  it('are seconds since 1970, as numbers', async () => {
    await withScene({}, async ({ simulator, devices }) => {
      const body = JSON.stringify({ command: { reboot: {} }, targets: [devices[0]] });
      const headers = { ...signedHeaders(), ...json };
      const created = JSON.parse((await ask(simulator.endpoint, { path: '/task', headers, body })).text) as {
        taskId: string;
      };
      const described = await ask(simulator.endpoint, { path: `/task/${created.taskId}` });
      const { createdAt } = JSON.parse(described.text) as { createdAt: number };
      expect(Math.abs(createdAt - Date.now() / 1000)).toBeLessThan(86_400);
    });
  });
});

describe('the server', () => {
  it('answers nonsense with 400 and goes on', async () => {
    await withScene({}, async ({ simulator }) => {
      const { port } = new URL(simulator.endpoint);
      const text = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), '127.0.0.1', () => socket.write('\u0000 nonsense\r\n\r\n'));
        let seen = '';
        socket.on('data', (chunk: Buffer) => {
          seen += chunk.toString('latin1');
        });
        socket.on('error', reject);
        socket.on('close', () => resolve(seen));
      });
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect((await ask(simulator.endpoint, { method: 'GET', path: '/tasks' })).status).toBe(200);
    });
  });

  it('does nothing for a client that leaves in the middle of its body', async () => {
    await withScene({}, async ({ simulator, devices, control }) => {
      const { port } = new URL(simulator.endpoint);
      const body = JSON.stringify({ command: { reboot: {} }, targets: [devices[0]] });
      const headers = { ...signedHeaders(), ...json, host: 'x', 'content-length': String(body.length + 1) };
      const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.write(`POST /task HTTP/1.1\r\n${head.join('')}\r\n${body}`, () => socket.destroy());
        });
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
      });
      const summary = (await control('GET', '')) as { fleets: { tasks: number }[] };
      expect(summary.fleets[0]?.tasks).toBe(0);
    });
  });
});
