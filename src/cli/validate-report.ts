/** What `validate` found, as a report. */

import { fileCases } from '../report/file-cases.ts';
import type { Report } from '../report/report.ts';
import type { CheckedTree } from './tree-check.ts';

/** A finding for each problem, and a case for each file that was checked. */
export function validationReport({ paths, problems }: CheckedTree, summary: string): Report {
  return {
    title: 'snowgate validate',
    summary,
    isFailed: problems.some(({ severity }) => severity === 'error'),
    findings: problems,
    cases: fileCases(paths, problems),
    body: [],
  };
}
