import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { controllerSchema } from '../src/config/schema.ts';
import { taskSchema } from '../src/manifest/schema.ts';
import { policyTestSchema } from '../src/policy/policy-test-schema.ts';
import { policySchema, suspensionSchema, waiverSchema } from '../src/policy/schema.ts';
import { windowSchema } from '../src/policy/window-schema.ts';
import { catalog } from './publish/catalog.ts';
import { publish, publishedSchemas } from './publish/schemas.ts';

/**
 * What is published is made from the constants. After a change: `npm run schemas` writes it.
 */
function expectPublished(name: string, content: object): void {
  const file = new URL(`../schemas/${name}`, import.meta.url);
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (process.env.UPDATE_SCHEMAS === '1') writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
}

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

describe.each(publishedSchemas)('schemas/%s', (name, schema) => {
  test('is made from the constants', () => expectPublished(name, schema));

  test('is a valid schema for readers that know nothing of ours', () => {
    const validate = ajv.compile(schema);
    for (const example of (schema.examples as unknown[] | undefined) ?? [])
      expect(validate(example)).toBe(true);
  });

  // What people write in an editor is explained without a manual; of the simulator's documents docs/SIMULATOR.md tells.
  const isWritten = /^(task|window|policy|suspension|waiver|policy-test|policies|controller)\./.test(name);

  test('names and explains every property, and no example breaks its own rule', () => {
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties } = node as { properties?: Record<string, Record<string, unknown>> };
      for (const [key, property] of Object.entries(properties ?? {})) {
        // The kinds of a folder stand beside a frame that tells of `kind`.
        if (key === 'kind' && Object.keys(property).length === 0) continue;
        const where = `${path}.${key}`;
        if (property['x-refused'] === undefined) expect(property.title, where).toBeTypeOf('string');
        expect(property.description, where).toBeTypeOf('string');
        expectTrueExamples(property, where);
        if (isWritten) expectExplained(property, where);
        walk(property, where);
      }
      const { additionalProperties, items, $defs } = node as Record<string, unknown>;
      walk(additionalProperties, `${path}.*`);
      walk(items, `${path}[]`);
      for (const [kind, inner] of Object.entries($defs ?? {})) walk(inner, kind);
    };
    walk(schema, '');
  });
});

function expectExplained(property: Record<string, unknown>, where: string): void {
  const { enum: values, enumDescriptions: told } = property as { enum?: []; enumDescriptions?: [] };
  expect(property['description'], where).toMatch(/[.)]$/);
  expect([where, told?.length]).toEqual([where, values?.length]);
  if (!isSelfEvident(property)) expect([where, property['examples']]).toEqual([where, expect.any(Array)]);
}

/** What can be written without having seen an example of it: choices, and what has keys that are explained by themselves. */
function isSelfEvident(property: Record<string, unknown>): boolean {
  const { items, additionalProperties } = property as Record<string, { properties?: object } | undefined>;
  const hasKeys = [property, items, additionalProperties].some((one) => one?.['properties'] !== undefined);
  const said = ['enum', 'const', 'default', 'not'].some((keyword) => keyword in property);
  return hasKeys || said || property['type'] === 'boolean' || property['type'] === 'object';
}

function expectTrueExamples(property: Record<string, unknown>, where: string): void {
  const examples = (property['examples'] as unknown[] | undefined) ?? [];
  const shown = 'default' in property ? [...examples, property['default']] : examples;
  if (shown.length === 0) return;
  const validate = ajv.compile(property);
  for (const example of shown) expect(validate(example), where).toBe(true);
}

describe('the words for editors', () => {
  const constants = [
    ['task', taskSchema],
    ['window', windowSchema],
    ['policy', policySchema],
    ['suspension', suspensionSchema],
    ['waiver', waiverSchema],
    ['policy test', policyTestSchema],
    ['controller', controllerSchema],
  ] as const;
  const words = new Set([
    'description',
    'markdownDescription',
    'patternErrorMessage',
    'deprecationMessage',
    'defaultSnippets',
    'x-more',
  ]);
  /** A schema without what is said in it; the names of properties, which may be the same words, stay. */
  const bare = (node: unknown, areNames = false): unknown => {
    if (Array.isArray(node)) return node.map((item) => bare(item));
    if (typeof node !== 'object' || node === null) return node;
    const kept = Object.entries(node).filter(([key]) => areNames || !words.has(key));
    return Object.fromEntries(kept.map(([key, value]) => [key, bare(value, key === 'properties')]));
  };

  test.each(constants)('change nothing in what a %s may be', (_kind, schema) => {
    expect(bare(publish(schema))).toEqual(bare(schema));
  });
});

describe('schemas/catalog.json', () => {
  test('is made from the published schemas', () => expectPublished('catalog.json', catalog));

  test('has the format of a catalog, and names what is there', () => {
    for (const { name, description, url } of catalog.schemas) {
      expect([name, description].every((text) => text.length > 0)).toBe(true);
      expect(publishedSchemas.map(([file]) => file)).toContain(url);
    }
  });
});
