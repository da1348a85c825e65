/** What `policy test` found, as a report. */
import { type CaseResult, isUnproven, type RuleProof } from '../policy/policy-test-run.ts';
import { fileCases } from '../report/file-cases.ts';
import type { Case, Report } from '../report/report.ts';
import {
  describeFailure,
  describeFigures,
  describeOutcome,
  isFailedRun,
  type TestedPaths,
  unprovenProblem,
} from './policy-test-view.ts';

/** A finding for each problem, each case that failed and each rule that is not proved; a case for each case and rule. */
export function policyTestReport(tested: TestedPaths): Report {
  const { problems, results, rules, isProofRequired } = tested;
  const failed = results.filter(({ mismatches }) => mismatches.length > 0);
  const unproven = rules.filter(isUnproven);
  return {
    title: 'snowgate policy test',
    summary: describeFigures(tested).join('; '),
    isFailed: isFailedRun(tested),
    findings: [
      ...problems,
      ...failed.map((result) => ({ ...describeFailure(result), hint: sayWhy(result) })),
      ...unproven.map((rule) => unprovenProblem(rule, isProofRequired)),
    ],
    cases: [
      ...fileCases([], problems),
      ...results.map(({ test, name, place, mismatches: failures }) => {
        return { group: test, name, place, failures, skipped: null };
      }),
      ...rules.map((rule) => ruleCase(rule, isProofRequired)),
    ],
    body: [],
  };
}

/** What it got, and each reason for that: the message tells only that it is another outcome. */
function sayWhy({ got }: CaseResult): string {
  const reasons = got.reasons.map(({ code, message }) => `${code} ${message}`);
  return [`got ${describeOutcome(got)}`, ...reasons].join('; ');
}

function ruleCase(rule: RuleProof, isProofRequired: boolean): Case {
  const { message } = unprovenProblem(rule, isProofRequired);
  const told = isUnproven(rule) ? [message] : [];
  const [skipped = null] = isProofRequired ? [] : told;
  const failures = isProofRequired ? told : [];
  return { group: 'rules', name: `${rule.policy}/${rule.rule}`, place: rule.place, failures, skipped };
}
