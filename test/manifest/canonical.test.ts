import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { canonicalJson } from '../../src/lib/digest.ts';
import { canonicalRevision, clientToken } from '../../src/manifest/canonical.ts';
import type { Revision } from '../../src/manifest/manifest.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };

const base: Revision = {
  fleet: 'north-sea',
  name: 'unlock-aurora-2026-11',
  command: 'unlock',
  targets: ['smd-fictbgr3rbcjeqa5'],
  description: 'Unlock after customs inspection',
  tags: { owner: 'marine-ops' },
  run: 1,
};

describe('the canonical form', () => {
  test('is RFC 8785 JSON of the revision and nothing else', () => {
    expect(canonicalRevision(base)).toBe(
      '{"apiVersion":"snowgate/v1","command":"unlock","description":"Unlock after customs inspection",' +
        '"fleet":"north-sea","kind":"Task","name":"unlock-aurora-2026-11","run":1,' +
        '"tags":{"owner":"marine-ops"},"targets":["smd-fictbgr3rbcjeqa5"]}',
    );
  });

  test('leaves out what is absent or empty', () => {
    const { description: _, ...rest } = base;
    expect(canonicalRevision({ ...rest, tags: {} })).toBe(
      '{"apiVersion":"snowgate/v1","command":"unlock","fleet":"north-sea","kind":"Task",' +
        '"name":"unlock-aurora-2026-11","run":1,"targets":["smd-fictbgr3rbcjeqa5"]}',
    );
  });

  test('sorts targets by UTF-16 code units', () => {
    const targets = ['smd-b', 'smd-B', 'smd-10', 'smd-9', 'smd-a'];
    expect(JSON.parse(canonicalRevision({ ...base, targets })).targets).toEqual([
      'smd-10',
      'smd-9',
      'smd-B',
      'smd-a',
      'smd-b',
    ]);
  });
});

describe('the token', () => {
  test('is frozen: a change of this value would issue everything again', () => {
    expect(clientToken(base)).toBe('ab697932d0c3c07bea0b42bdef878cbb00340da760f57754e43fc6ce549fa084');
  });

  test('is the SHA-256 of the canonical form without a final newline, within the limits of the API', () => {
    const expected = createHash('sha256').update(canonicalRevision(base), 'utf8').digest('hex');
    expect(clientToken(base)).toBe(expected);
    expect(clientToken(base)).toMatch(/^[!-~]{64}$/);
  });
});

describe('RFC 8785', () => {
  test('the vector of its section 3.2.4 gives its bytes', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('keys are sorted by UTF-16 code units, as in its section 3.2.3', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, ö: 7 };
    expect(Object.values(JSON.parse(canonicalJson(value), (_, v) => v))).toHaveLength(7);
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
  });
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const tagText = fc
  .stringMatching(/^[A-Za-z0-9 _.:/=+@-]{1,30}$/)
  .filter((key) => !/^(?:(?:aws|snowgate):|__proto__$)/i.test(key));
const revision: fc.Arbitrary<Revision> = fc.record({
  fleet: label,
  name: label,
  command: fc.constantFrom('unlock', 'reboot'),
  targets: fc.uniqueArray(fc.stringMatching(/^smd-[a-z0-9]{1,16}$/), { minLength: 1, maxLength: 10 }),
  description: fc.stringMatching(/^[A-Za-z0-9 _.,!#]{1,128}$/),
  tags: fc.dictionary(tagText, tagText, { maxKeys: 5 }),
  run: fc.integer({ min: 1, max: 1_000_000 }),
});

interface Style {
  readonly keysReversed: boolean;
  readonly targetsReversed: boolean;
  readonly isFlow: boolean;
  readonly quote: 'PLAIN' | 'QUOTE_DOUBLE' | 'QUOTE_SINGLE';
  readonly comment: string;
  readonly crlf: boolean;
}

const style: fc.Arbitrary<Style> = fc.record({
  keysReversed: fc.boolean(),
  targetsReversed: fc.boolean(),
  isFlow: fc.boolean(),
  quote: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
  comment: fc.stringMatching(/^[ -~]{0,30}$/),
  crlf: fc.boolean(),
});

/** The same manifest as another hand would write it. */
function write({ fleet, name, command, targets, description, tags, run }: Revision, how: Style): string {
  const order = <T extends object>(map: T): T =>
    how.keysReversed ? (Object.fromEntries(Object.entries(map).reverse()) as T) : map;
  const listed = how.targetsReversed ? [...targets].reverse() : targets;
  const document = order({
    apiVersion: 'snowgate/v1',
    kind: 'Task',
    metadata: { name },
    spec: order({ fleet, command, targets: listed, description, tags: order(tags), run }),
  });
  const text = stringify(document, {
    version: '1.2',
    defaultStringType: how.quote,
    defaultKeyType: how.quote,
    collectionStyle: how.isFlow ? 'flow' : 'block',
    aliasDuplicateObjects: false,
  });
  const commented = `# ${how.comment}\n---\n${text}\n# ${how.comment}\n`;
  return how.crlf ? commented.replaceAll('\n', '\r\n') : commented;
}

function parse(text: string) {
  const { manifests, problems } = parseManifestFile(new TextEncoder().encode(text), limits);
  expect(problems).toEqual([]);
  return manifests[0]?.manifest;
}

describe('properties of the token', () => {
  test('key order, quoting, comments, line ends and the order of targets change nothing', () => {
    fc.assert(
      fc.property(revision, style, style, (wanted, one, other) => {
        const token = clientToken(wanted);
        expect(parse(write(wanted, one))?.token).toBe(token);
        expect(parse(write(wanted, other))?.token).toBe(token);
      }),
      { numRuns: 500 },
    );
  });

  test('each field of the revision changes it', () => {
    const fields = ['fleet', 'name', 'command', 'targets', 'description', 'tags', 'run'] as const;
    fc.assert(
      fc.property(revision, revision, fc.constantFrom(...fields), (one, other, field) => {
        const changed = { ...one, [field]: other[field] };
        const isSame = canonicalJson(sorted(one[field])) === canonicalJson(sorted(other[field]));
        expect(clientToken(changed) === clientToken(one)).toBe(isSame);
      }),
      { numRuns: 1_000 },
    );
  });

  test('two revisions with one canonical form are one revision', () => {
    fc.assert(
      fc.property(revision, (wanted) => {
        const back = JSON.parse(canonicalRevision(wanted));
        expect({ ...wanted, targets: [...wanted.targets].sort() }).toEqual({ tags: {}, ...without(back) });
      }),
    );
  });
});

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...value].sort() : value;
}

function without({
  apiVersion: _version,
  kind: _kind,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  return rest;
}
