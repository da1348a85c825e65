/**
 * The schemas as they are published: the constants by which snowgate checks documents, and beside them what editors
 * understand. Which keywords these are was read from the language server that test/editors/ runs: `markdownDescription`,
 * `enumDescriptions`, `defaultSnippets`, `patternErrorMessage`, and `deprecationMessage`, which keeps a name from being
 * offered.
 */
import { controllerSchema } from '../../src/config/schema.ts';
import type { JsonSchema } from '../../src/lib/document-compile.ts';
import { taskSchema } from '../../src/manifest/schema.ts';
import { policyTestSchema } from '../../src/policy/policy-test-schema.ts';
import { policySchema, suspensionSchema, waiverSchema } from '../../src/policy/schema.ts';
import { windowSchema } from '../../src/policy/window-schema.ts';
import { statusSchema, taskDetailSchema, taskListSchema } from '../../src/report/api-schema.ts';
import { mergePlanSchema } from '../../src/report/merge-schema.ts';
import { planSchema } from '../../src/report/plan-schema.ts';
import { policyTestRunSchema } from '../../src/report/policy-test-run-schema.ts';
import { validationSchema } from '../../src/report/validation-schema.ts';
import { keysSchema } from '../../src/simulator/keys-file.ts';
import { scenarioSchema } from '../../src/simulator/scenario-schema.ts';
import * as snippets from './snippets.ts';
import { escapeMarkdown, sayAll, sayDefault, sayType } from './words.ts';

/** What lies among the policies, each kind with what editors offer of it. */
const policyKinds: readonly (readonly [string, JsonSchema, snippets.Snippets])[] = [
  ['Window', windowSchema, snippets.windowSnippets],
  ['Policy', policySchema, snippets.policySnippets],
  ['Suspension', suspensionSchema, snippets.suspensionSnippets],
  ['Waiver', waiverSchema, snippets.waiverSnippets],
  ['PolicyTest', policyTestSchema, snippets.policyTestSnippets],
];

/** File names below schemas/, and what stands in them. */
export const publishedSchemas: readonly (readonly [name: string, schema: JsonSchema])[] = [
  ['task.schema.json', publish(taskSchema, snippets.taskSnippets)],
  ['window.schema.json', publish(windowSchema, snippets.windowSnippets)],
  ['policy.schema.json', publish(policySchema, snippets.policySnippets)],
  ['suspension.schema.json', publish(suspensionSchema, snippets.suspensionSnippets)],
  ['waiver.schema.json', publish(waiverSchema, snippets.waiverSnippets)],
  ['policy-test.schema.json', publish(policyTestSchema, snippets.policyTestSnippets)],
  ['policies.schema.json', policiesSchema()],
  ['controller.schema.json', publish(controllerSchema, snippets.controllerSnippets)],
  ['simulator-keys.schema.json', publish(keysSchema)],
  ['scenario.schema.json', publish(scenarioSchema)],
  // What commands write is for programs: no editor shows it.
  ['validation.schema.json', validationSchema],
  ['policy-test-run.schema.json', policyTestRunSchema],
  ['plan.schema.json', planSchema],
  ['merge-plan.schema.json', mergePlanSchema],
  ['api-status.schema.json', openToMore(statusSchema)],
  ['api-task-list.schema.json', openToMore(taskListSchema)],
  ['api-task-detail.schema.json', openToMore(taskDetailSchema)],
];

/** The schema with room for fields that are not there yet: of the API's answers more may come, and none changes. */
function openToMore(schema: JsonSchema): JsonSchema {
  const open = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(open);
    if (!isSchema(node)) return node;
    const kept = Object.entries(node).filter(
      ([key, value]) => key !== 'additionalProperties' || value !== false,
    );
    return Object.fromEntries(kept.map(([key, value]) => [key, open(value)]));
  };
  return open(schema) as JsonSchema;
}

/** The schema with the words that editors show. What it accepts is the same. */
export function publish(schema: JsonSchema, offered: snippets.Snippets = {}): JsonSchema {
  return tell(schema, { path: '', isRequired: null, offered });
}

/**
 * Every kind that lies among the policies, by the `kind` of each document: a folder, and a file of several documents,
 * mixes them. Chosen by `if`, so that an editor tells what is wrong with a Window, and not what it would be as a Policy.
 */
function policiesSchema(): JsonSchema {
  const kinds = policyKinds.map(([kind]) => kind);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:snowgate:v1:policies',
    title: 'snowgate policies',
    description:
      'What lies among the policies: windows, policies, suspensions, waivers, and the tests of policies.',
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: {
        title: 'Version of the format',
        description: 'The version of the format: snowgate/v1.',
        default: 'snowgate/v1',
      },
      kind: {
        type: 'string',
        title: 'Kind',
        description: 'What the document is.',
        enum: kinds,
        enumDescriptions: policyKinds.map(([, schema]) => schema['description']),
      },
      metadata: { type: 'object', title: 'Metadata', description: 'Its name.' },
      spec: { type: 'object', title: 'Content', description: 'What it says; its keys follow from the kind.' },
    },
    // A pattern, and no const: an editor that completes takes "Policy" for the beginning of "PolicyTest".
    allOf: kinds.map((kind) => ({
      if: { required: ['kind'], properties: { kind: { pattern: `^${kind}$` } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/$defs/${kind}` },
    })),
    examples: policyKinds.flatMap(([, schema]) => (schema['examples'] as unknown[] | undefined) ?? []),
    defaultSnippets: policyKinds.flatMap(([, , offered]) => offered[''] ?? []),
    $defs: Object.fromEntries(
      policyKinds.map(([kind, schema, offered]) => [kind, withoutFrame(publish(schema, offered))]),
    ),
  };
}

/** A schema within another: what the frame has said of the kind is not said again. */
function withoutFrame(schema: JsonSchema): JsonSchema {
  const { $schema: _draft, $id: _id, examples: _, defaultSnippets: _offered, properties, ...rest } = schema;
  const { kind: _kind, ...own } = properties as Record<string, JsonSchema>;
  return { ...rest, properties: { kind: {}, ...own } };
}

interface Place {
  readonly path: string;
  /** Null where nothing is a property: a root, an item, the values of a map. */
  readonly isRequired: boolean | null;
  readonly offered: snippets.Snippets;
}

function tell(schema: JsonSchema, place: Place): JsonSchema {
  const { 'x-more': _more, properties, ...rest } = schema;
  const { path, isRequired, offered } = place;
  const required = new Set((schema['required'] as readonly string[] | undefined) ?? []);
  const told: Record<string, unknown> = { ...rest, ...sayWords(schema, isRequired) };
  if (isSchema(properties)) {
    const inner = Object.entries(properties as Readonly<Record<string, JsonSchema>>).map(([key, value]) => {
      const innerPath = path === '' ? key : `${path}.${key}`;
      return [key, tell(value, { path: innerPath, isRequired: required.has(key), offered })] as const;
    });
    told['properties'] = Object.fromEntries(inner);
  }
  for (const key of ['items', 'additionalProperties', 'propertyNames']) {
    const inner = schema[key];
    if (isSchema(inner)) told[key] = tell(inner, { path: `${path}.*`, isRequired: null, offered });
  }
  return offered[path] === undefined ? told : { ...told, defaultSnippets: offered[path] };
}

function sayWords(schema: JsonSchema, isRequired: boolean | null): JsonSchema {
  const { 'x-rule': rule, 'x-refused': refused } = schema;
  const words: Record<string, unknown> = {};
  const all = sayAll(schema);
  if (all !== '') words['description'] = all;
  const facts = refused === undefined && isRequired !== null;
  if (all !== '' && facts) {
    const type = `${sayType(schema)}.`;
    const absent = sayDefault(schema, isRequired) ?? 'optional';
    const status = absent.startsWith('`') ? `default ${absent}` : absent;
    words['markdownDescription'] = `${escapeMarkdown(all)}\n\n${capitalize(status)}. ${capitalize(type)}`;
  }
  if (typeof rule === 'string' && schema['pattern'] !== undefined)
    words['patternErrorMessage'] = `not written as it must be: ${rule}`;
  if (typeof refused === 'string') words['deprecationMessage'] = `${all} ${capitalize(refused)}.`;
  return words;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
