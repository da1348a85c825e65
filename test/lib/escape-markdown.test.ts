import { describe, expect, it } from 'vitest';
import {
  escapeMarkdown,
  escapeMarkdownHtml,
  markdownCode,
  markdownFence,
  markdownHtmlCode,
} from '../../src/lib/escape-markdown.ts';

const texts: readonly (readonly [string, string, string])[] = [
  ['prose', 'spec.command must be unlock or reboot, not "unlok" (100%)', 'the same'],
  [
    'names',
    'north-sea/unlock-aurora: waits; is it so? Zürich 東京 🚢',
    'north-sea/unlock-aurora: waits; is it so? Zürich 東京 `🚢`',
  ],
  ['a mention between marks of a sentence', 'ask (@ops), "@ann".', 'ask (`@ops`), "`@ann`".'],
  ['a place', 'see policies/p.yaml:6:2.', 'see `policies/p.yaml:6:2`.'],
  ['an instant', 'opens 2026-11-27T22:00:00Z', 'opens `2026-11-27T22:00:00Z`'],
  ['a commit', 'head c0ffee0 and c0ffee', 'head `c0ffee0` and c0ffee'],
  ['a flag', '--base or -b', '`--base` or `-b`'],
  ['a dash and a number that could begin lists', '- 1. one', '\\- 1\\. one'],
  ['a quick action', '/close and/or', '`/close` and/or'],
  ['backticks', 'a `b` ``c', 'a ``` `b` ``c ```'],
  ['a value in braces', 'is {owner: marine-ops}.', 'is `{owner: marine-ops}`.'],
  ['spaces', ' a  b ', ' a b '],
  ['a line end', 'a\nb c', '`a\\nb` c'],
];

describe('text in Markdown', () => {
  it.each(texts)('%s', (_name, text, shown) => {
    expect(escapeMarkdown(text)).toBe(shown === 'the same' ? text : shown);
  });

  it('is HTML between tags', () => {
    expect(escapeMarkdownHtml('a <b> & "c" - @d')).toBe(
      'a <code>&lt;b&gt; &amp;</code> &quot;c&quot; - <code>@d</code>',
    );
    expect(markdownHtmlCode('')).toBe('');
    expect(markdownHtmlCode('<a>')).toBe('<code>&lt;a&gt;</code>');
  });
});

describe('code in Markdown', () => {
  it.each([
    ['', ''],
    ['a b', '`a b`'],
    ['`', '`` ` ``'],
    ['a``b', '```a``b```'],
    [' a ', '`  a  `'],
    ['  ', '`  `'],
    ['a\r\n', '`a\\r\\n`'],
  ])('%j is %j', (text, written) => {
    expect(markdownCode(text)).toBe(written);
  });

  it('has a fence longer than any in it, and ends its lines alike', () => {
    expect(markdownFence('a\r\n```\n\u001b\n', 'text')).toBe('````text\na\n```\n\\u{1b}\n````');
  });
});
