/** A fleet with `mode: observe`: planned and shown, and nothing else, whatever its tasks were before. */
import { describe, expect, it } from 'vitest';
import { runOnce } from '../../src/controller/loop.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { lost } from './scripted-fleet.ts';
import { fleetConfig, type Life, makeConfig, say, World } from './world.ts';

const observing = makeConfig({
  replica: 'two',
  fleets: new Map([
    ['lab', fleetConfig('lab', { mode: 'observe' })],
    ['sea', fleetConfig('sea')],
  ]),
});
const waiting = yaml({ name: 'other', spec: ['notBefore: 2027-06-01T00:00:00Z'] });

/** A controller that only observes takes over, with or without the memory of the one before. */
function takeOver(world: World, keepsMemory = true): Life {
  world.lab.asked.length = 0;
  const memory = keepsMemory ? {} : { memory: emptyLedgerMemory() };
  return world.start({ config: observing, ...memory });
}

/** Hours pass, and nothing is asked, and nothing written. */
async function proveQuiet(world: World, life: Life, said: string): Promise<void> {
  const before = world.events();
  for (const minutes of [0, 1, 4, 20, 120, 36 * 60]) {
    world.clock.advance(minutes * 60_000);
    expect(say(await life.settle())).toBe(said);
  }
  expect(world.lab.asked).toEqual([]);
  expect(world.events().filter(({ fleet }) => fleet === 'lab')).toEqual(
    before.filter(({ fleet }) => fleet === 'lab'),
  );
}

async function issued() {
  const world = new World();
  world.commit({ job: yaml(), other: waiting });
  const life = world.start();
  await life.settle();
  expect(world.kinds()).toEqual(['claimed', 'issued']);
  return { world, life };
}

describe('a fleet that is only observed', () => {
  it('has its tasks planned, and nothing done; others are issued beside it', async () => {
    const world = new World();
    world.commit({ job: yaml(), sea: yaml({ name: 'far', fleet: 'sea' }), other: waiting });
    const life = takeOver(world);
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6129');
    expect(say(report, 'lab/other')).toBe('hold SG6129 SG6101');
    expect(say(report, 'sea/far')).toBe('done SG6110');
    expect(report.decisions.find(({ key }) => key === 'lab/job')?.reasons[0]?.message).toBe(
      'fleet lab only observes (fleets.lab.mode)',
    );
    expect(world.events().map(({ fleet }) => fleet)).toEqual(['sea', 'sea']);
    await proveQuiet(world, life, 'hold SG6129');
    const told = world.log.filter(({ event }) => event.startsWith('fleet only observed'));
    expect(told.map(({ fields }) => fields.fleet)).toEqual(['lab']);
  });

  it.each([true, false])('follows no task that was in flight (memory kept: %s)', async (keepsMemory) => {
    const { world } = await issued();
    for (const task of world.lab.tasks) task.ended = true;
    const life = takeOver(world, keepsMemory);
    await proveQuiet(world, life, 'done SG6110');
    expect(life.c.state.fleets.get('lab')?.follows.size).toBe(0);
  });

  it.each([true, false])(
    'cancels no task whose manifest is removed (memory kept: %s)',
    async (keepsMemory) => {
      const { world } = await issued();
      world.commit({ job: null });
      await proveQuiet(world, takeOver(world, keepsMemory), 'hold SG6129 SG6124');
    },
  );

  it('does not ask for a cancel that was written down and not answered', async () => {
    const { world, life } = await issued();
    world.commit({ job: null });
    world.lab.cancels.push(
      ...Array.from({ length: 9 }, () => ({
        kind: 'failed' as const,
        throttled: false,
        fault: { code: 'SG5005', class: 'retry', message: 'planned by the test' } as const,
      })),
    );
    await life.settle();
    expect(world.kinds()).toContain('cancelRequested');
    await proveQuiet(world, takeOver(world), 'hold SG6129 SG6124');
  });

  it('is not looked at for what is in doubt, and a run to the end does not wait for it', async () => {
    const world = new World();
    world.commit({ job: yaml() });
    world.lab.scripts.push(() => lost);
    await world.start().settle();
    expect(world.kinds()).toEqual(['claimed', 'unknown']);
    const life = takeOver(world);
    expect(say(await runOnce(life.c, { wait: true }))).toBe('hold SG6129 SG6117');
    await proveQuiet(world, life, 'hold SG6129 SG6117');
  });

  it('is not looked at for a claim whose claimant is gone', async () => {
    const world = new World();
    world.commit({ job: yaml() });
    world.lab.scripts.push(() => new Promise(() => undefined));
    void world.start().pass();
    await expect.poll(() => world.kinds()).toEqual(['claimed']);
    const life = takeOver(world);
    expect(say(await life.pass())).toBe('hold SG6129 SG6116');
    world.clock.advance(600_000);
    await proveQuiet(world, life, 'hold SG6129 SG6117');
  });

  it('has nothing noted: neither what is denied, nor what is removed before it was asked for', async () => {
    const world = new World();
    const late = yaml({ name: 'late', spec: ['notAfter: 2020-01-01T00:00:00Z'] });
    world.commit({ job: yaml(), late, other: waiting });
    const life = takeOver(world);
    expect(say(await life.settle(), 'lab/late')).toBe('deny SG6102');
    world.commit({ job: null });
    await proveQuiet(world, life, '');
    expect(world.events()).toEqual([]);
  });

  it('goes on where it stands once it issues again', async () => {
    const { world } = await issued();
    world.commit({ job: null, next: yaml({ name: 'next' }) });
    await proveQuiet(world, takeOver(world), 'hold SG6129 SG6124');
    const life = world.start();
    for (let minute = 0; minute < 3; minute += 1) {
      await life.settle();
      world.clock.advance(60_000);
    }
    expect(world.lab.asked).toContain('cancel st-lab-1');
    expect(world.kinds().filter((kind) => kind === 'issued')).toHaveLength(2);
  });
});
