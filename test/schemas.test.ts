import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { controllerSchema } from '../src/config/schema.ts';
import { taskSchema } from '../src/manifest/schema.ts';
import { policyTestSchema } from '../src/policy/policy-test-schema.ts';
import { policySchema, suspensionSchema, waiverSchema } from '../src/policy/schema.ts';
import { windowSchema } from '../src/policy/window-schema.ts';
import { keysSchema } from '../src/simulator/keys-file.ts';
import { scenarioSchema } from '../src/simulator/scenario-schema.ts';

/**
 * The published schemas are the constants, word for word. After a change:
 * `UPDATE_SCHEMAS=1 npx vitest run test/schemas.test.ts` writes them.
 */
const published = [
  ['task.schema.json', taskSchema],
  ['window.schema.json', windowSchema],
  ['policy.schema.json', policySchema],
  ['suspension.schema.json', suspensionSchema],
  ['waiver.schema.json', waiverSchema],
  ['policy-test.schema.json', policyTestSchema],
  ['controller.schema.json', controllerSchema],
  ['simulator-keys.schema.json', keysSchema],
  ['scenario.schema.json', scenarioSchema],
] as const;

describe.each(published)('schemas/%s', (name, schema) => {
  const file = new URL(`../schemas/${name}`, import.meta.url);

  test('is made from the constant', () => {
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    if (process.env.UPDATE_SCHEMAS === '1') writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('is a valid schema for readers that know nothing of ours', () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
    for (const example of (schema.examples as unknown[] | undefined) ?? [])
      expect(validate(example)).toBe(true);
  });

  test('names and explains every property, and no example breaks its own rule', () => {
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties } = node as { properties?: Record<string, Record<string, unknown>> };
      for (const [key, property] of Object.entries(properties ?? {})) {
        if (property['x-refused'] === undefined)
          expect(property.title, `${path}.${key}`).toBeTypeOf('string');
        expect(property.description, `${path}.${key}`).toBeTypeOf('string');
        walk(property, `${path}.${key}`);
        const ajv = new Ajv2020({ strict: false });
        addFormats.default(ajv);
        const validate = ajv.compile(property);
        const examples = (property.examples as unknown[] | undefined) ?? [];
        const defaults = 'default' in property ? [property.default] : [];
        for (const example of [...examples, ...defaults])
          expect(validate(example), `${path}.${key}`).toBe(true);
      }
      walk((node as { additionalProperties?: unknown }).additionalProperties, `${path}.*`);
    };
    walk(schema, '');
  });
});
