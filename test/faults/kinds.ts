/** What a run has met: how often each kind of event was written, told apart by what is behind it. */
import { decodeSegment } from '../../src/ledger/codec.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import type { LedgerRemote } from '../doubles/ledger.ts';

/** The events of a ledger by their kinds. */
export function countKinds(remote: LedgerRemote): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const segment of remote.segments()) {
    const batch = decodeSegment(segment);
    for (const event of batch.ok ? batch.value.events : []) {
      const kind = nameKind(event);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  return kinds;
}

function nameKind(event: LedgerEvent): string {
  if (event.kind === 'released' || event.kind === 'cancelRequested') return `${event.kind} ${event.reason}`;
  if (event.kind === 'settled') return `settled ${event.outcome}`;
  if (event.kind === 'ranOutsideWindow') return `ranOutsideWindow ${event.runs[0]?.cause ?? ''}`;
  if (event.kind === 'claimed' && event.verdict.waiver !== undefined) return 'claimed by waiver';
  return event.kind;
}
