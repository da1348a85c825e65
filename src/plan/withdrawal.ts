/** What was wanted and never asked for, and is wanted no more. */
import type { NoteReason } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/fold.ts';
import { restlessReceipts } from '../ledger/fold.ts';
import type { ReceiptState } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { Desired, WantedTask } from '../manifest/collect.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';

/** A note that the ledger should carry: a revision that is not asked for, and why. */
export interface Withdrawal {
  readonly token: Token;
  readonly fleet: string;
  readonly name: string;
  readonly reason: NoteReason;
  readonly message: string;
}

/**
 * What a removal takes away: what was not asked for yet, or may have to be asked for again. Not what was issued: nothing is
 * cancelled yet, and whether it has ended is not known before somebody asks; counting it would halt every tidying up.
 */
const losing: ReadonlySet<ReceiptState> = new Set(['pending', 'waiting', 'claimed', 'inDoubt']);

const removedMessage = 'its manifest was removed before it was asked for';
const replacedMessage = 'another revision of this name replaced it before it was asked for';

/**
 * Revisions that were never asked for and are not wanted any more, each once. A frozen name, and one last read where
 * an unreadable file stands now, is not removed: its manifest may still be there.
 */
export function findWithdrawals(
  previous: ReadonlyMap<TaskKey, WantedTask>,
  desired: Desired,
  ledger: LedgerView,
): Withdrawal[] {
  const found: Withdrawal[] = [];
  for (const receipt of restlessReceipts(ledger)) {
    const state = receiptState(receipt);
    if ((state !== 'waiting' && state !== 'pending') || receipt.notes.has('withdrawn')) continue;
    const path = receipt.manifest?.path ?? previous.get(receipt.key)?.path ?? null;
    const message = whyUnwanted(receipt.key, receipt.token, path, desired);
    if (message === null) continue;
    const { token, fleet, name } = receipt;
    found.push({ token, fleet, name, reason: 'withdrawn', message });
  }
  for (const [key, { manifest, path }] of previous) {
    if (ledger.receipts.has(manifest.token)) continue;
    const message = whyUnwanted(key, manifest.token, path, desired);
    if (message === null) continue;
    const { token, fleet, name } = manifest;
    found.push({ token, fleet, name, reason: 'withdrawn', message });
  }
  return found;
}

/**
 * How many names at once are gone whose going would withdraw or cancel something: what `source.maxRemovals` bounds.
 * A name whose task has ended, or was refused, loses nothing.
 */
export function countRemovals(
  previous: ReadonlyMap<TaskKey, WantedTask>,
  desired: Desired,
  ledger: LedgerView,
): number {
  let removals = 0;
  for (const [key, { manifest, path }] of previous) {
    if (whyUnwanted(key, manifest.token, path, desired) !== removedMessage) continue;
    const receipt = ledger.receipts.get(manifest.token);
    const state = receipt === undefined ? 'pending' : receiptState(receipt);
    if (losing.has(state)) removals += 1;
  }
  return removals;
}

function whyUnwanted(key: TaskKey, token: Token, path: string | null, desired: Desired): string | null {
  const wanted = desired.tasks.get(key);
  if (wanted !== undefined) return wanted.manifest.token === token ? null : replacedMessage;
  if (desired.frozen.has(key)) return null;
  // Where it was read last is not known after a restart: then any unreadable file may hold it.
  if (path === null ? desired.quarantinedPaths.size > 0 : desired.quarantinedPaths.has(path)) return null;
  return removedMessage;
}
