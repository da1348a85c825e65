/** The checks that the build wrote down say, of every document, what the schema compiled here and now says. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controllerSchema } from '../../src/config/schema.ts';
import { createEngine, type JsonSchema, markCheck } from '../../src/lib/document-compile.ts';
import { taskSchema } from '../../src/manifest/schema.ts';
import { policyTestSchema } from '../../src/policy/policy-test-schema.ts';
import { policySchema, suspensionSchema, waiverSchema } from '../../src/policy/schema.ts';
import { windowSchema } from '../../src/policy/window-schema.ts';

const folder = fileURLToPath(new URL('../../dist/lib/checks/', import.meta.url));
const load = createRequire(folder);
const schemas = [
  controllerSchema,
  policySchema,
  policyTestSchema,
  suspensionSchema,
  taskSchema,
  waiverSchema,
  windowSchema,
];
const byName = new Map(schemas.map((schema) => [markCheck(schema)?.name ?? '', schema]));

function readMade(name: string): { readonly sha256: string; readonly validate: ValidateFunction } {
  return load(`./${name}.cjs`);
}

/** Every word, number and key that a schema speaks of: what a mutation has to hit to be near the truth. */
function wordsOf(schema: JsonSchema): unknown[] {
  const words = new Set<unknown>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) {
      words.add(node);
      return;
    }
    for (const [key, value] of Object.entries(node)) {
      words.add(key);
      walk(value);
    }
  };
  walk(schema);
  return [...words].filter((word) => typeof word !== 'string' || word.length < 60);
}

/** The schema of the controller has no example of a whole one. */
const configuration = {
  apiVersion: 'snowgate/v1',
  kind: 'Controller',
  source: { url: 'https://git.example.com/ops/tasks.git', auth: { tokenFile: '/run/secrets/source' } },
  ledger: { url: 'https://git.example.com/ops/ledger.git', auth: { tokenFile: '/run/secrets/ledger' } },
  stateDir: '/var/lib/snowgate',
  fleets: { 'north-sea': { region: 'eu-west-1', account: '111122223333' } },
  issue: { batch: 5, deadline: '10m' },
};

type Path = readonly (string | number)[];

function pathsOf(node: unknown, path: Path = []): Path[] {
  if (typeof node !== 'object' || node === null) return [path];
  const steps = Array.isArray(node) ? [...node.keys()] : Object.keys(node);
  return [
    path,
    ...steps.flatMap((step) => pathsOf((node as Record<string, unknown>)[step], [...path, step])),
  ];
}

type Edit = {
  readonly at: number;
  readonly what: 'put' | 'take' | 'add';
  readonly key: string;
  readonly value: unknown;
};

function apply(document: unknown, { at, what, key, value }: Edit): unknown {
  const paths = pathsOf(document);
  const path = paths[at % paths.length] ?? [];
  if (path.length === 0 && what !== 'add') return what === 'put' ? value : document;
  const copy = structuredClone(document);
  let node = copy as Record<string | number, unknown>;
  for (const step of what === 'add' ? path : path.slice(0, -1))
    node = node[step] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (what === 'put') node[last] = value;
  else if (what === 'take') delete node[last];
  else if (Array.isArray(node)) node.push(value);
  else if (typeof node === 'object' && node !== null) node[key] = value;
  return copy;
}

/** The errors without the subschemas that they are about. */
function listErrors({ errors }: ValidateFunction): unknown[] {
  return (errors ?? []).map(({ schema: _, parentSchema: __, ...error }) => error);
}

describe.each([...byName])('the check of a %s', (name, schema) => {
  const compiled = createEngine().compile(schema);
  const { sha256, validate } = readMade(name);

  it('was made of this schema', () => {
    expect(sha256).toBe(markCheck(schema)?.sha256);
  });

  it('accepts and refuses the same documents, by the same errors', () => {
    const words = wordsOf(schema);
    const value = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...words) },
      { weight: 1, arbitrary: fc.constantFrom(null, '', 0, -1, 1.5, true, [], {}, [null], 'a'.repeat(300)) },
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    );
    const key = fc.constantFrom(...words.map(String), '__proto__x', '', 'é');
    const edit = fc.record({
      at: fc.nat(10_000),
      what: fc.constantFrom('put', 'take', 'add'),
      key,
      value,
    });
    const compared = new Set<string>();
    const verdicts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...((schema['examples'] as unknown[] | undefined) ?? [configuration])),
        fc.array(edit, { maxLength: 5 }),
        (example, edits) => {
          const document = edits.reduce(apply, example);
          const isGood = compiled(document);
          expect(validate(document)).toBe(isGood);
          expect(listErrors(validate)).toEqual(listErrors(compiled));
          for (const [index, error] of (compiled.errors ?? []).entries()) {
            // A subschema is large, and the errors of one place share it: it is compared once.
            if (compared.has(error.schemaPath)) continue;
            compared.add(error.schemaPath);
            expect(validate.errors?.[index]?.parentSchema).toEqual(error.parentSchema);
          }
          verdicts[isGood ? 'accepted' : 'refused'] += 1;
        },
      ),
      { numRuns: 400 },
    );
    expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(20);
  });
});

describe('the build', () => {
  it('made a check of each of these schemas, and no other', () => {
    expect(readdirSync(folder).sort()).toEqual([...byName.keys()].map((name) => `${name}.cjs`).sort());
  });

  it('made one wherever documents that people write are checked', () => {
    const sources = [
      'manifest/parse',
      'config/resolve',
      'policy/parse',
      'policy/window-parse',
      'policy/policy-test',
    ];
    const checked = sources.flatMap((source) => {
      const text = readFileSync(new URL(`../../src/${source}.ts`, import.meta.url), 'utf8');
      return [...text.matchAll(/createCheck\((\w+),/g)].map(([, schema]) => schema);
    });
    expect(checked).toHaveLength(byName.size);
  });
});
