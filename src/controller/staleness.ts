/** Old news is no permission: what was wanted five minutes ago may have been reverted four minutes ago. */
import type { Moment } from '../lib/clock.ts';
import { elapsedMs } from '../lib/clock.ts';
import type { Reason } from '../policy/verdict.ts';
import type { Controller } from './state.ts';

/** Why nothing may be claimed or called on what was last fetched; null while it is fresh enough. */
export function staleReason(c: Controller, now: Moment): Reason | null {
  const { maxAgeMs } = c.config.source;
  const sources = [
    ['source', c.state.sourceFresh],
    ['ledger', c.state.ledgerFresh],
    ...(c.policySource === null ? [] : [['policies', c.state.policyFresh] as const]),
  ] as const;
  for (const [what, fresh] of sources) {
    if (fresh !== null && elapsedMs(fresh, now) <= maxAgeMs) continue;
    const since = fresh === null ? 'never' : `${Math.round(elapsedMs(fresh, now) / 1000)} s ago`;
    return {
      code: 'SG6204',
      message: `the ${what} ${what === 'policies' ? 'were' : 'was'} last fetched ${since}, and source.maxAge is ${maxAgeMs / 1000} s; nothing is asked on old news`,
    };
  }
  return null;
}
