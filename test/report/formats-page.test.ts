/** docs/FORMATS.md names the formats and bounds that there are. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { annotationsMax, linesMax } from '../../src/report/github.ts';
import { issuesMax } from '../../src/report/gitlab.ts';
import { casesMax } from '../../src/report/junit.ts';
import { pageCharsMax } from '../../src/report/markdown.ts';
import { summaryCharsMax, textCharsMax } from '../../src/report/redaction.ts';
import { reportFormats } from '../../src/report/report.ts';
import { resultsMax } from '../../src/report/sarif.ts';

const page = readFileSync(new URL('../../docs/FORMATS.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `'));
const written = (number: number): string => number.toLocaleString('en-US');

describe('docs/FORMATS.md', () => {
  it('has a row for each format', () => {
    const named = rows.map((row) => row.split('`')[1]);
    expect(new Set(named)).toEqual(new Set(['text', 'json', ...reportFormats]));
  });

  it.each([
    ['markdown', [pageCharsMax]],
    ['github', [annotationsMax, linesMax]],
    ['sarif', [resultsMax]],
    ['junit', [casesMax]],
    ['gitlab', [issuesMax]],
  ])('tells the bound of %s as it is', (format, bounds) => {
    const row = rows.filter((line) => line.startsWith(`| \`${format}\``)).at(-1);
    for (const bound of bounds) expect(row?.split('|')[2]).toContain(written(bound));
  });

  it('tells how long a text may be', () => {
    expect(page).toContain(
      `A message has at most ${written(textCharsMax)} characters, a summary ${written(summaryCharsMax)}`,
    );
  });
});
