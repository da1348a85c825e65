/** Every link between the pages of the repository leads somewhere, and every anchor is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchorOf, listAnchors, listLinks } from './publish/anchors.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...['docs', 'examples', 'policies'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => `${folder}/${path}`),
  ),
].map((path) => [path, readFileSync(join(root, path), 'utf8')] as const);
const anchors = new Map(pages.map(([path, text]) => [path, listAnchors(text)]));

/** What is wrong with the links of a page. */
function findBroken(path: string, text: string): string[] {
  return listLinks(text).flatMap(({ line, target }) => {
    const [file = '', anchor] = target.split('#');
    const to = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(root, to))) return `${path}:${line}: ${to} is not there`;
    const known = anchors.get(to);
    if (anchor === undefined || known?.has(anchor) === true) return [];
    return `${path}:${line}: ${to} has no heading #${anchor}`;
  });
}

describe('the links of the documentation', () => {
  it('are there', () => {
    expect(pages.flatMap(([, text]) => listLinks(text)).length).toBeGreaterThan(100);
  });

  it.each(pages)('lead somewhere: %s', (path, text) => {
    expect(findBroken(path, text)).toEqual([]);
  });
});

describe('the checker', () => {
  it('sees a file and an anchor that are not there', () => {
    const text =
      '# A\n[b](#a) [c](#b)\n[d](NONE.md)\n[e](ERRORS.md#fault-codes) [f](ERRORS.md#none) `[g](#g)` ![h](h.png)';
    expect(findBroken('docs/WINDOWS.md', `${text}\n\n\`\`\`md\n[i](#i)\n\`\`\`\n`)).toEqual([
      'docs/WINDOWS.md:2: docs/WINDOWS.md has no heading #a',
      'docs/WINDOWS.md:2: docs/WINDOWS.md has no heading #b',
      'docs/WINDOWS.md:3: docs/NONE.md is not there',
      'docs/WINDOWS.md:4: docs/ERRORS.md has no heading #none',
      'docs/WINDOWS.md:4: docs/h.png is not there',
    ]);
  });

  // As GitHub shows them; written down by hand.
  it.each([
    ['Policy: `spec.match.fleets`', 'policy-specmatchfleets'],
    ['How "once" is kept', 'how-once-is-kept'],
    ['Waiver: the reviewed break-glass', 'waiver-the-reviewed-break-glass'],
    ['`spec.cases[].now`', 'speccasesnow'],
    ['A_b and [a link](x.md)', 'a_b-and-a-link'],
    ['What AWS sees, and when?', 'what-aws-sees-and-when'],
  ])('knows the anchor of %s', (heading, anchor) => {
    expect(anchorOf(heading)).toBe(anchor);
  });

  it('numbers headings that are there twice, and passes over those in code', () => {
    expect([...listAnchors('# A\n## B\n## B\n```sh\n# C\n```\n')]).toEqual(['a', 'b', 'b-1']);
  });
});
