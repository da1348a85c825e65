/** A window holds for the execution, too: what is still queued when the permission to run ends is cancelled. */
import { describe, expect, it } from 'vitest';
import type { ControllerConfig } from '../../src/config/config.ts';
import { Bell, runLoop } from '../../src/controller/loop.ts';
import { fault } from '../../src/lib/faults.ts';
import { isoInstant } from '../../src/policy/verdict.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { insideText, policyText, requireText, waiverText, windowText } from './documents.ts';
import { denied, throttled } from './scripted-fleet.ts';
import { makeConfig, say, startMs, World } from './world.ts';

const minuteMs = 60_000;
const away = fault('SG5005', 'retry', 'AWS had an internal error (planned by the test)');
const leading = makeConfig({ cancel: { leadMs: 2 * minuteMs } });

async function issued(rule: string, text = yaml(), config: ControllerConfig = leading) {
  const world = new World();
  if (rule !== '') world.rule({ p: rule });
  world.commit({ job: text });
  const life = world.start({ config });
  await life.settle();
  const [task] = world.lab.tasks;
  if (task === undefined) throw new Error('nothing was made');
  return { world, life, task };
}

const cancels = (world: World): string[] => world.lab.asked.filter((what) => what.startsWith('cancel'));
const told = (world: World): unknown[] =>
  world.events().flatMap((event) => {
    if (event.kind === 'cancelRequested') return [`requested ${event.reason} ${event.end ?? ''}`];
    if (event.kind === 'cancelAnswered') return [`answered ${event.answer}`];
    return event.kind === 'settled' ? [`settled ${event.outcome}`] : [];
  });
const goTo = (world: World, minutes: number): void =>
  world.clock.advance(startMs + minutes * minuteMs - world.clock.wall);
const at = (minutes: number): number => startMs + minutes * minuteMs;
const end = (minutes: number): string => isoInstant(at(minutes));

describe('a task that is queued when its window closes', () => {
  it('is cancelled cancel.lead before, the request first, and ends as missed', async () => {
    const { world, life } = await issued(insideText(0, 30));
    goTo(world, 27);
    await life.settle();
    expect(cancels(world)).toEqual([]);
    goTo(world, 28);
    world.pushFaults.push('refused');
    await life.pass();
    expect(cancels(world)).toEqual([]);
    world.clock.advance(15_000);
    await life.settle();
    expect(cancels(world)).toEqual(['cancel st-lab-1']);
    world.clock.advance(minuteMs);
    await life.settle();
    await life.settle();
    expect(told(world)).toEqual([`requested closed ${end(30)}`, 'answered accepted', 'settled missed']);
    expect(say(await life.settle())).toBe('done SG6111');
    expect(world.creates).toBe(1);
  });

  it('is what the loop wakes for, without a schedule', async () => {
    const { world, life } = await issued(insideText(0, 300));
    let askedMs = 0;
    const cancelTask = world.lab.cancelTask.bind(world.lab);
    world.lab.cancelTask = (taskId, gate) => {
      askedMs = world.clock.wall;
      return cancelTask(taskId, gate);
    };
    const onReport = (): void => {
      if (world.clock.wall > startMs + 320 * minuteMs) life.stop();
    };
    await runLoop(life.c, new Bell(), { onReport });
    expect(askedMs).toBeGreaterThanOrEqual(startMs + 298 * minuteMs);
    expect(askedMs).toBeLessThan(startMs + 298 * minuteMs + 5_000);
  });

  it('is cancelled in time, without a schedule, though a push of its request is refused', async () => {
    const { world, life } = await issued(insideText(0, 300));
    world.beforePush = () => {
      if (world.clock.wall >= at(298) && world.clock.wall < at(298) + 5_000) world.pushFaults.push('refused');
    };
    const onReport = (): void => {
      if (world.clock.wall > at(298.5) && cancels(world).length === 0) life.stop();
      if (world.clock.wall > at(320)) life.stop();
    };
    await runLoop(life.c, new Bell(), { onReport });
    expect(cancels(world)).toEqual(['cancel st-lab-1']);
  });

  it('is cancelled beside a hundred others before they close, at the usual rate', async () => {
    const world = new World();
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    for (const name of names) world.lab.devices.add(`smd-${name}-1`).add(`smd-${name}-2`);
    world.rule({ p: insideText(0, 10) });
    world.commit(Object.fromEntries(names.map((name) => [name, yaml({ name })])));
    const usual = { cancel: { leadMs: minuteMs }, observe: { rate: 2 } };
    const ledger = { ...makeConfig().ledger, pushesPerMinute: 6 };
    const life = world.start({ config: makeConfig({ ...usual, ledger }) });
    let inTime = 0;
    const onReport = (): void => {
      if (world.clock.wall < at(10)) inTime = cancels(world).length;
      if (world.clock.wall > at(12)) life.stop();
    };
    await runLoop(life.c, new Bell(), { onReport });
    expect(world.lab.tasks).toHaveLength(100);
    expect(inTime).toBeGreaterThan(90);
    expect(cancels(world)).toHaveLength(100);
  });

  it('is left alone with onClose: leave, and where nothing ever closes', async () => {
    for (const rule of [insideText(0, 30, { onClose: 'leave' }), insideText(0, 30, { otherwise: 'warn' })]) {
      const { world, life } = await issued(rule);
      for (const minutes of [28, 30, 60, 24 * 60]) {
        goTo(world, minutes);
        await life.settle();
      }
      expect(cancels(world)).toEqual([]);
      expect(told(world)).toEqual([]);
    }
  });

  it('of which a device has begun is tried, and what AWS says of it is written', async () => {
    const { world, life, task } = await issued(insideText(0, 30));
    task.executions = ['IN_PROGRESS', 'QUEUED'];
    goTo(world, 28);
    await life.settle();
    task.executions = ['SUCCEEDED', 'CANCELED'];
    world.clock.advance(minuteMs);
    await life.settle();
    await life.settle();
    expect(told(world)).toEqual([`requested closed ${end(30)}`, 'answered accepted', 'settled partial']);
  });

  it('that has begun on every device is not asked for, and goes on', async () => {
    const { world, life, task } = await issued(insideText(0, 30));
    task.executions = ['IN_PROGRESS', 'IN_PROGRESS'];
    goTo(world, 20);
    await life.settle();
    goTo(world, 28);
    await life.settle();
    expect(cancels(world)).toEqual([]);
    expect(told(world)).toEqual([]);
  });

  it('is cancelled where its device has begun and nobody had looked: AWS is looked at before it is asked', async () => {
    const { world, life, task } = await issued(insideText(0, 30));
    goTo(world, 28);
    task.executions = ['IN_PROGRESS', 'IN_PROGRESS'];
    await life.settle();
    expect(cancels(world)).toEqual([]);
    expect(told(world)).toEqual([`requested closed ${end(30)}`, 'answered begun']);
  });

  it('at its notAfter is cancelled as expired, and whichever is first tells why', async () => {
    const text = yaml({ spec: [`notAfter: ${end(20)}`] });
    for (const rule of ['', insideText(0, 30), insideText(0, 30, { onClose: 'leave' })]) {
      const { world, life } = await issued(rule, text);
      goTo(world, 18);
      await life.settle();
      world.clock.advance(minuteMs);
      await life.settle();
      await life.settle();
      expect(told(world)).toEqual([`requested expired ${end(20)}`, 'answered accepted', 'settled missed']);
    }
  });

  it('that a waiver let through is cancelled when the waiver expires, whatever the windows say', async () => {
    const world = new World();
    world.rule({ p: insideText(600, 630), glass: waiverText(startMs + 30 * minuteMs, ['p/window']) });
    world.commit({ job: yaml() });
    const life = world.start({ config: leading });
    await life.settle();
    goTo(world, 28);
    await life.settle();
    expect(told(world)).toEqual([`requested closed ${end(30)}`, 'answered accepted']);
  });
});

describe('what does not keep a queued task from being cancelled in time', () => {
  const rows: [string, (world: World) => void][] = [
    [
      'a source that cannot be reached',
      (world) => {
        world.sourceDown = true;
      },
    ],
    ['a history that was rewritten', rewrite],
    [
      'an AWS that throttles what is issued',
      (world) => {
        for (let time = 0; time < 20; time += 1) world.lab.scripts.push(() => throttled);
        for (const name of ['a', 'b', 'c']) world.commit({ [name]: yaml({ name }) });
      },
    ],
    ['a manifest with errors', (world) => world.commit({ job: 'kind: Task\n' })],
    ['a policy that does not load any more', (world) => world.rule({ p: 'nonsense: true\n' })],
    ['a policy that is gone', (world) => world.rule({ p: null })],
    [
      'a policy that holds everything',
      (world) => world.rule({ q: policyText('q', [{ name: 'r', require: 'false' }]) }),
    ],
  ];
  it.each(rows)('%s', async (_what, happen) => {
    const { world, life } = await issued(insideText(0, 30));
    happen(world);
    for (let minute = 1; minute <= 28; minute += 1) {
      await life.settle();
      if (world.clock.wall < at(minute)) goTo(world, minute);
    }
    await life.settle();
    expect(told(world)).toEqual([`requested closed ${end(30)}`, 'answered accepted']);
  });

  it.each(rows)('%s, in a life that begins only then', async (_what, happen) => {
    const { world, life } = await issued(insideText(0, 30));
    await life.settle();
    happen(world);
    goTo(world, 28);
    await world.start({ config: leading, memory: emptyLedgerMemory() }).settle();
    expect(cancels(world)).toEqual(['cancel st-lab-1']);
  });

  it('a cancel of a manifest that was removed, and the source is out of reach since', async () => {
    const { world, life } = await issued(insideText(0, 30));
    world.commit({ other: yaml({ name: 'other', spec: ['notBefore: 2027-06-01T00:00:00Z'] }) });
    await life.settle();
    world.commit({ job: null });
    world.lab.proveFault = denied;
    await life.settle();
    expect(told(world)).toEqual(['requested removed ']);
    world.sourceDown = true;
    world.lab.proveFault = null;
    goTo(world, 28);
    await life.settle();
    expect(cancels(world)).toEqual(['cancel st-lab-1']);
  });

  function rewrite(world: World): void {
    const files = { 'tasks/new.yaml': yaml({ name: 'new' }), 'policies/p.yaml': requireText('true') };
    world.origin.move(world.origin.build(null, { files, timeMs: world.clock.wall }));
  }
});

describe('a window that is changed while its task is queued', () => {
  it('binds by what it says now: longer, or shorter', async () => {
    for (const [minutes, untilMinutes] of [
      [60, 58],
      [20, 18],
    ] as const) {
      const { world, life } = await issued(insideText(0, 30));
      world.rule({ p: insideText(0, minutes) });
      await life.settle();
      goTo(world, untilMinutes - 1);
      await life.settle();
      expect(told(world)).toEqual([]);
      goTo(world, untilMinutes);
      await life.settle();
      expect(told(world)).toEqual([`requested closed ${end(minutes)}`, 'answered accepted']);
    }
  });

  it('is closed at once by a freeze that is merged', async () => {
    const { world, life } = await issued(insideText(0, 30));
    goTo(world, 5);
    const frozen = windowText('w', [[0, 30]], {
      closed: [{ from: '2026-11-23T12:00', to: '2026-11-24T12:00' }],
    });
    world.rule({ p: `${frozen}---\n${policyText('p', [{ name: 'window', window: 'w' }])}` });
    await life.settle();
    expect(told(world)).toMatchObject([expect.stringMatching(/^requested closed/), 'answered accepted']);
  });
});

describe('a cancel that is not answered', () => {
  it('is tried again, after the end, too, and by the next life', async () => {
    const { world, life } = await issued(insideText(0, 30));
    for (let time = 0; time < 2; time += 1)
      world.lab.cancels.push({ kind: 'failed', throttled: false, fault: away });
    goTo(world, 28);
    await life.settle();
    expect(told(world)).toEqual([`requested closed ${end(30)}`]);
    world.clock.advance(20_000);
    await life.settle();
    expect(cancels(world)).toHaveLength(2);
    goTo(world, 45);
    const next = world.start({ config: leading, memory: emptyLedgerMemory() });
    for (let pass = 0; pass < 2; pass += 1) await next.settle();
    expect(told(world)).toEqual([`requested closed ${end(30)}`, 'answered accepted']);
  });
});
