/** Between the verdict and the call: a permission that ends meanwhile, and a policy that is merged meanwhile. */
import { describe, expect, it } from 'vitest';
import { yaml } from '../plan/stage.ts';
import { insideText, policyText, requireText, waiverText, windowText } from './documents.ts';
import { makeConfig, say, startMs, World } from './world.ts';

const minuteMs = 60_000;
const issue = makeConfig().issue;

function begun(rule: string, config = makeConfig()) {
  const world = new World();
  world.rule({ p: rule });
  world.commit({ job: yaml() });
  return { world, life: world.start({ config }) };
}

const releases = (world: World): unknown[] =>
  world.events().flatMap((event) => (event.kind === 'released' ? [event.reason] : []));

/** The next push takes so long. */
function slowPush(world: World, durationMs: number): void {
  world.beforePush = () => {
    world.beforePush = () => undefined;
    world.clock.advance(durationMs);
  };
}

describe('a permission that ends while the claim is on its way', () => {
  const rows: [string, string, Parameters<typeof makeConfig>[0]][] = [
    ['the window closes', insideText(0, 10), {}],
    ['its cutoff comes', insideText(0, 30, {}, { cutoff: '20m' }), {}],
    ['what is queued would be cancelled at once', insideText(0, 12), { cancel: { leadMs: 2 * minuteMs } }],
    [
      'a condition on the time does not hold any more',
      requireText('now < timestamp("2026-11-23T12:10:00Z")'),
      {},
    ],
  ];
  it.each(rows)('%s: no call, and the claim is released as not allowed', async (_what, rule, over) => {
    const { world, life } = begun(rule, makeConfig(over));
    world.clock.advance(10 * minuteMs - 20_000);
    slowPush(world, 20_000);
    const report = await life.settle();
    expect(world.lab.requests).toEqual([]);
    expect(releases(world)).toEqual(['notAllowed']);
    expect(say(report)).not.toMatch(/^issue/);
  });

  it('a waiver expires', async () => {
    const { world, life } = begun(insideText(600, 630));
    world.rule({ glass: waiverText(startMs + 20_000, ['p/window']) });
    slowPush(world, 20_000);
    expect(say(await life.settle())).toBe('hold SG6303 SG6326');
    expect(world.kinds()).toEqual(['claimed', 'released']);
    expect(world.lab.requests).toEqual([]);
  });

  it('while calls wait for their pace: those before it are made, those after it are not', async () => {
    const world = new World();
    world.rule({ p: insideText(0, 10) });
    const names = Array.from({ length: 10 }, (_, index) => `t${index}`);
    world.commit(Object.fromEntries(names.map((name) => [name, yaml({ name })])));
    const life = world.start({ config: makeConfig({ issue: { ...issue, rate: 0.5, concurrency: 1 } }) });
    world.clock.advance(10 * minuteMs - 9_000);
    await life.settle();
    expect(world.lab.requests).toHaveLength(5);
    // A batch is no longer than its deadline allows at this pace: the sixth was claimed, the others were not.
    expect(releases(world)).toEqual(['notAllowed']);
  });

  it('and is asked for at the next opening, with a new attempt', async () => {
    const times = windowText('w', [
      [0, 10],
      [60, 120],
    ]);
    const rule = `${times}---\n${policyText('p', [{ name: 'window', window: 'w' }])}`;
    const { world, life } = begun(rule);
    world.clock.advance(10 * minuteMs - 20_000);
    slowPush(world, 20_000);
    const held = await life.settle();
    expect(held.decisions[0]?.untilMs).toBe(startMs + 60 * minuteMs);
    world.clock.advance(startMs + 60 * minuteMs - world.clock.wall);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.kinds()).toEqual(['claimed', 'released', 'claimed', 'issued']);
  });
});

describe('policies that are merged while the claim is on its way', () => {
  it('do not stop a call that is allowed at the heads its claim acted on', async () => {
    const { world, life } = begun(requireText('true'));
    const head = world.origin.head;
    world.beforePush = () => {
      world.beforePush = () => undefined;
      world.rule({ p: requireText('false') });
    };
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.batches()[0]?.header).toMatchObject({ source: head, policies: head });
  });

  it('are acted on by the next decision', async () => {
    const { world, life } = begun(requireText('true'));
    await life.settle();
    world.rule({ p: policyText('p', [{ name: 'rule', require: 'false', otherwise: 'hold' }]) });
    world.commit({ next: yaml({ name: 'next' }) });
    expect(say(await life.settle(), 'lab/next')).toBe('hold SG6301');
  });
});

describe('a task that comes when its window is about to close', () => {
  it('waits for the next opening: asked for now, it would be cancelled at once', async () => {
    const times = windowText('w', [
      [0, 10],
      [60, 120],
    ]);
    const rule = `${times}---\n${policyText('p', [{ name: 'window', window: 'w' }])}`;
    const { world, life } = begun(rule, makeConfig({ cancel: { leadMs: 2 * minuteMs } }));
    world.clock.advance(8 * minuteMs);
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6314');
    expect(report.decisions[0]?.untilMs).toBe(startMs + 60 * minuteMs);
    expect(world.creates).toBe(0);
    world.clock.advance(startMs + 60 * minuteMs - world.clock.wall);
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('is asked for where its rule leaves what is queued', async () => {
    const { world, life } = begun(
      insideText(0, 10, { onClose: 'leave' }),
      makeConfig({ cancel: { leadMs: 2 * minuteMs } }),
    );
    world.clock.advance(9 * minuteMs);
    expect(say(await life.settle())).toBe('done SG6110');
  });
});
