/**
 * Real kills: the built daemon on real git, a simulated AWS that remembers no token, and `kill -9` at random moments.
 * `npm test` runs a short form; `SNOWGATE_KILLS=100 npx vitest run test/kills` the long one. The draws follow from the
 * seed, which is printed first (`SNOWGATE_SEED=N` runs it again); what the machine does in between does not.
 */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeWorld, sleep, type World } from '../e2e/world.ts';
import { Prng } from '../faults/prng.ts';
import { Editor } from './editor.ts';
import { endInOrder, liveAndDie, type Replica, startForGood, type Toll } from './lives.ts';
import { findUnissued, reckon, tokensOf } from './reckoning.ts';

const killsMin = Number(process.env.SNOWGATE_KILLS ?? 15);
const tasksMax = Math.max(20, 2 * killsMin);
const seed = Number(process.env.SNOWGATE_SEED ?? Math.floor(Math.random() * 2 ** 32));

/** So long may the survivors take to bring everything home: a takeover, a look and some passes, on a busy machine. */
const homecomingMs = 120_000;

/** How AWS and the way to it fail meanwhile. Nothing here makes a whole fleet wait, which would only take time. */
const faults = [
  { operation: 'CreateTask', effect: 'cutAfter', probability: 0.08 },
  { operation: 'CreateTask', effect: 'cutBefore', probability: 0.05 },
  { operation: 'CreateTask', effect: 'internalAfter', probability: 0.04 },
  { operation: 'CreateTask', effect: 'hangAfter', probability: 0.04 },
  { operation: 'CreateTask', effect: 'slow', delayMs: 300, probability: 0.3 },
  { operation: 'CreateTask', effect: 'slowBefore', delayMs: 150, probability: 0.2 },
  { operation: 'ListTasks', effect: 'slow', delayMs: 100, probability: 0.3 },
];

interface SimulatedState {
  readonly fleets: readonly { readonly devices: readonly { readonly managedDeviceId: string }[] }[];
}

let world: World;
afterEach(() => world.close());

async function makeReplicas(random: Prng): Promise<Replica[]> {
  const names = ['replica-a', 'replica-b'];
  await world.initLedger();
  return names.map((name) => ({
    name,
    stateDir: join(world.dir, `state-${name}`),
    configFile: world.configure(name, {
      ledger: { replicas: names.length },
      // As short as a busy machine allows: recovery is what is tried here.
      issue: {
        deadline: '3s',
        requestTimeout: '500ms',
        concurrency: random.between(1, 4),
        batch: random.between(2, 6),
      },
      recovery: { takeover: '5500ms' },
    }),
  }));
}

/** Everybody lives, edits and dies until enough have died. */
async function killThem(replicas: readonly Replica[], editor: Editor, random: Prng): Promise<Toll> {
  const toll: Toll = { kills: 0, groupKills: 0, gitKilled: 0, lost: 0 };
  let failed = false;
  const isOver = (): boolean => failed || toll.kills >= killsMin;
  const edits = random.split();
  const editing = async (): Promise<void> => {
    while (!isOver()) {
      editor.edit();
      await sleep(edits.between(200, 1_500));
    }
  };
  const all = [
    editing(),
    ...replicas.map((replica) => liveAndDie(world, replica, random.split(), toll, isOver)),
  ];
  await Promise.all(
    all.map((part) =>
      part.catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  return toll;
}

/** The survivors run until every wanted revision has its task; then they are asked to end. */
async function bringHome(
  replicas: readonly Replica[],
  wanted: ReadonlySet<string>,
): Promise<(number | null)[]> {
  await world.control('DELETE', '/rules');
  const survivors = replicas.map((replica) => startForGood(world, replica));
  const until = Date.now() + homecomingMs;
  while (Date.now() < until && findUnissued(wanted, await world.list()).length > 0) await sleep(1_000);
  return Promise.all(survivors.map(endInOrder));
}

describe('killed controllers', () => {
  it(`issue each revision once and lose none, in ${killsMin} kills (seed ${seed})`, {
    timeout: 120_000 + killsMin * 6_000 + homecomingMs,
  }, async () => {
    process.stderr.write(`kills: SNOWGATE_SEED=${seed} SNOWGATE_KILLS=${killsMin}\n`);
    const random = new Prng(seed);
    world = await makeWorld(
      ...['--token-life', '0', '--list-lag', '300ms', '--late-effect', '200ms', '--page-size', '7'],
      ...['--list-tags', String(random.chance(0.5)), '--list-order', random.pick(['oldest', 'newest'])],
      ...['--pickup', '50ms', '--unlock', '100ms', '--reboot', '150ms', '--seed', String(seed)],
      ...['--devices', String(tasksMax)],
    );
    for (const fault of faults) await world.control('POST', '/rules', fault);
    const replicas = await makeReplicas(random);
    const state = (await world.control('GET', '/state')) as SimulatedState;
    const devices = state.fleets.flatMap((fleet) =>
      fleet.devices.map(({ managedDeviceId }) => managedDeviceId),
    );
    const editor = new Editor(world, random.split(), tasksMax, devices);
    const toll = await killThem(replicas, editor, random);
    const merged = await tokensOf(world, editor.merged);
    const wanted = await tokensOf(world, editor.wanted());
    expect(await bringHome(replicas, wanted)).toEqual([0, 0]);
    const reckoning = await reckon(world, wanted, merged);
    process.stderr.write(`kills: ${JSON.stringify({ ...toll, wanted: wanted.size, ...reckoning })}\n`);
    expect(reckoning.problems).toEqual([]);
    expect(reckoning.tasks).toBeGreaterThanOrEqual(wanted.size);
    expect(toll.kills).toBeGreaterThanOrEqual(killsMin);
  });
});
