/**
 * The repeat guard (DESIGN 3): an edit is a new revision, but must not repeat a command on a device that was already
 * asked for it under this name with the same run. A corrected description must not reboot a ship twice.
 */

import type { Receipt } from '../ledger/receipt.ts';
import { isAsked, receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { taskKey } from '../manifest/manifest.ts';
import type { Reason } from '../policy/verdict.ts';

/** The receipts of other revisions under a manifest's name that were asked for. */
export function askedUnderName(manifest: Manifest, ledger: LedgerView): Receipt[] {
  const asked: Receipt[] = [];
  for (const token of ledger.tokensByKey.get(taskKey(manifest)) ?? []) {
    const receipt = ledger.receipts.get(token);
    if (token !== manifest.token && receipt !== undefined && isAsked(receiptState(receipt))) {
      asked.push(receipt);
    }
  }
  return asked;
}

/** A reason where `run` is below the highest one asked under the name: a run only ever rises. */
export function findLowerRun(manifest: Manifest, asked: readonly Receipt[]): Reason | null {
  const runs = asked.map(({ revision }) => revision?.run ?? 0);
  const highest = Math.max(0, ...runs);
  if (manifest.run >= highest) return null;
  return {
    code: 'SG6104',
    message: `run ${manifest.run} is below ${highest}, the highest run asked under this name; raise run above ${highest} to ask again`,
  };
}

/** A reason for each device on which the same command was already asked with the same run. */
export function findRepeats(manifest: Manifest, asked: readonly Receipt[]): Reason[] {
  const reasons: Reason[] = [];
  for (const receipt of asked) {
    const { revision } = receipt;
    if (revision === null || revision.run !== manifest.run || revision.command !== manifest.command) continue;
    const shared = manifest.targets.filter((target) => revision.targets.includes(target));
    if (shared.length === 0) continue;
    reasons.push({
      code: 'SG6105',
      message: `would repeat ${manifest.command} on ${shared.join(', ')} (${describeAsked(receipt)}); raise run to ask again, or name only new devices`,
    });
  }
  return reasons;
}

function describeAsked(receipt: Receipt): string {
  const [taskId] = receipt.taskIds;
  const day = receipt.attempts.at(-1)?.claimedAt.slice(0, 10);
  if (taskId !== undefined) return day === undefined ? taskId : `${taskId}, ${day}`;
  return receipt.baseline ? 'written down as baseline' : `asked ${day ?? 'before'}, outcome not known`;
}
