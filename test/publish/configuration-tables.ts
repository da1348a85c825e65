/** The tables of docs/CONFIGURATION.md, made from the schema between marks that name each. */
import { durationBounds, numberBounds } from '../../src/config/bounds.ts';
import { controllerSchema } from '../../src/config/schema.ts';
import { filePath } from '../../src/config/schema-parts.ts';
import type { JsonSchema } from '../../src/lib/document-compile.ts';
import { cell, listKeys } from './schema-page.ts';
import { sayAll, sayDefault, sayType } from './words.ts';

const bounds: Readonly<Record<string, { readonly minimum: unknown; readonly maximum: unknown }>> = {
  ...numberBounds,
  ...durationBounds,
};

const keys = listKeys(controllerSchema).filter(
  ({ path, schema }) => schema['properties'] === undefined && !/^(apiVersion|kind)$/.test(path),
);

const beginsWith = (...prefixes: string[]): ((path: string) => boolean) => {
  const pattern = new RegExp(`^(${prefixes.map((prefix) => prefix.replaceAll('.', '\\.')).join('|')})`);
  return (path) => pattern.test(path) && !/\.auth\./.test(path);
};

/** Which keys stand in which table. */
const tables: Readonly<Record<string, (path: string) => boolean>> = {
  source: beginsWith('source.'),
  'policy source': beginsWith('policySource.'),
  ledger: beginsWith('ledger.'),
  authentication: (path) => path.startsWith('source.auth.'),
  fleets: beginsWith('fleets.'),
  http: (path) => path.startsWith('http.'),
  notify: beginsWith('notify.'),
  rest: (path) => !/^(source|policySource|ledger|fleets|http|notify)(\.|$)/.test(path),
};

const mark = /(<!-- generated: ([a-z ]+) -->\n)[\s\S]*?(<!-- end of what is generated -->)/g;

/** The page with every marked table as the schema has it. A mark of an unknown name is an error, and so is a missing one. */
export function renderConfiguration(page: string): string {
  const missing = new Set(Object.keys(tables));
  const rendered = page.replaceAll(mark, (_whole, begin: string, name: string, end: string) => {
    const isIn = tables[name];
    if (isIn === undefined) throw new Error(`no table is called ${name}`);
    missing.delete(name);
    return `${begin}\n${renderTable(isIn)}\n\n${end}`;
  });
  if (missing.size > 0) throw new Error(`the page has no mark for ${[...missing].join(', ')}`);
  return rendered;
}

function renderTable(isIn: (path: string) => boolean): string {
  const rows = keys
    .filter(({ path }) => isIn(path))
    .map(({ path, schema, isRequired }) => {
      const shown = path.replace(/^source\.auth\./, 'auth.');
      return `| \`${shown}\` | ${sayDefault(schema, isRequired) ?? ''} | ${sayBounds(path, schema)} | ${sayMeaning(schema)} |`;
    });
  return ['| key | default | bounds | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function sayBounds(path: string, schema: JsonSchema): string {
  const own = bounds[path];
  if (own !== undefined) return `${own.minimum} to ${own.maximum}`;
  if (schema['type'] === 'boolean') return '';
  if (schema['enum'] !== undefined) return sayType(schema).replace('one of ', '');
  // Of a free text the rule is what its writer needs; how long it may be is no question that anybody has.
  const { 'x-rule': rule = '' } = schema as { 'x-rule'?: string };
  if (schema['type'] === 'string') return cell(rule);
  return sayType(schema).split(/;|, of /)[0] ?? '';
}

function sayMeaning(schema: JsonSchema): string {
  const { enum: values = [], enumDescriptions: told = [] } = schema as {
    enum?: readonly string[];
    enumDescriptions?: readonly string[];
  };
  const each = values.map((value, index) => `\`${value}\`: ${cell(told[index] ?? '')}`);
  // The bounds have a column of their own, and what holds for every path stands above the tables.
  const all = sayAll(schema)
    .replace(/ From \S+ to \S+\.(?= |$)/, '')
    .replace(`${filePath['description']} `, '');
  return [cell(all), ...each].join(' ');
}
