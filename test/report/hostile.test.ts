/** Nothing that others wrote gets out of any format, or makes a reader see another text than is there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeTerminal } from '../../src/lib/escape.ts';
import { renderReport } from '../../src/report/rendering.ts';
import { readCommands } from './command-reader.ts';
import { readMarkdown } from './markdown-reader.ts';
import { hostileText, hostileTexts, plant } from './planted.ts';
import { emptyReport, settings } from './sample.ts';
import { readSarif } from './sarif-reader.ts';
import { readXml, type XmlElement } from './xml-reader.ts';

/** One line on which everything can be seen; spaces side by side are one where a page is laid out. */
const seen = escapeTerminal;
const laidOut = (text: string): string => seen(text).replace(/ +/g, ' ').replace(/^ | $/g, '');

function checkMarkdown(text: string): void {
  const nodes = readMarkdown(renderReport('markdown', plant(text), settings));
  const harmless = readMarkdown(renderReport('markdown', plant('x'), settings));
  expect(nodes.map(({ kind }) => kind)).toEqual(harmless.map(({ kind }) => kind));
  const expected = laidOut(text);
  const [title, summary, heading, paragraph] = nodes;
  expect(title?.text).toBe(`${expected}: failed`);
  for (const node of [summary, heading, paragraph]) expect(node?.text).toBe(expected);
  const code = nodes.find(({ kind }) => kind === 'code text')?.text;
  expect(code).toBe(text.replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n').map(seen).join('\n'));
  const where = `${seen(text)}:7:3 `;
  const items = nodes.filter(({ kind }) => kind === '- ').map((node) => node.text);
  expect(items.slice(2)).toEqual([
    `${where}error SG6301: ${expected}`,
    `error SG6301: ${expected}`,
    `${where}warning SG6301: ${expected}`,
    `${where}note SG6301: ${expected}`,
  ]);
}

function checkGithub(text: string): void {
  const commands = readCommands(renderReport('github', plant(text), settings));
  const place = { file: seen(text), line: '7', col: '3', title: 'SG6301' };
  const message = `${seen(text)}\nhint: ${seen(text)}`;
  expect(commands).toEqual([
    { name: 'error', properties: place, message },
    { name: 'error', properties: { title: 'SG6301' }, message },
    { name: 'warning', properties: place, message },
    { name: 'notice', properties: place, message },
    { name: 'notice', properties: { title: seen(text) }, message: seen(text) },
  ]);
}

function checkJunit(text: string): void {
  const shown = seen(text).replace(/[\ufffe\uffff]/g, (one) => `\\u{${one.charCodeAt(0).toString(16)}}`);
  const root = readXml(renderReport('junit', plant(text), settings));
  const [suite, other] = root.children;
  expect([root.attributes['name'], suite?.attributes['name'], other]).toEqual([shown, shown, undefined]);
  const [failed, skipped, third] = suite?.children ?? [];
  expect(third).toBeUndefined();
  const attributes = { classname: shown, file: shown, line: '7' };
  expect(failed?.attributes).toEqual({ name: shown, ...attributes });
  expect(skipped?.attributes).toEqual({ name: `${shown}2`, ...attributes });
  const leaf = { children: [], attributes: { message: shown } };
  expect(failed?.children).toEqual([{ ...leaf, name: 'failure', text: `${shown}\n${shown}` }]);
  expect(skipped?.children).toEqual([{ ...leaf, name: 'skipped', text: '' }] satisfies XmlElement[]);
}

/** As a viewer shows a plain message of SARIF. */
function shownBySarif(message: string): string {
  expect(message).not.toMatch(/(?<!\\)(?:\\\\)*\]\(/);
  return message.replace(/\{\{|\}\}|\\\\|\\\]/g, (pair) => pair.charAt(1));
}

function nameIfActive(character: string): string {
  if (seen(character) === character) return character;
  return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`;
}

function checkSarif(text: string): void {
  const { results, notifications } = readSarif(renderReport('sarif', plant(text), settings));
  const shown = [...text].map(nameIfActive).join('');
  expect(results.map(({ level }) => level)).toEqual(['error', 'warning', 'note']);
  expect(notifications).toHaveLength(1);
  for (const { message } of [...results, ...notifications]) {
    expect(shownBySarif(message)).toBe(`${shown}; ${shown}`);
  }
  const path = text.replace(/\p{Surrogate}/gu, '\ufffd');
  for (const { uri } of results) {
    expect(uri).toMatch(/^(?:[A-Za-z0-9/._~!'()*-]|%[0-9A-F]{2}|file:)*$/);
    expect(decodeURIComponent(uri.replace(/^file:\/\//, ''))).toBe(path);
  }
}

interface Issue {
  readonly description: string;
  readonly location: { readonly path: string };
}

function checkGitlab(text: string): void {
  const issues = JSON.parse(renderReport('gitlab', plant(text), settings)) as Issue[];
  const shown = seen(text);
  expect(issues.map(({ description }) => description)).toEqual(Array(4).fill(`${shown}; ${shown}`));
  expect(issues.map(({ location }) => location.path)).toEqual([shown, '.', shown, shown]);
}

const checks = { checkMarkdown, checkGithub, checkJunit, checkSarif, checkGitlab };

describe.each(Object.entries(checks))('%s', (_name, check) => {
  it.each(hostileTexts)('%s', (_what, text) => {
    check(text);
  });

  it('any other text', () => {
    // An empty text leaves a mark out, which is no way out.
    fc.assert(
      fc.property(
        hostileText.filter((text) => laidOut(text) !== ''),
        check,
      ),
    );
  });
});

describe('every format', () => {
  it.each(['markdown', 'github', 'junit', 'sarif', 'gitlab'] as const)('%s acts on no terminal', (format) => {
    for (const [, text] of hostileTexts) {
      const written = renderReport(format, plant(text), settings);
      expect(written).not.toMatch(/(?!\n)\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u);
      expect(written).toBe(Buffer.from(written, 'utf8').toString('utf8'));
    }
  });
});

describe('a page in Markdown', () => {
  it.each([
    ['an address', ['www', '.evil.example'], '`www.evil.example`'],
    ['a commit', ['see c0ffee', '00'], 'see `c0ffee00`'],
    ['code beside code', ['a @b', { code: 'c' }], 'a `@b` `c`'],
    ['a value in braces', ['is {owner: marine-ops} now'], 'is `{owner: marine-ops}` now'],
    ['values in brackets', ['[@a,  "@b", @c], @d'], '`[@a, "@b", @c]`, `@d`'],
    ['code that follows code', ['run --x  --y, --z'], 'run `--x --y`, `--z`'],
    ['braces around prose', ['{a: of the b}.'], '`{a`: of the `b}`.'],
    ['a mark of nothing', ['a ', { strong: ' ' }, { code: '' }, 'b'], 'a b'],
  ])('takes pieces that meet for what they are together: %s', (_what, text, written) => {
    const body = [{ kind: 'text' as const, text }];
    expect(renderReport('markdown', { ...emptyReport, body }, settings)).toContain(`\n\n${written}\n`);
  });
});
