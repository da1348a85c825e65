/** What one rule says of one task. */
import { evaluateExpression } from './expression.ts';
import type { FactGroup, RuleFacts } from './facts.ts';
import type { Gate, GateState } from './gate.ts';
import { gateAt } from './gate.ts';
import type { ConditionRule, OnClose, Policy, Rule, Waiver, WindowRule } from './policy.ts';
import type { PolicySet } from './policy-set.ts';
import type { EndedBy, Reason } from './verdict.ts';
import type { Window } from './window.ts';

export interface RuleResult {
  readonly rule: Rule;
  /**
   * - passed: it holds
   * - waived: it does not, and the waiver at hand skips it
   * - unchecked: it reads facts that are not known here: neither true nor false
   * - deny, hold, warn: it does not hold, cannot be evaluated (hold), or only warns and could not be checked (warn)
   */
  readonly outcome: 'passed' | 'waived' | 'unchecked' | 'deny' | 'hold' | 'warn';
  /** Null where it holds. */
  readonly reason: Reason | null;
  readonly reads: ReadonlySet<FactGroup>;
  /** The windows that bind the task; null for a condition, and where the rule is waived or only warns. */
  readonly gate: {
    readonly windows: Gate;
    readonly state: GateState;
    readonly onClose: OnClose;
  } | null;
}

interface RuleInput {
  readonly facts: RuleFacts;
  readonly set: PolicySet;
}

const nothing: ReadonlySet<FactGroup> = new Set();

/** Evaluates a rule of a policy that is about the task. A waiver skips the rules that it names, where they do not hold. */
export function judgeRule(policy: Policy, rule: Rule, input: RuleInput, waiver: Waiver | null): RuleResult {
  const result =
    rule.kind === 'window' ? judgeWindowRule(policy, rule, input) : judgeCondition(policy, rule, input);
  const isWaived = waiver?.rules.includes(`${policy.name}/${rule.name}`) === true;
  if (!isWaived || result.reason === null) return result;
  // Nothing needs to end what stops nobody.
  const { endedBy: _, ...told } = result.reason;
  const reason: Reason = { ...told, code: 'SG6324', message: `waived by ${waiver.name}: ${told.message}` };
  return { ...result, outcome: 'waived', gate: null, reason };
}

/** What a window rule says depends on the instant alone, and every task of a plan asks at the same one. */
const known = new WeakMap<
  WindowRule,
  { readonly set: PolicySet; readonly nowMs: number; readonly result: RuleResult }
>();

function judgeWindowRule(policy: Policy, rule: WindowRule, { facts, set }: RuleInput): RuleResult {
  const last = known.get(rule);
  if (last !== undefined && last.set === set && last.nowMs === facts.nowMs) return last.result;
  const result = readWindows(policy, rule, set, facts.nowMs);
  known.set(rule, { set, nowMs: facts.nowMs, result });
  return result;
}

function readWindows(policy: Policy, rule: WindowRule, set: PolicySet, nowMs: number): RuleResult {
  const windows = rule.anyOf.flatMap((name): Window[] => {
    const window = set.windows.get(name);
    return window === undefined ? [] : [window];
  });
  const missing = rule.anyOf.filter((name) => !set.windows.has(name));
  if (missing.length > 0) {
    const reason = explain(policy, rule, 'SG6307', `window ${missing.join(', ')} does not load`, 'commit');
    return { rule, outcome: 'hold', reason, reads: nothing, gate: null };
  }
  const state = gateAt(windows, nowMs);
  // A rule that only warns binds nothing.
  const gate = rule.otherwise === 'warn' ? null : { windows, state, onClose: rule.onClose };
  if (state.accepts) return { rule, outcome: 'passed', reason: null, reads: nothing, gate };
  const reason = explain(policy, rule, 'SG6303', state.reason, 'time');
  return { rule, outcome: rule.otherwise, reason, reads: nothing, gate };
}

/** The two answers of a condition, which are the same for every task: a hundred thousand of them are not made anew. */
const answers = new WeakMap<ConditionRule, { readonly passed: RuleResult; readonly failed: RuleResult }>();

function answersOf(policy: Policy, rule: ConditionRule): { passed: RuleResult; failed: RuleResult } {
  const made = answers.get(rule);
  if (made !== undefined) return made;
  const base = { rule, reads: rule.expression.reads, gate: null };
  const passed: RuleResult = { ...base, outcome: 'passed', reason: null };
  const failed: RuleResult = { ...base, outcome: rule.otherwise, reason: describeFailure(policy, rule) };
  answers.set(rule, { passed, failed });
  return { passed, failed };
}

function judgeCondition(policy: Policy, rule: ConditionRule, { facts }: RuleInput): RuleResult {
  const { expression } = rule;
  const answer = evaluateExpression(expression, facts);
  if (answer.kind === 'value') return answersOf(policy, rule)[answer.value ? 'passed' : 'failed'];
  const base = { rule, reads: expression.reads, gate: null };
  if (answer.kind === 'unknown') {
    const read = answer.groups.map((group) => groupNames[group] ?? group).join(', ');
    const why = `it reads ${read}, which is not known here`;
    // What binds nothing is not waited for either.
    if (rule.otherwise === 'warn') {
      return { ...base, outcome: 'warn', reason: tell(policy, rule, 'SG6302', why, 'fact') };
    }
    const text = `checked before issuing: ${why}`;
    // Without the author's words: they say what is so where it does not hold.
    return { ...base, outcome: 'unchecked', reason: tell(policy, rule, 'SG6302', text, 'fact') };
  }
  const reason = explain(policy, rule, 'SG6306', `it fails: ${answer.message}`, 'commit');
  return { ...base, outcome: 'hold', reason };
}

/** Groups whose names say nothing to whoever knows the variables of docs/POLICY-FACTS.md. */
const groupNames: Readonly<Partial<Record<FactGroup, string>>> = {
  counts: "the fleet's counts",
  described: 'what AWS tells of devices',
  previous: 'task.previous',
};

/** Facts that may change by themselves; what stands in the task and its commits changes with a commit alone. */
const changing: ReadonlySet<FactGroup> = new Set(['counts', 'devices', 'described', 'now', 'previous']);

function describeFailure(policy: Policy, rule: ConditionRule): Reason {
  const isChanging = [...rule.expression.reads].some((group) => changing.has(group));
  const text = rule.message ?? `it does not hold: ${rule.expression.source}`;
  return tell(policy, rule, 'SG6301', text, isChanging ? 'fact' : 'commit');
}

/** The author's words, where there are any, and why. */
function explain(policy: Policy, rule: Rule, code: Reason['code'], why: string, endedBy: EndedBy): Reason {
  return tell(policy, rule, code, rule.message === null ? why : `${rule.message}: ${why}`, endedBy);
}

function tell(policy: Policy, rule: Rule, code: Reason['code'], text: string, endedBy?: EndedBy): Reason {
  const { path, line } = rule.place;
  const message = `${policy.name}/${rule.name}: ${text} (${path}:${line})`;
  const reason = { code, message, policy: policy.name, rule: rule.name, place: rule.place };
  return endedBy === undefined ? reason : { ...reason, endedBy };
}
