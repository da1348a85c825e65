/** What the schemas of the commands' JSON share. They describe what is written: nothing else is in it. */
import type { JsonSchema } from '../lib/document-compile.ts';
import type { DocumentKind } from './envelope.ts';

/** A schema and what people are told of it. */
export function told(schema: JsonSchema, title: string, description: string): JsonSchema {
  return { ...schema, title, description };
}

/** An object with these properties and no other; all of them are there but for those named. */
export function record(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, required, properties };
}

/** A list of these. */
export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

/** This, or null where there is none. */
export function orNull({ type, ...schema }: JsonSchema): JsonSchema {
  const values = schema['enum'];
  return { ...schema, type: [type, 'null'], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
}

/** One of these words. */
export function oneOf(values: readonly string[]): JsonSchema {
  return { type: 'string', enum: values };
}

export const text: JsonSchema = { type: 'string' };
export const objectId: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{40}([0-9a-f]{24})?$' };
export const token: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
export const flag: JsonSchema = { type: 'boolean' };
export const number: JsonSchema = { type: 'integer', minimum: 0 };
export const codeText: JsonSchema = { type: 'string', pattern: '^SG[0-9]{4}$' };
export const instant: JsonSchema = { type: 'string', format: 'date-time' };

const position: JsonSchema = { type: 'integer', minimum: 1 };

/** Where something is written. */
export const placeProperties: Readonly<Record<string, JsonSchema>> = {
  path: told(text, 'Path', 'Path of the file, with forward slashes.'),
  line: told(position, 'Line', 'Counted from 1.'),
  column: told(position, 'Column', 'Counted from 1, in UTF-16 units.'),
};

const problem = record(
  {
    ...placeProperties,
    code: told(codeText, 'Code', 'Its stable code; docs/ERRORS.md lists them.'),
    severity: told(
      { type: 'string', enum: ['error', 'warning'] },
      'Severity',
      'An error fails the check, a warning does not.',
    ),
    message: told(text, 'Message', 'What is wrong, and why.'),
    hint: told(text, 'Hint', 'What to do; absent where there is nothing to say.'),
  },
  ['hint'],
);

export const problems = told(list(problem), 'Problems', 'What is wrong with files.');

export const reason = record(
  {
    code: told(codeText, 'Code', 'Its stable code; docs/ERRORS.md lists them.'),
    message: told(text, 'Message', 'The reason, for people.'),
    policy: told(text, 'Policy', 'The policy that gives it.'),
    rule: told(text, 'Rule', 'Its rule.'),
    place: told(record(placeProperties), 'Place', 'Where the rule, or what the reason is about, is written.'),
    endedBy: told(
      { type: 'string', enum: ['time', 'fact', 'commit'] },
      'Ended by',
      'What ends it: time, a fact that may change by itself, or only a commit.',
    ),
  },
  ['policy', 'rule', 'place', 'endedBy'],
);

export const reasons = told(list(reason), 'Reasons', 'All of them; what a reason does not have is absent.');

/** A document of this kind with these properties beside those that say what it is. */
export function outputSchema(
  kind: DocumentKind,
  about: string,
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  const head = {
    apiVersion: told({ type: 'string', const: 'snowgate/v1' }, 'Version', 'Of this format.'),
    kind: told({ type: 'string', const: kind }, 'Kind', `Always ${kind}.`),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:snowgate:v1:${kind.toLowerCase()}`,
    title: `snowgate ${kind.replace(/(?!^)[A-Z]/g, ' $&').toLowerCase()}`,
    description: about,
    ...record({ ...head, ...properties }, optional),
  };
}
