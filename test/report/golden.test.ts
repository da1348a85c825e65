/**
 * Every format of a report with everything in it, and of one with nothing, as they were looked at once. After a change:
 * `UPDATE_GOLDEN=1 npx vitest run test/report/golden.test.ts` writes them, to be looked at again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../../src/report/rendering.ts';
import { reportFormats } from '../../src/report/report.ts';
import { emptyReport, richReport, settings } from './sample.ts';

const endings = { markdown: 'md', sarif: 'sarif', junit: 'xml', github: 'github.txt', gitlab: 'gitlab.json' };

describe.each(Object.entries({ rich: richReport, empty: emptyReport }))('the %s report', (name, report) => {
  it.each(reportFormats)('as %s', (format) => {
    const file = new URL(`golden/${name}.${endings[format]}`, import.meta.url);
    const text = renderReport(format, report, settings);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });
});
