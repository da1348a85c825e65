/** What `policy test` prints. */

import { count } from '../lib/count.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import type { CaseOutcome } from '../policy/policy-test-outcome.ts';
import {
  type CaseResult,
  isUnproven,
  type PolicyTestRun,
  type RuleProof,
} from '../policy/policy-test-run.ts';
import { isoInstant } from '../policy/verdict.ts';
import { makeDocument } from '../report/envelope.ts';
import { type Colors, colorsFor, formatProblem } from './print.ts';
import { formatWrapped } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';

/** All that was run, of however many paths. */
export interface TestedPaths extends PolicyTestRun {
  readonly files: number;
  readonly isProofRequired: boolean;
}

/** Problems, the cases that failed with all their reasons, the rules that nothing proves, and a line of figures. */
export function formatTestRun(tested: TestedPaths, world: Surroundings): string {
  const { problems, results, rules, isProofRequired } = tested;
  const colors = colorsFor(world.stdout, world.env);
  const failed = results.filter(({ mismatches }) => mismatches.length > 0);
  const unproven = rules.filter(isUnproven);
  return [
    ...problems.map((problem) => formatProblem(problem, colors)),
    ...failed.map((result) => formatFailure(result, colors, world.stdout.columns())),
    ...unproven.map((rule) => formatProblem(unprovenProblem(rule, isProofRequired), colors)),
    `${describeFigures(tested).join('\n')}\n`,
  ].join('');
}

/** Whether a case fails, a file has errors, or proof is required and missing. */
export function isFailedRun({ results, problems, rules, isProofRequired }: TestedPaths): boolean {
  return (
    results.some(({ mismatches }) => mismatches.length > 0) ||
    problems.some(({ severity }) => severity === 'error') ||
    (isProofRequired && rules.some(isUnproven))
  );
}

/** Cases and rules, counted: a line for each. */
export function describeFigures({ files, results, rules }: TestedPaths): string[] {
  const failed = results.filter(({ mismatches }) => mismatches.length > 0).length;
  const unproved = rules.filter(isUnproven).length;
  return [
    `${count(files, 'file')}, ${count(results.length, 'case')}: ${results.length - failed} passed, ${failed} failed`,
    `${count(rules.length, 'rule')}: ${rules.length - unproved} proved, ${unproved} unproved`,
  ];
}

/** A case that failed, as a problem at its place. */
export function describeFailure({ test, name, place, mismatches }: CaseResult): PlacedProblem {
  const message = `${test}: ${name}: ${mismatches.join('; ')}`;
  return { code: 'SG1429', severity: 'error', place, message };
}

function formatFailure(result: CaseResult, colors: Colors, columns: number): string {
  const { got } = result;
  const head = formatProblem(describeFailure(result), colors);
  const why = [
    `got ${describeOutcome(got)}`,
    ...got.reasons.map(({ code, message: text }) => `${code} ${text}`),
  ];
  return `${head}${why.map((line) => formatWrapped(line, '    ', columns)).join('')}`;
}

/** What a case came to, in words. */
export function describeOutcome({ verdict, rules, untilMs, waiver }: CaseOutcome): string {
  const by = rules.length === 0 ? '' : ` by ${rules.join(', ')}`;
  const until = untilMs === null ? '' : ` until ${isoInstant(untilMs)}`;
  return `${verdict}${until}${by}${waiver === null ? '' : ` with waiver ${waiver}`}`;
}

/** What is missing for the proof of a rule, as a problem at its place. */
export function unprovenProblem(
  { policy, rule, place, passed, fired }: RuleProof,
  isError: boolean,
): PlacedProblem {
  const never = [...(passed === 0 ? ['satisfies'] : []), ...(fired === 0 ? ['violates'] : [])];
  const message = `no case ${never.join(' or ')} the rule ${policy}/${rule}`;
  const hint = 'write a case on each side of it';
  return { code: 'SG1430', severity: isError ? 'error' : 'warning', place, message, hint };
}

/** The same for machines, with the cases that passed, too. */
export function testRunJson({ problems, results, rules, files, isProofRequired }: TestedPaths): object {
  const failed = results.filter(({ mismatches }) => mismatches.length > 0).length;
  return makeDocument('PolicyTestRun', {
    files,
    cases: results.length,
    passed: results.length - failed,
    failed,
    unproved: rules.filter(isUnproven).length,
    results: results.map(resultJson),
    rules: rules.map(({ place, ...rule }) => ({
      ...rule,
      ...place,
      proved: !isUnproven({ place, ...rule }),
    })),
    problems: problems.map(({ place, ...problem }) => ({ ...place, ...problem })),
    requireProof: isProofRequired,
  });
}

function resultJson({ test, name, place, expect, got, mismatches }: CaseResult): object {
  const { untilMs, ...expected } = expect;
  const { untilMs: gotMs, ...outcome } = got;
  return {
    test,
    case: name,
    ...place,
    passed: mismatches.length === 0,
    mismatches,
    expected: untilMs === undefined ? expected : { ...expected, until: writeTime(untilMs) },
    got: { ...outcome, until: writeTime(gotMs) },
  };
}

function writeTime(timeMs: number | null): string | null {
  return timeMs === null ? null : isoInstant(timeMs);
}
