/**
 * The composition root: from a configuration to a controller with everything that it may ask of the world. What was
 * opened is closed in reverse, however far the opening came.
 */
import { randomUUID } from 'node:crypto';
import type { ControllerConfig, HttpConfig, ListenAddress } from './config/config.ts';
import { Bell, type LoopWatcher, runLoop, runOnce } from './controller/loop.ts';
import type { PassReport } from './controller/pass.ts';
import type {
  Journal,
  LedgerStore,
  PolicyRepository,
  SourceRepository,
  TaskApi,
} from './controller/ports.ts';
import { type Controller, makeController } from './controller/state.ts';
import { PassBook, readStatus } from './controller/status.ts';
import { type OpenLedger, openLedger } from './git/ledger-branch.ts';
import { lockStateDir } from './git/lock.ts';
import { openPolicySource } from './git/policy-source.ts';
import { openSource, type Source } from './git/source.ts';
import type { Metrics } from './http/metrics.ts';
import type { Listener } from './http/route.ts';
import { readMoment, systemClock } from './lib/clock.ts';
import { ok, type Result } from './lib/faults.ts';
import type { Redactor } from './lib/redact.ts';
import { createTaskApi } from './snow/task-api.ts';
import {
  countCalls,
  type Measuring,
  measureFleet,
  measureLedger,
  measurePolicies,
  measureSource,
} from './wire-measure.ts';
import { checkSchedule, startSchedule } from './wire-schedule.ts';

export interface WireOptions {
  readonly config: ControllerConfig;
  readonly journal: Journal;
  readonly redactor: Redactor;
  /** Of snowgate. */
  readonly version: string;
  /** Aborted when the process is asked to end. */
  readonly stop: AbortSignal;
}

/** Where a daemon listens: nowhere, without `http`. */
export type Listening = ReadonlyMap<Listener, ListenAddress>;

/** A controller in its world. */
export interface Wired {
  /**
   * Listens where the configuration says so, and runs passes on schedule until told to stop; ends within `shutdown.timeout` of
   * that. Fault, before the first pass: SG7031, an address cannot be listened on.
   */
  runDaemon(onReport: (report: PassReport, listening: Listening) => void): Promise<Result<null>>;
  /** Passes until nothing is left that could be done now. */
  runOnce(wait: boolean): Promise<PassReport>;
  close(): Promise<void>;
}

/** A push that is not answered by then is sent again, within the claim's deadline. */
const pushTimeoutMs = 30_000;

/**
 * Opens everything; nothing is asked of a remote yet. Faults: the state directory is in use or unusable (SG3020,
 * SG3021), the schedule is none (SG7030), git cannot be run (SG3001).
 */
export async function wire(options: WireOptions): Promise<Result<Wired>> {
  const { config } = options;
  const schedule = checkSchedule(config.source.schedule);
  if (schedule !== null) return { ok: false, fault: schedule };
  const disposers = new Disposers(options.journal);
  const opened = await open(options, disposers);
  if (!opened.ok) {
    await disposers.dispose();
    return opened;
  }
  const { controller, source, ledger, metrics } = opened.value;
  const bell = new Bell();
  const closing = closeOnStop(options, source, ledger);
  disposers.add('shutdown timer', closing.cancel);
  return ok({
    runDaemon: async (onReport) => {
      const book = new PassBook(readMoment(controller.clock), options.journal);
      const outward = new Disposers(options.journal);
      disposers.add('what others see', () => outward.dispose());
      const listening = await listen(options, controller, { book, bell, metrics }, outward);
      if (!listening.ok) return listening;
      await notify(options, controller, { book, metrics }, outward);
      // Beside the last pass and the last write, and not behind them: these may need all the time that there is.
      options.stop.addEventListener('abort', () => void outward.dispose(), { once: true });
      const tick = startSchedule({
        expression: config.source.schedule,
        tick: () => bell.ring(),
        random: Math.random,
        countFailures: () => Math.max(controller.state.fetchFailures, controller.state.sourceFailures),
        journal: options.journal,
      });
      disposers.add('schedule', tick.stop);
      const watcher = watchPasses(controller, { book, metrics }, (report) =>
        onReport(report, listening.value),
      );
      await runLoop(controller, bell, watcher);
      return ok(null);
    },
    runOnce: (wait) => runOnce(controller, { wait }),
    close: () => disposers.dispose(),
  });
}

interface Opened {
  readonly controller: Controller;
  readonly source: Source;
  readonly ledger: OpenLedger;
  /** Null where nothing listens, and so nobody asks. */
  readonly metrics: Metrics | null;
}

interface Books {
  readonly book: PassBook;
  readonly metrics: Metrics | null;
}

/** Loaded only where it is configured: no other command waits for a server. */
async function listen(
  { config, journal, redactor }: WireOptions,
  controller: Controller,
  { book, bell, metrics }: Books & { readonly bell: Bell },
  disposers: Disposers,
): Promise<Result<Listening>> {
  const { http } = config;
  if (http === undefined || metrics === null) return ok(new Map());
  const { openHttp } = await import('./wire-http.ts');
  const readNow = () => readStatus(controller, book);
  const world = { bell, journal, redactor, clock: systemClock };
  const subscribe = (listener: () => void) => book.subscribe(listener);
  const server = await openHttp({ config, http, readStatus: readNow, subscribe, metrics, ...world });
  if (!server.ok) return server;
  disposers.add('http', server.value.close);
  return ok(server.value.addresses);
}

/** Loaded only where somebody is sent word. Told of each pass that ends, and nothing waits for it. */
async function notify(
  { config, journal, redactor, version }: WireOptions,
  controller: Controller,
  { book, metrics }: Books,
  disposers: Disposers,
): Promise<void> {
  const { notify: targets, stateDir } = config;
  if (targets === undefined) return;
  const { openNotify } = await import('./wire-notify.ts');
  const count = (target: string, result: string): void =>
    metrics?.count('snowgate_notifications_total', { target, result });
  const notifier = await openNotify({ targets, stateDir, journal, redactor, version, count });
  disposers.add('notify', () => notifier.close());
  disposers.add(
    'notify news',
    book.subscribe(() => notifier.offer(readStatus(controller, book))),
  );
}

function watchPasses(
  controller: Controller,
  { book, metrics }: Books,
  onReport: (report: PassReport) => void,
): LoopWatcher {
  return {
    onBegin: () => book.noteBegin(readMoment(controller.clock)),
    onReport: (report) => {
      const tookMs = book.noteReport(report, readMoment(controller.clock));
      metrics?.count('snowgate_passes_total', { result: 'done' });
      metrics?.time('snowgate_pass_duration_seconds', {}, tookMs);
      onReport(report);
    },
    onBug: () => {
      book.noteBug(readMoment(controller.clock));
      metrics?.count('snowgate_passes_total', { result: 'bug' });
    },
  };
}

async function open(options: WireOptions, disposers: Disposers): Promise<Result<Opened>> {
  const { config, journal, redactor, stop } = options;
  const { stateDir } = config;
  const metrics = config.http === undefined ? null : await startMetrics(options.version, config, config.http);
  const measuring = metrics === null ? null : { meter: metrics, clock: systemClock };
  const lock = await lockStateDir(stateDir);
  if (!lock.ok) return lock;
  disposers.add('state directory', lock.value.close);
  const source = await openSource(config.source, { stateDir, redactor });
  if (!source.ok) return source;
  disposers.add('source', () => source.value.close());
  const policySource = await openPolicies(options, measuring, disposers);
  if (!policySource.ok) return policySource;
  const { fetchTimeoutMs } = config.source.limits;
  const ledger = await openLedger(config.ledger, { stateDir, fetchTimeoutMs, pushTimeoutMs, redactor });
  if (!ledger.ok) return ledger;
  disposers.add('ledger', () => ledger.value.close());
  const apis = new Map<string, TaskApi>();
  for (const [name, fleet] of config.fleets) {
    const { requestTimeoutMs } = config.issue;
    const onCall = measuring === null ? {} : { onCall: countCalls(measuring) };
    const api = createTaskApi(fleet, { requestTimeoutMs, clock: systemClock, redactor, ...onCall });
    disposers.add(`fleet ${name}`, () => api.close());
    apis.set(name, measuring === null ? api : measureFleet(name, api, measuring));
  }
  const controller = makeController({
    config,
    clock: systemClock,
    journal,
    source: measured(withCare(source.value, journal), measuring, measureSource),
    policySource: policySource.value,
    ledger: measured(withLedgerCare(ledger.value, journal), measuring, measureLedger),
    apis,
    run: randomUUID(),
    tzdata: process.versions.tz ?? 'unknown',
    signal: stop,
  });
  return ok({ controller, source: source.value, ledger: ledger.value, metrics });
}

async function startMetrics(
  version: string,
  { fleets }: ControllerConfig,
  http: HttpConfig,
): Promise<Metrics> {
  const { Metrics } = await import('./http/metrics.ts');
  return new Metrics(version, { fleets: [...fleets.keys()], providers: [...http.hookSecretFiles.keys()] });
}

function measured<T>(port: T, measuring: Measuring | null, measure: (port: T, by: Measuring) => T): T {
  return measuring === null ? port : measure(port, measuring);
}

/** The repository of the policies, where they have one of their own. */
async function openPolicies(
  { config, journal, redactor }: WireOptions,
  measuring: Measuring | null,
  disposers: Disposers,
): Promise<Result<PolicyRepository | null>> {
  if (config.policySource === undefined) return ok(null);
  const { stateDir, source } = config;
  const opened = await openPolicySource(config.policySource, { stateDir, redactor, limits: source.limits });
  if (!opened.ok) return opened;
  const policies = opened.value;
  disposers.add('policies', () => policies.close());
  const cared: PolicyRepository = {
    fetch: async () => {
      await care(policies, 'policies', journal);
      return policies.fetch();
    },
    descends: (head, ancestor) => policies.descends(head, ancestor),
    read: (head) => policies.read(head),
    traceFiles: (head, paths) => policies.traceFiles(head, paths),
  };
  return ok(measured(cared, measuring, measurePolicies));
}

interface Cared {
  maintain(): Promise<Result<{ readonly repacked: boolean }>>;
}

/** Mirrors are repacked between passes: right before a fetch, when nothing has been claimed yet. */
function withCare(source: Source, journal: Journal): SourceRepository {
  return {
    fetch: async () => {
      await care(source, 'source', journal);
      return source.fetch();
    },
    descends: (head, ancestor) => source.descends(head, ancestor),
    read: (head) => source.read(head),
    trace: (head, wanted) => source.trace(head, wanted),
    traceFiles: (head, paths) => source.traceFiles(head, paths),
  };
}

function withLedgerCare(ledger: OpenLedger, journal: Journal): LedgerStore {
  return {
    remembered: () => ledger.remembered(),
    fetch: async () => {
      await care(ledger, 'ledger', journal);
      return ledger.fetch();
    },
    commit: (segment) => ledger.commit(segment),
    push: (commit) => ledger.push(commit),
  };
}

async function care(cared: Cared, mirror: string, journal: Journal): Promise<void> {
  const done = await cared.maintain();
  if (!done.ok) {
    const { code, message } = done.fault;
    journal.write('warn', 'mirror not repacked, it only grows slower', { mirror, code, reason: message });
  } else if (done.value.repacked) journal.write('debug', 'mirror repacked', { mirror });
}

/**
 * A stop ends what reads the source at once: nothing is issued any more that would need it. The ledger takes the last
 * outcomes; past `shutdown.timeout` it is closed too, and what has not landed is found again by a look.
 */
function closeOnStop(options: WireOptions, source: Source, ledger: OpenLedger): { cancel(): void } {
  const { config, journal, stop } = options;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    journal.write('info', 'stopping: no further call starts', { timeoutMs: config.shutdown.timeoutMs });
    const report = (error: unknown): void =>
      journal.write('warn', 'closing failed', { reason: String(error) });
    source.close().catch(report);
    timer = setTimeout(() => {
      journal.write('error', 'stopping took too long, the ledger is left as it is', {});
      ledger.close().catch(report);
    }, config.shutdown.timeoutMs);
  };
  if (stop.aborted) begin();
  else stop.addEventListener('abort', begin, { once: true });
  return {
    cancel: () => {
      stop.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}

/** What was opened, to be closed in reverse; one that fails to close keeps no other open. */
class Disposers {
  readonly #list: { readonly what: string; readonly dispose: () => Promise<void> | void }[] = [];
  readonly #journal: Journal;
  #disposing: Promise<void> | null = null;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  add(what: string, dispose: () => Promise<void> | void): void {
    this.#list.push({ what, dispose });
  }

  /** Closes everything, once; whoever asks again waits for the same. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#disposeAll();
    return this.#disposing;
  }

  async #disposeAll(): Promise<void> {
    for (let last = this.#list.pop(); last !== undefined; last = this.#list.pop()) {
      try {
        await last.dispose();
      } catch (error) {
        this.#journal.write('warn', 'closing failed', { part: last.what, reason: String(error) });
      }
    }
  }
}
