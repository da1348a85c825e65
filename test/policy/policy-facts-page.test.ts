/** docs/POLICY-FACTS.md lists what there is, and its examples work. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileExpression, evaluateExpression } from '../../src/policy/expression.ts';
import { functionNames, methodNames } from '../../src/policy/expression-language.ts';
import { factStructs, factVariables } from '../../src/policy/fact-types.ts';
import { ruleFacts } from './rule-facts.ts';

const page = readFileSync(new URL('../../docs/POLICY-FACTS.md', import.meta.url), 'utf8');

function section(title: string): string {
  const [, after = ''] = page.split(`\n${title}\n`);
  return after.split(/\n#{2,3} /)[0] ?? '';
}

/** The name and type of each row of the section's table. */
function rowsOf(title: string): string[] {
  return section(title)
    .split('\n')
    .flatMap((line) => {
      const [, name, type] = /^\| `(\w+)` \| ([^|]+) \|/.exec(line) ?? [];
      return name === undefined || type === undefined ? [] : [`${name}: ${type.replaceAll('\\', '')}`];
    });
}

function declared(fields: Readonly<Record<string, { readonly type: string }>>): string[] {
  return Object.entries(fields).map(
    ([name, { type }]) => `${name}: ${type.replace(/^google\.protobuf\.T/, 't')}`,
  );
}

describe('the page of facts', () => {
  it('lists exactly the variables', () => {
    expect(rowsOf('## Variables')).toEqual(declared(factVariables));
  });

  it.each(Object.values(factStructs).map((struct) => [struct.name, struct.fields] as const))(
    'lists exactly the fields of %s',
    (name, fields) => {
      expect(rowsOf(`### ${name}`)).toEqual(declared(fields));
    },
  );

  it('marks exactly the fields that AWS is asked for', () => {
    const marked = section('### Device')
      .split('\n')
      .flatMap((line) => (line.includes('| AWS |') ? (/`(\w+)`/.exec(line)?.[1] ?? []) : []));
    const asked = Object.entries(factStructs.Device.fields).flatMap(([name, { groups }]) =>
      groups.includes('described') ? name : [],
    );
    expect(marked).toEqual(asked);
  });

  it('names every function that is offered', () => {
    const told = section('## Operators and functions');
    for (const name of functionNames) expect(told).toContain(`\`${name}(`);
    for (const name of methodNames) expect(told).toMatch(new RegExp(`\\b[xs]\\.${name}\\(`));
  });

  const examples = [...page.matchAll(/```cel\n([^`]*)```/g)].map(([, text = '']) => text.trim());
  it('has a dozen examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12);
  });
  it.each(examples)('shows an example that works: %s', (example) => {
    const result = compileExpression(example);
    expect(result).toMatchObject({ ok: true });
    if (result.ok) expect(evaluateExpression(result.expression, ruleFacts()).kind).toBe('value');
  });
});
