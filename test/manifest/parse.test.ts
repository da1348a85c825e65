import { describe, expect, test } from 'vitest';
import { mayHide } from '../../src/manifest/manifest.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };

interface Written {
  head?: string;
  metadata?: string;
  name?: string;
  fleet?: string;
  command?: string;
  targets?: string;
  spec?: string;
}

/** One good manifest, and the one thing that differs. */
function write(difference: Written = {}): string {
  const {
    head = 'apiVersion: snowgate/v1\nkind: Task',
    metadata = '',
    name = 'unlock-a',
    spec = '',
  } = difference;
  const { fleet = 'north-sea', command = 'unlock', targets = '[smd-b, smd-a]' } = difference;
  const lines = [
    head,
    'metadata:',
    `  name: ${name}`,
    metadata,
    'spec:',
    `  fleet: ${fleet}`,
    `  command: ${command}`,
  ];
  return [...lines, `  targets: ${targets}`, spec]
    .filter((line) => line !== '')
    .join('\n')
    .concat('\n');
}

function parse(text: string) {
  return parseManifestFile(new TextEncoder().encode(text), limits);
}

function codes(text: string): string[] {
  return parse(text).problems.map(({ code }) => code);
}

test('a manifest is read with its defaults, and its targets sorted', () => {
  const file = parse(`# of the sea\n${write()}`);
  expect(file).toMatchObject({ problems: [], badNames: [], hidden: null });
  expect(file.manifests).toHaveLength(1);
  expect(file.manifests[0]).toMatchObject({
    line: 2,
    manifest: {
      fleet: 'north-sea',
      name: 'unlock-a',
      command: 'unlock',
      targets: ['smd-a', 'smd-b'],
      tags: {},
      run: 1,
      labels: {},
      annotations: {},
      token: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
  expect(file.manifests[0]?.manifest).not.toHaveProperty('description');
  expect(file.manifests[0]?.manifest).not.toHaveProperty('notBeforeMs');
});

const tagsOf = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}: v`).join(', ');
const targetsOf = (count: number): string =>
  `[${Array.from({ length: count }, (_, i) => `smd-${i}`).join(', ')}]`;

describe('accepted', () => {
  test.each<[string, Written]>([
    ['a name of 63', { name: 'n'.repeat(63) }],
    ['a name of digits in quotes', { name: '"7"' }],
    ['reboot', { command: 'reboot' }],
    ['10 targets', { targets: targetsOf(10) }],
    ['a target id of 64', { targets: `[${'s'.repeat(64)}]` }],
    ['a description of 128', { spec: `  description: ${'d'.repeat(128)}` }],
    ['every character of a description', { spec: "  description: 'AZaz09 _.,!#'" }],
    ['a folded description', { spec: '  description: >-\n    one\n    two' }],
    ['45 tags', { spec: `  tags: {${tagsOf(45)}}` }],
    ['a tag key of 128 and a value of 256', { spec: `  tags: {${'k'.repeat(128)}: ${'v'.repeat(256)}}` }],
    ['an empty tag value', { spec: '  tags: {k: ""}' }],
    ['letters of every alphabet in tags', { spec: '  tags: {"Ärger & ΑΩ 漢字": x}'.replace(' &', '') }],
    ['every sign of a tag', { spec: '  tags: {"a_.:/=+-@b c": "_.:/=+-@ "}' }],
    ['a tag key that only looks reserved', { spec: '  tags: {awsome: x, "my:aws:x": y}' }],
    ['an empty tags map', { spec: '  tags: {}' }],
    ['run 1,000,000', { spec: '  run: 1000000' }],
    ['run 1.0, which is the number 1', { spec: '  run: 1.0' }],
    [
      'times in different zones',
      { spec: '  notBefore: 2026-11-27T22:00:00+01:00\n  notAfter: 2026-11-27T21:00:01Z' },
    ],
    ['a label value that is empty', { metadata: '  labels: {site: ""}' }],
    ['an annotation of several lines', { metadata: '  annotations:\n    why: |\n      one\n      two' }],
  ])('%s', (_name, difference) => {
    const { problems, manifests } = parse(write(difference));
    expect(problems).toEqual([]);
    expect(manifests).toHaveLength(1);
  });
});

describe('refused', () => {
  test.each<[string, Written, string]>([
    ['no apiVersion', { head: 'kind: Task' }, 'SG1102'],
    ['a misspelt apiVersion', { head: 'apiVersion: snowgate/v2\nkind: Task' }, 'SG1201'],
    ['no kind', { head: 'apiVersion: snowgate/v1' }, 'SG1102'],
    ['a misspelt kind', { head: 'apiVersion: snowgate/v1\nkind: Tsak' }, 'SG1202'],
    ['another kind', { head: 'apiVersion: snowgate/v1\nkind: Deployment' }, 'SG1202'],
    ['a kind that is a number', { head: 'apiVersion: snowgate/v1\nkind: 1' }, 'SG1202'],
    ['a window', { head: 'apiVersion: snowgate/v1\nkind: Window' }, 'SG1203'],
    ['a policy', { head: 'apiVersion: snowgate/v1\nkind: Policy' }, 'SG1203'],
    ['a suspension', { head: 'apiVersion: snowgate/v1\nkind: Suspension' }, 'SG1203'],
    ['a waiver', { head: 'apiVersion: snowgate/v1\nkind: Waiver' }, 'SG1203'],
    ['a controller', { head: 'apiVersion: snowgate/v1\nkind: Controller' }, 'SG1204'],
    ['a name of 64', { name: 'n'.repeat(64) }, 'SG1106'],
    ['a name with a capital', { name: 'Unlock' }, 'SG1105'],
    ['a name with a slash', { name: 'a/b' }, 'SG1105'],
    ['a name that ends with a hyphen', { name: 'a-' }, 'SG1105'],
    ['a name with a line break', { name: '"a\\n"' }, 'SG1105'],
    ['a name that is a number', { name: '7' }, 'SG1103'],
    ['an empty name', { name: '""' }, 'SG1106'],
    ['a fleet with a dot', { fleet: 'a.b' }, 'SG1105'],
    ['an unknown command', { command: 'rebot' }, 'SG1104'],
    ['no targets', { targets: '[]' }, 'SG1106'],
    ['11 targets', { targets: targetsOf(11) }, 'SG1106'],
    ['a repeated target', { targets: '[smd-a, smd-b, smd-a]' }, 'SG1108'],
    ['a target id of 65', { targets: `[${'s'.repeat(65)}]` }, 'SG1106'],
    ['a target id with a slash', { targets: '["../x"]' }, 'SG1105'],
    ['one target that is no list', { targets: 'smd-a' }, 'SG1103'],
    ['an empty description', { spec: '  description: ""' }, 'SG1106'],
    ['a description of 129', { spec: `  description: ${'d'.repeat(129)}` }, 'SG1106'],
    ['a description with a hyphen', { spec: '  description: re-boot' }, 'SG1105'],
    ['a description with a line break', { spec: '  description: |\n    one' }, 'SG1105'],
    ['46 tags', { spec: `  tags: {${tagsOf(46)}}` }, 'SG1106'],
    ['a tag key of 129', { spec: `  tags: {${'k'.repeat(129)}: v}` }, 'SG1110'],
    ['an empty tag key', { spec: '  tags: {"": v}' }, 'SG1110'],
    ['a tag value of 257', { spec: `  tags: {k: ${'v'.repeat(257)}}` }, 'SG1106'],
    ['a tag value with a comma', { spec: '  tags: {k: "a,b"}' }, 'SG1105'],
    ['a tag value that is a number', { spec: '  tags: {k: 1}' }, 'SG1103'],
    ['a tag of AWS', { spec: '  tags: {"aws:x": v}' }, 'SG1208'],
    ['a tag of AWS in capitals', { spec: '  tags: {"AWS:x": v}' }, 'SG1208'],
    ['a tag of ours', { spec: '  tags: {"snowgate:revision": v}' }, 'SG1208'],
    ['run 0', { spec: '  run: 0' }, 'SG1107'],
    ['run 1,000,001', { spec: '  run: 1000001' }, 'SG1107'],
    ['run 1.5', { spec: '  run: 1.5' }, 'SG1103'],
    ['run in quotes', { spec: '  run: "2"' }, 'SG1103'],
    ['run that is empty', { spec: '  run:' }, 'SG1103'],
    ['a time without an offset', { spec: '  notBefore: 2026-11-27T22:00:00' }, 'SG1207'],
    ['a time with a space', { spec: '  notBefore: 2026-11-27 22:00:00Z' }, 'SG1207'],
    ['a leap second', { spec: '  notBefore: 2026-12-31T23:59:60Z' }, 'SG1207'],
    ['a day of no month', { spec: '  notAfter: 2026-02-30T00:00:00Z' }, 'SG1207'],
    ['a time that is a number', { spec: '  notAfter: 2026' }, 'SG1207'],
    [
      'an end at its beginning',
      { spec: '  notBefore: 2026-01-01T01:00:00+01:00\n  notAfter: 2026-01-01T00:00:00Z' },
      'SG1206',
    ],
    ['an empty after', { spec: '  after: []' }, 'SG1106'],
    ['an after that is no name', { spec: '  after: [B]' }, 'SG1105'],
    ['an after twice', { spec: '  after: [b, b]' }, 'SG1108'],
    ['an unknown key', { spec: '  descripton: x' }, 'SG1101'],
    ['a label value with a space', { metadata: '  labels: {a: "b c"}' }, 'SG1105'],
    ['a label key with a space', { metadata: '  labels: {"a b": c}' }, 'SG1110'],
    ['an annotation of 1,025', { metadata: `  annotations: {a: ${'x'.repeat(1025)}}` }, 'SG1106'],
    ['an annotation that is true', { metadata: '  annotations: {a: true}' }, 'SG1103'],
  ])('%s', (_name, difference, code) => {
    expect(codes(write(difference))).toEqual([code]);
    expect(parse(write(difference)).manifests).toEqual([]);
  });

  test.each(['- a', 'text', '1', '[]'])('the document %j, which is no map', (text) => {
    expect(codes(text)).toEqual(['SG1209']);
  });
});

describe('problems', () => {
  test.each([
    [
      'apiVersion: snowgate/v1\nkind: Task\nspec: {}',
      [
        'metadata: write metadata with name in it',
        'spec.fleet: write fleet: lower-case letters, digits and hyphens, beginning and ending with a letter or digit, such as north-sea',
        'spec.command: write command: unlock or reboot',
        'spec.targets: write targets, such as targets: [smd-fictbgr3rbcjeqa5]',
      ],
    ],
    [
      'kind: Task\nmetadata: {}',
      [
        'apiVersion: write apiVersion: snowgate/v1',
        'spec: write spec with fleet, command, targets in it',
        'metadata.name: write name: lower-case letters, digits and hyphens, beginning and ending with a letter or digit, such as unlock-aurora-2026-11',
      ],
    ],
  ])('what is missing is told with what to write: %j', (text, expected) => {
    const told = parse(text).problems.map(
      ({ message, hint }) => `${message.replace(' is missing', '')}: ${hint}`,
    );
    expect(told.sort()).toEqual([...expected].sort());
  });

  test('all of a document come at once, each with its place and its way out', () => {
    const text = write({
      head: 'apiVersion: snowgate/v1\nkind: Tsak',
      command: 'rebot',
      spec: '  tagets: []\n  tags: {"aws:a": 1}\n  description: a-b\n  notBefore: 2026-13-01T00:00:00Z',
    });
    expect(
      parse(text).problems.map((p) => `${p.line}:${p.column} ${p.code} ${p.message} (${p.hint})`),
    ).toEqual([
      '2:7 SG1202 kind must be Task, not "Tsak" (did you mean Task?)',
      '7:12 SG1104 spec.command must be unlock or reboot, not "rebot" (did you mean reboot?)',
      '9:3 SG1101 unknown key spec.tagets (did you mean targets?)',
      '10:10 SG1208 the tag key "aws:a" is reserved (keys beginning aws: belong to AWS, those beginning snowgate: to snowgate)',
      '10:19 SG1103 spec.tags."aws:a" must be text, not a number (put it in quotes: "...")',
      '11:16 SG1105 spec.description "a-b" has "-" as character 2 (AWS allows letters, digits, spaces and _ . , ! # (no hyphen, slash, colon or quote))',
      '12:14 SG1207 spec.notBefore "2026-13-01T00:00:00Z" is a day that is not in the calendar (write 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z)',
    ]);
  });

  test('of two targets that are the same, the later repeats the first', () => {
    const [problem] = parse(write({ targets: '[smd-a, smd-b, smd-a]' })).problems;
    expect(problem).toMatchObject({
      column: '  targets: [smd-a, smd-b, '.length + 1,
      message: 'spec.targets[2] repeats spec.targets[0]',
    });
  });

  test('a misspelt key is not also missing', () => {
    expect(codes(write().replace('targets:', 'target:'))).toEqual(['SG1101']);
    expect(codes(write().replace('  targets: [smd-b, smd-a]', ''))).toEqual(['SG1102']);
  });

  test('a thousand of them are cut, and counted', () => {
    const keys = Array.from({ length: 1000 }, (_, i) => `  x${i}: 1`).join('\n');
    const { problems } = parse(write({ spec: keys }));
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toMatchObject({ code: 'SG1111', message: expect.stringContaining('950 more') });
  });

  test('hostile text is shown escaped and cut', () => {
    const [problem] = parse(write({ command: `"\\x41${'x'.repeat(500)}"` })).problems;
    expect(problem?.message.length).toBeLessThan(150);
  });
});

describe('several documents', () => {
  const good = write({ name: 'good' });

  test('a bad one is quarantined, and the others are read', () => {
    const file = parse(
      `${write({ name: 'a' })}---\n${write({ name: 'b', command: 'x' })}---\na: [\n---\n${good}`,
    );
    expect(file.manifests.map(({ manifest }) => manifest.name)).toEqual(['a', 'good']);
    expect(file.manifests.map(({ line }) => line)).toEqual([1, 21]);
    expect(file.problems.map(({ code }) => code)).toEqual(['SG1104', 'SG1006']);
    expect(file.badNames).toEqual(['north-sea/b']);
    expect(file.hidden).not.toBeNull();
  });

  test.each<[string, string, readonly string[], boolean]>([
    ['whose name is legible bears that name', write({ command: 'x' }), ['north-sea/unlock-a'], false],
    ['of a misspelt kind bears its name', write({ head: 'kind: Tsk' }), ['north-sea/unlock-a'], false],
    ['whose name is no name may bear any', write({ name: 'A' }), [], true],
    ['whose name key is misspelt may bear any', write().replace('name:', 'nmae:'), [], true],
    ['without a fleet may bear any', write().replace('  fleet: north-sea\n', ''), [], true],
    ['that is no YAML may bear any', 'a: [', [], true],
  ])('a bad one %s', (_name, text, badNames, isHiding) => {
    const file = parse(`${good}---\n${text}`);
    expect(file.badNames).toEqual(badNames);
    expect(file.hidden !== null).toBe(isHiding);
  });

  test('a file that cannot be split has problems and no manifests', () => {
    const file = parse(`${good}<<<<<<< ours\n---\n${good}`);
    expect(file).toMatchObject({ manifests: [], problems: [{ code: 'SG1018' }] });
    expect(file.hidden).toContain('good');
  });

  test('an empty file wants nothing', () => {
    expect(parse('')).toEqual({ manifests: [], problems: [], badNames: [], hidden: null });
    expect(parse('---\n# later\n---\n')).toEqual({
      manifests: [],
      problems: [],
      badNames: [],
      hidden: null,
    });
  });
});

test('the digest changes with every field of the document, the token with those of the revision', () => {
  const of = (difference: Written) => parse(write(difference)).manifests[0]?.manifest;
  const base = of({});
  for (const difference of [
    { metadata: '  labels: {a: b}' },
    { metadata: '  annotations: {a: b}' },
    { spec: '  notBefore: 2026-11-27T22:00:00Z' },
    { spec: '  notAfter: 2026-11-27T22:00:00Z' },
  ]) {
    expect(of(difference)?.token).toBe(base?.token);
    expect(of(difference)?.digest).not.toBe(base?.digest);
  }
});

describe('what an unreadable file may hide', () => {
  const broken = (text: string): string => `a: [\n${text}`;

  test.each([
    ['a name in plain', broken('name: unlock-a'), true],
    ['a quoted name', broken('"name": "unlock-a"'), true],
    ['a name that was commented out', broken('# name: unlock-a'), true],
    ['a longer name', broken('name: unlock-a-2'), false],
    ['a shorter one', broken('name: unlock'), false],
    ['no name at all', broken(''), false],
    ['an escape, behind which there may be any', broken('name: "\\u0075nlock-a"'), true],
    ['a broken line, behind which there may be any', broken('name: "unlock\\\n  -a"'), true],
  ])('%s', (_what, text, hides) => {
    const { hidden } = parse(text);
    expect(hidden !== null && mayHide(hidden, 'unlock-a')).toBe(hides);
  });

  test('any name, where it is written in another encoding', () => {
    const bytes = Buffer.from('name: unlock-b', 'utf16le');
    const { hidden } = parseManifestFile(bytes, limits);
    expect(hidden).toBe('any');
  });
});
