import type { JsonSchema } from '../lib/document-compile.ts';
import { labelsSchema, nameSchema, wordKeys } from '../lib/document-names.ts';
import { timeSchema } from './time.ts';

const apiVersion = 'snowgate/v1';

/** One command; who uses it adds title and description. */
export const commandSchema: JsonSchema = {
  type: 'string',
  enum: ['unlock', 'reboot'],
  enumDescriptions: ['Unlocks the devices: what they store and run can be used.', 'Restarts the devices.'],
};

const metadataSchema: JsonSchema = {
  type: 'object',
  title: 'Who the task is',
  description: 'Its name, and what people and policies want to know of it.',
  'x-more': 'No part of the request, but for the name.',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      ...nameSchema,
      title: 'Name',
      description: 'Unique within its fleet. Renaming a task makes a new one.',
      'x-more':
        'Say what is done, where and when. The path of the file and its place in the file mean nothing, and a name may be moved from file to file. Two manifests of one fleet and name are an error of both.',
      examples: ['unlock-aurora-2026-11'],
    },
    labels: {
      ...labelsSchema,
      title: 'Labels',
      description: 'For people and policies; not sent to AWS.',
      'x-more':
        'Policies match them (`match.labels`) and read them (`task.labels`). Changing them makes no new revision: AWS is not asked again.',
      // Enough for every scheme seen, and a bound on what each rule has to look at.
      maxProperties: 50,
      examples: [{ site: 'aurora' }],
    },
    annotations: {
      type: 'object',
      title: 'Annotations',
      description: 'Free text for people and policies; kept in the ledger, not sent to AWS.',
      'x-more':
        'Such as the number of a change request; conditions read it as `task.annotations.change`. Whoever reads the ledger reads them, so they are no place for secrets. Changing them makes no new revision.',
      // Each claim carries them into the ledger, where they stay for ever: 50 of 1,024 characters at most.
      maxProperties: 50,
      propertyNames: wordKeys,
      additionalProperties: { type: 'string', maxLength: 1024 },
      examples: [{ change: 'CHG10423', reason: 'customs inspection' }],
      default: {},
    },
  },
};

const instantSchema = timeSchema('SG1207');

const tagsSchema: JsonSchema = {
  type: 'object',
  title: 'Tags',
  description: 'Tags of the AWS task. Keys beginning aws: or snowgate: are reserved.',
  'x-more':
    'snowgate adds four of its own, by which a task that is found in AWS is traced to its commit. Part of the revision.',
  // AWS allows 50; snowgate adds 4 of its own, and one more is kept for a later need.
  maxProperties: 45,
  propertyNames: {
    type: 'string',
    minLength: 1,
    maxLength: 128,
    pattern: '^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$',
    'x-allowed': '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]',
    'x-rule': '1 to 128 letters, digits, spaces and _ . : / = + - @',
  },
  additionalProperties: {
    type: 'string',
    maxLength: 256,
    pattern: '^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$',
    'x-allowed': '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]',
    'x-rule': 'up to 256 letters, digits, spaces and _ . : / = + - @ (the rule of AWS)',
  },
  examples: [{ owner: 'marine-ops' }],
  default: {},
};

const specSchema: JsonSchema = {
  type: 'object',
  title: 'What AWS is asked',
  description: 'The request, and when it may be made.',
  'x-more':
    'Changing fleet, command, targets, description, tags or run makes a new revision; whatever else changes makes none.',
  additionalProperties: false,
  required: ['fleet', 'command', 'targets'],
  properties: {
    fleet: {
      ...nameSchema,
      title: 'Fleet',
      description: 'A fleet of the configuration: one AWS account and region.',
      'x-more':
        'It stands below `fleets` in snowgate.yaml. `snowgate validate snowgate.yaml tasks` finds a name that does not.',
      examples: ['north-sea'],
    },
    command: {
      ...commandSchema,
      title: 'Command',
      description: 'What the devices are told to do.',
      'x-more': 'Nobody can take it back from a device that has begun.',
      examples: ['unlock'],
    },
    targets: {
      type: 'array',
      title: 'Targets',
      description: 'Managed device ids, 1 to 10, without repeats; their order means nothing.',
      'x-more':
        'AWS takes 10 in one task: more devices are more tasks, which `after` can put in order. Once the task was issued, a device that is added is held until `run` is raised; a task for new devices alone needs no raise.',
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
      items: {
        type: 'string',
        minLength: 1,
        maxLength: 64,
        pattern: '^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$',
        'x-allowed': '[A-Za-z0-9-]',
        'x-rule': 'a managed device id such as smd-fictbgr3rbcjeqa5: letters, digits and hyphens',
      },
      examples: [['smd-fictbgr3rbcjeqa5']],
    },
    description: {
      type: 'string',
      title: 'Description',
      description: 'Shown in AWS beside the task.',
      'x-more':
        'AWS allows no hyphen, slash, colon or quote in it. Part of the revision: once the task was issued, a correction is held until `run` is raised. Left out, AWS shows none.',
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Za-z0-9 _.,!#]*$',
      'x-allowed': '[A-Za-z0-9 _.,!#]',
      'x-rule': 'AWS allows letters, digits, spaces and _ . , ! # (no hyphen, slash, colon or quote)',
      examples: ['Unlock after customs inspection'],
    },
    tags: tagsSchema,
    run: {
      type: 'integer',
      title: 'Run',
      description: 'Raise it to ask for the very same thing again.',
      'x-more':
        'The first time is 1, which need not be written. What was issued once is not issued again: not after a revert, nor after deleting and adding the file. Lowering it is an error.',
      minimum: 1,
      maximum: 1_000_000,
      default: 1,
      examples: [2],
    },
    notBefore: {
      ...instantSchema,
      title: 'Not before',
      description: 'AWS is not asked earlier. No part of the revision.',
      'x-more':
        'Left out, AWS is asked as soon as the policies allow it. The windows of policies count beside it. It needs its offset: `Z` for UTC, `+01:00` for a winter in Oslo.',
      examples: ['2026-11-27T22:00:00+01:00'],
    },
    notAfter: {
      ...instantSchema,
      title: 'Not after',
      description: 'AWS is not asked from this instant on. No part of the revision.',
      'x-more':
        'What waits then has expired, and goes on waiting when this is moved; what is still queued in AWS is cancelled shortly before. Left out, the task waits until the policies allow it, but not for ever (`issue.maxWait`, 30 days by default).',
      examples: ['2026-11-28T04:00:00+01:00'],
    },
    after: {
      type: 'array',
      title: 'After',
      description:
        'Names of tasks of the same fleet that have succeeded on all their devices first. No part of the revision.',
      'x-more':
        'Where one of them fails, this one is held until the `run` of that one is raised, or until it is taken out here.',
      minItems: 1,
      // What a person still follows; longer chains are made of links.
      maxItems: 20,
      uniqueItems: true,
      items: nameSchema,
      examples: [['reboot-aurora-2026-11']],
    },
  },
};

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return schema['properties'] as Readonly<Record<string, JsonSchema>>;
}

/** What is written of a task below `metadata` and `spec`, in one map: for documents that tell of a task in short. */
export const taskProperties: Readonly<Record<string, JsonSchema>> = {
  ...propertiesOf(metadataSchema),
  ...propertiesOf(specSchema),
};

/** The manifest of a task: JSON Schema, draft 2020-12. The published schemas/task.schema.json is made from it. */
export const taskSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:snowgate:v1:task',
  title: 'snowgate task',
  description: 'One task of AWS Snow Device Management, asked for once in each of its revisions.',
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: {
      type: 'string',
      title: 'Version of the format',
      description: 'The version of the manifest format: snowgate/v1.',
      const: apiVersion,
      'x-code': 'SG1201',
      'x-missing': `write apiVersion: ${apiVersion}`,
    },
    kind: {
      type: 'string',
      title: 'Kind',
      description: 'What the document is: Task.',
      const: 'Task',
      'x-code': 'SG1202',
      'x-missing': 'write kind: Task',
    },
    metadata: metadataSchema,
    spec: specSchema,
  },
  examples: [
    {
      apiVersion,
      kind: 'Task',
      metadata: {
        name: 'unlock-aurora-2026-11',
        labels: { site: 'aurora' },
        annotations: { change: 'CHG10423' },
      },
      spec: {
        fleet: 'north-sea',
        command: 'unlock',
        targets: ['smd-fictbgr3rbcjeqa5'],
        description: 'Unlock after customs inspection',
        tags: { owner: 'marine-ops' },
        notBefore: '2026-11-27T22:00:00+01:00',
        notAfter: '2026-11-28T04:00:00+01:00',
      },
    },
  ],
};
