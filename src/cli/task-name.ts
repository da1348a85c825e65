import { failed, fault, ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { TaskKey } from '../manifest/manifest.ts';

/** Names shown where one is that of several tasks. */
const namesMax = 5;

/** The one task that is meant by fleet/name, or by a name that only one fleet has. Fault: SG7050, none or several. */
export function findKey(what: string, keys: ReadonlySet<TaskKey>): Result<TaskKey> {
  if (keys.has(what)) return ok(what);
  const named = [...keys].filter((key) => key.split('/')[1] === what).sort();
  const [only] = named;
  if (only !== undefined && named.length === 1) return ok(only);
  if (named.length > 1) {
    const shown = named.slice(0, namesMax).join(', ');
    const more = named.length > namesMax ? ` and ${named.length - namesMax} more` : '';
    return failed(fault('SG7050', 'human', `"${what}" is a task of several fleets`, `say ${shown}${more}`));
  }
  const bare = what.includes('/') ? [...keys] : [...keys].map((key) => key.split('/')[1] ?? '');
  const nearest = findNearest(what, bare);
  const hint = nearest === undefined ? 'snowgate status names everything' : `did you mean ${nearest}?`;
  return failed(fault('SG7050', 'human', `neither source nor ledger knows a task "${what}"`, hint));
}
