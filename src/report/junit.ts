/** A report as JUnit's XML: a suite for each group, a case for each thing that was checked. */

import { count } from '../lib/count.ts';
import { escapeXml } from '../lib/escape.ts';
import type { Case, Report } from './report.ts';

/** GitLab takes 30 MB and 250,000 pieces of XML; a case is half a dozen of these. */
export const casesMax = 10_000;

/** The cases, those that failed first; a failure that no case tells of makes one of its own. */
export function renderJunit(report: Report): string {
  const cases = nameApart(withFailure(report));
  const shown = choose(cases);
  const suites = new Map<string, Case[]>();
  for (const one of shown) {
    const members = suites.get(one.group);
    if (members === undefined) suites.set(one.group, [one]);
    else members.push(one);
  }
  const left = cases.length - shown.length;
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  const more = Math.max(0, failed - shown.length);
  const told = more === 0 ? 'passed or skipped' : `left out, ${more} of which failed`;
  const note = left === 0 ? '' : `  <!-- ${count(left, 'more case')} ${told} -->\n`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites${attributes({ name: report.title, ...counts(shown) })}>\n`,
    note,
    ...[...suites].map(([group, members]) => suite(group, members)),
    '</testsuites>\n',
  ].join('');
}

/** Whoever looks at the cases alone must not see a command pass that has failed. */
function withFailure({ title, summary, isFailed, cases, findings }: Report): readonly Case[] {
  if (!isFailed || cases.some(({ failures }) => failures.length > 0)) return cases;
  const errors = findings.filter(({ severity }) => severity === 'error');
  const failures = errors.map(({ code, message }) => `${code}: ${message}`);
  const told = failures.length === 0 ? [summary] : failures;
  return [...cases, { group: title, name: title, place: null, failures: told, skipped: null }];
}

/** Of two cases of one name readers keep the first, and with it what became of that one alone. */
function nameApart(cases: readonly Case[]): Case[] {
  const keyOf = ({ group, name }: Case): string => JSON.stringify([group, name]);
  const taken = new Set(cases.map(keyOf));
  const seen = new Map<string, number>();
  return cases.map((one) => {
    let ordinal = (seen.get(keyOf(one)) ?? 0) + 1;
    if (ordinal === 1) {
      seen.set(keyOf(one), 1);
      return one;
    }
    let named = { ...one, name: `${one.name} (${ordinal})` };
    while (taken.has(keyOf(named))) {
      ordinal += 1;
      named = { ...one, name: `${one.name} (${ordinal})` };
    }
    seen.set(keyOf(one), ordinal);
    taken.add(keyOf(named));
    return named;
  });
}

function choose(cases: readonly Case[]): readonly Case[] {
  if (cases.length <= casesMax) return cases;
  const isFailed = ({ failures }: Case): boolean => failures.length > 0;
  const chosen = [...cases.filter(isFailed), ...cases.filter((one) => !isFailed(one))].slice(0, casesMax);
  const kept = new Set(chosen);
  return cases.filter((one) => kept.has(one));
}

function counts(cases: readonly Case[]): Record<string, string> {
  const failures = cases.filter(({ failures: told }) => told.length > 0).length;
  const skipped = cases.filter((one) => one.failures.length === 0 && one.skipped !== null).length;
  return { tests: String(cases.length), failures: String(failures), skipped: String(skipped), errors: '0' };
}

function suite(group: string, cases: readonly Case[]): string {
  return `  <testsuite${attributes({ name: group, ...counts(cases) })}>\n${cases.map(testCase).join('')}  </testsuite>\n`;
}

function testCase({ group, name, place, failures, skipped }: Case): string {
  const where = place === null ? {} : { file: place.path, line: String(place.line) };
  const start = `    <testcase${attributes({ name, classname: group, ...where })}`;
  const [first] = failures;
  if (first !== undefined) {
    const text = failures.map(escapeXml).join('\n');
    return `${start}>\n      <failure${attributes({ message: first })}>${text}</failure>\n    </testcase>\n`;
  }
  if (skipped === null) return `${start}/>\n`;
  return `${start}>\n      <skipped${attributes({ message: skipped })}/>\n    </testcase>\n`;
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => ` ${key}="${escapeXml(value)}"`)
    .join('');
}
