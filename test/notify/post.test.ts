/** Over real sockets: a receiver that is slow, resets, floods or redirects; and no secret in anything that is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkSignature } from '../../src/http/hook-signature.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { judgeAnswer } from '../../src/notify/answer.ts';
import { createPost, type PostAnswer } from '../../src/notify/post.ts';
import { issued, settled } from '../ledger/events.ts';
import { makeCertificate } from '../snow/certificate.ts';
import {
  breathe,
  Desk,
  hmacSecret,
  MemoryStore,
  Story,
  slackUrl,
  targetOf,
  tokenSecret,
  webhookTo,
} from './desk.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A receiver on loopback; its URL. */
async function listen(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, response, Buffer.concat(chunks).toString('utf8')));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
}

const plain = { wallMs: 0, redactor: createRedactor() };
const nobody = new AbortController().signal;
const ask = (url: string, timeoutMs = 2_000): Promise<PostAnswer> =>
  createPost(timeoutMs)({ url, headers: { 'x-a': 'b' }, body: 'grüße', ca: null }, nobody);

function endlessly(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

describe('a POST', () => {
  it('sends its bytes, and gives the status, the headers and the beginning of the answer', async () => {
    let seen = '';
    const url = await listen((request, response, body) => {
      seen = `${request.method} ${request.url} ${request.headers['x-a']} ${request.headers['content-length']} ${body}`;
      response.writeHead(400, { 'retry-after': '7' }).end('no');
    });
    const answer = await ask(url);
    expect(seen).toBe('POST /in b 7 grüße');
    expect(answer).toMatchObject({ kind: 'answered', status: 400, text: 'no' });
    expect(answer.kind === 'answered' ? answer.header('retry-after') : null).toBe('7');
  });

  it('does not follow a redirect', async () => {
    let others = 0;
    const other = await listen((_request, response) => {
      others += 1;
      response.end();
    });
    const url = await listen((_request, response) => response.writeHead(307, { location: other }).end());
    const answer = await ask(url);
    expect(judgeAnswer(answer, webhookTo(url), plain)).toEqual({
      kind: 'again',
      code: 'SG7102',
      why: 'it answered 307, a redirect',
      waitMs: null,
    });
    expect(others).toBe(0);
  });

  it('reads no more than the beginning of an endless answer, and of a good one nothing', async () => {
    const bad = await listen((_request, response) => endlessly(response.writeHead(500)));
    const answer = await ask(bad);
    expect(answer).toMatchObject({ kind: 'answered', status: 500 });
    expect(answer.kind === 'answered' ? answer.text.length : 0).toBe(16 * 1024);
    const good = await listen((_request, response) => endlessly(response.writeHead(200)));
    expect(await ask(good)).toMatchObject({ kind: 'answered', status: 200, text: '' });
  });

  it.each<[string, Handler]>([
    ['is silent', () => undefined],
    [
      'answers byte by byte',
      (_request, response) => {
        response.writeHead(500);
        const timer = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(timer));
      },
    ],
  ])('gives up a receiver that %s', async (_what, handler) => {
    const startedMs = performance.now();
    const answer = await ask(await listen(handler), 200);
    expect(answer).toEqual({ kind: 'unanswered', why: 'no whole answer within 0.2 s' });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it('names a reset, a closed port and a host that is none, and never the URL', async () => {
    const resets = await listen((request) => request.socket.resetAndDestroy());
    expect(await ask(resets)).toEqual({ kind: 'unanswered', why: 'ECONNRESET' });
    const url = await listen(() => undefined);
    const [server] = servers.splice(1, 1);
    await new Promise((resolve) => server?.close(resolve));
    expect(await ask(url)).toEqual({ kind: 'unanswered', why: 'ECONNREFUSED' });
    const canary = await ask('http://127.0.0.1:1:canary/');
    expect(canary.kind).toBe('unanswered');
    expect(JSON.stringify(canary)).not.toContain('canary');
  });

  it('ends when it is stopped', async () => {
    const stop = new AbortController();
    const url = await listen(() => stop.abort());
    const post = createPost(60_000);
    const request = { url, headers: {}, body: '', ca: null };
    expect(await post(request, stop.signal)).toEqual({ kind: 'unanswered', why: 'stopped' });
    expect(await post(request, stop.signal)).toEqual({ kind: 'unanswered', why: 'stopped' });
  });

  it('trusts the authorities that are named, and without them no stranger', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'snowgate-notify-'));
    const { key, cert } = makeCertificate(folder, 'localhost');
    const server = createTlsServer({ key, cert }, (_request, response) => response.writeHead(204).end());
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
    const send = (ca: string | null) =>
      createPost(5_000)({ url, headers: {}, body: '', ca }, nobody).then((answer) =>
        answer.kind === 'answered' ? answer.status : answer.why,
      );
    expect(await send(cert)).toBe(204);
    expect(await send(null)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(await send('no certificate')).not.toBe(204);
    rmSync(folder, { recursive: true });
  });
});

describe('an answer of a forge', () => {
  const answer = (status: number, text: string, headers: Record<string, string> = {}): PostAnswer => ({
    kind: 'answered',
    status,
    text,
    header: (name) => headers[name] ?? null,
  });
  it.each<[string, PostAnswer, object]>([
    [
      'a limit of GitHub',
      answer(403, '{"message":"limit"}', { 'retry-after': '9' }),
      { kind: 'again', waitMs: 9_000 },
    ],
    [
      'a token',
      answer(403, '{"message":"no"}'),
      { kind: 'again', code: 'SG7102', why: 'it answered 403: no' },
    ],
    ['a commit', answer(422, '{"message":"No commit found for SHA"}'), { kind: 'refused', code: 'SG7103' }],
    [
      'what is not there, or not to be seen',
      answer(404, '{"message":"404 Commit Not Found"}'),
      {
        kind: 'unseen',
        code: 'SG7102',
        why: expect.stringMatching(/^it answered 404: 404 Commit Not Found; .*scope api/),
      },
    ],
    ['no JSON', answer(500, '<html>'), { kind: 'again', why: 'it answered 500' }],
    [
      'a state that stands',
      answer(400, '{"message":"Cannot transition status via :run from :running"}'),
      { kind: 'taken' },
    ],
  ])('about %s', (_what, given, verdict) => {
    const via = {
      kind: 'commitStatus',
      forge: 'gitlab',
      apiUrl: 'https://gitlab.com/api/v4',
      repository: 'a/b',
      tokenFile: '/secrets/token',
    } as const;
    expect(judgeAnswer(given, via, plain)).toMatchObject(verdict);
  });
});

describe('secrets', () => {
  it('that end beyond the words of an answer that are told show up in no part', () => {
    const redactor = createRedactor();
    redactor.register(tokenSecret, 'a file');
    for (let before = 150; before < 200; before += 1) {
      const message = `${'x'.repeat(before)} ${tokenSecret}`;
      const answer = {
        kind: 'answered',
        status: 403,
        text: JSON.stringify({ message }),
        header: () => null,
      } as const;
      const via = targetOf('forge', {
        kind: 'commitStatus',
        forge: 'github',
        apiUrl: 'https://api.github.com',
        repository: 'a/b',
        tokenFile: '/secrets/token',
      }).via;
      expect(JSON.stringify(judgeAnswer(answer, via, { wallMs: 0, redactor }))).not.toContain('canary');
    }
  });

  it('show up in no log, no message and no cursor, whatever a receiver answers', async () => {
    const received: string[] = [];
    const canaries = [hmacSecret, slackUrl, tokenSecret, 'canary'];
    const echo = JSON.stringify({ message: `canary ${hmacSecret} ${slackUrl} ${tokenSecret}` });
    let status = 500;
    const url = await listen((request, response, body) => {
      received.push(body);
      const { headers } = request;
      const signed = checkSignature(
        'generic',
        {
          headers: new Headers(headers as Record<string, string>),
          body: Buffer.from(body),
          wallMs: desk.clock.wall,
        },
        [hmacSecret],
      );
      if (request.url === '/in') expect(signed).not.toBeNull();
      response.writeHead(status, { location: slackUrl, 'x-echo': tokenSecret }).end(echo);
    });
    const redactor = createRedactor();
    for (const secret of [hmacSecret, slackUrl, tokenSecret]) redactor.register(secret, 'a file');
    const forge = targetOf('forge', {
      kind: 'commitStatus',
      forge: 'github',
      apiUrl: new URL(url).origin,
      repository: 'a/b',
      tokenFile: '/secrets/token',
    });
    const missing = targetOf('missing', { kind: 'slack', urlFile: '/secrets/none' });
    const store = new MemoryStore();
    const desk = await Desk.open({
      targets: [targetOf('siem', webhookTo(url)), forge, missing],
      post: createPost(2_000),
      store,
      redactor,
    });
    const leaky = `the key is ${tokenSecret}, the hook ${slackUrl}`;
    const story = new Story().tell(issued(), settled());
    const reason = { code: 'SG6201', message: leaky } as const;
    for (const next of [500, 401, 301, 400, 200]) {
      status = next;
      desk.notifier.offer(story.status({ problems: [reason] }));
      for (let turn = 0; turn < 40; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await breathe();
        await desk.clock.pass(20_000);
      }
    }
    await desk.notifier.close();
    const logged = JSON.stringify(desk.log);
    const told = [logged.replaceAll('message":"canary', ''), ...received, ...store.history].join('\n');
    expect(desk.log.map(({ fields }) => fields['code'])).toEqual(
      expect.arrayContaining(['SG7101', 'SG7102', 'SG7104']),
    );
    expect(received.some((body) => body.includes('[redacted]'))).toBe(true);
    for (const canary of canaries.slice(0, 3)) expect(told).not.toContain(canary);
    expect(logged).not.toContain('/services/');
  });
});
