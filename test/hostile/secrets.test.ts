/** Secrets, and who may see them: the program against a git server that says back whatever it is told. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, run } from '../cli/terminal.ts';
import { basicAuthorization, type GitServer, startGitServer } from '../doubles/git-server.ts';
import { type Change, makeWorld, quickDevices, taskText, type World } from '../e2e/world.ts';

/** Of a shape that is known, and of none: the one is hidden even where nobody knows it, the other where it was read. */
const first = `ghs_${'c4n4ryFirst'.repeat(3)}0`;
const rotated = 'rotated c4n4ry/of+no=shape';
const awsKey = 'canary-0b6e8f6d51a7';

/** One world for all tests of this file: a source and a ledger behind one token, and a task that was issued. */
let world: World;
let server: GitServer;
let config = '';
let tokenFile = '';
let issuing: Ran;

beforeAll(async () => {
  world = await makeWorld(...quickDevices);
  await world.initLedger();
  world.commit({ 'tasks/a.yaml': task('unlock-a') });
  server = await startGitServer(world.dir);
  tokenFile = join(world.dir, 'token');
  useToken(first);
  const remote = (name: string) => ({ url: `${server.url}/${name}`, auth: { tokenFile } });
  config = world.configure('one', {
    source: remote('source.git'),
    ledger: remote('ledger.git'),
    // As a busy machine needs them.
    issue: { requestTimeout: '10s', deadline: '20s' },
    recovery: { takeover: '40s' },
  });
  issuing = await runBuilt();
});

afterAll(async () => {
  await server.close();
  await world.close();
});

function task(name: string, spec: Readonly<Record<string, unknown>> = {}): string {
  return taskText(name, { targets: world.devices.slice(0, 1), ...spec });
}

/** What stands in the file, and what the server asks for. */
function useToken(inFile: string, atServer = inFile): void {
  writeFileSync(tokenFile, `${inFile}\n`);
  server.authorization = basicAuthorization('x-access-token', atServer);
}

/** `run --once` in a process of its own. */
async function runBuilt(): Promise<Ran> {
  const { code, stdout, stderr } = await world.finish('run', '--once', '--config', config);
  return { exit: code ?? -1, stdout, stderr };
}

function encoded(token: string): string {
  return Buffer.from(`x-access-token:${token}`).toString('base64');
}

function expectNone(text: string): void {
  for (const secret of [
    first,
    rotated,
    encoded(first),
    encoded(rotated),
    encodeURIComponent(rotated),
    awsKey,
  ])
    expect(text).not.toContain(secret);
  // Not a part of one either.
  expect(text).not.toMatch(/c4n4ry/i);
}

function said({ stdout, stderr }: Ran): string {
  return stdout + stderr;
}

/** All that is kept: the state directory, every object of the ledger. */
function everythingKept(): string {
  const state = join(world.dir, 'state-one');
  const files = readdirSync(state, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  const kept = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  return [...kept, world.git('ledger.git', 'log', '--all', '--patch')].join('\n');
}

const reading = [['plan'], ['ledger', 'list'], ['ledger', 'show', 'lab/unlock-a'], ['ledger', 'verify']];

describe('a token that is rotated while it is in use', () => {
  it('is in no output, no log, no file and no ledger, the old one neither (CVE-2024-52009, GHSA-gppm-hq3p-h4rp, GHSA-6w87-g839-9wv7)', async () => {
    expect([issuing.exit, issuing.stdout]).toEqual([0, expect.stringMatching(/^done .*issued as/)]);
    // The server knows the next one already.
    useToken(first, rotated);
    const refused = await runBuilt();
    expect([refused.exit, refused.stderr]).toEqual([3, expect.stringContaining('SG3003')]);
    useToken(rotated);
    const after = await runBuilt();
    expect(after.exit).toBe(0);
    expect(await world.tasks()).toHaveLength(1);
    useToken(first);
    for (const finished of [issuing, refused, after]) expectNone(said(finished));
    expectNone(everythingKept());
  });
});

describe('what is read and never changed', () => {
  it('holds no credential, in text and in JSON (CVE-2025-55190, GHSA-786q-9hcg-v9ff)', async () => {
    for (const words of reading) {
      for (const format of [[], ['--format', 'json']]) {
        const finished = await run([...words, ...format, '--config', config]);
        expect([words, finished.exit, finished.stderr]).toEqual([words, 0, '']);
        expectNone(finished.stdout);
        // Nor where one is kept: a status is for everybody who may look.
        expect(finished.stdout).not.toContain(tokenFile);
        expect(finished.stdout).not.toMatch(/tokenFile|passwordFile|sshKeyFile|authorization/i);
      }
    }
  });
});

describe('a server that says back what it was told', () => {
  it('in a redirect: nothing of it is shown, by no command (CVE-2023-25163, GHSA-mv6w-j4xc-qpfw)', async () => {
    const location = `https://x-access-token:${first}@evil.example/${encoded(first)}?token=${first}`;
    server.fault = () => ({ kind: 'status', status: 302, location });
    const commands = [['run', '--once'], ...reading, ['plan', '--format', 'json']];
    const told = await Promise.all(commands.map((words) => run([...words, '--config', config])));
    server.fault = () => null;
    for (const finished of told) {
      expect([finished.exit, finished.stderr]).toEqual([3, expect.stringContaining('SG3012')]);
      expectNone(said(finished));
    }
  });

  it('in the words of a hook: they are told without it (CVE-2023-25163, GHSA-mv6w-j4xc-qpfw, GHSA-6w87-g839-9wv7)', async () => {
    const hooks = join(world.dir, 'ledger.git', 'hooks');
    mkdirSync(hooks, { recursive: true });
    // The one has no shape: it is known because it was read.
    useToken(rotated);
    const words = `remote says ${rotated} and ${encoded(rotated)} and ${first} and Authorization: Basic ${encoded(first)} for https://u:${first}@git.example.com/x`;
    writeFileSync(join(hooks, 'pre-receive'), `#!/bin/sh\necho '${words}' >&2\nexit 1\n`);
    chmodSync(join(hooks, 'pre-receive'), 0o755);
    const ledger = { url: `${server.url}/ledger.git`, branch: 'another', auth: { tokenFile } };
    const file = join(world.dir, 'another.yaml');
    const written = JSON.parse(readFileSync(config, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...written, ledger }));
    const finished = await run(['ledger', 'init', '--issue-existing', '--config', file]);
    expect([finished.exit, finished.stderr]).toEqual([expect.any(Number), expect.stringContaining('SG40')]);
    useToken(first);
    expect(finished.stderr).toContain('remote says [redacted]');
    expectNone(said(finished));
  });
});

describe('a secret where none belongs', () => {
  const places: readonly [string, Change][] = [
    ['in a URL', { source: { url: `https://user:${first}@git.example.com/x.git` } }],
    ['in a query', { source: { url: `https://git.example.com/x.git?token=${first}` } }],
    ['inline', { source: { auth: { token: first } } }],
    ['as a password', { ledger: { auth: { username: 'bot', password: rotated } } }],
    ['in a map', { source: { auth: { tokenFile: { data: rotated } } } }],
    ['as an AWS key', { fleets: { lab: { secretAccessKey: rotated } } }],
    ['as an unknown setting', { stateDirectory: rotated }],
    ['as the name of a setting', { [first]: 'x' }],
    ['as a bad value', { replica: `${rotated} `, source: { branch: `${rotated}..`, schedule: rotated } }],
  ];

  it.each(places)(
    'is told without its value, in a configuration: %s (CVE-2025-23216, GHSA-rg3g-4rw9-gqrp)',
    async (_place, change) => {
      const file = world.configure('wrong', change);
      for (const words of [
        ['validate', file],
        ['plan', '--config', file],
        ['run', '--once', '--config', file],
      ]) {
        const finished = await run(words);
        expect([words[0], finished.exit]).toEqual([words[0], words[0] === 'validate' ? 1 : 2]);
        expect(said(finished)).toMatch(/SG\d{4}/);
        expectNone(said(finished));
      }
    },
  );

  it('is told without its value, in a manifest, where it has a shape that is known (CVE-2025-23216, GHSA-rg3g-4rw9-gqrp)', async () => {
    world.commit({
      'tasks/b.yaml': `kind: Secret\nmetadata: {name: ${first}}\ndata: {password: "${first}"}\n`,
      'tasks/c.yaml': task('c', { description: `token ${first}/x` }),
      'tasks/d.yaml': task('d', { command: first }),
      'tasks/e.yaml': `password: ${first}\npassword: ${first}\n${first}: [\n`,
    });
    const planned = await run(['plan', '--config', config]);
    const validated = await run(['validate', join(world.dir, 'work', 'tasks')]);
    expect([planned.exit, validated.exit]).toEqual([1, 1]);
    expect(planned.stdout).toMatch(/^done +lab\/unlock-a/m);
    for (const finished of [planned, validated]) {
      for (const name of ['b', 'c', 'd', 'e']) expect(said(finished)).toContain(`tasks/${name}.yaml`);
      expectNone(said(finished));
    }
  });
});
