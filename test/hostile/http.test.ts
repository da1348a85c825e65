/** Attacks on the HTTP servers of other controllers, each against ours: on a real socket where the socket matters. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type HookProvider, hookProviders } from '../../src/config/config.ts';
import { hookBodiesMax, hookBodyGraceMs, hookBodyMs } from '../../src/http/hook-body.ts';
import { createHookHandler, type DeliveryResult } from '../../src/http/hook-handler.ts';
import { Metrics } from '../../src/http/metrics.ts';
import { makeRoutes } from '../../src/http/routes.ts';
import { connectionsMax, startServer } from '../../src/http/server.ts';
import { ok } from '../../src/lib/faults.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { StepClock, secret, signed, startMs } from '../http/hook-world.ts';
import { openRaw, type RawClient, speak } from '../http/raw-client.ts';
import { openHttp, token, Watched } from '../http/watched.ts';

const dir = mkdtempSync(join(tmpdir(), 'snowgate-hostile-http-'));
const tokenFile = join(dir, 'token');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A secret of its own for each provider. */
const secretOf = (provider: HookProvider): string => `${secret}-${provider}`;

async function serve() {
  writeFileSync(tokenFile, token);
  const watched = new Watched();
  await watched.pass();
  const deliveries: DeliveryResult[] = [];
  const hookSecretFiles = new Map(hookProviders.map((provider) => [provider, [provider]] as const));
  const config = { ...openHttp, hookSecretFiles, tokenFiles: [tokenFile] };
  const metrics = new Metrics('9.8.7');
  const clock = new StepClock();
  const answerHook = createHookHandler({
    secrets: new Map(hookProviders.map((provider) => [provider, async () => ok([secretOf(provider)])])),
    watched: [{ name: 'source', url: 'https://git.example.com/tasks.git', branch: 'main' }],
    poke: () => undefined,
    onDelivery: ({ result }) => deliveries.push(result),
    clock,
  });
  const redactor = createRedactor();
  const routes = makeRoutes({
    config,
    controllerConfig: watched.life.c.config,
    readStatus: () => watched.status(),
    subscribe: (listener) => watched.book.subscribe(listener),
    metrics,
    redactor,
    answerHook,
  });
  const journal = { write: () => undefined };
  const started = await startServer({ config, routes, metrics, journal, redactor });
  if (!started.ok) throw new Error(started.fault.message);
  closing.push(started.value.close);
  const urlOf = (listener: 'web' | 'hooks' | 'probes'): string =>
    `http://127.0.0.1:${started.value.addresses.get(listener)?.port}`;
  return { urlOf, routes, deliveries, clock };
}

describe('a delivery', () => {
  it('without end is cut off at its bound, before anybody is authenticated (GHSA-jmvp-698c-4x3w, CVE-2024-40634, CVE-2026-42294)', async () => {
    const { urlOf, deliveries } = await serve();
    let sentBytes = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sentBytes += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const headers = signed('gitlab', '', secretOf('gitlab'));
    const init = { method: 'POST', headers, body: endless, duplex: 'half' as const };
    const status = await fetch(`${urlOf('hooks')}/hooks/gitlab`, init).then(
      (answer) => answer.status,
      () => 'cut off',
    );
    expect([413, 'cut off']).toContain(status);
    expect(deliveries).toEqual(['tooLarge']);
    // What was on its way in buffers of both sides, and no more of it.
    expect(sentBytes).toBeLessThan(16 * 1_048_576);
    expect((await fetch(`${urlOf('probes')}/livez`)).status).toBe(200);
  });

  /** A body of 1 MiB, of which this much is sent. */
  const halfSent = (provider: HookProvider, sentBytes: number, headers: Record<string, string>): Buffer => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST /hooks/${provider} HTTP/1.1\r\nhost: x\r\n${lines.join('')}content-length: 1048576\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), Buffer.alloc(sentBytes, 'a')]);
  };

  it('that is sent by half, on as many connections as there may be, has no more than a few bodies kept, and keeps nobody out', async () => {
    const { urlOf, deliveries, clock } = await serve();
    const url = urlOf('hooks');
    const forged = signed('github', 'another body', 'a secret that nobody knows');
    const flood: RawClient[] = [];
    for (let index = 0; index < connectionsMax.hooks; index += 1) {
      flood.push(await openRaw(url, halfSent('github', 500_000, forged)));
    }
    const refusedCount = connectionsMax.hooks - hookBodiesMax;
    await vi.waitFor(() => expect(deliveries).toEqual(Array(refusedCount).fill('busy')));
    const held = async (): Promise<RawClient[]> => {
      await vi.waitFor(() => expect(flood.filter(({ heard }) => heard === '')).toHaveLength(hookBodiesMax));
      return flood.filter(({ heard }) => heard === '');
    };
    const kept = await held();
    for (const client of flood.filter((other) => !kept.includes(other))) {
      expect(await client.closed).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after: 10\r\n/);
    }
    const send = async (body: string): Promise<number> => {
      const headers = signed('github', body, secretOf('github'));
      return (await fetch(`${url}/hooks/github`, { method: 'POST', body, headers })).status;
    };
    expect(await send('too early')).toBe(503);
    await clock.pass(hookBodyGraceMs);
    for (const body of ['1', '2', '3']) expect([body, await send(body)]).toEqual([body, 202]);
    expect(deliveries.slice(refusedCount)).toEqual(['busy', 'busy', 'accepted', 'accepted', 'accepted']);
    await clock.pass(hookBodyMs);
    const ends = (await Promise.all(kept.map(({ closed }) => closed)))
      .map((heard) => heard.slice(0, 12))
      .sort();
    expect(ends).toEqual([...Array(hookBodiesMax - 1).fill('HTTP/1.1 408'), 'HTTP/1.1 503']);
    expect((await fetch(`${urlOf('probes')}/livez`)).status).toBe(200);
  });

  it('that nothing could prove has the very answer of one that is not genuine, and its body is not waited for', async () => {
    const { urlOf, deliveries } = await serve();
    const raw = async (said: Buffer): Promise<string> =>
      (await speak(urlOf('hooks'), said)).replace(/\r\ndate: [^\r]+/i, '');
    for (const provider of hookProviders) {
      const time = String(startMs / 1_000);
      const forged = signed(provider, 'another body', 'a secret that nobody knows', time);
      const whole = await raw(halfSent(provider, 1_048_576, forged));
      expect(whole).toMatch(/^HTTP\/1.1 401 /);
      for (const sentBytes of [0, 10, 500_000]) {
        expect([provider, sentBytes, await raw(halfSent(provider, sentBytes, {}))]).toEqual([
          provider,
          sentBytes,
          whole,
        ]);
      }
    }
    expect(new Set(deliveries)).toEqual(new Set(['unauthorized']));
  });

  it('that says it is too large is refused before any of it has come', async () => {
    const { urlOf, deliveries } = await serve();
    const head = `POST /hooks/gitlab HTTP/1.1\r\nhost: x\r\nx-gitlab-token: ${secretOf('gitlab')}\r\n`;
    expect(await speak(urlOf('hooks'), `${head}content-length: 1048577\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
    expect(deliveries).toEqual(['tooLarge']);
  });

  it('whose sender hangs up within its body is told apart from one that is not genuine', async () => {
    const { urlOf, deliveries } = await serve();
    const client = await openRaw(urlOf('hooks'), halfSent('gitea', 100_000, signed('gitea', '')));
    client.socket.end();
    await vi.waitFor(() => expect(deliveries).toEqual(['broken']));
  });

  const malformed = [
    '',
    'null',
    '[]',
    '"text"',
    '{"commits":null,"repository":null,"push":null}',
    '{"push":{"changes":[null,{"new":null},{"new":{"name":{}}}]}}',
    '{"push":{"changes":{"length":1e9}}}',
    '{"repository":{"links":{"clone":[null,{"href":{}}]}},"changes":[{}]}',
    '{"repository":{"clone_url":["a"]},"ref":{"a":1}}',
    '{"project":[],"repository":"x","ref":null}',
    '{"repository":{"clone_url":"http://[::1"},"ref":"refs/heads/main"}',
    '{"__proto__":{"ref":"x"},"constructor":null}',
    `{"ref":"${'a'.repeat(100_000)}"}`,
    '[[[['.repeat(50_000),
  ];

  it('that is malformed ends nothing, though its signature is right (CVE-2025-59538, GHSA-gpx4-37g2-c8pv, CVE-2025-59531, GHSA-f9gq-prrc-hrhc, CVE-2025-59537, GHSA-wp4p-9pxh-cgx2)', async () => {
    const { urlOf, deliveries } = await serve();
    for (const provider of hookProviders) {
      for (const body of malformed) {
        const headers = signed(provider, body, secretOf(provider));
        const answer = await fetch(`${urlOf('hooks')}/hooks/${provider}`, { method: 'POST', body, headers });
        expect([provider, body.slice(0, 60), answer.status]).toEqual([provider, body.slice(0, 60), 202]);
      }
    }
    expect(deliveries).toHaveLength(hookProviders.length * malformed.length);
    expect((await fetch(`${urlOf('probes')}/livez`)).status).toBe(200);
  });

  it("is believed by its own provider's secret alone (CVE-2026-40109, GHSA-h9cx-xjg6-5v2w)", async () => {
    const { urlOf } = await serve();
    for (const sender of hookProviders) {
      for (const provider of hookProviders) {
        const headers = { ...signed(provider, '{}', secretOf(sender)) };
        const answer = await fetch(`${urlOf('hooks')}/hooks/${provider}`, {
          method: 'POST',
          body: '{}',
          headers,
        });
        expect([sender, provider, answer.status]).toEqual([
          sender,
          provider,
          sender === provider ? 202 : 401,
        ]);
      }
    }
  });
});

describe('the web', () => {
  it('lets nobody in with any token at all, at no address (GHSA-w5wv-wvrp-v5m5)', async () => {
    const { urlOf, routes } = await serve();
    const guarded = routes.filter(({ listener }) => listener === 'web');
    expect(guarded.length).toBeGreaterThan(3);
    for (const { path } of guarded) {
      for (const authorization of [
        'Bearer x',
        'Bearer null',
        'Bearer undefined',
        'Bearer [object Object]',
        'Basic Og==',
      ])
        expect((await fetch(`${urlOf('web')}${path}`, { headers: { authorization } })).status).toBe(401);
    }
  });

  it('hands out no key: nothing that it answers holds a secret of its own (GHSA-rx6x-hrg2-g435)', async () => {
    const { urlOf, routes } = await serve();
    for (const { listener, path, needs } of routes) {
      if (needs === 'signature') continue;
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${urlOf(listener)}${path}`, { headers });
      const text = path === '/events' ? await beginning(answer) : await answer.text();
      expect(text).not.toContain(token);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(dir);
    }
  });

  it('forgets a token with its file (CVE-2021-26921)', async () => {
    const { urlOf } = await serve();
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${urlOf('web')}/metrics`, { headers })).status).toBe(200);
    rmSync(tokenFile);
    expect((await fetch(`${urlOf('web')}/metrics`, { headers })).status).toBe(401);
  });
});

/** Of what has no end. */
async function beginning(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  const part = await reader?.read();
  await reader?.cancel();
  return Buffer.from(part?.value ?? []).toString('utf8');
}

describe('whoever has no token', () => {
  it('learns no version, and no name of a program (CVE-2025-58445, GHSA-xh7v-965r-23f7)', async () => {
    const { urlOf } = await serve();
    for (const listener of ['web', 'hooks', 'probes'] as const) {
      for (const path of [
        '/',
        '/livez',
        '/readyz',
        '/metrics',
        '/status',
        '/version',
        '/api/v1/status',
        '/hooks/github',
      ]) {
        const answer = await fetch(`${urlOf(listener)}${path}`);
        const told = `${[...answer.headers].join('\n')}\n${await answer.text()}`;
        expect(told).not.toMatch(/9\.8\.7|hono|node|express/i);
      }
    }
  });
});
