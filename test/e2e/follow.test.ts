/** After CreateTask: followed to the end, cancelled when taken back, one after the other; by the built program on real git. */
import { describe, expect, it } from 'vitest';
import type { Started } from './processes.ts';
import {
  deviceOf,
  ledgerEvents,
  openWorld,
  quickDevices,
  type Test,
  taskFile,
  until,
  type World,
} from './world.ts';

async function begin(test: Test, ...flags: string[]): Promise<{ world: World; daemon: Started }> {
  const world = await openWorld(test, ...flags);
  await world.initLedger();
  return { world, daemon: world.start('run', '--config', world.configure('one')) };
}

async function end(daemon: Started): Promise<void> {
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
}

async function outcomes(world: World): Promise<string[]> {
  return (await world.list()).map(({ name, state, outcome }) => `${name} ${state} ${outcome}`);
}

describe.concurrent('a task in AWS', () => {
  it.concurrent('is cancelled when its manifest is removed while it is queued, and the ledger tells each step', async (test) => {
    const { world, daemon } = await begin(test, '--pickup', '1h');
    world.commit({
      ...taskFile(world, 'a'),
      ...taskFile(world, 'keep', { notBefore: '2036-01-01T00:00:00Z' }),
    });
    await until('it is issued', async () => (await outcomes(world)).includes('a issued null'));
    world.commit({ 'tasks/a.yaml': null });
    await until('its end is written', async () => (await outcomes(world)).includes('a settled canceled'));
    expect((await world.tasks()).map(({ state }) => state)).toEqual(['CANCELED']);
    expect((await world.calls()).CancelTask).toBe(1);
    await end(daemon);
    const kinds = ledgerEvents(world).flat();
    expect(kinds.filter((kind) => kind !== 'noted')).toEqual([
      'claimed',
      'issued',
      'cancelRequested',
      'cancelAnswered',
      'settled',
    ]);
    expect(world.git('ledger.git', 'log', '--format=%s', 'snowgate-ledger')).toMatch(
      /^settled lab\/a [0-9a-f]{12}: canceled\ncancelAnswered lab\/a [0-9a-f]{12}: accepted\ncancelRequested lab\/a [0-9a-f]{12}: removed\n/,
    );
  });

  it.concurrent('is waited for by those that come after it, and by others to the same device', async (test) => {
    const { world, daemon } = await begin(test, ...quickDevices);
    const device = deviceOf(world, 'first');
    world.commit({
      ...taskFile(world, 'first', { targets: [device], command: 'reboot' }),
      ...taskFile(world, 'second', { targets: [deviceOf(world, 'x')], after: ['first'] }),
      ...taskFile(world, 'third', { targets: [device], after: ['second'] }),
    });
    for (const name of ['first', 'second', 'third']) {
      await until(`${name} has ended`, async () =>
        (await outcomes(world)).includes(`${name} settled succeeded`),
      );
    }
    await end(daemon);
    const names = (await world.tasks()).map(({ tags }) => tags['snowgate:task']);
    expect(names).toEqual(['lab/first', 'lab/second', 'lab/third']);
    const verified = await world.finish('ledger', 'verify', '--config', world.configure('reader'));
    expect({ code: verified.code, stderr: verified.stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.concurrent('ends as its devices end: where one rejects it, partial, and what comes after it says so', async (test) => {
    const { world, daemon } = await begin(test, ...quickDevices);
    const [one, two, three] = world.devices;
    await world.control('POST', '/devices', { ids: [two], outcomes: ['REJECTED'] });
    world.commit({
      ...taskFile(world, 'both', { targets: [one, two] }),
      ...taskFile(world, 'later', { targets: [three], after: ['both'] }),
    });
    await until('it has ended', async () => (await outcomes(world)).includes('both settled partial'));
    await until('what comes after it is held for good', () =>
      daemon.log().some(({ event, code }) => event === 'task hold' && code === 'SG6123'),
    );
    await end(daemon);
    expect(await world.tasks()).toHaveLength(1);
    expect(daemon.log().find(({ event }) => event === 'task ended')).toMatchObject({
      level: 'warn',
      outcome: 'partial',
    });
  });
});
