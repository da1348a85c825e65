/** What of an expectation is not so, in words. */
import { quoteText } from '../lib/document-problem.ts';
import { findNearest } from '../lib/nearest.ts';
import type { PolicySet } from './policy-set.ts';
import type { Expectation, ExpectedVerdict } from './policy-test.ts';
import type { Reason } from './verdict.ts';
import { isoInstant } from './verdict.ts';

/** What a case came to. */
export interface CaseOutcome {
  readonly verdict: ExpectedVerdict;
  /** Those that lead to it, as `policy/rule`; with allow, those that warn or are waived. */
  readonly rules: readonly string[];
  /** When it ends by itself; null where it does not. */
  readonly untilMs: number | null;
  readonly waiver: string | null;
  readonly reasons: readonly Reason[];
}

/** One line for each part of the expectation that does not come true. */
export function findMismatches(expect: Expectation, got: CaseOutcome, set: PolicySet): string[] {
  const { rule, rules, message, code, waiver } = expect;
  const lines: string[] = [];
  if (expect.verdict !== got.verdict) lines.push(`expected ${expect.verdict}, got ${got.verdict}`);
  if (rule !== undefined && !got.rules.includes(rule)) {
    lines.push(`expected rule ${rule}, got ${nameRules(got.rules)}${findSlip([rule], set)}`);
  }
  if (rules !== undefined && !isSame(rules, got.rules)) {
    const wanted = rules.length === 0 ? 'no rule' : `the rules ${rules.join(', ')}`;
    lines.push(`expected ${wanted}, got ${nameRules(got.rules)}${findSlip(rules, set)}`);
  }
  if (expect.untilMs !== undefined && expect.untilMs !== got.untilMs) {
    lines.push(`expected until ${nameTime(expect.untilMs)}, got ${nameTime(got.untilMs)}`);
  }
  if (waiver !== undefined && waiver !== got.waiver) {
    lines.push(`expected waiver ${waiver}, got ${got.waiver ?? 'none'}`);
  }
  if (code !== undefined && !got.reasons.some((reason) => reason.code === code)) {
    lines.push(`expected a reason with code ${code}, got ${nameCodes(got)}`);
  }
  if (message !== undefined && !got.reasons.some((reason) => reason.message.includes(message))) {
    lines.push(`expected a reason that says ${quoteText(message)}, got none`);
  }
  return lines;
}

function isSame(wanted: readonly string[], got: readonly string[]): boolean {
  return wanted.length === got.length && wanted.every((rule) => got.includes(rule));
}

function nameRules(rules: readonly string[]): string {
  return rules.length === 0 ? 'none' : rules.join(', ');
}

function nameTime(timeMs: number | null): string {
  return timeMs === null ? 'none' : isoInstant(timeMs);
}

function nameCodes({ reasons }: CaseOutcome): string {
  return reasons.length === 0 ? 'no reason' : reasons.map(({ code }) => code).join(', ');
}

/** A rule that is nowhere among the policies was misspelt, or removed. */
function findSlip(wanted: readonly string[], { policies }: PolicySet): string {
  const known = policies.flatMap(({ name, rules }) => rules.map((rule) => `${name}/${rule.name}`));
  const unknown = wanted.find((rule) => !known.includes(rule));
  if (unknown === undefined) return '';
  const nearest = findNearest(unknown, known);
  return `; there is no rule ${unknown}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
}
