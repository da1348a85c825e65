/** Word sent out, by the daemon as its users run it: a receiver, a forge, a kill, and one that never answers. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canary, openWorld, quickDevices, type Test, taskFile, until } from './world.ts';

const secret = `${canary}-hmac-secret`;
const token = `${canary}-status-token`;

interface Received {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Takes everything, but what is sent to /silent, which it never answers. */
async function receive(test: Test) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '' } = request;
      received.push({ url, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
      if (url !== '/silent') response.writeHead(201).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}` };
}

describe('notify', () => {
  it('tells of a task from its beginning to its end, once, across a kill', async (test) => {
    const world = await openWorld(test, ...quickDevices);
    const { received, url } = await receive(test);
    await world.initLedger();
    writeFileSync(join(world.dir, 'hmac'), `${secret}\n`);
    writeFileSync(join(world.dir, 'token'), `${token}\n`);
    const notify = {
      siem: { webhook: { url: `${url}/siem`, secretFile: 'hmac' } },
      silent: { webhook: { url: `${url}/silent`, secretFile: 'hmac' } },
      forge: { commitStatus: { forge: 'gitea', apiUrl: url, repository: 'a/b', tokenFile: 'token' } },
    };
    const config = world.configure('one', { notify });
    const start = () => world.start('run', '--config', config, '--log-level', 'debug');
    const told = () => received.filter((one) => one.url === '/siem').map(({ body }) => String(body['type']));
    const first = start();
    const commit = world.commit(taskFile(world, 'a'));
    await until('it is issued', () => told().includes('io.snowgate.task.issued'));
    first.child.kill('SIGKILL');
    await first.ended;
    const second = start();
    await until('it has succeeded', () => told().includes('io.snowgate.task.succeeded'));
    const states = () =>
      received
        .filter((one) => one.url === `/repos/a/b/statuses/${commit}`)
        .map(({ body }) => `${String(body['state'])} ${String(body['description'])}`);
    await until('the commit is good', () => states().includes('success done'));
    const stopped = performance.now();
    second.child.kill('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - stopped).toBeLessThan(10_000);
    const ids = received.filter((one) => one.url === '/siem').map(({ body }) => String(body['id']));
    const issued = ids.filter((_id, index) => told()[index] === 'io.snowgate.task.issued');
    expect(new Set(issued).size).toBe(1);
    expect(first.text.stderr + second.text.stderr).not.toContain(canary);
  });
});
