/**
 * What the API answers, field by field. What is published of it leaves room for more fields, because more may come
 * (test/publish/schemas.ts): whoever checks an answer must not fail by one that it does not know.
 */
import { receiptStates } from '../ledger/receipt.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import { planActions } from '../plan/decision.ts';
import { receiptSchema } from './receipt-schema.ts';
import {
  codeText,
  flag,
  instant,
  list,
  number,
  objectId,
  oneOf,
  orNull,
  outputSchema,
  placeProperties,
  reason,
  reasons,
  record,
  text,
  token,
  told,
} from './schema-parts.ts';

const at = told(instant, 'At', 'When it was read off the controller.');
const seconds: JsonSchema = { type: 'number', minimum: 0 };

const syncProperties = {
  head: told(orNull(objectId), 'Head', 'The commit it stood at; null before its first good fetch.'),
  ageSeconds: told(orNull(seconds), 'Age', 'Seconds since its last good fetch began; null before the first.'),
};

const check = record({
  name: told(text, 'Name', 'What is checked; docs/HTTP.md lists them.'),
  ok: told(flag, 'Good', 'Whether it is as it must be.'),
  word: told(text, 'Word', '`ok`, or what is wrong.'),
});

const fleet = record({
  name: told(text, 'Name', 'Of the fleet.'),
  account: told(orNull(text), 'Account', 'Null where none is configured.'),
  region: told(text, 'Region', 'Of AWS.'),
  stand: told(
    oneOf(['open', 'paused', 'halted', 'observed']),
    'Stand',
    'Halted waits for a person, paused for a time; observed is asked nothing.',
  ),
  reason: told(orNull(reason), 'Reason', 'Why it is not open.'),
  proved: told(orNull(flag), 'Proved', 'Whether STS has proved its account; null where it names none.'),
  listed: told(flag, 'Listed', 'Whether its tasks were listed once in this life.'),
  devices: told(orNull(number), 'Devices', 'How many it has; null before they were listed.'),
  unknownTasks: told(number, 'Unknown tasks', 'Tasks of ours that this ledger does not know.'),
  foreignTasks: told(number, 'Foreign tasks', 'Tasks in flight that were made around Git.'),
});

const problem = record(
  {
    code: told(codeText, 'Code', 'Its stable code; docs/ERRORS.md lists them.'),
    severity: told(oneOf(['error', 'warning']), 'Severity', 'A warning holds nothing.'),
    message: told(text, 'Message', 'What is wrong, and why.'),
    hint: told(text, 'Hint', 'What to do; absent where there is nothing to say.'),
    place: told(record(placeProperties), 'Place', 'Where it is written.'),
  },
  ['hint'],
);

const counts = record(
  Object.fromEntries(planActions.map((action) => [action, told(number, action, 'How many tasks.')])),
);

/** `/api/v1/status`. */
export const statusSchema: JsonSchema = outputSchema(
  'Status',
  'How a controller stands: what /api/v1/status answers.',
  {
    at,
    replica: told(text, 'Replica', 'The name of the controller.'),
    run: told(text, 'Run', 'The random id of this life of it.'),
    begun: told(instant, 'Begun', 'When this life began.'),
    ready: told(flag, 'Ready', 'Whether a task could be issued now.'),
    checks: told(list(check), 'Checks', 'What that is made of.'),
    passes: told(
      record({
        ended: told(number, 'Ended', 'Passes of this life that ended.'),
        bugs: told(number, 'Bugs', 'Those that a bug has ended.'),
        tookSeconds: told(
          orNull(seconds),
          'Took',
          'How long the last one took; null before the first has ended.',
        ),
      }),
      'Passes',
      'Of this life.',
    ),
    judged: told(
      flag,
      'Judged',
      'Whether the newest pass has judged everything; else tasks are told as an earlier one decided them.',
    ),
    source: told(
      record({
        ...syncProperties,
        historyFault: told(orNull(reason), 'History fault', 'Why its history cannot be read.'),
      }),
      'Source',
      'The repository of the manifests.',
    ),
    policies: told(
      orNull(record(syncProperties)),
      'Policies',
      'Their own repository; null where they lie beside the manifests.',
    ),
    ledger: told(
      record({
        id: told(orNull(text), 'Id', 'Its UUID; null before it was read.'),
        ...syncProperties,
        halt: told(orNull(reason), 'Halt', 'Why it is not believed.'),
        refusal: told(orNull(reason), 'Refusal', 'Why its server takes no commit.'),
        unwritten: told(number, 'Unwritten', 'Outcomes that are not written down yet.'),
      }),
      'Ledger',
      'What was asked for, and what became of it.',
    ),
    fleets: told(list(fleet), 'Fleets', 'Those that are configured.'),
    halts: told(reasons, 'Halts', 'What keeps everything, or a whole fleet, from being issued.'),
    tasks: told(counts, 'Tasks', 'Counted by what is decided of them.'),
    problems: told(list(problem), 'Problems', 'What is wrong with files of the source.'),
    problemsLeftOut: told(number, 'Problems left out', 'How many more there are.'),
  },
);

const decisionProperties = {
  fleet: told(text, 'Fleet', 'Name of its fleet.'),
  name: told(text, 'Name', 'Its name within the fleet.'),
  token: told(orNull(token), 'Token', 'The clientToken of its revision; null where none can be read.'),
  action: told(oneOf(planActions), 'Action', 'What the last pass has decided of it.'),
  until: told(orNull(instant), 'Until', 'When a hold or a permission ends; null where no time is known.'),
  reasons,
};

const revisionProperties = {
  state: told(oneOf(receiptStates), 'State', 'Of its receipt; pending before its first claim.'),
  introduced: told(
    orNull(
      record({
        commit: told(objectId, 'Commit', 'The one that introduced it.'),
        at: told(orNull(instant), 'At', 'The time of that commit; null where the ledger alone knows it.'),
      }),
    ),
    'Introduced',
    'Where in history it began; null where nobody knows.',
  ),
  manifest: told(
    orNull(
      record({
        path: told(text, 'Path', 'Of its file in the source.'),
        line: told({ type: 'integer', minimum: 1 }, 'Line', 'Where its document begins.'),
      }),
    ),
    'Manifest',
    'Where it stands in the source; null where this revision is not wanted any more.',
  ),
};

/** `/api/v1/tasks`. */
export const taskListSchema: JsonSchema = outputSchema(
  'TaskList',
  'Tasks with what is decided of each, page by page: what /api/v1/tasks answers.',
  {
    at,
    total: told(number, 'Total', 'How many the query finds.'),
    next: told(
      orNull(text),
      'Next',
      'The `after` of the next page: a word for the process that wrote it alone; null on the last page.',
    ),
    tasks: told(
      list(record({ ...decisionProperties, ...revisionProperties })),
      'Tasks',
      'By fleet and name.',
    ),
  },
);

/** `/api/v1/tasks/FLEET/NAME`. */
export const taskDetailSchema: JsonSchema = outputSchema(
  'TaskDetail',
  'One task with its newest revisions: what /api/v1/tasks/FLEET/NAME answers.',
  {
    at,
    fleet: told(text, 'Fleet', 'Name of its fleet.'),
    name: told(text, 'Name', 'Its name within the fleet.'),
    revisions: told(
      list(
        record({
          token: told(orNull(token), 'Token', 'Its clientToken; null where none can be read.'),
          decision: told(
            orNull(record(decisionProperties)),
            'Decision',
            'Null where nothing is decided any more.',
          ),
          ...revisionProperties,
          receipt: told(orNull(receiptSchema), 'Receipt', 'What the ledger knows of it.'),
        }),
      ),
      'Revisions',
      'The newest last.',
    ),
    revisionsLeftOut: told(number, 'Revisions left out', 'How many older ones there are.'),
  },
);
