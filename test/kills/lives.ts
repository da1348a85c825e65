/** The lives of one replica: started, killed at a random moment, sometimes robbed of its state directory, and again. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { kill, killGitOf, type Started } from '../e2e/processes.ts';
import { sleep, type World } from '../e2e/world.ts';
import type { Prng } from '../faults/prng.ts';

/** What was done to the replicas, counted. */
export interface Toll {
  kills: number;
  /** With every git that the controller had started. */
  groupKills: number;
  gitKilled: number;
  /** State directories removed before the next start. */
  lost: number;
}

/** Lives end between so many milliseconds after their start, where nothing else is waited for. */
const shortLifeMs = [250, 2_000] as const;
/** Long enough to watch another's claim to the end of `recovery.takeover`, look, and write down what was found. */
const longLifeMs = [7_500, 10_000] as const;
/** A life that waits for the ledger to move and sees nothing is killed anyway. */
const patienceMs = 3_000;

export interface Replica {
  readonly name: string;
  readonly configFile: string;
  readonly stateDir: string;
}

/** Starts and kills a replica until `isOver`; the last life is killed, too. */
export async function liveAndDie(
  world: World,
  replica: Replica,
  random: Prng,
  toll: Toll,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const life = world.start('run', '--config', replica.configFile, '--log-level', 'warn');
    await waitForDeath(world, life, random);
    if (!life.isRunning())
      throw new Error(`${replica.name} ended by itself:\n${life.text.stderr.slice(-4_000)}`);
    life.child.kill('SIGKILL');
    toll.kills += 1;
    if (random.chance(0.4)) {
      toll.groupKills += 1;
      toll.gitKilled += killGitOf(replica.stateDir);
    }
    await life.ended;
    if (random.chance(0.25)) {
      toll.lost += 1;
      // What outlived its controller may still be writing there; whoever lost a disk has lost that, too.
      killGitOf(replica.stateDir);
      rmSync(replica.stateDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
    }
    await sleep(random.between(0, 200));
  }
}

async function waitForDeath(world: World, life: Started, random: Prng): Promise<void> {
  const way = random.fraction();
  if (way < 0.1) return sleep(random.between(...longLifeMs));
  if (way < 0.45) return sleep(random.between(...shortLifeMs));
  // The moments that matter lie around a claim and its calls, which begin when the ledger moves.
  const moves = random.between(1, 2);
  for (let move = 0; move < moves; move += 1) await untilLedgerMoves(world, life);
  return sleep(random.between(0, 250));
}

async function untilLedgerMoves(world: World, life: Started): Promise<void> {
  const before = readTip(world);
  for (let waited = 0; waited < patienceMs && life.isRunning(); waited += 10) {
    if (readTip(world) !== before) return;
    await sleep(10);
  }
}

function readTip(world: World): string {
  return readFileSync(join(world.dir, 'ledger.git', 'refs', 'heads', 'snowgate-ledger'), 'utf8');
}

/** Starts a replica for good. */
export function startForGood(world: World, replica: Replica): Started {
  return world.start('run', '--config', replica.configFile);
}

/** Asks it to end, and tells how it did. */
export async function endInOrder(started: Started): Promise<number | null> {
  if (started.child.pid !== undefined) kill(started.child.pid, 'SIGTERM');
  return (await started.ended).code;
}
