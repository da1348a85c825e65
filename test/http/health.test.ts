/** Alive, and ready: each thing that keeps a controller from issuing is named, and none of them is a reason to restart it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { pauseFirstMs } from '../../src/controller/fleet-check.ts';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { isAlive, judgeHealth, turnMaxMs } from '../../src/http/health.ts';
import { readMoment } from '../../src/lib/clock.ts';
import { denied, failing, type ScriptedFleet } from '../controller/scripted-fleet.ts';
import { fleetConfig, makeConfig, policySource } from '../controller/world.ts';
import { yaml } from '../plan/stage.ts';
import { Watched } from './watched.ts';

/** A fleet that nothing is issued to is looked at this often. */
const surveyMs = 10 * 60_000;

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
      'fleet lab: identity not proved',
      'fleet sea: identity not proved',
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
    watched.world.ledgerDown = true;
    await watched.pass();
    expect(wrong(watched.status())).toEqual([expect.stringMatching(/^ledger: halted SG4\d+$/)]);
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
    expect(wrong(watched.status())).toEqual(['fleet lab: identity not proved SG6234']);
  });

  it.each<[string, Partial<ScriptedFleet>, string]>([
    ['is another account', { account: '999999999999' }, 'identity not proved SG6234'],
    ['lets nobody in', { proveFault: denied }, 'identity not proved SG5008'],
  ])(
    'is not ready once a fleet that was proved %s, and again when it is proved again',
    async (_what, lost, told) => {
      const watched = new Watched();
      const { lab, clock } = watched.world;
      await watched.pass();
      expect(wrong(watched.status())).toEqual([]);
      const { account } = lab;
      Object.assign(lab, lost);
      clock.advance(surveyMs);
      await watched.pass();
      expect(wrong(watched.status())).toEqual([`fleet lab: ${told}`]);
      clock.advance(pauseFirstMs);
      expect(wrong(watched.status())).toEqual(['fleet lab: identity not proved']);
      lab.account = account;
      lab.proveFault = null;
      await watched.pass();
      expect(wrong(watched.status())).toEqual([]);
    },
  );

  it('stays ready while a fleet that was proved is out of reach: that ends by itself', async () => {
    const watched = new Watched();
    await watched.pass();
    watched.world.lab.proveFault = failing;
    watched.world.clock.advance(surveyMs);
    await watched.pass();
    expect(watched.status().fleets.map(({ stand }) => stand)).toEqual(['paused', 'open']);
    expect(wrong(watched.status())).toEqual([]);
  });

  it('is not ready while a fleet may not be listed: nothing is claimed in it', async () => {
    const watched = new Watched();
    watched.world.lab.listFault = denied;
    await watched.pass();
    expect(wrong(watched.status())).toEqual(['fleet lab: not listed SG5008']);
  });

  it('is not ready while the history of what waits cannot be read', async () => {
    const watched = new Watched();
    watched.world.isUntraceable = true;
    watched.world.commit({ job: yaml({ spec: ['notBefore: 2027-01-01T00:00:00Z'] }) });
    await watched.pass();
    expect(wrong(watched.status())).toEqual(['source: history not read SG3009']);
    watched.world.isUntraceable = false;
    await watched.pass();
    expect(wrong(watched.status())).toEqual([]);
  });

  it('is not ready while each pass ends in a bug', async () => {
    const watched = new Watched();
    await watched.pass();
    watched.book.noteBug(readMoment(watched.life.c.clock));
    expect(wrong(watched.status())).toEqual(['pass: the last one was ended by a bug SG6224']);
    await watched.pass();
    expect(wrong(watched.status())).toEqual([]);
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
    [
      'old source',
      { source: { head: 'a', ageMs: 300_001, historyFault: null } },
      ['source: last fetched 300 s ago'],
    ],
    ['a source as old as it may be', { source: { head: 'a', ageMs: 300_000, historyFault: null } }, []],
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
