import { randomUUID } from 'node:crypto';
import type { ControllerConfig } from '../config/config.ts';
import { findElsewhere, fleetConditions } from '../controller/fleet-check.ts';
import { type Reading, readSource } from '../controller/history.ts';
import { makeController } from '../controller/state.ts';
import { withTemporaryDir } from '../git/ledger-audit.ts';
import { type OpenLedger, openLedger } from '../git/ledger-branch.ts';
import { openSource, type Source } from '../git/source.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { fault } from '../lib/faults.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import { parseTime } from '../manifest/time.ts';
import type { Decision } from '../plan/decision.ts';
import { makePlan } from '../plan/plan.ts';
import type { Reason } from '../policy/verdict.ts';
import { loadConfig, type Ready, stopBy } from './configuration.ts';
import { decisionJson, decisionRow, exitOf, shortInstant } from './decision-view.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { tally } from './ledger-list.ts';
import { foldFetched, pushTimeoutMs } from './ledger-reading.ts';
import type { Format } from './options.ts';
import { colorsFor, count, formatJson, formatProblem, plain } from './print.ts';
import { formatRows } from './receipt-view.ts';
import { closeOnStop } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

export interface PlanOptions {
  readonly config?: string;
  readonly at?: string;
  readonly format: Format;
}

interface Planned {
  readonly atMs: number;
  readonly source: string;
  readonly ledger: string;
  readonly decisions: readonly Decision[];
  /** What halts everything. */
  readonly halts: readonly Reason[];
  /** What is wrong with the source's files. */
  readonly problems: readonly PlacedProblem[];
}

/** Shows what a pass would do with each task, and why. Reads source and ledger, asks AWS nothing, writes nothing. */
export async function plan(options: PlanOptions, world: Surroundings): Promise<ExitCode> {
  const at = options.at === undefined ? null : parseTime(options.at);
  if (at?.ok === false) {
    const wrong = `--at ${JSON.stringify(options.at)} ${at.reason}`;
    const hint = 'an instant with its offset, such as 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z';
    return stopBy(fault('SG7009', 'human', wrong, hint), exitCodes.usage, world).exit;
  }
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const clock = at === null ? systemClock : shiftedClock(at.epochMs - systemClock.wallMs());
  const planned = await withTemporaryDir('snowgate-plan-', (dir) => planIn(dir, config.value, clock, world));
  if (!planned.ok) return stopBy(planned.fault, exitCodes.unreachable, world).exit;
  if (!planned.value.ok) return planned.value.exit;
  const { value } = planned.value;
  world.stdout.write(options.format === 'json' ? planJson(value, world) : planText(value, world));
  const colors = colorsFor(world.stderr, world.env);
  for (const problem of value.problems) world.stderr.write(formatProblem(problem, colors));
  const invalid = value.problems.some(({ severity }) => severity === 'error');
  const exit = exitOf(value.decisions, value.halts);
  return exit === exitCodes.done && invalid ? exitCodes.findings : exit;
}

/** The machine's clock, some time ahead or behind. */
function shiftedClock(shiftMs: number): Clock {
  return { ...systemClock, wallMs: () => systemClock.wallMs() + shiftMs };
}

async function planIn(
  stateDir: string,
  config: ControllerConfig,
  clock: Clock,
  world: Surroundings,
): Promise<Ready<Planned>> {
  const { redactor } = world;
  const { fetchTimeoutMs } = config.source.limits;
  const source = await openSource(config.source, { stateDir, redactor });
  if (!source.ok) return stopBy(source.fault, exitCodes.unreachable, world);
  const ledger = await openLedger(config.ledger, { stateDir, fetchTimeoutMs, pushTimeoutMs, redactor });
  if (!ledger.ok) return stopBy(ledger.fault, exitCodes.unreachable, world);
  closeOnStop(world.stop, source.value);
  closeOnStop(world.stop, ledger.value);
  try {
    return await planWith(source.value, ledger.value, config, clock, world);
  } finally {
    await ledger.value.close();
    await source.value.close();
  }
}

async function planWith(
  source: Source,
  ledger: OpenLedger,
  config: ControllerConfig,
  clock: Clock,
  world: Surroundings,
): Promise<Ready<Planned>> {
  // In the order of a pass: every head that the ledger names was in the source before.
  const fetched = await ledger.fetch();
  if (fetched.kind === 'halted') return stopBy(fetched.fault, exitCodes.findings, world);
  if (fetched.kind === 'unreachable') return stopBy(fetched.fault, exitCodes.unreachable, world);
  const folded = foldFetched(fetched, config.ledger);
  if (!folded.ok) return stopBy(folded.fault, exitCodes.findings, world);
  const head = await source.fetch();
  if (!head.ok) return stopBy(head.fault, exitCodes.unreachable, world);
  const { view } = folded.value;
  const journal = { write: () => {} };
  const deps = { config, clock, journal, source, ledger, apis: new Map(), run: randomUUID(), tzdata: '' };
  const controller = makeController({ ...deps, signal: world.stop });
  const reading = await readSource(controller, view, head.value.head, true);
  if ('failure' in reading) {
    const { code, message } = reading.failure;
    return stopBy(fault(code, 'retry', message), exitCodes.unreachable, world);
  }
  const atMs = clock.wallMs();
  const made = makePlan({
    desired: reading.desired,
    ledger: view,
    policySet: { files: reading.tree.policies },
    nowMs: atMs,
    repeatGuard: config.repeatGuard,
    fleets: fleetConditions(controller, view),
    surveys: new Map(),
    halts: reading.halts,
    takenOver: new Set(),
    elsewhere: findElsewhere(controller, view),
    absent: new Set(),
    previous: previousOf(reading),
  });
  const { halts, desired } = reading;
  const { decisions } = made;
  const value = {
    atMs,
    source: head.value.head,
    ledger: fetched.tip,
    decisions,
    halts,
    problems: desired.problems,
  };
  return { ok: true, value };
}

/** A halted pass withdraws nothing. */
function previousOf(reading: Reading): Reading['previous'] | null {
  return reading.halts.length > 0 ? null : reading.previous;
}

function planJson(
  { atMs, source, ledger, decisions, halts, problems }: Planned,
  world: Surroundings,
): string {
  const flat = problems.map(({ place, ...problem }) => ({ ...place, ...problem }));
  const at = new Date(atMs).toISOString();
  return formatJson({ at, source, ledger, tasks: decisions.map(decisionJson), halts, problems: flat }, world);
}

function planText({ atMs, source, ledger, decisions, halts }: Planned, world: Surroundings): string {
  const colors = colorsFor(world.stdout, world.env);
  const head = `at ${shortInstant(atMs)}  source ${source.slice(0, 12)}  ledger ${ledger.slice(0, 12)}\n`;
  const halted = halts
    .map(({ code, message }) => `${colors.red('halted')} ${code}: ${plain(message)}\n`)
    .join('');
  const rows = formatRows(decisions.map(decisionRow), world.stdout.columns(), colors);
  const unasked = `${colors.dim('AWS was not asked: a fleet that it denies or throttles shows in the log of the controller')}\n`;
  return `${head}${halted}${rows}${unasked}${count(decisions.length, 'task')}${tally(decisions.map(({ action }) => action))}\n`;
}
