/** A report as GitLab reads code quality: findings beside the lines of a merge request. */

import { count } from '../lib/count.ts';
import { escapeJson, escapeTerminal } from '../lib/escape.ts';
import { fingerprintsOf } from './fingerprint.ts';
import type { Finding, Report } from './report.ts';
import { sortBySeverity } from './severity.ts';

/** A list that people page through; the most severe come first. */
export const issuesMax = 5_000;

const levels = { error: 'major', warning: 'minor', note: 'info' } as const;

/** A JSON list; its last entry says how many findings are not in it, where there are any. */
export function renderGitlab(report: Report): string {
  const findings = sortBySeverity(report.findings);
  const left = findings.length - issuesMax;
  const shown = findings.slice(0, issuesMax);
  const fingerprints = fingerprintsOf(shown);
  const issues = shown.map((finding, index) => issue(finding, fingerprints[index] ?? ''));
  return `${escapeJson(JSON.stringify([...issues, ...leftOut(left)], null, 2))}\n`;
}

function leftOut(number: number): object[] {
  if (number <= 0) return [];
  const description = `${count(number, 'more finding')} of less weight`;
  const location = { path: '.', lines: { begin: 1 } };
  return [{ description, check_name: 'snowgate', fingerprint: 'more', severity: 'info', location }];
}

/** What is of no file stands at the root: GitLab takes nothing without a place. */
function issue({ code, severity, place, message, hint }: Finding, fingerprint: string): object {
  const description = hint === undefined ? message : `${message}; ${hint}`;
  return {
    description: escapeTerminal(description),
    check_name: code,
    fingerprint,
    severity: levels[severity],
    location: { path: escapeTerminal(place?.path ?? '.'), lines: { begin: place?.line ?? 1 } },
  };
}
