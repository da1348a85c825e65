/** What is decided of a task, and what became of it, as JSON: the same fields wherever they are written. */
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { Decision } from '../plan/decision.ts';

/** A decision as `--format json` writes it. */
export function decisionJson({ fleet, name, token, action, untilMs, reasons }: Decision): object {
  return {
    fleet,
    name,
    token,
    action,
    until: untilMs === null ? null : new Date(untilMs).toISOString(),
    reasons,
  };
}

/** A receipt as `--format json` writes it: every field of the fold, with its derived state. */
export function receiptJson(receipt: Receipt): object {
  const { token, fleet, name, revision, request, manifest, attempts, taskIds, identity } = receipt;
  return {
    token,
    fleet,
    name,
    state: receiptState(receipt),
    run: revision?.run ?? null,
    command: revision?.command ?? null,
    targets: revision?.targets ?? [],
    taskIds,
    outcome: receipt.settled?.outcome ?? null,
    executions: receipt.executions,
    cancel: receipt.cancel,
    permission: permissionJson(receipt),
    outside: receipt.outside,
    attempts,
    release: receipt.release,
    refusal: receipt.refusal,
    ambiguous: receipt.ambiguous,
    resolution: receipt.resolution,
    notes: [...receipt.notes].map(([reason, message]) => ({ reason, message })),
    identity,
    manifest,
    request,
  };
}

/** What the newest claim was granted, in instants as everywhere. */
function permissionJson({ permission }: Receipt): object {
  const { closesMs, cancelMs, notAfterMs, policies, isWaived } = permission;
  const instant = (timeMs: number | null): string | null =>
    timeMs === null ? null : new Date(timeMs).toISOString();
  return {
    closes: instant(closesMs),
    cancels: instant(cancelMs),
    notAfter: instant(notAfterMs),
    policies,
    isWaived,
  };
}
