/** Between a claim and its call, and between an outcome and the ledger: DESIGN 5. */
import { describe, expect, it } from 'vitest';
import { Bell, flush, runLoop, runOnce } from '../../src/controller/loop.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { readMoment } from '../../src/lib/clock.ts';
import { noted } from '../ledger/events.ts';
import { manifestOf, yaml } from '../plan/stage.ts';
import { makeConfig, say, startMs, World } from './world.ts';

const releases = (world: World): (string | undefined)[] =>
  world.events().flatMap((event: LedgerEvent) => (event.kind === 'released' ? [event.reason] : []));

function begun(text = yaml()) {
  const world = new World();
  world.commit({ job: text });
  return { world, life: world.start() };
}

/** Something that happens once, between the two looks at the gate of a call. */
function once(world: World, happen: () => void): void {
  world.lab.duringSigning = () => {
    world.lab.duringSigning = () => undefined;
    happen();
  };
}

describe('between the claim and the call', () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  const rows: [string, string, (world: World) => void, string][] = [
    ['the deadline passes', yaml(), (world) => world.clock.advance(60_000), 'deadline'],
    [
      'the deadline passes by the monotonic clock alone',
      yaml(),
      (world) => {
        world.clock.monotonic += 60_000;
        world.clock.wall += 31_000;
      },
      'deadline',
    ],
    [
      'notAfter comes',
      yaml({ spec: [`notAfter: ${at(startMs + 20_000)}`] }),
      (world) => world.clock.advance(20_000),
      'notAllowed',
    ],
  ];
  it.each(rows)('%s: nothing is sent, and the claim is released', async (_what, text, happen, reason) => {
    const { world, life } = begun(text);
    once(world, () => happen(world));
    await life.pass();
    expect(world.lab.requests).toEqual([]);
    world.clock.advance(10_000);
    await life.pass();
    expect(releases(world)).toEqual([reason]);
  });

  it('the news grow old: nothing is sent', async () => {
    const config = makeConfig({ issue: { ...makeConfig().issue, deadlineMs: 900_000 } });
    const world = new World();
    world.commit({ job: yaml() });
    const life = world.start({ config });
    once(world, () => world.clock.advance(301_000));
    await life.pass();
    expect(world.lab.requests).toEqual([]);
    await life.settle();
    expect(releases(world)).toEqual(['stale']);
    expect(world.lab.requests).toHaveLength(1);
  });

  it('a released claim is claimed again, with a new attempt', async () => {
    const { world, life } = begun();
    once(world, () => world.clock.advance(60_000));
    await life.settle();
    // A ledger that answers too late is not asked again at once.
    expect(say(await life.settle())).toBe('issue');
    world.clock.advance(30_000);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.events().map((event) => [event.kind, 'attempt' in event ? event.attempt : 0])).toEqual([
      ['claimed', 1],
      ['released', 1],
      ['claimed', 2],
      ['issued', 2],
    ]);
  });
});

describe('a push without an answer', () => {
  it('is sent again until it is known, and then called in time', async () => {
    for (const first of ['lostAfter', 'lostBefore'] as const) {
      const { world, life } = begun();
      world.pushFaults.push(first, first);
      expect(say(await life.settle())).toBe('done SG6110');
      expect(releases(world)).toEqual([]);
      expect(world.batches().filter(({ events }) => events[0]?.kind === 'claimed')).toHaveLength(1);
    }
  });

  it.each(['lostAfter', 'lostBefore', 'inFlight'] as const)(
    'past the deadline (%s) keeps everything else from being written, and its late claims are released',
    async (how) => {
      const { world, life } = begun();
      for (let time = 0; time < 40; time += 1) world.pushFaults.push(how === 'inFlight' ? 'inFlight' : how);
      const report = await life.pass();
      expect(report.problems).toEqual([]);
      expect(world.lab.requests).toEqual([]);
      const { undecided } = life.c.state;
      expect(undecided).not.toBeNull();
      if (how === 'inFlight') world.remote.landLate();
      world.pushFaults.length = 0;
      world.clock.advance(600_000);
      await life.settle();
      expect(say(await life.settle())).toBe('done SG6110');
      expect(releases(world)).toEqual(['deadline']);
      expect(world.kinds()).toEqual(['claimed', 'released', 'claimed', 'issued']);
      expect(world.lab.requests).toHaveLength(1);
      expect(life.c.state.undecided).toBeNull();
    },
  );

  it('that is not known yet ends a pass with its reason, and nothing is decided', async () => {
    const { world, life } = begun();
    for (let time = 0; time < 60; time += 1) world.pushFaults.push('lostBefore');
    await life.pass();
    world.clock.advance(600_000);
    const report = await life.pass();
    expect(report.problems.map(({ code }) => code)).toEqual(['SG6207']);
    expect(world.lab.requests).toEqual([]);
  });

  it('that lost to another writer is decided again', async () => {
    const { world, life } = begun();
    for (let time = 0; time < 40; time += 1) world.pushFaults.push('inFlight');
    await life.pass();
    world.pushFaults.length = 0;
    const { token } = manifestOf(yaml({ name: 'else' }));
    await world.write([noted({ token, name: 'else', reason: 'withdrawn' })]);
    world.clock.advance(600_000);
    expect(say(await life.settle())).toBe('done SG6110');
    while (world.remote.inFlight > 0) expect(world.remote.landLate()).toBe(false);
    expect(world.kinds()).toEqual(['noted', 'claimed', 'issued']);
    expect(world.lab.requests).toHaveLength(1);
  });
});

describe('a refused push', () => {
  it('stops claims with a back-off that doubles, says so, and calls nothing', async () => {
    const { world, life } = begun();
    for (let time = 0; time < 3; time += 1) world.pushFaults.push('refused');
    const report = await life.pass();
    expect(world.pushes).toBe(1);
    expect(world.log.find(({ event }) => event === 'ledger push refused')).toMatchObject({ level: 'error' });
    expect(report.problems).toEqual([]);
    for (const [pauseMs, pushes] of [
      [9_000, 1],
      [1_000, 2],
      [19_000, 2],
      [1_000, 3],
      [39_000, 3],
    ] as const) {
      world.clock.advance(pauseMs);
      const again = await life.pass();
      expect(world.pushes).toBe(pushes);
      expect(say(again)).toMatch(/^(blocked SG4004|issue)$/);
      expect(world.lab.requests).toEqual([]);
    }
    world.clock.advance(1_000);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.log.some(({ event }) => event === 'ledger takes pushes again')).toBe(true);
  });

  it('loses no outcome: it lands when pushes are taken again', async () => {
    const { world, life } = begun();
    world.pushFaults.push(undefined, 'refused', 'refused');
    await life.pass();
    expect(world.lab.requests).toHaveLength(1);
    await life.pass();
    expect(world.kinds()).toEqual(['claimed']);
    world.clock.advance(10_000);
    await life.pass();
    world.clock.advance(20_000);
    await life.settle();
    expect(world.kinds()).toEqual(['claimed', 'issued']);
    expect(world.lab.requests).toHaveLength(1);
  });
});

describe('outcomes', () => {
  it('wait for a claim that carries them, and go alone after a while of quiet', async () => {
    const { world, life } = begun();
    await life.pass(false);
    await life.pass(false);
    expect(world.kinds()).toEqual(['claimed']);
    world.commit({ next: yaml({ name: 'next' }) });
    await life.pass(false);
    expect(world.batches().map(({ events }) => events.map(({ kind }) => kind))).toEqual([
      ['claimed'],
      ['issued', 'claimed'],
    ]);
    world.clock.advance(5_000);
    await life.pass(false);
    expect(world.kinds()).toEqual(['claimed', 'issued', 'claimed', 'issued']);
  });
});

describe('a stop', () => {
  const several = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, yaml({ name })]));
  const config = makeConfig({ issue: { ...makeConfig().issue, concurrency: 1 } });

  it('starts no further call, lets the one in hand end, and lands every outcome', async () => {
    const world = new World();
    world.commit(several);
    const life = world.start({ config });
    world.lab.scripts.push(() => {
      life.stop();
      return 'make';
    });
    await runLoop(life.c, new Bell());
    expect(world.lab.requests).toHaveLength(1);
    expect(world.kinds()).toEqual(['claimed', 'claimed', 'claimed', 'issued', 'released', 'released']);
    expect(releases(world)).toEqual(['shutdown', 'shutdown']);
    const next = world.start({ config });
    await next.settle();
    expect(world.lab.tasks).toHaveLength(3);
  });

  it('ends within its time though the ledger takes nothing, and says what has not landed', async () => {
    const world = new World();
    world.commit(several);
    const life = world.start({ config });
    world.lab.scripts.push(() => {
      life.stop();
      for (let time = 0; time < 200; time += 1)
        world.pushFaults.push(time % 2 === 0 ? 'refused' : 'lostBefore');
      return 'make';
    });
    await runLoop(life.c, new Bell());
    expect(world.clock.wall - startMs).toBeLessThan(35_000);
    expect(world.log.find(({ event }) => event.startsWith('stopped before'))).toMatchObject({
      level: 'error',
      fields: { outcomes: 3 },
    });
    // Nothing is lost: the next life watches, looks, and finds the one task.
    world.pushFaults.length = 0;
    const next = world.start({ config });
    await runOnce(next.c, { wait: true });
    expect(world.lab.tasks).toHaveLength(3);
    expect(world.lab.requests).toHaveLength(3);
  });

  it.each([
    ['a call that took most of its time is part of it', 20_000],
    ['after a call that took all of it the outcomes are tried once', 30_000],
  ])('counts its time from the stop: %s', async (_what, callMs) => {
    const world = new World();
    world.commit(several);
    const life = world.start({ config });
    let stoppedMs = 0;
    world.lab.scripts.push(() => {
      stoppedMs = world.clock.wall;
      life.stop();
      world.clock.advance(callMs);
      for (let time = 0; time < 200; time += 1) world.pushFaults.push('refused');
      return 'make';
    });
    const { pushes } = world;
    await runLoop(life.c, new Bell());
    expect(world.pushes - pushes).toBeGreaterThan(1);
    const { timeoutMs } = life.c.config.shutdown;
    expect(world.clock.wall - stoppedMs).toBeLessThanOrEqual(Math.max(timeoutMs, callMs));
  });

  it.each(['onBegin', 'onReport'] as const)(
    'of whoever keeps its books survives a bug: %s',
    async (which) => {
      const { world, life } = begun();
      let passes = 0;
      const watcher = {
        onBegin: () => {
          passes += 1;
          if (passes === 3) life.stop();
          if (which === 'onBegin') throw new Error('planned by the test');
        },
        onReport: () => {
          if (which === 'onReport') throw new Error('planned by the test');
        },
      };
      await runLoop(life.c, new Bell(), watcher);
      expect(world.lab.requests).toHaveLength(1);
      expect(world.log.find(({ event }) => event === 'a bug kept a pass from being noted')).toMatchObject({
        level: 'error',
        fields: { code: 'SG6224', reason: expect.stringContaining('planned by the test') },
      });
    },
  );

  it('sends an undecided commit once more, and releases its claims', async () => {
    const world = new World();
    world.commit(several);
    const life = world.start({ config });
    for (let time = 0; time < 40; time += 1) world.pushFaults.push('lostBefore');
    await life.pass();
    expect(life.c.state.undecided).not.toBeNull();
    world.pushFaults.length = 0;
    life.stop();
    expect(await flush(life.c, readMoment(life.c.clock))).toBe(true);
    expect(releases(world)).toEqual(['deadline', 'deadline', 'deadline']);
    expect(world.lab.requests).toEqual([]);
  });

  it('with nothing to write writes nothing', async () => {
    const { world, life } = begun();
    await life.settle();
    const { tip } = world.remote;
    life.stop();
    expect(await flush(life.c, readMoment(life.c.clock))).toBe(true);
    expect(world.remote.tip).toBe(tip);
  });
});

describe('a pass', () => {
  it('claims before it calls, and calls nothing that it did not claim', async () => {
    const { world, life } = begun();
    world.lab.scripts.push((request) => {
      expect(world.kinds()).toEqual(['claimed']);
      expect(world.events()[0]).toMatchObject({ request });
      return 'make';
    });
    await life.settle();
    expect(world.lab.requests).toHaveLength(1);
  });

  it('held by a policy file does nothing at all', async () => {
    const world = new World();
    const files = { 'tasks/job.yaml': yaml(), 'policies/a.yaml': 'anything: at all\n' };
    world.origin.commit({ files, timeMs: startMs });
    expect(say(await world.start().settle())).toBe('hold SG6309');
    expect(world.kinds()).toEqual([]);
  });

  it('does the same at the same time in another world: nothing is left to chance', async () => {
    const runs = await Promise.all(
      [0, 1].map(async () => {
        const { world, life } = begun();
        await life.settle();
        return world.remote.segments();
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
  });
});
