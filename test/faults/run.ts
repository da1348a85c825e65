/** One seeded run: a world is drawn, goes wrong for a while, is healed, and is then held against the invariants. */
import type { ControllerConfig, FleetConfig } from '../../src/config/config.ts';
import { decodeSegment, encodeFormat } from '../../src/ledger/codec.ts';
import { LedgerRemote } from '../doubles/ledger.ts';
import { SimAws, simAccount } from './aws.ts';
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
import { Prng } from './prng.ts';
import type { Surroundings } from './replica.ts';
import { Replica } from './replica.ts';
import type { Odds, Scenario } from './scenario.ts';
import { calmOdds, drawScenario } from './scenario.ts';
import { SimSource } from './source.ts';
import { Timeline } from './timeline.ts';

const ledgerId = '6f1c0000-0000-4000-8000-000000000001';
const maxAgeMs = 5 * 60_000;
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
  /** Nobody is started before: a ledger is not restored while a controller runs. */
  #closedUntilMs = 0;
  #lives = 0;

  constructor(seed: number, options: RunOptions) {
    this.#seed = seed;
    const { log } = options;
    this.#log = log === undefined ? () => undefined : (line) => log(`${this.#timeline.nowMs} ${line()}`);
    this.#prng = new Prng(seed);
    this.#scenario = drawScenario(this.#prng, options.breakA1 === true);
    this.#odds = this.#scenario.odds;
    this.#source = new SimSource(this.#timeline);
    this.#aws = new SimAws(this.#timeline, this.#scenario, seed);
    const fleets = [...this.#aws.fleets.keys()];
    this.#editor = new Editor(this.#source, this.#timeline, this.#prng.split(), fleets, (fleet) =>
      this.#aws.deviceIds(fleet),
    );
    const surroundings: Surroundings = {
      timeline: this.#timeline,
      scenario: this.#scenario,
      source: this.#source,
      aws: this.#aws,
      remote: this.#remote,
      odds: () => this.#odds,
      sourceIsDown: () => !this.#calm && this.#timeline.nowMs < this.#sourceDownUntilMs,
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
  #repeat(everyMs: number, happen: () => void): void {
    if (everyMs === 0) return;
    this.#timeline.after(this.#prng.between(1, 2 * everyMs), () => {
      if (this.#calm) return;
      happen();
      this.#repeat(everyMs, happen);
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
    this.#editor.openAll();
    this.#calmAtMs = this.#timeline.nowMs;
    for (const fleet of this.#aws.fleets.keys()) this.#aws.setOnline(fleet, null, true);
    for (const { process } of this.#replicas) if (process !== null) process.wallOffsetMs = 0;
    this.#log(() => 'calm');
  }

  get #isWhole(): boolean {
    return this.#scenario.holdsA1 && this.#scenario.ledgerLossAtMs === 0;
  }

  async #rest(): Promise<void> {
    const endMs = this.#timeline.nowMs + (this.#isWhole ? restMaxMs : 6 * restStepMs);
    while (this.#timeline.nowMs < endMs && this.#findings.length === 0) {
      await this.#timeline.run(this.#timeline.nowMs + restStepMs);
      const { view, finding } = readLedger(this.#remote, ledgerId);
      if (finding !== null || isAtRest(view, this.#source, this.#aws, this.#timeline.nowMs)) return;
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
    this.#findings.push(...findWrongCancels(this.#aws, this.#source, maxAgeMs));
    if (this.#isWhole) {
      this.#findings.push(...findCrowds(view, this.#aws));
      this.#findings.push(...findIntrusions(this.#aws, this.#scenario.listRetentionMs));
      this.#findings.push(...findLateRuns(this.#aws, this.#source, this.#calmAtMs));
      this.#findings.push(...findWrongEnds(view, this.#aws));
      this.#findings.push(
        ...findNeedlessLooks(this.#remote, this.#calmAtMs, this.#scenario.freezeEveryMs > 0),
      );
    }
    // Without A1 a task may turn up long after it was given up, and after a loss a person is needed: then nobody can
    // promise that all of them end.
    if (this.#isWhole) {
      this.#findings.push(...findUnfinished(view, this.#source, this.#aws, this.#timeline.nowMs));
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

function countKinds(remote: LedgerRemote): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const segment of remote.segments()) {
    const batch = decodeSegment(segment);
    for (const event of batch.ok ? batch.value.events : []) {
      const kind = event.kind === 'released' ? `released ${event.reason}` : event.kind;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  return kinds;
}

/** The configuration of one replica of a scenario. */
export function makeConfig(replica: string, scenario: Scenario, fleets: readonly string[]): ControllerConfig {
  const remote = { url: 'file:///simulated', auth: { kind: 'none' }, insecureTransport: false } as const;
  return {
    source: {
      ...remote,
      branch: 'main',
      path: 'tasks',
      policies: 'policies',
      schedule: '*/30 * * * * *',
      maxAgeMs,
      maxRemovals: 10,
      limits: {
        fileBytes: 65_536,
        files: 1_000,
        documentsPerFile: 100,
        depth: 32,
        fetchTimeoutMs: 120_000,
        historyCommits: 1_000,
      },
    },
    ledger: {
      ...remote,
      branch: 'snowgate-ledger',
      id: ledgerId,
      pushesPerMinute: scenario.pushesPerMinute,
      replicas: scenario.replicas,
      sharesSource: false,
    },
    stateDir: '/simulated',
    replica,
    repeatGuard: true,
    fleets: new Map(
      fleets.map((name): [string, FleetConfig] => [name, { name, region: name, account: simAccount }]),
    ),
    issue: scenario.issue,
    recovery: scenario.recovery,
    observe: { rate: 10 },
    clock: { toleranceMs: 30_000 },
    shutdown: { timeoutMs: 25_000 },
  };
}
