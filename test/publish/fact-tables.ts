/**
 * The tables of docs/POLICY-FACTS.md, between marks that name each. What a fact means, and what it is where there is none,
 * is said in the table itself and kept; names, types, bounds and where it is known are those of the code.
 */
import type { Extent } from '../../src/policy/extent.ts';
import { type FactField, factStructs, factVariables } from '../../src/policy/fact-types.ts';
import type { FactGroup } from '../../src/policy/facts.ts';

type Field = Pick<FactField<never>, 'type' | 'extent' | 'groups'>;

const tables: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  variables: factVariables,
  ...Object.fromEntries(Object.values(factStructs).map(({ name, fields }) => [name, fields])),
};

/** Where a group is known, as the page explains it; those that are not here are known with what they belong to. */
const knownBy: Partial<Record<FactGroup, string>> = {
  previous: 'ledger',
  counts: 'ledger',
  devices: 'ledger',
  described: 'AWS',
  introduced: 'commits',
  changed: 'commits',
};

const mark = /(<!-- generated: facts (\w+) -->\n)([\s\S]*?)(<!-- end of what is generated -->)/g;

/** The page with every marked table as the code has it. A fact without words is an error, and so is a table without a mark. */
export function renderFacts(page: string): string {
  const missing = new Set(Object.keys(tables));
  const rendered = page.replaceAll(mark, (_whole, begin: string, name: string, old: string, end: string) => {
    const fields = tables[name];
    if (fields === undefined) throw new Error(`no table of facts is called ${name}`);
    missing.delete(name);
    return `${begin}\n${renderTable(name, fields, old)}\n\n${end}`;
  });
  if (missing.size > 0) throw new Error(`the page has no mark for the facts ${[...missing].join(', ')}`);
  return rendered;
}

function renderTable(name: string, fields: Readonly<Record<string, Field>>, old: string): string {
  const words = new Map(
    old.split('\n').flatMap((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((text) => text.trim());
      const [, field] = /^`(\w+)`$/.exec(cells[0] ?? '') ?? [];
      return field === undefined ? [] : [[field, cells.slice(-2)] as const];
    }),
  );
  const rows = Object.entries(fields).map(([field, { type, extent, groups }]) => {
    const [none = '', meaning = ''] = words.get(field) ?? [];
    if (meaning === '') throw new Error(`write into the table what ${name}.${field} means`);
    const known = [...new Set(groups.flatMap((group) => knownBy[group] ?? []))].join(', ');
    const said = type.replace('google.protobuf.T', 't').replaceAll(/[<>]/g, '\\$&');
    return `| \`${field}\` | ${said} | ${sayMost(extent)} | ${known} | ${none} | ${meaning} |`;
  });
  return [
    '| name | type | at most | known | where there is none | meaning |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function sayMost({ chars, items, of }: Extent): string {
  if (items === 0) return chars === 0 ? '' : `${chars} characters`;
  const each = of === null || sayMost(of) === '' ? '' : `, each ${sayMost(of)}`;
  return chars === 0 ? `${items} elements${each}` : `${items} keys${each}`;
}
