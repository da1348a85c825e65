import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLedger } from '../../src/git/ledger-audit.ts';
import { initLedger } from '../../src/git/ledger-init.ts';
import { segmentPath, segmentText } from '../contract/ledger-world.ts';
import { beginning, branch, format, type GitWorld, prepareWorld, waits } from './ledger-world.ts';

let world: GitWorld;

afterEach(() => world.end());

const baseline = {
  ...beginning,
  segments: [1, 2].map((seq) => ({
    path: segmentPath(seq, 'init'),
    text: segmentText(seq, 'init'),
    message: 'Write down what stands in the source\n',
  })),
};

describe('initLedger over file://', () => {
  beforeEach(async () => {
    world = await prepareWorld('file');
  });

  it('makes the branch with its root, and the ledger can be read', async () => {
    const made = await initLedger(world.config, beginning, waits);
    if (!made.ok) throw new Error(made.fault.message);
    const { root, tip } = made.value;
    expect(tip).toBe(root);
    expect(await readLedger(world.config, waits)).toEqual({
      kind: 'fetched',
      root,
      format,
      tip,
      segments: [],
    });
    expect(await world.git(['show', `${branch}:FORMAT`])).toBe(format.trim());
  });

  it('makes root and baseline in one push', async () => {
    const made = await initLedger(world.config, baseline, waits);
    expect(made.ok).toBe(true);
    expect(await readLedger(world.config, waits)).toMatchObject({
      kind: 'fetched',
      segments: [
        { path: segmentPath(1, 'init') },
        { path: segmentPath(2, 'init'), text: segmentText(2, 'init') },
      ],
    });
  });

  it('refuses where the branch exists, whatever it holds', async () => {
    expect((await initLedger(world.config, beginning, waits)).ok).toBe(true);
    const before = await world.tip();
    for (const again of [beginning, { ...beginning, format: `${format} ` }]) {
      expect(await initLedger(world.config, again, waits)).toMatchObject({
        ok: false,
        fault: { code: 'SG4020', class: 'human', message: expect.stringContaining(before ?? '') },
      });
    }
    expect(await world.tip()).toBe(before);
  });

  it('of several at the same time exactly one makes the ledger', async () => {
    for (let round = 0; round < 3; round += 1) {
      const makers = Array.from({ length: 4 }, (_, index) =>
        initLedger(world.config, { ...beginning, format: `{"v":1,"ledger":"${round}-${index}"}\n` }, waits),
      );
      const made = await Promise.all(makers);
      const winners = made.filter((result) => result.ok);
      expect(winners).toHaveLength(1);
      expect(winners[0]).toMatchObject({ value: { tip: await world.tip() } });
      for (const result of made) if (!result.ok) expect(result.fault.code).toBe('SG4020');
      await world.deleteBranch();
    }
  });

  it('an answer that is lost after the effect is cleared up', async () => {
    await world.loseNextAnswer('afterEffect');
    const made = await initLedger(world.config, baseline, waits);
    expect(made).toMatchObject({ ok: true, value: { tip: await world.tip() } });
  });

  it('an answer that is lost before the effect is asked again', async () => {
    await world.loseNextAnswer('beforeEffect');
    expect((await initLedger(world.config, baseline, waits)).ok).toBe(true);
  });

  it('says what it cannot learn: a server that never answers a push', async () => {
    await world.hook('pre-receive', 'kill -9 $PPID');
    expect(await initLedger(world.config, beginning, waits)).toMatchObject({
      ok: false,
      fault: { code: 'SG4021', hint: expect.stringContaining('ledger verify') },
    });
  });

  it('says that a hook declines', async () => {
    await world.decline(true);
    expect(await initLedger(world.config, beginning, waits)).toMatchObject({
      ok: false,
      fault: { code: 'SG4004' },
    });
    expect(await world.tip()).toBeNull();
  });

  it.each([
    { path: 'README.md' },
    { path: segmentPath(2, 'init') },
    { path: segmentPath(1, 'init'), message: 'bell \u0007\n' },
  ])('a beginning that could not be read again is a bug of ours: %j', async (wrong) => {
    const segments = [{ text: 'x\n', message: 'x\n', ...wrong }];
    await expect(initLedger(world.config, { ...beginning, segments }, waits)).rejects.toThrow(/./);
    expect(await world.tip()).toBeNull();
  });
});
