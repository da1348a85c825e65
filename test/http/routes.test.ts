/** Every route by name, what it needs, and what probes and metrics answer; asked without a socket. */
import { describe, expect, it } from 'vitest';
import { fleetConfig, makeConfig } from '../controller/world.ts';
import { appOf, ask, bearer, routesOf, token, Watched } from './watched.ts';

describe('the routes', () => {
  it('are these, and need this', () => {
    const told = routesOf(new Watched()).map((route) => {
      const { listener, method, path, needs } = route;
      return `${listener} ${method} ${path} ${needs}`;
    });
    expect(told).toEqual([
      'probes GET /livez nothing',
      'probes GET /readyz nothing',
      'web GET /metrics token',
      'web GET /api/v1/status token',
      'web GET /api/v1/tasks token',
      'web GET /api/v1/tasks/:fleet/:name token',
      'web GET / token',
      'web GET /tasks token',
      'web GET /tasks/:fleet/:name token',
      'web GET /windows token',
      'web GET /windows/:name token',
      'web GET /fleets/:name token',
      'web GET /devices/:fleet/:id token',
      'web GET /assets/page.css token',
      'web GET /assets/page.js token',
      'web GET /assets/icon.svg token',
      'web GET /events token',
      'hooks POST /hooks/github signature',
      'hooks POST /hooks/generic signature',
    ]);
  });

  it('of the web all need a token, and of the hooks all a signature', () => {
    for (const { listener, needs } of routesOf(new Watched())) {
      expect(needs).toBe({ web: 'token', hooks: 'signature', probes: 'nothing' }[listener]);
    }
  });

  it.each(routesOf(new Watched()).filter(({ needs }) => needs === 'token'))(
    '$path is refused without a token that is good',
    async ({ path }) => {
      const web = appOf('web', new Watched());
      const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
      const refused = [
        {},
        { authorization: '' },
        { authorization: 'Bearer' },
        { authorization: `Bearer ${token}x` },
        { authorization: `Bearer ${token.slice(0, -1)}` },
        { authorization: `Bearer  ${token} x` },
        { authorization: token },
        { authorization: basic(token) },
        { authorization: basic(`${token}:`) },
        { authorization: basic(`ann:${token}:`) },
        { authorization: `Digest ${token}` },
        { authorization: `Bearer ${token.repeat(200)}` },
        { 'x-forwarded-for': '127.0.0.1', host: '127.0.0.1' },
        { cookie: `token=${token}` },
      ];
      for (const headers of refused) {
        const answer = await web(ask(`${path}?token=${token}`, headers));
        const text = path.startsWith('/api/')
          ? '{\n  "problem": "a token is needed"\n}\n'
          : 'a token is needed\n';
        expect([headers, answer.status, await answer.text()]).toEqual([headers, 401, text]);
        expect(answer.headers.get('www-authenticate')).toContain('Basic realm="snowgate"');
      }
      for (const authorization of [
        `Bearer ${token}`,
        `bearer ${token}`,
        basic(`:${token}`),
        basic(`ann:${token}`),
      ])
        expect((await web(ask(path, { authorization }))).status).not.toBe(401);
    },
  );

  it('open to a second token, and to none that is short or empty', async () => {
    const watched = new Watched();
    const web = appOf('web', watched, { tokens: ['', 'short', 'another-token-0123456789', token] });
    const status = async (given: string): Promise<number> =>
      (await web(ask('/metrics', { authorization: `Bearer ${given}` }))).status;
    expect(await status(token)).toBe(200);
    expect(await status('another-token-0123456789')).toBe(200);
    expect(await status('short')).toBe(401);
    const none = appOf('web', watched, { tokens: [] });
    expect((await none(ask('/metrics', { authorization: 'Bearer ' }))).status).toBe(401);
    expect((await none(ask('/metrics', { authorization: 'Basic Og==' }))).status).toBe(401);
  });

  it('of one listener are not on another', async () => {
    const watched = new Watched();
    for (const [listener, path] of [
      ['probes', '/metrics'],
      ['probes', '/hooks/github'],
      ['hooks', '/readyz'],
      ['hooks', '/api/v1/status'],
      ['web', '/livez'],
      ['web', '/hooks/github'],
      ['hooks', '/hooks/gitlab'],
      ['web', '/api/v1/../../metrics/x'],
      ['web', '//metrics'],
    ] as const) {
      const answer = await appOf(listener, watched)(ask(path, bearer));
      expect([listener, path, answer.status]).toEqual([listener, path, 404]);
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('of the web take no %s', async (method) => {
    const answer = await appOf('web', new Watched())(ask('/api/v1/status', bearer, method));
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('answer a browser that may do nothing with it', async () => {
    for (const listener of ['web', 'probes', 'hooks'] as const) {
      const { headers } = await appOf(listener, new Watched())(ask('/nothing'));
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('server')).toBeNull();
    }
  });

  it('on loopback without a token are reached by address alone', async () => {
    const web = appOf('web', new Watched(), { tokens: null, checksHost: true });
    const status = async (host: string): Promise<number> => (await web(ask('/metrics', { host }))).status;
    for (const host of ['127.0.0.1:9640', 'localhost', 'LOCALHOST:1', '[::1]:9640', '127.8.8.8'])
      expect([host, await status(host)]).toEqual([host, 200]);
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example:80',
      '',
      '10.0.0.1',
    ])
      expect([host, await status(host)]).toEqual([host, 421]);
  });
});

describe('the metrics', () => {
  it('come whole, however many fleets there are', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `fleet-${index}`);
    const fleets = new Map(names.map((name) => [name, fleetConfig(name)]));
    const watched = new Watched({ config: makeConfig({ fleets }) });
    const text = await (await appOf('web', watched)(ask('/metrics', bearer))).text();
    expect(text.length).toBeGreaterThan(65_536);
    expect(text).toContain('snowgate_fleet_proved{fleet="fleet-59"} 0');
    expect(text.endsWith('\n')).toBe(true);
  });
});

describe('the probes', () => {
  it('tell what is missing, and no id and no version', async () => {
    const watched = new Watched();
    const probes = appOf('probes', watched);
    const before = await probes(ask('/readyz'));
    expect([before.status, await before.text()]).toEqual([
      503,
      'not ready\n- source: not fetched yet\n- ledger: not fetched yet\n- pass: none has ended yet\n- fleet lab: identity not proved\n- fleet sea: identity not proved\n',
    ]);
    await watched.pass();
    const after = await probes(ask('/readyz'));
    expect([after.status, await after.text()]).toEqual([
      200,
      'ready\n+ source: ok\n+ ledger: ok\n+ pass: ok\n+ fleet lab: ok\n+ fleet sea: ok\n',
    ]);
    expect((await probes(ask('/livez'))).status).toBe(200);
    watched.world.clock.advance(3_600_000);
    expect((await probes(ask('/livez'))).status).toBe(503);
    const late = await (await probes(ask('/readyz'))).text();
    expect(late).not.toMatch(/[0-9a-f]{12}|1\.2\.3|smd-/);
  });
});
