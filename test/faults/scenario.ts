/** What one seed means: who runs, what is asked for, and everything that goes wrong. */
import type { IssueConfig, RecoveryConfig } from '../../src/config/config.ts';
import type { Prng } from './prng.ts';

const second = 1_000;
const minute = 60 * second;

/** Chances of one call or commit going wrong in each way. */
export interface Odds {
  readonly crashAtCall: number;
  readonly slowCall: number;
  readonly slowPush: number;
  readonly fetchFails: number;
  readonly pushLostBefore: number;
  readonly pushLostAfter: number;
  readonly pushInFlight: number;
  readonly pushRefused: number;
  readonly createLostBefore: number;
  readonly createLostAfter: number;
  readonly createInternal: number;
  readonly createThrottled: number;
  readonly createQuota: number;
  readonly createDenied: number;
  readonly createUnsent: number;
  readonly createRefused: number;
  readonly readFails: number;
}

/** What devices do with a task once AWS has it. */
export interface Work {
  readonly pickupMs: number;
  readonly workMs: number;
  readonly cancelLagMs: number;
  /** How often a device goes offline for minutes, and comes to fail its next task; 0 for never. */
  readonly offlineEveryMs: number;
  readonly failEveryMs: number;
  /** How often somebody makes a task around Git; 0 for never. */
  readonly foreignEveryMs: number;
}

/** What policies there are, and what goes on with them. */
export interface PolicyScenario {
  /** In a repository of their own. */
  readonly isSeparate: boolean;
  readonly uncovered: 'allow' | 'hold';
  readonly separateCommits: boolean;
  /** The first policy must be there and match. */
  readonly isRequired: boolean;
  readonly maxInFlight: number | null;
  readonly editEveryMs: number;
  /** How often somebody tags a device as ready, or takes that back. */
  readonly tagEveryMs: number;
  /** How often the repository of the policies goes down for minutes. */
  readonly downEveryMs: number;
  /** Nothing goes wrong, nobody moves a window, and devices are slow: then nothing runs outside its window. */
  readonly isSteady: boolean;
  /** Windows are hardly longer than it takes to claim and to call, and pushes are slow. */
  readonly isTight: boolean;
}

export interface Scenario {
  readonly replicas: number;
  readonly fleets: number;
  readonly devices: number;
  readonly tasksAtStart: number;
  /** Faults and edits end here (true time); what remains open must then come to its end. */
  readonly calmAtMs: number;
  readonly scheduleMs: number;
  readonly issue: IssueConfig;
  readonly recovery: RecoveryConfig;
  readonly pushesPerMinute: number;
  readonly odds: Odds;
  /** Mean time between events of each kind during the faults; 0 for never. */
  readonly editEveryMs: number;
  readonly killEveryMs: number;
  readonly stopEveryMs: number;
  readonly freezeEveryMs: number;
  readonly clockJumpEveryMs: number;
  readonly loseStateOdds: number;
  /** How often the source goes down for minutes. */
  readonly sourceDownEveryMs: number;
  /** When the ledger is restored from a backup, with every state directory lost; 0 for never. */
  readonly ledgerLossAtMs: number;
  readonly outageMaxMs: number;
  readonly clockJumpMaxMs: number;
  /** Longest time by which a process's clock is wrong from the beginning. */
  readonly skewMaxMs: number;
  /** Clocks are wrong by the most that is allowed, or right; nothing in between. */
  readonly skewIsExtreme: boolean;
  readonly slowPushMaxMs: number;
  readonly lateEffectMaxMs: number;
  readonly listLagMs: number;
  readonly listRetentionMs: number;
  readonly tokenLifeMs: number;
  /** How the devices work, and what befalls them. */
  readonly work: Work;
  readonly cancelLeadMs: number;
  /** Null: there are none. */
  readonly policies: PolicyScenario | null;
  /** A1 of DESIGN 5 holds: late effect and list lag together stay below `settling`. */
  readonly holdsA1: boolean;
}

const never: Odds = {
  crashAtCall: 0,
  slowCall: 0,
  slowPush: 0,
  fetchFails: 0,
  pushLostBefore: 0,
  pushLostAfter: 0,
  pushInFlight: 0,
  pushRefused: 0,
  createLostBefore: 0,
  createLostAfter: 0,
  createInternal: 0,
  createThrottled: 0,
  createQuota: 0,
  createDenied: 0,
  createUnsent: 0,
  createRefused: 0,
  readFails: 0,
};

/** Each kind of fault is absent, rare or frequent, so that seeds differ in kind and not only in luck. */
function drawOdds(prng: Prng): Odds {
  const odds: Record<string, number> = {};
  for (const name of Object.keys(never)) odds[name] = prng.pick([0, 0, 0.02, 0.1, 0.3]);
  odds.crashAtCall = prng.pick([0, 0, 0.005, 0.02, 0.05]);
  odds.createRefused = prng.pick([0, 0, 0, 0.02]);
  return { ...never, ...odds };
}

function drawRecovery(prng: Prng, issue: IssueConfig): RecoveryConfig {
  const settlingMs = prng.pick([10, 30, 60]) * second;
  const sumMs = issue.deadlineMs + issue.requestTimeoutMs + settlingMs;
  return {
    settlingMs,
    takeoverMs: sumMs + prng.pick([1, 30, 90]) * second,
    listTrustMs: prng.pick([8 * minute, 15 * minute, 24 * 60 * minute]),
  };
}

/**
 * The scenario of a seed. With `breakA1`, AWS may list later than assumed, and only the token stands in between. What policies
 * there are is drawn apart, from `policyPrng`; null for none.
 */
export function drawScenario(prng: Prng, breakA1: boolean, policyPrng: Prng | null): Scenario {
  const wide = drawWide(prng, breakA1);
  const scenario = prng.chance(0.25) ? tighten(wide, prng) : wide;
  const worked = { ...scenario, work: drawWork(prng) };
  // What a lost ledger has forgotten can only be found as long as AWS lists it; DESIGN promises no more.
  const drawn = worked.ledgerLossAtMs === 0 ? worked : { ...worked, listRetentionMs: 0 };
  return policyPrng === null ? drawn : withPolicies(drawn, policyPrng);
}

function withPolicies(scenario: Scenario, prng: Prng): Scenario {
  const policies: PolicyScenario = {
    isSeparate: prng.chance(0.5),
    uncovered: prng.pick(['allow', 'allow', 'hold'] as const),
    separateCommits: prng.chance(0.3),
    isRequired: prng.chance(0.2),
    maxInFlight: prng.pick([null, null, 1, 2]),
    editEveryMs: prng.pick([0, 2, 2, 4]) * minute,
    tagEveryMs: prng.pick([1, 3]) * minute,
    downEveryMs: prng.pick([0, 0, 3, 3]) * minute,
    isSteady: prng.chance(0.15),
    isTight: prng.chance(0.3),
  };
  const cancelLeadMs = prng.pick([30, 60, 60, 120]) * second;
  const base = policies.isTight ? tighten(scenario, prng) : scenario;
  const drawn = { ...base, cancelLeadMs, policies };
  return policies.isSteady ? steady(drawn, policies, prng) : drawn;
}

function steady(scenario: Scenario, policies: PolicyScenario, prng: Prng): Scenario {
  return {
    ...scenario,
    replicas: 1,
    odds: never,
    cancelLeadMs: 60 * second,
    ...{ killEveryMs: 0, stopEveryMs: 0, freezeEveryMs: 0, clockJumpEveryMs: 0, sourceDownEveryMs: 0 },
    ...{ ledgerLossAtMs: 0, skewMaxMs: 0, pushesPerMinute: 20 },
    work: { ...scenario.work, pickupMs: prng.pick([120, 400]) * second, cancelLagMs: 0 },
    policies: { ...policies, editEveryMs: 0, downEveryMs: 0 },
  };
}

function drawWork(prng: Prng): Work {
  return {
    pickupMs: prng.pick([1, 20, 120, 400]) * second,
    workMs: prng.pick([2, 30, 180]) * second,
    cancelLagMs: prng.pick([0, 0, 10, 60]) * second,
    offlineEveryMs: prng.pick([0, 0, 2, 5]) * minute,
    failEveryMs: prng.pick([0, 0, 3]) * minute,
    foreignEveryMs: prng.pick([0, 0, 0, 4]) * minute,
  };
}

/**
 * A corner that chance alone seldom meets: every margin at its smallest, clocks as far apart as is tolerated, answers
 * slow enough to eat a deadline, and more than one replica to take over too early.
 */
function tighten(scenario: Scenario, prng: Prng): Scenario {
  const issue = { ...scenario.issue, deadlineMs: 60 * second };
  const settlingMs = 10 * second;
  return {
    ...scenario,
    replicas: prng.pick([2, 3]),
    issue,
    recovery: {
      ...scenario.recovery,
      settlingMs,
      takeoverMs: issue.deadlineMs + issue.requestTimeoutMs + settlingMs + second,
    },
    lateEffectMaxMs: scenario.holdsA1 ? 5 * second : scenario.lateEffectMaxMs,
    listLagMs: scenario.holdsA1 ? 4 * second : scenario.listLagMs,
    pushesPerMinute: 60,
    skewMaxMs: 29 * second,
    skewIsExtreme: true,
    slowPushMaxMs: 58 * second,
    freezeEveryMs: minute,
    outageMaxMs: 240 * second,
    clockJumpMaxMs: 29 * second,
    editEveryMs: minute,
    odds: { ...scenario.odds, slowCall: 0.02, slowPush: 0.5, readFails: 0, fetchFails: 0 },
  };
}

function drawWide(prng: Prng, breakA1: boolean): Scenario {
  const issue: IssueConfig = {
    batch: prng.pick([1, 3, 40]),
    concurrency: prng.pick([1, 2, 8]),
    deadlineMs: prng.pick([15, 30, 60]) * second,
    requestTimeoutMs: 5 * second,
    rate: prng.pick([0.5, 2, 10]),
    // No scenario lasts so long, and no batch is larger.
    maxWaitMs: 366 * 24 * 60 * minute,
    maxPerPass: 40,
  };
  const recovery = drawRecovery(prng, issue);
  const listLagMs = prng.between(0, Math.floor(recovery.settlingMs / 2));
  const lateEffectMaxMs = prng.pick([0, 0, recovery.settlingMs - listLagMs - second]);
  return {
    replicas: prng.pick([1, 1, 2, 2, 3]),
    fleets: prng.pick([1, 2]),
    devices: 6,
    tasksAtStart: prng.between(1, 6),
    calmAtMs: prng.pick([6, 12, 20]) * minute,
    scheduleMs: 30 * second,
    issue,
    recovery,
    pushesPerMinute: prng.pick([6, 20, 60]),
    odds: drawOdds(prng),
    editEveryMs: prng.pick([0, 2, 4]) * minute,
    killEveryMs: prng.pick([0, 0, 2, 5]) * minute,
    stopEveryMs: prng.pick([0, 0, 0, 4]) * minute,
    freezeEveryMs: prng.pick([0, 0, 2, 4]) * minute,
    clockJumpEveryMs: prng.pick([0, 0, 3, 6]) * minute,
    loseStateOdds: prng.pick([0, 0.3, 1]),
    sourceDownEveryMs: prng.pick([0, 0, 4]) * minute,
    ledgerLossAtMs: prng.pick([0, 0, 0, 0, 0, 0, 0, prng.between(2, 6)]) * minute,
    outageMaxMs: prng.pick([30, 240, 900]) * second,
    clockJumpMaxMs: prng.pick([20, 600, 7200]) * second,
    skewMaxMs: prng.pick([0, 15, 15, 300]) * second,
    skewIsExtreme: false,
    slowPushMaxMs: 45 * second,
    lateEffectMaxMs: breakA1 ? recovery.settlingMs * 4 : lateEffectMaxMs,
    listLagMs: breakA1 ? listLagMs * 4 : listLagMs,
    // A2: listed for listTrust, and not a minute longer than it takes to turn the pages.
    listRetentionMs: recovery.listTrustMs + minute,
    tokenLifeMs: breakA1 ? 30 * 24 * 60 * minute : prng.pick([0, 0, 0, 10 * minute, 36 * 60 * minute]),
    work: { pickupMs: 0, workMs: 0, cancelLagMs: 0, offlineEveryMs: 0, failEveryMs: 0, foreignEveryMs: 0 },
    cancelLeadMs: 60 * second,
    policies: null,
    holdsA1: !breakA1,
  };
}

/** The same world with nothing going wrong any more. */
export function calmOdds(): Odds {
  return never;
}
