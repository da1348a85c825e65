/** Whether what names a fleet can be about one: a set of policies by itself does not know which there are. */
import { findNearest } from '../lib/nearest.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import type { PolicySet } from './policy-set.ts';

/** Problems that are told; each costs a search for a near miss, and nobody reads more of them. */
const strangersMax = 100;

/**
 * A warning of each suspension and waiver whose fleet is none of those that are configured: it stops, or waives, nothing. No
 * error, because controllers of different fleets may share their policies.
 */
export function findStrangers(
  { suspensions, waivers }: PolicySet,
  fleets: readonly string[],
): PlacedProblem[] {
  const named = [
    ...suspensions.map(({ name, fleet, place }) => ({
      fleet,
      place,
      what: `suspension ${name}`,
      none: 'stops',
    })),
    ...waivers.map(({ name, fleet, place }) => ({ fleet, place, what: `waiver ${name}`, none: 'waives' })),
  ];
  const strangers = named.filter(({ fleet }) => fleet !== null && !fleets.includes(fleet));
  return strangers.slice(0, strangersMax).map(({ fleet, place, what, none }) => {
    const message = `the ${what} is for fleet ${fleet}, which the configuration does not have: it ${none} nothing here`;
    const nearest = findNearest(fleet ?? '', fleets);
    const hint = nearest === undefined ? `it has ${fleets.join(', ')}` : `did you mean ${nearest}?`;
    return { code: 'SG1414', severity: 'warning', place, message, hint };
  });
}
