/** Doubt, looks, takeover, ambiguity, and the end of older revisions: DESIGN 5. */
import { describe, expect, it } from 'vitest';
import { runPass } from '../../src/controller/pass.ts';
import type { CreateOutcome } from '../../src/controller/ports.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { resolved } from '../ledger/events.ts';
import { manifestOf, yaml } from '../plan/stage.ts';
import type { Script } from './scripted-fleet.ts';
import { failing, lost } from './scripted-fleet.ts';
import type { Life } from './world.ts';
import { makeConfig, say, World } from './world.ts';

const { token } = manifestOf(yaml());
const takeoverMs = 180_000;
const settlingMs = 30_000;
const dayMs = 86_400_000;
const two = makeConfig({ replica: 'two' });

/** A call whose answer is lost, after it had its effect so many times. */
function lostAfter(world: World, times: number, targets?: readonly string[]): Script {
  return (request) => {
    for (let time = 0; time < times; time += 1) {
      world.lab.make(targets === undefined ? request : { ...request, targets });
    }
    return lost;
  };
}

async function inDoubt(times: number, targets?: readonly string[]) {
  const world = new World();
  world.commit({ job: yaml() });
  world.lab.scripts.push(lostAfter(world, times, targets));
  const life = world.start();
  const report = await life.settle();
  expect(say(report)).toBe('look SG6117');
  expect(world.kinds()).toEqual(['claimed', 'unknown']);
  world.lab.asked.length = 0;
  return { world, life };
}

describe('a call without an answer', () => {
  it('is not looked at before settling has passed', async () => {
    const { world, life } = await inDoubt(1);
    world.clock.advance(settlingMs - 10_000);
    await life.pass();
    expect(world.lab.asked).not.toContain('list');
    world.clock.advance(10_000);
    await life.pass();
    expect(world.lab.asked).toContain('list');
  });

  it('that made a task has it adopted, and is never called again', async () => {
    const { world, life } = await inDoubt(1);
    world.clock.advance(settlingMs);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.kinds()).toEqual(['claimed', 'unknown', 'adopted']);
    expect(world.lab.requests).toHaveLength(1);
  });

  it('that made none is called again, with the very same request', async () => {
    const { world, life } = await inDoubt(0);
    world.clock.advance(settlingMs);
    world.commit({ more: yaml({ name: 'more' }) });
    expect(say(await life.settle())).toBe('done SG6110');
    expect(
      world
        .events()
        .filter((event) => event.token === token)
        .map(({ kind }) => kind),
    ).toEqual(['claimed', 'unknown', 'claimed', 'issued']);
    const own = world.lab.requests.filter(({ clientToken }) => clientToken === token);
    expect(own).toHaveLength(2);
    expect(own[1]).toEqual(own[0]);
    const claim = world.events().findLast((event) => event.kind === 'claimed' && event.token === token);
    expect(claim).toMatchObject({ attempt: 2, look: { hits: [] } });
    expect(claim).not.toHaveProperty('request');
  });

  it('that made none and is not wanted any more is written down as absent, and not called', async () => {
    const { world, life } = await inDoubt(0);
    world.commit({ job: null, other: yaml({ name: 'other', spec: ['notBefore: 2027-01-01T00:00:00Z'] }) });
    world.clock.advance(settlingMs);
    await life.settle();
    expect(world.kinds()).toEqual(['claimed', 'unknown', 'absent', 'noted']);
    expect(world.lab.requests).toHaveLength(1);
  });

  it('stays in doubt while AWS cannot be listed', async () => {
    const { world, life } = await inDoubt(0);
    world.lab.listFault = failing;
    for (let time = 0; time < 10; time += 1) {
      world.clock.advance(120_000);
      expect(say(await life.settle())).toMatch(/^look/);
    }
    expect(world.kinds()).toEqual(['claimed', 'unknown']);
    world.lab.listFault = null;
    world.clock.advance(3_600_000);
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('that made two tasks is the alarm of alarms, and final', async () => {
    const { world, life } = await inDoubt(2);
    world.clock.advance(settlingMs);
    expect(say(await life.settle())).toBe('blocked SG6114');
    world.clock.advance(dayMs);
    expect(say(await life.settle())).toBe('blocked SG6114');
    world.commit({ job: null, other: yaml({ name: 'other' }) });
    expect(say(await life.settle())).toBe('blocked SG6114');
    expect(world.lab.requests.filter(({ clientToken }) => clientToken === token)).toHaveLength(1);
  });
});

describe('ambiguity', () => {
  it('of a task with other targets stays until a person resolves it', async () => {
    const { world, life } = await inDoubt(1, ['smd-9']);
    world.clock.advance(settlingMs);
    expect(say(await life.settle())).toBe('blocked SG6115');
    for (let day = 0; day < 3; day += 1) {
      world.clock.advance(dayMs);
      expect(say(await life.settle())).toBe('blocked SG6115');
    }
    expect(world.lab.requests).toHaveLength(1);
    // A person has looked at the task that was listed, and says that it is not this revision's: it counts no more, in
    // this life and in the next.
    await world.write([resolved({ token, taskId: null })]);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(say(await world.start().settle())).toBe('done SG6110');
    expect(world.lab.requests).toHaveLength(2);
  });

  /** A doubt that AWS could not be asked about for longer than its listing is trusted. */
  async function tooOld() {
    const { world, life } = await inDoubt(0);
    world.lab.listFault = failing;
    for (let time = 0; time < 15; time += 1) {
      world.clock.advance(dayMs / 10);
      await life.settle();
    }
    world.lab.listFault = null;
    world.clock.advance(3_600_000);
    expect(say(await life.settle())).toBe('blocked SG6115');
    expect(world.kinds()).toEqual(['claimed', 'unknown', 'ambiguous']);
    return { world, life };
  }

  it('of a doubt older than listTrust ends by the word of a person, and it is called again', async () => {
    const { world, life } = await tooOld();
    await world.write([resolved({ token, taskId: null })]);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.lab.requests).toHaveLength(2);
    expect(world.lab.tasks).toHaveLength(1);
  });

  it('of a doubt older than listTrust ends by a late hit, which is looked for once an hour', async () => {
    const { world, life } = await tooOld();
    const lists = (): number => world.lab.asked.filter((operation) => operation === 'list').length;
    const before = lists();
    for (let time = 0; time < 10; time += 1) {
      world.clock.advance(300_000);
      await life.settle();
    }
    expect(lists()).toBe(before);
    const [request] = world.lab.requests;
    if (request === undefined) throw new Error('nothing was asked');
    world.lab.make(request);
    world.clock.advance(3_600_000);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.kinds()).toEqual(['claimed', 'unknown', 'ambiguous', 'adopted']);
    expect(lists()).toBe(before + 1);
    expect(world.lab.requests).toHaveLength(1);
  });
});

/** A life that dies while AWS works on its call: the effect happens `times`, and nobody hears of it. */
async function dieCalling(world: World, times: number): Promise<void> {
  const life = world.start();
  world.lab.scripts.push((request) => {
    for (let time = 0; time < times; time += 1) world.lab.make(request);
    return new Promise<CreateOutcome>(() => undefined);
  });
  void runPass(life.c, { drain: true });
  for (let turn = 0; turn < 1_000 && world.lab.requests.length === 0; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(world.kinds()).toEqual(['claimed']);
  world.lab.asked.length = 0;
}

describe('a claimant that died', () => {
  const lives: [string, (world: World) => Life][] = [
    ['its own next life', (world) => world.start()],
    ['its next life without a state directory', (world) => world.start({ memory: emptyLedgerMemory() })],
    ['another replica', (world) => world.start({ config: two, memory: emptyLedgerMemory() })],
  ];
  for (const times of [0, 1]) {
    it.each(lives)(
      `after ${times} tasks were made is looked after by %s, not before takeover`,
      async (_who, begin) => {
        const world = new World();
        world.commit({ job: yaml() });
        await dieCalling(world, times);
        world.clock.advance(dayMs / 2);
        const next = begin(world);
        expect(say(await next.pass())).toBe('wait SG6116');
        world.clock.advance(takeoverMs - 1_000);
        expect(say(await next.pass())).toBe('wait SG6116');
        world.clock.advance(1_000);
        expect(say(await next.pass())).toBe('look SG6117');
        const lists = world.lab.asked.filter((operation) => operation === 'list').length;
        world.clock.advance(settlingMs - 1_000);
        await next.pass();
        expect(world.lab.asked.filter((operation) => operation === 'list')).toHaveLength(lists);
        world.clock.advance(1_000);
        expect(say(await next.settle())).toBe('done SG6110');
        expect(world.lab.tasks).toHaveLength(1);
        expect(world.lab.requests).toHaveLength(2 - times);
        expect(world.kinds()).toEqual(
          times === 1 ? ['claimed', 'adopted'] : ['claimed', 'claimed', 'issued'],
        );
      },
    );
  }

  it('is watched from zero by every life anew', async () => {
    const world = new World();
    world.commit({ job: yaml() });
    await dieCalling(world, 0);
    for (let time = 0; time < 4; time += 1) {
      const next = world.start();
      await next.pass();
      world.clock.advance(takeoverMs - 1_000);
      expect(say(await next.pass())).toBe('wait SG6116');
    }
    expect(world.lab.requests).toHaveLength(1);
  });
});

describe('an older revision that has not ended', () => {
  async function changed() {
    const world = new World();
    world.commit({ job: yaml() });
    const life = world.start();
    await life.settle();
    world.commit({ job: yaml({ command: 'unlock' }) });
    return { world, life };
  }

  it('is followed, and the newer one asked for once every device has ended', async () => {
    const { world, life } = await changed();
    expect(say(await life.settle())).toBe('wait SG6108');
    expect(world.lab.requests).toHaveLength(1);
    for (const task of world.lab.tasks) task.ended = true;
    // Its end is not asked for in a loop.
    world.clock.advance(15_000);
    await life.settle();
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.kinds()).toEqual(['claimed', 'issued', 'settled', 'claimed', 'issued']);
    expect(world.lab.requests.map(({ command }) => command)).toEqual(['reboot', 'unlock']);
  });

  it('and that AWS has forgotten has vanished', async () => {
    const { world, life } = await changed();
    world.lab.tasks.length = 0;
    // A task that was made a moment ago may not be shown yet.
    expect(say(await life.settle())).toBe('wait SG6108');
    world.clock.advance(2 * dayMs);
    await life.settle();
    await life.settle();
    expect(world.events().find(({ kind }) => kind === 'settled')).toMatchObject({ outcome: 'vanished' });
    expect(world.lab.requests).toHaveLength(2);
  });
});

describe('two controllers', () => {
  it('at once make one task of each revision', async () => {
    const world = new World();
    world.commit(Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, yaml({ name })])));
    const lives = [world.start(), world.start({ config: two, memory: emptyLedgerMemory() })];
    for (let round = 0; round < 4; round += 1) await Promise.all(lives.map((life) => life.pass()));
    for (const life of lives) await life.settle();
    expect(world.lab.tasks).toHaveLength(4);
    expect(new Set(world.lab.requests.map(({ clientToken }) => clientToken)).size).toBe(4);
    expect(world.lab.requests).toHaveLength(4);
  });

  it('leave one another their claims', async () => {
    const world = new World();
    world.commit({ job: yaml() });
    const first = world.start();
    const second = world.start({ config: two, memory: emptyLedgerMemory() });
    await first.pass();
    expect(say(await second.pass())).toBe('wait SG6116');
    await first.settle();
    expect(say(await second.pass())).toBe('done SG6110');
    expect(world.lab.requests).toHaveLength(1);
  });
});
