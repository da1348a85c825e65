import { randomUUID } from 'node:crypto';
import type { ControllerConfig } from '../config/config.ts';
import { type LedgerBeginning, initLedger as makeLedger } from '../git/ledger-init.ts';
import { showUrl } from '../git/remote.ts';
import { encodeChecked, encodeFormat } from '../ledger/codec.ts';
import { type BaselineEvent, type Batch, formatVersion } from '../ledger/events.ts';
import { commitMessage, segmentPath } from '../ledger/message.ts';
import { systemClock } from '../lib/clock.ts';
import { count } from '../lib/count.ts';
import { type Fault, fault, ok, type Result } from '../lib/faults.ts';
import type { WantedTask } from '../manifest/collect.ts';
import { loadConfig, type Ready, stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { pushTimeoutMs } from './ledger-reading.ts';
import type { Format } from './options.ts';
import { colorsFor, formatJson, formatProblem, plain } from './print.ts';
import { readWanted, type Wanted } from './source-reading.ts';
import type { Surroundings } from './surroundings.ts';

export interface InitOptions {
  readonly config?: string;
  readonly baseline?: true;
  readonly issueExisting?: true;
  readonly format: Format;
}

/** Revisions in one segment of a baseline: some 300 KB, far below what is read as one. */
const baselineBatch = 1_000;

/**
 * Makes the ledger branch, once. What already stands in the source is written down as never to be issued, or is to be
 * issued, but only where the operator says which; an empty source needs no word.
 */
export async function initLedger(options: InitOptions, world: Surroundings): Promise<ExitCode> {
  // That no ledger is pinned yet is why this command is run.
  const config = await loadConfig(options.config, world, ['SG2017']);
  if (!config.ok) return config.exit;
  const { ledger } = config.value;
  if (ledger.id !== undefined) return stopBy(pinned(ledger.id), exitCodes.usage, world).exit;
  const tasks = await chooseBaseline(options, config.value, world);
  if (!tasks.ok) return tasks.exit;
  const ledgerId = randomUUID();
  const beginning = makeBeginning(tasks.value, config.value, ledgerId);
  if (!beginning.ok) return stopBy(beginning.fault, exitCodes.findings, world).exit;
  const made = await makeLedger(ledger, beginning.value, {
    fetchTimeoutMs: config.value.source.limits.fetchTimeoutMs,
    pushTimeoutMs,
    redactor: world.redactor,
    signal: world.stop,
  });
  if (!made.ok) {
    const exit = made.fault.code === 'SG4020' ? exitCodes.findings : exitCodes.unreachable;
    return stopBy(made.fault, exit, world).exit;
  }
  const baseline = tasks.value.tasks.length;
  if (options.format === 'json') {
    world.stdout.write(formatJson({ ledger: ledgerId, ...made.value, baseline }, world));
    return exitCodes.done;
  }
  world.stdout.write(
    `ledger ${ledgerId} begins on branch ${plain(ledger.branch)} of ${plain(showUrl(ledger.url))}\n`,
  );
  if (baseline > 0)
    world.stdout.write(`${count(baseline, 'revision')} written down as baseline, never to be issued\n`);
  world.stdout.write(`\nPin it in the configuration:\n\nledger:\n  id: ${ledgerId}\n`);
  return exitCodes.done;
}

interface Baseline {
  /** Null where the source was not read. */
  readonly head: string | null;
  readonly tasks: readonly WantedTask[];
}

async function chooseBaseline(
  options: InitOptions,
  config: ControllerConfig,
  world: Surroundings,
): Promise<Ready<Baseline>> {
  if (options.issueExisting === true) return { ok: true, value: { head: null, tasks: [] } };
  const wanted = await readWanted(config, world);
  if (!wanted.ok) return stopBy(wanted.fault, exitCodes.unreachable, world);
  const { head, desired } = wanted.value;
  const errors = desired.problems.filter(({ severity }) => severity === 'error');
  const tasks = [...desired.tasks.values()];
  if (options.baseline !== true) {
    const standing = tasks.length + errors.length;
    return standing === 0
      ? { ok: true, value: { head, tasks } }
      : stopBy(sourceNotEmpty(tasks.length, wanted.value), exitCodes.findings, world);
  }
  if (errors.length === 0) return { ok: true, value: { head, tasks } };
  const colors = colorsFor(world.stderr, world.env);
  for (const problem of errors) world.stderr.write(formatProblem(problem, colors));
  return stopBy(unreadable(errors.length), exitCodes.findings, world);
}

function makeBeginning(
  { head, tasks }: Baseline,
  config: ControllerConfig,
  ledgerId: string,
): Result<LedgerBeginning> {
  const atMs = systemClock.wallMs();
  const at = new Date(atMs).toISOString();
  const { replica } = config;
  const run = randomUUID();
  // Those of another repository were not read: the first pass that acts on them writes down which.
  const policies = config.policySource === undefined ? head : null;
  const segments: { path: string; text: string; message: string }[] = [];
  for (let first = 0; first < tasks.length; first += baselineBatch) {
    const seq = segments.length + 1;
    const batch: Batch = {
      header: { v: formatVersion, kind: 'batch', seq, replica, run, source: head, policies, at },
      events: tasks.slice(first, first + baselineBatch).map((task) => baselineEvent(task, at)),
    };
    const text = encodeChecked(batch);
    if (!text.ok) return text;
    segments.push({ path: segmentPath(batch.header), text: text.value, message: commitMessage(batch) });
  }
  const format = encodeFormat({ v: formatVersion, ledger: ledgerId });
  return ok({ format, message: `Begin ledger ${ledgerId}\n`, replica, atMs, segments });
}

function baselineEvent({ manifest, path }: WantedTask, at: string): BaselineEvent {
  const { token, fleet, name, command, targets, run } = manifest;
  return { v: formatVersion, kind: 'baseline', token, fleet, name, at, command, targets, taskRun: run, path };
}

function pinned(id: string): Fault {
  return fault(
    'SG7017',
    'human',
    `the configuration pins ledger ${id}, which has been made before`,
    'restore its branch; to begin another ledger on purpose, remove ledger.id first',
  );
}

function sourceNotEmpty(tasks: number, { head }: Wanted): Fault {
  return fault(
    'SG7018',
    'human',
    `the source already holds ${count(tasks, 'valid task')} at ${head.slice(0, 12)}, and a new ledger knows of none`,
    '--baseline writes them down as never to be issued; --issue-existing has every one of them issued',
  );
}

function unreadable(errors: number): Fault {
  return fault(
    'SG7019',
    'human',
    `${count(errors, 'error')} in the source: what cannot be read cannot be written down, and would be issued once it is corrected`,
    'correct or remove these manifests first',
  );
}
