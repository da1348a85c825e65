import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { Format } from './options.ts';
import { colorsFor, count, formatJson, formatProblem, printFault } from './print.ts';
import type { Surroundings } from './surroundings.ts';
import { type CheckedTree, checkTree } from './tree-check.ts';

/**
 * Checks manifests, policies and configurations of a work tree, without any network. Findings go to stdout, in the order of
 * their places; exit 1 when one of them is an error.
 */
export async function validate(
  paths: readonly string[],
  options: { readonly format: Format },
  world: Surroundings,
): Promise<ExitCode> {
  const checked = await checkTree(paths, world);
  if (!checked.ok) {
    printFault(checked.fault, world);
    return exitCodes.usage;
  }
  const { problems, ...counts } = checked.value;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  if (options.format === 'json') {
    const flat = problems.map(({ place, ...problem }) => ({ ...place, ...problem }));
    world.stdout.write(formatJson({ ...counts, errors, warnings, problems: flat }, world));
  } else {
    const colors = colorsFor(world.stdout, world.env);
    for (const problem of problems) world.stdout.write(formatProblem(problem, colors));
    const found =
      errors + warnings === 0 ? 'no problems' : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
    world.stdout.write(`${formatCounts(checked.value)}: ${found}\n`);
  }
  return errors > 0 ? exitCodes.findings : exitCodes.done;
}

/** Of policies only what is there. */
function formatCounts({ files, tasks, windows, policies, waivers, suspensions }: CheckedTree): string {
  const kinds: [number, string, string][] = [
    [windows, 'window', 'windows'],
    [policies, 'policy', 'policies'],
    [waivers, 'waiver', 'waivers'],
    [suspensions, 'suspension', 'suspensions'],
  ];
  const there = kinds.filter(([number]) => number > 0);
  const told = there.map(([number, one, many]) => `${number} ${number === 1 ? one : many}`);
  return [count(files, 'file'), count(tasks, 'valid task'), ...told].join(', ');
}
