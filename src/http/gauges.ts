/** The values of all gauges, read off the status: a function of it and nothing else. */
import type { ControllerStatus } from '../controller/status.ts';
import { settledOutcomes } from '../ledger/events.ts';
import { type ReceiptState, receiptState, receiptStates } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { planActions } from '../plan/decision.ts';
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

/** A count of receipts, which are many and change only with the ledger's tip. */
export interface ReceiptCounts {
  readonly tip: string;
  readonly states: ReadonlyMap<ReceiptState, number>;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly outside: ReadonlyMap<string, number>;
}

/** Counts the receipts of a view; those of the same tip are taken from the last count. */
export function countReceipts(view: LedgerView, last: ReceiptCounts | null): ReceiptCounts {
  if (last?.tip === view.tip) return last;
  const states = new Map<ReceiptState, number>(receiptStates.map((state) => [state, 0]));
  const outcomes = new Map<string, number>(settledOutcomes.map((outcome) => [outcome, 0]));
  const outside = new Map<string, number>();
  for (const receipt of view.receipts.values()) {
    const state = receiptState(receipt);
    states.set(state, (states.get(state) ?? 0) + 1);
    const { settled } = receipt;
    if (settled !== null) outcomes.set(settled.outcome, (outcomes.get(settled.outcome) ?? 0) + 1);
    if (receipt.outside.length > 0)
      outside.set(receipt.fleet, (outside.get(receipt.fleet) ?? 0) + receipt.outside.length);
  }
  return { tip: view.tip, states, outcomes, outside };
}

/** Every sample; those of one gauge stand together. */
export function readGauges(
  status: ControllerStatus,
  counts: ReceiptCounts | null,
  version: string,
): Sample[] {
  const { replica, passes, ledger, desired, sourceProblems } = status;
  const one = (name: GaugeName, value: number, labels: Sample['labels'] = {}): Sample => ({
    name,
    labels,
    value,
  });
  const quarantined = status.decisions.filter(({ action }) => action === 'quarantined').length;
  const severities = ['error', 'warning'] as const;
  return [
    one('snowgate_build_info', 1, { version, replica }),
    one('snowgate_ready', judgeHealth(status).isReady ? 1 : 0),
    one('snowgate_loop_turned_seconds', passes.turnedAgoMs / 1_000),
    ...syncAges(status).map(([repository, ageMs]) =>
      one('snowgate_sync_age_seconds', ageMs / 1_000, { repository }),
    ),
    one('snowgate_manifests', desired?.tasks.size ?? 0, { state: 'valid' }),
    one('snowgate_manifests', quarantined, { state: 'quarantined' }),
    ...severities.map((severity) =>
      one('snowgate_problems', (sourceProblems ?? []).filter((one) => one.severity === severity).length, {
        severity,
      }),
    ),
    ...taskSamples(status),
    ...[...(counts?.states ?? [])].map(([state, value]) => one('snowgate_receipts', value, { state })),
    ...[...(counts?.outcomes ?? [])].map(([outcome, value]) => one('snowgate_outcomes', value, { outcome })),
    ...executionSamples(status),
    ...haltCodes(status).map((code) => one('snowgate_halts', 1, { code })),
    ...fleetSamples(status, counts),
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

function taskSamples({ decisions, fleets }: ControllerStatus): Sample[] {
  const counts = new Map<string, number>();
  const known = new Set(fleets.map(({ name }) => name));
  for (const { fleet, action } of decisions) {
    const place = `${known.has(fleet) ? fleet : unknownFleet} ${action}`;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return [...known, unknownFleet].flatMap((fleet) =>
    planActions.map((action) => ({
      name: 'snowgate_tasks' as const,
      labels: { fleet, action },
      value: counts.get(`${fleet} ${action}`) ?? 0,
    })),
  );
}

function executionSamples({ view, fleets }: ControllerStatus): Sample[] {
  const counts = new Map<string, number>();
  for (const token of view?.restless ?? []) {
    const receipt = view?.receipts.get(token);
    for (const { state } of receipt?.executions ?? []) {
      const word = (executionStates as readonly string[]).includes(state) ? state : 'other';
      const place = `${receipt?.fleet} ${word}`;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
  }
  return fleets.flatMap(({ name: fleet }) =>
    executionStates.map((state) => ({
      name: 'snowgate_executions' as const,
      labels: { fleet, state },
      value: counts.get(`${fleet} ${state}`) ?? 0,
    })),
  );
}

function fleetSamples(status: ControllerStatus, counts: ReceiptCounts | null): Sample[] {
  const waits = oldestWaitsMs(status);
  return status.fleets.flatMap(({ name: fleet, stand, isProved, foreignTasks, unknownTasks }): Sample[] => [
    ...stands.map((one) => ({
      name: 'snowgate_fleet_stand' as const,
      labels: { fleet, stand: one },
      value: one === stand ? 1 : 0,
    })),
    { name: 'snowgate_fleet_proved', labels: { fleet }, value: isProved ? 1 : 0 },
    { name: 'snowgate_foreign_tasks', labels: { fleet }, value: foreignTasks },
    { name: 'snowgate_unknown_tasks', labels: { fleet }, value: unknownTasks },
    { name: 'snowgate_oldest_wait_seconds', labels: { fleet }, value: (waits.get(fleet) ?? 0) / 1_000 },
    { name: 'snowgate_runs_outside_window', labels: { fleet }, value: counts?.outside.get(fleet) ?? 0 },
  ]);
}

/** A task that must not be asked for yet does not wait: it is counted from its `notBefore`. */
function oldestWaitsMs({ decisions, origins, desired, atMs }: ControllerStatus): Map<string, number> {
  const waits = new Map<string, number>();
  for (const { fleet, key, token, action } of decisions) {
    const introducedMs = origins.get(token ?? '')?.introducedMs;
    if (!waitingActions.has(action) || introducedMs === undefined) continue;
    const notBefore = desired?.tasks.get(key)?.manifest.notBeforeMs ?? introducedMs;
    const waitMs = Math.max(0, atMs - Math.max(introducedMs, notBefore));
    waits.set(fleet, Math.max(waits.get(fleet) ?? 0, waitMs));
  }
  return waits;
}

/** The codes of all that halts: a handful, and never more than there are codes. */
function haltCodes({ problems, halts, ledger }: ControllerStatus): string[] {
  const reasons = [...problems, ...halts, ...(ledger.halt === null ? [] : [ledger.halt])];
  return [...new Set(reasons.map(({ code }) => code))].sort();
}
