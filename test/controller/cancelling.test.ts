/** A manifest that is removed while its task is queued: the request is written, AWS is asked, its answer is written. */
import { describe, expect, it } from 'vitest';
import { fault } from '../../src/lib/faults.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { makeConfig, say, World } from './world.ts';

const waiting = yaml({ name: 'other', spec: ['notBefore: 2027-06-01T00:00:00Z'] });
const away = fault('SG5005', 'retry', 'AWS had an internal error (planned by the test)');

/** `job` is issued and queued; `other` waits, so that the source is never empty. */
async function issued() {
  const world = new World();
  world.commit({ job: yaml(), other: waiting });
  const life = world.start();
  await life.settle();
  const [task] = world.lab.tasks;
  if (task === undefined) throw new Error('nothing was made');
  return { world, life, task };
}

const cancels = (world: World): string[] => world.lab.asked.filter((what) => what.startsWith('cancel'));
const told = (world: World): unknown[] =>
  world.events().flatMap((event) => {
    if (event.kind === 'cancelRequested') return [`${event.kind} ${event.reason}`];
    if (event.kind === 'cancelAnswered') return [`${event.kind} ${event.answer}`];
    return event.kind === 'settled' ? [`settled ${event.outcome}`] : [];
  });

describe('a queued task whose manifest is removed', () => {
  it('is cancelled: requested, asked, answered, ended; each once', async () => {
    const { world, life } = await issued();
    world.commit({ job: null });
    const asked = world.lab.asked.length;
    for (let minute = 0; minute < 3; minute += 1) {
      await life.settle();
      world.clock.advance(60_000);
    }
    expect(cancels(world)).toEqual(['cancel st-lab-1']);
    expect(told(world)).toEqual(['cancelRequested removed', 'cancelAnswered accepted', 'settled canceled']);
    // The devices were looked at before AWS was asked.
    const order = world.lab.asked.slice(asked).filter((what) => /executions|cancel/.test(what));
    expect(order.slice(0, 2)).toEqual(['executions', 'cancel st-lab-1']);
    expect(world.log.map(({ event }) => event)).toContain('cancel accepted');
  });

  it('is not asked for before the request has landed', async () => {
    const { world, life } = await issued();
    world.commit({ job: null });
    world.pushFaults.push('refused');
    await life.pass();
    expect(cancels(world)).toEqual([]);
    expect(told(world)).toEqual([]);
    world.clock.advance(60_000);
    await life.settle();
    expect(cancels(world)).toHaveLength(1);
  });

  it('that has begun meanwhile is left alone, and that is written down', async () => {
    const { world, life, task } = await issued();
    task.executions = ['IN_PROGRESS', 'SUCCEEDED'];
    world.commit({ job: null });
    await life.settle();
    world.clock.advance(60_000);
    expect(say(await life.settle())).toBe('wait SG6125');
    expect(cancels(world)).toEqual([]);
    expect(told(world)).toEqual(['cancelRequested removed', 'cancelAnswered begun']);
  });

  it('of which a device has begun is tried, and runs on where it has', async () => {
    const { world, life, task } = await issued();
    task.executions = ['IN_PROGRESS', 'QUEUED'];
    world.commit({ job: null });
    await life.settle();
    task.executions = ['SUCCEEDED', 'CANCELED'];
    for (let minute = 0; minute < 3; minute += 1) {
      world.clock.advance(60_000);
      await life.settle();
    }
    expect(told(world)).toEqual(['cancelRequested removed', 'cancelAnswered accepted', 'settled partial']);
  });

  it('may win its race against the cancel, and the ledger says so', async () => {
    const { world, life, task } = await issued();
    world.lab.cancels.push({ kind: 'accepted', requestId: 'req-9' });
    world.commit({ job: null });
    await life.settle();
    task.ended = true;
    world.clock.advance(60_000);
    await life.settle();
    await life.settle();
    expect(told(world)).toEqual(['cancelRequested removed', 'cancelAnswered accepted', 'settled succeeded']);
  });

  it("that AWS refuses to cancel is told in AWS's words, and not asked for again", async () => {
    const { world, life } = await issued();
    const refusal = { error: 'ValidationException', message: 'none of it is queued', requestId: 'req-9' };
    world.lab.cancels.push({ kind: 'refused', ...refusal });
    world.commit({ job: null });
    for (let minute = 0; minute < 20; minute += 1) {
      await life.settle();
      world.clock.advance(60_000);
    }
    expect(cancels(world)).toHaveLength(1);
    expect(world.events().find(({ kind }) => kind === 'cancelAnswered')).toMatchObject({
      answer: 'refused',
      message: 'ValidationException: none of it is queued',
      requestId: 'req-9',
    });
  });

  it('is asked for again, less and less often, while AWS says nothing', async () => {
    const { world, life } = await issued();
    for (let time = 0; time < 3; time += 1)
      world.lab.cancels.push({ kind: 'failed', throttled: false, fault: away });
    world.commit({ job: null });
    for (let minute = 0; minute < 8; minute += 1) {
      await life.settle();
      world.clock.advance(60_000);
    }
    expect(cancels(world)).toHaveLength(4);
    expect(told(world)).toEqual(['cancelRequested removed', 'cancelAnswered accepted', 'settled canceled']);
    expect(world.log.filter(({ event }) => event.startsWith('task could not be cancelled'))).toHaveLength(1);
  });

  it('is not cancelled any more once it is wanted again, though it had been requested', async () => {
    const { world, life } = await issued();
    world.lab.cancels.push({ kind: 'failed', throttled: false, fault: away });
    world.commit({ job: null });
    await life.settle();
    world.commit({ job: yaml() });
    world.clock.advance(60_000);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(cancels(world)).toHaveLength(1);
    expect(told(world)).toEqual(['cancelRequested removed']);
  });

  it('is cancelled by another replica, where the first died after the request', async () => {
    const { world, life } = await issued();
    world.commit({ job: null });
    world.lab.cancelTask = () => new Promise(() => undefined);
    void life.pass();
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told(world)).toEqual(['cancelRequested removed']);
    Reflect.deleteProperty(world.lab, 'cancelTask');
    const next = world.start({ config: makeConfig({ replica: 'two' }), memory: emptyLedgerMemory() });
    await next.settle();
    world.clock.advance(60_000);
    await next.settle();
    expect(cancels(world)).toHaveLength(1);
    expect(told(world)).toEqual(['cancelRequested removed', 'cancelAnswered accepted', 'settled canceled']);
  });

  it('is not cancelled on old news', async () => {
    const { world, life } = await issued();
    world.commit({ job: null });
    const config = makeConfig();
    await life.pass();
    const before = cancels(world).length;
    expect(before).toBe(1);
    const second = await issued();
    second.world.commit({ job: null });
    second.world.sourceDown = true;
    second.world.clock.advance(config.source.maxAgeMs + 1_000);
    await second.life.settle();
    expect(cancels(second.world)).toEqual([]);
    second.world.sourceDown = false;
    await second.life.settle();
    expect(cancels(second.world)).toHaveLength(1);
  });

  it('is not cancelled while the clocks disagree', async () => {
    const { world, life } = await issued();
    world.lab.skewMs = 120_000;
    world.commit({ job: null, fresh: yaml({ name: 'fresh' }) });
    world.clock.advance(60_000);
    await life.settle();
    await life.settle();
    const before = cancels(world).length;
    world.commit({ fresh: null });
    world.clock.advance(60_000);
    await life.settle();
    expect(cancels(world)).toHaveLength(before);
  });

  it('is counted by source.maxRemovals, which cancels nothing at all beyond it', async () => {
    const world = new World();
    const names = Array.from({ length: 4 }, (_, index) => `t${index}`);
    world.commit({ other: waiting, ...Object.fromEntries(names.map((name) => [name, yaml({ name })])) });
    const config = makeConfig({ source: { ...makeConfig().source, maxRemovals: 3 } });
    const life = world.start({ config });
    await life.settle();
    expect(world.creates).toBe(4);
    const gone = world.commit(Object.fromEntries(names.map((name) => [name, null])));
    expect((await life.settle()).problems.map(({ code }) => code)).toEqual(['SG6203']);
    expect(cancels(world)).toEqual([]);
    const accept = makeConfig({ source: { ...config.source, accept: gone } });
    await world.start({ config: accept }).settle();
    expect(cancels(world)).toHaveLength(4);
  });

  it('is left alone when the process is told to stop', async () => {
    const { world, life } = await issued();
    world.commit({ job: null });
    life.stop();
    await life.pass();
    expect(cancels(world)).toEqual([]);
    expect(told(world)).toEqual([]);
  });
});
