/** Policies that are gone, where what no policy matches is allowed: everything would be issued, and nobody meant that. */
import { describe, expect, it } from 'vitest';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { requireText, windowText } from './documents.ts';
import { begun } from './ruled.ts';
import { codesOf, makeConfig, policySource, say, World } from './world.ts';

const covered = makeConfig({ policy: { uncovered: 'hold', separateCommits: false } });

describe('policies that are gone', () => {
  const gone = async (config = makeConfig()) => {
    const { world, life } = begun({ p: requireText('task.run == 1') }, config);
    await life.settle();
    world.rule({ p: null });
    return { world, life, head: world.commit({ next: yaml({ name: 'next' }) }) };
  };

  it('halt issuing where what no policy matches is allowed, in the next life, too, until they are back', async () => {
    const { world, life } = await gone();
    expect(codesOf(await life.settle())).toEqual(['SG6247']);
    expect(codesOf(await world.start({ memory: emptyLedgerMemory() }).settle())).toEqual(['SG6247']);
    expect(world.creates).toBe(1);
    world.rule({ p: requireText('task.run == 1') });
    expect(say(await life.settle(), 'lab/next')).toBe('done SG6110');
  });

  it('or until source.accept names a head without them', async () => {
    const { world, head } = await gone();
    const accepting = makeConfig({ source: { ...makeConfig().source, accept: head } });
    const life = world.start({ config: accepting, memory: emptyLedgerMemory() });
    expect(say(await life.settle(), 'lab/next')).toBe('done SG6110');
    world.commit({ more: yaml({ name: 'more' }) });
    expect(say(await life.settle(), 'lab/more')).toBe('done SG6110');
    const again = world.start({ memory: emptyLedgerMemory() });
    world.commit({ last: yaml({ name: 'last' }) });
    expect(say(await again.settle(), 'lab/last')).toBe('done SG6110');
  });

  it('hold by themselves where what no policy matches is held', async () => {
    const { life } = await gone(covered);
    expect(say(await life.settle(), 'lab/next')).toBe('hold SG6308');
  });

  it.each([
    ['at the same head', false],
    ['at a newer one', true],
  ])('halt where the configuration looks for them elsewhere, %s', async (_what, isNewer) => {
    const { world, life } = begun({ p: requireText('task.run == 1', { otherwise: 'hold' }) });
    world.commit({ other: yaml({ name: 'other', run: 2 }) });
    expect(say(await life.settle(), 'lab/other')).toBe('hold SG6301');
    world.origin.configure({ policies: 'polices' });
    if (isNewer) world.commit({ next: yaml({ name: 'next' }) });
    const again = world.start({ memory: emptyLedgerMemory() });
    expect(codesOf(await again.settle())).toEqual(['SG6247']);
    expect(world.creates).toBe(1);
    world.origin.configure({ policies: 'policies' });
    expect(codesOf(await again.settle())).toEqual([]);
  });

  it('halt from the first where the configuration names their place, and none lies there', async () => {
    const { world } = begun({});
    const named = makeConfig({
      source: { ...makeConfig().source, policies: 'polices', namesPolicies: true },
    });
    const report = await world.start({ config: named }).settle();
    expect(report.problems).toEqual([
      { code: 'SG6247', message: expect.stringContaining('below polices, which source.policies names; ') },
    ]);
    expect(world.creates).toBe(0);
  });

  it('halt where they had a repository of their own, and the configuration names none any more', async () => {
    const world = new World();
    world.rule({ p: requireText('task.run == 1') }, world.policyOrigin);
    world.commit({ job: yaml() });
    await world.start({ config: makeConfig({ policySource }) }).settle();
    const head = world.commit({ next: yaml({ name: 'next' }) });
    expect(codesOf(await world.start({ memory: emptyLedgerMemory() }).settle())).toEqual(['SG6247']);
    const accepting = makeConfig({ source: { ...makeConfig().source, accept: head } });
    const life = world.start({ config: accepting, memory: emptyLedgerMemory() });
    expect(say(await life.settle(), 'lab/next')).toBe('done SG6110');
    world.commit({ more: yaml({ name: 'more' }) });
    const again = world.start({ memory: emptyLedgerMemory() });
    expect(say(await again.settle(), 'lab/more')).toBe('done SG6110');
  });

  it('halt where all that the ledger tells of them is a denial', async () => {
    const world = new World();
    world.rule({ p: requireText('false') }, world.policyOrigin);
    world.commit({ job: yaml() });
    const life = world.start({ config: makeConfig({ policySource }) });
    expect(say(await life.settle())).toBe('deny SG6301');
    expect(world.kinds()).toEqual(['noted']);
    expect(codesOf(await world.start({ memory: emptyLedgerMemory() }).settle())).toEqual(['SG6247']);
    expect(world.creates).toBe(0);
  });

  it('halt where there were none once, then some, and then a configuration of before', async () => {
    const world = new World();
    world.commit({ job: yaml() });
    await world.start().settle();
    world.rule({ p: requireText('false') }, world.policyOrigin);
    world.commit({ next: yaml({ name: 'next' }) });
    const config = makeConfig({ policySource });
    const life = world.start({ config, memory: emptyLedgerMemory() });
    expect(say(await life.settle(), 'lab/next')).toBe('deny SG6301');
    expect(codesOf(await world.start({ memory: emptyLedgerMemory() }).settle())).toEqual(['SG6247']);
    expect(world.creates).toBe(1);
  });

  it('halt where a head was accepted for another reason while they were there', async () => {
    const { world, life } = begun({ p: requireText('task.run == 1') });
    await life.settle();
    const accept = world.commit({ next: yaml({ name: 'next' }) });
    const source = { ...makeConfig().source, accept };
    const accepting = world.start({ config: makeConfig({ source }), memory: emptyLedgerMemory() });
    expect(say(await accepting.settle(), 'lab/next')).toBe('done SG6110');
    world.origin.configure({ policies: 'polices' });
    world.commit({ more: yaml({ name: 'more', run: 2 }) });
    const again = world.start({ config: makeConfig({ source }), memory: emptyLedgerMemory() });
    expect(codesOf(await again.settle())).toEqual(['SG6247']);
    expect(world.creates).toBe(2);
  });

  it('halt where they went after the head that was accepted', async () => {
    const { world, life } = begun({ p: requireText('task.run == 1') });
    await life.settle();
    const accept = world.commit({ next: yaml({ name: 'next', run: 2 }) });
    world.rule({ p: null });
    const source = { ...makeConfig().source, accept };
    const accepting = world.start({ config: makeConfig({ source }), memory: emptyLedgerMemory() });
    expect(codesOf(await accepting.settle())).toEqual(['SG6247']);
    expect(world.creates).toBe(1);
  });

  it('halt in a replica that has acted without any before others acted on them', async () => {
    const { world, life } = begun({});
    await life.settle();
    world.rule({ p: requireText('task.run == 1') });
    world.commit({ next: yaml({ name: 'next', run: 2 }) });
    const other = world.start({ config: makeConfig({ replica: 'two' }), memory: emptyLedgerMemory() });
    expect(say(await other.settle(), 'lab/next')).toBe('deny SG6301');
    world.rule({ p: null });
    for (const replica of [other, life]) expect(codesOf(await replica.settle())).toEqual(['SG6247']);
    expect(world.creates).toBe(1);
  });

  it('are no slip where their place holds something else, such as a window', async () => {
    const { world } = begun({ w: windowText('w', [[0, 10]]) });
    const named = makeConfig({ source: { ...makeConfig().source, namesPolicies: true } });
    expect(say(await world.start({ config: named }).settle())).toBe('done SG6110');
  });

  it('are no halt where there were only windows, whatever becomes of these', async () => {
    const { world, life } = begun({ w: windowText('w', [[0, 10]]) });
    await life.settle();
    for (const [name, minutes] of [
      ['next', 20],
      ['more', 30],
    ] as const) {
      world.rule({ w: windowText('w', [[0, minutes]]) });
      world.commit({ [name]: yaml({ name }) });
      const again = world.start({ memory: emptyLedgerMemory() });
      expect(say(await again.settle(), `lab/${name}`)).toBe('done SG6110');
    }
  });

  it('are no halt where there never were any', async () => {
    const { world, life } = begun({});
    await life.settle();
    world.commit({ next: yaml({ name: 'next' }) });
    const again = world.start({ memory: emptyLedgerMemory() });
    expect(say(await again.settle(), 'lab/next')).toBe('done SG6110');
  });
});
