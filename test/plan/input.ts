/** A plan's input in which nothing is in the way: every fleet is open, no policy is needed, every task was introduced just now. */
import type { LedgerView } from '../../src/ledger/view.ts';
import type { Desired } from '../../src/manifest/collect.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import type { FleetRules, PlanSettings } from '../../src/plan/claimable.ts';
import type { Origin } from '../../src/plan/facts.ts';
import type { PlanInput } from '../../src/plan/plan.ts';
import type { CommitFacts } from '../../src/policy/facts.ts';
import { emptyPolicySet } from '../../src/policy/policy-set.ts';

export const openSettings: PlanSettings = {
  repeatGuard: true,
  uncovered: 'allow',
  separateCommits: false,
  maxWaitMs: 30 * 86_400_000,
  // None: a permission is good to its last millisecond, unless a test says otherwise.
  cancelLeadMs: 0,
};

export const openRules: FleetRules = { labels: {}, requirePolicies: [], maxInFlight: null };

/** A commit that nobody has anything to say of. */
function commitFacts(timeMs: number, more: Partial<CommitFacts> = {}): CommitFacts {
  const people = { author: 'Ann <ann@example.com>', committer: 'Ann <ann@example.com>' };
  return { id: '5'.repeat(40), timeMs, ...people, subject: 'a change', trailers: {}, ...more };
}

/** Where a revision came from: one commit, at a time. */
export function originAt(timeMs: number, position = 1): Origin {
  const commit = commitFacts(timeMs);
  return { position, introducedMs: timeMs, introduced: commit, changed: commit, touchesPolicies: false };
}

/** The input at an instant, by the names of the fleets. */
export function openInput(
  desired: Desired,
  ledger: LedgerView,
  nowMs: number,
  fleets: readonly string[],
): PlanInput {
  const origins = new Map<Token, Origin>(
    [...desired.tasks.values()].map(({ manifest }) => [manifest.token, originAt(nowMs)]),
  );
  return {
    desired,
    ledger,
    policies: emptyPolicySet,
    mergedMs: new Map(),
    nowMs,
    settings: openSettings,
    fleetRules: new Map(fleets.map((name) => [name, openRules])),
    fleetFacts: new Map(
      fleets.map((name) => [name, { name, region: 'eu-west-1', account: '111122223333', labels: {} }]),
    ),
    fleets: new Map(fleets.map((name) => [name, { kind: 'open' }])),
    surveys: new Map(),
    origins,
    described: new Map(),
    undescribed: new Map(),
    halts: [],
    takenOver: new Set(),
    elsewhere: new Set(),
    absent: new Set(),
    previous: new Map(),
  };
}
