/** `kind: PolicyTest`: JSON Schema, draft 2020-12. What the facts mean is in docs/POLICY-FACTS.md. */
import { durationPattern } from '../config/duration.ts';
import type { JsonSchema } from '../lib/document-check.ts';
import { labelsSchema, nameSchema } from '../lib/document-names.ts';
import { taskProperties } from '../manifest/schema.ts';
import { factGroups } from './facts.ts';
import { documentSchema } from './schema.ts';

/** Somebody reads them one by one; a table of more is another file. */
export const casesMax = 500;

const timePattern =
  '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})';
const timeRule =
  'a date and time with T and an offset (RFC 3339), as 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z';

function time(title: string, description: string): JsonSchema {
  const example = '2026-11-27T22:30:00+01:00';
  const rule = { pattern: `^${timePattern}$`, 'x-code': 'SG1423', 'x-rule': timeRule };
  return { type: 'string', ...rule, title, description, examples: [example] };
}

function text(title: string, description: string, example: string, charsMax = 128): JsonSchema {
  return { type: 'string', maxLength: charsMax, title, description, examples: [example] };
}

function section(title: string, description: string, properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', title, description, additionalProperties: false, properties };
}

const tags: JsonSchema = {
  type: 'object',
  title: 'Tags',
  description: 'Tags in AWS.',
  maxProperties: 50,
  additionalProperties: { type: 'string', maxLength: 256 },
  examples: [{ site: 'aurora' }],
};

function count(title: string, description: string): JsonSchema {
  const number = (what: string): JsonSchema => ({
    type: 'integer',
    title: what,
    description: `${what} that are counted; 0 where this is not written.`,
    minimum: 0,
    maximum: 1_000_000,
    examples: [1],
  });
  return section(title, description, { tasks: number('Tasks'), devices: number('Devices') });
}

const task = section('Task', 'What a manifest says, without its sections. A name is made up.', {
  ...taskProperties,
  path: text('Path', 'Path of its file in the source.', 'tasks/unlock-aurora.yaml', 1024),
});

const fleet = section('Fleet', 'What the configuration says of the fleet, and what is going on in it.', {
  region: text('Region', 'Its AWS region.', 'eu-west-1'),
  account: text('Account', 'Its AWS account.', '111122223333'),
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
});

function commit(title: string, description: string): JsonSchema {
  return section(title, description, {
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

function lastTask(title: string, description: string): JsonSchema {
  return section(title, description, {
    id: text('Id', 'The id of the task in AWS.', 'st-ru4xnbno7s3qqhsy'),
    name: text('Name', 'Its name.', 'reboot-aurora-2026-11'),
    command: { type: 'string', title: 'Command', description: 'Its command.', enum: ['unlock', 'reboot'] },
    outcome: text('Outcome', 'How it ended on the device, in the words of AWS.', 'SUCCEEDED'),
    endedAt: time('Ended at', 'When it ended; without it, it is in flight.'),
  });
}

const devices: JsonSchema = {
  type: 'array',
  title: 'Devices',
  description:
    'What is known of each target; others may stand here too. What AWS tells (type, tags, lastReachedOutAt) is known where state is written.',
  minItems: 1,
  maxItems: 100,
  items: {
    ...section('Device', 'What is known of one device.', {
      id: { ...(taskProperties['targets']?.['items'] as JsonSchema), title: 'Id', description: 'Its id.' },
      state: {
        type: 'string',
        title: 'State',
        description: 'Its state in AWS.',
        enum: ['LOCKED', 'UNLOCKED', 'UNLOCKING'],
      },
      type: text('Type', 'Its type in AWS.', 'SNC1_HDD'),
      tags,
      lastReachedOutAt: time('Last reached out', 'When it last spoke to AWS; without it, never.'),
      busyWith: text('Busy with', 'The id or name of another task in flight on it.', 'st-ru4xnbno7s3qqhsy'),
      lastTask: lastTask('Last task', 'The newest task on it; the newer of the two below where not written.'),
      lastReboot: lastTask('Last reboot', 'The newest reboot of it.'),
      lastUnlock: lastTask('Last unlock', 'The newest unlock of it.'),
    }),
    required: ['id'],
  },
  examples: [[{ id: 'smd-fictbgr3rbcjeqa5', state: 'LOCKED' }]],
};

const previous = section('Previous revision', 'The newest other revision that was asked under the name.', {
  exists: {
    type: 'boolean',
    title: 'Exists',
    description: 'Write false, and nothing else, where there was none.',
    default: true,
  },
  token: text('Token', 'Its clientToken.', 'a'.repeat(64)),
  command: {
    type: 'string',
    title: 'Command',
    description: 'Its command; that of the task where this is not written.',
    enum: ['unlock', 'reboot'],
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
  state: text('State', 'The state of its receipt, as snowgate ledger list writes it.', 'settled'),
  taskId: text('Task id', 'The id of its task in AWS.', 'st-ru4xnbno7s3qqhsy'),
  issuedAt: time('Issued at', 'When AWS made its task.'),
  endedAt: time('Ended at', 'When it ended.'),
});

const settings = section('Settings', 'What the configuration says to policies.', {
  uncovered: {
    type: 'string',
    title: 'Uncovered',
    description: 'policy.uncovered',
    enum: ['hold', 'allow'],
    default: 'hold',
  },
  separateCommits: {
    type: 'boolean',
    title: 'Separate commits',
    description: 'policy.separateCommits',
    default: false,
  },
  requirePolicies: {
    type: 'array',
    title: 'Required policies',
    description: 'fleets.NAME.requirePolicies',
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
});

/** What may be given, for all cases or for one. */
const given: Readonly<Record<string, JsonSchema>> = {
  now: time('Now', 'The instant at which the task is judged.'),
  task,
  fleet,
  commit: commit('Commit', 'The commit that introduced the task, and changed it last.'),
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
    maxItems: factGroups.length,
    uniqueItems: true,
    items: { type: 'string', enum: factGroups.filter((group) => group !== 'now') },
    examples: [['devices', 'counts']],
  },
};

/** The keys of `given`, each of which a case may override. */
export const givenKeys: readonly string[] = Object.keys(given);

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
      enum: ['allow', 'hold', 'deny', 'unchecked'],
      examples: ['hold'],
    },
    rule: {
      ...ruleRef,
      title: 'Rule',
      description: 'A rule that leads to the verdict; with allow, one that warns or is waived.',
      examples: ['unlock-inside-window/window'],
    },
    rules: {
      type: 'array',
      title: 'Rules',
      description: 'All rules that lead to the verdict, and no other.',
      maxItems: 50,
      uniqueItems: true,
      items: ruleRef,
      examples: [['unlock-inside-window/window', 'unlock-inside-window/change-request']],
    },
    until: {
      type: 'string',
      title: 'Until',
      description: 'When the verdict ends by itself; none where it does not.',
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
      pattern: '^SG[0-9]{4}$',
      'x-rule': 'SG and four digits',
      examples: ['SG6320'],
    },
    waiver: { ...nameSchema, title: 'Waiver', description: 'The waiver by which it is allowed.' },
  }),
  required: ['verdict'],
};

/** `kind: PolicyTest`. */
export const policyTestSchema = documentSchema(
  'PolicyTest',
  'Cases for policies: what is given, and which verdict is expected. Lies beside them, in a file *.test.yaml.',
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
        minItems: 1,
        maxItems: 100,
        uniqueItems: true,
        items: { type: 'string', minLength: 1, maxLength: 1024 },
        examples: [['unlock.yaml', '../windows.yaml']],
      },
      given: section('Given', 'What all cases share.', given),
      cases: {
        type: 'array',
        title: 'Cases',
        description:
          'Each overrides what is given: of a map the keys that it writes, of everything else the whole.',
        minItems: 1,
        maxItems: casesMax,
        items: {
          ...section('Case', 'One table row.', {
            name: {
              type: 'string',
              title: 'Name',
              description: 'Unique within the test.',
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
