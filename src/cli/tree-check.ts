/** A work tree as the controller would find it once it is merged: everything that is wrong with it, without any network. */
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { warnOfTwins } from '../git/source-files.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import { collectDesired, type Desired, type PlacedProblem, type SourceFile } from '../manifest/collect.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import type { ReadConfig } from './config-file.ts';
import { type FolderNames, namesOf, usualNames } from './folder-names.ts';
import { findForgotten } from './forgotten-values.ts';
import { defaultLimits, nothingFound } from './manifests.ts';
import { defaultConfigPath } from './options.ts';
import type { CheckedPolicies } from './policy-check.ts';
import type { Surroundings } from './surroundings.ts';
import { readParts } from './tree-reading.ts';
import { type Found, findFiles } from './tree-walk.ts';
import { exists, type FoundFile } from './work-tree.ts';

export interface CheckedTree {
  readonly files: number;
  /** Their paths. */
  readonly paths: readonly string[];
  /** How many of each are valid. */
  readonly tasks: number;
  readonly windows: number;
  readonly policies: number;
  readonly waivers: number;
  readonly suspensions: number;
  /** YAML files of other programs: found in a folder, and left alone. */
  readonly foreign: number;
  /** In the order of path, line and column. */
  readonly problems: readonly PlacedProblem[];
}

/**
 * Checks the files that the paths name: without any the folders of manifests and policies, and the configuration, where
 * they are. What the folders are called, and the limits, is for that configuration to say. What only other files could
 * tell (another task of the same name) is not looked for where files are named. Faults: SG7002, SG7003, SG7023, SG3071.
 */
export async function checkTree(
  paths: readonly string[],
  world: Surroundings,
  config: string = defaultConfigPath,
): Promise<Result<CheckedTree>> {
  const usual = await readUsual(config, world);
  const named = paths.length > 0 ? paths : await defaultPaths(usual.names, config, world);
  const found = await findFiles(named, world.cwd, usual.names);
  if (!found.ok) return found;
  const { refused } = found.value;
  const read = await readFiles(found.value.files, usual.limits, world);
  if (!read.ok) return read;
  const { configs, foreign, tests } = read.value;
  const manifests = warnOfTwins([...read.value.manifests, ...refused]);
  const desired = collectDesired(manifests);
  const only = onlyConfig(configs);
  const policies = await checkPolicies(found.value, read.value, desired);
  if (!policies.ok) return policies;
  const parts = [manifests, configs].flat().map(({ path }) => path);
  const checked = [...new Set([...parts, ...policies.value.paths])];
  const files = checked.length;
  const problems: PlacedProblem[] = [
    ...configs.flatMap((one) => one.problems),
    ...found.value.problems,
    ...tests.map(strayTest),
    ...desired.problems,
    ...findUnknownFleets(desired, only),
    ...findForgotten(desired),
    ...policies.value.problems,
  ];
  // What is told of what is there says more.
  if (files === 0 && problems.length === 0) {
    const isOther = foreign > 0 || read.value.parts > 0;
    problems.push(nothingFound(named, isOther ? 'manifest, policy or configuration' : '.yaml or .yml file'));
  }
  const { windows, waivers, suspensions } = policies.value;
  return ok({
    files,
    paths: checked,
    tasks: desired.tasks.size,
    windows,
    policies: policies.value.policies,
    waivers,
    suspensions,
    foreign,
    problems: problems.sort(byPlace),
  });
}

/** The files of a tree, by what they are. */
interface ReadFiles {
  readonly configs: readonly ReadConfig[];
  readonly manifests: readonly SourceFile[];
  /** Documents of policies outside of any folder of theirs. */
  readonly policies: readonly PolicyFile[];
  /** Tests of policies that were named. */
  readonly tests: readonly string[];
  readonly foreign: number;
  /** All that were read. */
  readonly parts: number;
  readonly limits: DocumentLimits;
}

/** A configuration among the files may set other limits than the usual ones: then they are read by these. */
async function readFiles(
  files: readonly FoundFile[],
  usual: DocumentLimits,
  world: Surroundings,
): Promise<Result<ReadFiles>> {
  const read = await readParts(files, usual, world);
  if (!read.ok) return read;
  const configs: ReadConfig[] = [];
  const manifests: SourceFile[] = [];
  const policies: PolicyFile[] = [];
  const tests: string[] = [];
  const foreign = read.value.filter(({ kind }) => kind === 'foreign').length;
  for (const [index, part] of read.value.entries()) {
    const { path = '', full = '', isNamed } = files[index] ?? {};
    const parsed = part.kind === 'manifest' || part.kind === 'config' ? part.parsed : null;
    if (parsed !== null) manifests.push({ path, blob: '', parsed });
    if (part.kind === 'test' && isNamed === true) tests.push(path);
    if (part.kind === 'policy')
      policies.push({ path, blob: '', content: { kind: 'bytes', bytes: part.bytes } });
    if (part.kind === 'config') {
      const { checkConfig } = await import('./config-file.ts');
      configs.push(checkConfig(part.bytes, path, full));
    }
  }
  const limits = limitsOf(configs) ?? usual;
  if (!isDeepStrictEqual(limits, usual) && manifests.length > 0) return readFiles(files, limits, world);
  return ok({ configs, manifests, policies, tests, foreign, parts: read.value.length, limits });
}

function byPlace({ place: a }: PlacedProblem, { place: b }: PlacedProblem): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** What the configuration says of the tree; the defaults where there is none, or it has errors. */
async function readUsual(
  path: string,
  world: Surroundings,
): Promise<{ readonly names: FolderNames; readonly limits: DocumentLimits }> {
  const isThere = await exists(resolve(world.cwd, path));
  const { readConfig } = isThere ? await import('./config-file.ts') : { readConfig: null };
  const read = await readConfig?.(path, world);
  const config = read?.ok === true ? read.value.config : null;
  if (config === null) return { names: usualNames, limits: defaultLimits };
  return { names: namesOf(config), limits: pickLimits(config.source.limits) };
}

/** Folders by their names, and the configuration, where they are. */
async function defaultPaths(
  { manifests, policies }: FolderNames,
  config: string,
  world: Surroundings,
): Promise<string[]> {
  const folder = manifests === '' ? '.' : manifests;
  // Policies that are a whole repository are one of their own.
  const usual = [folder, ...(policies === '' ? [] : [policies]), config];
  const there = await Promise.all(usual.map((path) => exists(resolve(world.cwd, path))));
  const found = usual.filter((_, index) => there[index]);
  // Nothing there: the folder is named, so that it is said what was looked for.
  return found.length > 0 ? found : [folder];
}

const noPolicies: CheckedPolicies = {
  paths: [],
  windows: 0,
  policies: 0,
  waivers: 0,
  suspensions: 0,
  problems: [],
};

/** Most changes are about tasks alone: without a policy nothing is loaded that reads one. */
async function checkPolicies(
  found: Found,
  read: ReadFiles,
  desired: Desired,
): Promise<Result<CheckedPolicies>> {
  if (found.policyFolders.length === 0 && read.policies.length === 0) return ok(noPolicies);
  const { checkPolicySets } = await import('./policy-check.ts');
  const config = onlyConfig(read.configs)?.config ?? null;
  return checkPolicySets(found, read.policies, read.limits, desired, config);
}

/** The limits that the controller of this work tree would hold its documents to, where its configuration was read. */
function limitsOf(configs: readonly ReadConfig[]): DocumentLimits | null {
  const limits = configs.find(({ config }) => config !== null)?.config?.source.limits;
  return limits === undefined ? null : pickLimits(limits);
}

function pickLimits({ fileBytes, documentsPerFile, depth }: DocumentLimits): DocumentLimits {
  return { fileBytes, documentsPerFile, depth };
}

/** The one configuration that was checked, too; where there are none or several, nobody can say. */
function onlyConfig([only, other]: readonly ReadConfig[]): ReadConfig | undefined {
  return other === undefined && only?.config !== null ? only : undefined;
}

/** Tasks of fleets that the configuration beside them does not have. */
function findUnknownFleets(desired: Desired, only: ReadConfig | undefined): PlacedProblem[] {
  if (only?.config == null) return [];
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

/** A test of policies that lies where no policies do: nothing would run it. */
function strayTest(path: string): PlacedProblem {
  return {
    code: 'SG7006',
    severity: 'warning',
    place: { path, line: 1, column: 1 },
    message: 'this is a test of policies (kind: PolicyTest), which is not checked here',
    hint: 'name it *.test.yaml among the policies; snowgate policy test runs it',
  };
}
