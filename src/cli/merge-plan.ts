/** `snowgate plan --base`: what a merge would change, read from the clone that one stands in. */
import { randomUUID } from 'node:crypto';
import type { Auth, ControllerConfig } from '../config/config.ts';
import type { CommitId, PolicyRepository, SourceRepository, SourceTree } from '../controller/ports.ts';
import { type Controller, type ControllerDeps, makeController } from '../controller/state.ts';
import { type Clone, type Merge, openClone } from '../git/clone.ts';
import { withTemporaryDir } from '../git/ledger-audit.ts';
import { openLedger } from '../git/ledger-branch.ts';
import type { PolicySource } from '../git/policy-source.ts';
import { readSourceIn } from '../git/source.ts';
import { emptyView, type LedgerView } from '../ledger/view.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { BugError, type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import { findChanges, type Side } from '../plan/difference.ts';
import { findPolicyChanges } from '../plan/policy-difference.ts';
import { checkOpening } from '../policy/opening-check.ts';
import type { Reason } from '../policy/verdict.ts';
import type { LedgerUse, MergePlan } from '../report/merge.ts';
import { type Ready, stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { foldFetched, pushTimeoutMs } from './ledger-reading.ts';
import { loadMergeConfig, type MergeConfig } from './merge-config.ts';
import { findTokenFiles, findUnused, type TokenFiles } from './merge-tokens.ts';
import { openPolicies, planAt, stoppedClock } from './planning.ts';
import { printNote } from './print.ts';
import { OpenedParts } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

export interface MergeOptions extends TokenFiles {
  readonly config?: string;
  readonly base: string;
  readonly head: string;
  /** When it is planned for, in epoch milliseconds; now where it is absent. */
  readonly atMs?: number;
}

/** Plans the merge. Asks AWS nothing, writes nothing; what stood in the way has been printed. */
export async function planMerge(written: MergeOptions, world: Surroundings): Promise<Ready<MergePlan>> {
  const tokens = await findTokenFiles(written, world);
  if (!tokens.ok) return stopBy(tokens.fault, exitCodes.usage, world);
  const options = { ...written, ...tokens.value };
  const read = await withTemporaryDir('snowgate-plan-', async (stateDir) => {
    const opened = new OpenedParts(world.stop);
    try {
      return await planIn(stateDir, options, opened, world);
    } finally {
      await opened.close();
    }
  });
  return read.ok ? read.value : stopBy(read.fault, exitCodes.unreachable, world);
}

/** How a command ends by what kept it from reading the clone. */
function exitOfClone({ code }: Fault): ExitCode {
  if (code === 'SG3053') return exitCodes.findings;
  return code === 'SG3050' || code === 'SG3051' || code === 'SG3052' || code === 'SG3054'
    ? exitCodes.usage
    : exitCodes.unreachable;
}

async function planIn(
  stateDir: string,
  options: MergeOptions,
  opened: OpenedParts,
  world: Surroundings,
): Promise<Ready<MergePlan>> {
  const stop = (reason: Fault) => stopBy(reason, exitOfClone(reason), world);
  const clone = opened.keep(await openClone(world.cwd, { stateDir, redactor: world.redactor }));
  if (!clone.ok) return stop(clone.fault);
  const atMs = options.atMs ?? systemClock.wallMs();
  const merged = await mergeNamed(clone.value, options, atMs);
  if (!merged.ok) return stop(merged.fault);
  const { base, head, merge } = merged.value;
  const commits = { base, merge: merge.commit };
  const found = await loadMergeConfig(options.config, clone.value, commits, world);
  if (!found.ok) return found;
  const { config, from, isChanged } = found.value;
  for (const note of findUnused(config, options)) printNote(note, world);
  const ledger = await readLedgerOf(found.value, options, stateDir, opened, world);
  const policies = await openMergePolicies(found.value, options, stateDir, world);
  if (!policies.ok) return stopBy(policies.fault, exitCodes.usage, world);
  opened.keep(policies);
  const source = sourceOf(readSourceIn(clone.value.mirror, config.source), base);
  const clock = stoppedClock(atMs);
  const controller = makeController({
    ...quietDeps(config, clock, world),
    source,
    policySource: fetchedOnce(policies.value),
  });
  const between = await planBetween(controller, ledger.view, base, merge, ledger.halts);
  if (!between.ok) return stopBy(between.fault, exitCodes.unreachable, world);
  return ok({
    atMs: clock.wallMs(),
    base: { name: options.base, commit: base },
    head: { name: options.head, commit: head },
    isMade: merge.isMade,
    config: { from, isChanged },
    ledger: await judgeAge(ledger, source, base),
    otherBranch: await findOtherBranch(clone.value, source, config.source.branch, base),
    ...between.value,
  });
}

async function mergeNamed(
  clone: Clone,
  options: MergeOptions,
  atMs: number,
): Promise<Result<{ readonly base: CommitId; readonly head: CommitId; readonly merge: Merge }>> {
  const base = await clone.resolve(options.base);
  if (!base.ok) return base;
  const head = await clone.resolve(options.head);
  if (!head.ok) return head;
  const merge = await clone.merge(base.value, head.value, atMs);
  return merge.ok ? ok({ base: base.value, head: head.value, merge: merge.value }) : merge;
}

/** Each tree is read once: the two are asked for in turn, and the reader remembers only the last. */
function sourceOf(reader: Omit<SourceRepository, 'fetch'>, base: CommitId): SourceRepository {
  const trees = new Map<CommitId, Promise<Result<SourceTree>>>();
  return {
    ...reader,
    fetch: async () => ok({ head: base }),
    read: (head) => {
      const known = trees.get(head) ?? reader.read(head);
      trees.set(head, known);
      return known;
    },
  };
}

/** Fetched once: both sides are judged by the same policies, and a change of these meanwhile is none of the merge. */
function fetchedOnce(repository: PolicySource | null): PolicyRepository | null {
  if (repository === null) return null;
  let fetched: ReturnType<PolicyRepository['fetch']> | null = null;
  return {
    fetch: () => {
      fetched ??= repository.fetch();
      return fetched;
    },
    descends: (head, ancestor) => repository.descends(head, ancestor),
    read: (head) => repository.read(head),
    traceFiles: (head, paths) => repository.traceFiles(head, paths),
  };
}

/** A controller that only looks: no AWS, no ledger of its own, and nobody to tell. */
function quietDeps(
  config: ControllerConfig,
  clock: Clock,
  world: Surroundings,
): Omit<ControllerDeps, 'source' | 'policySource'> {
  const unasked = (): never => {
    throw new BugError('a plan of a merge has a view of the ledger, and asks for nothing more');
  };
  return {
    config,
    clock,
    journal: { write: () => {} },
    ledger: { remembered: unasked, fetch: unasked, commit: unasked, push: unasked },
    apis: new Map(),
    run: randomUUID(),
    tzdata: '',
    signal: world.stop,
  };
}

interface LedgerRead {
  readonly use: LedgerUse;
  /** What the controller would be stopped by, where the ledger cannot be trusted. */
  readonly halts: readonly Reason[];
  readonly view: LedgerView;
}

/** The ledger where it can be read, and why not where it cannot: then nothing is known of what was asked before. */
async function readLedgerOf(
  { config, from }: MergeConfig,
  { ledgerTokenFile }: MergeOptions,
  stateDir: string,
  opened: OpenedParts,
  { redactor }: Surroundings,
): Promise<LedgerRead> {
  const { id = null } = config.ledger;
  const without = ({ code, message }: Fault, isHalt = false): LedgerRead => ({
    use: { kind: 'unread', isHalt, id, code, why: message },
    halts: isHalt ? [{ code, message }] : [],
    view: emptyView(id ?? '', ''),
  });
  if (from === 'head') return without(unreviewed('the ledger'));
  const { fetchTimeoutMs } = config.source.limits;
  const remote = { ...config.ledger, ...tokenAuth(ledgerTokenFile) };
  const ledger = opened.keep(await openLedger(remote, { stateDir, fetchTimeoutMs, pushTimeoutMs, redactor }));
  if (!ledger.ok) return without(ledger.fault);
  const fetched = await ledger.value.fetch();
  if (fetched.kind !== 'fetched') return without(fetched.fault, fetched.kind === 'halted');
  const folded = foldFetched(fetched, config.ledger);
  if (!folded.ok) return without(folded.fault, true);
  const { view } = folded.value;
  return { use: { kind: 'read', id: view.ledgerId, tip: fetched.tip, ahead: null }, halts: [], view };
}

/** Whether the controller has gone past the base, as far as the clone knows. */
async function judgeAge(
  { use, view }: LedgerRead,
  source: Pick<SourceRepository, 'descends'>,
  base: CommitId,
): Promise<LedgerUse> {
  if (use.kind === 'unread' || view.source === null) return use;
  const holds = await source.descends(base, view.source);
  return holds.ok && !holds.value ? { ...use, ahead: view.source } : use;
}

async function openMergePolicies(
  { config, from }: MergeConfig,
  { policyTokenFile }: MergeOptions,
  stateDir: string,
  world: Surroundings,
) {
  const { policySource } = config;
  if (policySource === undefined) return openPolicies(config, stateDir, world.redactor);
  if (from === 'head') return failed(unreviewed('policySource'));
  const remote = { ...policySource, ...tokenAuth(policyTokenFile) };
  return openPolicies({ ...config, policySource: remote }, stateDir, world.redactor);
}

/** Access by the token of a file, where one is named. */
function tokenAuth(tokenFile: string | undefined): { readonly auth?: Auth } {
  return tokenFile === undefined ? {} : { auth: { kind: 'token', tokenFile } };
}

/** A configuration that the merge brings may name anybody's server, and a file of secrets for it. */
function unreviewed(what: string): Fault {
  return fault(
    'SG7071',
    'human',
    `${what} is not read: the configuration comes with this very merge`,
    'merge the configuration first, or name one outside of the repository with --config',
  );
}

/** What follows from the two plans. */
type Between = Pick<
  MergePlan,
  | 'changes'
  | 'policyChanges'
  | 'halts'
  | 'standing'
  | 'problems'
  | 'oldProblems'
  | 'lostPolicies'
  | 'untouched'
>;

/**
 * The plans of a controller that has acted on the base and sees the merge next, compared. The controller's source must hold
 * both commits; what it holds of passes must be nothing.
 */
export async function planBetween(
  c: Controller,
  view: LedgerView,
  base: CommitId,
  merge: Merge,
  standing: readonly Reason[] = [],
): Promise<Result<Between>> {
  const { source } = view;
  const grown = source === null ? ok(true) : await c.source.descends(base, source);
  if (!grown.ok) return grown;
  const atBase: LedgerView = {
    ...view,
    source: source === null ? null : base,
    policies: c.policySource !== null || view.policies === null ? view.policies : base,
  };
  // What halts at the base halts the merge, too. Of an old base nothing can be said but that it was acted on.
  const before = await planAt(c, grown.value ? view : atBase, base, { standing });
  if (!before.ok) return before;
  const { desired, policies, halts } = before.value.input;
  const isActedOn = halts.length === 0;
  // From then on it is as if the base had been acted on: what the merge alone changes is asked for.
  if (isActedOn) Object.assign(c.state, { lastHead: base, lastTasks: desired.tasks, lastPolicies: policies });
  const acted = isActedOn || !grown.value ? atBase : view;
  const after = merge.isMade
    ? await planAt(c, acted, merge.commit, { merge: merge.commit, standing })
    : before;
  if (!after.ok) return after;
  const changes = findChanges(before.value, after.value);
  const isStanding = new Set(before.value.input.halts.map(sayHalt));
  const [old, now] = [problemsOf(before.value), problemsOf(after.value)];
  const problems = findNew(old, now);
  const isTold = new Set(changes.map(({ key }) => key));
  return ok({
    changes,
    policyChanges: findPolicyChanges(
      before.value.input.policies,
      after.value.input.policies,
      after.value.input.nowMs,
    ),
    halts: after.value.input.halts.filter((halt) => !isStanding.has(sayHalt(halt))),
    standing: after.value.input.halts.filter((halt) => isStanding.has(sayHalt(halt))),
    lostPolicies: findLostPolicies(before.value, after.value),
    problems,
    oldProblems: now.length - problems.length,
    untouched: [...after.value.input.desired.tasks.keys()].filter((key) => !isTold.has(key)).length,
  });
}

/** What is wrong with the files, and tasks whose windows do not open in time. */
function problemsOf({ input }: Side): PlacedProblem[] {
  const { desired, policies, fleetRules, nowMs } = input;
  const unopened = [...desired.tasks.values()].flatMap((task) => {
    const labels = fleetRules.get(task.manifest.fleet)?.labels ?? null;
    const problem = checkOpening(task, labels, policies, nowMs);
    return problem === null ? [] : [problem];
  });
  return [...desired.problems, ...policies.problems, ...unopened];
}

/** Problems that there are more of than before; which of several alike is the new one, nobody can say. */
function findNew(old: readonly PlacedProblem[], now: readonly PlacedProblem[]): PlacedProblem[] {
  const known = new Map<string, number>();
  for (const problem of old) known.set(nameProblem(problem), (known.get(nameProblem(problem)) ?? 0) + 1);
  return now.filter((problem) => {
    const name = nameProblem(problem);
    const left = known.get(name) ?? 0;
    known.set(name, left - 1);
    return left <= 0;
  });
}

/** Without lines, its own and those that its message names: they shift by an edit that means nothing. */
function nameProblem({ code, place, message }: PlacedProblem): string {
  return `${code} ${place.path} ${message.replaceAll(/:\d+/g, '')}`;
}

function sayHalt({ code, message }: Reason): string {
  return `${code} ${message}`;
}

/** What the configuration of a fleet requires, and only the base has. */
function findLostPolicies(before: Side, after: Side): MergePlan['lostPolicies'] {
  const namesOf = ({ input }: Side): Set<string> => new Set(input.policies.policies.map(({ name }) => name));
  const [was, is] = [namesOf(before), namesOf(after)];
  return [...after.input.fleetRules].flatMap(([fleet, { requirePolicies }]) =>
    requirePolicies
      .filter((policy) => was.has(policy) && !is.has(policy))
      .map((policy) => ({ fleet, policy })),
  );
}

/** The watched branch, where the clone has it and the base is none of its commits. */
async function findOtherBranch(
  clone: Clone,
  source: Pick<SourceRepository, 'descends'>,
  branch: string,
  base: CommitId,
): Promise<string | null> {
  let isThere = false;
  for (const name of [`refs/remotes/origin/${branch}`, `refs/heads/${branch}`]) {
    const tip = await clone.resolve(name);
    if (!tip.ok) continue;
    isThere = true;
    const holds = await source.descends(tip.value, base);
    if (!holds.ok || holds.value) return null;
  }
  return isThere ? branch : null;
}
