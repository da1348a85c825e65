/** A reference page of a schema: every key that may be written, with what it is and what may stand there. */
import { stringify } from 'yaml';
import type { JsonSchema } from '../../src/lib/document-compile.ts';
import { anchorOf } from './anchors.ts';
import { escapeMarkdown, sayAll, sayDefault, sayType } from './words.ts';

export interface PagePart {
  readonly title: string;
  readonly schema: JsonSchema;
  /** What stands before the keys, beside what the schema says of itself. */
  readonly about: string;
}

export interface Page {
  readonly title: string;
  readonly about: string;
  readonly parts: readonly PagePart[];
  /** Schemas that another page tells of: they are left out, and `about` names it. */
  readonly elsewhere?: ReadonlySet<JsonSchema>;
}

interface Key {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
  /** Where a map of the same keys was told of before. */
  readonly sameAs: string | null;
}

const generatedNote =
  '<!-- generated from the schema by `npm run docs`; what is written here is written in the schema, and not here -->';

/** The page as Markdown. */
export function renderPage(page: Page): string {
  const single = page.parts.length === 1;
  const parts = page.parts.map((part) => renderPart(part, page, single));
  return `${[`# ${page.title}`, generatedNote, page.about, ...parts].join('\n\n')}\n`;
}

function renderPart({ title, schema, about }: PagePart, page: Page, isSingle: boolean): string {
  const prefix = isSingle ? '' : `${title}: `;
  const keys = listKeys(schema)
    .filter(({ path }) => !/^(apiVersion|kind|metadata|spec)$/.test(path))
    .filter((key) => page.elsewhere?.has(key.schema) !== true);
  const [example] = (schema['examples'] as unknown[] | undefined) ?? [];
  const overview = keys
    .filter(({ path }) => path.replaceAll('[]', '').split('.').length <= 2)
    .map((key) => {
      const link = `[\`${key.path}\`](#${anchorOf(`${prefix}\`${key.path}\``)})`;
      const needed = sayDefault(key.schema, key.isRequired) ?? '';
      return `| ${link} | ${needed} | ${cell(sayInShort(key.schema))} |`;
    });
  return [
    ...(isSingle ? [] : [`## ${title}`]),
    escapeMarkdown(sayAll(schema)),
    ...(about === '' ? [] : [about]),
    ...(example === undefined ? [] : [fence(example)]),
    ['| key | left out | in short |', '| --- | --- | --- |', ...overview].join('\n'),
    ...keys.map((key) => renderKey(key, prefix)),
  ].join('\n\n');
}

function renderKey(key: Key, prefix: string): string {
  const { path, schema, isRequired, sameAs } = key;
  const heading = `### ${prefix}\`${path}\``;
  const absent = sayDefault(schema, isRequired);
  const hasKeysBelow = schema['type'] === 'object' && schema['properties'] !== undefined && sameAs === null;
  const lines = [
    `- May be: ${sayType(schema)}${hasKeysBelow ? ', with the keys below' : ''}.`,
    ...(isRequired ? ['- Required.'] : absent === null ? [] : [`- Left out: ${absent}.`]),
    ...(sameAs === null
      ? []
      : [`- Its keys are those of [\`${sameAs}\`](#${anchorOf(`${prefix}\`${sameAs}\``)}).`]),
    ...sayValues(schema),
  ];
  const [example] = (schema['examples'] as unknown[] | undefined) ?? [];
  const name = path.split('.').at(-1) ?? '';
  const shown = example === undefined || name.endsWith('[]') ? [] : [fence({ [name]: example })];
  return [heading, `${escapeMarkdown(sayAll(schema))}`, lines.join('\n'), ...shown].join('\n\n');
}

function sayValues(schema: JsonSchema): string[] {
  const { items } = schema as { items?: JsonSchema };
  const { enum: values = [], enumDescriptions: told = [] } = (
    schema['enum'] === undefined ? (items ?? {}) : schema
  ) as { enum?: readonly string[]; enumDescriptions?: readonly string[] };
  return values.flatMap((value, index) =>
    told[index] === undefined ? [] : [`- \`${value}\`: ${escapeMarkdown(told[index] ?? '')}`],
  );
}

/** All keys in the order in which they are declared; `[]` stands for an entry of a list, NAME for a key of one's own. */
export function listKeys(schema: JsonSchema): Key[] {
  const seen = new Map<string, string>();
  const keys: Key[] = [];
  const walk = (node: JsonSchema, path: string): void => {
    const required = new Set((node['required'] as readonly string[] | undefined) ?? []);
    const properties = Object.entries((node['properties'] as Record<string, JsonSchema> | undefined) ?? {});
    for (const [name, property] of properties) {
      if ('x-refused' in property) continue;
      const inner = path === '' ? name : `${path}.${name}`;
      const same = seen.get(sameKeys(property)) ?? null;
      keys.push({ path: inner, schema: property, isRequired: required.has(name), sameAs: same });
      if (same !== null) continue;
      if (sameKeys(property) !== '') seen.set(sameKeys(property), inner);
      walk(property, inner);
      const { items, additionalProperties } = property as Record<string, JsonSchema | undefined>;
      if (items?.['properties'] !== undefined) walk(items, `${inner}[]`);
      if (additionalProperties?.['properties'] !== undefined) walk(additionalProperties, `${inner}.NAME`);
    }
  };
  walk(schema, '');
  return keys;
}

/** What tells maps apart, or lists of maps; empty for everything that has no keys of its own. */
function sameKeys(schema: JsonSchema): string {
  const { properties, items } = schema as { properties?: object; items?: { properties?: object } };
  const own = properties ?? items?.properties;
  return own === undefined ? '' : JSON.stringify(own);
}

function sayInShort(schema: JsonSchema): string {
  const { description = '' } = schema as { description?: string };
  return description;
}

/** Text for a cell of a table. */
export function cell(text: string): string {
  return escapeMarkdown(text).replaceAll('|', '\\|');
}

function fence(value: unknown): string {
  return `\`\`\`yaml\n${stringify(value, { lineWidth: 100 })}\`\`\``;
}
