/** `spec.after`: a task waits until those that it names have succeeded on all their devices. */

import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Desired } from '../manifest/collect.ts';
import type { Manifest, TaskKey } from '../manifest/manifest.ts';
import { taskKey } from '../manifest/manifest.ts';
import type { Reason } from '../policy/verdict.ts';
import { joinFew } from './few.ts';
import { isFinalState } from './observation.ts';

export interface OrderInput {
  readonly desired: Desired;
  readonly ledger: LedgerView;
}

/** A reason for each task that has to succeed first and has not; another one where it never will. */
export function findUnfinished(manifest: Manifest, input: OrderInput): Reason[] {
  return manifest.after.flatMap((name) => {
    const reason = judgeEarlier(name, taskKey({ fleet: manifest.fleet, name }), input);
    return reason === null ? [] : [reason];
  });
}

function judgeEarlier(name: string, key: TaskKey, { desired, ledger }: OrderInput): Reason | null {
  const earlier = desired.tasks.get(key)?.manifest;
  if (earlier === undefined)
    return { code: 'SG6122', message: `waits for ${name}, whose manifest has errors` };
  const refused = ledger.receipts.get(earlier.token);
  if (refused !== undefined && receiptState(refused) === 'refused') {
    return { code: 'SG6123', message: `waits for ${name}, which AWS refused: ${wayOut(name)}` };
  }
  const asked = (ledger.tokensByKey.get(key) ?? []).flatMap((token) => {
    const receipt = ledger.receipts.get(token);
    return receipt !== undefined && isSameRun(receipt, earlier) ? [receipt] : [];
  });
  const ends = earlier.targets.map((device) => ({ device, end: endOn(device, asked) }));
  const failed = ends.filter(({ end }) => end.kind === 'failed');
  if (failed.length > 0) {
    const devices = failed.map(({ device, end }) => `${device} (${end.kind === 'failed' ? end.how : ''})`);
    return {
      code: 'SG6123',
      message: `waits for ${name}, which has not succeeded on ${joinFew(devices)}: ${wayOut(name)}`,
    };
  }
  const open = ends.filter(({ end }) => end.kind === 'open').map(({ device }) => device);
  return open.length === 0
    ? null
    : { code: 'SG6122', message: `waits for ${name} to succeed on ${joinFew(open)}` };
}

function wayOut(name: string): string {
  return `raise its run, or take ${name} out of spec.after`;
}

/** Another revision of the name stands for it where it asked the same: a corrected description does not undo a reboot. */
function isSameRun({ revision }: Receipt, earlier: Manifest): boolean {
  return revision !== null && revision.run === earlier.run && revision.command === earlier.command;
}

type End = { readonly kind: 'succeeded' | 'open' } | { readonly kind: 'failed'; readonly how: string };

function endOn(device: string, asked: readonly Receipt[]): End {
  let end: End = { kind: 'open' };
  for (const receipt of asked) {
    if (receipt.revision?.targets.includes(device) !== true) continue;
    if (receipt.baseline) return { kind: 'succeeded' };
    const state = receipt.executions.find((execution) => execution.device === device)?.state;
    if (state === 'SUCCEEDED') return { kind: 'succeeded' };
    const isOver = receipt.settled !== null || (state !== undefined && isFinalState(state));
    if (!isOver) continue;
    const how = state !== undefined && isFinalState(state) ? state : (receipt.settled?.outcome ?? 'ended');
    end = { kind: 'failed', how: `${receipt.taskIds[0] ?? 'no task'} ${how}` };
  }
  return end;
}
