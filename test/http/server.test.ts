/** The listeners on real sockets: where they listen, what they bear, and that they end. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpConfig } from '../../src/config/config.ts';
import type { LogFields } from '../../src/controller/ports.ts';
import { Metrics } from '../../src/http/metrics.ts';
import type { Listener } from '../../src/http/route.ts';
import { type HttpServer, startServer } from '../../src/http/server.ts';
import type { Result } from '../../src/lib/faults.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { openHttp, routesOf, token, Watched } from './watched.ts';

const dir = mkdtempSync(join(tmpdir(), 'snowgate-http-'));
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterEach(() => rmSync(join(dir, 'token'), { force: true }));

interface Line {
  readonly event: string;
  readonly fields: LogFields;
}

async function start(
  over: Partial<HttpConfig> = {},
  watched = new Watched(),
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
    routes: routesOf(watched, { config, metrics }),
    metrics,
    journal,
    redactor: createRedactor(),
  });
  if (started.ok) closing.push(started.value.close);
  return { started, log };
}

async function opened(over: Partial<HttpConfig> = {}) {
  const { started, log } = await start(over);
  if (!started.ok) throw new Error(started.fault.message);
  const urlOf = (listener: Listener): string => {
    const address = started.value.addresses.get(listener);
    return `http://127.0.0.1:${address?.port}`;
  };
  return { server: started.value, log, urlOf };
}

/** Everything that the server says to these bytes, until it hangs up. */
function speak(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1');
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
    socket.write(text);
  });
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
});
