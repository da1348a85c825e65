/**
 * One daemon with every sink that it has, and one of everything that must not come out of them: secrets in files, URLs, headers
 * and the environment, and text of others that would act where it is shown. Log, metrics, API, pages, word sent out, state and
 * ledger are all looked through.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { basicAuthorization, startGitServer } from '../doubles/git-server.ts';
import type { Started } from '../e2e/processes.ts';
import { openWorld, quickDevices, type Test, taskText, until, type World } from '../e2e/world.ts';

/** The environment of every program that a world starts holds one, too: the secret key of AWS. */
const awsKey = 'canary-0b6e8f6d51a7';
const secret = (what: string): string => `${what}-c4n4ry-0123456789abcdef`;
const secrets = ['git', 'web', 'hook', 'hmac', 'slack', 'status'].map(secret);

/** Markup, links, mentions, commands of a runner and of a terminal, in words that a manifest may hold. */
const hostile =
  '<script>alert(1)</script><img src=x onerror=alert(1)>"\'> <!channel> <@U1> [x](javascript:alert(1)) ::error::x %0A &amp;';

interface Receiver {
  readonly url: string;
  /** Path, headers that are not secret by their nature, and body of each request. */
  readonly bodies: { readonly path: string; readonly body: string }[];
}

/** Takes whatever comes, and answers with what it was told: a receiver that echoes. */
async function receive(test: Test): Promise<Receiver> {
  const bodies: Receiver['bodies'] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      bodies.push({ path: request.url ?? '', body });
      const echo = JSON.stringify({ headers: request.headers, url: request.url });
      // The first of each kind is refused, with everything that was said: the log is to tell of it, and not that.
      const isFirst = bodies.filter(({ path }) => path === request.url).length === 1;
      response.writeHead(isFirst ? 500 : 201, { 'content-type': 'application/json' }).end(echo);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

function policy(): string {
  const message = JSON.stringify(hostile);
  return `apiVersion: snowgate/v1\nkind: Policy\nmetadata: {name: strict}\nspec:\n  description: ${message}\n  match: {names: [held-*]}\n  rules: [{name: never, require: "false", message: ${message}, otherwise: deny}]\n`;
}

function manifests(world: World): Record<string, string> {
  const annotations = `metadata:\n  annotations: {note: ${JSON.stringify(hostile)}}\n`;
  const task = (name: string, index: number): string =>
    taskText(name, { targets: [world.devices[index]] }).replace('metadata:\n', annotations);
  return {
    'tasks/a.yaml': task('done-a', 0),
    'tasks/<b>&"\'.yaml': task('held-b', 1),
    'tasks/c.yaml': `apiVersion: snowgate/v1\nkind: ${JSON.stringify(hostile)}\n`,
    'policies/p.yaml': policy(),
  };
}

async function runAll(test: Test): Promise<{
  readonly world: World;
  readonly daemon: Started;
  readonly receiver: Receiver;
  readonly url: string;
}> {
  const world = await openWorld(test, ...quickDevices);
  await world.initLedger();
  const receiver = await receive(test);
  const server = await startGitServer(world.dir);
  test.onTestFinished(() => server.close());
  server.authorization = basicAuthorization('x-access-token', secret('git'));
  const file = (what: string, text = secret(what)): string => {
    writeFileSync(join(world.dir, `${what}-secret`), `${text}\n`);
    return `${what}-secret`;
  };
  const remote = (name: string) => ({ url: `${server.url}/${name}`, auth: { tokenFile: file('git') } });
  const listen = '127.0.0.1:0';
  const api = { forge: 'github', apiUrl: receiver.url, repository: 'acme/tasks', tokenFile: file('status') };
  const config = world.configure('one', {
    source: { ...remote('source.git'), schedule: '* * * * * *' },
    ledger: remote('ledger.git'),
    http: {
      web: { listen },
      probes: { listen },
      hooks: { listen, github: { secretFiles: [file('hook')] } },
      auth: { tokenFiles: [file('web')] },
    },
    notify: {
      siem: { webhook: { url: `${receiver.url}/siem`, secretFile: file('hmac') } },
      chat: { slack: { urlFile: file('slack', `${receiver.url}/services/${secret('slack')}`) } },
      forge: { commitStatus: api },
    },
  });
  world.commit(manifests(world));
  world.git('work', 'commit', '--quiet', '--allow-empty', '--message', `${hostile}\n\nSnowgate-Task: x\n`);
  world.git('work', 'push', '--quiet', '../source.git', 'HEAD:main');
  const daemon = world.start('run', '--config', config, '--log-level', 'debug');
  const web = (): string | undefined =>
    /"listener":"web","host":"127.0.0.1","port":(\d+)/.exec(daemon.text.stderr)?.[1];
  await until('the web listens', () => web() !== undefined);
  return { world, daemon, receiver, url: `http://127.0.0.1:${web()}` };
}

const pages = ['/', '/tasks', '/tasks/lab/done-a', '/tasks/lab/held-b', '/windows', '/fleets/lab'];
const data = [
  '/metrics',
  '/api/v1/status',
  '/api/v1/tasks',
  '/api/v1/tasks/lab/done-a',
  '/api/v1/tasks/lab/held-b',
];

async function readAll(url: string, paths: readonly string[]): Promise<Map<string, string>> {
  const headers = { authorization: `Bearer ${secret('web')}` };
  const texts = new Map<string, string>();
  for (const path of paths) {
    const answer = await fetch(`${url}${path}`, { headers });
    expect([path, answer.status]).toEqual([path, 200]);
    texts.set(path, await answer.text());
  }
  return texts;
}

function kept(world: World): string {
  const state = join(world.dir, 'state-one');
  const files = readdirSync(state, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
}

describe('a canary', () => {
  it('comes out of no sink, and nothing that is planted acts in one', async (test) => {
    const { world, daemon, receiver, url } = await runAll(test);
    await until('a task has ended', async () =>
      (await world.tasks()).some(({ state }) => state === 'COMPLETED'),
    );
    const told = (path: string): boolean =>
      receiver.bodies.filter((one) => one.path.startsWith(path)).length > 1;
    await until('everybody was sent word', () => told('/siem') && told('/services') && told('/repos'));
    const shown = await readAll(url, [...pages, ...data]);
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });

    const sinks = new Map([
      ...shown,
      ['log', daemon.text.stderr],
      ['stdout', daemon.text.stdout],
      ['word sent out', receiver.bodies.map(({ body }) => body).join('\n')],
      ['state', kept(world)],
      ['ledger', world.git('ledger.git', 'log', '--all', '--patch')],
    ]);
    for (const [sink, text] of sinks) {
      for (const one of [
        ...secrets,
        awsKey,
        Buffer.from(`x-access-token:${secret('git')}`).toString('base64'),
      ])
        expect([sink, text.includes(one)]).toEqual([sink, false]);
      expect([sink, /c4n4ry/i.test(text)]).toEqual([sink, false]);
    }

    // The rule's message is told on the pages of the task, and in the log: it was there to be shown.
    expect(sinks.get('/tasks/lab/held-b')).toContain('alert(1)');
    expect(sinks.get('log')).toContain('alert(1)');
    for (const path of pages) {
      const text = shown.get(path) ?? '';
      expect([path, /<script>alert|<img src=x|href="javascript:/i.exec(text)?.[0]]).toEqual([
        path,
        undefined,
      ]);
    }
    for (const { path, body } of receiver.bodies.filter((one) => one.path.startsWith('/services'))) {
      const message = JSON.stringify(JSON.parse(body));
      expect([path.length > 0, /<!|<@|<http|<script/.exec(message)?.[0]]).toEqual([true, undefined]);
    }
    for (const { body } of receiver.bodies) expect(JSON.parse(body)).toBeTypeOf('object');
    for (const line of daemon.text.stderr.split('\n').filter((one) => one.startsWith('{')))
      expect(JSON.parse(line)).toHaveProperty('event');
  });
});
