/** Why a plan decides as it does: every policy, every rule and every other condition of one task, those that hold as well. */
import type { WantedTask } from '../manifest/collect.ts';
import type { TaskKey } from '../manifest/manifest.ts';
import type { Trace } from '../policy/judge.ts';
import { trace } from '../policy/judge.ts';
import type { JudgeInput } from '../policy/judge-input.ts';
import type { Waiver } from '../policy/policy.ts';
import { sortWaivers } from '../policy/waiver.ts';
import { judgeReceipt } from './by-state.ts';
import type { Check } from './checks.ts';
import { listChecks } from './checks.ts';
import { judgeInputOf } from './claimable.ts';
import { findClosings } from './closing.ts';
import { findOccupied } from './devices.ts';
import type { Plan, PlanInput } from './plan.ts';
import { inOrder } from './plan.ts';
import { countsOf, grant, tallyFleets } from './tally.ts';

/** A waiver of the task, and what becomes of it. */
export interface WaiverTrace {
  readonly waiver: Waiver;
  /**
   * - used: the task is allowed by it
   * - unused: it counts, and nothing is asked of it
   * - insufficient: it counts, and something else holds or denies the task, too
   * - invalid: it does not count
   */
  readonly use: 'used' | 'unused' | 'insufficient' | 'invalid';
  /** Why it does not count. */
  readonly why: string | null;
}

export interface Explanation {
  readonly input: JudgeInput;
  readonly trace: Trace;
  /** Those of the task. */
  readonly waivers: readonly WaiverTrace[];
  /** What holds whatever the policies say. */
  readonly checks: readonly Check[];
}

/**
 * Explains one task of a plan that was made of this input. Null where no policy is asked: its name is not wanted, its
 * manifest cannot be read, or the ledger decides by itself.
 */
export function explainTask(key: TaskKey, plan: Plan, given: PlanInput): Explanation | null {
  const input = { ...given, occupied: findOccupied(given) };
  const task = input.desired.tasks.get(key);
  if (task === undefined) return null;
  const { token, fleet } = task.manifest;
  const receipt = input.ledger.receipts.get(token);
  const isDecided = receipt !== undefined && judgeReceipt(receipt, input) !== null;
  if (isDecided || findClosings(input).due.has(token)) return null;
  const counts = countsOf(countsBefore(task, plan, given), fleet);
  const judged = judgeInputOf(task, counts, input);
  const traced = trace(judged);
  const decision = plan.decisions.find((one) => one.token === token);
  const checks = listChecks({ task, judged, verdict: traced.verdict, counts, input, decision });
  return { input: judged, trace: traced, waivers: traceWaivers(judged, traced), checks };
}

/** What was in flight and granted when the plan came to the task. */
function countsBefore(task: WantedTask, plan: Plan, input: PlanInput): ReturnType<typeof tallyFleets> {
  const tallies = tallyFleets(input.ledger, input.nowMs);
  const granted = new Set([...plan.issuable, ...plan.unchecked].map((one) => one.task.manifest.token));
  for (const { manifest } of inOrder(input)) {
    if (manifest.token === task.manifest.token) break;
    if (granted.has(manifest.token)) grant(tallies, manifest.fleet, manifest.targets.length);
  }
  return tallies;
}

function traceWaivers(judged: JudgeInput, { verdict }: Trace): WaiverTrace[] {
  const { manifest, set } = judged;
  const { usable, reasons } = sortWaivers(judged);
  const faults = [...reasons];
  const used = verdict.action === 'allow' ? verdict.waiver : null;
  const own = set.waivers.filter(({ fleet, task }) => fleet === manifest.fleet && task === manifest.name);
  return own.map((waiver): WaiverTrace => {
    if (!usable.includes(waiver)) {
      return { waiver, use: 'invalid', why: faults.shift()?.message ?? null };
    }
    if (verdict.action !== 'allow') return { waiver, use: 'insufficient', why: null };
    return { waiver, use: used?.name === waiver.name ? 'used' : 'unused', why: null };
  });
}
