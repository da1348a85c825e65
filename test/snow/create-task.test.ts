import { describe, expect, it } from 'vitest';
import type { CreateOutcome } from '../../src/controller/ports.ts';
import { fleetAt, later, open, openApi, patientTimeoutMs, taskRequest, useEnvironment } from './fixture.ts';
import { type Behaviour, type Reply, reply, replyText, startRawServer } from './raw-server.ts';

useEnvironment();

async function create(behaviour: Behaviour, requestTimeoutMs = patientTimeoutMs) {
  const server = await startRawServer(behaviour);
  later(server.close);
  const outcome = await openApi(fleetAt(server.endpoint), { requestTimeoutMs }).createTask(
    taskRequest(),
    open,
  );
  return { outcome, server };
}

const requestId = '11111111-2222-3333-4444-555555555555';

const replies: readonly (readonly [string, Reply, Partial<CreateOutcome>])[] = [
  [
    'a task id',
    {
      status: 200,
      body: { taskId: 'st-1', taskArn: 'arn:aws:snow-device-management:us-west-2:1:task/st-1' },
    },
    {
      kind: 'issued',
      taskId: 'st-1',
      taskArn: 'arn:aws:snow-device-management:us-west-2:1:task/st-1',
      requestId,
    },
  ],
  [
    'a task id without ARN',
    { status: 200, body: { taskId: 'st-1' } },
    { kind: 'issued', taskId: 'st-1', taskArn: null },
  ],
  ['200 without a task id', { status: 200, body: {} }, { kind: 'unknown', error: 'UnreadableAnswer' }],
  ['200 with an impossible task id', { status: 200, body: { taskId: '../x' } }, { kind: 'unknown' }],
  ['200 with a number as task id', { status: 200, body: { taskId: 7 } }, { kind: 'unknown' }],
  ['200 with a list', { status: 200, body: ['st-1'] }, { kind: 'unknown' }],
  ['200 with HTML', { status: 200, body: '<html>' }, { kind: 'unknown' }],
  [
    '200 with the name of an error',
    { status: 200, type: 'ValidationException', body: { taskId: 'st-1' } },
    { kind: 'unknown' },
  ],
  ['201', { status: 201, body: { taskId: 'st-1' } }, { kind: 'unknown' }],
  ['204', { status: 204, body: '' }, { kind: 'unknown' }],
  [
    'a redirect',
    { status: 307, body: '', headers: { location: 'http://127.0.0.1:1/' } },
    { kind: 'unknown' },
  ],
  [
    'ValidationException',
    { status: 400, type: 'ValidationException' },
    { kind: 'refused', error: 'ValidationException', message: 'words', requestId },
  ],
  [
    'ValidationException with a namespace',
    { status: 400, type: 'ValidationException:http://internal.amazon.com/x/' },
    { kind: 'refused' },
  ],
  [
    'ValidationException named in the body',
    { status: 400, body: { __type: 'aws.snow#ValidationException', message: 'x' } },
    { kind: 'refused' },
  ],
  [
    'ValidationException with another status',
    { status: 500, type: 'ValidationException' },
    { kind: 'unknown' },
  ],
  [
    'ValidationException with a body of HTML',
    { status: 400, type: 'ValidationException', body: '<html>' },
    { kind: 'unknown' },
  ],
  [
    'two names that differ',
    { status: 400, type: 'ValidationException', body: { __type: 'Other' } },
    { kind: 'unknown' },
  ],
  ['400 without a name', { status: 400 }, { kind: 'unknown' }],
  [
    '400 of another name',
    { status: 400, type: 'SerializationException' },
    { kind: 'unknown', error: 'SerializationException' },
  ],
  [
    'ResourceNotFoundException',
    { status: 404, type: 'ResourceNotFoundException' },
    { kind: 'refused', error: 'ResourceNotFoundException' },
  ],
  ['404 of a proxy', { status: 404, body: '<html>not here</html>' }, { kind: 'unknown' }],
  ['404 of another service', { status: 404, type: 'UnknownOperationException' }, { kind: 'unknown' }],
  [
    'ServiceQuotaExceededException',
    { status: 402, type: 'ServiceQuotaExceededException' },
    { kind: 'throttled', reason: 'quota' },
  ],
  [
    'ThrottlingException',
    { status: 429, type: 'ThrottlingException', headers: { 'retry-after': '7' } },
    { kind: 'throttled', reason: 'throttled', retryAfterMs: 7000 },
  ],
  [
    'ThrottlingException with an endless Retry-After',
    { status: 429, type: 'ThrottlingException', headers: { 'retry-after': '99999999' } },
    { kind: 'throttled', retryAfterMs: 3_600_000 },
  ],
  ['429 of somebody else', { status: 429, body: 'slow down' }, { kind: 'unknown' }],
  [
    'AccessDeniedException',
    { status: 403, type: 'AccessDeniedException' },
    { kind: 'denied', message: 'AccessDeniedException: words' },
  ],
  ...[
    'ExpiredToken',
    'ExpiredTokenException',
    'InvalidSignatureException',
    'SignatureDoesNotMatch',
    'UnrecognizedClientException',
    'InvalidClientTokenId',
    'MissingAuthenticationToken',
    'MissingAuthenticationTokenException',
    'IncompleteSignature',
    'IncompleteSignatureException',
    'RequestTimeTooSkewed',
    'RequestExpired',
    'OptInRequired',
  ].map((type) => [`403 ${type}`, { status: 403, type }, { kind: 'denied' }] as const),
  [
    'a credential error with another status',
    { status: 500, type: 'ExpiredTokenException' },
    { kind: 'unknown' },
  ],
  ['403 of a proxy', { status: 403, body: '<html>forbidden</html>' }, { kind: 'unknown' }],
  ['403 of another name', { status: 403, type: 'WafBlockedException' }, { kind: 'unknown' }],
  [
    'InternalServerException',
    { status: 500, type: 'InternalServerException' },
    { kind: 'unknown', error: 'InternalServerException' },
  ],
  ['500 without a name', { status: 500 }, { kind: 'unknown' }],
  ['502 of a proxy', { status: 502, body: '<html>bad gateway</html>' }, { kind: 'unknown' }],
  ['503 with JSON', { status: 503, type: 'ServiceUnavailableException' }, { kind: 'unknown' }],
  ['504', { status: 504, body: '' }, { kind: 'unknown' }],
];

describe('what CreateTask means by what came back', () => {
  it.each(replies)('%s', async (_name, answer, expected) => {
    const { outcome, server } = await create(reply(answer));
    expect(outcome).toMatchObject(expected);
    // One attempt is one request, whatever the answer: retrying is not the SDK's.
    expect(server.requests).toHaveLength(1);
  });

  it('sends the frozen request with our token, signed for the fleet alone', async () => {
    const { server } = await create(reply({ status: 200, body: { taskId: 'st-1' } }));
    const [request = ''] = server.requests;
    const [head = '', body = ''] = request.split('\r\n\r\n');
    expect(head).toMatch(/^POST \/task HTTP\/1\.1/);
    expect(head).toMatch(
      /authorization: AWS4-HMAC-SHA256 Credential=AKIATESTTESTTESTTEST\/\d{8}\/us-west-2\/snow-device-management\/aws4_request/i,
    );
    expect(JSON.parse(body)).toEqual({
      clientToken: 'a'.repeat(64),
      command: { unlock: {} },
      description: 'Unlock after customs inspection',
      tags: { owner: 'marine-ops', 'snowgate:revision': 'a'.repeat(64) },
      targets: ['smd-fictbgr3rbcjeqa5'],
    });
  });

  it("tells the server's time beside ours, on errors too", async () => {
    for (const status of [200, 500]) {
      const before = Date.now();
      const { outcome } = await create(
        reply({ status, body: { taskId: 'st-1' }, headers: { date: 'Mon, 23 Nov 2026 12:00:00 GMT' } }),
      );
      expect(outcome.server?.serverMs).toBe(Date.UTC(2026, 10, 23, 12));
      expect(outcome.server?.wallMs).toBeGreaterThanOrEqual(before);
    }
  });

  it('tells no time rather than a wrong one', async () => {
    for (const date of ['yesterday', '2026-11-23T12:00:00Z', 'Mon, 99 Nov 2026 12:00:00 GMT']) {
      const { outcome } = await create(reply({ status: 500, headers: { date } }));
      expect(outcome.server).toBeUndefined();
    }
  });

  it("bounds AWS's words, escapes what acts in them, and hides secrets", async () => {
    const message = `bad \u001b[2J AKIAIOSFODNN7EXAMPLE ${'x'.repeat(5000)}`;
    const { outcome } = await create(reply({ status: 400, type: 'ValidationException', body: { message } }));
    if (outcome.kind !== 'refused') throw new Error(outcome.kind);
    expect(outcome.message).toHaveLength(500);
    expect(outcome.message).toContain('bad \\u{1b}[2J [redacted] xxx');
  });
});

const broken: readonly (readonly [string, Behaviour])[] = [
  ['a reset after the request', (socket) => void socket.resetAndDestroy()],
  ['a close after the request', (socket) => void socket.end()],
  ['half a status line', (socket) => void socket.end('HTTP/1.1 2')],
  ['no HTTP at all', (socket) => void socket.end('220 mail.example.com ESMTP\r\n')],
  ['headers and no body', (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n')],
  [
    'a body cut in the middle',
    (socket) => void socket.end(replyText({ status: 200, body: { taskId: 'st-1' } }).slice(0, -5)),
  ],
  [
    'a validation error cut in the middle',
    (socket) => void socket.end(replyText({ status: 400, type: 'ValidationException' }).slice(0, -5)),
  ],
  ['cut JSON that claims to be whole', reply({ status: 200, body: '{"taskId": "st-1"' })],
  [
    'bytes that are not UTF-8',
    (socket) => void socket.end(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\xff', 'latin1')),
  ],
  ['headers without end', (socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)],
];

describe('what CreateTask means when no whole answer comes', () => {
  it.each(broken)('%s is unknown', async (_name, behaviour) => {
    const { outcome, server } = await create(behaviour);
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(server.requests).toHaveLength(1);
  });

  it('an answer that never comes is unknown, and the connection is reset so that nothing more leaves', async () => {
    const { outcome, server } = await create(() => undefined, 1000);
    expect(outcome).toMatchObject({
      kind: 'unknown',
      error: 'TimeoutError',
      message: 'no whole answer within 1000 ms',
    });
    await expect.poll(() => server.ends).toEqual(['reset']);
  });

  it('an answer that drips is ended by the time of the whole call', async () => {
    const { outcome } = await create((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      const timer = setInterval(() => socket.write(' '), 20);
      socket.on('close', () => clearInterval(timer));
    }, 1000);
    expect(outcome).toMatchObject({ kind: 'unknown', error: 'TimeoutError' });
  });

  it('an answer without end is cut off at sixteen MiB', async () => {
    const { outcome } = await create((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = (): void => {
        while (socket.writable && socket.write(Buffer.alloc(1 << 20, ' ')));
        if (socket.writable) socket.once('drain', more);
      };
      more();
    });
    expect(outcome).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('larger than 16777216 bytes'),
    });
  });

  it('uses a connection of its own each time, so that none can be dead unseen', async () => {
    const server = await startRawServer(reply({ status: 200, body: { taskId: 'st-1' } }));
    later(server.close);
    const api = openApi(fleetAt(server.endpoint));
    for (let n = 1; n <= 3; n += 1) expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
    expect(server.connections).toBe(3);
  });
});
