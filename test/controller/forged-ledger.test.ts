/** What whoever may push to the ledger can do by events that follow its rules: docs/SECURITY.md tells it. */
import { describe, expect, it } from 'vitest';
import type { TaskRequest } from '../../src/manifest/request.ts';
import { buildRequest } from '../../src/manifest/request.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { absent, baseline, claimed, issued, resolved } from '../ledger/events.ts';
import { manifestOf, yaml } from '../plan/stage.ts';
import { lost } from './scripted-fleet.ts';
import { codesOf, ledgerId, makeConfig, say, World } from './world.ts';

const manifest = manifestOf(yaml());
const { token } = manifest;
const takeoverMs = 180_000;
const settlingMs = 30_000;

function forgedClaim(over: Partial<TaskRequest> = {}) {
  const request = buildRequest(manifest, { commit: '7'.repeat(40), ledgerId });
  return claimed({ token, request: { ...request, ...over } });
}

/** A world in which the task is wanted, and the ledger says already what was forged. */
async function forged(...events: Parameters<World['write']>[0]) {
  const world = new World();
  world.commit({ job: yaml() });
  await world.write(events);
  return { world, life: world.start() };
}

describe('forged, before anything was asked,', () => {
  it.each<[string, Partial<TaskRequest>]>([
    ['another command', { command: 'unlock' }],
    ['other devices', { targets: ['smd-2'] }],
    ['another clientToken', { clientToken: '0'.repeat(64) }],
  ])('a claim with %s halts everything, and nothing is asked', async (_what, over) => {
    const { world, life } = await forged(forgedClaim(over));
    world.clock.advance(takeoverMs + settlingMs);
    expect(codesOf(await life.pass())).toEqual(['SG4203']);
    world.clock.advance(takeoverMs + settlingMs);
    expect(codesOf(await life.pass())).toEqual(['SG4203']);
    expect(world.creates).toBe(0);
  });

  it('a claim that asks for what was merged delays it by a takeover, and no more', async () => {
    const { world, life } = await forged(forgedClaim());
    expect(say(await life.settle())).toBe('wait SG6116');
    world.clock.advance(takeoverMs + settlingMs);
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.creates).toBe(1);
  });

  it('a baseline, or the word that a task was made, keeps it from ever being asked', async () => {
    const identity = { account: '111122223333', region: 'eu-west-1', endpoint: '' };
    const revision = { command: manifest.command, targets: manifest.targets, taskRun: 1, identity };
    for (const event of [baseline({ token }), resolved({ token, taskId: 'st-forged', revision })]) {
      const { world, life } = await forged(event);
      expect(say(await life.settle())).toMatch(/^done SG611/);
      expect(world.creates).toBe(0);
    }
  });
});

describe('forged in the name of a claimant,', () => {
  it("somebody else's task is taken for the revision's, and cancelled when its manifest is removed", async () => {
    const { world, life } = await forged(forgedClaim(), issued({ token, taskId: 'st-lab-1' }));
    expect(world.lab.make({ targets: ['smd-2'], tags: {} }).taskId).toBe('st-lab-1');
    await life.settle();
    world.commit({ job: null, other: yaml({ name: 'other', spec: ['notBefore: 2027-06-01T00:00:00Z'] }) });
    await life.settle();
    expect(world.lab.asked).toContain('cancel st-lab-1');
    expect(world.creates).toBe(0);
  });
});

describe('forged between a claim and its outcome,', () => {
  /** How often AWS was asked, where an "absent" is forged while the claimant's call is under way. */
  async function askedWhile(taskHasEnded: boolean): Promise<string[]> {
    const world = new World();
    const first = world.start();
    const two = makeConfig({ replica: 'two' });
    const second = world.start({ config: two, memory: emptyLedgerMemory() });
    await second.settle();
    world.commit({ job: yaml() });
    world.lab.scripts.push(async (request) => {
      world.lab.make(request).ended = taskHasEnded;
      await world.write([absent({ token, through: 1 })]);
      await second.settle();
      return lost;
    });
    await first.pass();
    return world.lab.requests.map(({ clientToken }) => clientToken);
  }

  it('an "absent" is believed; but a task that AWS shows in flight holds its devices', async () => {
    expect(await askedWhile(false)).toEqual([token]);
  });

  it('an "absent" has another replica ask again once that task has ended: only the token stands between', async () => {
    expect(await askedWhile(true)).toEqual([token, token]);
  });
});

describe('forged after the outcome has landed,', () => {
  it.each([
    ['absent', absent({ token, through: 1 })],
    ['resolved', resolved({ token, taskId: null })],
    ['baseline', baseline({ token })],
    ['claimed', forgedClaim()],
  ])('%s is forbidden, and halts everything', async (_kind, event) => {
    const world = new World();
    world.commit({ job: yaml() });
    const life = world.start();
    await life.settle();
    expect(world.kinds()).toContain('issued');
    await world.write([event]);
    expect(codesOf(await life.pass())).toEqual(['SG4202']);
    expect(world.creates).toBe(1);
  });
});
