import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readDocuments } from '../../src/lib/document.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
const corpus = new URL('../corpus/yaml/', import.meta.url);

function read(text: string, overrides: Partial<typeof limits> = {}) {
  return readDocuments(new TextEncoder().encode(text), { ...limits, ...overrides });
}

/** Values of the good documents, codes of the bad ones, in their order. */
function outline(text: string, overrides: Partial<typeof limits> = {}): unknown[] {
  const file = read(text, overrides);
  if (!file.ok) return file.problems.map(({ code }) => code);
  return file.documents.map((d) => (d.ok ? d.value : d.problems.map(({ code }) => code).join()));
}

describe('the corpus', () => {
  test.each(readdirSync(corpus))('%s is judged as its name says', (name) => {
    const file = readDocuments(readFileSync(new URL(name, corpus)), limits);
    const problems = file.ok ? file.documents.flatMap((d) => (d.ok ? [] : d.problems)) : file.problems;
    const expected = name.startsWith('ok-') ? undefined : name.split('-')[0];
    expect(problems[0]?.code).toBe(expected);
    for (const { message, hint } of problems) {
      expect(`${message}${hint}`).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  });
});

describe('values', () => {
  test.each<[string, unknown]>([
    ['a: 12', { a: 12 }],
    ['a: -1', { a: -1 }],
    ['a: 0x1F', { a: 31 }],
    ['a: 0o17', { a: 15 }],
    ['a: 0b1', { a: '0b1' }],
    ['a: 1.50', { a: 1.5 }],
    ['a: 1e3', { a: 1000 }],
    ['a: 9007199254740991', { a: 9007199254740991 }],
    ['a: True', { a: true }],
    ['a: yes', { a: 'yes' }],
    ['a: 1_000', { a: '1_000' }],
    ['a: ~', { a: null }],
    ['a:', { a: null }],
    ['a: "\\U0001F600"', { a: '😀' }],
    ['a: >-\n  x\n  y', { a: 'x y' }],
    ['constructor: 1\ntoString: 2', { constructor: 1, toString: 2 }],
    ['"": 1', { '': 1 }],
    ['\uFEFFa: 1', { a: 1 }],
    ['a: 1\r\nb: 2\r\n', { a: 1, b: 2 }],
    ['- 1\n- [2, {a: 3}]', [1, [2, { a: 3 }]]],
    ['text', 'text'],
  ])('%j is %j', (text, value) => {
    expect(outline(text)).toEqual([value]);
  });
});

describe('places', () => {
  test.each<[string, number, number]>([
    ['a: 1\nb: &x 1\n', 2, 4],
    ['# c\n---\na: 1\n---\nb: 1\nb: 2\n', 6, 1],
    ['a: 1\n1: 2\n', 2, 1],
    ['a: {b: 1,\n  # why?\n  true: 2}\n', 3, 3],
    ['a: 1\n<<: {}\n', 2, 1],
    ['a: 1\nb:\n  - 0777\n', 3, 5],
    ['é: 1\n\u0001', 2, 1],
    ['a: "x\\u0000"', 1, 4],
  ])('%j is wrong at %i:%i', (text, line, column) => {
    const file = read(text);
    const problems = file.ok ? file.documents.flatMap((d) => (d.ok ? [] : d.problems)) : file.problems;
    expect(problems[0]).toMatchObject({ line, column });
  });

  test('the first bad byte of a file that is not UTF-8 is pointed at', () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('a: 1\nbé: '), 0xff, 0x0a]);
    expect(readDocuments(bytes, limits)).toMatchObject({
      problems: [{ code: 'SG1002', line: 2, column: 5 }],
    });
  });

  test('keys and values of an accepted document are found', () => {
    const file = read('# head\n---\na:\n  "b c": [1, {d: 2}]\n');
    const document = file.ok ? file.documents[0] : undefined;
    if (document?.ok !== true) throw new Error('the document is good');
    const { locate, line } = document;
    expect(line).toBe(3);
    expect(locate(['a', 'b c'], 'key')).toEqual({ line: 4, column: 3 });
    expect(locate(['a', 'b c', 1, 'd'])).toEqual({ line: 4, column: 18 });
    expect(locate(['a', 'missing', 'deeper'])).toEqual({ line: 4, column: 3 });
    expect(locate([])).toEqual({ line: 3, column: 1 });
  });
});

describe('several documents', () => {
  test('one that is bad leaves the others readable', () => {
    expect(outline('a: 1\n---\nb: [\n---\nc: "x\n---\nd: 4\n')).toEqual([
      { a: 1 },
      'SG1006',
      'SG1006',
      { d: 4 },
    ]);
  });

  test('every problem that can be told apart is told', () => {
    expect(outline('a: 01\n2: .inf\n<<: 1\nb: "\\0"\n')).toEqual(['SG1015,SG1011,SG1014,SG1013,SG1017']);
  });

  test('empty ones mean nothing', () => {
    expect(outline('---\n# a\n---\nb: 1\n---\n...\n---\n')).toEqual([{ b: 1 }]);
  });

  test('a directive spoils the document that it stands before, and no other', () => {
    expect(outline('a: 1\n...\n%YAML 1.1\n---\nb: yes\n---\nc: 1\n')).toEqual([{ a: 1 }, 'SG1010', { c: 1 }]);
  });

  test('more than allowed are refused whole', () => {
    expect(outline('a: 1\n---\nb: 2\n---\nc: 3\n', { documentsPerFile: 2 })).toEqual(['SG1005']);
  });
});

describe('bounds', () => {
  test('a file is refused by its size before it is decoded', () => {
    expect(outline('a: 1', { fileBytes: 3 })).toEqual(['SG1001']);
    expect(outline('a: 1', { fileBytes: 4 })).toEqual([{ a: 1 }]);
  });

  test.each([
    ['flow', (n: number) => '['.repeat(n) + ']'.repeat(n)],
    ['maps', (n: number) => `${'{a: '.repeat(n)}1${'}'.repeat(n)}`],
    ['block', (n: number) => `${'- '.repeat(n)}x`],
    ['indented', (n: number) => Array.from({ length: n }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
    ['mixed', (n: number) => `${'- '.repeat(n - 1)}k: v`],
  ])('the depth of %s counts lists and maps exactly', (_name, nest) => {
    for (const depth of [1, 2, 8, 32]) {
      expect(outline(nest(depth), { depth })).not.toContain('SG1007');
      expect(outline(nest(depth + 1), { depth })).toEqual(['SG1007']);
    }
  });
});

const pieces = [
  'a',
  'b: ',
  '\n',
  '\n  ',
  '\n    ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  ', ',
  ': ',
  '"',
  "'",
  '|',
  '>',
  '#',
  ' # x',
]
  .concat([
    '\n---\n',
    '\n...\n',
    '1',
    '01',
    '0x1',
    '~',
    'true',
    '1e4',
    '\\',
    '\\n',
    ' ',
    'k: v\n',
    '"q"',
    '\r\n',
    'é',
  ])
  .concat(['? ', '<<: ', '&a ', '*a', '!t ', '1: ', '\\\n', '\n\n']);

/** Texts of nothing but white space become empty ones, at any depth. */
function emptyBlanks(value: unknown): unknown {
  if (typeof value === 'string') return /^\s*$/.test(value) ? '' : value;
  if (Array.isArray(value)) return value.map(emptyBlanks);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [emptyBlanks(key), emptyBlanks(item)]),
  );
}

test('whatever both parsers accept means the same to both', () => {
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 16 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (written) => {
      const file = read(written);
      if (!file.ok || file.documents.some((d) => !d.ok)) return;
      const documents = parseAllDocuments(written, {
        schema: 'core',
        version: '1.2',
        merge: false,
        resolveKnownTags: false,
        stringKeys: true,
        logLevel: 'silent',
      });
      if (!Array.isArray(documents) || documents.some((d) => d.errors.length + d.warnings.length > 0)) return;
      const ours = file.documents.map((d) => (d.ok ? d.value : null)).filter((value) => value !== null);
      const theirs = documents
        .map((d): unknown => d.toJS({ maxAliasCount: 0 }))
        .filter((value) => value !== null);
      // A block scalar alone is a document too, and the parsers differ about its indent; none of ours is one.
      if (ours.some((value) => typeof value === 'string')) return;
      // Block scalars that hold nothing but white space are read differently, and mean nothing to anybody.
      const [mine, other] = [ours, theirs].map((values) =>
        /[|>]/.test(written) ? emptyBlanks(values) : values,
      );
      expect(mine).toEqual(other);
    }),
    { numRuns: Number(process.env.SNOWGATE_YAML_CASES ?? 20_000) },
  );
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const file = readDocuments(bytes, limits);
      if (!file.ok) expect(file.problems.length).toBeGreaterThan(0);
    }),
    { numRuns: 5_000 },
  );
});
