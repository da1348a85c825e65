/**
 * A verdict: may this task be asked for now? One function answers, in the pull request, in the plan, before a claim and
 * again right before each call, so that all of them say the same.
 */
import { sha256Hex } from '../lib/digest.ts';
import type { FaultCode } from '../lib/faults.ts';
import type { Manifest } from '../manifest/manifest.ts';

/** One reason of a verdict or of a plan's entry. */
export interface Reason {
  readonly code: FaultCode;
  readonly message: string;
}

export type Verdict =
  /** `untilMs` is the instant at which the permission ends; null where it does not. */
  | { readonly action: 'allow'; readonly untilMs: number | null; readonly reasons: readonly Reason[] }
  /** `untilMs` is the instant at which it ends by itself; null where only a commit or a fact ends it. */
  | { readonly action: 'hold'; readonly untilMs: number | null; readonly reasons: readonly Reason[] }
  /** `expired`: its own `notAfter` has passed. */
  | { readonly action: 'deny'; readonly expired: boolean; readonly reasons: readonly Reason[] };

/** The policies of one commit. Until policies are understood, a file among them holds every task. */
export interface PolicySet {
  readonly files: readonly { readonly path: string; readonly blob: string }[];
}

/** SHA-256 of the policy set: paths and blob ids, in the order of their paths. */
export function policySetDigest(set: PolicySet): string {
  const lines = set.files.map(({ path, blob }) => `${blob} ${path}\n`);
  return sha256Hex(lines.sort().join(''));
}

/** Judges one manifest at one instant. Deny is stronger than hold; every reason is given. */
export function judge(manifest: Manifest, set: PolicySet, nowMs: number): Verdict {
  const { notBeforeMs, notAfterMs } = manifest;
  const holds: Reason[] = [];
  const [first] = set.files;
  if (first !== undefined) {
    const more = set.files.length > 1 ? ` and ${set.files.length - 1} more` : '';
    holds.push({
      code: 'SG6103',
      message: `policies are not supported yet, and are never ignored: ${JSON.stringify(first.path)}${more} holds every task until it is removed`,
    });
  }
  const early = notBeforeMs !== undefined && nowMs < notBeforeMs;
  if (early) holds.push({ code: 'SG6101', message: `notBefore ${isoInstant(notBeforeMs)} has not come` });
  if (notAfterMs !== undefined && nowMs >= notAfterMs) {
    const message = `expired: notAfter ${isoInstant(notAfterMs)} has passed`;
    return { action: 'deny', expired: true, reasons: [{ code: 'SG6102', message }, ...holds] };
  }
  if (holds.length > 0) {
    return { action: 'hold', untilMs: early && first === undefined ? notBeforeMs : null, reasons: holds };
  }
  return { action: 'allow', untilMs: notAfterMs ?? null, reasons: [] };
}

/** ISO 8601 in UTC with milliseconds, as everywhere in the ledger. */
export function isoInstant(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
