/** A replica over its lives: started, killed, frozen, told to stop, started again with or without its state. */
import type { ControllerConfig } from '../../src/config/config.ts';
import { Bell, runLoop } from '../../src/controller/loop.ts';
import type { LedgerStore } from '../../src/controller/ports.ts';
import { makeController } from '../../src/controller/state.ts';
import type { LedgerFaultPlan, LedgerMemory, LedgerRemote } from '../doubles/ledger.ts';
import { emptyLedgerMemory, openLedgerDouble } from '../doubles/ledger.ts';
import type { SimAws } from './aws.ts';
import type { Prng } from './prng.ts';
import type { Travel } from './process.ts';
import { drawTravel, SimProcess } from './process.ts';
import type { Odds, Scenario } from './scenario.ts';
import type { SimSource } from './source.ts';
import { openSimPolicies, openSimSource } from './source.ts';
import type { Timeline } from './timeline.ts';

export interface Surroundings {
  readonly timeline: Timeline;
  readonly scenario: Scenario;
  readonly source: SimSource;
  /** Where the policies have a repository of their own. */
  readonly policySource: SimSource | null;
  readonly policyPrng: Prng;
  readonly aws: SimAws;
  readonly remote: LedgerRemote;
  readonly odds: () => Odds;
  readonly sourceIsDown: () => boolean;
  readonly policiesAreDown: () => boolean;
  /** A bug of ours: the run has failed. */
  readonly onBug: (error: unknown) => void;
  readonly log: (line: () => string) => void;
}

export class Replica {
  readonly name: string;
  readonly #world: Surroundings;
  readonly #prng: Prng;
  readonly #config: ControllerConfig;
  #memory: LedgerMemory = emptyLedgerMemory();
  #lives = 0;
  #process: SimProcess | null = null;
  #stopper: AbortController | null = null;

  constructor(name: string, world: Surroundings, prng: Prng, config: ControllerConfig) {
    this.name = name;
    this.#world = world;
    this.#prng = prng;
    this.#config = config;
  }

  get isRunning(): boolean {
    return this.#process?.alive === true;
  }

  get process(): SimProcess | null {
    return this.#process;
  }

  kill(): void {
    this.#process?.kill();
  }

  /** Its disk is lost with it. */
  forget(): void {
    this.kill();
    this.#memory = emptyLedgerMemory();
  }

  /** SIGTERM. */
  stop(): void {
    this.#stopper?.abort();
  }

  start(wallOffsetMs: number): void {
    if (this.isRunning) return;
    const { timeline, source, policySource, aws, odds, log } = this.#world;
    this.#lives += 1;
    const life = this.#lives;
    const prng = this.#prng.split();
    if (life > 1 && prng.chance(this.#world.scenario.loseStateOdds)) this.#memory = emptyLedgerMemory();
    const process = new SimProcess({
      replica: this.name,
      life,
      timeline,
      wallOffsetMs,
      diesHere: () => prng.chance(odds().crashAtCall),
      onDeath: () => log(() => `${this.name}/${life} dies`),
    });
    this.#process = process;
    const stopper = new AbortController();
    this.#stopper = stopper;
    const controller = makeController({
      config: this.#config,
      clock: process.clock,
      journal: {
        write: (level, event, fields) => {
          const line = (): string => `${this.name}/${life} ${level} ${event} ${JSON.stringify(fields ?? {})}`;
          log(line);
          if (
            event.startsWith('halted: a bug') ||
            event.startsWith('a bug') ||
            event.startsWith('halted: the ledger')
          ) {
            this.#world.onBug(new Error(line()));
          }
        },
      },
      source: openSimSource(source, process, prng.split(), () =>
        this.#world.sourceIsDown() ? { ...odds(), fetchFails: 1 } : odds(),
      ),
      policySource:
        policySource === null
          ? null
          : openSimPolicies(policySource, process, this.#world.policyPrng.split(), () =>
              this.#world.policiesAreDown() ? { ...odds(), fetchFails: 1 } : odds(),
            ),
      ledger: this.#openLedger(process, prng.split()),
      apis: new Map(
        [...aws.fleets.keys()].map((fleet) => [fleet, aws.open(fleet, process, prng.split(), odds)]),
      ),
      run: `${this.name}-${life}`,
      tzdata: 'simulated',
      signal: stopper.signal,
    });
    const bell = new Bell();
    this.#ring(process, bell);
    log(() => `${this.name}/${life} starts`);
    runLoop(controller, bell).then(() => process.kill(), this.#world.onBug);
  }

  /** The schedule: node-cron in the daemon, a timer here. */
  #ring(process: SimProcess, bell: Bell): void {
    if (!process.alive) return;
    process.resume(() => bell.ring());
    this.#world.timeline.after(this.#world.scenario.scheduleMs, () => this.#ring(process, bell));
  }

  #openLedger(process: SimProcess, prng: Prng): LedgerStore {
    const { remote, timeline, odds } = this.#world;
    const plan: LedgerFaultPlan = {
      onFetch: () => (prng.chance(odds().fetchFails) ? 'unreachable' : undefined),
      onPush: () => {
        const chances = odds();
        if (prng.chance(chances.pushLostBefore)) return 'lostBefore';
        if (prng.chance(chances.pushLostAfter)) return 'lostAfter';
        if (prng.chance(chances.pushRefused)) return 'refused';
        if (!prng.chance(chances.pushInFlight)) return undefined;
        const lateMs = prng.between(100, 400_000);
        timeline.after(lateMs, () => (prng.chance(0.7) ? remote.landLate() : remote.dropLate()));
        return 'inFlight';
      },
    };
    const store = openLedgerDouble(remote, { plan, memory: this.#memory });
    const { slowPushMaxMs } = this.#world.scenario;
    const travel = (slow: number): Travel => drawTravel(prng, slow, slowPushMaxMs);
    return {
      remembered: () => store.remembered(),
      fetch: () => process.call(travel(odds().slowCall), () => store.fetch()),
      commit: async (segment) => {
        await process.pause(prng.between(1, 20));
        return store.commit(segment);
      },
      push: (commit) => process.call(travel(odds().slowPush), () => store.push(commit)),
    };
  }
}
