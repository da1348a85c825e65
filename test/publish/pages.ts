/** The reference pages below docs/reference/. */

import { taskProperties, taskSchema } from '../../src/manifest/schema.ts';
import { policyTestSchema } from '../../src/policy/policy-test-schema.ts';
import { policySchema, suspensionSchema, waiverSchema } from '../../src/policy/schema.ts';
import { windowSchema } from '../../src/policy/window-schema.ts';
import { renderLedgerPage } from './ledger-page.ts';
import { renderMetricsPage } from './metrics-page.ts';
import { renderPage } from './schema-page.ts';

const editors = (file: string): string => `For editors: \`schemas/${file}\`.`;
const policies =
  'It lies among the policies (`source.policies`, or `policySource`). For editors: `schemas/policies.schema.json`, which chooses by `kind`.';

/** File names below docs/reference/, and what stands there. */
export const referencePages: readonly (readonly [file: string, text: string])[] = [
  [
    'manifest.md',
    renderPage({
      title: 'Manifest',
      about: `A document of \`kind: Task\` below \`source.path\`. The [README](../../README.md#a-task) tells which edit makes a new task, and [the policies](../POLICIES.md) decide when it is asked for. ${editors('task.schema.json')}`,
      parts: [{ title: 'Task', schema: taskSchema, about: '' }],
    }),
  ],
  [
    'window.md',
    renderPage({
      title: 'Window',
      about: `A document of \`kind: Window\`. ${policies} What its times mean is told on [the page of windows](../WINDOWS.md).`,
      parts: [{ title: 'Window', schema: windowSchema, about: '' }],
    }),
  ],
  [
    'policy.md',
    renderPage({
      title: 'Policy, suspension, waiver',
      about: `${policies} How a verdict comes about is told on [the page of policies](../POLICIES.md), and what a condition may read on [the page of facts](../POLICY-FACTS.md).`,
      parts: [
        { title: 'Policy', schema: policySchema, about: '' },
        { title: 'Suspension', schema: suspensionSchema, about: '' },
        { title: 'Waiver', schema: waiverSchema, about: '' },
      ],
    }),
  ],
  [
    'policy-test.md',
    renderPage({
      title: 'Policy test',
      about: `A document of \`kind: PolicyTest\` in a file \`*.test.yaml\` beside the policies. [The page of policy tests](../POLICY-TESTS.md) tells how they are run, and how a case overrides what is given. The keys of a task are those of a [manifest](manifest.md). ${editors('policies.schema.json')}`,
      parts: [{ title: 'PolicyTest', schema: policyTestSchema, about: '' }],
      elsewhere: new Set(Object.values(taskProperties)),
    }),
  ],
  [
    'ledger.md',
    renderLedgerPage(
      [
        'The ledger is a branch of a Git repository, made by `snowgate ledger init`. Its root commit holds one file, `FORMAT`: the version and the UUID of the ledger. Every later commit adds exactly one file, `YYYY/MM/DD/HH/SEQ-REPLICA.jsonl`, where SEQ is the height of the commit in ten digits; no file is ever changed or removed.',
        'A file is JSON Lines: a first line about the file itself, then one event a line. An unknown kind of event, an unknown field or a wrong type is an error (SG4210, SG4212), and never skipped. Times are ISO 8601 in UTC with milliseconds, by the clock of the writer. [Why nothing is issued twice](../ARCHITECTURE.md#why-nothing-is-issued-twice) tells what the events are for; `snowgate ledger show` folds those of one task into its life, and `snowgate ledger verify` checks the branch.',
      ].join('\n\n'),
    ),
  ],
  ['metrics.md', renderMetricsPage()],
];
