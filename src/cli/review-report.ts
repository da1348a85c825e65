/** The checks of a review as one report: one page, one comment, one set of annotations. */
import type { Block, Finding, Report } from '../report/report.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { Check, Checks } from './review-checks.ts';

/** Everything that was found, once. The page is that of the plan, and tells of the other checks below it. */
export function reviewReport([merge, ...others]: Checks): Report {
  const checks = [merge, ...others];
  const reports = checks.flatMap((check) => (check.kind === 'done' ? [check.report] : []));
  const wrong = others.filter(isFailed).map(({ name }) => `${name} failed`);
  return {
    title: 'snowgate review',
    summary: [merge.kind === 'broken' ? `${merge.name} could not be made` : describe(merge), ...wrong].join(
      '; ',
    ),
    isFailed: checks.some(isFailed),
    findings: dropRepeats(reports.flatMap(({ findings }) => findings)),
    cases: reports.flatMap(({ cases }) => cases),
    body: [
      ...(merge.kind === 'done' ? merge.report.body : tellMissing(merge)),
      { kind: 'heading', text: ['Also checked'] },
      { kind: 'list', items: others.map((check) => [{ strong: check.name }, ` ${describe(check)}`]) },
      ...others.flatMap((check) => (check.kind === 'broken' ? tellMissing(check) : [])),
    ],
  };
}

/** The same report with one more thing to know. */
export function withFinding(report: Report, finding: Finding): Report {
  return { ...report, findings: [...report.findings, finding] };
}

/** How the whole review ends: by what was found, or else by what kept a check from being made. */
export function exitOfChecks(checks: Checks): ExitCode {
  const broken = checks.flatMap((check) => (check.kind === 'broken' ? [check.exit] : []));
  const [first] = broken.filter((exit) => exit !== exitCodes.findings);
  return first ?? (checks.some(isFailed) ? exitCodes.findings : exitCodes.done);
}

function isFailed(check: Check): boolean {
  return check.kind === 'broken' || (check.kind === 'done' && check.report.isFailed);
}

function describe(check: Check): string {
  switch (check.kind) {
    case 'done':
      return check.report.summary;
    case 'broken':
      return 'could not be made';
    case 'none':
      return check.why;
  }
}

function tellMissing(check: Exclude<Check, { kind: 'done' }>): Block[] {
  if (check.kind === 'none') return [{ kind: 'text', text: [check.why] }];
  return [
    { kind: 'text', text: [{ strong: check.name }, ' could not be made, because of this:'] },
    { kind: 'code', language: 'text', text: check.told },
  ];
}

/** The plan and validate see the same files. */
function dropRepeats(findings: readonly Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const finding of findings) {
    const { code, place, message } = finding;
    const where = place === null ? '' : `${place.path}:${place.line}:${place.column}`;
    const name = `${code} ${where} ${message}`;
    if (!seen.has(name)) seen.set(name, finding);
  }
  return [...seen.values()];
}
