import { failed, fault, ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { TaskKey } from '../manifest/manifest.ts';

/** Names shown where one is that of several tasks. */
const namesMax = 5;

/** The one task that is meant by fleet/name, or by a name that only one fleet has. Fault: SG7050, none or several. */
export function findKey(what: string, keys: ReadonlySet<TaskKey>): Result<TaskKey> {
  if (keys.has(what)) return ok(what);
  const named = findNamed(what, keys);
  const [only] = named;
  if (only !== undefined && named.length === 1) return ok(only);
  if (named.length > 1) {
    return failed(fault('SG7050', 'human', `"${what}" is a task of several fleets`, sayOneOf(named)));
  }
  const nearest = findNearestName(what, keys);
  const hint = nearest === undefined ? 'snowgate status names everything' : `did you mean ${nearest}?`;
  return failed(fault('SG7050', 'human', `neither source nor ledger knows a task "${what}"`, hint));
}

/** The tasks of that name without its fleet, in their order. */
export function findNamed(name: string, keys: Iterable<TaskKey>): TaskKey[] {
  return [...keys].filter((key) => bareName(key) === name).sort();
}

/** The name that is most like it, with its fleet where one was said. */
export function findNearestName(what: string, keys: Iterable<TaskKey>): string | undefined {
  return findNearest(what, what.includes('/') ? [...keys] : [...keys].map(bareName));
}

/** The hint where a name is that of several tasks. */
export function sayOneOf(named: readonly TaskKey[]): string {
  const more = named.length > namesMax ? ` and ${named.length - namesMax} more` : '';
  return `say ${named.slice(0, namesMax).join(', ')}${more}`;
}

function bareName(key: TaskKey): string {
  return key.split('/')[1] ?? '';
}
