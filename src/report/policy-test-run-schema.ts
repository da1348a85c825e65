import type { JsonSchema } from '../lib/document-compile.ts';
import {
  flag,
  instant,
  list,
  number,
  orNull,
  outputSchema,
  placeProperties,
  problems,
  reasons,
  record,
  text,
  told,
} from './schema-parts.ts';

const verdict = told(
  { type: 'string', enum: ['allow', 'hold', 'deny', 'unchecked'] },
  'Verdict',
  'unchecked is an allow with rules that read what is not known.',
);
const ruleNames = told(list(text), 'Rules', 'Those that lead to it, as policy/rule.');
const until = told(orNull(instant), 'Until', 'When it ends by itself; null where it does not.');
const texts = list(text);

const result = record({
  test: told(text, 'Test', 'Name of the test.'),
  case: told(text, 'Case', 'Name of the case.'),
  ...placeProperties,
  passed: told(flag, 'Passed', 'Whether everything is as expected.'),
  mismatches: told(texts, 'Mismatches', 'What was expected and is not so; empty where the case passed.'),
  expected: told(
    record(
      {
        verdict,
        rule: told(text, 'Rule', 'A rule among those that lead to the verdict, as policy/rule.'),
        rules: ruleNames,
        until,
        message: told(text, 'Message', 'A part of what a reason says.'),
        code: told(text, 'Code', 'The code of a reason.'),
        waiver: told(text, 'Waiver', 'The waiver by which it is allowed.'),
      },
      ['rule', 'rules', 'until', 'message', 'code', 'waiver'],
    ),
    'Expected',
    'As the case says it; what it does not say is absent.',
  ),
  got: told(
    record({
      verdict,
      rules: ruleNames,
      until,
      waiver: told(orNull(text), 'Waiver', 'The waiver by which it is allowed; null where there is none.'),
      reasons,
    }),
    'Got',
    'What the policies say.',
  ),
});

const rule = record({
  policy: told(text, 'Policy', 'Name of the policy.'),
  rule: told(text, 'Rule', 'Name of the rule.'),
  ...placeProperties,
  passed: told(number, 'Passed', 'Cases that satisfy it.'),
  fired: told(number, 'Fired', 'Cases that violate it.'),
  proved: told(flag, 'Proved', 'Whether there is one of each.'),
});

/** What `snowgate policy test --format json` writes. */
export const policyTestRunSchema: JsonSchema = outputSchema(
  'PolicyTestRun',
  'What became of the cases of policy tests, and which rules they prove.',
  {
    files: told(number, 'Files', 'Files of tests.'),
    cases: told(number, 'Cases', 'Cases that were run.'),
    passed: told(number, 'Passed', 'Cases that came out as expected.'),
    failed: told(number, 'Failed', 'Cases that did not.'),
    unproved: told(number, 'Unproved', 'Rules that no case satisfies, or none violates.'),
    results: told(list(result), 'Results', 'Every case.'),
    rules: told(list(rule), 'Rules', 'Every rule of the policies.'),
    problems,
    requireProof: told(flag, 'Proof required', 'Whether a rule that is not proved is an error.'),
  },
);
