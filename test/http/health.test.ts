/** Alive, and ready: each thing that keeps a controller from issuing is named, and none of them is a reason to restart it. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { isAlive, judgeHealth, turnMaxMs } from '../../src/http/health.ts';
import { fleetConfig, makeConfig, policySource } from '../controller/world.ts';
import { yaml } from '../plan/stage.ts';
import { Watched } from './watched.ts';

const wrong = (status: ControllerStatus): string[] =>
  judgeHealth(status)
    .checks.filter(({ isGood }) => !isGood)
    .map(({ name, word }) => `${name}: ${word}`);

describe('a controller', () => {
  it('is not ready before its first pass, and says what is missing', () => {
    const watched = new Watched();
    expect(judgeHealth(watched.status()).isReady).toBe(false);
    expect(wrong(watched.status())).toEqual([
      'source: not fetched yet',
      'ledger: not fetched yet',
      'pass: none has ended yet',
      'fleet lab: identity not proved yet',
      'fleet sea: identity not proved yet',
    ]);
  });

  it('is ready after one, with fleets that no task has needed yet', async () => {
    const watched = new Watched();
    await watched.pass();
    expect(wrong(watched.status())).toEqual([]);
    expect(judgeHealth(watched.status()).isReady).toBe(true);
    expect(watched.status().fleets.map(({ isProved }) => isProved)).toEqual([true, true]);
  });

  it('asks nothing of a fleet that it only observes, and is ready without its identity', async () => {
    const fleets = new Map([['lab', fleetConfig('lab', { mode: 'observe' })]]);
    const watched = new Watched({ config: makeConfig({ fleets }) });
    await watched.pass();
    expect(judgeHealth(watched.status()).isReady).toBe(true);
    expect(watched.world.lab.asked).toEqual([]);
  });

  it('with policies of their own is not ready before these were fetched', async () => {
    const watched = new Watched({ config: makeConfig({ policySource }) });
    watched.world.policiesDown = true;
    await watched.pass();
    expect(wrong(watched.status())).toContain('policies: not fetched yet');
  });

  it('is not ready with a ledger that is gone, and stays alive', async () => {
    const watched = new Watched();
    await watched.pass();
    watched.world.remote.deleteBranch();
    await watched.pass();
    expect(wrong(watched.status())).toEqual([expect.stringMatching(/^ledger: halted SG4\d+$/)]);
    expect(isAlive(watched.status())).toBe(true);
  });

  it('is not ready with a source that was emptied', async () => {
    const watched = new Watched();
    watched.world.commit({ job: yaml() });
    await watched.pass();
    watched.world.commit({ job: null });
    await watched.pass();
    expect(wrong(watched.status())).toEqual(['issuing: stopped by SG6202']);
  });

  it('is not ready while a fleet is another account than was said', async () => {
    const watched = new Watched();
    watched.world.lab.account = '999999999999';
    await watched.pass();
    expect(wrong(watched.status())).toEqual(['fleet lab: identity not proved yet']);
  });

  it('is alive as long as its loop turns, however long it waits for anything else', async () => {
    const watched = new Watched();
    watched.world.ledgerDown = true;
    await watched.pass();
    expect(isAlive(watched.status())).toBe(true);
    watched.world.clock.advance(turnMaxMs);
    expect(isAlive(watched.status())).toBe(true);
    watched.world.clock.advance(1);
    expect(isAlive(watched.status())).toBe(false);
    await watched.pass();
    expect(isAlive(watched.status())).toBe(true);
  });
});

describe('readiness', () => {
  let good: ControllerStatus;
  beforeAll(async () => {
    const watched = new Watched();
    await watched.pass();
    good = watched.status();
  });
  const reason = { code: 'SG6204', message: 'smd-1 of commit abc' } as const;

  it.each<[string, Partial<ControllerStatus>, string[]]>([
    ['old source', { source: { head: 'a', ageMs: 300_001 } }, ['source: last fetched 300 s ago']],
    ['a source as old as it may be', { source: { head: 'a', ageMs: 300_000 } }, []],
    ['something that halts', { problems: [reason] }, ['issuing: stopped by SG6204']],
    ['clocks that disagree', { halts: [{ ...reason, code: 'SG6236' }] }, ['issuing: stopped by SG6236']],
  ])('sees %s', (_what, over, wanted) => {
    expect(wrong({ ...good, ...over })).toEqual(wanted);
  });

  it('sees a ledger that takes no commit, and an old one', () => {
    const { ledger } = good;
    const refused = { ...ledger, refusal: { code: 'SG4101', message: 'm' } } as const;
    expect(wrong({ ...good, ledger: refused })).toEqual(['ledger: takes no commit SG4101']);
    expect(wrong({ ...good, ledger: { ...ledger, ageMs: 301_000 } })).toEqual([
      'ledger: last fetched 301 s ago',
    ]);
  });

  it('sees a halted fleet once, though the pass told it, too; a pause ends by itself', () => {
    const [lab, sea] = good.fleets;
    if (lab === undefined || sea === undefined) throw new Error('two fleets');
    const halted = { ...good, halts: [reason], fleets: [{ ...lab, stand: 'halted' as const, reason }, sea] };
    expect(wrong(halted)).toEqual(['fleet lab: halted SG6204']);
    expect(wrong({ ...good, fleets: [{ ...lab, stand: 'paused', reason }, sea] })).toEqual([]);
  });
});
