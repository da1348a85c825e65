/** The runbooks of docs/OPERATIONS.md, typed as they stand there, on real repositories and a simulated AWS. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTaskCommand, SnowDeviceManagementClient } from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { basicAuthorization, startGitServer } from '../doubles/git-server.ts';
import type { Following } from './follow.ts';
import { type Ground, openGround, readLedgerId } from './ground.ts';
import { readPage, sectionOf } from './page.ts';

const page = readPage('docs/OPERATIONS.md');

interface Test {
  readonly onTestFinished: (close: () => Promise<void>) => void;
}

/** A ground that ends with its test: tests run side by side, since they mostly wait. */
async function open(test: Test): Promise<Ground> {
  const ground = await openGround();
  test.onTestFinished(ground.end);
  return ground;
}

/** The same, with a ledger that is pinned and the task reboot-aurora issued. */
async function openIssued(test: Test): Promise<Ground> {
  const ground = await open(test);
  await beginLedger(ground);
  await ground.commit(task(ground, 'reboot-aurora', 0));
  await once(ground);
  return ground;
}

async function beginLedger(ground: Ground, ...flags: string[]): Promise<void> {
  const { exit, text } = await ground.snowgate('ledger', 'init', '--format', 'json', ...flags);
  expect({ exit, text: exit === 0 ? '' : text }).toEqual({ exit: 0, text: '' });
  ground.configure({ ledger: { id: JSON.parse(text).ledger } });
}

async function once(ground: Ground): Promise<string> {
  return (await ground.snowgate('run', '--once')).text;
}

/** A reboot of the device of that number, as a file to commit. */
function task(
  { devices }: Pick<Ground, 'devices'>,
  name: string,
  device: number,
  more = '',
): Record<string, string> {
  const spec = `  fleet: north-sea\n  command: reboot\n  targets: [${devices[device]}]\n${more}`;
  return {
    [`tasks/${name}.yaml`]: `apiVersion: snowgate/v1\nkind: Task\nmetadata: {name: ${name}}\nspec:\n${spec}`,
  };
}

/** A task that somebody makes in AWS by hand; answers its id. */
async function makeByHand(ground: Ground, device: number, revision?: string): Promise<string> {
  const client = new SnowDeviceManagementClient({
    region: 'eu-west-1',
    endpoint: ground.simulator.endpoint,
    credentials: { accessKeyId: 'TESTKEY', secretAccessKey: 'by-hand' },
  });
  const made = await client.send(
    new CreateTaskCommand({
      command: { reboot: {} },
      targets: [ground.devices[device] ?? ''],
      tags: revision === undefined ? {} : { 'snowgate:revision': revision },
    }),
  );
  client.destroy();
  return made.taskId ?? '';
}

/** Follows a section as it stands: every line that it shows is written. */
async function follow(ground: Ground, heading: string, options?: Partial<Following>): Promise<void> {
  expect(await ground.follow(sectionOf(page, heading), options)).toEqual([]);
}

const deleteLedger = (ground: Ground): Promise<string> =>
  ground.serve('snow-ledger.git', 'update-ref', '-d', 'refs/heads/snowgate-ledger');

/** One after the other on one ground, as an operator's year might go. */
describe.concurrent('the runbooks', { timeout: 180_000 }, () => {
  it.concurrent('of an adopted repository, up to its first new task', async (test) => {
    const ground = await open(test);
    // As a configuration is that says nothing of it: what no policy matches is held.
    ground.configure({ policy: null });
    await ground.commit({ ...task(ground, 'reboot-aurora', 0), ...task(ground, 'reboot-borealis', 1) });
    await makeByHand(ground, 2);
    await follow(ground, 'Adopt a repository', { words: { LEDGER: () => readLedgerId(ground) } });
    expect(await ground.tasks()).toHaveLength(1);
    const first = task(ground, 'reboot-cygnus', 4);
    await ground.commit(first);
    expect(await once(ground)).toMatch(/^hold {2}north-sea\/reboot-cygnus .* no policy /m);
    await ground.commit({ 'policies/max-in-flight.yaml': readPage('policies/max-in-flight.yaml') });
    expect(await once(ground)).toMatch(/^done {2}north-sea\/reboot-cygnus .* issued as st-/m);
    expect(await ground.tasks()).toHaveLength(2);
  });

  it.concurrent('of a fleet that gets another name', async (test) => {
    const ground = await open(test);
    await ground.commit({ ...task(ground, 'reboot-aurora', 0), ...task(ground, 'reboot-borealis', 1) });
    await makeByHand(ground, 2);
    await beginLedger(ground, '--baseline');
    await ground.commit(task(ground, 'reboot-deneb', 3, '  notBefore: 2030-01-01T00:00:00Z\n'));
    const { endpoint } = ground.simulator;
    await follow(ground, 'Rename a fleet', {
      write: () =>
        ground.configure({ fleets: { 'north-sea': null, baltic: { region: 'eu-west-1', endpoint } } }),
    });
    expect(await ground.tasks()).toHaveLength(1);
  });

  it.concurrent('of a source and a ledger that are lost, a host and a key', async (test) => {
    const ground = await openIssued(test);
    await deleteLedger(ground);
    await follow(ground, 'Restore the ledger');
    rmSync(ground.stateDir, { recursive: true });
    await follow(ground, 'Move to another host');
    await followRewrite(ground);
    await followToken(ground, test);
    expect(await ground.tasks()).toHaveLength(1);

    await followOldCopy(ground);
    expect(await ground.tasks()).toHaveLength(2);
    await deleteLedger(ground);
    ground.configure({ ledger: { id: null, acceptCommit: null } });
    await follow(ground, 'Begin a new ledger', { words: { LEDGER: () => readLedgerId(ground) } });
    expect(await ground.tasks()).toHaveLength(2);
  });

  it.concurrent('of a fleet that moves', async (test) => {
    const ground = await openIssued(test);
    const [, there] = ground.simulator.fleets;
    await ground.commit(task({ ...ground, devices: there?.devices ?? [] }, 'reboot-borealis', 0));
    const { endpoint } = ground.simulator;
    await follow(ground, 'Move a fleet to another account or region', {
      write: (text) => {
        ground.configure(parse(text));
        // A place of ours has an endpoint, too.
        if (text.includes('rebind')) ground.configure({ fleets: { 'north-sea': { rebind: { endpoint } } } });
      },
    });
    expect(await ground.tasks()).toHaveLength(2);
  });

  it.concurrent('of a revision in doubt, and of the worst that can come of it', async (test) => {
    const ground = await open(test);
    await beginLedger(ground);
    await ground.commit(task(ground, 'reboot-aurora', 0));
    await ground.control('/rules', { operation: 'CreateTask', effect: 'cutBefore', times: 1 });
    ground.configure({ recovery: { settling: '40s' } });
    await ground.snowgate('run', '--once', '--no-wait');
    const [{ token }] = JSON.parse((await ground.snowgate('ledger', 'list', '--format', 'json')).text);
    const stranger = await makeByHand(ground, 1, token);
    ground.configure({ recovery: { settling: '300ms' } });
    await once(ground);
    const words = { TOKEN: () => String(token), TASKID: () => stranger };
    await follow(ground, 'A revision in doubt', { words });

    await makeByHand(ground, 0, token);
    await once(ground);
    await follow(ground, 'The alarm of alarms', { words });
    expect(await ground.tasks()).toHaveLength(3);
  });
});

/** Put back by the first half of the page; rewritten once more before the second. */
async function followRewrite(ground: Ground): Promise<void> {
  const old = await ground.git('-C', 'snow-tasks', 'rev-parse', 'HEAD');
  await ground.git('-C', 'snow-tasks', 'commit', '--quiet', '--amend', '--message=Rewritten');
  const rewritten = await ground.git('-C', 'snow-tasks', 'rev-parse', 'HEAD');
  const rewrite = async (): Promise<string> => {
    await ground.git('-C', 'snow-tasks', 'push', '--quiet', '--force', 'origin', `${rewritten}:main`);
    return rewritten;
  };
  await rewrite();
  await follow(ground, 'The source is not what it was', { words: { OLD: () => old, NEW: rewrite } });
}

/** The server of this test knows one token: the old one is revoked first, and the source's was rotated before. */
async function followToken(ground: Ground, test: Test): Promise<void> {
  const server = await startGitServer(ground.serverDir);
  test.onTestFinished(server.close);
  const [old, fresh] = ['token-of-last-year', 'token-of-this-year'];
  const secret = (name: string, text: string): void =>
    writeFileSync(join(ground.dir, name), text, { mode: 0o600 });
  for (const name of ['source', 'ledger']) secret(name, old);
  secret('NEW', fresh);
  ground.configure({
    source: { url: `${server.url}/snow-tasks.git`, auth: { tokenFile: 'source' } },
    ledger: { url: `${server.url}/snow-ledger.git`, auth: { tokenFile: 'ledger' } },
  });
  server.authorization = basicAuthorization('x-access-token', old);
  expect((await ground.snowgate('doctor')).exit).toBe(0);
  server.authorization = basicAuthorization('x-access-token', fresh);
  secret('source', fresh);
  expect((await ground.snowgate('doctor')).text).toContain('SG3003');
  await follow(ground, 'Rotate a key', { words: { '/run/secrets/': () => '' } });
}

async function followOldCopy(ground: Ground): Promise<void> {
  ground.configure({
    source: { url: `file://${ground.serverDir}/snow-tasks.git`, auth: null },
    ledger: { url: `file://${ground.serverDir}/snow-ledger.git`, auth: null },
  });
  await ground.git(
    'clone',
    '--quiet',
    '--mirror',
    'https://git.example.com/marine/snow-ledger.git',
    'backup.git',
  );
  const tip = await ground.git('-C', 'backup.git', 'rev-parse', 'snowgate-ledger');
  await ground.commit(task(ground, 'reboot-borealis', 1));
  await once(ground);
  const lost = (await ground.tasks())[1];
  await deleteLedger(ground);
  await follow(ground, 'Restore the ledger from an older copy', {
    words: { COMMIT: () => tip, TOKEN: () => lost?.clientToken ?? '', TASKID: () => lost?.taskId ?? '' },
  });
}
