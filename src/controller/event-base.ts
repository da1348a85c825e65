import type { LedgerEvent } from '../ledger/events.ts';
import { formatVersion } from '../ledger/events.ts';
import { isoInstant } from '../policy/verdict.ts';
import type { Controller } from './state.ts';

/** What every event begins with: its version, the revision that it is about, and this moment. */
export function eventBase(
  c: Controller,
  { token, fleet, name }: Pick<LedgerEvent, 'token' | 'fleet' | 'name'>,
): Pick<LedgerEvent, 'v' | 'token' | 'fleet' | 'name' | 'at'> {
  return { v: formatVersion, token, fleet, name, at: isoInstant(c.clock.wallMs()) };
}
