/** What a case of a policy test may be given; what the facts mean is in docs/POLICY-FACTS.md. */
import { durationPattern } from '../config/duration.ts';
import { section } from '../config/schema-parts.ts';
import { type About, describe } from '../lib/document-about.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import { labelsSchema, nameSchema } from '../lib/document-names.ts';
import { commandSchema, taskProperties } from '../manifest/schema.ts';
import type { FactGroup } from './facts.ts';
import { factGroups } from './facts.ts';

export const timePattern =
  '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})';
export const timeRule =
  'a date and time with T and an offset (RFC 3339), as 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z';

function time(title: string, about: About): JsonSchema {
  const example = '2026-11-27T22:30:00+01:00';
  const rule = { pattern: `^${timePattern}$`, 'x-code': 'SG1423', 'x-rule': timeRule };
  return { type: 'string', ...rule, title, ...describe(about), examples: [example] };
}

/** Free text of some length. */
export function text(title: string, about: About, example: string, charsMax = 128): JsonSchema {
  return { type: 'string', maxLength: charsMax, title, ...describe(about), examples: [example] };
}

const tags: JsonSchema = {
  type: 'object',
  title: 'Tags',
  description: 'Tags in AWS.',
  maxProperties: 50,
  additionalProperties: { type: 'string', maxLength: 256 },
  examples: [{ site: 'aurora' }],
};

function count(title: string, about: About): JsonSchema {
  const number = (what: string): JsonSchema => ({
    type: 'integer',
    title: what,
    description: `${what} that are counted; 0 where this is not written.`,
    minimum: 0,
    maximum: 1_000_000,
    examples: [1],
  });
  return section(title, about, { tasks: number('Tasks'), devices: number('Devices') });
}

const task = section(
  'Task',
  [
    'What a manifest says, without its sections. A name is made up.',
    'All keys of its `metadata` and `spec`, in one map; checked as a manifest is. The name is `task` where none is written. Without it, a case has nothing to be judged.',
  ],
  {
    ...taskProperties,
    path: text(
      'Path',
      ['Path of its file in the source.', '`tasks/NAME.yaml` where it is not written.'],
      'tasks/unlock-aurora.yaml',
      1024,
    ),
  },
);

const fleet = section(
  'Fleet',
  [
    'What the configuration says of the fleet, and what is going on in it.',
    'Its name is that of `task.fleet`. Left out, `match.fleetLabels` finds no label. The three counts are known as soon as one of them is written; the others are 0.',
  ],
  {
    region: text('Region', ['Its AWS region.', 'Empty where it is not written.'], 'eu-west-1'),
    account: text('Account', ['Its AWS account.', 'Empty where it is not written.'], '111122223333'),
    labels: {
      ...labelsSchema,
      title: 'Labels',
      description: 'fleets.NAME.labels of the configuration.',
      maxProperties: 50,
      examples: [{ env: 'production' }],
    },
    inFlight: count('In flight', 'What is open in the fleet, without the task.'),
    issuedLastHour: count('Issued in an hour', 'What was issued in the last 60 minutes.'),
    issuedLastDay: count('Issued in a day', 'What was issued in the last 24 hours.'),
  },
);

function commit(title: string, about: About): JsonSchema {
  return section(title, about, {
    id: text('Id', 'Its id.', 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00'),
    time: time('Time', 'When it came to its place on the branch; the same as now where this is not written.'),
    author: text('Author', 'Name and address of its author.', 'Ann <ann@example.com>', 512),
    committer: text('Committer', 'Name and address of its committer.', 'Ben <ben@example.com>', 512),
    subject: text('Subject', 'The first line of its message.', 'Unlock aurora', 1024),
    trailers: {
      type: 'object',
      title: 'Trailers',
      description: 'Trailers of its message: keys in lower case, each with a value or a list of them.',
      maxProperties: 50,
      propertyNames: {
        type: 'string',
        minLength: 1,
        maxLength: 64,
        pattern: '^[a-z0-9-]*$',
        'x-allowed': '[a-z0-9-]',
        'x-rule': 'lower-case letters, digits and hyphens: keys of trailers are read in lower case',
      },
      additionalProperties: {
        type: ['string', 'array'],
        maxLength: 256,
        minItems: 1,
        maxItems: 16,
        items: { type: 'string', maxLength: 256 },
      },
      examples: [{ 'approved-by': ['Ann <ann@example.com>'] }],
    },
    touchesPolicies: {
      type: 'boolean',
      title: 'Touches policies',
      description: 'Whether it changes policies, too; read by policy.separateCommits alone.',
      default: false,
    },
  });
}

function lastTask(title: string, about: About): JsonSchema {
  return section(title, about, {
    id: text('Id', 'The id of the task in AWS.', 'st-ru4xnbno7s3qqhsy'),
    name: text('Name', 'Its name.', 'reboot-aurora-2026-11'),
    command: {
      ...commandSchema,
      title: 'Command',
      description: 'Its command.',
      'x-more': 'Known from the key for `lastReboot` and `lastUnlock`.',
    },
    outcome: text('Outcome', 'How it ended on the device, in the words of AWS.', 'SUCCEEDED'),
    endedAt: time('Ended at', 'When it ended; without it, it is in flight.'),
  });
}

const devices: JsonSchema = {
  type: 'array',
  title: 'Devices',
  description:
    'What is known of each target; others may stand here too. What AWS tells (type, tags, lastReachedOutAt) is known where state is written.',
  'x-more':
    'Left out, devices are not known, and a rule that reads them is neither true nor false. A case replaces the whole list.',
  minItems: 1,
  maxItems: 100,
  items: {
    ...section('Device', 'What is known of one device.', {
      id: {
        ...(taskProperties['targets']?.['items'] as JsonSchema),
        title: 'Id',
        description: 'Its id.',
        examples: ['smd-a'],
      },
      state: {
        type: 'string',
        title: 'State',
        description: 'Its state in AWS.',
        'x-more': 'Left out, nothing is known of what AWS tells of the device.',
        enum: ['LOCKED', 'UNLOCKED', 'UNLOCKING'],
        enumDescriptions: [
          'It must be unlocked before it can be used.',
          'It can be used.',
          'It is being unlocked.',
        ],
        examples: ['LOCKED'],
      },
      type: text('Type', 'Its type in AWS.', 'SNC1_HDD'),
      tags,
      lastReachedOutAt: time('Last reached out', 'When it last spoke to AWS; without it, never.'),
      busyWith: text('Busy with', 'The id or name of another task in flight on it.', 'st-ru4xnbno7s3qqhsy'),
      lastTask: lastTask('Last task', [
        'The newest task on it; the newer of the two below where not written.',
        'Without `endedAt` it is in flight; with it, it has SUCCEEDED unless `outcome` says otherwise.',
      ]),
      lastReboot: lastTask('Last reboot', 'The newest reboot of it.'),
      lastUnlock: lastTask('Last unlock', 'The newest unlock of it.'),
    }),
    required: ['id'],
  },
  examples: [[{ id: 'smd-fictbgr3rbcjeqa5', state: 'LOCKED' }]],
};

const previous = section(
  'Previous revision',
  [
    'The newest other revision that was asked under the name.',
    'Left out, it is not known whether there was one. A case may write `{exists: false}` over all of what is given.',
  ],
  {
    exists: {
      type: 'boolean',
      title: 'Exists',
      description: 'Write false, and nothing else, where there was none.',
      default: true,
    },
    token: text('Token', 'Its clientToken.', 'a'.repeat(64)),
    command: {
      ...commandSchema,
      title: 'Command',
      description: 'Its command; that of the task where this is not written.',
    },
    targets: {
      ...(taskProperties['targets'] ?? {}),
      title: 'Targets',
      description: 'Its devices; those of the task where this is not written.',
    },
    description: text('Description', 'Its description.', 'Unlock after customs inspection'),
    tags,
    run: {
      type: 'integer',
      title: 'Run',
      description: 'Its run.',
      minimum: 1,
      maximum: 1_000_000,
      default: 1,
    },
    state: text(
      'State',
      ['The state of its receipt, as snowgate ledger list writes it.', '`settled` where it is not written.'],
      'settled',
    ),
    taskId: text('Task id', 'The id of its task in AWS.', 'st-ru4xnbno7s3qqhsy'),
    issuedAt: time('Issued at', 'When AWS made its task.'),
    endedAt: time('Ended at', 'When it ended.'),
  },
);

const settings = section(
  'Settings',
  [
    'What the configuration says to policies.',
    'Keys that are not written have the defaults of a configuration; but without `maxWait` no task is ever stale.',
  ],
  {
    uncovered: {
      type: 'string',
      title: 'Uncovered',
      description:
        'What becomes of a task that no policy matches with a rule other than warn (policy.uncovered).',
      enumDescriptions: ['It waits for a policy.', 'It is issued, as if there were no policies.'],
      enum: ['hold', 'allow'],
      default: 'hold',
    },
    separateCommits: {
      type: 'boolean',
      title: 'Separate commits',
      description: 'Whether a task is held whose commit changes policies, too (policy.separateCommits).',
      default: false,
    },
    requirePolicies: {
      type: 'array',
      title: 'Required policies',
      description: 'Policies that must be there and match the task (fleets.NAME.requirePolicies).',
      maxItems: 50,
      uniqueItems: true,
      items: nameSchema,
      examples: [['unlock-inside-window']],
    },
    maxWait: {
      type: 'string',
      title: 'Longest wait',
      description: 'issue.maxWait; without it, no task is ever stale.',
      pattern: durationPattern,
      'x-rule': 'a whole number and a unit, as 30d or 12h',
      examples: ['30d'],
    },
  },
);

/** What each group of facts is; `now` is always known. */
const groupWords: Readonly<Record<FactGroup, string>> = {
  now: 'The instant of the evaluation.',
  previous: 'The revision that was asked before under the name.',
  introduced: 'The commit that introduced the task.',
  changed: 'The commit that changed it last.',
  fleet: 'What the configuration says of the fleet.',
  counts: 'How much is in flight in the fleet, and was issued lately.',
  devices: 'What the ledger knows of the devices.',
  described: 'What AWS tells of the devices.',
};
const concealed = factGroups.filter((group) => group !== 'now');

/** What may be given, for all cases or for one. */
export const given: Readonly<Record<string, JsonSchema>> = {
  now: time('Now', [
    'The instant at which the task is judged.',
    'Needed, here or in each case. Nothing that has happened may be later.',
  ]),
  task,
  fleet,
  commit: commit('Commit', [
    'The commit that introduced the task, and changed it last.',
    'Left out, its commits are not known, and a rule that reads them is neither true nor false.',
  ]),
  introduced: commit(
    'Introduced',
    'The commit that introduced it, where that is another; goes before commit.',
  ),
  changed: commit('Changed', 'The commit that changed it last, where that is another; goes before commit.'),
  devices,
  previous,
  settings,
  mergedAt: time('Merged at', 'When the files of waivers were merged; without it, no waiver counts.'),
  unknown: {
    type: 'array',
    title: 'Unknown',
    description: 'Facts to be taken for unknown, although they are given.',
    'x-more': 'As where AWS, or the ledger, does not answer.',
    maxItems: factGroups.length,
    uniqueItems: true,
    items: { type: 'string', enum: concealed, enumDescriptions: concealed.map((group) => groupWords[group]) },
    examples: [['devices', 'counts']],
  },
};

/** The keys of `given`, each of which a case may override. */
export const givenKeys: readonly string[] = Object.keys(given);
