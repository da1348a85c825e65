import type { Place } from '../lib/faults.ts';
import type { HiddenNames, Manifest, ParsedFile, Problem, TaskKey } from './manifest.ts';
import { taskKey } from './manifest.ts';
import { findBadOrder } from './order.ts';

/** One manifest file of the source, parsed, or why it could not be read at all (a symbolic link, too large). */
export interface SourceFile {
  readonly path: string;
  /** Object id of the blob; empty where there is none to read (a gitlink). */
  readonly blob: string;
  readonly parsed: ParsedFile;
}

/** A manifest and where it was read. */
export interface WantedTask {
  readonly manifest: Manifest;
  readonly path: string;
  readonly blob: string;
  readonly line: number;
}

export interface PlacedProblem extends Omit<Problem, 'line' | 'column'> {
  readonly place: Place;
}

/** What the source asks for at one commit. */
export interface Desired {
  readonly tasks: ReadonlyMap<TaskKey, WantedTask>;
  readonly problems: readonly PlacedProblem[];
  /** Names that nothing may be claimed or cancelled for: duplicates, and bad documents that still show their name. */
  readonly frozen: ReadonlySet<TaskKey>;
  /** Paths holding something unreadable, and the names it may bear: a name of them, or last read there, is not removed. */
  readonly quarantined: ReadonlyMap<string, HiddenNames>;
}

/**
 * Brings the files of a tree together. Two manifests of one fleet and name are an error of both; neither is wanted,
 * the name is frozen. Problems come in the order of path, line and column.
 */
export function collectDesired(files: readonly SourceFile[]): Desired {
  const byKey = new Map<TaskKey, WantedTask[]>();
  const problems: PlacedProblem[] = [];
  const frozen = new Set<TaskKey>();
  const quarantined = new Map<string, HiddenNames>();
  for (const { path, blob, parsed } of files) {
    if (parsed.hidden !== null) quarantined.set(path, parsed.hidden);
    for (const key of parsed.badNames) frozen.add(key);
    for (const { line, column, ...problem } of parsed.problems) {
      problems.push({ ...problem, place: { path, line, column } });
    }
    for (const { manifest, line } of parsed.manifests) {
      const task = { manifest, path, blob, line };
      const key = taskKey(manifest);
      const sharers = byKey.get(key);
      if (sharers === undefined) byKey.set(key, [task]);
      else sharers.push(task);
    }
  }
  const tasks = new Map<TaskKey, WantedTask>();
  for (const [key, sharers] of byKey) {
    const [only, other] = sharers;
    if (only !== undefined && other === undefined && !frozen.has(key)) tasks.set(key, only);
    if (other === undefined) continue;
    frozen.add(key);
    for (const task of sharers) problems.push(duplicateProblem(key, task, sharers));
  }
  for (const problem of findBadOrder(tasks, frozen, quarantined)) {
    problems.push(problem.told);
    tasks.delete(problem.key);
    frozen.add(problem.key);
  }
  problems.sort(comparePlaces);
  return { tasks, problems, frozen, quarantined };
}

function duplicateProblem(key: TaskKey, task: WantedTask, sharers: readonly WantedTask[]): PlacedProblem {
  const others = sharers.filter((other) => other !== task);
  const shown = others.slice(0, 3).map(({ path, line }) => `${path}:${line}`);
  const more = others.length > shown.length ? ` and ${others.length - shown.length} more` : '';
  return {
    code: 'SG1301',
    severity: 'error',
    place: { path: task.path, line: task.line, column: 1 },
    message: `${key} is also named at ${shown.join(', ')}${more}; neither is issued`,
    hint: 'a name is unique within its fleet: rename or remove one of them',
  };
}

function comparePlaces(a: PlacedProblem, b: PlacedProblem): number {
  if (a.place.path !== b.place.path) return a.place.path < b.place.path ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
