import type { JsonSchema } from '../lib/document-compile.ts';
import { planActions } from '../plan/decision.ts';
import { changeKinds } from '../plan/difference.ts';
import {
  codeText,
  flag,
  instant,
  list,
  number,
  objectId,
  orNull,
  outputSchema,
  placeProperties,
  problems,
  reasons,
  record,
  text,
  token,
  told,
} from './schema-parts.ts';

const textMap: JsonSchema = { type: 'object', additionalProperties: text };

const named = record({
  name: told(text, 'Name', 'As it was named.'),
  commit: told(objectId, 'Commit', 'What the name stood for.'),
});

const decision = record({
  token: told(orNull(token), 'Token', 'Of the revision that it is about; null where none can be read.'),
  action: told({ type: 'string', enum: planActions }, 'Action', 'What a pass would do with it.'),
  until: told(orNull(instant), 'Until', 'When a hold or a permission ends; null where no time is known.'),
  reasons,
});

const window = record({
  name: told(text, 'Name', 'The window.'),
  policy: told(text, 'Policy', 'The policy that asks for it.'),
  rule: told(text, 'Rule', 'Its rule.'),
  closes: told(orNull(instant), 'Closes', 'When it closes; null where it does not within a year.'),
});

const request = record(
  {
    clientToken: told(token, 'Client token', 'The token of the revision.'),
    command: told({ type: 'string', enum: ['unlock', 'reboot'] }, 'Command', 'What the devices are to do.'),
    targets: told(list(text), 'Targets', 'The devices, in their order.'),
    description: told(text, 'Description', 'Absent where the manifest has none.'),
    tags: told(textMap, 'Tags', 'With those of snowgate; `snowgate:commit` is `the merge`.'),
  },
  ['description'],
);

const receipt = record({
  token: told(token, 'Token', 'Of the revision that was asked for.'),
  state: told(text, 'State', 'As `ledger list` writes it.'),
  taskIds: told(list(text), 'Task ids', "AWS's."),
  issuedAt: told(orNull(instant), 'Issued at', 'When AWS made its task.'),
  outcome: told(orNull(text), 'Outcome', 'How it ended; null while it has not.'),
});

const task = record({
  fleet: told(text, 'Fleet', 'Name of its fleet.'),
  name: told(text, 'Name', 'Its name within the fleet.'),
  change: told(
    { type: 'string', enum: changeKinds },
    'Change',
    'What the merge does to it; docs/MERGE-PLANS.md.',
  ),
  other: told(orNull(text), 'Other', 'The other name of what was renamed, as fleet/name.'),
  path: told(orNull(text), 'Path', 'Its file after the merge, or before it where it is removed.'),
  line: told(orNull({ type: 'integer', minimum: 1 }), 'Line', 'Where its document begins.'),
  token: told(orNull(token), 'Token', 'Of what the merge wants; null where that is nothing.'),
  oldToken: told(orNull(token), 'Old token', 'Of what the base wants; null where that is nothing.'),
  fields: told(list(text), 'Fields', 'Those that differ.'),
  severity: told(
    { type: 'string', enum: ['error', 'warning', 'note'] },
    'Severity',
    'An error fails the check.',
  ),
  code: told(orNull(codeText), 'Code', 'Of an error or a warning.'),
  headline: told(text, 'Headline', 'What it means, for people.'),
  details: told(list(text), 'Details', 'What else is to be known.'),
  first: told(
    orNull(instant),
    'First',
    'The first instant at which AWS may be asked, as far as it is known.',
  ),
  windows: told(list(window), 'Windows', 'Those that are open to it then.'),
  behind: told(
    list(text),
    'Behind',
    'The nearest tasks, as fleet/name, that are asked for first and share a device.',
  ),
  behindMore: told(number, 'Behind more', 'How many more of these there are.'),
  request: told(orNull(request), 'Request', 'What AWS would be sent; null where it is asked nothing new.'),
  decision: told(orNull(decision), 'Decision', 'After the merge; null where nothing is decided.'),
  withoutMerge: told(orNull(decision), 'Without the merge', 'What is decided of the base.'),
  others: told(list(decision), 'Others', 'What is decided of older revisions of the name.'),
  receipt: told(orNull(receipt), 'Receipt', 'What the ledger knows of the revision.'),
});

const span = record({
  from: told(orNull(instant), 'From', 'Null: since before anybody looks back.'),
  to: told(orNull(instant), 'To', 'Null: beyond a year.'),
});

const policy = record({
  kind: told(
    { type: 'string', enum: ['window', 'policy', 'suspension', 'waiver'] },
    'Kind',
    'Of the document.',
  ),
  name: told(text, 'Name', 'Of the document.'),
  change: told(
    { type: 'string', enum: ['added', 'changed', 'removed', 'broken'] },
    'Change',
    'By what it means.',
  ),
  ...placeProperties,
  openings: told(list(span), 'Openings', 'The next ones of a window; empty for others.'),
  openingsBefore: told(list(span), 'Openings before', 'The same without the merge.'),
});

const lost = record({
  fleet: told(text, 'Fleet', 'Whose configuration requires it.'),
  policy: told(text, 'Policy', 'Its name.'),
});

const config = record({
  from: told({ type: 'string', enum: ['base', 'head', 'disk'] }, 'From', 'Where the configuration was read.'),
  changed: told(flag, 'Changed', 'Whether the merge changes it.'),
});

const ledger = record({
  read: told(flag, 'Read', 'Whether it could be read.'),
  id: told(orNull(text), 'Id', 'Its UUID; null where nobody knows it.'),
  tip: told(orNull(objectId), 'Tip', 'The commit that was read.'),
  ahead: told(
    orNull(objectId),
    'Ahead',
    'A head of the source that was acted on and the base does not hold.',
  ),
  code: told(orNull(codeText), 'Code', 'Why it could not be read.'),
  reason: told(orNull(text), 'Reason', 'The same in words.'),
});

/** What `snowgate plan --base --format json` writes. */
export const mergePlanSchema: JsonSchema = outputSchema(
  'MergePlan',
  'What merging a head into a base would change, task by task, and what AWS would be asked for.',
  {
    at: told(instant, 'At', 'The instant that was planned for.'),
    base: told(named, 'Base', 'What is merged into.'),
    head: told(named, 'Head', 'What is merged.'),
    merged: told(flag, 'Merged', 'The head is in the base already: there is nothing to merge.'),
    config: told(config, 'Configuration', 'Which one the plan goes by.'),
    ledger: told(ledger, 'Ledger', 'Whether it is known what was asked for before.'),
    tasks: told(list(task), 'Tasks', 'Those that the merge changes anything for.'),
    policies: told(list(policy), 'Policies', 'Documents that come, change or go.'),
    halts: told(reasons, 'Halts', 'What would stop everything, once it is merged.'),
    standingHalts: told(reasons, 'Standing halts', 'What stops everything without the merge, too.'),
    problems,
    oldProblems: told(number, 'Old problems', 'How many more there are, that the merge leaves as they are.'),
    lostPolicies: told(list(lost), 'Lost policies', 'Those that fleets require, and the merge takes away.'),
    otherBranch: told(
      orNull(text),
      'Other branch',
      'The branch that the controller watches, where the base is none of its commits.',
    ),
    untouched: told(number, 'Untouched', 'Tasks that it changes nothing for.'),
  },
);
