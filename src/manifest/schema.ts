import type { JsonSchema } from '../lib/document-check.ts';
import { labelsSchema, nameSchema, wordKeys } from '../lib/document-names.ts';
import { timeSchema } from './time.ts';

const apiVersion = 'snowgate/v1';

const metadataSchema: JsonSchema = {
  type: 'object',
  title: 'Who the task is',
  description: 'Its name, and what people and policies want to know of it.',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      ...nameSchema,
      title: 'Name',
      description: 'Unique within its fleet. Renaming a task makes a new one.',
      examples: ['unlock-aurora-2026-11'],
    },
    labels: {
      ...labelsSchema,
      title: 'Labels',
      description: 'For people and policies; not sent to AWS.',
      // Enough for every scheme seen, and a bound on what each rule has to look at.
      maxProperties: 50,
      examples: [{ site: 'aurora' }],
    },
    annotations: {
      type: 'object',
      title: 'Annotations',
      description: 'Free text for people and policies; kept in the ledger, not sent to AWS.',
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
  additionalProperties: false,
  required: ['fleet', 'command', 'targets'],
  properties: {
    fleet: {
      ...nameSchema,
      title: 'Fleet',
      description: 'A fleet of the configuration: one AWS account and region.',
      examples: ['north-sea'],
    },
    command: {
      type: 'string',
      title: 'Command',
      description: 'What the devices are told to do.',
      enum: ['unlock', 'reboot'],
      examples: ['unlock'],
    },
    targets: {
      type: 'array',
      title: 'Targets',
      description: 'Managed device ids, 1 to 10, without repeats; their order means nothing.',
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
      minimum: 1,
      maximum: 1_000_000,
      default: 1,
      examples: [2],
    },
    notBefore: {
      ...instantSchema,
      title: 'Not before',
      description: 'AWS is not asked earlier. No part of the revision.',
      examples: ['2026-11-27T22:00:00+01:00'],
    },
    notAfter: {
      ...instantSchema,
      title: 'Not after',
      description: 'AWS is not asked from this instant on. No part of the revision.',
      examples: ['2026-11-28T04:00:00+01:00'],
    },
    after: {
      type: 'array',
      title: 'After',
      description:
        'Names of tasks of the same fleet that have succeeded on all their devices first. No part of the revision.',
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
