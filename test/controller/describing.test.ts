/** Rules that read what AWS tells of devices: asked for only where one does, bounded, and never guessed. */
import { describe, expect, it } from 'vitest';
import { runOnce } from '../../src/controller/loop.ts';
import { fault } from '../../src/lib/faults.ts';
import { yaml } from '../plan/stage.ts';
import { policyText, requireText, waiverText } from './documents.ts';
import { denied, failing } from './scripted-fleet.ts';
import { fleetConfig, type Life, makeConfig, say, startMs, World } from './world.ts';

const unlocked = 'devices.all(d, d.state == "UNLOCKED")';
const onlyReboots = policyText('p', [{ name: 'rule', require: unlocked, otherwise: 'hold' }], {
  commands: ['reboot'],
});

function begun(rule = onlyReboots, config = makeConfig()) {
  const world = new World();
  world.rule({ p: rule });
  return { world, life: world.start({ config }) };
}

const described = (world: World): string[] =>
  world.lab.asked.filter((what) => what.startsWith('device ')).map((what) => what.slice('device '.length));

/** Passes as the loop makes them, so many seconds long at the most. */
async function run(world: World, life: Life, durationMs: number, scheduleMs = 30_000): Promise<void> {
  const endMs = world.clock.monotonic + durationMs;
  while (world.clock.monotonic < endMs) {
    const { again, wakeAtMs } = await life.pass(false);
    world.clock.advance(1_000);
    if (again) continue;
    const nextMs = Math.min(wakeAtMs ?? endMs, world.clock.monotonic + scheduleMs, endMs);
    world.clock.advance(Math.max(0, nextMs - world.clock.monotonic));
  }
}

describe('the devices of a task whose rule reads them', () => {
  it('are asked for once, and those of other tasks not at all', async () => {
    const { world, life } = begun();
    world.commit({ job: yaml(), other: yaml({ name: 'other', command: 'unlock' }) });
    const report = await life.settle();
    expect([say(report), say(report, 'lab/other')]).toEqual(['done SG6110', 'done SG6110']);
    expect(described(world)).toEqual(['smd-1', 'smd-2']);
  });

  it('are asked for again after a machine was suspended, whose monotonic clock stood still', async () => {
    const { world, life } = begun();
    world.lab.described.set('smd-1', { state: 'LOCKED' });
    world.commit({ job: yaml() });
    expect(say(await life.settle())).toBe('hold SG6301');
    const before = described(world).length;
    world.clock.wall += 15 * 60_000;
    for (let passes = 0; passes < 4; passes += 1) {
      world.clock.advance(10_000);
      await life.settle();
    }
    expect(described(world).length).toBeGreaterThan(before);
  });

  it('are not asked for where no rule reads them', async () => {
    const { world, life } = begun(requireText('devices.size() > 0'));
    world.commit({ job: yaml() });
    expect(say(await life.settle())).toBe('done SG6110');
    expect(described(world)).toEqual([]);
  });

  it('are written into the claim as they were told', async () => {
    const { world, life } = begun();
    world.lab.described.set('smd-1', { lastReachedOutMs: null, type: 'SNC1_HDD', tags: { site: 'aurora' } });
    world.commit({ job: yaml() });
    await life.settle();
    expect(world.events()[0]).toMatchObject({
      kind: 'claimed',
      verdict: {
        facts: {
          devices: [
            {
              id: 'smd-1',
              described: { type: 'SNC1_HDD', tags: { site: 'aurora' }, lastReachedOutAt: null },
            },
            { id: 'smd-2', described: { state: 'UNLOCKED', type: 'EDGE_C', tags: {} } },
          ],
        },
      },
    });
  });

  it('are believed for a minute, and the task goes when they are as its rule wants them', async () => {
    const { world, life } = begun();
    world.lab.described.set('smd-2', { state: 'LOCKED' });
    world.commit({ job: yaml() });
    expect(say(await life.settle())).toBe('hold SG6301');
    world.lab.described.delete('smd-2');
    world.clock.advance(50_000);
    expect(say(await life.settle())).toBe('hold SG6301');
    expect(described(world)).toHaveLength(2);
    world.clock.advance(10_000);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(described(world)).toHaveLength(4);
  });
});

describe('a device that AWS does not tell of', () => {
  it('holds its task with the reason; others go on', async () => {
    const { world, life } = begun();
    world.lab.devices.delete('smd-2');
    world.commit({ job: yaml(), other: yaml({ name: 'other' }) });
    const report = await life.settle();
    expect(say(report)).toMatch(/^hold .*SG6243 SG6302$/);
    expect(say(report, 'lab/other')).toBe('done SG6110');
  });

  it.each([
    ['denied', denied],
    ['failing', failing],
  ])('because the question is %s: what reads nothing of it goes on', async (_what, failure) => {
    const { world, life } = begun();
    world.lab.deviceFault = failure;
    world.commit({ job: yaml(), other: yaml({ name: 'other', command: 'unlock' }) });
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6243 SG6243 SG6302');
    expect(say(report, 'lab/other')).toBe('done SG6110');
    expect(world.log.filter(({ event }) => event.startsWith('devices could not'))).toHaveLength(1);
    world.lab.deviceFault = null;
    world.clock.advance(60_000);
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('lets it go where the rule only warns, or is waived, and says so in the claim', async () => {
    const { world, life } = begun(requireText(unlocked, { otherwise: 'warn' }));
    world.lab.deviceFault = denied;
    world.commit({ job: yaml() });
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.events()[0]).toMatchObject({
      verdict: { reasons: [{ code: 'SG6100' }, { code: 'SG6302' }] },
    });
    world.rule({ p: onlyReboots, glass: waiverText(startMs + 3_600_000, ['p/rule'], { task: 'next' }) });
    world.commit({ next: yaml({ name: 'next' }), third: yaml({ name: 'third' }) });
    const report = await life.settle();
    expect(say(report, 'lab/next')).toBe('done SG6110');
    expect(say(report, 'lab/third')).toMatch(/^hold .*SG6243 SG6243 SG6302$/);
    expect(world.events().find(({ kind, name }) => kind === 'claimed' && name === 'next')).toMatchObject({
      verdict: { waiver: { name: 'glass' } },
    });
  });

  it('because AWS throttles: the fleet pauses, other fleets go on, and it is asked again', async () => {
    const { world, life } = begun();
    world.lab.deviceFault = { kind: 'throttled', fault: fault('SG5004', 'retry', 'slow down') };
    world.commit({ job: yaml(), far: yaml({ name: 'far', fleet: 'sea' }) });
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6302 SG5004');
    expect(say(report, 'sea/far')).toBe('done SG6110');
    world.lab.deviceFault = null;
    await run(world, life, 120_000);
    expect(world.lab.requests).toHaveLength(1);
  });
});

describe('more devices than a pass may ask for', () => {
  const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
  const all = Object.fromEntries(names.map((name) => [name, yaml({ name })]));

  it('are asked for by the passes that follow, without waiting for the schedule', async () => {
    const { world, life } = begun(onlyReboots, makeConfig({ observe: { rate: 2 } }));
    world.commit(all);
    await run(world, life, 150_000, 3_600_000);
    expect(world.lab.requests).toHaveLength(20);
  });

  it('keep no other task from its turn, though they never satisfy their rule', async () => {
    const { world, life } = begun(onlyReboots, makeConfig({ observe: { rate: 2 } }));
    for (const name of names.slice(0, -1)) world.lab.described.set(`smd-${name}-1`, { state: 'LOCKED' });
    world.commit(all);
    await run(world, life, 300_000, 3_600_000);
    expect(world.lab.requests.map(({ tags }) => tags['snowgate:task'])).toEqual(['lab/t19']);
  });

  it('are all asked for by run --once', async () => {
    const { world, life } = begun(onlyReboots, makeConfig({ observe: { rate: 2 } }));
    for (const name of names.slice(0, -1)) world.lab.described.set(`smd-${name}-1`, { state: 'LOCKED' });
    world.commit(all);
    const report = await runOnce(life.c, { wait: true });
    expect(say(report, 'lab/t19')).toBe('done SG6110');
  });

  it('of one task are known together even at the slowest rate', async () => {
    const targets = Array.from({ length: 10 }, (_, index) => `smd-${index + 1}`);
    const { world, life } = begun(onlyReboots, makeConfig({ observe: { rate: 0.1 } }));
    world.commit({ job: yaml({ targets }) });
    await run(world, life, 600_000);
    expect(world.lab.requests).toHaveLength(1);
  });
});

describe('a fleet that is nearly full', () => {
  it('gives its place to later tasks where the first ones are held by what AWS tells', async () => {
    const fleets = [fleetConfig('lab', { maxInFlight: 1 }), fleetConfig('sea')];
    const config = makeConfig({ fleets: new Map(fleets.map((fleet) => [fleet.name, fleet])) });
    const { world, life } = begun(onlyReboots, config);
    for (const name of ['a', 'b', 'c']) world.lab.described.set(`smd-${name}-1`, { state: 'LOCKED' });
    for (const name of ['a', 'b', 'c', 'd']) world.commit({ [name]: yaml({ name }) });
    await run(world, life, 60_000);
    expect(world.lab.requests.map(({ tags }) => tags['snowgate:task'])).toEqual(['lab/d']);
  });
});
