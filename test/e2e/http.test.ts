/** What listens, on the daemon as its users run it: probes that tell the truth, webhooks that save waiting, and load that changes nothing. */
import { createHmac } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Started } from './processes.ts';
import { canary, openWorld, quickDevices, type Test, taskFile, until, type World } from './world.ts';

const token = `${canary}-http-token`;
const secret = `${canary}-hook-secret`;
const bearer = { authorization: `Bearer ${token}` };
/** Once a year: a pass comes from a webhook, or not at all. */
const never = '0 0 0 1 1 *';
const anyPort = '127.0.0.1:0';

interface Served {
  readonly world: World;
  readonly daemon: Started;
  readonly urls: Readonly<Record<'web' | 'hooks' | 'probes', string>>;
}

async function serve(test: Test, change: Readonly<Record<string, unknown>> = {}): Promise<Served> {
  const world = await openWorld(test, ...quickDevices);
  await world.initLedger();
  writeFileSync(join(world.dir, 'http-token'), `${token}\n`);
  writeFileSync(join(world.dir, 'hook-secret'), `${secret}\n`);
  const http = {
    web: { listen: anyPort },
    probes: { listen: anyPort },
    hooks: { listen: anyPort, github: { secretFiles: ['hook-secret'] } },
    auth: { tokenFiles: ['http-token'] },
  };
  const daemon = world.start(
    'run',
    '--config',
    world.configure('one', { http, ...change }),
    '--log-level',
    'debug',
  );
  const ports = () => daemon.log().filter(({ event }) => event === 'listening') as unknown as Listening[];
  await until('all three listen', () => ports().length === 3);
  const urls = Object.fromEntries(
    ports().map(({ listener, port }) => [listener, `http://127.0.0.1:${port}`]),
  );
  return { world, daemon, urls: urls as Served['urls'] };
}

interface Listening {
  readonly listener: string;
  readonly port: number;
}

async function probe(
  { urls }: Served,
  path: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${urls.probes}${path}`);
  return { status: answer.status, text: await answer.text() };
}

async function metric({ urls }: Served, name: string): Promise<number> {
  const text = await (await fetch(`${urls.web}/metrics`, { headers: bearer })).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

function push({ urls, world }: Served, body: object, signedBy = secret): Promise<Response> {
  const text = JSON.stringify({ repository: { clone_url: `file://${world.dir}/source.git` }, ...body });
  const signature = createHmac('sha256', signedBy).update(text).digest('hex');
  const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` };
  return fetch(`${urls.hooks}/hooks/github`, { method: 'POST', body: text, headers });
}

describe.concurrent('a webhook', () => {
  it.concurrent('has a merge issued that no schedule would have seen, and a wrong one nothing', async (test) => {
    const served = await serve(test, { source: { schedule: never } });
    const { world, daemon } = served;
    await until('it is ready', async () => (await probe(served, '/readyz')).status === 200);
    const before = await metric(served, 'snowgate_passes_total{result="done"}');
    world.commit(taskFile(world, 'a'));
    expect((await push(served, { ref: 'refs/heads/main', after: 'b' }, 'another-secret-0123')).status).toBe(
      401,
    );
    expect((await push(served, { ref: 'refs/heads/other', after: 'c' })).status).toBe(202);
    expect(await metric(served, 'snowgate_passes_total{result="done"}')).toBe(before);
    expect(await world.tasks()).toEqual([]);
    expect((await push(served, { ref: 'refs/heads/main', after: 'd' })).status).toBe(202);
    await until('the task is there', async () => (await world.tasks()).length === 1);
    expect((await push(served, { ref: 'refs/heads/main', after: 'd' })).status).toBe(202);
    const delivered = async (result: string): Promise<number> =>
      metric(served, `snowgate_webhook_deliveries_total{provider="github",result="${result}"}`);
    expect(await delivered('accepted')).toBe(1);
    expect(await delivered('ignored')).toBe(1);
    expect(await delivered('duplicate')).toBe(1);
    expect(await delivered('unauthorized')).toBe(1);
    expect(await metric(served, 'snowgate_create_task_total{fleet="lab",outcome="issued"}')).toBe(1);
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(daemon.text.stderr).not.toContain(canary);
  });
});

describe.concurrent('the probes', () => {
  it.concurrent('tell a ledger that is out of reach, and that it is back; alive all the time', async (test) => {
    const served = await serve(test, { source: { maxAge: '3s' } });
    const { world } = served;
    await until('it is ready', async () => (await probe(served, '/readyz')).status === 200);
    renameSync(join(world.dir, 'ledger.git'), join(world.dir, 'away.git'));
    await until('it is not ready', async () => (await probe(served, '/readyz')).status === 503);
    await until('the ledger is named', async () =>
      /^- ledger: /m.test((await probe(served, '/readyz')).text),
    );
    expect(await probe(served, '/livez')).toEqual({ status: 200, text: 'ok\n' });
    renameSync(join(world.dir, 'away.git'), join(world.dir, 'ledger.git'));
    await until('it is ready again', async () => (await probe(served, '/readyz')).status === 200);
  });
});

describe.concurrent('an address that is taken', () => {
  it.concurrent('ends the start, with what to do', async (test) => {
    const served = await serve(test);
    const listen = served.urls.web.replace('http://', '');
    const config = served.world.configure('two', { http: { web: { listen }, probes: { listen: anyPort } } });
    const ended = await served.world.finish('run', '--config', config);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(`SG7031: http.web cannot listen on ${listen}: EADDRINUSE`);
    expect(ended.stderr).toContain('http.web.listen');
  });
});

/** Says something that could become a genuine delivery, and then no more, for as long as the server lets it. */
function dawdle(url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const signature = `x-hub-signature-256: sha256=${'0'.repeat(64)}\r\n`;
  socket.write(`POST /hooks/github HTTP/1.1\r\nhost: x\r\n${signature}content-length: 100000\r\n\r\n{`);
  return socket;
}

describe('load', () => {
  it('from another process keeps no task from being issued, and leaves nothing behind', async (test) => {
    const served = await serve(test);
    const { world, urls } = served;
    await until('it is ready', async () => (await probe(served, '/readyz')).status === 200);
    const bytesBefore = await metric(served, 'process_resident_memory_bytes');
    const slow = Array.from({ length: 60 }, () => dawdle(urls.hooks));
    const large = 'x'.repeat(2_000_000);
    const wild = [
      () => push(served, { after: 'x' }, 'a-wrong-secret-0123456789'),
      () => push(served, { after: large }, 'a-wrong-secret-0123456789'),
      () => fetch(`${urls.hooks}/hooks/github`, { method: 'POST', body: large }),
      () => fetch(`${urls.hooks}/hooks/github`, { method: 'POST', body: '{"a":[[[[' }),
      () => fetch(`${urls.web}/api/v1/status`, { headers: { authorization: 'Bearer wrong' } }),
      () => fetch(`${urls.web}/api/v1/tasks`, { headers: bearer }),
      () => fetch(`${urls.web}/metrics`, { headers: bearer }),
      () => fetch(`${urls.probes}/readyz`),
      () => push(served, { ref: 'refs/heads/main', after: String(Math.random()) }),
    ];
    const statuses = new Map<number, number>();
    let isOver = false;
    const hammer = async (worker: number): Promise<void> => {
      for (let turn = worker; !isOver || turn < 150; turn += 1) {
        // A body that is cut off may end in a reset before its answer is read.
        const status = await (wild[turn % wild.length]?.() ?? Promise.reject()).then(
          async (answer) => {
            await answer.arrayBuffer();
            return answer.status;
          },
          () => 0,
        );
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const hammering = Promise.all(Array.from({ length: 8 }, (_, worker) => hammer(worker)));
    for (const name of ['a', 'b', 'c', 'd', 'e']) world.commit(taskFile(world, name));
    await until('all tasks are there', async () => (await world.tasks()).length === 5);
    isOver = true;
    await hammering;
    for (const socket of slow) socket.destroy();
    // 503 is for those who come while the dawdlers have their second.
    const answered = [...statuses.keys()].filter((status) => ![0, 503].includes(status));
    expect(answered.sort((a, b) => a - b)).toEqual([200, 202, 401, 413]);
    const requests = [...statuses.values()].reduce((sum, count) => sum + count, 0);
    expect(requests).toBeGreaterThan(1_000);
    // Twice what a Node process may grow by for its buffers alone; a body that was kept would be a gigabyte.
    expect((await metric(served, 'process_resident_memory_bytes')) - bytesBefore).toBeLessThan(200_000_000);
    expect((await probe(served, '/readyz')).status).toBe(200);
    served.daemon.child.kill('SIGTERM');
    expect(await served.daemon.ended).toEqual({ code: 0, signal: null });
  });
});
