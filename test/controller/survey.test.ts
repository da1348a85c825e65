/** What AWS shows beside our own tasks: asked for before anything is issued, told once, never touched. */
import { describe, expect, it } from 'vitest';
import { yaml } from '../plan/stage.ts';
import { failing } from './scripted-fleet.ts';
import { makeConfig, say, World } from './world.ts';

function begun(files: Readonly<Record<string, string>> = { job: yaml() }) {
  const world = new World();
  world.commit(files);
  return { world, life: world.start() };
}

const foreignTold = (world: World) => world.log.filter(({ event }) => event === 'task made around Git');

describe('a task made around Git', () => {
  it('holds tasks to its devices until it has ended, is told once, and is not touched', async () => {
    const { world, life } = begun();
    const task = world.lab.make({ targets: ['smd-2', 'smd-9'], tags: { owner: 'somebody' } });
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6121');
    expect(report.decisions[0]?.reasons[0]?.message).toBe(
      'smd-2 is busy with st-lab-1, a task that was made around Git',
    );
    world.clock.advance(120_000);
    await life.settle();
    expect(foreignTold(world)).toMatchObject([
      { level: 'warn', fields: { fleet: 'lab', taskId: 'st-lab-1' } },
    ]);
    task.state = 'COMPLETED';
    await life.settle();
    expect(world.creates).toBe(1);
    expect(world.lab.asked.some((what) => what.startsWith('cancel'))).toBe(false);
  });

  it('lets a task go whose device has ended its part', async () => {
    const { world, life } = begun();
    const task = world.lab.make({ targets: ['smd-2', 'smd-9'], tags: {} });
    task.executions = ['SUCCEEDED', 'QUEUED'];
    await life.settle();
    expect(world.creates).toBe(1);
  });

  it('on other devices holds nothing', async () => {
    const { world, life } = begun();
    world.lab.make({ targets: ['smd-9'], tags: {} });
    await life.settle();
    expect(world.creates).toBe(1);
    expect(foreignTold(world)).toHaveLength(1);
  });

  it('is told also where nothing waits to be issued', async () => {
    const { world, life } = begun();
    await life.settle();
    world.lab.make({ targets: ['smd-9'], tags: {} });
    world.clock.advance(11 * 60_000);
    await life.settle();
    expect(foreignTold(world)).toHaveLength(1);
  });

  it('is read within the rate: hundreds of them hold the fleet until all are known', async () => {
    const { world } = begun();
    for (let index = 0; index < 100; index += 1) world.lab.make({ targets: ['smd-9'], tags: {} });
    const life = world.start({ config: makeConfig({ observe: { rate: 5 } }) });
    const report = await life.pass();
    expect(say(report)).toBe('hold SG6239');
    expect(report.decisions[0]?.reasons[0]?.message).toMatch(
      /^fleet lab: \d+ tasks that were made around Git are still/,
    );
    for (let pass = 0; pass < 12; pass += 1) {
      await life.pass();
      world.clock.advance(5_000);
    }
    expect(world.creates).toBe(1);
  });
});

describe('a device that AWS does not know', () => {
  it('holds its task, and lets it go when it is there', async () => {
    const { world, life } = begun({ job: yaml(), other: yaml({ name: 'other' }) });
    world.lab.devices.delete('smd-2');
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6126');
    expect(say(report, 'lab/other')).toBe('done SG6110');
    const asked = world.lab.asked.filter((what) => what === 'devices').length;
    await life.settle();
    expect(world.lab.asked.filter((what) => what === 'devices')).toHaveLength(asked);
    world.lab.devices.add('smd-2');
    world.clock.advance(60_000);
    await life.settle();
    expect(world.creates).toBe(2);
  });
});

describe('a fleet that cannot be surveyed', () => {
  it('is issued nothing, and holds up no other', async () => {
    const { world, life } = begun({ job: yaml(), far: yaml({ name: 'far', fleet: 'sea' }) });
    world.lab.devicesFault = failing;
    const report = await life.settle();
    expect(say(report)).toBe('hold SG5001');
    expect(say(report, 'sea/far')).toBe('done SG6110');
    world.lab.devicesFault = null;
    world.clock.advance(60_000);
    await life.settle();
    expect(world.creates).toBe(2);
  });
});
