/** The rules of a policy: what the schema cannot say of them, and what they mean. */
import type { OpenedDocument } from '../lib/document.ts';
import { isName } from '../lib/document-names.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { quoteText } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import { isMap } from '../lib/document-yaml.ts';
import type { Place } from '../lib/faults.ts';
import { BugError } from '../lib/faults.ts';
import { compileExpression } from './expression.ts';
import type { Match } from './match.ts';
import type { OnClose, Otherwise, Policy, Rule } from './policy.ts';
import { rulesMax } from './schema.ts';

type GoodDocument = Extract<OpenedDocument, { readonly ok: true }>;

/** What the schema cannot say of rules: one of two keys, names once, conditions that compile. */
export function judgeRules({ value, locate }: GoodDocument): DocumentProblem[] {
  const spec = isMap(value) && isMap(value.spec) ? value.spec : {};
  if (!Array.isArray(spec.rules)) return [];
  const problems: DocumentProblem[] = [];
  const names = new Set<string>();
  for (const [index, rule] of spec.rules.slice(0, rulesMax).entries()) {
    if (!isMap(rule)) continue;
    const at = ['spec', 'rules', index] as const;
    const both = rule.window !== undefined && rule.require !== undefined;
    if (both || (rule.window === undefined && rule.require === undefined)) {
      const message = `spec.rules[${index}] has ${both ? 'both' : 'neither'} window ${both ? 'and' : 'nor'} require`;
      const hint = both ? 'make two rules of it' : 'write window: NAME, or require: with a condition';
      problems.push({ code: 'SG1403', severity: 'error', ...locate(at), message, hint });
    }
    if (rule.onClose !== undefined && rule.window === undefined) {
      const message = `spec.rules[${index}].onClose does nothing without window`;
      const place = locate([...at, 'onClose'], 'key');
      problems.push({ code: 'SG1403', severity: 'error', ...place, message, hint: 'remove it' });
    }
    if (typeof rule.name === 'string' && names.has(rule.name)) {
      const message = `spec.rules[${index}].name ${quoteText(rule.name)} is taken by a rule before it`;
      const hint = 'give each rule of a policy a name of its own';
      problems.push({ code: 'SG1404', severity: 'error', ...locate([...at, 'name']), message, hint });
    }
    if (typeof rule.name === 'string') names.add(rule.name);
    problems.push(
      ...judgeCondition(rule.require, locate([...at, 'require']), `spec.rules[${index}].require`),
    );
  }
  return problems;
}

/** At most so many problems of one condition: the rest follow from the first. */
const conditionProblemsMax = 5;

function judgeCondition(
  source: JsonValue | undefined,
  spot: { readonly line: number; readonly column: number },
  name: string,
): DocumentProblem[] {
  if (typeof source !== 'string') return [];
  const compiled = compileExpression(source);
  if (compiled.ok) return [];
  return compiled.problems.slice(0, conditionProblemsMax).map(({ code, offset, length, message, hint }) => {
    const part = length > 0 ? ` at ${quoteText(source.slice(offset, offset + length))}` : '';
    const where = `${name}, character ${offset + 1}${part}`;
    const problem = { code, severity: 'error', ...spot, message: `${where}: ${message}` } as const;
    return hint === undefined ? problem : { ...problem, hint };
  });
}

/** A window that a rule names. */
export interface WindowUse {
  readonly name: string;
  /** Of the rule. */
  readonly place: Place;
}

/** The windows that the rules of a document name, as far as that can be read: whatever else is wrong with it. */
export function findWindowUses({ value, locate }: GoodDocument, path: string): WindowUse[] {
  const spec = isMap(value) && isMap(value.spec) ? value.spec : {};
  if (!Array.isArray(spec.rules)) return [];
  return spec.rules.slice(0, rulesMax).flatMap((rule, index) => {
    const window = isMap(rule) ? rule.window : undefined;
    const names = isMap(window) ? window.anyOf : [window];
    if (!Array.isArray(names)) return [];
    const place = { path, ...locate(['spec', 'rules', index]) };
    return names.filter(isName).map((name) => ({ name, place }));
  });
}

/** As the schema has accepted it. */
interface WrittenRule {
  readonly name: string;
  readonly window?: string | { readonly anyOf: readonly string[] };
  readonly onClose?: OnClose;
  readonly require?: string;
  readonly message?: string;
  readonly otherwise?: Otherwise;
}

/** The policy of a document in which nothing was found to be wrong. */
export function makePolicy(
  document: GoodDocument,
  { path, blob }: { readonly path: string; readonly blob: string },
): Policy {
  const { metadata, spec } = document.value as unknown as {
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly description?: string;
      readonly match?: Match;
      readonly rules: readonly WrittenRule[];
    };
  };
  const rules = spec.rules.map((rule, index): Rule => {
    const place = { path, ...document.locate(['spec', 'rules', index]) };
    const base = { name: rule.name, place, message: rule.message ?? null };
    if (rule.window !== undefined) {
      const anyOf = typeof rule.window === 'string' ? [rule.window] : rule.window.anyOf;
      const { otherwise = 'hold', onClose = 'cancel' } = rule;
      return { ...base, kind: 'window', otherwise, anyOf, onClose };
    }
    const compiled = compileExpression(rule.require ?? 'false');
    if (!compiled.ok) throw new BugError('a condition was judged, and does not compile');
    const { expression } = compiled;
    return { ...base, kind: 'condition', otherwise: rule.otherwise ?? 'deny', expression };
  });
  const { name } = metadata;
  const { description = '', match = {} } = spec;
  return { name, place: { path, line: document.line, column: 1 }, blob, description, match, rules };
}
