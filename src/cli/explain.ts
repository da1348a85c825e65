/** What `snowgate plan --explain` tells of one task, as data; docs/OPERATIONS.md lists the fields. */
import type { Place } from '../lib/faults.ts';
import type { TaskKey } from '../manifest/manifest.ts';
import type { Check } from '../plan/checks.ts';
import { type Explanation, explainTask } from '../plan/explanation.ts';
import { makePlan } from '../plan/plan.ts';
import { type FactValue, viewFacts } from '../policy/fact-view.ts';
import type { RuleFacts } from '../policy/facts.ts';
import type { PolicyTrace } from '../policy/judge.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { RuleResult } from '../policy/rule-result.ts';
import type { Verdict } from '../policy/verdict.ts';
import { windowAt } from '../policy/window.ts';
import type { Planning } from './planning.ts';

/** How one window of a rule stands. */
export interface ExplainedWindow {
  readonly name: string;
  readonly isOpen: boolean;
  readonly accepts: boolean;
  readonly reason: string;
  readonly closes: string | null;
  readonly opens: string | null;
}

export interface ExplainedRule extends Place {
  readonly name: string;
  readonly outcome: RuleResult['outcome'];
  readonly otherwise: string;
  readonly code: string | null;
  /** Why it does not hold; null where it does. */
  readonly message: string | null;
  /** Empty for a condition. */
  readonly windows: readonly ExplainedWindow[];
  readonly onClose: string | null;
  /** Null for a rule with windows. */
  readonly require: string | null;
  readonly facts: readonly FactValue[];
}

export interface ExplainedPolicy extends Place {
  readonly name: string;
  readonly description: string;
  /** The key of `match` that is about other tasks; null where the policy is about this one. */
  readonly mismatch: string | null;
  readonly rules: readonly ExplainedRule[];
}

export interface Explained {
  readonly verdict: {
    readonly action: Verdict['action'];
    readonly until: string | null;
    readonly closes: string | null;
    readonly cancels: string | null;
    readonly waiver: string | null;
    readonly isCovered: boolean | null;
  };
  readonly policies: readonly ExplainedPolicy[];
  readonly waivers: readonly (Place & {
    readonly name: string;
    readonly use: string;
    readonly why: string | null;
    readonly rules: readonly string[];
    readonly reason: string;
    readonly expires: string;
  })[];
  readonly checks: readonly Check[];
}

/** Null where no policy is asked: the ledger decides by itself, or there is no manifest that can be read. */
export function explain(key: TaskKey, { input }: Planning): Explained | null {
  const explanation = explainTask(key, makePlan(input), input);
  if (explanation === null) return null;
  const { trace, checks, waivers } = explanation;
  return {
    verdict: verdictOf(trace.verdict),
    policies: trace.policies.map((policy) => policyOf(policy, explanation)),
    waivers: waivers.map(({ waiver, use, why }) => {
      const { name, place, rules, reason, expiresMs } = waiver;
      return { name, ...place, use, why, rules, reason, expires: new Date(expiresMs).toISOString() };
    }),
    checks,
  };
}

function verdictOf(verdict: Verdict): Explained['verdict'] {
  const { action } = verdict;
  const none = { until: null, closes: null, cancels: null, waiver: null, isCovered: null };
  switch (verdict.action) {
    case 'deny':
      return { ...none, action };
    case 'hold':
      return { ...none, action, until: instant(verdict.untilMs) };
    case 'allow':
      return {
        action,
        until: instant(verdict.untilMs),
        closes: instant(verdict.closesMs),
        cancels: instant(verdict.cancelMs),
        waiver: verdict.waiver?.name ?? null,
        isCovered: verdict.isCovered,
      };
  }
}

function policyOf({ policy, mismatch, rules }: PolicyTrace, { input }: Explanation): ExplainedPolicy {
  const { name, place, description } = policy;
  const told = rules.map((rule) => ruleOf(rule, input.facts, input.set));
  return { name, ...place, description, mismatch, rules: told };
}

function ruleOf({ rule, outcome, reason }: RuleResult, facts: RuleFacts, set: PolicySet): ExplainedRule {
  const { name, place, otherwise } = rule;
  const base = { name, ...place, outcome, otherwise, code: reason?.code ?? null };
  const message = reason?.message ?? null;
  if (rule.kind === 'window') {
    const windows = rule.anyOf.map((window) => windowOf(window, set, facts.nowMs));
    return { ...base, message, windows, onClose: rule.onClose, require: null, facts: [] };
  }
  const { expression } = rule;
  const values = viewFacts(expression, facts);
  return { ...base, message, windows: [], onClose: null, require: expression.source, facts: values };
}

function windowOf(name: string, { windows }: PolicySet, nowMs: number): ExplainedWindow {
  const window = windows.get(name);
  if (window === undefined) {
    const reason = 'does not load';
    return { name, isOpen: false, accepts: false, reason, closes: null, opens: null };
  }
  const { isOpen, accepts, reason, closesMs, opensMs } = windowAt(window, nowMs);
  return { name, isOpen, accepts, reason, closes: instant(closesMs), opens: instant(opensMs) };
}

function instant(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
