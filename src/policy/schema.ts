/** The documents below `source.policies` but windows (window-schema.ts): JSON Schema, draft 2020-12. */
import { type About, describe } from '../lib/document-about.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import { nameSchema } from '../lib/document-names.ts';
import { timeSchema } from '../manifest/time.ts';
import { matchSchema } from './match-schema.ts';

const apiVersion = 'snowgate/v1';

/** Rules of a policy: what a person still oversees in one; more are another policy. */
export const rulesMax = 50;

const reasonText: JsonSchema = { type: 'string', minLength: 1, maxLength: 1024 };

const windowRef: JsonSchema = {
  type: ['string', 'object'],
  title: 'Window',
  description:
    'The window that is to be open: its name, or anyOf with a list of names of which one is to be open.',
  'x-more':
    'Several rules with a window mean all of these windows. A rule has either `window` or `require`. A window that does not exist or does not load holds the tasks.',
  minLength: 1,
  maxLength: 63,
  pattern: String(nameSchema['pattern']),
  'x-allowed': String(nameSchema['x-allowed']),
  'x-rule': 'the name of a window, or {anyOf: [NAME, NAME]}',
  additionalProperties: false,
  required: ['anyOf'],
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
      'x-more': 'As POLICY/RULE.',
      examples: ['change-request'],
    },
    window: windowRef,
    onClose: {
      type: 'string',
      title: 'When it closes',
      description: 'What becomes of what is still queued when the window closes.',
      'x-more':
        'Left out, `cancel`. Only beside `window`. A task waits in AWS until its device comes online, which may be after the window.',
      enumDescriptions: [
        'It is cancelled, shortly before the end (`cancel.lead`).',
        'It stays queued, and may run after the end: this is told as `ranOutsideWindow`.',
      ],
      enum: ['cancel', 'leave'],
    },
    require: {
      type: 'string',
      title: 'Condition',
      description: 'A CEL expression that is to be true; docs/POLICY-FACTS.md lists what it may read.',
      'x-more':
        'In single quotes, with double quotes inside. Ask for a key before you read it: a condition that reads a key which is not there fails, and what fails holds. What it reads and nobody knows yet (devices, in a pull request) makes it neither true nor false: it is checked before issuing.',
      minLength: 1,
      maxLength: 4096,
      examples: ['"change" in task.annotations && re(task.annotations.change, "^CHG[0-9]+$")'],
    },
    message: {
      type: 'string',
      title: 'Message',
      description: 'What is told where the rule does not hold.',
      'x-more': 'Say what to do. Left out, the condition itself is told.',
      minLength: 1,
      maxLength: 300,
      examples: ['an unlock names its change request'],
    },
    otherwise: {
      type: 'string',
      title: 'Otherwise',
      description:
        'What becomes of a task for which the rule does not hold; hold by default for a window, deny for a condition.',
      enumDescriptions: [
        'It is not issued, and the check of its pull request fails; judged again all the same.',
        'It waits until the rule holds.',
        'It is issued; the rule only warns, and covers no task.',
      ],
      enum: ['deny', 'hold', 'warn'],
      examples: ['deny'],
    },
  },
};

/** The schema of a document of one kind, around that of its `spec`. */
export function documentSchema(
  kind: string,
  about: About,
  spec: JsonSchema,
  example: { readonly metadata: { readonly name: string }; readonly [key: string]: unknown },
): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:snowgate:v1:${kind.toLowerCase()}`,
    title: `snowgate ${kind.toLowerCase()}`,
    ...describe(about),
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: {
        type: 'string',
        title: 'Version of the format',
        description: 'The version of the format: snowgate/v1.',
        const: apiVersion,
        'x-missing': `write apiVersion: ${apiVersion}`,
      },
      kind: {
        type: 'string',
        title: 'Kind',
        description: `What the document is: ${kind}.`,
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
            examples: [example.metadata.name],
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
  [
    'Rules that a task must satisfy before AWS is asked for it.',
    'All policies that match a task are asked, and the strictest rule wins: deny over hold over warn. A task that no policy matches with a rule other than warn is held.',
  ],
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
        examples: ['Devices are unlocked only inside the maintenance window of their fleet.'],
      },
      match: matchSchema,
      rules: {
        type: 'array',
        title: 'Rules',
        description: 'All of them are to hold.',
        'x-more': 'Each has a `name` and one of `window` and `require`.',
        minItems: 1,
        maxItems: rulesMax,
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
  [
    'Stops the line: while it stands, nothing is issued to the fleet, or to any.',
    'What was issued runs on: to take that back, remove its manifest.',
  ],
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
        'x-more': 'One that the configuration does not have stops nothing, and is warned of.',
        examples: ['north-sea'],
      },
      reason: {
        ...reasonText,
        title: 'Reason',
        description: 'Told with each task that it holds.',
        'x-more': 'Quote it where it holds a colon.',
        examples: ['incident 4711: unlocks fail'],
      },
      until: {
        ...instantSchema,
        title: 'Until',
        description: 'When it ends by itself; without it, when it is removed.',
        'x-more': 'With an offset; from this instant on it stops nothing.',
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
  [
    'The reviewed break-glass: one task, with its run, need not satisfy the rules named, for at most 72 hours.',
    'The claim records it. Waivers are never added up: each must suffice by itself. What the configuration demands cannot be waived, nor can a suspension.',
  ],
  {
    type: 'object',
    title: 'The waiver',
    description: 'Which task skips which rules, why, and until when.',
    'x-more': 'A waiver with an error does not count.',
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
        'x-more': 'Its `metadata.name`.',
        examples: ['unlock-aurora-2026-11'],
      },
      run: {
        type: 'integer',
        title: 'Run',
        description: 'The run of the task; a later run is not waived.',
        'x-more': '1 where the task writes none.',
        minimum: 1,
        maximum: 1_000_000,
        examples: [1],
      },
      rules: {
        type: 'array',
        title: 'Rules',
        description: 'The rules that are skipped, each as POLICY/RULE.',
        'x-more':
          'By the `metadata.name` of the policy and the `name` of its rule. Rules that hold anyway are not waived.',
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
        'x-more': 'Quote it where it holds a colon.',
        examples: ['storm: the crew leaves the ship tonight'],
      },
      expires: {
        ...instantSchema,
        title: 'Expires',
        description: 'At most 72 hours after its file was merged.',
        'x-more':
          'With an offset. The permission to run ends with it. A later commit to the same file counts the 72 hours anew.',
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
