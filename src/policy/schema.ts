/** The documents below `source.policies` but windows (window-schema.ts): JSON Schema, draft 2020-12. */
import type { JsonSchema } from '../lib/document-check.ts';
import { nameSchema, wordKeys } from '../lib/document-names.ts';
import { timeSchema } from '../manifest/time.ts';

const apiVersion = 'snowgate/v1';

const reasonText: JsonSchema = { type: 'string', minLength: 1, maxLength: 1024 };

/** A pattern of names: `*` stands for any characters, `?` for one. */
const glob: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 128,
  pattern: '^[A-Za-z0-9_./*?-]*$',
  'x-allowed': '[A-Za-z0-9_./*?-]',
  'x-rule':
    'letters, digits and _ . / -, where * stands for any characters and ? for one; the whole name is matched',
};

/** An absent key matches everything, so an empty list would be read as nothing by some and as everything by others. */
const globs: JsonSchema = { type: 'array', minItems: 1, maxItems: 50, uniqueItems: true, items: glob };

const labelGlobs: JsonSchema = {
  type: 'object',
  minProperties: 1,
  maxProperties: 50,
  propertyNames: wordKeys,
  additionalProperties: {
    type: ['string', 'array'],
    minLength: 1,
    maxLength: 128,
    minItems: 1,
    maxItems: 50,
    pattern: String(glob['pattern']),
    items: glob,
    'x-allowed': String(glob['x-allowed']),
    'x-rule': `a pattern or a list of them: ${String(glob['x-rule'])}`,
  },
};

const matchKeys: Readonly<Record<string, JsonSchema>> = {
  commands: {
    type: 'array',
    title: 'Commands',
    description: 'Tasks with one of these commands.',
    minItems: 1,
    maxItems: 2,
    uniqueItems: true,
    items: { type: 'string', enum: ['unlock', 'reboot'] },
    examples: [['unlock']],
  },
  fleets: {
    ...globs,
    title: 'Fleets',
    description: 'Tasks of fleets whose names match one of these patterns.',
    examples: [['north-*']],
  },
  fleetLabels: {
    ...labelGlobs,
    title: 'Labels of the fleet',
    description: 'Tasks of fleets that bear all of these labels (fleets.NAME.labels of the configuration).',
    examples: [{ env: 'production' }],
  },
  names: {
    ...globs,
    title: 'Names',
    description: 'Tasks whose names match one of these patterns.',
    examples: [['unlock-*']],
  },
  labels: {
    ...labelGlobs,
    title: 'Labels of the task',
    description: 'Tasks that bear all of these labels.',
    examples: [{ site: 'aurora' }],
  },
  targets: {
    ...globs,
    title: 'Targets',
    description: 'Tasks of which at least one device matches one of these patterns.',
    examples: [['smd-*']],
  },
};

const matchSchema: JsonSchema = {
  type: 'object',
  title: 'Which tasks',
  description:
    'Keys are all to match, entries of a list each by itself; an absent key, or an absent match, matches every task.',
  additionalProperties: false,
  properties: {
    ...matchKeys,
    exclude: {
      type: 'object',
      title: 'But not',
      description:
        'Tasks that match this are left out, although they match the rest; by targets, those of which all devices do.',
      additionalProperties: false,
      minProperties: 1,
      properties: matchKeys,
      examples: [{ names: ['drill-*'] }],
    },
  },
  examples: [{ commands: ['unlock'], fleets: ['north-*'] }],
};

const windowRef: JsonSchema = {
  type: ['string', 'object'],
  title: 'Window',
  description:
    'The window that is to be open: its name, or anyOf with a list of names of which one is to be open.',
  minLength: 1,
  maxLength: 63,
  pattern: String(nameSchema['pattern']),
  'x-allowed': String(nameSchema['x-allowed']),
  'x-rule': 'the name of a window, or {anyOf: [NAME, NAME]}',
  additionalProperties: false,
  properties: {
    anyOf: {
      type: 'array',
      title: 'Any of',
      description: 'Names of windows of which one is to be open.',
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      items: nameSchema,
      examples: [['north-sea-nights', 'weekends']],
    },
  },
  examples: ['north-sea-nights', { anyOf: ['north-sea-nights', 'weekends'] }],
};

const ruleSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      ...nameSchema,
      title: 'Name',
      description: 'Unique within the policy; a waiver names it.',
      examples: ['change-request'],
    },
    window: windowRef,
    onClose: {
      type: 'string',
      title: 'When it closes',
      description: 'What becomes of what is still queued when the window closes.',
      enum: ['cancel', 'leave'],
      default: 'cancel',
    },
    require: {
      type: 'string',
      title: 'Condition',
      description: 'A CEL expression that is to be true; docs/POLICY-FACTS.md lists what it may read.',
      minLength: 1,
      maxLength: 4096,
      examples: ['"change" in task.annotations && re(task.annotations.change, "^CHG[0-9]+$")'],
    },
    message: {
      type: 'string',
      title: 'Message',
      description: 'What is told where the rule does not hold.',
      minLength: 1,
      maxLength: 300,
      examples: ['an unlock names its change request'],
    },
    otherwise: {
      type: 'string',
      title: 'Otherwise',
      description:
        'What becomes of a task for which the rule does not hold; hold by default for a window, deny for a condition.',
      enum: ['deny', 'hold', 'warn'],
      examples: ['deny'],
    },
  },
};

/** The schema of a document of one kind, around that of its `spec`. */
export function documentSchema(kind: string, about: string, spec: JsonSchema, example: object): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:snowgate:v1:${kind.toLowerCase()}`,
    title: `snowgate ${kind.toLowerCase()}`,
    description: about,
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: {
        type: 'string',
        title: 'Version of the format',
        description: 'snowgate/v1',
        const: apiVersion,
        'x-missing': `write apiVersion: ${apiVersion}`,
      },
      kind: {
        type: 'string',
        title: 'Kind',
        description: kind,
        const: kind,
        'x-missing': `write kind: ${kind}`,
      },
      metadata: {
        type: 'object',
        title: 'Metadata',
        description: 'Its name.',
        additionalProperties: false,
        required: ['name'],
        properties: {
          name: {
            ...nameSchema,
            title: 'Name',
            description: `Unique among the documents of kind ${kind}.`,
            examples: ['unlock-inside-window'],
          },
        },
      },
      spec,
    },
    examples: [example],
  };
}

/** `kind: Policy`. */
export const policySchema = documentSchema(
  'Policy',
  'Rules that a task must satisfy before AWS is asked for it.',
  {
    type: 'object',
    title: 'The policy',
    description: 'Which tasks it is about, and what must hold for them.',
    additionalProperties: false,
    required: ['rules'],
    properties: {
      description: {
        ...reasonText,
        title: 'Description',
        description: 'What the policy is for, in words for people.',
      },
      match: matchSchema,
      rules: {
        type: 'array',
        title: 'Rules',
        description: 'All of them are to hold.',
        minItems: 1,
        // What a person still oversees in one policy; more are another policy.
        maxItems: 50,
        items: ruleSchema,
      },
    },
  },
  {
    apiVersion,
    kind: 'Policy',
    metadata: { name: 'unlock-inside-window' },
    spec: {
      description: 'Devices are unlocked only inside the maintenance window.',
      match: { commands: ['unlock'], fleets: ['north-*'] },
      rules: [{ name: 'window', window: 'north-sea-nights', onClose: 'cancel' }],
    },
  },
);

const instantSchema = timeSchema('SG1406');

/** `kind: Suspension`. */
export const suspensionSchema = documentSchema(
  'Suspension',
  'Stops the line: while it stands, nothing is issued to the fleet, or to any.',
  {
    type: 'object',
    title: 'The suspension',
    description: 'What is stopped, why, and until when.',
    additionalProperties: false,
    required: ['reason'],
    properties: {
      fleet: {
        ...nameSchema,
        title: 'Fleet',
        description: 'The fleet that is stopped; every fleet where none is named.',
        examples: ['north-sea'],
      },
      reason: {
        ...reasonText,
        title: 'Reason',
        description: 'Told with each task that it holds.',
        examples: ['incident 4711: unlocks fail'],
      },
      until: {
        ...instantSchema,
        title: 'Until',
        description: 'When it ends by itself; without it, when it is removed.',
        examples: ['2026-12-01T08:00:00+01:00'],
      },
    },
  },
  {
    apiVersion,
    kind: 'Suspension',
    metadata: { name: 'incident-4711' },
    spec: { fleet: 'north-sea', reason: 'incident 4711: unlocks fail' },
  },
);

/** `kind: Waiver`. */
export const waiverSchema = documentSchema(
  'Waiver',
  'The reviewed break-glass: one task, with its run, need not satisfy the rules named, for at most 72 hours.',
  {
    type: 'object',
    title: 'The waiver',
    description: 'Which task skips which rules, why, and until when.',
    additionalProperties: false,
    required: ['fleet', 'task', 'run', 'rules', 'reason', 'expires'],
    properties: {
      fleet: {
        ...nameSchema,
        title: 'Fleet',
        description: 'The fleet of the task.',
        examples: ['north-sea'],
      },
      task: {
        ...nameSchema,
        title: 'Task',
        description: 'The name of the task.',
        examples: ['unlock-aurora-2026-11'],
      },
      run: {
        type: 'integer',
        title: 'Run',
        description: 'The run of the task; a later run is not waived.',
        minimum: 1,
        maximum: 1_000_000,
        examples: [1],
      },
      rules: {
        type: 'array',
        title: 'Rules',
        description: 'The rules that are skipped, each as POLICY/RULE.',
        minItems: 1,
        maxItems: 20,
        uniqueItems: true,
        items: {
          type: 'string',
          maxLength: 127,
          pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
          'x-allowed': '[-a-z0-9/]',
          'x-rule': 'the name of a policy, a slash, and the name of one of its rules',
        },
        examples: [['unlock-inside-window/window']],
      },
      reason: {
        ...reasonText,
        title: 'Reason',
        description: 'Kept in the ledger with the claim.',
        examples: ['storm: the crew leaves the ship tonight'],
      },
      expires: {
        ...instantSchema,
        title: 'Expires',
        description: 'At most 72 hours after its file was merged.',
        examples: ['2026-11-28T12:00:00+01:00'],
      },
    },
  },
  {
    apiVersion,
    kind: 'Waiver',
    metadata: { name: 'aurora-storm' },
    spec: {
      fleet: 'north-sea',
      task: 'unlock-aurora-2026-11',
      run: 1,
      rules: ['unlock-inside-window/window'],
      reason: 'storm: the crew leaves the ship tonight',
      expires: '2026-11-28T12:00:00+01:00',
    },
  },
);
