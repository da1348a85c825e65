/** What is never taken for somebody's wish, and how each halt ends: DESIGN 4. */
import { describe, expect, it } from 'vitest';
import type { CommitId } from '../../src/controller/ports.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { throttled } from './scripted-fleet.ts';
import { codesOf, makeConfig, say, startMs, World } from './world.ts';

const waiting = (name: string): string => yaml({ name, spec: ['notBefore: 2027-06-01T00:00:00Z'] });
const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, waiting(`t${index}`)]));
const gone = (count: number): Record<string, null> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, null]));
const accepting = (accept: CommitId) => makeConfig({ source: { ...makeConfig().source, accept } });

/** A world that has acted on a head: `job` is issued, and `count` others wait. */
async function acted(count = 1) {
  const world = new World();
  const head = world.commit({ job: yaml(), ...many(count) });
  const life = world.start();
  await life.settle();
  expect(world.creates).toBe(1);
  return { world, life, head };
}

/** A second manifest, which is issued if and only if nothing is halted. */
const fresh = { fresh: yaml({ name: 'fresh' }) };

describe('a rewritten history', () => {
  async function rewritten() {
    const { world, life, head } = await acted();
    const other = world.origin.build(null, {
      files: { 'tasks/job.yaml': yaml(), 'tasks/t0.yaml': waiting('t0'), 'tasks/fresh.yaml': fresh.fresh },
      timeMs: world.clock.wall,
    });
    world.origin.move(other);
    return { world, life, head, other };
  }

  it('halts everything, says so, and records nothing of that head', async () => {
    const { world, life, other } = await rewritten();
    const before = world.remote.tip;
    const report = await life.settle();
    expect(codesOf(report)).toEqual(['SG6201']);
    expect(say(report, 'lab/fresh')).toBe('blocked SG6201');
    expect(world.creates).toBe(1);
    expect(world.remote.tip).toBe(before);
    expect(world.batches().some(({ header }) => header.source === other)).toBe(false);
    expect(world.log.some(({ level, fields }) => level === 'error' && fields.code === 'SG6201')).toBe(true);
  });

  it('still halts after a restart, and after a lost state directory', async () => {
    const { world } = await rewritten();
    expect(codesOf(await world.start().settle())).toEqual(['SG6201']);
    expect(codesOf(await world.start({ memory: emptyLedgerMemory() }).settle())).toEqual(['SG6201']);
    expect(world.creates).toBe(1);
  });

  it('goes on when the branch is restored', async () => {
    const { world, life, head } = await rewritten();
    await life.settle();
    world.origin.move(head);
    world.commit(fresh);
    expect(codesOf(await life.settle())).toEqual([]);
    expect(world.creates).toBe(2);
  });

  it('goes on when that head is accepted, once recorded in the ledger, and asks nothing anew', async () => {
    const { world, other } = await rewritten();
    const life = world.start({ config: accepting(other) });
    expect(codesOf(await life.settle())).toEqual([]);
    expect(world.creates).toBe(2);
    expect(world.batches().at(-1)?.header.source).toBe(other);
    // A replica that does not know the setting goes on, too: the ledger knows the head.
    expect(codesOf(await world.start().settle())).toEqual([]);
    const { tip } = world.remote;
    await life.settle();
    await life.settle();
    expect(world.remote.tip).toBe(tip);
  });

  it('is accepted with what descends from the accepted head', async () => {
    const { world, other } = await rewritten();
    const head = world.commit({ more: yaml({ name: 'more' }) });
    const life = world.start({ config: accepting(other) });
    expect(codesOf(await life.settle())).toEqual([]);
    expect(world.creates).toBe(3);
    expect(world.batches().at(-1)?.header.source).toBe(head);
  });

  it('is accepted by a process whose mirror never saw the old branch, too', async () => {
    const { world, other } = await rewritten();
    world.commit({ more: yaml({ name: 'more' }) });
    const blind = world.start({ config: accepting(other), memory: emptyLedgerMemory() });
    expect(codesOf(await blind.settle())).toEqual([]);
    expect(world.creates).toBe(3);
    expect(world.batches().some(({ header }) => header.accepted === other)).toBe(true);
  });

  it('is accepted once: the same word lets nobody rewrite it again', async () => {
    const { world, other } = await rewritten();
    world.commit({ more: yaml({ name: 'more' }) });
    expect(codesOf(await world.start({ config: accepting(other) }).settle())).toEqual([]);
    world.origin.move(other);
    expect(codesOf(await world.start({ config: accepting(other) }).settle())).toEqual(['SG6201']);
  });

  it('that was accepted lets no replica go back behind another one', async () => {
    const { world } = await acted();
    const late = yaml({ name: 'late', spec: [`notBefore: ${new Date(startMs + 200_000).toISOString()}`] });
    const files = { 'tasks/job.yaml': yaml(), 'tasks/late.yaml': late, 'tasks/t0.yaml': waiting('t0') };
    const other = world.origin.build(null, { files, timeMs: world.clock.wall });
    world.origin.move(other);
    const config = accepting(other);
    const two = world.start({ config: { ...config, replica: 'two' }, memory: emptyLedgerMemory() });
    expect(codesOf(await two.settle())).toEqual([]);
    const one = world.start({ config });
    world.commit({ late: null, last: yaml({ name: 'last' }) });
    expect(codesOf(await one.settle())).toEqual([]);
    expect(world.creates).toBe(2);
    // The other replica knows only the accepted head, which still wants `late`; the newest one does not.
    world.sourceDown = true;
    world.clock.advance(210_000);
    expect(codesOf(await two.settle())).toEqual(['SG6208']);
    expect(world.creates).toBe(2);
  });

  it('is not accepted by a commit that the head does not descend from, nor by a used one', async () => {
    const { world, head, other } = await rewritten();
    expect(codesOf(await world.start({ config: accepting(head) }).settle())).toEqual(['SG6201']);
    expect(codesOf(await world.start({ config: accepting('e'.repeat(40)) }).settle())).toEqual(['SG6201']);
    const life = world.start({ config: accepting(other) });
    await life.settle();
    world.origin.move(head);
    expect(codesOf(await life.settle())).toEqual(['SG6201']);
  });

  it('back to an older commit is one, and is accepted by naming it', async () => {
    const { world, life, head } = await acted();
    world.commit(fresh);
    await life.settle();
    expect(world.creates).toBe(2);
    world.origin.move(head);
    expect(codesOf(await life.settle())).toEqual(['SG6201']);
    const next = world.start({ config: accepting(head) });
    expect(codesOf(await next.settle())).toEqual([]);
    expect(world.batches().at(-1)?.header.source).toBe(head);
    world.commit({ ...fresh, more: yaml({ name: 'more' }) });
    expect(codesOf(await next.settle())).toEqual([]);
    expect(world.creates).toBe(3);
  });
});

describe('an empty tree', () => {
  it('halts, withdraws nothing, and goes on when the manifests are back', async () => {
    const { world, life } = await acted(2);
    world.commit({ job: null, ...gone(2) });
    const report = await life.settle();
    expect(codesOf(report)).toEqual(['SG6202']);
    expect(world.kinds()).not.toContain('noted');
    world.commit({ job: yaml(), ...many(2), ...fresh });
    expect(codesOf(await life.settle())).toEqual([]);
    expect(world.creates).toBe(2);
    expect(world.kinds()).not.toContain('noted');
  });

  it('halts a process that begins with it', async () => {
    const { world } = await acted(2);
    world.commit({ job: null, ...gone(2) });
    expect(codesOf(await world.start().settle())).toEqual(['SG6202']);
    expect(world.kinds()).not.toContain('noted');
  });

  it('is believed when it is accepted, and its tasks are withdrawn', async () => {
    const { world } = await acted(2);
    const head = world.commit({ job: null, ...gone(2) });
    const life = world.start({ config: accepting(head) });
    expect(codesOf(await life.settle())).toEqual([]);
    expect(world.kinds().filter((kind) => kind === 'noted')).toHaveLength(2);
    expect(codesOf(await life.settle())).toEqual([]);
  });

  it('of a source that never held anything halts nothing', async () => {
    const world = new World();
    world.origin.commit({ files: { 'README.md': 'nothing yet' }, timeMs: world.clock.wall });
    expect(codesOf(await world.start().settle())).toEqual([]);
  });
});

describe('many removals at once', () => {
  it.each([
    [10, []],
    [11, ['SG6203']],
  ])('%i halt as %j', async (count, codes) => {
    const { world, life } = await acted(12);
    world.commit(gone(count));
    expect(codesOf(await life.settle())).toEqual(codes);
    expect(world.kinds().filter((kind) => kind === 'noted')).toHaveLength(codes.length === 0 ? count : 0);
  });

  it('are counted over all commits since the head acted on, also after a restart', async () => {
    const { world } = await acted(12);
    world.commit(gone(6));
    world.commit(gone(11));
    expect(codesOf(await world.start().settle())).toEqual(['SG6203']);
  });

  it('are believed when accepted, counted from there on', async () => {
    const { world } = await acted(24);
    const head = world.commit(gone(12));
    const life = world.start({ config: accepting(head) });
    expect(codesOf(await life.settle())).toEqual([]);
    expect(world.kinds().filter((kind) => kind === 'noted')).toHaveLength(12);
    world.commit(gone(23));
    expect(codesOf(await life.settle())).toEqual(['SG6203']);
  });

  it('of what has ended lose nothing, and halt nothing', async () => {
    const { world, life } = await acted(12);
    world.commit({ job: null });
    expect(codesOf(await life.settle())).toEqual([]);
  });
});

describe('what waits', () => {
  /** A task that AWS throttled: its receipt waits in the ledger. */
  async function throttledWorld() {
    const world = new World();
    world.lab.scripts.push(() => throttled);
    world.commit({ job: yaml() });
    await world.start().settle();
    expect(world.kinds()).toEqual(['claimed', 'released']);
    return world;
  }

  it('is not withdrawn by a halt', async () => {
    const world = await throttledWorld();
    world.commit({ job: null });
    expect(codesOf(await world.start().settle())).toEqual(['SG6202']);
    expect(world.kinds()).toEqual(['claimed', 'released']);
  });

  it('is not withdrawn by a process that could not read the source yet', async () => {
    const world = await throttledWorld();
    world.sourceDown = true;
    expect(codesOf(await world.start().settle())).toEqual(['SG6205']);
    expect(world.kinds()).toEqual(['claimed', 'released']);
  });

  it('is withdrawn by its own removal', async () => {
    const world = await throttledWorld();
    world.commit({ job: null, other: waiting('other') });
    await world.start().settle();
    expect(world.kinds()).toEqual(['claimed', 'released', 'noted']);
  });
});

describe('old news', () => {
  it('stop claims: of the source', async () => {
    const { world, life } = await acted();
    world.commit(fresh);
    world.lab.scripts.push(() => throttled);
    await life.settle();
    world.clock.advance(240_000);
    world.sourceDown = true;
    world.clock.advance(61_000);
    expect(say(await life.pass(), 'lab/fresh')).toBe('blocked SG6204');
    expect(world.creates).toBe(2);
    world.sourceDown = false;
    await life.settle();
    expect(world.creates).toBe(3);
  });

  it('up to source.maxAge are news enough', async () => {
    const { world, life } = await acted();
    world.commit(fresh);
    world.lab.scripts.push(() => throttled);
    await life.settle();
    world.sourceDown = true;
    world.clock.advance(200_000);
    await life.settle();
    expect(world.creates).toBe(3);
  });

  it('stop everything: of the ledger', async () => {
    const { world, life } = await acted();
    world.commit(fresh);
    world.ledgerDown = true;
    const report = await life.pass();
    expect(codesOf(report)).toEqual(['SG6206']);
    expect(world.creates).toBe(1);
    world.ledgerDown = false;
    await life.settle();
    expect(world.creates).toBe(2);
  });

  it('another replica has acted on a head that this one cannot fetch: nothing is claimed', async () => {
    const { world, life } = await acted();
    const two = world.start({ config: makeConfig({ replica: 'two' }), memory: emptyLedgerMemory() });
    await two.settle();
    world.commit(fresh);
    await life.settle();
    world.sourceDown = true;
    const report = await two.pass();
    expect(codesOf(report)).toEqual(['SG6208']);
    expect(world.creates).toBe(2);
  });
});
