/** What has no room is left out whole and counted, the least severe first; a failure is seen in every format. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/lib/redact.ts';
import { annotationsMax, linesMax } from '../../src/report/github.ts';
import { issuesMax } from '../../src/report/gitlab.ts';
import { casesMax } from '../../src/report/junit.ts';
import { pageCharsMax } from '../../src/report/markdown.ts';
import { renderReport } from '../../src/report/rendering.ts';
import { type Block, type Finding, type Report, reportFormats } from '../../src/report/report.ts';
import { resultsMax } from '../../src/report/sarif.ts';
import { readCommands } from './command-reader.ts';
import { readMarkdown } from './markdown-reader.ts';
import { plant } from './planted.ts';
import { emptyReport, settings } from './sample.ts';
import { readSarif } from './sarif-reader.ts';
import { readXml } from './xml-reader.ts';

function findings(number: number, severity: Finding['severity'] = 'warning', more = ''): Finding[] {
  return Array.from({ length: number }, (_, index) => {
    const place = { path: `tasks/${index}.yaml`, line: 1, column: 1 };
    return { code: 'SG1101', severity, place, message: `unknown key k${index}${more}` };
  });
}

const last: Finding = { code: 'SG6201', severity: 'error', place: null, message: 'the last one' };

function withFindings(...found: readonly Finding[]): Report {
  return { ...emptyReport, isFailed: true, findings: found };
}

describe('markdown', () => {
  const fold = (index: number, items: number): Block => ({
    kind: 'fold',
    summary: [`task ${index}`],
    isOpen: false,
    blocks: [{ kind: 'list', items: Array.from({ length: items }, (_, at) => [`item ${index} of ${at}`]) }],
  });

  /** How many of the page's items are there, and how many its last line says are not. */
  function countItems(page: string) {
    const nodes = readMarkdown(page);
    const told = nodes.at(-1)?.text ?? '';
    const missing = (noun: string): number => Number(new RegExp(`([0-9]+) ${noun}`).exec(told)?.[1] ?? 0);
    const shown = (start: RegExp): number => nodes.filter(({ text }) => start.test(text)).length;
    return { nodes, missing, shown, told };
  }

  it('fits a comment whatever is in it, and counts what it leaves out', () => {
    const size = fc.integer({ min: 0, max: 700 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 60 }), (errors, warnings, folds) => {
        const found = [...findings(warnings), ...findings(errors, 'error', ' `@all` '.repeat(20))];
        const body = Array.from({ length: folds }, (_, index) => fold(index, 100));
        const page = renderReport('markdown', { ...withFindings(...found), body }, settings);
        expect(page.length).toBeLessThanOrEqual(pageCharsMax);
        const { shown, missing } = countItems(page);
        expect(shown(/ error SG1101: /) + missing('error')).toBe(errors);
        expect(shown(/ warning SG1101: /) + missing('warning')).toBe(warnings);
        const sections = shown(/^task /);
        expect(sections + missing('section')).toBe(folds);
        expect(shown(/^item /) + missing('list item')).toBe(sections * 100);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it('leaves out the ends of body and findings, never the summary or the errors before warnings', () => {
    const body = Array.from({ length: 2_000 }, (_, index) => fold(index, 3));
    const report = { ...withFindings(...findings(3_000), last), body, summary: 'all of it' };
    const { nodes, shown, told } = countItems(renderReport('markdown', report, settings));
    expect(nodes[1]?.text).toBe('all of it');
    expect(shown(/^error SG6201: the last one$/)).toBe(1);
    expect(shown(/^task 0$/)).toBe(1);
    expect(shown(/^task 1999$/) + shown(/k2999$/)).toBe(0);
    expect(shown(/ warning SG1101: /)).toBeGreaterThan(200);
    expect(told).toMatch(
      /^Left out, so that this fits a comment: [0-9]+ sections?.*, [0-9]+ warnings\. All of it: /,
    );
  });

  it('gives the findings the room that the body leaves, and the body that of the findings', () => {
    const wide = renderReport('markdown', withFindings(...findings(3_000)), settings);
    const long = { ...emptyReport, body: Array.from({ length: 3_000 }, (_, index) => fold(index, 1)) };
    for (const page of [wide, renderReport('markdown', long, settings)]) {
      expect(page.length).toBeGreaterThan(pageCharsMax - 1_000);
    }
  });

  it('leaves a block of code out whole', () => {
    const text = `${'x'.repeat(59)}\n`.repeat(1_100);
    const body: Block[] = [{ kind: 'code', language: 'text', text }];
    const { told, nodes } = countItems(renderReport('markdown', { ...emptyReport, body }, settings));
    expect(told).toContain('1 block of code');
    expect(nodes).toHaveLength(3);
  });

  it('has room for the longest title and summary', () => {
    const title = '\u{e0041}'.repeat(5_000);
    const page = renderReport(
      'markdown',
      { ...withFindings(...findings(3_000)), title, summary: title },
      settings,
    );
    expect(page.length).toBeLessThanOrEqual(pageCharsMax);
    readMarkdown(page);
  });
});

describe('the other formats', () => {
  it('github: as many as it keeps, the most severe first, and the number of the others last', () => {
    const many = withFindings(...findings(30, 'note'), ...findings(15), ...findings(12, 'error'), last);
    const commands = readCommands(renderReport('github', many, settings));
    const names = commands.map(({ name }) => name);
    expect(names).toEqual([
      ...Array(13).fill('error'),
      ...Array(15).fill('warning'),
      ...Array(annotationsMax).fill('notice'),
    ]);
    // 3 errors, 5 warnings and 21 notes are not shown as annotations.
    expect(commands.at(-1)?.message).toBe(
      '0 files: no problems\n29 more findings than there is room for among annotations',
    );
    const most = renderReport('github', withFindings(...findings(5_000)), settings);
    expect(readCommands(most)).toHaveLength(linesMax + 1);
  });

  it('sarif: as many as GitHub takes, and a notification of how many more there are', () => {
    const report = withFindings(...findings(resultsMax + 7), {
      ...last,
      place: { path: 'a', line: 1, column: 1 },
    });
    // Not by the reader: to hold each of so many against a schema takes seconds.
    const [{ results, invocations }] = JSON.parse(renderReport('sarif', report, settings)).runs;
    expect(results).toHaveLength(resultsMax);
    expect(results[0]?.ruleId).toBe('SG6201');
    const message = { text: '8 more findings of less weight' };
    expect(invocations[0].toolExecutionNotifications).toEqual([{ level: 'warning', message }]);
  });

  it('gitlab: a bounded list, the last entry with the number of the others', () => {
    const issues = JSON.parse(
      renderReport('gitlab', withFindings(...findings(issuesMax + 1), last), settings),
    );
    expect(issues).toHaveLength(issuesMax + 1);
    expect(issues[0]).toMatchObject({ check_name: 'SG6201', severity: 'major' });
    expect(issues.at(-1)).toMatchObject({ description: '2 more findings of less weight', severity: 'info' });
    expect(new Set(issues.map(({ fingerprint }: { fingerprint: string }) => fingerprint)).size).toBe(
      issues.length,
    );
  });

  it('junit: a bounded number of cases, those that failed among them', () => {
    const one = { group: 'g', place: null, skipped: null };
    const passed = Array.from({ length: casesMax + 5 }, (_, index) => ({
      ...one,
      name: `${index}`,
      failures: [],
    }));
    const report = { ...emptyReport, cases: [...passed, { ...one, name: 'bad', failures: ['no'] }] };
    const document = renderReport('junit', report, settings);
    const [suite] = readXml(document).children;
    expect(suite?.attributes).toMatchObject({ tests: String(casesMax), failures: '1' });
    expect(suite?.children.at(-1)?.attributes).toMatchObject({ name: 'bad' });
    expect(document).toContain('<!-- 6 more cases passed or skipped -->');
  });

  it('junit: names of a group are different, also from those that are written so', () => {
    const one = { group: 'g', place: null, failures: [], skipped: null };
    const names = ['a', 'a', 'a (2)', 'a', 'b'];
    const report = { ...emptyReport, cases: names.map((name) => ({ ...one, name })) };
    const [suite] = readXml(renderReport('junit', report, settings)).children;
    const read = suite?.children.map(({ attributes }) => attributes['name']);
    expect(read).toEqual(['a', 'a (3)', 'a (2)', 'a (4)', 'b']);
  });
});

describe('a failure', () => {
  it.each([
    ['that no finding tells of', []],
    ['with an error', [last]],
  ])('%s is one in JUnit and in annotations', (_name, found) => {
    const report = { ...withFindings(...found), title: 'snowgate plan', summary: 'unreachable' };
    const told = found.length === 0 ? 'unreachable' : 'SG6201: the last one';
    const [suite] = readXml(renderReport('junit', report, settings)).children;
    expect(suite?.attributes).toMatchObject({ tests: '1', failures: '1' });
    expect(suite?.children[0]?.children[0]?.attributes).toEqual({ message: told });
    const [first] = readCommands(renderReport('github', report, settings));
    expect(first?.name).toBe('error');
  });

  it('that a case tells of is told once', () => {
    const failed = { group: 'g', name: 'a', place: null, failures: ['no'], skipped: null };
    const [suite, other] = readXml(
      renderReport('junit', { ...withFindings(last), cases: [failed] }, settings),
    ).children;
    expect([suite?.children.length, other]).toEqual([1, undefined]);
  });
});

describe('fingerprints', () => {
  const at = (line: number, message = 'also named at tasks/b.yaml:7:3', path = 'tasks/a.yaml'): Finding => {
    return { code: 'SG1301', severity: 'error', place: { path, line, column: 1 }, message };
  };
  const of = (...found: Finding[]): string[] => {
    const { results } = readSarif(renderReport('sarif', withFindings(...found), settings));
    return results.map(({ fingerprint }) => fingerprint);
  };

  it('stay when lines move, here and where a message names them', () => {
    expect(of(at(9, 'also named at tasks/b.yaml:8:3'))).toEqual(of(at(1)));
  });

  it('differ for another code, file or message, and for the same thing found twice', () => {
    const all = [
      ...of(at(1), at(2)),
      ...of(at(1, 'else')),
      ...of(at(1, undefined, 'tasks/c.yaml')),
      ...of({ ...at(1), code: 'SG1302' }),
    ];
    expect(new Set(all).size).toBe(5);
  });
});

describe('secrets', () => {
  const secret = 'canary-6a2f4f1f9b21';

  it.each(reportFormats)('are in no place of %s', (format) => {
    const redactor = createRedactor();
    redactor.register(secret, 'a file');
    const redact = (text: string): string => redactor.redact(text);
    const written = renderReport(format, plant(`before ${secret} after`), { ...settings, redact });
    expect(written).not.toContain(secret);
    expect(written).toMatch(/before .*redacted.* after/);
  });
});
