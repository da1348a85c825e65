/** Policies from a repository of their own: whoever may merge tasks may not merge policies. */
import { describe, expect, it } from 'vitest';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { requireText, suspensionText, waiverText, windowText } from './documents.ts';
import { codesOf, makeConfig, policySource, say, startMs, World } from './world.ts';

const minuteMs = 60_000;
const config = makeConfig({ policySource });
const allow = requireText('true');
const hold = requireText('false', { otherwise: 'hold' });

function begun(rule = allow) {
  const world = new World();
  world.rule({ p: rule }, world.policyOrigin);
  world.commit({ job: yaml() });
  return { world, life: world.start({ config }) };
}

const next = (world: World, name = 'next'): unknown => world.commit({ [name]: yaml({ name }) });

describe('policies from their own repository', () => {
  it('are used instead of those beside the manifests', async () => {
    const { world, life } = begun(allow);
    world.rule({ p: hold, stop: suspensionText() });
    expect(say(await life.settle())).toBe('done SG6110');
    world.rule({ p: hold }, world.policyOrigin);
    next(world);
    expect(say(await life.settle(), 'lab/next')).toBe('hold SG6301');
  });

  it('are named by their head in each commit that acted on them', async () => {
    const { world, life } = begun();
    await life.settle();
    const policies = world.policyOrigin.head;
    expect(world.batches()[0]?.header).toMatchObject({ source: world.origin.head, policies });
    expect(policies).not.toBe(world.origin.head);
  });

  it('are taken up where policies lay beside the manifests before, and guarded from then on', async () => {
    const world = new World();
    world.rule({ p: allow });
    world.commit({ job: yaml() });
    await world.start().settle();
    world.rule({ p: hold }, world.policyOrigin);
    next(world);
    const life = world.start({ config, memory: emptyLedgerMemory() });
    expect(say(await life.settle(), 'lab/next')).toBe('hold SG6301');
    world.rule({ p: allow }, world.policyOrigin);
    expect(say(await life.settle(), 'lab/next')).toBe('done SG6110');
    expect(world.batches().at(-1)?.header.policies).toBe(world.policyOrigin.head);
    const files = { 'policies/p.yaml': allow };
    world.policyOrigin.move(world.policyOrigin.build(null, { files, timeMs: world.clock.wall }));
    next(world, 'more');
    expect(codesOf(await life.settle())).toEqual(['SG6242']);
  });

  it('that hold no policy halt issuing where what no policy matches is allowed: nobody meant that', async () => {
    const world = new World();
    world.rule({ w: windowText('w', [[0, 10]]) }, world.policyOrigin);
    world.commit({ job: yaml() });
    const life = world.start({ config });
    expect(codesOf(await life.settle())).toEqual(['SG6247']);
    world.rule({ p: allow }, world.policyOrigin);
    expect(say(await life.settle())).toBe('done SG6110');
    const accept = world.rule({ p: null }, world.policyOrigin);
    next(world);
    expect(codesOf(await life.settle())).toEqual(['SG6247']);
    // Whoever wants none writes no policySource.
    const accepting = makeConfig({ policySource: { ...policySource, accept } });
    const other = world.start({ config: accepting, memory: emptyLedgerMemory() });
    expect(codesOf(await other.settle())).toEqual(['SG6247']);
    const path = makeConfig({ policySource: { ...policySource, path: 'elsewhere' } });
    expect(codesOf(await world.start({ config: path, memory: emptyLedgerMemory() }).settle())).toEqual([
      'SG6247',
    ]);
    world.rule({ p: allow }, world.policyOrigin);
    expect(say(await life.settle(), 'lab/next')).toBe('done SG6110');
  });

  it('have the history of their own waivers', async () => {
    const { world, life } = begun(hold);
    world.clock.advance(10 * minuteMs);
    world.rule(
      { glass: waiverText(startMs + 72 * 60 * minuteMs + minuteMs, ['p/rule']) },
      world.policyOrigin,
    );
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.events()[0]).toMatchObject({ verdict: { waiver: { name: 'glass' } } });
  });

  it('that were never read let nothing be issued', async () => {
    const { world, life } = begun();
    world.policiesDown = true;
    const report = await life.settle();
    expect(codesOf(report)).toEqual(['SG6240']);
    expect(report.problems[0]?.message).toMatch(/^the policies have not been read yet: ./);
    expect(say(report)).toMatch(/^blocked /);
    world.policiesDown = false;
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('that cannot be reached are good for source.maxAge, and then nothing is issued on them', async () => {
    const { world, life } = begun();
    await life.settle();
    world.policiesDown = true;
    world.clock.advance(4 * minuteMs);
    next(world, 'a');
    expect(say(await life.settle(), 'lab/a')).toBe('done SG6110');
    world.clock.advance(2 * minuteMs);
    next(world, 'late');
    expect(say(await life.settle(), 'lab/late')).toBe('blocked SG6204');
    expect(world.log.filter(({ event }) => event === 'policies not reached')).toHaveLength(1);
    world.policiesDown = false;
    expect(say(await life.settle(), 'lab/late')).toBe('done SG6110');
    expect(world.log.some(({ event }) => event === 'policies reached again')).toBe(true);
  });

  it('that grow too old between a claim and its call stop the call', async () => {
    const long = makeConfig({ policySource, issue: { ...makeConfig().issue, deadlineMs: 900_000 } });
    const { world } = begun();
    const life = world.start({ config: long, memory: emptyLedgerMemory() });
    world.beforePush = () => {
      world.beforePush = () => undefined;
      world.clock.advance(301_000);
    };
    await life.pass();
    expect(world.lab.requests).toEqual([]);
    await life.settle();
    expect(world.kinds().slice(0, 2)).toEqual(['claimed', 'released']);
  });
});

describe('a history of the policies that was rewritten', () => {
  function rewrite(world: World, rule = allow): string {
    const files = { 'policies/p.yaml': rule, 'policies/new.yaml': suspensionText({ fleet: 'sea' }) };
    const head = world.policyOrigin.build(null, { files, timeMs: world.clock.wall });
    world.policyOrigin.move(head);
    return head;
  }

  it('halts issuing until the branch is restored, and is acted on in nothing', async () => {
    const { world, life } = begun();
    await life.settle();
    const before = world.policyOrigin.head;
    rewrite(world, requireText('false'));
    next(world);
    const report = await life.settle();
    expect(codesOf(report)).toEqual(['SG6242']);
    // Not noted as denied: the rewritten policies decide nothing.
    expect(world.kinds()).toEqual(['claimed', 'issued']);
    expect(world.log.some(({ event }) => event === 'halted: nothing is issued')).toBe(true);
    expect(world.batches().at(-1)?.header.policies).toBe(before);
    world.policyOrigin.move(before);
    expect(say(await life.settle(), 'lab/next')).toBe('done SG6110');
  });

  it('halts the next life, too, and goes on when policySource.accept names the new head', async () => {
    const { world, life } = begun();
    await life.settle();
    const head = rewrite(world);
    next(world);
    const again = world.start({ config, memory: emptyLedgerMemory() });
    expect(codesOf(await again.settle())).toEqual(['SG6242']);
    const accepting = makeConfig({ policySource: { ...policySource, accept: head } });
    const third = world.start({ config: accepting, memory: emptyLedgerMemory() });
    expect(say(await third.settle(), 'lab/next')).toBe('done SG6110');
    expect(world.batches().some(({ header }) => header.accepted === head && header.policies === head)).toBe(
      true,
    );
    // Good once: the same value does not let a second rewriting through.
    rewrite(world, requireText('1 == 1'));
    next(world, 'more');
    expect(codesOf(await third.settle())).toEqual(['SG6242']);
  });

  it('and one of the source at the same time are both accepted, each by its own word', async () => {
    const { world, life } = begun();
    await life.settle();
    const head = rewrite(world);
    const files = { 'tasks/fresh.yaml': yaml({ name: 'fresh' }), 'tasks/job.yaml': yaml() };
    const source = world.origin.build(null, { files, timeMs: world.clock.wall });
    world.origin.move(source);
    expect(codesOf(await life.settle())).toEqual([expect.any(String), 'SG6242']);
    const accepting = makeConfig({
      source: { ...makeConfig().source, accept: source },
      policySource: { ...policySource, accept: head },
    });
    const next = world.start({ config: accepting, memory: emptyLedgerMemory() });
    expect(say(await next.settle(), 'lab/fresh')).toBe('done SG6110');
    const accepted = world.batches().flatMap(({ header }) => header.accepted ?? []);
    expect(new Set(accepted)).toEqual(new Set([source, head]));
  });
});

describe('another replica that acted on newer policies', () => {
  it('keeps this one from acting on older ones, until it has fetched them', async () => {
    const { world, life } = begun();
    await life.settle();
    world.policiesDown = true;
    world.rule({ p: hold }, world.policyOrigin);
    world.commit({ far: yaml({ name: 'far', fleet: 'sea' }) });
    await world.write([], world.origin.head, world.policyOrigin.head);
    const report = await life.settle();
    expect(codesOf(report)).toEqual(['SG6241']);
    expect(world.creates).toBe(1);
    world.policiesDown = false;
    expect(say(await life.settle(), 'sea/far')).toBe('hold SG6301');
  });

  it('while this one was claiming: the claim is not made again on the older ones', async () => {
    const { world, life } = begun();
    await life.settle();
    next(world);
    const { ledger } = life.c;
    const push = ledger.push.bind(ledger);
    ledger.push = async (commit) => {
      ledger.push = push;
      world.rule({ p: hold }, world.policyOrigin);
      await world.write([], world.origin.head, world.policyOrigin.head);
      return push(commit);
    };
    const report = await life.pass();
    expect(world.creates).toBe(1);
    expect(say(report, 'lab/next')).toBe('issue');
    expect(say(await life.settle(), 'lab/next')).toBe('hold SG6301');
    expect(world.creates).toBe(1);
  });
});
