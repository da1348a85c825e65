/**
 * What must be asked of the world before a pass can decide: listings, surveys, credentials, history. It is asked once a
 * pass; the plan is made from it again whenever the ledger moves.
 */
import type { LookEvidence } from '../ledger/events.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { readMoment } from '../lib/clock.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Survey } from '../plan/devices.ts';
import type { Origin } from '../plan/facts.ts';
import type { Issuable, Plan, PlanInput } from '../plan/plan.ts';
import { makePlan } from '../plan/plan.ts';
import type { CommitFacts, DescribedFacts } from '../policy/facts.ts';
import { emptyPolicySet } from '../policy/policy-set.ts';
import type { Reason } from '../policy/verdict.ts';
import { reasonFrom } from '../policy/verdict.ts';
import type { Described } from './describing.ts';
import { describeDevices } from './describing.ts';
import { findElsewhere, fleetConditions, prepareFleet } from './fleet-check.ts';
import type { Reading } from './history.ts';
import type { Look } from './looks.ts';
import { settleLooks, takeLooks } from './looks.ts';
import type { PolicyReading } from './policies.ts';
import type { CommitId, CommitRef, Provenance } from './ports.ts';
import { fleetFacts, fleetRules, planSettings } from './settings.ts';
import { staleReason } from './staleness.ts';
import type { Controller } from './state.ts';
import { isSurveyDue, surveyFleet } from './survey.ts';

/** What a pass has gathered from AWS; decided on again whenever the ledger moves. */
export interface Gathered {
  readonly reading: Reading | null;
  /** Null where they could not be read; then nothing is issued. */
  readonly policies: PolicyReading | null;
  readonly looks: ReadonlyMap<string, Look>;
  /** Of the fleets to which something might be issued. */
  readonly surveys: ReadonlyMap<string, Survey>;
  readonly ready: ReadonlySet<string>;
  /** Where in history what may be asked for was introduced; one that was not found there is not here, and none where it was not read. */
  readonly origins: ReadonlyMap<Token, Origin>;
  readonly described: ReadonlyMap<string, DescribedFacts>;
  readonly undescribed: ReadonlyMap<string, Reason>;
}

/** Everything that must be asked before a decision. */
export async function gather(
  c: Controller,
  view: LedgerView,
  reading: Reading | null,
  policies: PolicyReading | null,
): Promise<Gathered> {
  const ready = new Set<string>();
  // Fleet beside fleet: one that hangs until its time-out must not make the others late.
  const tries = new Map<string, Promise<boolean>>();
  const prepare = (fleet: string): Promise<boolean> => {
    const tried = tries.get(fleet) ?? prepareOnce(c, fleet, ready);
    tries.set(fleet, tried);
    return tried;
  };
  const wanted = new Set([...(reading?.desired.tasks.values() ?? [])].map(({ manifest }) => manifest.token));
  // A closed fleet, and clocks that disagree, keep everything from being issuable: only a probe opens them again.
  const shut = [...c.state.fleets].filter(
    ([, { closed }]) => closed !== null || c.guard.complaint() !== null,
  );
  await Promise.all(shut.map(([name]) => prepare(name)));
  const looks = await takeLooks(c, view, (token) => wanted.has(token), prepare);
  const nothing = { surveys: new Map(), described: new Map(), undescribed: new Map(), origins: new Map() };
  const base = { reading, policies, looks, ready, ...nothing };
  if (reading === null) return base;
  const traced = { ...base, origins: await traceOrigins(c, view, reading) };
  const { absent } = settleLooks(c, view, looks);
  const plan = planNow(c, view, traced, absent, []);
  const candidates = [...plan.issuable, ...plan.unchecked];
  const surveys = await takeSurveys(c, view, candidates, prepare);
  return { ...traced, surveys, ...(await takeDescriptions(c, candidates, prepare)) };
}

/**
 * A survey of each fleet to which something might be issued; and of each that was not looked at for long, which is only told
 * and decides nothing.
 */
async function takeSurveys(
  c: Controller,
  view: LedgerView,
  candidates: readonly Issuable[],
  prepare: (fleet: string) => Promise<boolean>,
): Promise<Map<string, Survey>> {
  const wanted = new Map<string, Set<string>>();
  for (const { task } of candidates) {
    const { fleet, targets } = task.manifest;
    const devices = wanted.get(fleet) ?? new Set();
    for (const target of targets) devices.add(target);
    wanted.set(fleet, devices);
  }
  const due = [...c.state.fleets].filter(
    ([name, fleet]) => wanted.has(name) || (fleet.startListed && isSurveyDue(c, fleet)),
  );
  const surveys = new Map<string, Survey>();
  await Promise.all(
    due.map(async ([name]) => {
      if (!(await prepare(name))) return;
      const devices = wanted.get(name);
      const survey = await surveyFleet(c, view, name, devices ?? new Set());
      if (devices !== undefined) surveys.set(name, survey);
    }),
  );
  return surveys;
}

/** What AWS tells of the devices of those tasks whose rules read it; of the others nothing is asked. */
async function takeDescriptions(
  c: Controller,
  candidates: readonly Issuable[],
  prepare: (fleet: string) => Promise<boolean>,
): Promise<Described> {
  const byFleet = new Map<string, Issuable[]>();
  for (const candidate of candidates) {
    if (!candidate.permit.verdict.reads.has('described')) continue;
    const { fleet } = candidate.task.manifest;
    byFleet.set(fleet, [...(byFleet.get(fleet) ?? []), candidate]);
  }
  const answers = await Promise.all(
    [...byFleet].map(async ([name, wanted]) =>
      (await prepare(name)) ? [await describeDevices(c, name, wanted)] : [],
    ),
  );
  return {
    described: new Map(answers.flat().flatMap(({ described }) => [...described])),
    undescribed: new Map(answers.flat().flatMap(({ undescribed }) => [...undescribed])),
  };
}

async function prepareOnce(c: Controller, fleet: string, ready: Set<string>): Promise<boolean> {
  const isReady = await prepareFleet(c, fleet);
  if (isReady) ready.add(fleet);
  return isReady;
}

/**
 * Where each revision that is not asked for yet came from. What cannot be read is not known, and rules say what that means.
 * `merge` is a commit that nobody has made yet: of it only its place and time are told.
 */
export async function traceOrigins(
  c: Controller,
  view: LedgerView,
  { tree, desired }: Reading,
  merge: CommitId | null = null,
): Promise<Gathered['origins']> {
  const wanted = new Map<Token, string>();
  for (const { manifest } of desired.tasks.values()) {
    const receipt = view.receipts.get(manifest.token);
    const state = receipt === undefined ? 'pending' : receiptState(receipt);
    if (state === 'pending' || state === 'waiting' || state === 'claimed' || state === 'inDoubt') {
      wanted.set(manifest.token, manifest.digest);
    }
  }
  c.state.historyFault = null;
  if (wanted.size === 0) return new Map();
  const traced = await c.source.trace(tree.head, wanted);
  if (!traced.ok) {
    c.state.historyFault = traced.fault;
    c.announcer.say('trace', 'warn', 'history not read, what was not asked for yet waits', {
      code: traced.fault.code,
      reason: traced.fault.message,
    });
    return new Map();
  }
  c.announcer.clear('trace', 'history read again');
  const nowMs = c.clock.wallMs();
  return new Map([...traced.value].map(([token, found]) => [token, originOf(found, nowMs, merge)]));
}

/** A position's time is bounded by now: a committer's clock that is ahead makes nothing younger than it is. */
function originOf(
  { introduced, changed, position }: Provenance,
  nowMs: number,
  merge: CommitId | null,
): Origin {
  const factsOf = ({
    commit,
    author,
    committer,
    subject,
    trailers,
    timeMs,
  }: CommitRef): CommitFacts | null =>
    commit === merge
      ? null
      : { id: commit, timeMs: Math.min(timeMs, nowMs), author, committer, subject, trailers };
  return {
    position,
    introducedMs: Math.min(introduced.timeMs, nowMs),
    introduced: factsOf(introduced),
    changed: factsOf(changed),
    touchesPolicies: introduced.touchesPolicies,
  };
}

/** The plan at this moment, on what was gathered. */
export function planNow(
  c: Controller,
  view: LedgerView,
  gathered: Gathered,
  absent: ReadonlyMap<Token, LookEvidence>,
  halts: readonly Reason[],
): Plan {
  const now = readMoment(c.clock);
  const stale = staleReason(c, now);
  c.guard.check(now);
  const complaint = c.guard.complaint();
  const refused = c.state.pushHalt !== null && now.monotonicMs < c.state.pushAtMs ? c.state.pushHalt : null;
  const standing = [stale, complaint, refused].flatMap((reason) =>
    reason === null ? [] : [reasonFrom(reason)],
  );
  return makePlan({
    ...planInputOf(c, view, gathered, now.wallMs),
    halts: [...halts, ...standing],
    takenOver: new Set(c.watch.doubts(view, now.monotonicMs).map(({ token }) => token)),
    absent: new Set(absent.keys()),
    previous: gathered.reading === null || halts.length > 0 ? null : gathered.reading.previous,
  });
}

/** All that a plan at an instant follows from, but for what only a running controller can know: nothing is halted or in doubt. */
export function planInputOf(
  c: Controller,
  view: LedgerView,
  { reading, policies, surveys, origins, described, undescribed }: Omit<Gathered, 'looks' | 'ready'>,
  nowMs: number,
): PlanInput {
  return {
    desired: reading?.desired ?? emptyDesired,
    ledger: view,
    policies: policies?.set ?? emptyPolicySet,
    mergedMs: policies?.mergedMs ?? new Map(),
    nowMs,
    settings: planSettings(c.config),
    fleetRules: fleetRules(c.config),
    fleetFacts: fleetFacts(c.config),
    fleets: fleetConditions(c, view),
    surveys,
    origins,
    described,
    undescribed,
    halts: reading?.halts ?? [],
    takenOver: new Set(),
    elsewhere: findElsewhere(c, view),
    absent: new Set(),
    previous: reading?.previous ?? null,
  };
}

const emptyDesired: Reading['desired'] = {
  tasks: new Map(),
  problems: [],
  frozen: new Set(),
  quarantined: new Map(),
};
