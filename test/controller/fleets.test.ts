/** Who a fleet is, whether it may be asked, and what opens it again: DESIGN 5. */
import { describe, expect, it } from 'vitest';
import type { FleetConfig } from '../../src/config/config.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { resolved } from '../ledger/events.ts';
import { manifestOf, yaml } from '../plan/stage.ts';
import { denied, deniedCall, failing, refusedCall, throttled, unsent } from './scripted-fleet.ts';
import { fleetConfig, ledgerId, makeConfig, say, startMs, World } from './world.ts';

const other = yaml({ name: 'other' });
const { token } = manifestOf(yaml());
const identity = { account: '111122223333', region: 'eu-west-1', endpoint: '' };
const withFleets = (...fleets: FleetConfig[]) =>
  makeConfig({ fleets: new Map(fleets.map((fleet) => [fleet.name, fleet])) });

async function begun(files: Record<string, string> = { job: yaml() }) {
  const world = new World();
  world.commit(files);
  const life = world.start();
  return { world, life };
}

describe('an account that is not the configured one', () => {
  it('keeps the fleet from being asked, and no other', async () => {
    const { world, life } = await begun({ job: yaml(), far: yaml({ name: 'far', fleet: 'sea' }) });
    world.lab.account = '999999999999';
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6234');
    expect(say(report, 'sea/far')).toBe('done SG6110');
    expect(world.lab.requests).toEqual([]);
    world.lab.account = '111122223333';
    expect(say(await life.pass())).toBe('hold SG6234');
    world.clock.advance(30_000);
    expect(say(await life.settle())).toBe('done SG6110');
  });
});

describe('a fleet that is another than its newest claim says', () => {
  const moves: [string, Partial<FleetConfig>][] = [
    ['region', { region: 'us-west-2' }],
    ['endpoint', { endpoint: 'http://127.0.0.1:4010' }],
    ['account', { account: '444455556666' }],
  ];
  it.each(moves)('is halted until its old %s is named in rebind', async (_what, moved) => {
    const { world, life } = await begun();
    await life.settle();
    world.commit({ other });
    if (moved.account !== undefined) world.lab.account = moved.account;
    const halted = world.start({ config: withFleets(fleetConfig('lab', moved)) });
    expect(say(await halted.settle(), 'lab/other')).toBe('blocked SG6232');
    const wrong = { ...identity, region: 'ap-south-1' };
    const misbound = world.start({ config: withFleets(fleetConfig('lab', { ...moved, rebind: wrong })) });
    expect(say(await misbound.settle(), 'lab/other')).toBe('blocked SG6232');
    expect(world.creates).toBe(1);
    const bound = world.start({ config: withFleets(fleetConfig('lab', { ...moved, rebind: identity })) });
    expect(say(await bound.settle(), 'lab/other')).toBe('done SG6110');
    expect(say(await bound.settle())).toBe('done SG6110');
    expect(world.creates).toBe(2);
  });

  it('is as it was when it is moved back', async () => {
    const { world, life } = await begun();
    await life.settle();
    world.commit({ other });
    await world.start({ config: withFleets(fleetConfig('lab', { region: 'us-west-2' })) }).settle();
    await world.start().settle();
    expect(world.creates).toBe(2);
  });
});

describe('a start', () => {
  it('lists each fleet once before its first claim', async () => {
    const { world, life } = await begun();
    await life.settle();
    expect(world.lab.asked.filter((operation) => operation === 'list')).toHaveLength(1);
    expect(world.lab.asked.indexOf('list')).toBeLessThan(world.lab.asked.indexOf('create'));
    expect(world.fleet('sea').asked).toContain('list');
  });

  it('claims nothing until the listing was read to its end', async () => {
    const { world, life } = await begun();
    const { lab } = world;
    lab.listFault = failing;
    const report = await life.settle();
    expect(say(report)).toBe('hold SG5001');
    world.lab.listFault = null;
    expect(say(await life.pass())).toBe('hold SG5001');
    expect(world.lab.requests).toEqual([]);
    world.clock.advance(60_000);
    await life.settle();
    expect(world.creates).toBe(1);
  });

  it('is any start: a tip that is remembered may be one that a restored backup went back to', async () => {
    const { world, life } = await begun();
    await life.settle();
    world.lab.asked.length = 0;
    world.commit({ other });
    await world.start().settle();
    expect(world.lab.asked.indexOf('list')).toBeLessThan(world.lab.asked.indexOf('create'));
    expect(world.creates).toBe(2);
  });

  const strangers: [string, Record<string, string>][] = [
    ['this ledger', { 'snowgate:ledger': ledgerId, 'snowgate:revision': 'f'.repeat(64) }],
    ['a revision now in the source', { 'snowgate:ledger': 'another', 'snowgate:revision': token }],
  ];
  it.each(strangers)(
    'halts a fleet with a task of %s that the ledger does not know',
    async (_whose, tags) => {
      const { world, life } = await begun({ job: yaml(), far: yaml({ name: 'far', fleet: 'sea' }) });
      const targets = tags['snowgate:revision'] === token ? ['smd-1', 'smd-2'] : ['smd-9'];
      world.lab.make({ targets, tags });
      const report = await life.settle();
      expect(say(report)).toBe('blocked SG6233');
      expect(say(report, 'sea/far')).toBe('done SG6110');
      expect(world.lab.requests).toEqual([]);
      world.clock.advance(3_600_000);
      expect(say(await life.settle())).toBe('blocked SG6233');
      // Still so for a process that begins again; a person's word ends it for both.
      const again = world.start();
      expect(say(await again.settle())).toBe('blocked SG6233');
      const revision = { command: 'reboot', targets, taskRun: 1, identity } as const;
      const stranger = tags['snowgate:revision'] ?? '';
      const name = stranger === token ? 'job' : 'gone';
      await world.write([resolved({ token: stranger, name, taskId: 'st-lab-1', revision })]);
      for (const one of [life, again]) expect(say(await one.settle())).toBe('done SG6110');
      expect(world.lab.requests).toHaveLength(stranger === token ? 0 : 1);
    },
  );

  it('does not mind tasks of other people', async () => {
    const { world, life } = await begun();
    world.lab.make({ targets: ['smd-9'], tags: { owner: 'somebody' } });
    world.lab.make({
      targets: ['smd-9'],
      tags: { 'snowgate:ledger': 'x', 'snowgate:revision': 'e'.repeat(64) },
    });
    await life.settle();
    expect(world.creates).toBe(1);
  });
});

describe('AWS denying', () => {
  it('the call and then the probe closes the fleet, until a probe is answered', async () => {
    const { world, life } = await begun({ job: yaml(), other });
    world.lab.scripts.push(() => deniedCall);
    world.lab.probeFault = null;
    await life.pass();
    expect(world.kinds()).not.toContain('unknown');
    const closedWorld = await begun({ job: yaml(), far: yaml({ name: 'far', fleet: 'sea' }) });
    const { lab } = closedWorld.world;
    lab.scripts.push(() => {
      lab.probeFault = denied;
      return deniedCall;
    });
    expect(say(await closedWorld.life.settle())).toBe('blocked SG6235');
    expect(say(await closedWorld.life.settle(), 'sea/far')).toBe('done SG6110');
    const probes = (): number => lab.asked.filter((operation) => operation === 'probe').length;
    const before = probes();
    await closedWorld.life.settle();
    await closedWorld.life.settle();
    expect(probes()).toBe(before);
    closedWorld.world.clock.advance(30_000);
    await closedWorld.life.settle();
    expect(probes()).toBe(before + 1);
    expect(lab.requests).toHaveLength(1);
    lab.probeFault = null;
    closedWorld.world.clock.advance(3_600_000);
    expect(say(await closedWorld.life.settle())).toBe('done SG6110');
    expect(closedWorld.world.kinds().filter((kind) => kind === 'claimed')).toHaveLength(3);
  });

  it('the call alone pauses the fleet, longer each time', async () => {
    const { world, life } = await begun();
    for (let time = 0; time < 3; time += 1) world.lab.scripts.push(() => deniedCall);
    expect(say(await life.settle())).toBe('hold SG6236');
    world.clock.advance(30_000);
    await life.settle();
    expect(world.lab.requests).toHaveLength(2);
    world.clock.advance(31_000);
    await life.settle();
    expect(world.lab.requests).toHaveLength(2);
    world.clock.advance(30_000);
    await life.settle();
    expect(world.lab.requests).toHaveLength(3);
    world.clock.advance(120_000);
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('credentials keeps anything from being claimed', async () => {
    const { world, life } = await begun();
    world.lab.proveFault = denied;
    expect(say(await life.settle())).toMatch(/^hold/);
    expect(world.kinds()).toEqual([]);
  });
});

describe('throttling', () => {
  const one = makeConfig({ issue: { ...makeConfig().issue, concurrency: 1 } });

  it('pauses the whole fleet, on every replica, and no other fleet', async () => {
    const world = new World();
    world.commit({
      a: yaml({ name: 'a' }),
      b: yaml({ name: 'b' }),
      far: yaml({ name: 'far', fleet: 'sea' }),
    });
    world.lab.scripts.push(() => throttled);
    const life = world.start({ config: one });
    const report = await life.settle();
    expect(world.lab.requests).toHaveLength(1);
    expect(say(report, 'lab/a')).toBe('hold SG6107 SG6231');
    expect(say(report, 'lab/b')).toBe('hold SG6231');
    expect(say(report, 'sea/far')).toBe('done SG6110');
    const two = world.start({ config: { ...one, replica: 'two' }, memory: emptyLedgerMemory() });
    expect(say(await two.settle(), 'lab/b')).toBe('hold SG6231');
    world.clock.advance(30_000);
    await life.settle();
    expect(world.lab.tasks).toHaveLength(2);
  });

  it('binds by notBefore, twice as long for every attempt, up to an hour', async () => {
    const { world, life } = await begun();
    for (let time = 0; time < 9; time += 1) world.lab.scripts.push(() => throttled);
    const pausesMs: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      await life.settle();
      const event = world.events().findLast(({ kind }) => kind === 'released');
      if (event?.kind !== 'released' || event.notBefore === null) throw new Error('not released');
      pausesMs.push(Date.parse(event.notBefore) - Date.parse(event.at));
      expect(world.lab.requests).toHaveLength(attempt);
      world.clock.advance(3_600_000);
    }
    const seconds = [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600];
    expect(pausesMs).toEqual(seconds.map((pause) => pause * 1_000));
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('waits as long as AWS asks for, though no longer than an hour', async () => {
    for (const [retryAfterMs, expectedMs] of [
      [200_000, 200_000],
      [1_000, 30_000],
      [1e9, 3_600_000],
    ] as const) {
      const { world, life } = await begun();
      world.lab.scripts.push(() => ({ ...throttled, retryAfterMs }));
      await life.settle();
      const event = world.events().find(({ kind }) => kind === 'released');
      if (event?.kind !== 'released') throw new Error('not released');
      expect(Date.parse(event.notBefore ?? '') - Date.parse(event.at)).toBe(expectedMs);
    }
  });
});

describe('a clock that AWS does not share', () => {
  it.each([60_000, -60_000])('by %i ms: nothing is called, and one probe a back-off is', async (skewMs) => {
    const { world, life } = await begun();
    world.lab.skewMs = skewMs;
    const report = await life.settle();
    expect(say(report)).toBe('blocked SG6211');
    expect(world.creates).toBe(0);
    const probes = (): number => world.lab.asked.filter((operation) => operation === 'probe').length;
    const before = probes();
    await life.settle();
    expect(probes()).toBe(before);
    world.lab.skewMs = 0;
    world.clock.advance(60_000);
    await life.settle();
    expect(probes()).toBeLessThanOrEqual(before + 1);
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('that jumps between claim and call releases the claim', async () => {
    const { world, life } = await begun();
    world.lab.duringSigning = () => {
      world.clock.wall += 45_000;
      world.lab.duringSigning = () => undefined;
    };
    await life.pass();
    await life.settle();
    const event = world.events().find(({ kind }) => kind === 'released');
    expect(event).toMatchObject({ kind: 'released', reason: 'clock' });
    expect(world.lab.requests).toHaveLength(1);
    expect(world.clock.wall).toBeGreaterThan(startMs + 45_000);
  });
});

describe('other answers', () => {
  it('a refusal is final, in the words of AWS; a changed manifest is a new beginning', async () => {
    const { world, life } = await begun();
    world.lab.scripts.push(() => refusedCall);
    const report = await life.settle();
    expect(say(report)).toBe('deny SG6113');
    expect(report.decisions[0]?.reasons[0]?.message).toContain('ValidationException: planned by the test');
    world.clock.advance(1e9);
    expect(say(await life.settle())).toBe('deny SG6113');
    world.commit({ job: yaml({ description: 'corrected' }) });
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.lab.requests).toHaveLength(2);
  });

  it('a connection that is not there pauses the fleet; nothing was sent, nothing is in doubt', async () => {
    const { world, life } = await begun();
    world.lab.scripts.push(() => unsent);
    expect(say(await life.settle())).toBe('hold SG6237');
    world.clock.advance(30_000);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.kinds()).toEqual(['claimed', 'released', 'claimed', 'issued']);
  });
});
