/** `kind: PolicyTest`: JSON Schema, draft 2020-12. What the facts mean is in docs/POLICY-FACTS.md. */
import { section } from '../config/schema-parts.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import { nameSchema } from '../lib/document-names.ts';
import { given, text, timePattern, timeRule } from './policy-test-given-schema.ts';
import { documentSchema } from './schema.ts';

/** Somebody reads them one by one; a table of more is another file. */
export const casesMax = 500;

const ruleRef: JsonSchema = {
  type: 'string',
  maxLength: 127,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  'x-allowed': '[-a-z0-9/]',
  'x-rule': 'the name of a policy, a slash, and the name of one of its rules',
};

const expectation: JsonSchema = {
  ...section('Expected', 'What is expected of the verdict; what is not written is not looked at.', {
    verdict: {
      type: 'string',
      title: 'Verdict',
      description: 'allow, hold or deny; unchecked: allowed once rules have read what is not known here.',
      enumDescriptions: [
        'It may be issued at `now`.',
        'It waits.',
        'A commit must change something.',
        'Nothing holds it, and rules read what is not known here: these are checked before issuing.',
      ],
      enum: ['allow', 'hold', 'deny', 'unchecked'],
      examples: ['hold'],
    },
    rule: {
      ...ruleRef,
      title: 'Rule',
      description: 'A rule that leads to the verdict; with allow, one that warns or is waived.',
      'x-more':
        'As POLICY/RULE. The rules that lead to a deny are those that deny it, and not those that would only hold it.',
      examples: ['unlock-inside-window/window'],
    },
    rules: {
      type: 'array',
      title: 'Rules',
      description: 'All rules that lead to the verdict, and no other.',
      'x-more': '`[]` where none does, as for a suspension.',
      maxItems: 50,
      uniqueItems: true,
      items: ruleRef,
      examples: [['unlock-inside-window/window', 'unlock-inside-window/change-request']],
    },
    until: {
      type: 'string',
      title: 'Until',
      description: 'When the verdict ends by itself; none where it does not.',
      'x-more':
        'A hold ends at the first instant at which all windows are open, an allow at the first cutoff, `notAfter`, or end of a waiver.',
      pattern: `^(none|${timePattern})$`,
      'x-code': 'SG1423',
      'x-rule': `none, or ${timeRule}`,
      examples: ['2026-11-28T03:45:00+01:00', 'none'],
    },
    message: {
      ...text('Message', 'A part of the message of one reason.', 'change request', 300),
      minLength: 1,
    },
    code: {
      type: 'string',
      title: 'Code',
      description: 'The code of one reason, as docs/ERRORS.md lists them.',
      'x-more': 'For what holds without a rule: SG6320 is a suspension.',
      pattern: '^SG[0-9]{4}$',
      'x-rule': 'SG and four digits',
      examples: ['SG6320'],
    },
    waiver: {
      ...nameSchema,
      title: 'Waiver',
      description: 'The waiver by which it is allowed.',
      'x-more': 'Its `metadata.name`.',
      examples: ['aurora-storm'],
    },
  }),
  required: ['verdict'],
};

/** `kind: PolicyTest`. */
export const policyTestSchema = documentSchema(
  'PolicyTest',
  [
    'Cases for policies: what is given, and which verdict is expected. Lies beside them, in a file *.test.yaml.',
    'Run by `snowgate policy test`; the controller does not read it.',
  ],
  {
    type: 'object',
    title: 'The test',
    description: 'What its cases share, and the cases.',
    additionalProperties: false,
    required: ['cases'],
    properties: {
      policies: {
        type: 'array',
        title: 'Policies',
        description:
          'Files to load, from the folder of the test; every one in that folder and below where this is not written.',
        'x-more':
          'Calendars (`.ics`) are always there. No file may lie outside the folder that the command line names.',
        minItems: 1,
        maxItems: 100,
        uniqueItems: true,
        items: { type: 'string', minLength: 1, maxLength: 1024 },
        examples: [['unlock.yaml', '../windows.yaml']],
      },
      given: section(
        'Given',
        [
          'What all cases share.',
          'Whatever is not given, here or in a case, is not known: a rule that reads it is neither true nor false, and the verdict is unchecked.',
        ],
        given,
      ),
      cases: {
        type: 'array',
        title: 'Cases',
        description:
          'Each overrides what is given: of a map the keys that it writes, of everything else the whole.',
        'x-more':
          'One level deep: below the keys of a map nothing is merged, so that `task: {annotations: {}}` leaves no annotation.',
        minItems: 1,
        maxItems: casesMax,
        items: {
          ...section('Case', ['One table row.', 'Keys of `given` go before what all cases share.'], {
            name: {
              type: 'string',
              title: 'Name',
              description: 'Unique within the test.',
              'x-more': 'Say what is tried.',
              minLength: 1,
              maxLength: 200,
              examples: ['closed on Saturday noon'],
            },
            ...given,
            expect: expectation,
          }),
          required: ['name', 'expect'],
        },
      },
    },
  },
  {
    apiVersion: 'snowgate/v1',
    kind: 'PolicyTest',
    metadata: { name: 'unlock-inside-window' },
    spec: {
      given: {
        now: '2026-11-27T22:30:00+01:00',
        task: { fleet: 'north-sea', command: 'unlock', targets: ['smd-a'], annotations: { change: 'CHG1' } },
      },
      cases: [
        { name: 'open on Friday night', expect: { verdict: 'allow' } },
        {
          name: 'without a change request',
          task: { annotations: {} },
          expect: { verdict: 'deny', rule: 'unlock-inside-window/change-request' },
        },
      ],
    },
  },
);
