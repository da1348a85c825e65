/** Whether a task can ever find its windows open: what a file says wrong is better told before it is merged. */
import type { PlacedProblem, WantedTask } from '../manifest/collect.ts';
import type { Gate } from './gate.ts';
import { nextAcceptingAll } from './gate.ts';
import { matchesTask } from './match.ts';
import type { Policy } from './policy.ts';
import type { PolicySet } from './policy-set.ts';
import { isoInstant } from './verdict.ts';
import type { Window } from './window.ts';

interface Bound {
  readonly name: string;
  readonly place: string;
  readonly windows: readonly string[];
  readonly gate: Gate;
}

/**
 * A warning where no window of a rule, or of several rules together, accepts the task between its `notBefore` (or now) and
 * its `notAfter`. Null where one does, where the task has no end, where that has passed, and where it cannot be known: a
 * window does not load, or `fleetLabels` is null and decides.
 */
export function checkOpening(
  { manifest, path, line }: WantedTask,
  fleetLabels: Readonly<Record<string, string>> | null,
  set: PolicySet,
  nowMs: number,
): PlacedProblem | null {
  const { notBeforeMs, notAfterMs } = manifest;
  if (notAfterMs === undefined || notAfterMs <= nowMs) return null;
  const subject = { ...manifest, fleetLabels: fleetLabels ?? {} };
  const bounds = set.policies
    .filter(({ match }) => (fleetLabels !== null || !readsFleetLabels(match)) && matchesTask(match, subject))
    .flatMap((policy) => boundsOf(policy, set));
  const fromMs = notBeforeMs ?? nowMs;
  const meets = (gates: readonly Gate[]): boolean => {
    const nextMs = nextAcceptingAll(gates, fromMs);
    return nextMs !== null && nextMs < notAfterMs;
  };
  const shut = bounds.filter(({ gate }) => !meets([gate]));
  if (shut.length === 0 && meets(bounds.map(({ gate }) => gate))) return null;
  const named = (shut.length === 0 ? bounds : shut).map(
    ({ name, place, windows }) => `${name} (${windows.join(' or ')}, ${place})`,
  );
  const from = notBeforeMs === undefined ? 'now' : `notBefore ${isoInstant(notBeforeMs)}`;
  const what = shut.length === 0 ? 'these are not open together' : 'no window is open that it needs';
  return {
    code: 'SG1412',
    severity: 'warning',
    place: { path, line, column: 1 },
    message: `${what} between ${from} and notAfter ${isoInstant(notAfterMs)}: ${named.join(', ')}`,
    hint: 'move notBefore or notAfter, or correct the windows; snowgate window explain NAME tells when one opens',
  };
}

function readsFleetLabels({ fleetLabels, exclude }: Policy['match']): boolean {
  return fleetLabels !== undefined || exclude?.fleetLabels !== undefined;
}

/** Its rules that bind, of which every window loads. */
function boundsOf({ name: policy, rules }: Policy, { windows }: PolicySet): Bound[] {
  return rules.flatMap((rule): Bound[] => {
    if (rule.kind !== 'window' || rule.otherwise === 'warn') return [];
    const gate = rule.anyOf.flatMap((window): Window[] => {
      const found = windows.get(window);
      return found === undefined ? [] : [found];
    });
    if (gate.length < rule.anyOf.length) return [];
    const place = `${rule.place.path}:${rule.place.line}`;
    return [{ name: `${policy}/${rule.name}`, place, windows: rule.anyOf, gate }];
  });
}
