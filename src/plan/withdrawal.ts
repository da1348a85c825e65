/** What was wanted and never asked for, and is wanted no more. */
import type { NoteReason } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import type { Desired, WantedTask } from '../manifest/collect.ts';
import type { TaskKey, Token } from '../manifest/manifest.ts';
import { mayHide, taskKey } from '../manifest/manifest.ts';
import { isQueued } from './observation.ts';

/** A note that the ledger should carry: a revision that is not asked for, and why. */
export interface Withdrawal {
  readonly token: Token;
  readonly fleet: string;
  readonly name: string;
  readonly reason: NoteReason;
  readonly message: string;
}

/** What a removal takes away: what was not asked for yet, may have to be asked for again, or may still be cancelled. */
function losesSomething(receipt: Receipt | undefined): boolean {
  if (receipt === undefined) return true;
  const state = receiptState(receipt);
  if (state === 'issued') {
    return (
      receipt.cancel === null && (receipt.revision?.targets ?? []).some((device) => isQueued(receipt, device))
    );
  }
  return state === 'pending' || state === 'waiting' || state === 'claimed' || state === 'inDoubt';
}

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
    const message = withdrawnMessages[judgeAbsence(receipt, lastPaths(receipt, previous), desired)];
    if (message === null) continue;
    const { token, fleet, name } = receipt;
    found.push({ token, fleet, name, reason: 'withdrawn', message });
  }
  for (const { manifest, path } of previous.values()) {
    if (ledger.receipts.has(manifest.token)) continue;
    const message = withdrawnMessages[judgeAbsence(manifest, [path], desired)];
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
  byLedger: boolean,
): number {
  const gone = new Set<Token>();
  for (const { manifest, path } of previous.values()) {
    if (judgeAbsence(manifest, [path], desired) !== 'removed') continue;
    if (losesSomething(ledger.receipts.get(manifest.token))) gone.add(manifest.token);
  }
  // What is in AWS is counted by the ledger, too: a name may have been hidden when the tree was read before, or its folder
  // be lost by a slip in the configuration, and its task would be cancelled all the same.
  for (const receipt of byLedger ? restlessReceipts(ledger) : []) {
    if (receiptState(receipt) !== 'issued' || !losesSomething(receipt)) continue;
    if (judgeAbsence(receipt, lastPaths(receipt, previous), desired) === 'removed') gone.add(receipt.token);
  }
  return gone.size;
}

/** Every path at which a revision is known to have been read: where it was claimed, and where it was last. */
export function lastPaths(receipt: Receipt, previous: ReadonlyMap<TaskKey, WantedTask>): string[] {
  const paths = [receipt.manifest?.path, previous.get(receipt.key)?.path];
  return paths.filter((path) => path !== undefined);
}

/**
 * - wanted: its manifest stands there
 * - replaced: another revision bears its name
 * - frozen: its name is misused, or its document has errors
 * - hidden: something unreadable stands where it was read, or holds its name
 * - removed: none of these; only then is it taken for gone
 */
export type Absence = 'wanted' | 'replaced' | 'frozen' | 'hidden' | 'removed';

const withdrawnMessages: Readonly<Record<Absence, string | null>> = {
  wanted: null,
  frozen: null,
  hidden: null,
  removed: removedMessage,
  replaced: replacedMessage,
};

/** Why a revision is not wanted any more, if it is so. */
export function judgeAbsence(
  revision: { readonly fleet: string; readonly name: string; readonly token: Token },
  paths: readonly string[],
  desired: Desired,
): Absence {
  const key = taskKey(revision);
  const wanted = desired.tasks.get(key);
  if (wanted !== undefined) return wanted.manifest.token === revision.token ? 'wanted' : 'replaced';
  if (desired.frozen.has(key)) return 'frozen';
  return listHiding(revision.name, paths, desired).next().done === true ? 'removed' : 'hidden';
}

/**
 * The paths at which a name may stand that no readable document bears: unreadable files where it was read, else those that
 * may hold it. In the order of the tree; each once.
 */
export function findHiding(name: string, paths: readonly string[], desired: Desired): readonly string[] {
  const own = new Set(paths.filter((path) => desired.quarantined.has(path)));
  return own.size > 0 ? [...own] : [...listHiding(name, [], desired)];
}

function* listHiding(name: string, paths: readonly string[], { quarantined }: Desired): Generator<string> {
  for (const path of paths) if (quarantined.has(path)) yield path;
  // It may have been moved into a file that was broken by the same commit, or by one that nobody here has seen.
  for (const [path, hidden] of quarantined) if (mayHide(hidden, name)) yield path;
}
