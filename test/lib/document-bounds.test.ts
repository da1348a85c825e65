import { expect, test } from 'vitest';
import { readDocuments } from '../../src/lib/document.ts';

/** Hostile files at their largest. Each must end as a problem or a value; how long it may take is the runner's limit. */
const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };

function fill(unit: (index: number) => string, bytes = 65_000): string {
  let text = '';
  for (let index = 0; text.length < bytes; index += 1) text += unit(index);
  return text.slice(0, 65_536);
}

const hostile: [string, string][] = [
  ['brackets', fill(() => '[')],
  ['2 KB of brackets', '['.repeat(2048)],
  ['braces', fill(() => '{a: ')],
  ['compact sequences', fill(() => '- ')],
  ['explicit keys', fill(() => '? ')],
  ['indented maps', fill((index) => `${' '.repeat(index)}a:\n`)],
  ['closed lists, many', `a:\n${fill(() => '  - []\n')}`],
  ['keys', fill((index) => `k${index}:\n`)],
  ['flow keys', `{${fill((index) => `k${index}: 1, `)}}`],
  ['anchors', fill((index) => `k${index}: &a${index} 1\n`)],
  ['aliases', `a: &a [1]\n${fill(() => '- *a\n')}`],
  ['tags', fill(() => '! ')],
  ['comments', fill(() => '#\n')],
  ['comments between items', fill(() => '- # \n')],
  ['white space', fill(() => ' \n')],
  ['colons', fill(() => ': ')],
  ['quotes', fill(() => '"" ')],
  ['one unclosed quote', `a: "${fill(() => 'x\n ')}`],
  ['loose brackets', fill((index) => `k${index}: [\n]\n`)],
  ['folded lines', `a: >\n${fill(() => ' x\n')}`],
  ['escapes', `a: "${fill(() => '\\U0001F600')}"`],
  ['bad escapes', fill((index) => `k${index}: "\\U80000041"\n`)],
  ['wide escapes', `a: "${fill(() => '\\\n\n ')}`],
  ['control characters', fill(() => '\u0001')],
  ['bad keys', fill((index) => `${index}: 1\n`)],
  ['bad numbers', fill((index) => `k${index}: 0${index}\n`)],
  ['multi-line plain', `a: ${fill(() => 'x\n  ')}`],
  ['digits', `a: ${fill(() => '9')}`],
  ['exponents', `a: 1e${fill(() => '9')}`],
  ['documents', fill(() => '---\n')],
  ['full documents', fill((index) => `---\na: ${index}\n`)],
  ['directives', fill(() => '%\n---\n')],
];

test.each(hostile)('%s are read or refused, and never thrown at', (_name, text) => {
  const file = readDocuments(new TextEncoder().encode(text), limits);
  const problems = file.ok ? file.documents.flatMap((d) => (d.ok ? [] : d.problems)) : file.problems;
  expect(problems.length).toBeLessThanOrEqual(100);
  if (file.ok) for (const document of file.documents) if (document.ok) document.locate(['k4000', 0], 'key');
});

test('a nest of 100,000 levels is refused at the first level too deep', () => {
  for (const unit of ['[', '{a: ', '- ']) {
    const file = readDocuments(new TextEncoder().encode(unit.repeat(100_000)), {
      ...limits,
      fileBytes: 1_000_000,
    });
    expect(file.ok && file.documents[0]).toMatchObject({
      ok: false,
      problems: [{ code: 'SG1007', line: 1 }],
    });
  }
});
