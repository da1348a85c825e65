/**
 * What once went wrong in following, cancelling and holding devices, each from a careful reading of the code: a slip that looks like a
 * removal, a fleet that keeps others waiting, an answer that comes twice or too late.
 */
import { describe, expect, it } from 'vitest';
import { flush, runOnce } from '../../src/controller/loop.ts';
import { readMoment } from '../../src/lib/clock.ts';
import { fault } from '../../src/lib/faults.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { denied, failing } from './scripted-fleet.ts';
import { codesOf, fleetConfig, type Life, makeConfig, say, World } from './world.ts';

const waiting = yaml({ name: 'other', spec: ['notBefore: 2027-06-01T00:00:00Z'] });
const away = fault('SG5005', 'retry', 'AWS had an internal error (planned by the test)');
const twelve = Array.from({ length: 12 }, (_, index) => `t${index}`);
const cancels = (world: World, fleet = 'lab'): string[] =>
  world.fleet(fleet).asked.filter((what) => what.startsWith('cancel'));
const answers = (world: World): string[] =>
  world.events().flatMap((event) => (event.kind === 'cancelAnswered' ? [event.answer] : []));

/** `job` is issued and queued; `other` waits. */
async function issued(files: Readonly<Record<string, string>> = { job: yaml(), other: waiting }) {
  const world = new World();
  world.commit(files);
  const life = world.start();
  await life.settle();
  const [task] = world.lab.tasks;
  if (task === undefined) throw new Error('nothing was made');
  return { world, life, task };
}

async function run(world: World, life: Life, passes: number): Promise<void> {
  for (let pass = 0; pass < passes; pass += 1) {
    await life.pass(false);
    world.clock.advance(30_000);
  }
}

describe('what looks like a removal', () => {
  it('of everything, by a slip in source.path and a restart at the same head, halts and cancels nothing', async () => {
    const { world } = await issued(Object.fromEntries(twelve.map((name) => [name, yaml({ name })])));
    const life = world.start();
    const { source } = life.c;
    Object.assign(life.c, {
      source: {
        fetch: () => source.fetch(),
        descends: (head: string, ancestor: string) => source.descends(head, ancestor),
        trace: source.trace.bind(source),
        traceFiles: source.traceFiles.bind(source),
        // As git answers for a folder that is not there.
        read: async (head: string) => ({ ok: true, value: { head, files: [], policies: [] } }),
      },
    });
    expect(codesOf(await life.settle())).toEqual(['SG6202']);
    expect(cancels(world)).toEqual([]);
  });

  it('of a file that was broken first and deleted then is counted by source.maxRemovals', async () => {
    const many = twelve.map((name) => yaml({ name })).join('---\n');
    const { world, life } = await issued({ other: waiting, many });
    world.commit({ many: `${many}<<<<<<< ours\n` });
    await life.settle();
    world.commit({ many: null });
    expect(codesOf(await life.settle())).toEqual(['SG6203']);
    expect(cancels(world)).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a file renamed to .YAML', { 'tasks/ship/job.YAML': yaml(), 'tasks/ship/job.yaml': null }],
    [
      'a folder replaced by a symbolic link',
      { 'tasks/ship': { link: '../ship' }, 'tasks/ship/job.yaml': null },
    ],
    [
      'a folder replaced by a submodule',
      { 'tasks/ship': { submodule: 'a'.repeat(40) }, 'tasks/ship/job.yaml': null },
    ],
    ['a slip in the name of the fleet', { 'tasks/ship/job.yaml': yaml({ fleet: 'lav' }) }],
  ])('and is none cancels nothing: %s', async (_what, files) => {
    const world = new World();
    const before = { 'tasks/ship/job.yaml': yaml(), 'tasks/other.yaml': waiting };
    world.origin.commit({ files: before, timeMs: world.clock.wall });
    const life = world.start();
    await life.settle();
    world.origin.commit({ files: files as Record<string, string | null>, timeMs: world.clock.wall });
    expect(say(await life.settle())).toMatch(/SG6127/);
    expect(cancels(world)).toEqual([]);
  });

  it('while the source was away at the start is cancelled once it is back, and not before', async () => {
    const { world } = await issued();
    world.commit({ job: null });
    world.sourceDown = true;
    const life = world.start();
    await life.settle();
    expect(cancels(world)).toEqual([]);
    world.sourceDown = false;
    await life.settle();
    expect(cancels(world)).toHaveLength(1);
  });
});

describe('a device', () => {
  it('that an earlier task still holds is not asked, though that does not name it any more', async () => {
    const { world, life, task } = await issued({ a: yaml({ name: 'a', targets: ['smd-1', 'smd-2'] }) });
    task.executions = ['SUCCEEDED', 'QUEUED'];
    await run(world, life, 10);
    world.commit({
      a: yaml({ name: 'a', targets: ['smd-1'] }),
      b: yaml({ name: 'b', command: 'unlock', targets: ['smd-2'], spec: ['after: [a]'] }),
    });
    expect(say(await life.settle(), 'lab/b')).toBe('hold SG6120');
    expect(world.creates).toBe(1);
  });

  it('on which a reverted run goes on is not asked by what comes after the run that succeeded', async () => {
    const a = (run_: number) => yaml({ name: 'a', targets: ['smd-1'], run: run_ });
    const { world, life, task } = await issued({ a: a(1) });
    task.ended = true;
    await run(world, life, 10);
    world.commit({ a: a(2) });
    await life.settle();
    const second = world.lab.tasks[1];
    if (second === undefined) throw new Error('the second run was not made');
    second.executions = ['IN_PROGRESS'];
    const b = yaml({ name: 'b', command: 'unlock', targets: ['smd-1'], spec: ['after: [a]'] });
    world.commit({ a: a(1), b });
    expect(say(await life.settle(), 'lab/b')).toBe('hold SG6120');
    expect(world.creates).toBe(2);
  });

  it('is held by a task that was issued through another endpoint of the same account', async () => {
    const { world } = await issued({ job: yaml() });
    world.commit({ job: yaml(), late: yaml({ name: 'late', command: 'unlock', targets: ['smd-1'] }) });
    const rebind = { account: '111122223333', region: 'eu-west-1', endpoint: '' };
    const moved = fleetConfig('lab', { endpoint: 'https://vpce.example.com', rebind });
    const config = makeConfig({ fleets: new Map([['lab', moved]]) });
    expect(say(await world.start({ config }).settle(), 'lab/late')).toBe('hold SG6121');
  });

  it('of a task that is listed before it can be described is not taken for free', async () => {
    const world = new World();
    world.lab.make({ targets: ['smd-1'], tags: { owner: 'somebody' } });
    const describeTask = world.lab.describeTask.bind(world.lab);
    let lag = true;
    world.lab.describeTask = async (id) => (lag ? { kind: 'notFound', fault: away } : describeTask(id));
    world.commit({ job: waiting });
    const life = world.start();
    await life.settle();
    lag = false;
    world.commit({ job: yaml() });
    world.clock.advance(120_000);
    expect(say(await life.settle())).toBe('hold SG6121');
  });
});

describe('a fleet', () => {
  it('with hundreds of tasks made around Git is issued to in the end', async () => {
    const world = new World();
    world.commit({ job: yaml() });
    for (let index = 0; index < 200; index += 1) world.lab.make({ targets: ['smd-9'], tags: {} });
    await run(world, world.start({ config: makeConfig({ observe: { rate: 2 } }) }), 120);
    expect(world.creates).toBe(1);
  });

  it('is issued to by --once, too, however many there are', async () => {
    const world = new World();
    world.commit({ job: yaml() });
    for (let index = 0; index < 40; index += 1) world.lab.make({ targets: ['smd-9'], tags: {} });
    const life = world.start({ config: makeConfig({ observe: { rate: 2 } }) });
    await runOnce(life.c, { wait: true });
    expect(world.creates).toBe(1);
  });

  it('that hangs keeps no other fleet from cancelling', async () => {
    const { world, life } = await issued({
      job: yaml(),
      far: yaml({ name: 'far', fleet: 'sea' }),
      other: waiting,
    });
    world.lab.listExecutions = async () => {
      await world.clock.sleep(5_000);
      return failing;
    };
    world.commit({ job: null, far: null });
    await run(world, life, 10);
    expect(cancels(world, 'sea')).toHaveLength(1);
  });

  it('whose executions may not be listed is cancelled in all the same', async () => {
    const { world, life } = await issued();
    world.lab.executionsFault = denied;
    world.commit({ job: null });
    await run(world, life, 10);
    expect(cancels(world)).toHaveLength(1);
  });
});

describe('the answer of a cancel', () => {
  it('that waits while a double is found halts nobody', async () => {
    const { world, life, task } = await issued();
    world.commit({ job: null });
    await life.pass(false);
    expect(cancels(world)).toHaveLength(1);
    world.lab.make({ targets: task.targets, tags: task.tags });
    await world.start({ config: makeConfig({ replica: 'two' }), memory: emptyLedgerMemory() }).pass(false);
    expect(world.kinds()).toContain('doubled');
    await run(world, life, 2);
    expect(life.c.state.ledgerHalt).toBeNull();
  });

  it('that was lost is not told as begun by whoever asks again', async () => {
    const { world, life } = await issued();
    const cancelTask = world.lab.cancelTask.bind(world.lab);
    let first = true;
    world.lab.cancelTask = async (id, gate) => {
      const answer = await cancelTask(id, gate);
      if (!first) return answer;
      first = false;
      return { kind: 'failed', throttled: false, fault: away };
    };
    world.commit({ job: null });
    await run(world, life, 6);
    expect(answers(world)).not.toContain('begun');
    world.commit({ job: yaml() });
    const report = await life.settle();
    const why = report.decisions.find(({ key }) => key === 'lab/job')?.reasons[0]?.message;
    expect(why).toContain('cancelled when its manifest was removed');
    expect(why).not.toContain('not cancelled');
  });

  it('is written by a process that is told to stop before it could be', async () => {
    const { world, life } = await issued();
    world.commit({ job: null });
    await life.pass(false);
    life.stop();
    expect(await flush(life.c, readMoment(life.c.clock))).toBe(true);
    expect(answers(world)).toEqual(['accepted']);
  });

  it('is the one of the replica that asked, where another sees the cancelled devices first', async () => {
    const { world, life } = await issued();
    const other = world.start({ config: makeConfig({ replica: 'two' }), memory: emptyLedgerMemory() });
    await other.settle();
    world.commit({ job: null });
    for (const one of [life, other, other, life]) await one.pass(false);
    expect(answers(world)).toEqual(['accepted']);
  });

  it('that never came is not waited for once the task has ended', async () => {
    const { world, life, task } = await issued();
    world.lab.cancels.push({ kind: 'failed', throttled: false, fault: away });
    world.commit({ job: null });
    await life.pass(false);
    task.ended = true;
    await run(world, life, 10);
    expect(life.c.state.cancels.size).toBe(0);
  });
});

describe('an hour', () => {
  const troubles: Record<string, (world: World) => void> = {
    'of a cancel that fails for ever': (world) => {
      world.lab.cancelTask = async () => ({ kind: 'failed', throttled: false, fault: away });
      world.commit({ job: null });
    },
    'of executions that may not be listed': (world) => {
      world.lab.executionsFault = denied;
    },
    'of news that the ledger refuses': (world) => {
      for (const task of world.lab.tasks) task.ended = true;
      for (let push = 0; push < 500; push += 1) world.pushFaults.push('refused');
    },
    'of clocks that disagree': (world) => {
      world.lab.skewMs = 120_000;
      world.commit({ job: null });
    },
    'of a fleet that cannot be listed': (world) => {
      world.fleet('sea').listFault = failing;
      world.commit({ far: yaml({ name: 'far', fleet: 'sea' }) });
    },
  };
  it.each(Object.entries(troubles))('%s is no busy hour', async (_what, begin) => {
    const { world, life } = await issued();
    begin(world);
    const endMs = world.clock.monotonic + 3_600_000;
    let passes = 0;
    while (world.clock.monotonic < endMs) {
      const { wakeAtMs, again } = await life.pass(false);
      passes += 1;
      world.clock.advance(1_000);
      const dueMs = again ? 0 : Math.max(0, (wakeAtMs ?? endMs) - world.clock.monotonic);
      world.clock.advance(Math.min(dueMs, 30_000));
    }
    expect(passes).toBeLessThan(400);
  });
});
