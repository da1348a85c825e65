import { count } from '../lib/count.ts';
import { makeDocument } from '../report/envelope.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { DocumentFormat } from './options.ts';
import { colorsFor, formatJson, formatProblem, printFault } from './print.ts';
import { isReportFormat, printReport } from './report-print.ts';
import type { Surroundings } from './surroundings.ts';
import { type CheckedTree, checkTree } from './tree-check.ts';

/**
 * Checks manifests, policies and configurations of a work tree, without any network. Findings go to stdout, in the order of
 * their places; exit 1 when one of them is an error.
 */
export async function validate(
  paths: readonly string[],
  { format }: { readonly format: DocumentFormat },
  world: Surroundings,
): Promise<ExitCode> {
  const checked = await checkTree(paths, world);
  if (!checked.ok) {
    printFault(checked.fault, world);
    return exitCodes.usage;
  }
  const { problems, paths: _, foreign: __, ...counts } = checked.value;
  const errors = countErrors(checked.value);
  const warnings = problems.length - errors;
  const summary = summarizeTree(checked.value);
  if (isReportFormat(format)) {
    const { validationReport } = await import('./validate-report.ts');
    await printReport(format, validationReport(checked.value, summary), world);
  } else if (format === 'json') {
    const flat = problems.map(({ place, ...problem }) => ({ ...place, ...problem }));
    const fields = { ...counts, errors, warnings, problems: flat };
    world.stdout.write(formatJson(makeDocument('Validation', fields), world));
  } else {
    const colors = colorsFor(world.stdout, world.env);
    for (const problem of problems) world.stdout.write(formatProblem(problem, colors));
    world.stdout.write(`${summary}\n`);
  }
  return errors > 0 ? exitCodes.findings : exitCodes.done;
}

function countErrors({ problems }: CheckedTree): number {
  return problems.filter(({ severity }) => severity === 'error').length;
}

/** What was checked and what was found, counted: `2 files, 2 valid tasks: no problems`. */
export function summarizeTree(checked: CheckedTree): string {
  const errors = countErrors(checked);
  const warnings = checked.problems.length - errors;
  const found =
    checked.problems.length === 0
      ? 'no problems'
      : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
  return `${formatCounts(checked)}: ${found}`;
}

/** Of policies, and of what was left alone, only what is there. */
function formatCounts(checked: CheckedTree): string {
  const { files, tasks, windows, policies, waivers, suspensions, foreign } = checked;
  const kinds: [number, string, string][] = [
    [windows, 'window', 'windows'],
    [policies, 'policy', 'policies'],
    [waivers, 'waiver', 'waivers'],
    [suspensions, 'suspension', 'suspensions'],
    [foreign, 'file of other programs left alone', 'files of other programs left alone'],
  ];
  const there = kinds.filter(([number]) => number > 0);
  const told = there.map(([number, one, many]) => `${number} ${number === 1 ? one : many}`);
  return [count(files, 'file'), count(tasks, 'valid task'), ...told].join(', ');
}
