import type { JsonSchema } from '../lib/document-compile.ts';
import { wordKeys } from '../lib/document-names.ts';
import { commandSchema } from '../manifest/schema.ts';

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
    items: commandSchema,
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
    'x-more':
      'A value is a pattern, or a list of patterns of which one matches. No commit can change these labels, which makes them safer than the name of a fleet.',
    examples: [{ env: 'production' }],
  },
  names: {
    ...globs,
    title: 'Names',
    description: 'Tasks whose names match one of these patterns.',
    'x-more': 'Whoever writes a task chooses its name: what must not be evaded matches by fleet or command.',
    examples: [['unlock-*']],
  },
  labels: {
    ...labelGlobs,
    title: 'Labels of the task',
    description: 'Tasks that bear all of these labels.',
    'x-more':
      'A value is a pattern, or a list of patterns of which one matches. Whoever writes a task chooses its labels.',
    examples: [{ site: 'aurora' }],
  },
  targets: {
    ...globs,
    title: 'Targets',
    description: 'Tasks of which at least one device matches one of these patterns.',
    examples: [['smd-*']],
  },
};

/** `spec.match` of a policy. */
export const matchSchema: JsonSchema = {
  type: 'object',
  title: 'Which tasks',
  description:
    'Keys are all to match, entries of a list each by itself; an absent key, or an absent match, matches every task.',
  'x-more': 'An empty list or map is an error.',
  additionalProperties: false,
  properties: {
    ...matchKeys,
    exclude: {
      type: 'object',
      title: 'But not',
      description:
        'Tasks that match this are left out, although they match the rest; by targets, those of which all devices do.',
      'x-more': 'The same keys as `match`.',
      additionalProperties: false,
      minProperties: 1,
      properties: matchKeys,
      examples: [{ names: ['drill-*'] }],
    },
  },
  examples: [{ commands: ['unlock'], fleets: ['north-*'] }],
};
