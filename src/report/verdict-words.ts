/** What a claim was allowed by, in words. */
import type { ClaimVerdict, LedgerEvent } from '../ledger/events.ts';

/**
 * Why a claim was allowed, and until when, in one line: `by unlock-at-night until 2026-11-28T04:00:00.000Z`. Empty
 * where no policy was asked and nothing ends it.
 */
export function describeVerdict({ policies, waiver, until, closes, cancels }: ClaimVerdict): string {
  const names = policies.map(({ name }) => name).join(', ');
  if (names === '' && waiver === undefined && until === null) return '';
  const by = names === '' ? 'without a policy' : `by ${names}`;
  const end = until === null ? '' : ` until ${until}`;
  const run = closes == null || closes === until ? '' : `, may begin until ${closes}`;
  const cancel = cancels == null || cancels === closes ? '' : `, is cancelled at ${cancels}`;
  if (waiver === undefined) return `${by}${end}${run}${cancel}`;
  const { name, path, rules, reason, expires } = waiver;
  const waived = `by waiver ${name} (${path}) of ${rules.join(', ')}, which expires ${expires}: ${reason}`;
  return `${by}${end}${run}${cancel}; ${waived}`;
}

/** The same of the newest claim among the events of a revision; empty where there is none. */
export function describeNewestClaim(told: readonly { readonly event: LedgerEvent }[] = []): string {
  const claim = told.findLast(({ event }) => event.kind === 'claimed')?.event;
  return claim?.kind === 'claimed' ? describeVerdict(claim.verdict) : '';
}
