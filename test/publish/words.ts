/** A schema said in words, for whoever writes a document: the same in editors and on the reference pages. */
import type { JsonSchema } from '../../src/lib/document-compile.ts';

/** Markdown that shows the text as it is; code spans, which our own texts hold, stay code. */
export function escapeMarkdown(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll(/[\\*_<[\]]/g, '\\$&')))
    .join('');
}

/** As the description says it, and what is said beyond it. */
export function sayAll(schema: JsonSchema): string {
  const { description, 'x-more': more } = schema as { description?: string; 'x-more'?: string };
  return [description, more].filter((part) => part !== undefined).join(' ');
}

/** What may be written: `text, 1 to 63 characters: lower-case letters, digits and hyphens`. */
export function sayType(schema: JsonSchema): string {
  if ('const' in schema) return `\`${schema['const']}\``;
  const { enum: values } = schema as { enum?: readonly unknown[] };
  if (values !== undefined) return `one of ${values.map((value) => `\`${value}\``).join(', ')}`;
  const types = ([] as unknown[]).concat(schema['type'] ?? []);
  const { 'x-rule': rule } = schema as { 'x-rule'?: string };
  if (types.length > 1 && rule !== undefined) return escapeMarkdown(rule);
  return types.map((type) => sayOne(type, schema)).join(', or ');
}

function sayOne(type: unknown, schema: JsonSchema): string {
  switch (type) {
    case 'string':
      return sayText(schema);
    case 'integer':
      return `whole number${sayRange(schema['minimum'], schema['maximum'], '')}`;
    case 'number':
      return `number${sayRange(schema['minimum'], schema['maximum'], '')}`;
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return sayList(schema);
    default:
      return sayMap(schema);
  }
}

/** What holds where nothing is written; null where nothing is said of that. */
export function sayDefault(schema: JsonSchema, isRequired: boolean): string | null {
  if (isRequired) return 'required';
  const value = schema['default'];
  return value === undefined ? null : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function sayText(schema: JsonSchema): string {
  const size = sayRange(schema['minLength'], schema['maxLength'], ' characters');
  const rule = schema['x-rule'];
  if (typeof rule !== 'string') return `text${size}`;
  // A rule that tells the length itself, or that of something of one length, is not told twice.
  const isSized = /^(\d|up to|twelve|a whole|a date|SG|the UUID|none)/.test(rule);
  return `text${isSized ? '' : size}: ${escapeMarkdown(rule)}`;
}

function sayList(schema: JsonSchema): string {
  const size = sayRange(schema['minItems'], schema['maxItems'], '');
  const items = schema['items'] as JsonSchema;
  const each = items['properties'] === undefined ? sayType(items) : 'maps';
  const isOneOf = items['enum'] !== undefined;
  return `list${size}${schema['uniqueItems'] === true ? ' without repeats' : ''}, ${isOneOf ? 'each' : 'of'} ${each}`;
}

function sayMap(schema: JsonSchema): string {
  const values = schema['additionalProperties'];
  if (typeof values !== 'object' || values === null) return 'map';
  const { properties } = values as { properties?: unknown };
  const size = sayRange(schema['minProperties'], schema['maxProperties'], ' keys');
  if (properties !== undefined) return `map${size}`;
  const keys = schema['propertyNames'] as JsonSchema | undefined;
  const named = keys === undefined ? '' : `; keys: ${sayType(keys).replace(/^text[:,]? ?/, '')}`;
  return `map${size}${named}; values: ${sayType(values as JsonSchema)}`;
}

function sayRange(least: unknown, most: unknown, unit: string): string {
  const [low, high] = [least, most].map((bound) => (typeof bound === 'number' ? bound : undefined));
  if (high === undefined) return low === undefined || low === 0 ? '' : `, at least ${low}${unit}`;
  if (low === undefined || (low === 0 && unit !== '')) return `, up to ${high}${unit}`;
  return `, ${low} to ${high}${unit}`;
}
