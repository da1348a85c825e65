/**
 * What must be asked of the world before a pass can decide: listings, surveys, credentials, history. It is asked once a
 * pass; the plan is made from it again whenever the ledger moves.
 */
import type { LookEvidence } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/fold.ts';
import { readMoment } from '../lib/clock.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Survey } from '../plan/devices.ts';
import type { Plan } from '../plan/plan.ts';
import { makePlan } from '../plan/plan.ts';
import type { PolicySet, Reason } from '../policy/verdict.ts';
import { findElsewhere, fleetConditions, prepareFleet } from './fleet-check.ts';
import type { Reading } from './history.ts';
import type { Look } from './looks.ts';
import { settleLooks, takeLooks } from './looks.ts';
import { staleReason } from './staleness.ts';
import type { Controller } from './state.ts';
import { isSurveyDue, surveyFleet } from './survey.ts';

/** What a pass has gathered from AWS; decided on again whenever the ledger moves. */
export interface Gathered {
  readonly reading: Reading | null;
  readonly looks: ReadonlyMap<string, Look>;
  /** Of the fleets to which something might be issued. */
  readonly surveys: ReadonlyMap<string, Survey>;
  readonly ready: ReadonlySet<string>;
  readonly positions: ReadonlyMap<Token, { position: number; commit: string; author: string }>;
}

/** Everything that must be asked before a decision. */
export async function gather(c: Controller, view: LedgerView, reading: Reading | null): Promise<Gathered> {
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
  const nothing = { reading, looks, surveys: new Map(), ready, positions: new Map() };
  if (reading === null) return nothing;
  const { absent } = settleLooks(c, view, looks);
  const plan = planNow(c, view, nothing, absent, []);
  const surveys = await takeSurveys(c, view, plan, prepare);
  return { ...nothing, surveys, positions: await tracePositions(c, reading, plan) };
}

/**
 * A survey of each fleet to which something might be issued; and of each that was not looked at for long, which is only told
 * and decides nothing.
 */
async function takeSurveys(
  c: Controller,
  view: LedgerView,
  plan: Plan,
  prepare: (fleet: string) => Promise<boolean>,
): Promise<Map<string, Survey>> {
  const wanted = new Map<string, Set<string>>();
  for (const { task } of plan.issuable) {
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

async function prepareOnce(c: Controller, fleet: string, ready: Set<string>): Promise<boolean> {
  const isReady = await prepareFleet(c, fleet);
  if (isReady) ready.add(fleet);
  return isReady;
}

async function tracePositions(c: Controller, reading: Reading, plan: Plan): Promise<Gathered['positions']> {
  const wanted = new Map(plan.issuable.map(({ task }) => [task.manifest.token, task.manifest.digest]));
  if (wanted.size === 0) return new Map();
  const traced = await c.source.trace(reading.tree.head, wanted);
  if (!traced.ok) {
    // Order and authorship only: a task is not held because its history cannot be read.
    c.announcer.say('trace', 'warn', 'history not read, tasks go in the order of their names', {
      code: traced.fault.code,
      reason: traced.fault.message,
    });
    return new Map();
  }
  return new Map(
    [...traced.value].map(([token, { position, introduced }]) => [
      token,
      { position, commit: introduced.commit, author: introduced.author },
    ]),
  );
}

/** The plan at this moment, on what was gathered. */
export function planNow(
  c: Controller,
  view: LedgerView,
  gathered: Gathered,
  absent: ReadonlyMap<Token, LookEvidence>,
  halts: readonly Reason[],
): Plan {
  const { reading } = gathered;
  const now = readMoment(c.clock);
  const stale = staleReason(c, now);
  c.guard.check(now);
  const complaint = c.guard.complaint();
  const refused = c.state.pushHalt !== null && now.monotonicMs < c.state.pushAtMs ? c.state.pushHalt : null;
  return makePlan({
    desired: reading?.desired ?? emptyDesired,
    ledger: view,
    policySet: policySetOf(reading),
    nowMs: now.wallMs,
    repeatGuard: c.config.repeatGuard,
    fleets: fleetConditions(c, view),
    surveys: gathered.surveys,
    halts: [
      ...halts,
      ...[stale, complaint, refused].flatMap((reason) =>
        reason === null ? [] : [{ code: reason.code, message: reason.message }],
      ),
    ],
    takenOver: new Set(c.watch.doubts(view, now.monotonicMs).map(({ token }) => token)),
    elsewhere: findElsewhere(c, view),
    absent: new Set(absent.keys()),
    previous: reading === null || halts.length > 0 ? null : reading.previous,
  });
}

const emptyDesired: Reading['desired'] = {
  tasks: new Map(),
  problems: [],
  frozen: new Set(),
  quarantined: new Map(),
};

/** The policies of what was read; none where nothing was. */
export function policySetOf(reading: Reading | null): PolicySet {
  return { files: reading?.tree.policies ?? [] };
}
