/** A work tree as the controller would find it once it is merged: everything that is wrong with it, without any network. */
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '../lib/clock.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { failed, ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { Desired, PlacedProblem } from '../manifest/collect.ts';
import { calendarBytesMax } from '../policy/calendar-text.ts';
import { findStrangers } from '../policy/fleet-check.ts';
import { checkOpening } from '../policy/opening-check.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import { loadPolicies, type PolicySet } from '../policy/policy-set.ts';
import { findNeverOpen } from '../policy/window-parse.ts';
import { type ReadConfig, readConfig } from './config-file.ts';
import { type FolderNames, namesOf, usualNames } from './folder-names.ts';
import { defaultLimits, linkProblem, readManifests } from './manifests.ts';
import { defaultConfigPath } from './options.ts';
import { partFiles } from './parts.ts';
import { readPolicyFolder } from './policy-folder.ts';
import type { Surroundings } from './surroundings.ts';
import { type Found, findFiles, readBounded } from './work-tree.ts';

export interface CheckedTree {
  readonly files: number;
  /** How many of each are valid. */
  readonly tasks: number;
  readonly windows: number;
  readonly policies: number;
  readonly waivers: number;
  readonly suspensions: number;
  /** In the order of path, line and column. */
  readonly problems: readonly PlacedProblem[];
}

/**
 * Checks the files that the paths name: without any the folders of manifests and policies, and the configuration, where
 * they are. Faults: SG7002, SG7003, SG3071.
 */
export async function checkTree(paths: readonly string[], world: Surroundings): Promise<Result<CheckedTree>> {
  const names = await readNames(world);
  const named = paths.length > 0 ? paths : await defaultPaths(names, world);
  const found = await findFiles(named, world.cwd, names);
  if (!found.ok) return found;
  const parts = await partFiles(found.value.files, names);
  if (!parts.ok) return parts;
  const { configs, manifests } = parts.value;
  const limits = limitsOf(configs);
  const read = await readManifests(manifests, limits);
  if (!read.ok) return read;
  const policies = await readPolicies(found.value, parts.value.policies, limits);
  if (!policies.ok) return policies;
  const sets = policies.value.map((files) => loadPolicies(files, limits));
  const files = manifests.length + configs.length + policies.value.flat().length;
  const problems: PlacedProblem[] = [
    ...configs.flatMap((config) => config.problems),
    ...found.value.links.map(linkProblem),
    ...read.value.problems,
    ...sets.flatMap((set) => set.problems),
    ...findUnknownFleets(read.value, configs),
    ...findPolicyStrangers(sets, configs),
    ...findUnopened(read.value, configs, sets),
    ...sets.flatMap(findNeverOpened),
    ...(files === 0 ? [nothingFound(named)] : []),
  ];
  const sum = (countOf: (set: PolicySet) => number): number =>
    sets.reduce((total, set) => total + countOf(set), 0);
  return ok({
    files,
    tasks: read.value.tasks.size,
    windows: sum((set) => set.windows.size),
    policies: sum((set) => set.policies.length),
    waivers: sum((set) => set.waivers.length),
    suspensions: sum((set) => set.suspensions.length),
    problems: problems.sort(byPlace),
  });
}

function byPlace({ place: a }: PlacedProblem, { place: b }: PlacedProblem): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** The folders of the configuration that lies here; the usual ones where there is none, or it has errors. */
async function readNames(world: Surroundings): Promise<FolderNames> {
  const read = await readConfig(defaultConfigPath, world);
  return read.ok && read.value.config !== null ? namesOf(read.value.config) : usualNames;
}

/** Folders by their names, and the configuration, where they are. */
async function defaultPaths({ manifests, policies }: FolderNames, world: Surroundings): Promise<string[]> {
  const folder = manifests === '' ? '.' : manifests;
  // Policies that are a whole repository are one of their own.
  const usual = [folder, ...(policies === '' ? [] : [policies]), defaultConfigPath];
  const there = await Promise.all(usual.map((path) => exists(resolve(world.cwd, path))));
  const found = usual.filter((_, index) => there[index]);
  // Nothing there: the folder is named, so that it is said what was looked for.
  return found.length > 0 ? found : [folder];
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The files of each set: those of a folder belong together, and those that lie outside of one. */
async function readPolicies(
  { policyFolders, calendars }: Found,
  loose: readonly PolicyFile[],
  { fileBytes }: DocumentLimits,
): Promise<Result<readonly (readonly PolicyFile[])[]>> {
  const sets: (readonly PolicyFile[])[] = [];
  for (const folder of policyFolders) {
    const read = await readPolicyFolder(folder, fileBytes);
    if (!read.ok) return read;
    sets.push(read.value.files);
  }
  if (loose.length === 0) return ok(sets);
  const beside: PolicyFile[] = [];
  for (const { full, path } of calendars) {
    const bytes = await readBounded(full, path, calendarBytesMax);
    if (!bytes.ok) return failed(bytes.fault);
    beside.push({ path, blob: '', content: { kind: 'bytes', bytes: bytes.value } });
  }
  return ok([...sets, [...loose, ...beside]]);
}

/** The limits that the controller of this work tree would hold its documents to. */
function limitsOf(configs: readonly ReadConfig[]): DocumentLimits {
  return configs.find(({ config }) => config !== null)?.config?.source.limits ?? defaultLimits;
}

/** The one configuration that was checked, too; where there are none or several, nobody can say. */
function onlyConfig([only, other]: readonly ReadConfig[]): ReadConfig | undefined {
  return other === undefined && only?.config !== null ? only : undefined;
}

/** Tasks of fleets that the configuration beside them does not have. */
function findUnknownFleets(desired: Desired, configs: readonly ReadConfig[]): PlacedProblem[] {
  const only = onlyConfig(configs);
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

/** Suspensions and waivers of fleets that it does not have: a line that was to be stopped would go on. */
function findPolicyStrangers(sets: readonly PolicySet[], configs: readonly ReadConfig[]): PlacedProblem[] {
  const fleets = onlyConfig(configs)?.config?.fleets;
  return fleets == null ? [] : sets.flatMap((set) => findStrangers(set, [...fleets.keys()]));
}

/** Tasks that would wait for their windows in vain. With several sets of policies nobody can say which binds them. */
function findUnopened(
  desired: Desired,
  configs: readonly ReadConfig[],
  [set, other]: readonly PolicySet[],
): PlacedProblem[] {
  if (set === undefined || other !== undefined) return [];
  const fleets = onlyConfig(configs)?.config?.fleets;
  const nowMs = systemClock.wallMs();
  return [...desired.tasks.values()].flatMap((task) => {
    const labels = fleets?.get(task.manifest.fleet)?.labels ?? null;
    const problem = checkOpening(task, labels, set, nowMs);
    return problem === null ? [] : [problem];
  });
}

/** Windows that would hold their tasks for longer than anybody looks ahead. */
function findNeverOpened({ windows }: PolicySet): PlacedProblem[] {
  const nowMs = systemClock.wallMs();
  return [...windows.values()].flatMap((window) => {
    const problem = findNeverOpen(window, nowMs);
    if (problem === null) return [];
    const { line, column, ...rest } = problem;
    return [{ ...rest, place: { path: window.place.path, line, column } }];
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
