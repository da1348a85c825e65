/** YAML and schemas made to be slow, or to say what no reviewer sees: written bytes, in a repository beside a good manifest. */
import { expect, it } from 'vitest';
import { controllerSchema } from '../../src/config/schema.ts';
import { readDocuments } from '../../src/lib/document.ts';
import { createCheck } from '../../src/lib/document-check.ts';
import type { JsonSchema } from '../../src/lib/document-compile.ts';
import { BugError } from '../../src/lib/faults.ts';
import { taskSchema } from '../../src/manifest/schema.ts';
import { readHead, startMs, taskText, wantedIn } from '../contract/source-world.ts';
import { openSourceWorld } from '../git/source-world.ts';

const fileBytes = 65_536;

/** As much of a text as a file may hold. */
function fill(head: string, unit: (index: number) => string, tail = ''): string {
  let text = head;
  for (let index = 0; text.length + tail.length < fileBytes - 100; index += 1) text += unit(index);
  return text + tail;
}

/** The codes told of each file of a repository in which a good manifest stands, too. */
async function told(files: Readonly<Record<string, string>>): Promise<Record<string, string[]>> {
  const world = await openSourceWorld();
  try {
    const named = Object.entries(files).map(([name, text]) => [`tasks/${name}`, text] as const);
    const all = { ...Object.fromEntries(named), 'tasks/good.yaml': taskText('good') };
    await world.commit({ files: all, timeMs: startMs });
    const tree = await readHead(world.source);
    expect(wantedIn(tree).size).toBe(1);
    const codes = tree.files.map(({ path, parsed }) => {
      for (const { message, line } of parsed.problems) {
        expect(message.length).toBeLessThan(400);
        expect(line).toBeGreaterThan(0);
      }
      return [path.replace('tasks/', ''), parsed.problems.map(({ code }) => code)];
    });
    return Object.fromEntries(codes);
  } finally {
    await world.end();
  }
}

it('a merge of one alias again and again is refused at the anchor (CVE-2026-53550)', async () => {
  const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}: 1`).join(', ');
  expect(
    await told({
      'a-list.yaml': fill(`a: &a {${keys}}\nb:\n  <<: [`, () => '*a, ', '*a]\n'),
      'b-each.yaml': fill(`a: &a {${keys}}\nb:\n`, (index) => `  - {<<: *a, x: ${index}}\n`),
      'c-nested.yaml': fill(
        'a0: &a0 {x: 1}\n',
        (index) => `a${index + 1}: &a${index + 1} {<<: *a${index}}\n`,
      ),
      'd-only-merge.yaml': 'a:\n  <<: {command: reboot}\n',
      'e-laughs.yaml': fill(
        'a0: &a0 [x]\n',
        (index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`,
      ),
    }),
  ).toEqual({
    'a-list.yaml': ['SG1008'],
    'b-each.yaml': ['SG1008'],
    'c-nested.yaml': ['SG1008'],
    'd-only-merge.yaml': ['SG1013'],
    'e-laughs.yaml': ['SG1008'],
    'good.yaml': [],
  });
});

it('$data in a manifest is data, and a pattern in it is never run (CVE-2025-69873, GHSA-2g4f-4pwh-qvx6)', async () => {
  const evil = `${'a'.repeat(50_000)}!`;
  expect(
    await told({
      'a-data.yaml': taskText('a').replace('command: reboot', 'command: {$data: 2/metadata/name}'),
      'b-pattern.yaml': taskText('b', `  pattern: "^(a|a)*$"\n  description: ${evil}\n`),
      'c-schema.yaml': `$schema: {$data: "0"}\n$ref: "#"\n${taskText('c')}`,
      'd-name.yaml': taskText(`${'a-'.repeat(25_000)}!`),
      'e-time.yaml': taskText('e', `  notBefore: "${'2026-11-27T22:00:00'.repeat(2_000)}"\n`),
    }),
  ).toEqual({
    'a-data.yaml': ['SG1103'],
    'b-pattern.yaml': expect.arrayContaining(['SG1101', 'SG1106']),
    'c-schema.yaml': ['SG1101', 'SG1101'],
    'd-name.yaml': expect.arrayContaining(['SG1106']),
    'e-time.yaml': ['SG1207'],
    'good.yaml': [],
  });
});

/** Every pattern of a schema, however deep. */
function patternsIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === 'pattern' && typeof value === 'string' ? [value] : patternsIn(value),
  );
}

it.each([
  ['tasks', taskSchema],
  ['configurations', controllerSchema],
])(
  'no pattern of the schema of %s takes more than one walk through a text (CVE-2025-69873)',
  (_name, schema) => {
    const patterns = [...new Set(patternsIn(schema))];
    expect(patterns.length).toBeGreaterThan(3);
    const units = ['a', '-', '.', '0', 'a-', 'a.', 'a/', '1:', ' ', '@', 'é', 'aA0', '12:34:56.'];
    for (const pattern of patterns) {
      // As ajv compiles them. A pattern that backtracks would not end within the life of the runner.
      const compiled = new RegExp(pattern, 'u');
      for (const unit of units) compiled.test(`${unit.repeat(fileBytes / unit.length)}\n!`);
    }
  },
);

it('a schema of ours that would read its rule out of the document does not compile (CVE-2025-69873, GHSA-2g4f-4pwh-qvx6)', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { rule: { type: 'string' }, text: { type: 'string', pattern: { $data: '1/rule' } } },
  };
  const file = readDocuments(
    Buffer.from('rule: "^(a|a)*$"\ntext: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n'),
    {
      fileBytes,
      documentsPerFile: 1,
      depth: 32,
    },
  );
  const document = file.ok ? file.documents[0] : undefined;
  if (document?.ok !== true) throw new Error('the document is good');
  const check = createCheck(schema, { showsValues: true });
  expect(() => check(document)).toThrow(BugError);
});
