/** A plan as a report: what is an error of it, what a warning, and where each stands. */
import { describe, expect, it } from 'vitest';
import { planReport } from '../../src/cli/plan-report.ts';
import type { Planning } from '../../src/cli/planning.ts';
import type { Decision, PlanAction } from '../../src/plan/decision.ts';
import type { Reason } from '../../src/policy/verdict.ts';

const token = 'a'.repeat(64);

function decision(action: PlanAction, ...reasons: Reason[]): Decision {
  return { key: 'lab/a', fleet: 'lab', name: 'a', token, action, untilMs: null, reasons } as Decision;
}

interface Given {
  readonly decisions?: readonly Decision[];
  readonly halts?: readonly Reason[];
  readonly wanted?: string;
}

const policyProblem = {
  code: 'SG1401',
  severity: 'error',
  place: { path: 'p.yaml', line: 2, column: 3 },
  message: 'wrong',
} as const;

/** Only what a report is made of. */
function reportOf({ decisions = [], halts = [], wanted = token }: Given, hasOwnPolicies = false) {
  const task = { manifest: { token: wanted }, path: 'tasks/a.yaml', line: 4 };
  const desired = { tasks: new Map([['lab/a', task]]), problems: [] };
  const input = { halts, desired, policies: { problems: hasOwnPolicies ? [policyProblem] : [] } };
  const planned = { atMs: 0, source: 'c'.repeat(40), ledger: 'd'.repeat(40), decisions, input };
  return planReport(planned as unknown as Planning, { isFailed: true, hasOwnPolicies });
}

const place = { path: 'tasks/a.yaml', line: 4, column: 1 };

describe('the findings of a plan', () => {
  it.each<[PlanAction, Reason, string | null]>([
    ['deny', { code: 'SG6301', message: 'no' }, 'error'],
    ['quarantined', { code: 'SG6109', message: 'no' }, 'error'],
    ['blocked', { code: 'SG6201', message: 'no' }, 'error'],
    ['look', { code: 'SG6105', message: 'no' }, 'error'],
    ['wait', { code: 'SG6116', message: 'no' }, 'error'],
    ['hold', { code: 'SG6207', message: 'no' }, 'error'],
    ['hold', { code: 'SG6301', message: 'no', endedBy: 'commit' }, 'warning'],
    ['hold', { code: 'SG6303', message: 'no', endedBy: 'time' }, null],
    ['hold', { code: 'SG6302', message: 'no', endedBy: 'fact' }, null],
    ['wait', { code: 'SG6103', message: 'no' }, null],
    ['issue', { code: 'SG6302', message: 'no' }, null],
    ['done', { code: 'SG6113', message: 'no' }, null],
    ['cancel', { code: 'SG6117', message: 'no' }, null],
  ])('%s with %j: %s', (action, reason, severity) => {
    const { findings, cases } = reportOf({ decisions: [decision(action, reason)] });
    const hint = 'snowgate plan --explain lab/a tells all that leads there';
    const told = { code: reason.code, severity, place, message: `lab/a: ${action}: no`, hint };
    expect(findings).toEqual(severity === null ? [] : [told]);
    const [only] = cases;
    expect(only).toMatchObject({ group: 'lab', name: 'lab/a', place });
    expect(only?.failures).toEqual(severity === 'error' ? [`${action} ${reason.code}: no`] : []);
    const isSkipped = severity !== 'error' && (action === 'hold' || action === 'wait');
    expect(only?.skipped).toBe(isSkipped ? `${action}: no` : null);
  });

  it('are one for each reason', () => {
    const reasons: Reason[] = [
      { code: 'SG6301', message: 'first' },
      { code: 'SG6102', message: 'second' },
    ];
    const { findings } = reportOf({ decisions: [decision('deny', ...reasons)] });
    expect(findings.map(({ code }) => code)).toEqual(['SG6301', 'SG6102']);
  });

  it('stand nowhere where the manifest is of another revision', () => {
    const denied = decision('deny', { code: 'SG6301', message: 'no' });
    const { findings } = reportOf({ decisions: [denied], wanted: 'b'.repeat(64) });
    expect(findings[0]?.place).toBeNull();
  });

  it('begin with halts, which are cases that fail', () => {
    const { findings, cases } = reportOf({ halts: [{ code: 'SG6203', message: 'too many' }] });
    expect(findings).toEqual([
      { code: 'SG6203', severity: 'error', place: null, message: 'halted: too many' },
    ]);
    const told = { name: 'SG6203', place: null, failures: ['too many'], skipped: null };
    expect(cases).toEqual([{ group: 'halts', ...told }]);
  });

  it('have no place in the source where policies are of another repository', () => {
    const { findings, cases } = reportOf({}, true);
    const told = { group: '.', name: 'p.yaml', place: null, skipped: null };
    expect(cases).toEqual([{ ...told, failures: ['2:3 SG1401: wrong'] }]);
    expect(findings).toEqual([
      { code: 'SG1401', severity: 'error', place: null, message: 'p.yaml:2:3: wrong' },
    ]);
  });
});
