/** What the pages say of codes and commands is what there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defects } from '../faults/defects.ts';
import { findMisuse } from './commands.ts';
import { blocksOf, commandsOf, findUnwritten, readPage, sectionOf, wordsOf } from './page.ts';

const docs = new URL('../../docs/', import.meta.url);
const pages = [
  'README.md',
  ...readdirSync(docs, { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'));

describe('the halts of docs/OPERATIONS.md', () => {
  const section = sectionOf(readPage('docs/OPERATIONS.md'), 'Halts, and the way out of each');
  const rows = [...section.matchAll(/^\| (SG\d{4}(?:, SG\d{4})*) \| (.*) \| (.*) \| (.*) \|$/gm)];
  const told = rows.flatMap(([, codes = '']) => codes.split(', '));

  /** What can stop everything or a fleet: every code of ledger, source and fleets that the controller tells. */
  function codesOfHalts(): string[] {
    const source = readSources(new URL('../../src/', import.meta.url));
    return [...new Set([...source.matchAll(/'(SG(?:40|42|62)\d\d)'/g)].map(([, code = '']) => code))];
  }

  /** What stops one task until a person does something, as docs/ERRORS.md classes it. */
  function codesOfTasks(): string[] {
    return [...readPage('docs/ERRORS.md').matchAll(/^\| (SG61\d\d) \| human \|/gm)].map(
      ([, code = '']) => code,
    );
  }

  it('have an entry for every code of the source, and none for any other', () => {
    const codes = [...codesOfHalts(), ...codesOfTasks()];
    expect(codes.length).toBeGreaterThan(50);
    expect([...told].sort()).toEqual(codes.sort());
  });

  it('each tell cause, look and way out', () => {
    const empty = rows.filter(([, , cause, , wayOut]) => cause === '' || wayOut === '');
    expect(empty.map(([, codes]) => codes)).toEqual([]);
  });

  it('lead to sections that there are', () => {
    const page = readPage('docs/OPERATIONS.md');
    const anchors = [...page.matchAll(/^#{2,4} (.*)$/gm)].map(([, title = '']) => anchorOf(title));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });
});

/** As hosts make it of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}

function readSources(folder: URL): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(new URL(path, folder), 'utf8'))
    .join('\n');
}

describe('the argument of docs/ARCHITECTURE.md', () => {
  const page = readPage('docs/ARCHITECTURE.md');

  it('names planted defects that there are', () => {
    const lists = [...page.matchAll(/[Pp]lanted defects?:? ((?:"[^"]+",?\s*)+)/g)].map(
      ([, list = '']) => list,
    );
    const named = lists.flatMap((list) => [...list.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name));
    const planted = new Set(defects.map(({ name }) => name));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !planted.has(name))).toEqual([]);
  });

  it('quotes tests that there are', () => {
    const quoted = [...page.matchAll(/`(test\/[\w./-]+\.ts)` \("([^"]+)"\)/g)];
    expect(quoted.length).toBeGreaterThan(3);
    const missing = quoted.filter(([, path = '', title = '']) => !readPage(path).includes(title));
    expect(missing.map(([text]) => text)).toEqual([]);
  });
});

describe('commands', () => {
  /** Lines of `console` and `sh` blocks that run snowgate, by whatever name. */
  function shownLines(page: string): string[] {
    return blocksOf(page).flatMap((block) => {
      const lines =
        block.language === 'console'
          ? commandsOf(block).map(({ line }) => line)
          : block.language === 'sh'
            ? block.text.replaceAll('\\\n', '').split('\n')
            : [];
      return lines.flatMap(
        (line) => /(?:^|&& |docker exec snowgate |^\S+ = )(snowgate .*)$/.exec(line)?.[1] ?? [],
      );
    });
  }

  /** What becomes of the output is the shell's. */
  const beforeShell = (line: string): string => line.replace(/ (?:[|]|>>?).*$/, '');

  it.each(pages)('that %s shows can be typed so', (path) => {
    const refused = shownLines(readPage(path)).flatMap((line) => {
      const [, ...argv] = wordsOf(beforeShell(line));
      const misuse = findMisuse(argv);
      return misuse === null ? [] : [`${line}: ${misuse}`];
    });
    expect(refused).toEqual([]);
  });

  it.each(pages)('that %s names exist, with their flags', (path) => {
    const prose = readPage(path).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
    const named = [...prose.matchAll(/`snowgate ([^`]+)`/g)].map(([, text = '']) => text);
    const refused = named.flatMap((text) => {
      const argv = wordsOf(beforeShell(text).replaceAll(/\.\.\.|\[|\]/g, '')).filter((word) => word !== '');
      const misuse = findMisuse(argv);
      // A mention may leave out what the command needs, and not name what there is not.
      return misuse === null || /^(missing|help)/.test(misuse) || misuse.startsWith('optionMissing')
        ? []
        : [`snowgate ${text}: ${misuse}`];
    });
    expect(refused).toEqual([]);
  });

  it.each([
    [['plan', '--at', '2026-11-27T22:00:00Z'], null],
    [['plan', '--att', 'x'], /^unknownOption/],
    [['plann'], /^unknownCommand/],
    [['ledger', 'resolve', 'TOKEN'], /^missingMandatoryOptionValue/],
    [['ledger', 'init', '--baseline', '--issue-existing'], /^conflictingOption/],
  ])('are parsed as the program parses them: %j', (argv, expected) => {
    if (expected === null) expect(findMisuse(argv)).toBeNull();
    else expect(findMisuse(argv)).toMatch(expected);
  });
});

describe('what a page shows of an output', () => {
  it.each([
    ['a b', 'a b\n', []],
    ['a b', 'a c\n', ['a b', 'and nothing more, but: a c']],
    ['a', 'a\nb\n', ['and nothing more, but: b']],
    ['a\n...', 'a\nb\n', []],
    ['...\nb', 'a\nb\n', []],
    ['a\nc', 'a\nb\nc\n', ['c']],
    ['b\na', 'a\nb\n', ['b', 'a']],
    [
      'issued as st-...',
      'issued as st-ru4xnbno7s3qqhsy\n',
      ['issued as st-...', 'and nothing more, but: issued as TASK'],
    ],
    ['issued as st-gjjs7i2rmpkmc63l', 'issued as st-ru4xnbno7s3qqhsy\n', []],
    ['issued as st-gjjs7i2rmpkmc63l', 'issued as st-ru4xnbno7s3qqhsy (smd-iq2pogbjsf2jpc2j QUEUED)\n', []],
    ['at 2026-11-28T21:57:37Z   x', 'at 2027-01-01T00:00:00Z  x', []],
  ])('%j is compared with %j', (shown, written, missing) => {
    expect(findUnwritten(shown, written)).toEqual(missing);
  });

  it('is cut from lists and sections as they stand', () => {
    const page =
      '# A\n\n## B\n\n1. one\n\n   ```console\n   $ x \\\n       y\n   z\n   $ w\n   ```\n\n```sh\n# no heading\n```\n\n## C\n';
    const [first, second] = blocksOf(sectionOf(page, 'B'));
    expect(first && commandsOf(first)).toEqual([
      { line: 'x y', shown: 'z' },
      { line: 'w', shown: '' },
    ]);
    expect(second).toEqual({ language: 'sh', text: '# no heading\n' });
    expect(() => sectionOf(page, 'D')).toThrow('no section');
  });
});
