/** Two controllers on one ledger: every task is asked for once, both do their part, and the one that is left does all of it. */
import { describe, expect, it } from 'vitest';
import { openWorld, quickDevices, taskFile, until } from './world.ts';

describe('two replicas', () => {
  it('share the work, and the one that stays goes on alone', async (test) => {
    const world = await openWorld(test, ...quickDevices, '--devices', '60');
    await world.initLedger();
    const shared = { ledger: { replicas: 2 } };
    const [first, second] = ['one', 'two'].map((name) =>
      world.start('run', '--config', world.configure(name, shared), '--log-level', 'warn'),
    );
    // One by one, so that each is a race of its own.
    const names = Array.from({ length: 14 }, (_, index) => `t-${String.fromCharCode(97 + index)}`);
    for (const [index, name] of names.entries()) {
      world.commit(taskFile(world, name));
      await until(`${name} is there`, async () => (await world.tasks()).length === index + 1);
    }
    await until('every outcome is written down', async () =>
      (await world.list()).every(({ taskIds }) => taskIds.length > 0),
    );
    const receipts = await world.list();
    expect(receipts.map(({ taskIds }) => taskIds.length)).toEqual(names.map(() => 1));
    // A fair coin shows one side alone in 14 throws but once in 8,000 times.
    const runs = new Set(receipts.flatMap(({ attempts }) => attempts.map(({ run }) => run)));
    expect(runs.size).toBe(2);

    first?.child.kill('SIGTERM');
    expect(await first?.ended).toEqual({ code: 0, signal: null });
    world.commit(taskFile(world, 'alone'));
    await until('the last one is there', async () => (await world.tasks()).length === names.length + 1);
    second?.child.kill('SIGTERM');
    expect(await second?.ended).toEqual({ code: 0, signal: null });
    const verified = await world.finish('ledger', 'verify', '--config', world.configure('reader'));
    expect({ code: verified.code, stderr: verified.stderr }).toEqual({ code: 0, stderr: '' });
  });
});
