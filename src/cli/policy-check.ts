/** The policies of a work tree: loaded as the controller would load them, and held against its tasks and its configuration. */
import type { ControllerConfig } from '../config/config.ts';
import { systemClock } from '../lib/clock.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { failed, ok, type Result } from '../lib/faults.ts';
import type { Desired, PlacedProblem } from '../manifest/collect.ts';
import { calendarBytesMax } from '../policy/calendar-text.ts';
import { findStrangers } from '../policy/fleet-check.ts';
import { checkOpening } from '../policy/opening-check.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import { loadPolicies, type PolicySet } from '../policy/policy-set.ts';
import { findNeverOpen } from '../policy/window-parse.ts';
import { readPolicyFolder } from './policy-folder.ts';
import type { Found } from './tree-walk.ts';
import { readBounded } from './work-tree.ts';

export interface CheckedPolicies {
  /** The files that were read. */
  readonly paths: readonly string[];
  /** How many of each are valid. */
  readonly windows: number;
  readonly policies: number;
  readonly waivers: number;
  readonly suspensions: number;
  readonly problems: readonly PlacedProblem[];
}

type Fleets = ControllerConfig['fleets'];

/**
 * Checks the folders of policies that were found, and the documents outside of them, which are a set of their own. The
 * configuration is the one that was checked with them; null where there is none, or several. Faults: SG7002, SG7003, SG3071.
 */
export async function checkPolicySets(
  found: Found,
  loose: readonly PolicyFile[],
  limits: DocumentLimits,
  desired: Desired,
  config: ControllerConfig | null,
): Promise<Result<CheckedPolicies>> {
  const read = await readPolicies(found, loose, limits);
  if (!read.ok) return read;
  const sets = read.value.map((files) => loadPolicies(files, limits));
  const sum = (countOf: (set: PolicySet) => number): number =>
    sets.reduce((total, set) => total + countOf(set), 0);
  const fleets = config?.fleets ?? null;
  return ok({
    paths: read.value.flat().map(({ path }) => path),
    windows: sum((set) => set.windows.size),
    policies: sum((set) => set.policies.length),
    waivers: sum((set) => set.waivers.length),
    suspensions: sum((set) => set.suspensions.length),
    problems: [
      ...sets.flatMap((set) => set.problems),
      ...findPolicyStrangers(sets, fleets),
      ...findUnopened(desired, fleets, sets),
      ...sets.flatMap(findNeverOpened),
    ],
  });
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

/** Suspensions and waivers of fleets that it does not have: a line that was to be stopped would go on. */
function findPolicyStrangers(sets: readonly PolicySet[], fleets: Fleets | null): PlacedProblem[] {
  return fleets === null ? [] : sets.flatMap((set) => findStrangers(set, [...fleets.keys()]));
}

/** Tasks that would wait for their windows in vain. With several sets of policies nobody can say which binds them. */
function findUnopened(
  desired: Desired,
  fleets: Fleets | null,
  [set, other]: readonly PolicySet[],
): PlacedProblem[] {
  if (set === undefined || other !== undefined) return [];
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
