/** The values of all gauges, read off the status: functions of it and nothing else. */
import { accountProof, type ControllerStatus } from '../controller/status.ts';
import { settledOutcomes } from '../ledger/events.ts';
import { receiptStates } from '../ledger/receipt.ts';
import { eachInSlices, type Slices } from '../lib/turns.ts';
import { type Decision, type PlanAction, planActions } from '../plan/decision.ts';
import { judgeHealth } from './health.ts';
import type { GaugeName } from './metric-table.ts';

export interface Sample {
  readonly name: GaugeName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Words of AWS for an execution; what AWS may say beside them is counted as `other`. */
const executionStates = [
  'QUEUED',
  'IN_PROGRESS',
  'CANCELED',
  'FAILED',
  'SUCCEEDED',
  'REJECTED',
  'TIMED_OUT',
  'other',
] as const;

const stands = ['open', 'paused', 'halted', 'observed'] as const;
const unknownFleet = '(unknown)';
/** What waits for a time, a fact, a person or its turn. */
const waitingActions: ReadonlySet<string> = new Set(['hold', 'wait', 'issue', 'deny', 'blocked']);

/** What is counted of decisions, which are many and made anew by each pass. */
export interface DecisionCounts {
  readonly of: readonly Decision[];
  /** By fleet and action. */
  readonly actions: ReadonlyMap<string, ReadonlyMap<PlanAction, number>>;
  /** Since when the oldest of a fleet waits; one that must not be asked for yet is counted from its `notBefore`. */
  readonly waitingSinceMs: ReadonlyMap<string, number>;
  readonly quarantined: number;
}

/** Counts the decisions; those of `last` where they are the same. */
export function* countDecisions(
  { decisions, origins, desired }: ControllerStatus,
  last: DecisionCounts | null,
): Slices<DecisionCounts> {
  if (last?.of === decisions) return last;
  const actions = new Map<string, Map<PlanAction, number>>();
  const waitingSinceMs = new Map<string, number>();
  yield* eachInSlices(decisions, ({ fleet, key, token, action }) => {
    const own = actions.get(fleet) ?? new Map<PlanAction, number>();
    actions.set(fleet, own.set(action, (own.get(action) ?? 0) + 1));
    const introducedMs = origins.get(token ?? '')?.introducedMs;
    if (!waitingActions.has(action) || introducedMs === undefined) return;
    const sinceMs = Math.max(introducedMs, desired?.tasks.get(key)?.manifest.notBeforeMs ?? introducedMs);
    waitingSinceMs.set(fleet, Math.min(sinceMs, waitingSinceMs.get(fleet) ?? sinceMs));
  });
  const quarantined = [...actions.values()].reduce((sum, own) => sum + (own.get('quarantined') ?? 0), 0);
  return { of: decisions, actions, waitingSinceMs, quarantined };
}

/** Executions by fleet and word, of the receipts that are not at their end. */
export type ExecutionCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Counts the executions. */
export function* countExecutions({ view }: ControllerStatus): Slices<ExecutionCounts> {
  const counts = new Map<string, Map<string, number>>();
  yield* eachInSlices(view?.restless ?? [], (token) => {
    const receipt = view?.receipts.get(token);
    for (const { state } of receipt?.executions ?? []) {
      const word = (executionStates as readonly string[]).includes(state) ? state : 'other';
      const own = counts.get(receipt?.fleet ?? '') ?? new Map<string, number>();
      counts.set(receipt?.fleet ?? '', own.set(word, (own.get(word) ?? 0) + 1));
    }
  });
  return counts;
}

/** Devices that manifests name and AWS does not list. */
export interface UnknownDevices {
  readonly of: Pick<ControllerStatus, 'desired' | 'fleets'>;
  /** By fleet; without those whose devices were not listed yet. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Counts them; those of `last` where it was made of the same manifests and listings. */
export function* countUnknownDevices(
  { desired, fleets }: ControllerStatus,
  last: UnknownDevices | null,
): Slices<UnknownDevices> {
  const isSame =
    last?.of.desired === desired &&
    fleets.every(({ devices }, index) => devices === last.of.fleets[index]?.devices);
  if (isSame) return last;
  const unknown = new Map<string, Set<string>>();
  const listed = new Map<string, ReadonlySet<string>>();
  for (const { name, devices } of desired === null ? [] : fleets) {
    if (devices === null) continue;
    listed.set(name, devices);
    unknown.set(name, new Set());
  }
  yield* eachInSlices(desired?.tasks.values() ?? [], ({ manifest: { fleet, targets } }) => {
    const own = listed.get(fleet);
    if (own === undefined) return;
    for (const device of targets) if (!own.has(device)) unknown.get(fleet)?.add(device);
  });
  const counts = new Map([...unknown].map(([fleet, devices]) => [fleet, devices.size] as const));
  return { of: { desired, fleets }, counts };
}

/** What is counted before all is told. */
export interface Counts {
  readonly decisions: DecisionCounts;
  readonly executions: ExecutionCounts;
  readonly unknownDevices: UnknownDevices;
}

/** Every sample; those of one gauge stand together. */
export function readGauges(status: ControllerStatus, counts: Counts, version: string): Sample[] {
  const { replica, passes, ledger, desired, sourceProblems } = status;
  const one = (name: GaugeName, value: number, labels: Sample['labels'] = {}): Sample => ({
    name,
    labels,
    value,
  });
  const severities = ['error', 'warning'] as const;
  return [
    one('snowgate_build_info', 1, { version, replica }),
    one('snowgate_ready', judgeHealth(status).isReady ? 1 : 0),
    one('snowgate_loop_turned_seconds', passes.turnedAgoMs / 1_000),
    ...syncAges(status).map(([repository, ageMs]) =>
      one('snowgate_sync_age_seconds', ageMs / 1_000, { repository }),
    ),
    one('snowgate_manifests', desired?.tasks.size ?? 0, { state: 'valid' }),
    one('snowgate_manifests', counts.decisions.quarantined, { state: 'quarantined' }),
    ...severities.map((severity) =>
      one('snowgate_problems', (sourceProblems ?? []).filter((one) => one.severity === severity).length, {
        severity,
      }),
    ),
    ...taskSamples(status, counts.decisions),
    ...receiptSamples(status),
    ...executionSamples(status, counts.executions),
    ...haltCodes(status).map((code) => one('snowgate_halts', 1, { code })),
    ...fleetSamples(status, counts.decisions),
    ...[...counts.unknownDevices.counts].map(([fleet, value]) =>
      one('snowgate_unknown_devices', value, { fleet }),
    ),
    one('snowgate_ledger_unwritten', ledger.unwritten),
  ];
}

function syncAges({ source, policies, ledger, atMs, begunMs }: ControllerStatus): [string, number][] {
  const never = Math.max(0, atMs - begunMs);
  const ages: [string, number][] = [
    ['source', source.ageMs ?? never],
    ['ledger', ledger.ageMs ?? never],
  ];
  return policies === null ? ages : [...ages, ['policies', policies.ageMs ?? never]];
}

function taskSamples({ fleets }: ControllerStatus, { actions }: DecisionCounts): Sample[] {
  const known = new Set(fleets.map(({ name }) => name));
  const unknown = [...actions].filter(([fleet]) => !known.has(fleet));
  const sample = (fleet: string, action: PlanAction, value: number): Sample => ({
    name: 'snowgate_tasks',
    labels: { fleet, action },
    value,
  });
  return planActions.flatMap((action) => [
    ...[...known].map((fleet) => sample(fleet, action, actions.get(fleet)?.get(action) ?? 0)),
    sample(
      unknownFleet,
      action,
      unknown.reduce((sum, [, own]) => sum + (own.get(action) ?? 0), 0),
    ),
  ]);
}

function receiptSamples({ view }: ControllerStatus): Sample[] {
  if (view === null) return [];
  const { states, outcomes } = view.summary;
  return [
    ...receiptStates.map((state) => ({
      name: 'snowgate_receipts' as const,
      labels: { state },
      value: states.get(state) ?? 0,
    })),
    ...settledOutcomes.map((outcome) => ({
      name: 'snowgate_outcomes' as const,
      labels: { outcome },
      value: outcomes.get(outcome) ?? 0,
    })),
  ];
}

function executionSamples({ fleets }: ControllerStatus, counts: ExecutionCounts): Sample[] {
  return fleets.flatMap(({ name: fleet }) =>
    executionStates.map((state) => ({
      name: 'snowgate_executions' as const,
      labels: { fleet, state },
      value: counts.get(fleet)?.get(state) ?? 0,
    })),
  );
}

function fleetSamples(status: ControllerStatus, { waitingSinceMs }: DecisionCounts): Sample[] {
  const outside = status.view?.summary.outside;
  const waitMs = (fleet: string): number =>
    Math.max(0, status.atMs - (waitingSinceMs.get(fleet) ?? status.atMs));
  return status.fleets.flatMap(
    ({ name: fleet, stand, account, isProved, foreignTasks, unknownTasks }): Sample[] => [
      ...stands.map((one) => ({
        name: 'snowgate_fleet_stand' as const,
        labels: { fleet, stand: one },
        value: one === stand ? 1 : 0,
      })),
      ...proofSamples(fleet, accountProof({ account, isProved })),
      { name: 'snowgate_foreign_tasks', labels: { fleet }, value: foreignTasks },
      { name: 'snowgate_unknown_tasks', labels: { fleet }, value: unknownTasks },
      { name: 'snowgate_oldest_wait_seconds', labels: { fleet }, value: waitMs(fleet) / 1_000 },
      { name: 'snowgate_runs_outside_window', labels: { fleet }, value: outside?.get(fleet) ?? 0 },
    ],
  );
}

/** None where there is nothing to prove: 0 would call somebody. */
function proofSamples(fleet: string, proof: boolean | null): Sample[] {
  return proof === null ? [] : [{ name: 'snowgate_fleet_proved', labels: { fleet }, value: proof ? 1 : 0 }];
}

/** The codes of all that halts: a handful, and never more than there are codes. */
function haltCodes({ problems, halts, ledger }: ControllerStatus): string[] {
  const reasons = [...problems, ...halts, ...(ledger.halt === null ? [] : [ledger.halt])];
  return [...new Set(reasons.map(({ code }) => code))].sort();
}
