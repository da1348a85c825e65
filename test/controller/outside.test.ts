/** What ran outside its window all the same: found, named by its cause, and written before the end, once a device. */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { isoInstant } from '../../src/policy/verdict.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { insideText, policyText, windowText } from './documents.ts';
import { denied, failing } from './scripted-fleet.ts';
import { type Life, makeConfig, startMs, World } from './world.ts';

const minuteMs = 60_000;
const config = makeConfig({ cancel: { leadMs: 2 * minuteMs } });
const refusal = { error: 'ValidationException', message: 'not now', requestId: 'req-9' } as const;
const at = (minutes: number): number => startMs + minutes * minuteMs;
const goTo = (world: World, minutes: number): void => world.clock.advance(at(minutes) - world.clock.wall);

async function issued(rule = insideText(0, 30)) {
  const world = new World();
  world.rule({ p: rule });
  world.commit({ job: yaml() });
  const life = world.start({ config });
  await life.settle();
  const [task] = world.lab.tasks;
  if (task === undefined) throw new Error('nothing was made');
  /** Its devices begin then, and run to their end. */
  const run = (...minutes: number[]): void => {
    task.executions = ['SUCCEEDED', 'SUCCEEDED'];
    task.starts = minutes.map(at);
    task.state = 'COMPLETED';
  };
  return { world, life, task, run };
}

/** Passes until everything is followed to its end. */
async function follow(world: World, life: Life, passes = 8): Promise<void> {
  for (let pass = 0; pass < passes; pass += 1) {
    await life.settle();
    world.clock.advance(2 * minuteMs);
  }
}

const outside = (world: World): LedgerEvent[] =>
  world.events().filter(({ kind }) => kind === 'ranOutsideWindow' || kind === 'settled');
const lines = (world: World) =>
  world.log
    .filter(({ event }) => event === 'task ran outside its window')
    .map(({ level, fields }) => [level, fields['device'], fields['cause']]);

describe('a device that began after the end of its window', () => {
  it('because it was quicker than an accepted cancel: lostRace, before the end is written', async () => {
    const { world, life, run } = await issued();
    world.lab.cancels.push({ kind: 'accepted', requestId: 'req-2' });
    goTo(world, 28);
    await life.settle();
    run(31, 29);
    goTo(world, 33);
    await follow(world, life);
    expect(outside(world)).toMatchObject([
      {
        kind: 'ranOutsideWindow',
        closedAt: isoInstant(at(30)),
        runs: [{ device: 'smd-1', startedAt: isoInstant(at(31)), cause: 'lostRace' }],
      },
      { kind: 'settled', outcome: 'succeeded' },
    ]);
    expect(lines(world)).toEqual([['error', 'smd-1', 'lostRace']]);
    expect(world.log.find(({ event }) => event === 'task ran outside its window')?.fields).toMatchObject({
      code: 'SG6246',
      task: 'job',
      startedAt: isoInstant(at(31)),
      closedAt: isoInstant(at(30)),
    });
  });

  it('because AWS refused to cancel: cancelRefused, on every device once', async () => {
    const { world, life, run } = await issued();
    world.lab.cancels.push({ kind: 'refused', ...refusal });
    goTo(world, 28);
    await life.settle();
    run(31, 32);
    goTo(world, 33);
    await follow(world, life);
    expect(outside(world)).toMatchObject([
      { kind: 'ranOutsideWindow', runs: [{ cause: 'cancelRefused' }, { cause: 'cancelRefused' }] },
      { kind: 'settled' },
    ]);
  });

  it('because nobody was there: controllerDown', async () => {
    const { world, run } = await issued();
    run(31, 32);
    goTo(world, 40);
    await follow(world, world.start({ config, memory: emptyLedgerMemory() }));
    expect(outside(world)).toMatchObject([
      { kind: 'ranOutsideWindow', runs: [{ cause: 'controllerDown' }, { cause: 'controllerDown' }] },
      { kind: 'settled', outcome: 'succeeded' },
    ]);
  });

  it('while nobody was there, but not where the window had opened again, or had been extended', async () => {
    const times = windowText('w', [
      [0, 30],
      [60, 90],
    ]);
    const twice = `${times}---\n${policyText('p', [{ name: 'window', window: 'w' }])}`;
    for (const [rule, starts, closed] of [
      [twice, [31, 65], 30],
      [insideText(0, 35), [36, 32], 35],
    ] as const) {
      const { world, run } = await issued(rule === twice ? twice : undefined);
      world.rule({ p: rule });
      run(...starts);
      goTo(world, 100);
      await follow(world, world.start({ config, memory: emptyLedgerMemory() }));
      expect(outside(world)).toMatchObject([
        {
          kind: 'ranOutsideWindow',
          closedAt: isoInstant(at(closed)),
          runs: [{ device: 'smd-1', cause: 'controllerDown' }],
        },
        { kind: 'settled' },
      ]);
      expect(lines(world)).toHaveLength(1);
    }
  });

  it('because nobody came to ask in time: pollLag', async () => {
    const { world, life, run } = await issued();
    goTo(world, 27);
    await life.settle();
    world.ledgerDown = true;
    run(31, 31);
    goTo(world, 40);
    await life.pass();
    world.ledgerDown = false;
    await follow(world, life);
    expect(lines(world)).toEqual([
      ['error', 'smd-1', 'pollLag'],
      ['error', 'smd-2', 'pollLag'],
    ]);
  });

  it('because its rule leaves it: left', async () => {
    const { world, life, run } = await issued(insideText(0, 30, { onClose: 'leave' }));
    goTo(world, 29);
    await life.settle();
    run(31, 29);
    goTo(world, 35);
    await follow(world, life);
    expect(lines(world)).toEqual([['error', 'smd-1', 'left']]);
  });

  it('and goes on: told as soon as it is seen, and its end later', async () => {
    const { world, life, task } = await issued();
    world.lab.cancels.push({ kind: 'accepted', requestId: 'req-2' });
    goTo(world, 28);
    await life.settle();
    task.executions = ['IN_PROGRESS', 'CANCELED'];
    task.starts = [at(31)];
    goTo(world, 33);
    await follow(world, life);
    expect(outside(world)).toMatchObject([{ kind: 'ranOutsideWindow', runs: [{ device: 'smd-1' }] }]);
    task.executions = ['SUCCEEDED', 'CANCELED'];
    task.state = 'COMPLETED';
    await follow(world, life);
    expect(outside(world)).toMatchObject([
      { kind: 'ranOutsideWindow' },
      { kind: 'settled', outcome: 'partial' },
    ]);
  });
});

describe('what is not outside', () => {
  it.each([
    ['a device that began before the end and was seen after it', insideText(0, 30), [29, 10]],
    ['a device that began at the last instant before it', insideText(0, 30), [29.999, 0]],
  ] as const)('%s', async (_what, rule, minutes) => {
    const { world, life, run } = await issued(rule);
    goTo(world, 27);
    await life.settle();
    run(...minutes);
    goTo(world, 35);
    await follow(world, life);
    expect(outside(world)).toMatchObject([{ kind: 'settled', outcome: 'succeeded' }]);
  });

  it('what was seen to begin in time costs no further question', async () => {
    const { world, life, task } = await issued();
    task.executions = ['IN_PROGRESS', 'IN_PROGRESS'];
    goTo(world, 20);
    await life.settle();
    task.executions = ['SUCCEEDED', 'SUCCEEDED'];
    task.state = 'COMPLETED';
    goTo(world, 45);
    await follow(world, life);
    expect(outside(world)).toMatchObject([{ kind: 'settled' }]);
    expect(world.lab.asked.filter((what) => what.startsWith('execution '))).toEqual([]);
  });

  it('a window that was extended meanwhile; but not one of a history that was rewritten', async () => {
    for (const isRewritten of [false, true]) {
      const { world, life, run } = await issued();
      goTo(world, 27);
      await life.settle();
      const longer = { 'policies/p.yaml': insideText(0, 90), 'tasks/job.yaml': yaml() };
      const commit = { files: longer, timeMs: world.clock.wall };
      if (isRewritten) world.origin.move(world.origin.build(null, commit));
      else world.origin.commit(commit);
      world.lab.cancels.push({ kind: 'accepted', requestId: 'req-2' });
      await life.settle();
      run(31, 32);
      goTo(world, 35);
      await follow(world, life);
      expect(lines(world)).toHaveLength(isRewritten ? 2 : 0);
    }
  });
});

describe('what AWS does not say', () => {
  it('keeps the end from being written until it is known', async () => {
    const { world, life, run } = await issued();
    world.lab.cancels.push({ kind: 'accepted', requestId: 'req-2' });
    goTo(world, 28);
    await life.settle();
    world.lab.executionFault = failing;
    run(31, 29);
    goTo(world, 33);
    await follow(world, life);
    expect(outside(world)).toEqual([]);
    world.lab.executionFault = null;
    await follow(world, life);
    expect(outside(world)).toMatchObject([{ kind: 'ranOutsideWindow' }, { kind: 'settled' }]);
  });

  it('because it is denied is told as an error, and the end is written', async () => {
    const { world, life, run } = await issued();
    world.lab.executionFault = denied;
    goTo(world, 27);
    await life.settle();
    run(31, 29);
    goTo(world, 33);
    await follow(world, life);
    expect(outside(world)).toMatchObject([{ kind: 'settled' }]);
    const told = world.log.filter(({ fields }) => fields['code'] === 'SG6245');
    expect(told.map(({ level, fields }) => [level, fields['device']])).toEqual([
      ['error', 'smd-1'],
      ['error', 'smd-2'],
    ]);
  });

  it('because it leaves the time out is told, too', async () => {
    const { world, life, task, run } = await issued();
    goTo(world, 27);
    await life.settle();
    run();
    task.starts = [null, at(29)];
    goTo(world, 33);
    await follow(world, life);
    expect(outside(world)).toMatchObject([{ kind: 'settled' }]);
    expect(world.log.filter(({ fields }) => fields['code'] === 'SG6245')).toHaveLength(1);
  });
});

describe('a crash', () => {
  it('between what ran outside and the end loses neither, and writes neither twice', async () => {
    for (const dies of ['before', 'between'] as const) {
      const { world, life, run } = await issued();
      world.lab.cancels.push({ kind: 'accepted', requestId: 'req-2' });
      goTo(world, 28);
      await life.settle();
      run(31, 32);
      goTo(world, 33);
      await life.pass();
      if (dies === 'between') await life.pass();
      expect(outside(world)).toHaveLength(dies === 'between' ? 1 : 0);
      await follow(world, world.start({ config, memory: emptyLedgerMemory() }));
      expect(outside(world)).toMatchObject([
        { kind: 'ranOutsideWindow', runs: [{ device: 'smd-1' }, { device: 'smd-2' }] },
        { kind: 'settled' },
      ]);
    }
  });

  it('and two replicas that see the same write it once', async () => {
    const { world, life, run } = await issued();
    world.lab.cancels.push({ kind: 'accepted', requestId: 'req-2' });
    const other = world.start({ config: { ...config, replica: 'two' }, memory: emptyLedgerMemory() });
    goTo(world, 28);
    await life.settle();
    await other.settle();
    run(31, 32);
    goTo(world, 33);
    for (let pass = 0; pass < 6; pass += 1) {
      await Promise.all([life.pass(), other.pass()]);
      world.clock.advance(minuteMs);
    }
    expect(outside(world).map(({ kind }) => kind)).toEqual(['ranOutsideWindow', 'settled']);
  });
});
