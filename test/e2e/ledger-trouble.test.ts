/** A ledger that is gone, went back, takes nothing or is another: issuing halts, the daemon lives and names the way out. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogLine, Started } from './processes.ts';
import {
  type Change,
  ledgerEvents,
  openWorld,
  quickDevices,
  sleep,
  type Test,
  taskFile,
  until,
  type World,
} from './world.ts';

const branch = 'refs/heads/snowgate-ledger';

/** A world in which task `a` was issued, and a daemon that knows it. */
async function begin(test: Test): Promise<{ readonly world: World; readonly daemon: Started }> {
  const world = await openWorld(test, ...quickDevices);
  await world.initLedger();
  world.commit(taskFile(world, 'a'));
  const daemon = world.start('run', '--config', world.configure('one'));
  await until('the outcome has landed', () => ledgerEvents(world).flat().includes('issued'));
  return { world, daemon };
}

async function once(
  world: World,
  change: Change = {},
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  return world.finish('run', '--once', '--config', world.configure('one', change));
}

async function untilHalted(daemon: Started): Promise<LogLine> {
  let halt: LogLine | undefined;
  await until('it halts', () => {
    halt = daemon.log().find(({ level, event }) => level === 'error' && event.startsWith('halted'));
    return halt !== undefined;
  });
  return halt ?? { level: '', event: '' };
}

/** Halted is not ended: it goes on for some passes, asks nothing of AWS, and ends when it is asked to. */
async function expectLiveAndIdle(world: World, daemon: Started): Promise<void> {
  const before = (await world.calls()).CreateTask;
  world.commit(taskFile(world, 'late'));
  await sleep(2_000);
  expect(daemon.isRunning()).toBe(true);
  expect((await world.calls()).CreateTask).toBe(before);
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
}

describe.concurrent('a ledger branch', () => {
  it.concurrent('that is deleted halts; put back, all goes on', async (test) => {
    const { world, daemon } = await begin(test);
    const tip = world.git('ledger.git', 'rev-parse', branch);
    world.git('ledger.git', 'update-ref', '-d', branch);
    const { code, reason, hint } = await untilHalted(daemon);
    expect({ code, text: `${reason} ${hint}` }).toEqual({
      code: expect.stringMatching(/^SG40\d\d$/),
      text: expect.stringMatching(/restore|put .*back|init/i),
    });
    await expectLiveAndIdle(world, daemon);

    const again = await once(world);
    expect(again).toMatchObject({ code: 1, stdout: expect.stringContaining(`halted ${code}`) });
    rmSync(join(world.dir, 'state-one'), { recursive: true });
    expect((await once(world)).code).toBe(1);
    expect(world.git('ledger.git', 'for-each-ref')).toBe('');

    world.git('ledger.git', 'update-ref', branch, tip);
    expect((await once(world)).code).toBe(0);
    expect(await world.tasks()).toHaveLength(2);
  });

  it.concurrent('that went back halts until ledger.acceptCommit names its tip; then what it forgot is found in AWS', async (test) => {
    const { world, daemon } = await begin(test);
    const back = world.git('ledger.git', 'rev-parse', `${branch}~1`);
    world.git('ledger.git', 'update-ref', branch, back);
    const { code, reason, hint } = await untilHalted(daemon);
    expect(code).toMatch(/^SG40\d\d$/);
    expect(`${reason} ${hint}`).toContain('ledger.acceptCommit');
    await expectLiveAndIdle(world, daemon);

    expect(await once(world)).toMatchObject({ code: 1, stdout: expect.stringContaining(`halted ${code}`) });
    const accepted = await once(world, { ledger: { acceptCommit: back } });
    expect(accepted.code).toBe(0);
    expect(ledgerEvents(world).flat()).toEqual(expect.arrayContaining(['claimed', 'adopted']));
    const names = (await world.list()).map(({ name, state }) => [name, state]);
    expect(names).toEqual([
      ['a', expect.stringMatching(/^(issued|settled)$/)],
      ['late', expect.stringMatching(/^(issued|settled)$/)],
    ]);
    expect(await world.tasks()).toHaveLength(2);
  });

  it.concurrent('that is another ledger than the configuration pins is not believed', async (test) => {
    const { world, daemon } = await begin(test);
    daemon.child.kill('SIGTERM');
    await daemon.ended;
    world.commit(taskFile(world, 'b'));
    const other = { ledger: { id: '00000000-0000-4000-8000-000000000000' } };
    expect(await once(world, other)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('halted SG6221'),
    });
    const live = world.start('run', '--config', world.configure('one', other));
    expect((await untilHalted(live)).hint).toContain('ledger.id');
    await expectLiveAndIdle(world, live);
    expect(await world.tasks()).toHaveLength(1);
  });

  it.concurrent('that takes no pushes is claimed on by nobody: no call, a loud word, and on it goes when it takes them', async (test) => {
    const world = await openWorld(test, ...quickDevices);
    await world.initLedger();
    const hooks = join(world.dir, 'ledger.git', 'hooks');
    const hook = join(hooks, 'pre-receive');
    mkdirSync(hooks, { recursive: true });
    // Over file:// the server is a child of the program and reads its configuration, which has no hooks.
    world.git('ledger.git', 'config', 'core.hooksPath', hooks);
    writeFileSync(hook, '#!/bin/sh\necho "the branch is frozen for an audit" >&2\nexit 1\n');
    chmodSync(hook, 0o755);
    world.commit(taskFile(world, 'a'));
    const daemon = world.start('run', '--config', world.configure('one'));
    await until('the refusal is told', () =>
      daemon.log().some(({ event }) => event === 'ledger push refused'),
    );
    const told = daemon.log().find(({ event }) => event === 'ledger push refused');
    expect(told).toMatchObject({ level: 'error', code: expect.stringMatching(/^SG4\d{3}$/) });
    expect(told?.reason).toContain('the branch is frozen for an audit');
    await sleep(2_000);
    expect((await world.calls()).CreateTask).toBeUndefined();
    rmSync(hook);
    await until('the task is issued', async () => (await world.tasks()).length === 1);
    daemon.child.kill('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    expect(ledgerEvents(world).flat()).toEqual(['claimed', 'issued']);
  });
});
