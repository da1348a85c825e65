/** A report as workflow commands: annotations on the lines of a pull request, by GitHub Actions and its kin. */

import { count } from '../lib/count.ts';
import { escapeCommandMessage, escapeCommandProperty } from '../lib/escape.ts';
import type { Finding, Report } from './report.ts';
import { severities, sortBySeverity } from './severity.ts';

/** GitHub keeps so many annotations of each severity from one step, the first ones. */
export const annotationsMax = 10;
/** Those that it does not keep are in the log of the step; more than this nobody reads there. */
export const linesMax = 1_000;

const commands = { error: 'error', warning: 'warning', note: 'notice' } as const;

/** One command a line, the most severe first; the last one tells the summary, and how many of them GitHub does not show. */
export function renderGithub(report: Report): string {
  const sorted = sortBySeverity(report.findings);
  const written = severities.flatMap((severity) => {
    const found = sorted.filter((finding) => finding.severity === severity);
    // One notice is kept free for the summary.
    return severity === 'note' ? found.slice(0, annotationsMax - 1) : found;
  });
  const lines = written.slice(0, linesMax).map(findingLine);
  const shown = severities.reduce((sum, severity) => {
    const number = sorted.filter((finding) => finding.severity === severity).length;
    return sum + Math.min(number, severity === 'note' ? annotationsMax - 1 : annotationsMax);
  }, 0);
  const hidden = sorted.length - shown;
  const more =
    hidden === 0 ? [] : [`${count(hidden, 'more finding')} than there is room for among annotations`];
  return `${[...lines, summaryLine(report, more)].join('\n')}\n`;
}

function findingLine({ code, severity, place, message, hint }: Finding): string {
  const where =
    place === null ? {} : { file: place.path, line: String(place.line), col: String(place.column) };
  const texts = hint === undefined ? [message] : [message, `hint: ${hint}`];
  return command(commands[severity], { ...where, title: code }, texts);
}

/** A failure that no finding tells of is an error here: a step that fails shows at least one. */
function summaryLine({ title, summary, isFailed, findings }: Report, more: readonly string[]): string {
  const isTold = !isFailed || findings.some(({ severity }) => severity === 'error');
  return command(isTold ? 'notice' : 'error', { title }, [summary, ...more]);
}

/** The lines of the message are ours: text that others wrote has none. */
function command(
  name: string,
  properties: Readonly<Record<string, string>>,
  texts: readonly string[],
): string {
  const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeCommandProperty(value)}`);
  return `::${name} ${written.join(',')}::${texts.map(escapeCommandMessage).join('%0A')}`;
}
