/** One seeded run: a world is drawn, goes wrong for a while, is healed, and is then held against the invariants. */
import { encodeFormat } from '../../src/ledger/codec.ts';
import { LedgerRemote } from '../doubles/ledger.ts';
import { SimAws } from './aws.ts';
import { emptyBook } from './book.ts';
import { Bookkeeper } from './bookkeeper.ts';
import { ledgerId, makeConfig, maxAgeMs } from './config.ts';
import { Editor } from './editor.ts';
import {
  findCrowds,
  findDoubles,
  findIntrusions,
  findLateRuns,
  findNeedlessLooks,
  findRepeats,
  findUnfinished,
  findUnwantedCalls,
  findWrongCancels,
  findWrongEnds,
  isAtRest,
  readLedger,
} from './invariants.ts';
import { countKinds } from './kinds.ts';
import type { PolicyWorld } from './policy-invariants.ts';
import {
  findForbiddenCalls,
  findFullFleets,
  findLateCancels,
  findOvercounts,
  findWrongMisses,
  findWrongRecords,
} from './policy-invariants.ts';
import { Prng } from './prng.ts';
import type { Surroundings } from './replica.ts';
import { Replica } from './replica.ts';
import type { Odds, Scenario } from './scenario.ts';
import { calmOdds, drawScenario } from './scenario.ts';
import { SimSource } from './source.ts';
import { Timeline } from './timeline.ts';

/** After the calm: the longest back-off is an hour, and each of a chain of doubts may need one. */
const restMaxMs = 12 * 60 * 60_000;
const restStepMs = 10 * 60_000;

export interface RunResult {
  readonly seed: number;
  readonly findings: readonly string[];
  readonly calls: number;
  readonly tasks: number;
  readonly commits: number;
  readonly events: number;
  readonly lives: number;
  /** How often each kind of event was written: a suite that never meets a doubt proves nothing about doubts. */
  readonly kinds: ReadonlyMap<string, number>;
}

export interface RunOptions {
  /** AWS lists later than assumed, and only its memory of tokens stands in between. */
  readonly breakA1?: boolean;
  readonly log?: (line: string) => void;
}

/** Runs the world of a seed to its end. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const world = new World(seed, options);
  return world.run();
}

class World {
  readonly #seed: number;
  readonly #prng: Prng;
  readonly #timeline = new Timeline();
  readonly #scenario: Scenario;
  readonly #source: SimSource;
  /** Draws for policies alone, so that they shift nothing else. */
  readonly #policyPrng: Prng;
  readonly #keeper: Bookkeeper | null;
  readonly #policySource: SimSource | null;
  readonly #aws: SimAws;
  readonly #remote = new LedgerRemote(encodeFormat({ v: 1, ledger: ledgerId }));
  readonly #editor: Editor;
  readonly #replicas: Replica[];
  readonly #findings: string[] = [];
  readonly #log: (line: () => string) => void;
  #odds: Odds;
  #calm = false;
  #calmAtMs = 0;
  #sourceDownUntilMs = 0;
  #policiesDownUntilMs = 0;
  /** Nobody is started before: a ledger is not restored while a controller runs. */
  #closedUntilMs = 0;
  #lives = 0;

  constructor(seed: number, options: RunOptions) {
    this.#seed = seed;
    const { log } = options;
    this.#log = log === undefined ? () => undefined : (line) => log(`${this.#timeline.nowMs} ${line()}`);
    this.#prng = new Prng(seed);
    this.#policyPrng = new Prng(seed ^ 0x5bd1e995);
    // Odd seeds have none, and draw what they drew before there were any: what they found once they find again.
    const policyPrng = seed % 2 === 0 ? this.#policyPrng : null;
    this.#scenario = drawScenario(this.#prng, options.breakA1 === true, policyPrng);
    this.#odds = this.#scenario.odds;
    this.#source = new SimSource(this.#timeline);
    this.#aws = new SimAws(this.#timeline, this.#scenario, seed);
    const fleets = [...this.#aws.fleets.keys()];
    const { policies } = this.#scenario;
    const keeper =
      policies === null
        ? null
        : new Bookkeeper(
            this.#policyPrng.split(),
            this.#timeline,
            fleets,
            policies.isTight ? this.#scenario.cancelLeadMs : null,
          );
    this.#keeper = keeper;
    this.#policySource = policies?.isSeparate === true ? new SimSource(this.#timeline) : null;
    const isSeparate = this.#policySource !== null;
    this.#editor = new Editor(
      this.#source,
      this.#timeline,
      this.#prng.split(),
      fleets,
      (fleet) => this.#aws.deviceIds(fleet),
      keeper === null
        ? null
        : { prng: this.#policyPrng.split(), book: () => (isSeparate ? emptyBook : keeper.book) },
    );
    const surroundings: Surroundings = {
      timeline: this.#timeline,
      scenario: this.#scenario,
      source: this.#source,
      policySource: this.#policySource,
      policyPrng: this.#policyPrng.split(),
      aws: this.#aws,
      remote: this.#remote,
      odds: () => this.#odds,
      sourceIsDown: () => !this.#calm && this.#timeline.nowMs < this.#sourceDownUntilMs,
      policiesAreDown: () => !this.#calm && this.#timeline.nowMs < this.#policiesDownUntilMs,
      onBug: (error) => this.#findings.push(`bug: ${error instanceof Error ? error.stack : String(error)}`),
      log: this.#log,
    };
    this.#replicas = Array.from({ length: this.#scenario.replicas }, (_, index) => {
      const name = `replica-${index}`;
      const config = makeConfig(name, this.#scenario, fleets);
      return new Replica(name, surroundings, this.#prng.split(), config);
    });
  }

  async run(): Promise<RunResult> {
    const { scenario, timeline } = { scenario: this.#scenario, timeline: this.#timeline };
    this.#log(() => `scenario ${JSON.stringify(scenario)}`);
    this.#beginPolicies();
    this.#editor.begin(scenario.tasksAtStart);
    for (const replica of this.#replicas) {
      timeline.after(this.#prng.between(0, 20_000), () => this.#start(replica));
    }
    this.#repeat(scenario.editEveryMs, () => {
      this.#editor.edit();
      this.#log(() => `edit ${this.#source.head.id.slice(0, 8)}`);
    });
    this.#repeat(scenario.killEveryMs, () => this.#prng.pick(this.#replicas).kill());
    this.#repeat(scenario.stopEveryMs, () => this.#prng.pick(this.#replicas).stop());
    this.#repeat(scenario.freezeEveryMs, () => this.#freeze());
    this.#repeat(scenario.clockJumpEveryMs, () => this.#jump());
    this.#repeat(scenario.sourceDownEveryMs, () => {
      this.#sourceDownUntilMs = timeline.nowMs + this.#prng.between(60_000, 12 * 60_000);
      this.#log(() => `source is down until ${this.#sourceDownUntilMs}`);
    });
    this.#disturbDevices();
    if (scenario.ledgerLossAtMs > 0) timeline.at(scenario.ledgerLossAtMs, () => this.#loseLedger());
    this.#watchLives();
    await timeline.run(scenario.calmAtMs);
    this.#heal();
    await this.#rest();
    return this.#conclude();
  }

  #beginPolicies(): void {
    const { policies } = this.#scenario;
    const keeper = this.#keeper;
    if (policies === null || keeper === null) return;
    const prng = this.#policyPrng;
    keeper.begin();
    this.#log(() => `policies ${JSON.stringify(keeper.book)}`);
    this.#policySource?.commit([], { book: keeper.book });
    for (const [fleet] of this.#aws.fleets)
      for (const device of this.#aws.deviceIds(fleet)) this.#aws.setReady(fleet, device, prng.chance(0.7));
    this.#repeat(policies.editEveryMs, () => this.#editPolicies(keeper), prng);
    this.#repeat(
      policies.tagEveryMs,
      () => {
        const fleet = prng.pick([...this.#aws.fleets.keys()]);
        const ids = this.#aws.deviceIds(fleet);
        for (let devices = 0; devices < 3; devices += 1)
          this.#aws.setReady(fleet, prng.pick(ids), prng.chance(0.5));
      },
      prng,
    );
    this.#repeat(
      policies.downEveryMs,
      () => {
        this.#policiesDownUntilMs = this.#timeline.nowMs + prng.between(2 * 60_000, 15 * 60_000);
        this.#log(() => `policies are down until ${this.#policiesDownUntilMs}`);
      },
      prng,
    );
  }

  #editPolicies(keeper: Bookkeeper): void {
    const prng = this.#policyPrng;
    if (prng.chance(0.2)) this.#editor.annotate();
    else {
      keeper.edit(this.#editor.tasks);
      if (this.#policySource !== null) this.#policySource.commit([], { book: keeper.book });
      // Now and then a task comes with the policies, in one commit.
      else if (prng.chance(0.2)) this.#editor.edit();
      else this.#editor.commit();
    }
    this.#log(() => `policies ${JSON.stringify(keeper.book)}`);
  }

  #disturbDevices(): void {
    const { offlineEveryMs, failEveryMs, foreignEveryMs } = this.#scenario.work;
    const fleets = [...this.#aws.fleets.keys()];
    const pickDevice = (): readonly [string, number] => [
      this.#prng.pick(fleets),
      this.#prng.between(0, this.#scenario.devices - 1),
    ];
    this.#repeat(offlineEveryMs, () => {
      const [fleet, index] = pickDevice();
      this.#aws.setOnline(fleet, index, false);
      this.#timeline.after(this.#prng.between(60_000, 10 * 60_000), () =>
        this.#aws.setOnline(fleet, index, true),
      );
    });
    this.#repeat(failEveryMs, () => {
      const [fleet, index] = pickDevice();
      this.#aws.fail(fleet, index, this.#prng.pick(['FAILED', 'REJECTED', 'TIMED_OUT'] as const));
    });
    this.#repeat(foreignEveryMs, () => {
      const [fleet, index] = pickDevice();
      this.#aws.makeForeign(fleet, this.#aws.deviceIds(fleet).slice(index, index + 2));
    });
  }

  /** Something that happens again and again, at random, until the calm. */
  #repeat(everyMs: number, happen: () => void, prng: Prng = this.#prng): void {
    if (everyMs === 0) return;
    this.#timeline.after(prng.between(1, 2 * everyMs), () => {
      if (this.#calm) return;
      happen();
      this.#repeat(everyMs, happen, prng);
    });
  }

  /** Dead replicas are started again after a while. */
  #watchLives(): void {
    const waiting = new Set<Replica>();
    const look = (): void => {
      for (const replica of this.#replicas) {
        if (replica.isRunning || waiting.has(replica) || replica.process === null) continue;
        waiting.add(replica);
        const outageMs = this.#calm ? 1_000 : this.#prng.between(1_000, this.#scenario.outageMaxMs);
        this.#timeline.after(outageMs, () => {
          waiting.delete(replica);
          this.#start(replica);
        });
      }
      this.#timeline.after(1_000, look);
    };
    this.#timeline.after(1_000, look);
  }

  #start(replica: Replica): void {
    if (this.#timeline.nowMs < this.#closedUntilMs) return;
    this.#lives += 1;
    const { skewMaxMs, skewIsExtreme } = this.#scenario;
    const skewMs = skewIsExtreme
      ? this.#prng.pick([-skewMaxMs, skewMaxMs])
      : this.#prng.between(-skewMaxMs, skewMaxMs);
    replica.start(this.#calm ? 0 : skewMs);
  }

  /**
   * The ledger is restored from a backup that lacks its newest commits. Whoever does that stops every controller first and
   * waits until what was on its way has settled; the state directories are gone as well.
   */
  #loseLedger(): void {
    for (const replica of this.#replicas) replica.forget();
    const segments = this.#remote.segments();
    const kept = segments.length - this.#prng.between(1, 3);
    this.#remote.rewind(segments[kept - 1]?.commit ?? this.#remote.root);
    this.#closedUntilMs = this.#timeline.nowMs + 2 * this.#scenario.recovery.settlingMs + 60_000;
    this.#log(() => `the ledger goes back to commit ${Math.max(0, kept)}`);
  }

  #freeze(): void {
    const durationMs = this.#prng.between(1_000, this.#scenario.outageMaxMs);
    const suspends = this.#prng.chance(0.5);
    this.#log(() => `freeze ${durationMs} ${suspends ? 'suspended' : 'stopped'}`);
    this.#prng.pick(this.#replicas).process?.freeze(durationMs, suspends);
  }

  #jump(): void {
    const { clockJumpMaxMs } = this.#scenario;
    const { process } = this.#prng.pick(this.#replicas);
    const offsetMs = this.#prng.between(-clockJumpMaxMs, clockJumpMaxMs);
    this.#log(() => `clock of ${process?.replica ?? 'nobody'} jumps to ${offsetMs}`);
    if (process !== null) process.wallOffsetMs = offsetMs;
  }

  /** Nothing goes wrong any more, every clock is right, and nothing wanted is held by its times. */
  #heal(): void {
    this.#calm = true;
    this.#odds = calmOdds();
    this.#keeper?.heal();
    if (this.#keeper !== null) this.#policySource?.commit([], { book: this.#keeper.book });
    this.#editor.openAll();
    this.#calmAtMs = this.#timeline.nowMs;
    for (const fleet of this.#aws.fleets.keys()) {
      this.#aws.setOnline(fleet, null, true);
      if (this.#keeper === null) continue;
      for (const device of this.#aws.deviceIds(fleet)) this.#aws.setReady(fleet, device, true);
    }
    for (const { process } of this.#replicas) if (process !== null) process.wallOffsetMs = 0;
    this.#log(() => `calm, policies ${JSON.stringify(this.#keeper?.book ?? null)}`);
  }

  get #isWhole(): boolean {
    return this.#scenario.holdsA1 && this.#scenario.ledgerLossAtMs === 0;
  }

  get #world(): PolicyWorld {
    const [scenario, source, policySource, aws] = [
      this.#scenario,
      this.#source,
      this.#policySource,
      this.#aws,
    ];
    return { scenario, source, policySource, aws, maxAgeMs };
  }

  async #rest(): Promise<void> {
    const endMs = this.#timeline.nowMs + (this.#isWhole ? restMaxMs : 6 * restStepMs);
    while (this.#timeline.nowMs < endMs && this.#findings.length === 0) {
      await this.#timeline.run(this.#timeline.nowMs + restStepMs);
      const { view, finding } = readLedger(this.#remote, ledgerId);
      if (finding !== null || isAtRest(this.#world, view, this.#timeline.nowMs)) return;
    }
  }

  #conclude(): RunResult {
    const { view, finding } = readLedger(this.#remote, ledgerId);
    this.#aws.settleAll();
    this.#findings.push(...(finding === null ? [] : [finding]));
    this.#findings.push(...findDoubles(this.#aws));
    // The guard cannot know of a task that it was told does not exist, or that the ledger has forgotten.
    if (this.#isWhole) this.#findings.push(...findRepeats(this.#aws, this.#source));
    this.#findings.push(...findUnwantedCalls(this.#aws, this.#source, maxAgeMs));
    this.#findings.push(...findForbiddenCalls(this.#world));
    this.#findings.push(...findOvercounts(this.#world, this.#remote, ledgerId));
    this.#findings.push(...findWrongCancels(this.#world, view));
    if (this.#isWhole) {
      this.#findings.push(...findCrowds(view, this.#aws));
      this.#findings.push(...findIntrusions(this.#aws, this.#scenario.listRetentionMs));
      this.#findings.push(...findLateRuns(this.#aws, this.#source, this.#calmAtMs));
      this.#findings.push(...findWrongEnds(view, this.#aws));
      this.#findings.push(...findWrongRecords(this.#world, view));
      this.#findings.push(...findLateCancels(this.#world, view, this.#calmAtMs));
      this.#findings.push(...findWrongMisses(this.#aws, view));
      this.#findings.push(...findFullFleets(this.#world, view));
      this.#findings.push(
        ...findNeedlessLooks(this.#remote, this.#calmAtMs, this.#scenario.freezeEveryMs > 0),
      );
    }
    // Without A1 a task may turn up long after it was given up, and after a loss a person is needed: then nobody can
    // promise that all of them end.
    if (this.#isWhole) {
      this.#findings.push(...findUnfinished(this.#world, view, this.#timeline.nowMs));
    }
    for (const replica of this.#replicas) replica.kill();
    return {
      seed: this.#seed,
      findings: this.#findings,
      calls: this.#aws.calls.length,
      tasks: [...this.#aws.fleets.values()].reduce((sum, fleet) => sum + fleet.tasks.size, 0),
      commits: view.seq,
      events: this.#timeline.events,
      lives: this.#lives,
      kinds: countKinds(this.#remote),
    };
  }
}
