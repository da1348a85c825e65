/** `run --once`: what it does, what it leaves, and how it ends. */
import { describe, expect, it } from 'vitest';

import {
  type Finished,
  ledgerEvents,
  openWorld,
  quickDevices,
  type Test,
  taskText,
  type World,
} from './world.ts';

async function begin(test: Test): Promise<World> {
  const world = await openWorld(test, ...quickDevices);
  await world.initLedger();
  return world;
}

function oneTask(world: World, spec: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return { 'tasks/a.yaml': taskText('unlock-a', { targets: world.devices.slice(0, 1), ...spec }) };
}

function once(world: World, name = 'one'): Promise<Finished> {
  return world.finish('run', '--once', '--config', world.configure(name));
}

/** With such times nothing can be looked at before the run has ended. */
const slowToLook = { recovery: { settling: '30s', takeover: '40s' } };

/** One run that leaves what is in doubt. */
function leave(world: World): Promise<Finished> {
  return world.finish('run', '--once', '--no-wait', '--config', world.configure('one', slowToLook));
}

async function strike(world: World, effect: string): Promise<void> {
  await world.control('POST', '/rules', { operation: 'CreateTask', effect, times: 1 });
}

/** The ledger's events but for what the devices did, which depends on how long a run took. */
function asked(world: World): string[] {
  return ledgerEvents(world)
    .flat()
    .filter((kind) => kind !== 'progress' && kind !== 'settled');
}

describe.concurrent('run --once', () => {
  it.concurrent('ends with 0 where nothing is wanted', async (test) => {
    const world = await begin(test);
    expect(await once(world)).toMatchObject({ code: 0, stdout: '0 tasks\n' });
    expect(ledgerEvents(world)).toEqual([]);
  });

  it.concurrent("ends with 1 and AWS's words where AWS refuses, and does not ask again", async (test) => {
    const world = await begin(test);
    await world.control('POST', '/rules', { operation: 'CreateTask', effect: 'notFound' });
    world.commit(oneTask(world));
    for (let round = 0; round < 2; round += 1) {
      const { code, stdout } = await once(world);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^deny {2}lab\/unlock-a .*ResourceNotFoundException/);
    }
    expect((await world.calls()).CreateTask).toBe(1);
    expect(ledgerEvents(world)).toEqual([['claimed'], ['refused']]);
  });

  it.concurrent('holds a task to a device that AWS does not know, and asks AWS nothing', async (test) => {
    const world = await begin(test);
    world.commit(oneTask(world, { targets: ['smd-nosuchdevice0000'] }));
    const { code, stdout } = await once(world);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^hold {2}lab\/unlock-a .*AWS knows no device smd-nosuchdevice0000/);
    expect((await world.calls()).CreateTask).toBeUndefined();
  });

  it.concurrent.for(['cutAfter', 'hangAfter', 'cutJson'])(
    'watches, looks and adopts where AWS made the task and nobody heard of it (%s)',
    async (effect, test) => {
      const world = await begin(test);
      world.commit(oneTask(world));
      await strike(world, effect);
      const { code, stdout } = await once(world);
      const [task, ...others] = await world.tasks();
      expect(others).toEqual([]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(
          new RegExp(`issued as ${task?.taskId}(, ended: succeeded)?\\n1 task: 1 done\\n$`),
        ),
      });
      expect(asked(world)).toEqual(['claimed', 'unknown', 'adopted']);
    },
  );

  it.concurrent.for(['cutBefore', 'internal'])(
    'watches, looks and asks again where AWS made none (%s)',
    async (effect, test) => {
      const world = await begin(test);
      world.commit(oneTask(world));
      await strike(world, effect);
      expect((await once(world)).code).toBe(0);
      expect(await world.tasks()).toHaveLength(1);
      expect(ledgerEvents(world).flat()).toEqual(['claimed', 'unknown', 'claimed', 'issued']);
    },
  );

  it.concurrent('leaves what is in doubt with --no-wait, ends with 1, and another replica settles it', async (test) => {
    const world = await begin(test);
    world.commit(oneTask(world));
    await strike(world, 'cutAfter');
    const left = await leave(world);
    expect(left).toMatchObject({ code: 1, stdout: expect.stringMatching(/^look {2}lab\/unlock-a/) });
    expect(ledgerEvents(world).flat()).toEqual(['claimed', 'unknown']);
    expect((await once(world, 'two')).code).toBe(0);
    expect(await world.tasks()).toHaveLength(1);
    expect(asked(world)).toEqual(['claimed', 'unknown', 'adopted']);
  });

  it.concurrent('issues nothing of a baseline until run is raised', async (test) => {
    const world = await openWorld(test, ...quickDevices);
    world.commit(oneTask(world));
    await world.initLedger('--baseline');
    expect(await once(world)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^done .*baseline/) });
    world.commit(oneTask(world, { description: 'Corrected' }));
    expect(await once(world)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hold .*baseline/) });
    expect(await world.tasks()).toEqual([]);
    world.commit(oneTask(world, { run: 2 }));
    expect(await once(world)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^done .*issued as/) });
    expect(await world.tasks()).toHaveLength(1);
  });
});

describe.concurrent('an ambiguous revision', () => {
  it.concurrent('is settled by a person, with ledger resolve', async (test) => {
    const world = await begin(test);
    world.commit(oneTask(world));
    await strike(world, 'cutBefore');
    expect((await leave(world)).code).toBe(1);
    const [receipt] = await world.list();
    const token = receipt?.token ?? '';
    const stranger = await makeTaskByHand(world, token, world.devices.slice(1, 2));

    const { code, stdout } = await once(world);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^blocked {2}lab\/unlock-a/);
    expect(stdout).toContain(`snowgate ledger resolve ${token.slice(0, 12)}`);
    expect((await world.list()).map(({ state }) => state)).toEqual(['ambiguous']);
    expect((await world.calls()).CreateTask).toBe(2);

    const config = world.configure('one');
    const flags = ['--not-created', '--reason', `${stranger} is a copy made by hand`, '--config', config];
    expect((await world.finish('ledger', 'resolve', token.slice(0, 12), ...flags)).code).toBe(0);
    expect(await once(world)).toMatchObject({ code: 0, stdout: expect.stringContaining('issued as st-') });
    expect(await world.tasks()).toHaveLength(2);
    expect(ledgerEvents(world).flat()).toEqual([
      ...['claimed', 'unknown', 'ambiguous', 'resolved', 'claimed', 'issued'],
    ]);
  });

  /** A task with the revision's tag and other devices: nobody can say whether it is ours. */
  async function makeTaskByHand(world: World, token: string, targets: readonly string[]): Promise<string> {
    const day = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const scope = `TESTKEY/${day.slice(0, 8)}/us-west-2/snow-device-management/aws4_request`;
    const answer = await fetch(`${world.endpoint}/task`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-amz-date': day,
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
      },
      body: JSON.stringify({ command: { unlock: {} }, targets, tags: { 'snowgate:revision': token } }),
    });
    const { taskId } = (await answer.json()) as { taskId?: string };
    if (taskId === undefined) throw new Error(`no task was made by hand: ${answer.status}`);
    return taskId;
  }
});
