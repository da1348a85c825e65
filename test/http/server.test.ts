/** The listeners on real sockets: where they listen, what they bear, and that they end. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { HttpConfig } from '../../src/config/config.ts';
import type { LogFields } from '../../src/controller/ports.ts';
import { requestsInHandMax } from '../../src/http/connections.ts';
import { Metrics } from '../../src/http/metrics.ts';
import type { Listener } from '../../src/http/route.ts';
import { connectionsMax, type HttpServer, startServer } from '../../src/http/server.ts';
import type { Result } from '../../src/lib/faults.ts';
import { createRedactor, type Redactor } from '../../src/lib/redact.ts';
import { openRaw, type RawClient, speak } from './raw-client.ts';
import { openHttp, routesOf, token, Watched } from './watched.ts';

const dir = mkdtempSync(join(tmpdir(), 'snowgate-http-'));
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterEach(() => rmSync(join(dir, 'token'), { force: true }));
afterAll(() => rmSync(dir, { recursive: true }));

interface Line {
  readonly event: string;
  readonly fields: LogFields;
}

async function start(
  over: Partial<HttpConfig> = {},
  redactor: Pick<Redactor, 'register'> = createRedactor(),
): Promise<{ readonly started: Result<HttpServer>; readonly log: Line[] }> {
  const config = { ...openHttp, tokenFiles: [join(dir, 'token')], ...over };
  const log: Line[] = [];
  const journal = {
    write: (_level: string, event: string, fields: LogFields = {}) => {
      log.push({ event, fields });
    },
  };
  const metrics = new Metrics('1.2.3');
  const started = await startServer({
    config,
    routes: routesOf(new Watched(), { config, metrics }),
    metrics,
    journal,
    redactor,
  });
  if (started.ok) closing.push(started.value.close);
  return { started, log };
}

async function opened(over: Partial<HttpConfig> = {}, redactor?: Pick<Redactor, 'register'>) {
  const { started, log } = await start(over, redactor);
  if (!started.ok) throw new Error(started.fault.message);
  const urlOf = (listener: Listener): string => {
    const address = started.value.addresses.get(listener);
    return `http://127.0.0.1:${address?.port}`;
  };
  return { server: started.value, log, urlOf };
}

describe('the listeners', () => {
  it('are three, each with its own routes, and say where they are', async () => {
    writeFileSync(join(dir, 'token'), `${token}\n`);
    const { urlOf, log } = await opened();
    expect((await fetch(`${urlOf('probes')}/livez`)).status).toBe(200);
    expect((await fetch(`${urlOf('web')}/livez`)).status).toBe(404);
    expect((await fetch(`${urlOf('web')}/metrics`)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    const metrics = await fetch(`${urlOf('web')}/metrics`, { headers });
    expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await metrics.text()).toContain('snowgate_http_requests_total{listener="web",status="4xx"} 2');
    const head = await fetch(`${urlOf('web')}/api/v1/status`, { headers, method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await fetch(`${urlOf('hooks')}/hooks/github`, { method: 'POST', body: '{}' })).status).toBe(202);
    expect((await fetch(`${urlOf('hooks')}/hooks/github`)).status).toBe(405);
    expect(log.map(({ event, fields }) => [event, fields['listener']])).toEqual([
      ['listening', 'probes'],
      ['listening', 'web'],
      ['listening', 'hooks'],
    ]);
  });

  it('read the token anew at each request, and tell once what is wrong with its file', async () => {
    const { urlOf, log } = await opened();
    const status = async (given: string): Promise<number> =>
      (await fetch(`${urlOf('web')}/metrics`, { headers: { authorization: `Bearer ${given}` } })).status;
    expect(await status(token)).toBe(401);
    expect(await status(token)).toBe(401);
    writeFileSync(join(dir, 'token'), 'too-short');
    expect(await status('too-short')).toBe(401);
    writeFileSync(join(dir, 'token'), token);
    expect(await status(token)).toBe(200);
    writeFileSync(join(dir, 'token'), 'another-token-0123456789');
    expect(await status(token)).toBe(401);
    const told = log.filter(({ event }) => event === 'http token cannot be used');
    expect(told.map(({ fields }) => fields['code'])).toEqual(['SG3013', 'SG7032']);
    expect(JSON.stringify(told)).not.toContain('too-short');
  });

  it('read the token once for all who ask meanwhile', async () => {
    writeFileSync(join(dir, 'token'), token);
    let reads = 0;
    const { urlOf } = await opened(
      {},
      {
        register: () => {
          reads += 1;
        },
      },
    );
    const one = 'GET /metrics HTTP/1.1\r\nhost: x\r\n';
    const said = `${one}\r\n`.repeat(requestsInHandMax - 1) + `${one}connection: close\r\n\r\n`;
    expect((await speak(urlOf('web'), said)).match(/HTTP\/1.1 401/g)).toHaveLength(requestsInHandMax);
    expect(reads).toBe(2);
  });

  it('are opened all or not at all, and an address that is taken is named', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
    });
    closing.push(() => void taken.close());
    const { started, log } = await start({ hooks: { host: '127.0.0.1', port } });
    expect(started).toMatchObject({ ok: false, fault: { code: 'SG7031', class: 'human' } });
    const text = started.ok ? '' : `${started.fault.message} ${started.fault.hint}`;
    expect(text).toContain(`http.hooks cannot listen on 127.0.0.1:${port}: EADDRINUSE`);
    const [probes] = log;
    await expect(fetch(`http://127.0.0.1:${String(probes?.fields['port'])}/livez`)).rejects.toThrow();
  });

  it.each([
    [
      'too long a header',
      `GET /livez HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1.1 431 /,
    ],
    ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'two lengths',
      'POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
      /^HTTP\/1.1 400 /,
    ],
    [
      'a length and chunks',
      'POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    ['no host', 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', /^HTTP\/1.1 400 /],
    [
      'a host that is none',
      'GET /livez HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    [
      'a method that is none',
      'BREW /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    [
      'a proxy request',
      'GET http://evil.example/livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      /^HTTP\/1.1 [24]/,
    ],
  ])('survive %s', async (_what, text, wanted) => {
    const { urlOf } = await opened();
    expect(await speak(urlOf('probes'), text)).toMatch(wanted);
    expect((await fetch(`${urlOf('probes')}/livez`)).status).toBe(200);
  });

  it('end at once, with connections that are kept and one that never says anything', async () => {
    const { server, urlOf } = await opened();
    await fetch(`${urlOf('probes')}/livez`);
    const silent = connect(Number(new URL(urlOf('probes')).port), '127.0.0.1');
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.on('connect', resolve));
    const closed = new Promise((resolve) => silent.on('close', resolve));
    const begunMs = performance.now();
    await server.close();
    await closed;
    // Far below every time-out of the server.
    expect(performance.now() - begunMs).toBeLessThan(5_000);
    await expect(fetch(`${urlOf('probes')}/livez`)).rejects.toThrow();
  });

  it('answer HTTP/1.0, which needs no host, where the host says nothing', async () => {
    const { urlOf } = await opened({ tokenFiles: [] });
    expect(await speak(urlOf('probes'), 'GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
    expect(await speak(urlOf('web'), 'GET /metrics HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 421 /);
  });

  it.each([
    ['another name', 'GET /metrics HTTP/1.1\r\nhost: evil.example\r\n'],
    [
      'another name, though the target is ours',
      'GET http://localhost/metrics HTTP/1.1\r\nhost: evil.example\r\n',
    ],
    ['two names', 'GET /metrics HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n'],
    ['two names, ours last', 'GET /metrics HTTP/1.1\r\nhost: evil.example\r\nhost: localhost\r\n'],
    ['a name with a path in it', 'GET /metrics HTTP/1.1\r\nhost: localhost/x?\r\n'],
    ['a name with a user in it', 'GET /metrics HTTP/1.1\r\nhost: localhost@evil.example\r\n'],
  ])('on loopback without a token tell nothing to %s', async (_what, head) => {
    const { urlOf } = await opened({ tokenFiles: [] });
    const heard = await speak(urlOf('web'), `${head}connection: close\r\n\r\n`);
    expect(heard).toMatch(/^HTTP\/1.1 4(?:00|21) /);
    expect(heard).not.toContain('snowgate_');
  });

  it('end a connection that has brought a body, whatever they answer, and keep one that has not', async () => {
    const { urlOf } = await opened();
    for (const [listener, line] of [
      ['probes', 'GET /livez'],
      ['probes', 'POST /livez'],
      ['probes', 'POST /nothing'],
      ['web', 'GET /metrics'],
      ['web', 'PUT /metrics'],
      ['hooks', 'POST /nothing'],
    ] as const) {
      for (const body of [
        'content-length: 9999999\r\n\r\nhalf',
        'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      ]) {
        const heard = await speak(urlOf(listener), `${line} HTTP/1.1\r\nhost: x\r\n${body}`);
        expect([line, heard]).toEqual([
          line,
          expect.stringMatching(/^HTTP\/1.1 [245][\s\S]*\r\nconnection: close\r\n/i),
        ]);
      }
    }
    const kept = await openRaw(
      urlOf('probes'),
      'POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n',
    );
    kept.socket.write('GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect((await kept.closed).match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 405', 'HTTP/1.1 200']);
  });

  it('answer a few requests that are sent ahead, and none of too many', async () => {
    const { urlOf } = await opened();
    const one = 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n';
    const last = 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
    const few = await speak(urlOf('probes'), one.repeat(requestsInHandMax - 1) + last);
    expect(few.match(/HTTP\/1.1 200/g)).toHaveLength(requestsInHandMax);
    expect(await speak(urlOf('probes'), one.repeat(requestsInHandMax) + last)).toBe('');
    // One after the other, a connection may bring as many as it likes.
    const kept = await openRaw(urlOf('probes'));
    for (let turn = 1; turn <= 3 * requestsInHandMax; turn += 1) {
      kept.socket.write(one);
      await vi.waitFor(() => expect(kept.heard.match(/HTTP\/1.1 200/g)).toHaveLength(turn), { interval: 1 });
    }
    kept.socket.destroy();
  });

  it.each(['probes', 'web', 'hooks'] as const)(
    'of %s end the connection that has said nothing for longest where there are too many, and no other',
    async (listener) => {
      const { urlOf } = await opened({ tokenFiles: [] });
      const url = urlOf(listener);
      const busy =
        listener === 'web' ? await openRaw(url, 'GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n') : null;
      if (busy !== null) await vi.waitFor(() => expect(busy.heard).toContain('event: pass'));
      // One that was kept for a next request is one of those that say nothing.
      const kept = await openRaw(url, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
      await vi.waitFor(() => expect(kept.heard).toMatch(/^HTTP/), { interval: 1 });
      const silent: RawClient[] = [];
      const most = connectionsMax[listener] - (busy === null ? 1 : 2);
      for (let index = 0; index < most; index += 1) {
        silent.push(await openRaw(url, index % 2 === 0 ? '' : 'GET /livez HTTP/1.1\r\nhost: x\r\nx: '));
      }
      const asked = 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
      expect(await speak(url, asked)).toMatch(/^HTTP\/1.1 [24]/);
      await kept.closed;
      const others = [busy, ...silent];
      expect(others.some((client) => client?.isClosed)).toBe(false);
      for (const client of others) client?.socket.destroy();
    },
  );
});
