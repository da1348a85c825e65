/** "At most so many in flight", kept by replicas that know of each other by the ledger alone. */
import { describe, expect, it } from 'vitest';
import type { ControllerConfig } from '../../src/config/config.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { requireText } from './documents.ts';
import { fleetConfig, type Life, makeConfig, World } from './world.ts';

const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
const all = Object.fromEntries(names.map((name) => [name, yaml({ name })]));

function withMost(maxInFlight: number): ControllerConfig {
  const fleets = [fleetConfig('lab', { maxInFlight }), fleetConfig('sea')];
  return makeConfig({ fleets: new Map(fleets.map((fleet) => [fleet.name, fleet])) });
}

/** Two replicas on one ledger, and twenty tasks at once. */
function replicas(config: ControllerConfig, rules: Readonly<Record<string, string>> = {}) {
  const world = new World();
  world.rule(rules);
  world.commit(all);
  const lives = ['one', 'two'].map((replica) =>
    world.start({ config: { ...config, replica }, memory: emptyLedgerMemory() }),
  );
  return { world, lives };
}

const inFlight = (world: World): number => world.lab.tasks.filter(({ ended }) => !ended).length;

/** Both at once, again and again; tasks end one by one. The most that AWS had in flight at a time. */
async function work(world: World, lives: readonly Life[], rounds: number): Promise<number> {
  let most = 0;
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(lives.map((life) => life.pass()));
    most = Math.max(most, inFlight(world));
    world.clock.advance(10_000);
    const running = world.lab.tasks.filter(({ ended }) => !ended);
    const [oldest] = running;
    if (oldest !== undefined && round % 3 === 2) {
      oldest.ended = true;
      oldest.state = 'COMPLETED';
    }
  }
  return most;
}

describe('two replicas', () => {
  const counted = requireText('fleet.inFlight.tasks < 3', { otherwise: 'hold' });
  it.each([
    ['by a rule', makeConfig(), { p: counted }],
    ['by the configuration', withMost(3), {}],
    [
      'by a rule on devices',
      makeConfig(),
      { p: requireText('fleet.inFlight.devices < 5', { otherwise: 'hold' }) },
    ],
  ])('keep to three in flight %s, and use every place that is free', async (_what, config, rules) => {
    const { world, lives } = replicas(config, rules);
    expect(await work(world, lives, 30)).toBe(3);
    expect(world.lab.requests.length).toBeGreaterThan(8);
    const tasks = world.lab.requests.map(({ tags }) => tags['snowgate:task']);
    expect(new Set(tasks).size).toBe(tasks.length);
  });

  it('keep to so many an hour', async () => {
    const rule = requireText('fleet.issuedLastHour.tasks < 4', { otherwise: 'hold' });
    const { world, lives } = replicas(makeConfig(), { p: rule });
    await work(world, lives, 30);
    expect(world.lab.requests).toHaveLength(4);
    world.clock.advance(3_600_000);
    await work(world, lives, 5);
    expect(world.lab.requests).toHaveLength(8);
  });
});

describe('one pass', () => {
  it('claims no more than issue.maxPerPass for a fleet', async () => {
    const { issue } = makeConfig();
    const { world, lives } = replicas(makeConfig({ issue: { ...issue, maxPerPass: 2 } }));
    await lives[0]?.pass();
    expect(world.lab.requests).toHaveLength(2);
    await lives[0]?.settle();
    expect(world.lab.requests).toHaveLength(20);
    expect(Math.max(...world.batches().map(({ events }) => claims(events)))).toBe(2);
  });

  it('counts what is in doubt, and lets go when a look has found nothing', async () => {
    const { world, lives } = replicas(withMost(1));
    const [life] = lives;
    world.lab.scripts.push(() => ({ kind: 'unknown', error: 'TimeoutError', message: '', requestId: null }));
    await life?.settle();
    expect(world.lab.requests).toHaveLength(1);
    world.clock.advance(60_000);
    await life?.settle();
    expect(inFlight(world)).toBe(1);
    expect(world.lab.requests).toHaveLength(2);
  });
});

const claims = (events: readonly { readonly kind: string }[]): number =>
  events.filter(({ kind }) => kind === 'claimed').length;
