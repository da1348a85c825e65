/**
 * The one function that says whether a task may be asked for. It runs in the pull request, in the plan, before a claim and
 * again right before each call, so that all of them say the same.
 */
import { judgeBuiltIns, waitsUntil } from './built-in.ts';
import type { FactGroup } from './facts.ts';
import type { Gate } from './gate.ts';
import { nextAcceptingAll } from './gate.ts';
import type { JudgeInput } from './judge-input.ts';
import type { MatchSubject } from './match.ts';
import { findMismatch } from './match.ts';
import type { Policy, Waiver } from './policy.ts';
import type { RuleResult } from './rule-result.ts';
import { judgeRule } from './rule-result.ts';
import type { Allow, Deny, Hold, Reason, Verdict, WaiverUse } from './verdict.ts';
import { isoInstant } from './verdict.ts';
import { sortWaivers } from './waiver.ts';
import { horizonDays } from './window.ts';

/** What became of one policy: whether it is about the task, and what each of its rules says. */
export interface PolicyTrace {
  readonly policy: Policy;
  /** The key of `match` that the task does not satisfy; null where the policy is about it. */
  readonly mismatch: string | null;
  readonly rules: readonly RuleResult[];
}

export interface Trace {
  readonly verdict: Verdict;
  readonly policies: readonly PolicyTrace[];
}

/** Judges one task at the instant of its facts. */
export function judge(input: JudgeInput): Verdict {
  return trace(input).verdict;
}

/** The same, with every step that led there. */
export function trace(input: JudgeInput): Trace {
  const subject = subjectOf(input);
  const matched = input.set.policies.map((policy) => ({
    policy,
    mismatch: findMismatch(policy.match, subject),
  }));
  const plain = traceWith(input, matched, null);
  if (isChecked(plain)) return plain;
  const { usable, reasons } = sortWaivers(input);
  let partly: Trace | null = null;
  // Each by itself, never two together: two exceptions must not add up to what nobody has reviewed.
  for (const waiver of usable) {
    const waived = traceWith(input, matched, waiver);
    if (isChecked(waived)) return waived;
    if (waived.verdict.action === 'allow') partly ??= waived;
    reasons.push({
      code: 'SG6325',
      message: `waiver ${waiver.name} alone does not suffice (${waiver.place.path}:${waiver.place.line})`,
      place: waiver.place,
    });
  }
  // It goes once the other rules are checked; what none of it needs to be waived for is not waived.
  if (plain.verdict.action !== 'allow' && partly !== null) return partly;
  if (reasons.length === 0) return plain;
  return { ...plain, verdict: { ...plain.verdict, reasons: [...plain.verdict.reasons, ...reasons] } };
}

/** Allowed, and by no rule that is still to be checked. */
function isChecked({ verdict }: Trace): boolean {
  return verdict.action === 'allow' && verdict.unchecked.length === 0;
}

function subjectOf({ manifest, fleetLabels }: JudgeInput): MatchSubject {
  const { fleet, name, command, targets, labels } = manifest;
  return { fleet, name, command, targets, labels, fleetLabels };
}

type Matched = readonly { readonly policy: Policy; readonly mismatch: string | null }[];

function traceWith(input: JudgeInput, matched: Matched, waiver: Waiver | null): Trace {
  const policies = matched.map(({ policy, mismatch }): PolicyTrace => {
    if (mismatch !== null) return { policy, mismatch, rules: [] };
    return { policy, mismatch, rules: policy.rules.map((rule) => judgeRule(policy, rule, input, waiver)) };
  });
  return { verdict: conclude(input, policies, waiver), policies };
}

/** The strictest wins: deny over hold over warn. All reasons are given, the strictest first. */
function conclude(input: JudgeInput, policies: readonly PolicyTrace[], waiver: Waiver | null): Verdict {
  const asked = policies.filter(({ mismatch }) => mismatch === null);
  const results: RuleResult[] = [];
  const told: Record<RuleResult['outcome'], Reason[]> = {
    passed: [],
    waived: [],
    unchecked: [],
    deny: [],
    hold: [],
    warn: [],
  };
  const reads = new Set<FactGroup>();
  const awaits = new Set<FactGroup>();
  for (const { rules } of asked) {
    for (const result of rules) {
      results.push(result);
      for (const group of result.reads) {
        reads.add(group);
        if (result.outcome === 'unchecked') awaits.add(group);
      }
      if (result.reason !== null) told[result.outcome].push(result.reason);
    }
  }
  const builtIn = judgeBuiltIns(
    input,
    subjectOf(input),
    asked.map(({ policy }) => policy),
  );
  const denies = [...builtIn.denies, ...told.deny];
  const holds = [...builtIn.holds, ...told.hold];
  const rest = [...told.warn, ...told.waived];
  const { unchecked } = told;
  const common = {
    policies: asked.map(({ policy: { name, blob } }) => ({ name, blob })),
    reads,
    awaits,
  };
  if (denies.length > 0) {
    const reasons = [...denies, ...holds, ...unchecked, ...rest];
    return { action: 'deny', expired: builtIn.expired, reasons, ...common } satisfies Deny;
  }
  const gates = results.flatMap(({ gate }) => (gate === null ? [] : [gate.windows]));
  if (holds.length > 0) {
    const until = untilOf(input, holds, builtIn.heldUntilMs, gates);
    const reasons = [...holds, ...until.reasons, ...unchecked, ...rest];
    return { action: 'hold', untilMs: until.untilMs, reasons, ...common } satisfies Hold;
  }
  return {
    action: 'allow',
    reasons: rest,
    ...endsOf(input, results, waiver),
    isCovered: builtIn.isCovered,
    unchecked,
    ...common,
  } satisfies Allow;
}

/** When a hold ends by itself: where all of its reasons do, the first instant at which every window accepts. */
function untilOf(
  input: JudgeInput,
  holds: readonly Reason[],
  heldUntilMs: number,
  gates: readonly Gate[],
): { readonly untilMs: number | null; readonly reasons: readonly Reason[] } {
  if (holds.some(({ endedBy }) => endedBy !== 'time')) return { untilMs: null, reasons: [] };
  const untilMs = nextAcceptingAll(gates, Math.max(input.facts.nowMs, heldUntilMs));
  const never = (code: Reason['code'], message: string) =>
    ({ untilMs: null, reasons: [{ code, message, endedBy: 'commit' }] }) as const;
  if (untilMs === null) {
    return never('SG6304', `its windows are not open together within ${horizonDays} days`);
  }
  const { notAfterMs } = input.manifest;
  const when = `it would be allowed at ${isoInstant(untilMs)}`;
  if (notAfterMs !== undefined && untilMs >= notAfterMs) {
    return never('SG6305', `${when}, and its notAfter is ${isoInstant(notAfterMs)}: it will expire`);
  }
  const lastMs = waitsUntil(input);
  if (lastMs === null || untilMs <= lastMs) return { untilMs, reasons: [] };
  return never('SG6305', `${when}, and from ${isoInstant(lastMs)} on it will be stale (issue.maxWait)`);
}

function endsOf(
  { manifest }: JudgeInput,
  results: readonly RuleResult[],
  waiver: Waiver | null,
): Pick<Allow, 'untilMs' | 'closesMs' | 'cancelMs' | 'waiver'> {
  const own = [manifest.notAfterMs ?? null, waiver?.expiresMs ?? null];
  const gates = results.flatMap(({ gate }) => (gate === null ? [] : [gate]));
  const strict = gates.filter(({ onClose }) => onClose === 'cancel');
  return {
    untilMs: earliest([...own, ...gates.map(({ state }) => state.acceptsUntilMs)]),
    closesMs: earliest([...own, ...gates.map(({ state }) => state.closesMs)]),
    cancelMs: earliest([...own, ...strict.map(({ state }) => state.closesMs)]),
    waiver: waiver === null ? null : useOf(waiver),
  };
}

function useOf({ name, place, blob, rules, reason, expiresMs }: Waiver): WaiverUse {
  return { name, path: place.path, blob, rules, reason, expiresMs };
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
