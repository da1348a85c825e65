/** What became of each task: asked for less and less often, written once, told to whoever reads the log. */
import { describe, expect, it } from 'vitest';
import { followIntervalMs } from '../../src/controller/following.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { denied, failing } from './scripted-fleet.ts';
import { fleetConfig, type Life, makeConfig, say, World } from './world.ts';

const minuteMs = 60_000;

async function issued() {
  const world = new World();
  world.commit({ job: yaml() });
  const life = world.start();
  await life.settle();
  const [task] = world.lab.tasks;
  if (task === undefined) throw new Error('nothing was made');
  return { world, life, task };
}

/** Lets time pass as the loop does: a pass whenever one is due, at least every half minute. */
async function run(world: World, life: Life, durationMs: number): Promise<void> {
  const endMs = world.clock.monotonic + durationMs;
  while (world.clock.monotonic < endMs) {
    const { wakeAtMs } = await life.pass(false);
    const nextMs = Math.min(wakeAtMs ?? endMs, world.clock.monotonic + 30_000, endMs);
    world.clock.advance(Math.max(1_000, nextMs - world.clock.monotonic));
  }
  await life.pass(false);
}

const since = (world: World, count: number): LedgerEvent[] => world.events().slice(count);
const questions = (world: World): number => world.lab.asked.filter((what) => what === 'executions').length;

describe('a task in flight', () => {
  it('is followed to its end, and each change is written once', async () => {
    const { world, life, task } = await issued();
    await run(world, life, 2 * minuteMs);
    expect(world.kinds()).toEqual(['claimed', 'issued']);
    task.executions = ['IN_PROGRESS', 'QUEUED'];
    await run(world, life, 2 * minuteMs);
    task.executions = ['SUCCEEDED', 'IN_PROGRESS'];
    await run(world, life, 2 * minuteMs);
    task.executions = ['SUCCEEDED', 'FAILED'];
    task.state = 'COMPLETED';
    await run(world, life, 2 * minuteMs);
    expect(since(world, 2)).toMatchObject([
      { kind: 'progress', executions: [{ device: 'smd-1', state: 'IN_PROGRESS' }, { state: 'QUEUED' }] },
      { kind: 'progress', executions: [{ state: 'SUCCEEDED' }, { state: 'IN_PROGRESS' }] },
      { kind: 'settled', outcome: 'partial', executions: [{ state: 'SUCCEEDED' }, { state: 'FAILED' }] },
    ]);
    expect(world.log.find(({ event }) => event === 'task ended')).toMatchObject({
      level: 'warn',
      fields: { task: 'job', outcome: 'partial', devices: ['smd-1 SUCCEEDED', 'smd-2 FAILED'] },
    });
    const asked = world.lab.asked.length;
    await run(world, life, 5 * minuteMs);
    expect(world.lab.asked.slice(asked)).not.toContain('executions');
  });

  it('is asked for quickly at first, and then less and less often', async () => {
    const { world, life } = await issued();
    await run(world, life, minuteMs);
    const first = questions(world);
    expect(first).toBeGreaterThanOrEqual(3);
    await run(world, life, 8 * 60 * minuteMs);
    // A device that is offline for a shift costs about six questions an hour, each of one call.
    expect(questions(world)).toBeLessThan(first + 75);
    expect(questions(world)).toBeGreaterThan(first + 40);
    expect(world.lab.asked).not.toContain('describe');
    expect(world.kinds()).toEqual(['claimed', 'issued']);
  });

  it('is asked for every minute while a newer revision waits for its end, and no more often', async () => {
    const { world, life, task } = await issued();
    await run(world, life, 60 * minuteMs);
    world.commit({ job: yaml({ run: 2 }) });
    const before = questions(world);
    await run(world, life, 60 * minuteMs);
    expect(questions(world) - before).toBeGreaterThanOrEqual(40);
    expect(questions(world) - before).toBeLessThanOrEqual(62);
    task.ended = true;
    await run(world, life, 2 * minuteMs);
    expect(world.lab.requests).toHaveLength(2);
  });

  it('is asked for quickly again after a change', async () => {
    const { world, life, task } = await issued();
    await run(world, life, 4 * 60 * minuteMs);
    task.executions = ['IN_PROGRESS'];
    for (let turn = 0; turn < 22 && !world.kinds().includes('progress'); turn += 1) {
      await run(world, life, minuteMs / 2);
    }
    const before = questions(world);
    await run(world, life, minuteMs);
    expect(questions(world) - before).toBeGreaterThanOrEqual(3);
    task.executions = ['SUCCEEDED'];
    await run(world, life, 4 * minuteMs);
    expect(world.kinds().at(-1)).toBe('settled');
  });

  it.each([
    [0, 5_000],
    [60_000, 15_000],
    [4 * minuteMs, minuteMs],
    [24 * 60 * minuteMs, 10 * minuteMs],
  ])('that has not changed for %d ms is asked for after %d ms', (unchangedMs, intervalMs) => {
    expect(followIntervalMs(unchangedMs, false)).toBe(intervalMs);
    expect(followIntervalMs(unchangedMs, true)).toBe(Math.min(intervalMs, minuteMs));
  });

  it.each([
    ['nothing ran', 'COMPLETED', [], 'missed'],
    ['it was cancelled in the console', 'CANCELED', [], 'canceled'],
  ])('ends also where no device has an execution: %s', async (_what, state, _executions, outcome) => {
    const { world, life, task } = await issued();
    const none = { kind: 'ok', value: [] } as const;
    world.lab.listExecutions = async () => none;
    task.state = state;
    await run(world, life, minuteMs);
    expect(since(world, 2)).toMatchObject([{ kind: 'settled', outcome, executions: [] }]);
  });

  it('has vanished once AWS does not know it, and is old enough to have been shown', async () => {
    const { world, life } = await issued();
    world.lab.tasks.length = 0;
    await run(world, life, minuteMs);
    expect(world.kinds()).toEqual(['claimed', 'issued']);
    await run(world, life, 10 * minuteMs);
    expect(since(world, 2)).toMatchObject([{ kind: 'settled', outcome: 'vanished' }]);
  });

  it('is written once by two replicas that see the same', async () => {
    const { world, life, task } = await issued();
    const other = world.start({ config: makeConfig({ replica: 'two' }), memory: emptyLedgerMemory() });
    task.executions = ['SUCCEEDED'];
    for (let round = 0; round < 12; round += 1) {
      await Promise.all([life.pass(false), other.pass(false)]);
      world.clock.advance(10_000);
    }
    expect(world.kinds()).toEqual(['claimed', 'issued', 'settled']);
  });

  it('is followed on by the next life', async () => {
    const { world, task } = await issued();
    task.ended = true;
    const next = world.start({ memory: emptyLedgerMemory() });
    await run(world, next, minuteMs);
    expect(world.kinds()).toEqual(['claimed', 'issued', 'settled']);
  });

  it('is not followed where its fleet is another account now', async () => {
    const { world } = await issued();
    const rebind = { account: '111122223333', region: 'eu-west-1', endpoint: '' };
    const moved = fleetConfig('lab', { account: '444455556666', rebind });
    const config = makeConfig({ fleets: new Map([['lab', moved]]) });
    world.lab.account = '444455556666';
    for (const task of world.lab.tasks) task.ended = true;
    await run(world, world.start({ config }), 10 * minuteMs);
    expect(world.kinds()).toEqual(['claimed', 'issued']);
  });

  it.each([
    ['fails', failing],
    ['is denied', denied],
  ])('is asked for again after a question that %s, which holds up nothing else', async (_how, failure) => {
    const { world, life, task } = await issued();
    world.lab.executionsFault = failure;
    task.ended = true;
    world.commit({ job: yaml(), other: yaml({ name: 'other' }) });
    await run(world, life, 10 * minuteMs);
    expect(world.lab.requests).toHaveLength(2);
    expect(questions(world)).toBeLessThan(12);
    expect(world.log.filter(({ event }) => event === 'tasks could not be followed')).toHaveLength(1);
    world.lab.executionsFault = null;
    await run(world, life, 11 * minuteMs);
    expect(world.kinds()).toContain('settled');
  });

  it('takes no more calls than observe.rate, the longest due first', async () => {
    const world = new World();
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
    world.commit(Object.fromEntries(names.map((name) => [name, yaml({ name })])));
    const life = world.start({ config: makeConfig({ observe: { rate: 0.5 } }) });
    await life.settle();
    world.clock.advance(minuteMs);
    world.lab.asked.length = 0;
    const begunMs = world.clock.monotonic;
    await run(world, life, 2 * minuteMs);
    // Five may go at once.
    const rate = (questions(world) - 5) / ((world.clock.monotonic - begunMs) / 1_000);
    expect(rate).toBeLessThanOrEqual(0.55);
    expect(questions(world)).toBeGreaterThan(20);
  });

  it('leaves a push for the next claim: news waits, claims do not', async () => {
    const { world, task } = await issued();
    const ledger = { ...makeConfig().ledger, pushesPerMinute: 1 };
    const life = world.start({ config: makeConfig({ ledger }) });
    await life.pass(false);
    for (const executions of [
      ['IN_PROGRESS', 'QUEUED'],
      ['IN_PROGRESS', 'IN_PROGRESS'],
      ['SUCCEEDED', 'IN_PROGRESS'],
    ]) {
      task.executions = executions;
      await run(world, life, minuteMs / 2);
    }
    world.commit({ job: yaml(), other: yaml({ name: 'other' }) });
    await life.pass(false);
    expect(world.lab.requests).toHaveLength(2);
    expect(say(await life.pass(false))).toMatch(/^done/);
  });
});
