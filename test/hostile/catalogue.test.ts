/** docs/SECURITY.md says which attacks are tested, and where: this keeps it true, in both directions. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tokenize } from '../tidy/tokens.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/SECURITY.md`, 'utf8');
const advisory = /\b(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[0-9a-z]{4}){3})\b/g;

function idsIn(text: string): string[] {
  return [...text.matchAll(advisory)].map(([id]) => id);
}

/** The rows of the table below a heading, as their cells. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading));
  if (section === undefined) throw new Error(`docs/SECURITY.md has no section "${heading}"`);
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const tested = rowsBelow('Attacks on others');
const odd = rowsBelow('What a repository may hold');
const absent = rowsBelow('Attacks that have nothing to attack here');

/** The titles of a file's tests and of the rows that fill them in: its strings, not its comments. */
function titlesOf(path: string): string[] {
  const tokens = tokenize(readFileSync(`${root}${path}`, 'utf8'));
  return tokens.filter(({ kind }) => kind === 'string' || kind === 'template').map(({ text }) => text);
}

function pathsIn(cell: string): string[] {
  return [...cell.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);
}

describe('docs/SECURITY.md', () => {
  it('lists attacks, each once', () => {
    const ids = [...tested, ...absent].flatMap(([id = '']) => idsIn(id));
    expect(ids.length).toBeGreaterThan(50);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it.each(tested.map((cells) => [cells[0] ?? '', cells.at(-1) ?? '']))(
    'says where the tests of %s are, and their names say so, too',
    (named, where) => {
      const paths = pathsIn(where);
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths) {
        const titles = titlesOf(path);
        for (const id of idsIn(named))
          expect([path, id, titles.some((title) => title.includes(id))]).toEqual([path, id, true]);
      }
    },
  );

  it('lists every advisory that a test is named for', () => {
    const listed = new Set(tested.flatMap(([id = '']) => idsIn(id)));
    const files = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((path) => path.endsWith('.test.ts'))) {
      const missing = titlesOf(`test/${file}`)
        .flatMap(idsIn)
        .filter((id) => !listed.has(id));
      expect([file, missing]).toEqual([file, []]);
    }
  });

  it.each(odd.map((cells) => [cells[0] ?? '', cells.at(-1) ?? '']))(
    'says what is done with %s, and which test shows it',
    (_what, where) => {
      const [path = ''] = pathsIn(where);
      const title = /"([^"]+)"/.exec(where)?.[1] ?? '';
      expect([path, titlesOf(path).includes(title)]).toEqual([path, true]);
    },
  );

  it('gives no reason that has ceased to be one', () => {
    const reasons = new Set(absent.map((cells) => /^no [a-z]+/i.exec(cells.at(-1) ?? '')?.[0]));
    expect(reasons).toEqual(new Set(['no command']));
  });
});
