/** `run --once`: what it does, what it leaves, and how it ends. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Finished, ledgerEvents, makeWorld, quickDevices, taskText, type World } from './world.ts';

let world: World;
afterEach(() => world.close());

async function begin(): Promise<void> {
  world = await makeWorld(...quickDevices);
  await world.initLedger();
}

function oneTask(spec: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return { 'tasks/a.yaml': taskText('unlock-a', { targets: world.devices.slice(0, 1), ...spec }) };
}

function once(name = 'one'): Promise<Finished> {
  return world.finish('run', '--once', '--config', world.configure(name));
}

/** With such times nothing can be looked at before the run has ended. */
const slowToLook = { recovery: { settling: '30s', takeover: '40s' } };

/** One run that leaves what is in doubt. */
function leave(): Promise<Finished> {
  return world.finish('run', '--once', '--no-wait', '--config', world.configure('one', slowToLook));
}

async function strike(effect: string): Promise<void> {
  await world.control('POST', '/rules', { operation: 'CreateTask', effect, times: 1 });
}

describe('run --once', () => {
  it('ends with 0 where nothing is wanted', async () => {
    await begin();
    expect(await once()).toMatchObject({ code: 0, stdout: '0 tasks\n' });
    expect(ledgerEvents(world)).toEqual([]);
  });

  it("ends with 1 and AWS's words where AWS refuses, and does not ask again", async () => {
    await begin();
    world.commit(oneTask({ targets: ['smd-nosuchdevice0000'] }));
    for (let round = 0; round < 2; round += 1) {
      const { code, stdout } = await once();
      expect(code).toBe(1);
      expect(stdout).toMatch(/^deny {2}lab\/unlock-a .*ResourceNotFoundException/);
    }
    expect((await world.calls()).CreateTask).toBe(1);
    expect(ledgerEvents(world)).toEqual([['claimed'], ['refused']]);
  });

  it.each(['cutAfter', 'hangAfter', 'cutJson'])(
    'watches, looks and adopts where AWS made the task and nobody heard of it (%s)',
    async (effect) => {
      await begin();
      world.commit(oneTask());
      await strike(effect);
      const { code, stdout } = await once();
      const [task, ...others] = await world.tasks();
      expect(others).toEqual([]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringContaining(`issued as ${task?.taskId}\n1 task: 1 done\n`),
      });
      expect(ledgerEvents(world).flat()).toEqual(['claimed', 'unknown', 'adopted']);
    },
  );

  it.each(['cutBefore', 'internal'])(
    'watches, looks and asks again where AWS made none (%s)',
    async (effect) => {
      await begin();
      world.commit(oneTask());
      await strike(effect);
      expect((await once()).code).toBe(0);
      expect(await world.tasks()).toHaveLength(1);
      expect(ledgerEvents(world).flat()).toEqual(['claimed', 'unknown', 'claimed', 'issued']);
    },
  );

  it('leaves what is in doubt with --no-wait, ends with 1, and another replica settles it', async () => {
    await begin();
    world.commit(oneTask());
    await strike('cutAfter');
    const left = await leave();
    expect(left).toMatchObject({ code: 1, stdout: expect.stringMatching(/^look {2}lab\/unlock-a/) });
    expect(ledgerEvents(world).flat()).toEqual(['claimed', 'unknown']);
    expect((await once('two')).code).toBe(0);
    expect(await world.tasks()).toHaveLength(1);
    expect(ledgerEvents(world).flat()).toEqual(['claimed', 'unknown', 'adopted']);
  });

  it('issues nothing of a baseline until run is raised', async () => {
    world = await makeWorld(...quickDevices);
    world.commit(oneTask());
    await world.initLedger('--baseline');
    expect(await once()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^done .*baseline/) });
    world.commit(oneTask({ description: 'Corrected' }));
    expect(await once()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hold .*baseline/) });
    expect(await world.tasks()).toEqual([]);
    world.commit(oneTask({ run: 2 }));
    expect(await once()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^done .*issued as/) });
    expect(await world.tasks()).toHaveLength(1);
  });
});

describe('an ambiguous revision', () => {
  it('is settled by a person, with ledger resolve', async () => {
    await begin();
    world.commit(oneTask());
    await strike('cutBefore');
    expect((await leave()).code).toBe(1);
    const [receipt] = await world.list();
    const token = receipt?.token ?? '';
    const stranger = await makeTaskByHand(token, world.devices.slice(1, 2));

    const { code, stdout } = await once();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^blocked {2}lab\/unlock-a/);
    expect(stdout).toContain(`snowgate ledger resolve ${token.slice(0, 12)}`);
    expect((await world.list()).map(({ state }) => state)).toEqual(['ambiguous']);
    expect((await world.calls()).CreateTask).toBe(2);

    const config = world.configure('one');
    const flags = ['--not-created', '--reason', `${stranger} is a copy made by hand`, '--config', config];
    expect((await world.finish('ledger', 'resolve', token.slice(0, 12), ...flags)).code).toBe(0);
    expect(await once()).toMatchObject({ code: 0, stdout: expect.stringContaining('issued as st-') });
    expect(await world.tasks()).toHaveLength(2);
    expect(ledgerEvents(world).flat()).toEqual([
      ...['claimed', 'unknown', 'ambiguous', 'resolved', 'claimed', 'issued'],
    ]);
  });

  /** A task with the revision's tag and other devices: nobody can say whether it is ours. */
  async function makeTaskByHand(token: string, targets: readonly string[]): Promise<string> {
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
