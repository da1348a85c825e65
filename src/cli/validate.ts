import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DocumentLimits } from '../lib/document.ts';
import { ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { Desired, PlacedProblem } from '../manifest/collect.ts';
import { checkConfig, configBytesMax, type ReadConfig } from './config-file.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { defaultLimits, linkProblem, readManifests } from './manifests.ts';
import { defaultConfigPath, type Format } from './options.ts';
import { colorsFor, count, formatJson, formatProblem, printFault } from './print.ts';
import type { Surroundings } from './surroundings.ts';
import { type FoundFile, findFiles, readBounded } from './work-tree.ts';

/** Where manifests are when nobody says otherwise: the default of `source.path`. */
const defaultPath = 'tasks';

interface Checked {
  readonly files: number;
  readonly tasks: number;
  readonly problems: readonly PlacedProblem[];
}

/**
 * Checks manifests and configurations of a work tree, without any network. Findings go to stdout, in the order of their
 * places; exit 1 when one of them is an error.
 */
export async function validate(
  paths: readonly string[],
  options: { readonly format: Format },
  world: Surroundings,
): Promise<ExitCode> {
  const checked = await check(paths, world);
  if (!checked.ok) {
    printFault(checked.fault, world);
    return exitCodes.usage;
  }
  const { files, tasks, problems } = checked.value;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  if (options.format === 'json') {
    const flat = problems.map(({ place, ...problem }) => ({ ...place, ...problem }));
    world.stdout.write(formatJson({ files, tasks, errors, warnings, problems: flat }, world));
  } else {
    const colors = colorsFor(world.stdout, world.env);
    for (const problem of problems) world.stdout.write(formatProblem(problem, colors));
    const found =
      errors + warnings === 0 ? 'no problems' : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
    world.stdout.write(`${count(files, 'file')}, ${count(tasks, 'valid task')}: ${found}\n`);
  }
  return errors > 0 ? exitCodes.findings : exitCodes.done;
}

async function check(paths: readonly string[], world: Surroundings): Promise<Result<Checked>> {
  const named = paths.length > 0 ? paths : await defaultPaths(world);
  const found = await findFiles(named, world.cwd);
  if (!found.ok) return found;
  const parted = await partConfigs(found.value.files);
  if (!parted.ok) return parted;
  const { configs, manifests } = parted.value;
  const read = await readManifests(manifests, limitsOf(configs));
  if (!read.ok) return read;
  const problems: PlacedProblem[] = [
    ...configs.flatMap((config) => config.problems),
    ...found.value.links.map(linkProblem),
    ...read.value.problems,
    ...findUnknownFleets(read.value, configs),
    ...(manifests.length + configs.length === 0 ? [nothingFound(named)] : []),
  ];
  // Stable: problems of one file come in its order already.
  problems.sort((a, b) => (a.place.path < b.place.path ? -1 : a.place.path > b.place.path ? 1 : 0));
  return ok({ files: manifests.length + configs.length, tasks: read.value.tasks.size, problems });
}

/** The usual places: the folder of manifests, and the configuration where there is one. */
async function defaultPaths(world: Surroundings): Promise<readonly string[]> {
  const usual = [defaultPath, defaultConfigPath];
  const there = await Promise.all(usual.map((path) => exists(resolve(world.cwd, path))));
  const found = usual.filter((_, index) => there[index]);
  // Nothing there: the folder is named, so that it is said what was looked for.
  return found.length > 0 ? found : [defaultPath];
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Which of the files are configurations, by their own word. */
async function partConfigs(
  files: readonly FoundFile[],
): Promise<Result<{ readonly configs: readonly ReadConfig[]; readonly manifests: readonly FoundFile[] }>> {
  const configs: ReadConfig[] = [];
  const manifests: FoundFile[] = [];
  for (const file of files) {
    const bytes = await readBounded(file.full, file.path, configBytesMax);
    if (!bytes.ok) return bytes;
    if (isController(bytes.value)) configs.push(checkConfig(bytes.value, file.path, file.full));
    else manifests.push(file);
  }
  return ok({ configs, manifests });
}

/**
 * Only the first kind of a file counts: a configuration is one document. By searching, not by a pattern: each character
 * is looked at once, whatever a pull request writes there.
 */
function isController(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const key = 'kind:';
  const start = text.startsWith(key) ? 0 : text.indexOf(`\n${key}`) + 1;
  if (!text.startsWith(key, start)) return false;
  const end = text.indexOf('\n', start);
  const [written = ''] = text.slice(start + key.length, end < 0 ? undefined : end).split('#', 1);
  return findNearest(written.replace(/["']/g, '').trim(), kinds) === 'Controller';
}

/** A misspelt kind is what it is nearest to, so that what else is wrong with the document is told with it. */
const kinds = ['Controller', 'Task', 'Window', 'Policy', 'Suspension', 'Waiver'];

/** The limits that the controller of this work tree would hold manifests to. */
function limitsOf(configs: readonly ReadConfig[]): DocumentLimits {
  return configs.find(({ config }) => config !== null)?.config?.source.limits ?? defaultLimits;
}

/** Tasks of fleets that the configuration beside them does not have; where there is none, nobody can say. */
function findUnknownFleets(desired: Desired, configs: readonly ReadConfig[]): PlacedProblem[] {
  const [only, other] = configs;
  if (only === undefined || only.config === null || other !== undefined) return [];
  const known = [...only.config.fleets.keys()];
  const unknown = [...desired.tasks.values()].filter(({ manifest }) => !known.includes(manifest.fleet));
  return unknown.map(({ manifest: { fleet }, path, line }) => {
    const nearest = findNearest(fleet, known);
    return {
      code: 'SG7022',
      severity: 'error',
      place: { path, line, column: 1 },
      message: `fleet ${fleet} is not in ${only.path}`,
      hint: nearest === undefined ? `it has ${known.join(', ')}` : `did you mean ${nearest}?`,
    };
  });
}

function nothingFound(paths: readonly string[]): PlacedProblem {
  return {
    code: 'SG7006',
    severity: 'warning',
    place: { path: paths[0] ?? '.', line: 1, column: 1 },
    message: 'no .yaml or .yml file here: nothing was checked',
  };
}
