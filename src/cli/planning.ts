/** Source and ledger read as a pass reads them, and what it would decide: for the commands that only look. */
import { randomUUID } from 'node:crypto';
import type { ControllerConfig } from '../config/config.ts';
import { findElsewhere, fleetConditions } from '../controller/fleet-check.ts';
import { type Reading, readSource } from '../controller/history.ts';
import { makeController } from '../controller/state.ts';
import { withTemporaryDir } from '../git/ledger-audit.ts';
import { type OpenLedger, openLedger } from '../git/ledger-branch.ts';
import { openSource, type Source } from '../git/source.ts';
import type { Clock } from '../lib/clock.ts';
import { fault } from '../lib/faults.ts';
import { makePlan, type PlanInput } from '../plan/plan.ts';
import { type Ready, stopBy } from './configuration.ts';
import { shortInstant } from './decision-view.ts';
import { exitCodes } from './exit-codes.ts';
import { foldFetched, type LedgerReading, pushTimeoutMs } from './ledger-reading.ts';
import { type Colors, colorsFor, formatProblem } from './print.ts';
import { formatWrapped } from './receipt-view.ts';
import { closeOnStop } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** What was read, and what is decided by it. */
export interface Planning {
  readonly atMs: number;
  /** The heads that were read. */
  readonly source: string;
  readonly ledger: string;
  readonly reading: LedgerReading;
  /** All that the decisions follow from; without a word of AWS, until somebody puts one in. */
  readonly input: PlanInput;
  readonly decisions: ReturnType<typeof makePlan>['decisions'];
}

/** Reads both into a temporary folder, asks AWS nothing, writes nothing. What stood in the way has been printed. */
export async function readPlanning(
  config: ControllerConfig,
  clock: Clock,
  world: Surroundings,
): Promise<Ready<Planning>> {
  const read = await withTemporaryDir('snowgate-plan-', (dir) => readInto(dir, config, clock, world));
  return read.ok ? read.value : stopBy(read.fault, exitCodes.unreachable, world);
}

async function readInto(
  stateDir: string,
  config: ControllerConfig,
  clock: Clock,
  world: Surroundings,
): Promise<Ready<Planning>> {
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
): Promise<Ready<Planning>> {
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
  const input: PlanInput = {
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
  };
  const { decisions } = makePlan(input);
  const { head: sourceHead } = head.value;
  const value = { atMs, source: sourceHead, ledger: fetched.tip, reading: folded.value, input, decisions };
  return { ok: true, value };
}

/** A halted pass withdraws nothing. */
function previousOf(reading: Reading): Reading['previous'] | null {
  return reading.halts.length > 0 ? null : reading.previous;
}

/** When it was read and which heads, and below that what halts everything; for a terminal of so many columns. */
export function formatHead(
  { atMs, source, ledger, input }: Planning,
  colors: Colors,
  columns: number,
): string {
  const head = `at ${shortInstant(atMs)}  source ${source.slice(0, 12)}  ledger ${ledger.slice(0, 12)}`;
  const halted = input.halts.map(({ code, message }) => {
    const text = formatWrapped(`halted ${code}: ${message}`, '', columns);
    return `${colors.red('halted')}${text.slice('halted'.length)}`;
  });
  return `${formatWrapped(head, '', columns)}${halted.join('')}`;
}

/** The same for machines, with what is wrong with the source's files. */
export function headJson({ atMs, source, ledger, input }: Planning) {
  const problems = input.desired.problems.map(({ place, ...problem }) => ({ ...place, ...problem }));
  const at = new Date(atMs).toISOString();
  return { heads: { at, source, ledger }, findings: { halts: input.halts, problems } };
}

/** Tells what is wrong with the source's files, on stderr; whether any of it is an error. */
export function printProblems({ input }: Planning, world: Surroundings): boolean {
  const colors = colorsFor(world.stderr, world.env);
  const { problems } = input.desired;
  for (const problem of problems) world.stderr.write(formatProblem(problem, colors));
  return problems.some(({ severity }) => severity === 'error');
}
