/** Source and ledger read as a pass reads them, and what it would decide: for the commands that only look. */
import { randomUUID } from 'node:crypto';
import type { ControllerConfig } from '../config/config.ts';
import { planInputOf, traceOrigins } from '../controller/gathering.ts';
import { readSource } from '../controller/history.ts';
import { syncAndReadPolicies } from '../controller/policies.ts';
import type { CommitId } from '../controller/ports.ts';
import { type Controller, makeController } from '../controller/state.ts';
import { withTemporaryDir } from '../git/ledger-audit.ts';
import { type OpenLedger, openLedger } from '../git/ledger-branch.ts';
import { openPolicySource, type PolicySource } from '../git/policy-source.ts';
import { openSource, type Source } from '../git/source.ts';
import type { LedgerView } from '../ledger/view.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Side } from '../plan/difference.ts';
import { makePlan, type PlanInput } from '../plan/plan.ts';
import { type Reason, shortInstant } from '../policy/verdict.ts';
import { type Ready, stopBy } from './configuration.ts';
import { exitCodes } from './exit-codes.ts';
import { foldFetched, type LedgerReading, pushTimeoutMs } from './ledger-reading.ts';
import { type Colors, colorsFor, formatProblem } from './print.ts';
import { formatWrapped } from './receipt-view.ts';
import { OpenedParts } from './stop.ts';
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
  const opened = new OpenedParts(world.stop);
  try {
    const source = opened.keep(await openSource(config.source, { stateDir, redactor }));
    if (!source.ok) return stopBy(source.fault, exitCodes.unreachable, world);
    const ledgerOptions = { stateDir, fetchTimeoutMs, pushTimeoutMs, redactor };
    const known = { knownFrom: config.stateDir };
    const ledger = opened.keep(await openLedger(config.ledger, { ...ledgerOptions, ...known }));
    if (!ledger.ok) return stopBy(ledger.fault, exitCodes.unreachable, world);
    const policies = opened.keep(await openPolicies(config, stateDir, redactor));
    if (!policies.ok) return stopBy(policies.fault, exitCodes.unreachable, world);
    const repositories = { source: source.value, ledger: ledger.value, policySource: policies.value };
    return await planWith(repositories, config, clock, world);
  } finally {
    await opened.close();
  }
}

/** The policies' own repository; null where they lie beside the manifests. */
export async function openPolicies(
  { policySource, source }: ControllerConfig,
  stateDir: string,
  redactor: Surroundings['redactor'],
): Promise<Result<PolicySource | null>> {
  if (policySource === undefined) return ok(null);
  return openPolicySource(policySource, { stateDir, redactor, limits: source.limits });
}

interface Repositories {
  readonly source: Source;
  readonly ledger: OpenLedger;
  readonly policySource: PolicySource | null;
}

async function planWith(
  repositories: Repositories,
  config: ControllerConfig,
  clock: Clock,
  world: Surroundings,
): Promise<Ready<Planning>> {
  const { source, ledger } = repositories;
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
  const deps = { config, clock, journal, ...repositories, apis: new Map(), run: randomUUID(), tzdata: '' };
  const controller = makeController({ ...deps, signal: world.stop });
  const side = await planAt(controller, view, head.value.head);
  if (!side.ok) return stopBy(side.fault, exitCodes.unreachable, world);
  const { input, plan } = side.value;
  const { head: sourceHead } = head.value;
  const { decisions } = plan;
  const atMs = input.nowMs;
  const value = { atMs, source: sourceHead, ledger: fetched.tip, reading: folded.value, input, decisions };
  return { ok: true, value };
}

/**
 * What a pass would decide at a head of the source, without a word of AWS. `merge` says that the head is a commit which nobody
 * has made yet; `standing` is what halts everything beside what is found. Faults: what could not be read.
 */
export async function planAt(
  c: Controller,
  view: LedgerView,
  head: CommitId,
  {
    merge = null,
    standing = [],
  }: { readonly merge?: CommitId | null; readonly standing?: readonly Reason[] } = {},
): Promise<Result<Side>> {
  const reading = await readSource(c, view, head, true);
  if ('failure' in reading) return failed(unread(reading.failure));
  const problems: Reason[] = [];
  const policies = await syncAndReadPolicies(c, view, reading, problems);
  if (policies === null) {
    const [failure = { code: 'SG6240', message: 'the policies have not been read yet' } as const] = problems;
    return failed(unread(failure));
  }
  const nowMs = c.clock.wallMs();
  const gathered = {
    reading,
    policies,
    surveys: new Map(),
    origins: await traceOrigins(c, view, reading, merge),
    described: new Map(),
    undescribed: new Map(),
  };
  const halts = [...standing, ...reading.halts, ...problems];
  // A head that halts is not acted on: of what it lacks nothing is withdrawn or cancelled.
  const previous = halts.length > 0 ? null : reading.previous;
  const input: PlanInput = { ...planInputOf(c, view, gathered, nowMs), halts, previous };
  return ok({ input, plan: makePlan(input) });
}

/** Stands at the time that is planned for: fetching takes a while, in which a window may close. */
export function stoppedClock(atMs: number): Clock {
  return { ...systemClock, wallMs: () => atMs };
}

/** A reading that failed, as a fault. */
function unread({ code, message }: Reason): Fault {
  return fault(code, 'retry', message);
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
  const problems = [...input.desired.problems, ...input.policies.problems].map(({ place, ...problem }) => ({
    ...place,
    ...problem,
  }));
  const at = new Date(atMs).toISOString();
  return { heads: { at, source, ledger }, findings: { halts: input.halts, problems } };
}

/** Tells what is wrong with the source's files, on stderr; whether any of it is an error. */
export function printProblems({ input }: Planning, world: Surroundings): boolean {
  const colors = colorsFor(world.stderr, world.env);
  const problems = [...input.desired.problems, ...input.policies.problems];
  for (const problem of problems) world.stderr.write(formatProblem(problem, colors));
  return problems.some(({ severity }) => severity === 'error');
}
