/** Every condition of a claim: what must hold before AWS may be asked for a revision, and what is said where it does not. */

import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { CountFacts } from '../policy/facts.ts';
import { judge } from '../policy/judge.ts';
import type { JudgeInput } from '../policy/judge-input.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Allow, Hold, Reason, Verdict } from '../policy/verdict.ts';
import { isoInstant } from '../policy/verdict.ts';
import type { DeviceInput } from './devices.ts';
import { findBusyDevices } from './devices.ts';
import type { FactInput } from './facts.ts';
import { factsOf } from './facts.ts';
import type { Judgement } from './judgement.ts';
import { judgement } from './judgement.ts';
import type { OrderInput } from './order.ts';
import { findUnfinished } from './order.ts';
import { askedUnderName, findLowerRun, findRepeats } from './repeat-guard.ts';

/** Whether a fleet may be asked at all. A fleet that is not in the map is not configured. */
export type FleetCondition =
  | { readonly kind: 'open' }
  /** Ends by itself; `untilMs` where it is known when. */
  | { readonly kind: 'paused'; readonly untilMs: number | null; readonly reason: Reason }
  | { readonly kind: 'halted'; readonly reason: Reason }
  /** Configured to be looked at only: planned, and nothing more. */
  | { readonly kind: 'observed'; readonly reason: Reason };

/** What the configuration says of a fleet's tasks, and no commit can change. */
export interface FleetRules {
  readonly labels: Readonly<Record<string, string>>;
  readonly requirePolicies: readonly string[];
  /** How many of its tasks may be in flight; null where that is not bounded. */
  readonly maxInFlight: number | null;
}

/** What the configuration says of every task. */
export interface PlanSettings {
  readonly repeatGuard: boolean;
  readonly uncovered: 'hold' | 'allow';
  readonly separateCommits: boolean;
  readonly maxWaitMs: number;
  /** How long before the permission to run ends what is still queued is cancelled. */
  readonly cancelLeadMs: number;
}

export interface ClaimInput extends DeviceInput, OrderInput, FactInput {
  readonly ledger: LedgerView;
  readonly policies: PolicySet;
  /** When the file of a waiver was merged, by its path. */
  readonly mergedMs: ReadonlyMap<string, number>;
  readonly nowMs: number;
  readonly settings: PlanSettings;
  /** Of the configured fleets. */
  readonly fleetRules: ReadonlyMap<string, FleetRules>;
  /** Why AWS could not be asked for a device that rules read, by `fleet/device`. */
  readonly undescribed: ReadonlyMap<string, Reason>;
  readonly fleets: ReadonlyMap<string, FleetCondition>;
  /** What stops everything: halts, stale inputs, clocks that disagree. */
  readonly halts: readonly Reason[];
}

/** The longest that a release holds a revision back, and the slack of two clocks. */
const releaseMaxMs = 61 * 60_000;

/**
 * Judges them in the order in which a person wants to hear of them. `older` is an open revision of the name, `counts` what
 * is in flight in the fleet, what was granted before it in this plan included.
 */
export function judgeClaim(
  task: WantedTask,
  receipt: Receipt | undefined,
  older: Receipt | null,
  counts: CountFacts,
  input: ClaimInput,
): Judgement {
  const { manifest } = task;
  const asked = askedUnderName(manifest, input.ledger);
  const lower = findLowerRun(manifest, asked);
  if (lower !== null) return { ...judgement('deny', lower), noted: 'denied' };
  const judged = judgeInputOf(task, counts, input);
  const verdict = judge(judged);
  if (verdict.action === 'deny') {
    return { ...judgement('deny', ...verdict.reasons), noted: verdict.expired ? 'expired' : 'denied' };
  }
  const condition = input.fleets.get(manifest.fleet);
  const blocks = findBlocks(manifest.fleet, condition, input);
  if (blocks.length > 0) return judgement('blocked', ...blocks);
  if (older !== null) return judgement('wait', describeOlder(older));
  const facts = [
    ...(input.settings.repeatGuard ? findRepeats(manifest, asked) : []),
    ...findUnfinished(manifest, input),
    ...findBusyDevices(manifest, input),
    ...findFull(manifest.fleet, counts, input),
    ...findUndescribed(task, verdict, input),
  ];
  return joinHolds(facts, closingSoon(verdict, judged, input), receipt, condition, input.nowMs, judged);
}

/** What a task is judged on: the facts of this plan, and what the configuration says. */
export function judgeInputOf(task: WantedTask, counts: CountFacts, input: ClaimInput): JudgeInput {
  const { manifest } = task;
  const rules = input.fleetRules.get(manifest.fleet);
  const origin = input.origins.get(manifest.token);
  const { uncovered, maxWaitMs, separateCommits } = input.settings;
  return {
    manifest,
    facts: factsOf(task, counts, input),
    fleetLabels: rules?.labels ?? {},
    introducedMs: origin?.introducedMs ?? null,
    touchesPolicies: origin?.touchesPolicies ?? null,
    set: input.policies,
    settings: { uncovered, maxWaitMs, separateCommits, requirePolicies: rules?.requirePolicies ?? [] },
    mergedMs: input.mergedMs,
  };
}

/** A reason where as many tasks of the fleet are in flight as the configuration allows. */
export function findFull(fleet: string, { inFlight }: CountFacts, { fleetRules }: ClaimInput): Reason[] {
  const most = fleetRules.get(fleet)?.maxInFlight ?? null;
  if (most === null || inFlight.tasks < most) return [];
  const message = `fleet ${fleet} has ${inFlight.tasks} tasks in flight, and at most ${most} are allowed (fleets.${fleet}.maxInFlight)`;
  return [{ code: 'SG6313', message, endedBy: 'fact' }];
}

/** What rules that bind it read of its devices and AWS did not tell: never taken for anything. */
export function findUndescribed({ manifest }: WantedTask, verdict: Verdict, input: ClaimInput): Reason[] {
  if (!verdict.awaits.has('described')) return [];
  return manifest.targets.flatMap((device) => {
    const reason = input.undescribed.get(`${manifest.fleet}/${device}`);
    return reason === undefined ? [] : [reason];
  });
}

/** What would be cancelled as soon as it is made is not asked for: it waits for the next opening. */
function closingSoon(
  verdict: Allow | Hold,
  judged: JudgeInput,
  { settings, nowMs }: ClaimInput,
): Allow | Hold {
  if (verdict.action === 'hold' || verdict.cancelMs === null) return verdict;
  if (nowMs < verdict.cancelMs - settings.cancelLeadMs) return verdict;
  const reason: Reason = {
    code: 'SG6314',
    message: `what is asked for now would be cancelled at once: its permission to run ends at ${isoInstant(verdict.cancelMs)} (cancel.lead)`,
    endedBy: 'time',
  };
  const { policies, reads, awaits } = verdict;
  const untilMs = allowedFrom(judged, verdict.cancelMs);
  return { action: 'hold', untilMs, reasons: [reason, ...verdict.reasons], policies, reads, awaits };
}

/** From when on it is allowed, if not before an instant; null where that is not known, or never. */
function allowedFrom(judged: JudgeInput, fromMs: number): number | null {
  const later = judge({ ...judged, facts: { ...judged.facts, nowMs: fromMs } });
  if (later.action === 'allow') return fromMs;
  return later.action === 'hold' ? later.untilMs : null;
}

/** What keeps everything, or the whole fleet, from being asked. */
export function findBlocks(
  fleet: string,
  condition: FleetCondition | undefined,
  input: ClaimInput,
): Reason[] {
  const blocks = [...input.halts];
  if (condition === undefined) {
    const known = [...input.fleets.keys()].sort().join(', ');
    blocks.push({
      code: 'SG6106',
      message: `fleet ${fleet} is not in the controller's configuration (it has ${known})`,
    });
  } else if (condition.kind === 'halted') blocks.push(condition.reason);
  return blocks;
}

/** A hold ends by itself only where every one of its reasons does, and then where its windows allow it after the latest. */
function joinHolds(
  facts: readonly Reason[],
  verdict: Allow | Hold,
  receipt: Receipt | undefined,
  condition: FleetCondition | undefined,
  nowMs: number,
  input: JudgeInput,
): Judgement {
  const unchecked = verdict.action === 'allow' ? verdict.unchecked : [];
  const reasons: Reason[] = [...facts, ...verdict.reasons, ...unchecked];
  const ends: (number | null)[] = facts.map(() => null);
  if (verdict.action === 'hold') ends.push(verdict.untilMs);
  const notBefore = receipt?.release?.notBefore ?? null;
  const notBeforeMs = notBefore === null ? 0 : Date.parse(notBefore);
  // Nobody writes one more than an hour ahead but a clock that was wrong: it must not hold a ship's reboot for years.
  if (receipt !== undefined && notBeforeMs > nowMs && notBeforeMs <= nowMs + releaseMaxMs) {
    ends.push(notBeforeMs);
    reasons.push({
      code: 'SG6107',
      message: `asked again at ${notBefore}: ${receipt.release?.message ?? ''}`,
    });
  }
  if (condition?.kind === 'paused') {
    ends.push(condition.untilMs);
    reasons.push(condition.reason);
  }
  if (ends.length === 0 && verdict.action === 'allow') {
    return { action: 'issue', untilMs: verdict.untilMs, reasons, permit: { input, verdict } };
  }
  const known = ends.filter((end) => end !== null);
  if (known.length < ends.length) return { action: 'hold', untilMs: null, reasons };
  const endMs = Math.max(...known);
  const isOwn = verdict.action === 'hold' && verdict.untilMs === endMs;
  return { action: 'hold', untilMs: isOwn ? endMs : allowedFrom(input, endMs), reasons };
}

function describeOlder(older: Receipt): Reason {
  const [taskId] = older.taskIds;
  const state = receiptState(older);
  return {
    code: 'SG6108',
    message:
      taskId === undefined
        ? `an earlier revision of this name is still open (${older.token.slice(0, 12)}, ${state})`
        : `an earlier revision of this name has not ended yet (${taskId})`,
  };
}
