import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundText, escapeLog, escapeRecord, escapeTerminal, isPlainMessage } from '../../src/lib/escape.ts';

const cases: readonly (readonly [string, string, string])[] = [
  ['a colour sequence', '\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
  ['a title sequence with bell', '\u001b]0;owned\u0007', '\\u{1b}]0;owned\\u{7}'],
  ['an eight-bit CSI', '\u009b2J', '\\u{9b}2J'],
  ['carriage return', 'good\rbad', 'good\\rbad'],
  ['line feed and tab', 'a\nb\tc', 'a\\nb\\tc'],
  ['backspace and delete', 'a\b\u007f', 'a\\u{8}\\u{7f}'],
  ['NUL', 'a\u0000b', 'a\\u{0}b'],
  ['right-to-left override', 'exe.\u202egnp', 'exe.\\u{202e}gnp'],
  ['isolates', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
  ['zero width space', 'ad\u200bmin', 'ad\\u{200b}min'],
  ['line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['byte order mark', '\ufeffa', '\\u{feff}a'],
  ['tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
  ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
  ['words of many languages, left as they are', 'Zürich 東京 عربى 🚢', 'Zürich 東京 عربى 🚢'],
];

describe('escaping', () => {
  it.each(cases)('terminal and log show %s', (_name, text, shown) => {
    expect(escapeTerminal(text)).toBe(shown);
    expect(escapeLog(text)).toBe(shown);
  });

  it('leaves nothing active in any text, and is the same when applied twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = escapeTerminal(text);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(escapeTerminal(shown)).toBe(shown);
      }),
    );
  });

  it('bounds recorded words after escaping has made them longer', () => {
    expect(escapeRecord('\u0000'.repeat(1000), 500)).toHaveLength(500);
    expect(escapeRecord('plain', 500)).toBe('plain');
  });

  it('cuts between characters and marks the cut', () => {
    expect(boundText('abcdef', 4)).toBe('abc\u2026');
    expect(boundText('ab🚢🚢', 4)).toBe('ab\u2026');
    expect(boundText('abc', 3)).toBe('abc');
  });

  it.each([
    ['issue north-sea/unlock-aurora st-1\n\nSnowgate-Seq: 7\n', true],
    ['', true],
    ['tab\there', false],
    ['\u001b[2J', false],
    ['Zürich', false],
    ['x'.repeat(1001), false],
    ['carriage\r\nreturn', false],
  ])('a commit message %j is plain: %s', (message, plain) => {
    expect(isPlainMessage(message)).toBe(plain);
  });
});
