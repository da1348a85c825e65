import { fault } from '../lib/faults.ts';
import { canonicalRevision } from '../manifest/canonical.ts';
import type { Desired, WantedTask } from '../manifest/collect.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { defaultLimits, nothingFound, readManifests } from './manifests.ts';
import type { Format } from './options.ts';
import { colorsFor, formatJson, formatProblem, plain, printFault } from './print.ts';
import type { Surroundings } from './surroundings.ts';
import { findFiles } from './tree-walk.ts';

export interface TokenOptions {
  readonly canonical?: true;
  readonly format: Format;
}

/**
 * Prints each manifest's clientToken and name, or the canonical JSON of one manifest: without a final newline, so that
 * `| sha256sum` gives the token. Exit 1 when a document is invalid.
 */
export async function token(
  paths: readonly string[],
  options: TokenOptions,
  world: Surroundings,
): Promise<ExitCode> {
  const found = await findFiles(paths, world.cwd);
  if (!found.ok) return usage(found.fault, world);
  const read = await readManifests(found.value, defaultLimits);
  if (!read.ok) return usage(read.fault, world);
  const problems = [...found.value.problems, ...read.value.problems];
  if (found.value.files.length === 0 && problems.length === 0)
    problems.push(nothingFound(paths, '.yaml or .yml file'));
  const colors = colorsFor(world.stderr, world.env);
  for (const problem of problems) world.stderr.write(formatProblem(problem, colors));
  const tasks = inOrder(read.value);
  const invalid = problems.some(({ severity }) => severity === 'error');
  if (options.canonical === true) {
    const [only] = tasks;
    if (invalid) return exitCodes.findings;
    if (only === undefined || tasks.length > 1) return usage(notOne(tasks.length), world);
    world.stdout.write(canonicalRevision(only.manifest));
    return exitCodes.done;
  }
  world.stdout.write(
    options.format === 'json' ? formatJson(tasks.map(describe), world) : tasks.map(line).join(''),
  );
  return invalid ? exitCodes.findings : exitCodes.done;
}

function inOrder(desired: Desired): readonly WantedTask[] {
  return [...desired.tasks.values()].sort((a, b) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1,
  );
}

function describe({ manifest, path, line: row }: WantedTask): object {
  const { token: value, fleet, name } = manifest;
  return { token: value, fleet, name, path, line: row };
}

/** As sha256sum writes its lines. */
function line({ manifest }: WantedTask): string {
  return `${manifest.token}  ${plain(`${manifest.fleet}/${manifest.name}`)}\n`;
}

function usage(reason: Parameters<typeof printFault>[0], world: Surroundings): ExitCode {
  printFault(reason, world);
  return exitCodes.usage;
}

function notOne(documents: number) {
  return fault(
    'SG7004',
    'human',
    `--canonical takes one document, and there are ${documents}`,
    'name a file with one document; without --canonical every token is listed',
  );
}
