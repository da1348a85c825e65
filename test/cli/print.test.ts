import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatJson, redactPage } from '../../src/cli/print.ts';
import { createRedactor } from '../../src/lib/redact.ts';

const quiet = { redactor: { register: () => undefined, redact: (text: string) => text } };

describe('JSON for machines', () => {
  it('is what was given, in characters that a terminal only shows', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = formatJson({ value, [text]: text }, quiet);
        // JSON has no negative zero.
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, [text]: text })));
        expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['1b', '7f', '9b', 'ad', '202e', '200b', '2028', 'feff', 'e0041', 'd800'])(
    'escapes U+%s',
    (point) => {
      const text = String.fromCodePoint(Number.parseInt(point, 16));
      const json = formatJson([text], quiet);
      expect(json).toMatch(/^\[\n {2}"[ -~]+"\n\]\n$/);
      expect(JSON.parse(json)).toEqual([text]);
    },
  );

  it('keeps a name that others chose to be lost', () => {
    const text = '{"__proto__": {"deep": "x"}, "constructor": 1}';
    expect(JSON.parse(formatJson(JSON.parse(text), quiet))).toEqual(JSON.parse(text));
    expect(formatJson(JSON.parse(text), quiet)).toContain('"__proto__"');
  });

  it('holds no secret, neither in a text nor in a name', () => {
    const redactor = createRedactor();
    redactor.register('canary"secret', 'a file');
    const json = formatJson(
      {
        'canary"secret': [{ deep: 'see canary"secret' }, { 'canary"secret': 1 }],
        url: 'https://me:pw@host/',
      },
      { redactor },
    );
    expect(json).not.toMatch(/canary|pw/);
    expect(JSON.parse(json)).toEqual({
      '[redacted]': [{ deep: 'see [redacted]' }, { '[redacted]': 1 }],
      url: 'https://[redacted]@host/',
    });
  });
});

describe('a page', () => {
  it('is whole, however long it is, and tells no secret on any line', () => {
    const redactor = createRedactor();
    redactor.register('canary-of-the-test', 'a file');
    const lines = Array.from({ length: 5_000 }, (_, index) => `${index} held until canary-of-the-test`);
    const told = redactPage(`${lines.join('\n')}\n`, redactor).split('\n');
    expect(told).toHaveLength(5_001);
    expect(told.slice(0, -1)).toEqual(lines.map((_, index) => `${index} held until [redacted]`));
  });
});
