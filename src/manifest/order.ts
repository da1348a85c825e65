/** `spec.after` over all manifests of a tree: every name is somebody's, and no task waits for itself. */

import type { Place } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { HiddenNames, Manifest, Problem, TaskKey } from './manifest.ts';
import { mayHide, taskKey } from './manifest.ts';

interface PlacedTask {
  readonly manifest: Manifest;
  readonly path: string;
  readonly line: number;
}

export interface BadOrder {
  readonly key: TaskKey;
  readonly told: Omit<Problem, 'line' | 'column'> & { readonly place: Place };
}

/** Names are compared with a misspelt one up to so many: a fleet may have a hundred thousand. */
const candidatesMax = 1_000;
/** Near misses that are looked for in one tree: more mistakes than this have one cause. */
const searchesMax = 100;

/**
 * Tasks that name a task which is not there, or that wait for themselves, perhaps through others. A name whose manifest
 * has errors, or may stand in something unreadable, is there: its task waits, and is not wrong.
 */
export function findBadOrder(
  tasks: ReadonlyMap<TaskKey, PlacedTask>,
  frozen: ReadonlySet<TaskKey>,
  quarantined: ReadonlyMap<string, HiddenNames>,
): BadOrder[] {
  const found: BadOrder[] = [];
  const near = new Nearest(tasks);
  for (const task of tasks.values()) {
    const { fleet, after } = task.manifest;
    const unknown = after.filter((name) => {
      const key = taskKey({ fleet, name });
      if (tasks.has(key) || frozen.has(key)) return false;
      return ![...quarantined.values()].some((hidden) => mayHide(hidden, name));
    });
    if (unknown.length > 0) found.push(unknownName(task, unknown, near));
  }
  for (const circle of findCircles(tasks)) {
    for (const task of circle) found.push(inCircle(task, circle));
  }
  return found;
}

/** Near misses of unknown names, each looked for once: one name that was removed may be waited for by a whole fleet. */
class Nearest {
  readonly #tasks: ReadonlyMap<TaskKey, PlacedTask>;
  readonly #found = new Map<TaskKey, string | undefined>();

  constructor(tasks: ReadonlyMap<TaskKey, PlacedTask>) {
    this.#tasks = tasks;
  }

  find(fleet: string, unknown: string): string | undefined {
    const key = taskKey({ fleet, name: unknown });
    if (this.#found.has(key) || this.#found.size >= searchesMax) return this.#found.get(key);
    const names: string[] = [];
    for (const { manifest } of this.#tasks.values()) {
      if (names.length >= candidatesMax) break;
      if (manifest.fleet === fleet) names.push(manifest.name);
    }
    const nearest = findNearest(unknown, names);
    this.#found.set(key, nearest);
    return nearest;
  }
}

function unknownName(task: PlacedTask, unknown: readonly string[], near: Nearest): BadOrder {
  const { fleet, name } = task.manifest;
  const nearest = near.find(fleet, unknown[0] ?? '');
  return {
    key: taskKey(task.manifest),
    told: {
      code: 'SG1302',
      severity: 'error',
      place: { path: task.path, line: task.line, column: 1 },
      message: `${fleet}/${name} comes after ${unknown.join(', ')}, which no manifest of fleet ${fleet} is named`,
      hint:
        nearest === undefined
          ? 'name tasks that are in the source; where one is done and removed, take it out of spec.after'
          : `did you mean ${nearest}?`,
    },
  };
}

function inCircle(task: PlacedTask, circle: readonly PlacedTask[]): BadOrder {
  const shown = circle.slice(0, 10).map(({ manifest }) => manifest.name);
  const names = [...shown, ...(circle.length > shown.length ? ['...'] : []), shown[0] ?? ''];
  const message =
    circle.length === 1
      ? `${taskKey(task.manifest)} comes after itself`
      : `${taskKey(task.manifest)} waits for itself: ${names.join(' after ')}`;
  return {
    key: taskKey(task.manifest),
    told: {
      code: 'SG1303',
      severity: 'error',
      place: { path: task.path, line: task.line, column: 1 },
      message,
      hint: 'take one of them out of spec.after',
    },
  };
}

/**
 * Every circle of tasks that wait for each other, once (Tarjan's strongly connected components, without recursion: a
 * chain may be as long as the source). A task that only waits for one in a circle is in none.
 */
function findCircles(tasks: ReadonlyMap<TaskKey, PlacedTask>): PlacedTask[][] {
  const circles: PlacedTask[][] = [];
  const index = new Map<TaskKey, number>();
  const low = new Map<TaskKey, number>();
  const open: TaskKey[] = [];
  const isOpen = new Set<TaskKey>();
  const beforeOf = (key: TaskKey): TaskKey[] => {
    const manifest = tasks.get(key)?.manifest;
    return (manifest?.after ?? []).map((name) => taskKey({ fleet: manifest?.fleet ?? '', name }));
  };
  const enter = (key: TaskKey): { key: TaskKey; rest: TaskKey[] } => {
    index.set(key, index.size);
    low.set(key, index.size - 1);
    open.push(key);
    isOpen.add(key);
    return { key, rest: beforeOf(key).filter((before) => tasks.has(before)) };
  };
  const lower = (key: TaskKey, to: number): void => void low.set(key, Math.min(low.get(key) ?? to, to));
  for (const [root, { manifest }] of tasks) {
    if (manifest.after.length === 0 || index.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.pop();
      if (next !== undefined) {
        if (!index.has(next)) path.push(enter(next));
        else if (isOpen.has(next)) lower(top.key, index.get(next) ?? 0);
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above !== undefined) lower(above.key, low.get(top.key) ?? 0);
      if (low.get(top.key) !== index.get(top.key)) continue;
      const members = open.splice(open.lastIndexOf(top.key));
      for (const member of members) isOpen.delete(member);
      if (members.length > 1 || beforeOf(top.key).includes(top.key)) {
        circles.push(members.sort().flatMap((key) => tasks.get(key) ?? []));
      }
    }
  }
  return circles;
}
