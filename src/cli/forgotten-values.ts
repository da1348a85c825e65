/** Values that were to be filled in, and were not. */
import { holdsPlaceholder, placeholder } from '../lib/placeholder.ts';
import type { Desired, PlacedProblem, WantedTask } from '../manifest/collect.ts';

/**
 * A warning of each task in which `change-me` still stands. No error: a commit of what is yet to be filled in is not wrong, only
 * its merge would be.
 */
export function findForgotten({ tasks }: Desired): PlacedProblem[] {
  return [...tasks.values()].flatMap((task) => {
    const keys = keysOf(task);
    if (keys.length === 0) return [];
    return {
      code: 'SG1415',
      severity: 'warning',
      place: { path: task.path, line: task.line, column: 1 },
      message: `${placeholder} still stands in ${keys.join(', ')}`,
      hint: 'write what is meant: merged as it is, the task would ask AWS for that',
    };
  });
}

/** Where it stands, as the manifest writes its keys. */
function keysOf({ manifest }: WantedTask): string[] {
  const { fleet, name, targets, description = '', tags, labels, annotations } = manifest;
  const held = (texts: readonly string[]): boolean => texts.some(holdsPlaceholder);
  const parts: readonly (readonly [string, boolean])[] = [
    ['metadata.name', held([name])],
    ['metadata.labels', held(Object.entries(labels).flat())],
    ['metadata.annotations', held(Object.entries(annotations).flat())],
    ['spec.fleet', held([fleet])],
    ['spec.targets', held(targets)],
    ['spec.description', held([description])],
    ['spec.tags', held(Object.entries(tags).flat())],
  ];
  return parts.filter(([, isHeld]) => isHeld).map(([key]) => key);
}
