/** The daemon as its users run it: from a merge to a task, through edits, restarts, a second replica and SIGTERM. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Started } from './processes.ts';
import {
  canary,
  deviceOf,
  ledgerEvents,
  openWorld,
  quickDevices,
  type Test,
  taskText,
  until,
  type World,
} from './world.ts';

async function begin(test: Test, ...flags: string[]): Promise<World> {
  const world = await openWorld(test, ...quickDevices, ...flags);
  await world.initLedger();
  return world;
}

function device(world: World, index: number): string {
  const id = world.devices[index];
  if (id === undefined) throw new Error(`the simulated AWS has no device ${index}`);
  return id;
}

async function end(daemon: Started): Promise<void> {
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
}

function hasTold(daemon: Started, event: string, code?: string): boolean {
  return daemon.log().some((line) => line.event === event && (code === undefined || line.code === code));
}

describe.concurrent('a merged manifest', () => {
  it.concurrent('becomes one task; its edit is held by the repeat guard; a raised run becomes a second task', async (test) => {
    const world = await begin(test);
    const daemon = world.start('run', '--config', world.configure('one'));
    const spec = {
      targets: [device(world, 0)],
      description: 'Unlock after inspection',
      tags: { owner: 'ops' },
    };
    world.commit({ 'tasks/a.yaml': taskText('unlock-a', spec) });
    await until('the task is there', async () => (await world.tasks()).length === 1);
    const [first] = await world.tasks();
    expect(first).toMatchObject({
      targets: [device(world, 0)],
      description: 'Unlock after inspection',
      tags: {
        owner: 'ops',
        'snowgate:task': 'lab/unlock-a',
        'snowgate:revision': first?.clientToken,
        'snowgate:commit': world.git('work', 'rev-parse', 'HEAD'),
      },
    });

    const edited = { ...spec, description: 'Unlock after the inspection' };
    world.commit({ 'tasks/a.yaml': taskText('unlock-a', edited) });
    await until('the edit is held', () => hasTold(daemon, 'task hold', 'SG6105'));
    expect(await world.tasks()).toHaveLength(1);

    world.commit({ 'tasks/moved/a.yaml': taskText('unlock-a', { ...edited, run: 2 }), 'tasks/a.yaml': null });
    await until('the second task is there', async () => (await world.tasks()).length === 2);
    await end(daemon);
    const receipts = await world.list();
    // The edit in between was never asked for: the ledger tells only that it was wanted once.
    expect(receipts.map(({ state, run }) => [state, run])).toEqual([
      ['pending', null],
      ['settled', 1],
      ['issued', 2],
    ]);
    expect(daemon.text.stdout).toBe('');
    expect(daemon.text.stderr).not.toContain(canary);
  });

  it.concurrent('is not issued again after a revert, a delete and re-add, or a lost state directory', async (test) => {
    const world = await begin(test);
    const config = world.configure('one');
    const [a, b] = [
      taskText('unlock-a', { targets: [device(world, 0)] }),
      taskText('unlock-a', { targets: [device(world, 1)] }),
    ];
    const keep = { 'tasks/keep.yaml': taskText('keep', { targets: [device(world, 2)] }) };
    world.commit({ ...keep, 'tasks/a.yaml': a });
    expect((await world.finish('run', '--once', '--config', config)).code).toBe(0);
    await until('the first tasks have ended', async () =>
      (await world.tasks()).every(({ state }) => state === 'COMPLETED'),
    );
    for (const files of [
      { 'tasks/a.yaml': b },
      { 'tasks/a.yaml': a },
      { 'tasks/a.yaml': null },
      { 'tasks/a.yaml': a },
    ]) {
      world.commit(files);
      expect((await world.finish('run', '--once', '--config', config)).code).toBe(0);
    }
    expect(await world.tasks()).toHaveLength(3);
    rmSync(join(world.dir, 'state-one'), { recursive: true });
    expect((await world.finish('run', '--once', '--config', config)).code).toBe(0);
    expect(await world.tasks()).toHaveLength(3);
    const verified = await world.finish('ledger', 'verify', '--config', config);
    expect({ code: verified.code, stderr: verified.stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe.concurrent('SIGTERM', () => {
  it.concurrent('in the middle of a batch ends in order: no further call, and one push with outcomes and releases', async (test) => {
    const world = await begin(test);
    await world.control('POST', '/rules', { operation: 'CreateTask', effect: 'slow', delayMs: 600 });
    const config = world.configure('one', {
      issue: { concurrency: 1, requestTimeout: '2s', deadline: '30s' },
      recovery: { takeover: '40s' },
    });
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const files = names.map((name) => [
      `tasks/${name}.yaml`,
      taskText(name, { targets: [deviceOf(world, name)] }),
    ]);
    world.commit(Object.fromEntries(files));
    const daemon = world.start('run', '--config', config);
    await until('a call is in hand', async () => ((await world.calls()).CreateTask ?? 0) >= 2);
    await end(daemon);
    const made = await world.tasks();
    expect(made.length).toBeGreaterThanOrEqual(2);
    expect(made.length).toBeLessThan(names.length);
    const commits = ledgerEvents(world);
    expect(commits.map((kinds) => [...new Set(kinds)].sort())).toEqual([['claimed'], ['issued', 'released']]);
    expect(commits.at(-1)?.filter((kind) => kind === 'issued')).toHaveLength(made.length);
    expect((await world.list()).filter(({ state }) => state === 'waiting')).toHaveLength(
      names.length - made.length,
    );

    await world.control('DELETE', '/rules');
    expect((await world.finish('run', '--once', '--config', config)).code).toBe(0);
    const tokens = (await world.tasks()).map(({ clientToken }) => clientToken);
    expect([tokens.length, new Set(tokens).size]).toEqual([names.length, names.length]);
  });

  it.concurrent('while nothing is to be done ends at once, with nothing written', async (test) => {
    const world = await begin(test);
    world.commit({
      'tasks/a.yaml': taskText('a', { targets: [device(world, 0)], notBefore: '2036-01-01T00:00:00Z' }),
    });
    const daemon = world.start('run', '--config', world.configure('one'));
    await until('the task is held', () => hasTold(daemon, 'task hold'));
    await end(daemon);
    expect(ledgerEvents(world)).toEqual([]);
  });
});

describe.concurrent('two replicas on one ledger', () => {
  it.concurrent('issue each revision once between them, and the one that is left goes on alone', async (test) => {
    const world = await begin(test, '--devices', '24');
    const share = { ledger: { replicas: 2 }, issue: { batch: 3 } };
    const configs = ['one', 'two'].map((name) => world.configure(name, share));
    const daemons = configs.map((config) => world.start('run', '--config', config));
    for (let commit = 0; commit < 6; commit += 1) {
      const names = [0, 1, 2, 3].map((index) => `task-${commit}-${index}`);
      world.commit(
        Object.fromEntries(
          names.map((name, index) => [
            `tasks/${name}.yaml`,
            taskText(name, { targets: [device(world, (4 * commit + index) % world.devices.length)] }),
          ]),
        ),
      );
    }
    await until(
      'every task is issued',
      async () => (await world.list()).filter(({ state }) => /issued|settled/.test(state)).length === 24,
    );
    const [first, second] = daemons;
    if (first === undefined || second === undefined) throw new Error('two daemons');
    await end(first);
    await until('the devices are free', async () =>
      (await world.tasks()).every(({ state }) => state === 'COMPLETED'),
    );
    world.commit({ 'tasks/alone.yaml': taskText('alone', { targets: [device(world, 0)] }) });
    await until('the last task is there', async () => (await world.tasks()).length === 25);
    await end(second);
    const tokens = (await world.tasks()).map(({ clientToken }) => clientToken);
    expect([tokens.length, new Set(tokens).size]).toEqual([25, 25]);
    const verified = await world.finish('ledger', 'verify', '--config', world.configure('reader'));
    expect(verified.code).toBe(0);
  });

  it.concurrent('may not share a state directory', async (test) => {
    const world = await begin(test);
    const config = world.configure('one');
    const daemon = world.start('run', '--config', config);
    await until('the first runs', () => hasTold(daemon, 'controller started'));
    const second = await world.finish('run', '--config', config);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain('error SG3020: ');
    await end(daemon);
  });
});
