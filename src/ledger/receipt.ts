/**
 * A receipt: one revision's whole life, derived from its events. The state is never stored, always derived:
 *
 *   two task ids, or a look that found two     doubled    (final, alarm)
 *   one task id                                issued, or settled once every execution has ended
 *   written down at init                       baseline   (final)
 *   a look could not settle it                 ambiguous  (a human's word, or a slow further look)
 *   the newest attempt has no end yet          claimed
 *   any attempt's end is unknown, not looked   inDoubt
 *   any attempt was refused                    refused    (final)
 *   attempts, all of which made no task        waiting
 *   notes only                                 pending
 *
 * A claim whose claimant is silent becomes a doubt only in the eyes of whoever watched it; the fold cannot know.
 */
import type { FleetIdentity } from '../config/config.ts';
import type { Command, TaskKey, Token } from '../manifest/manifest.ts';
import type { TaskRequest } from '../manifest/request.ts';
import type {
  CancelAnswer,
  CancelReason,
  DeviceExecution,
  ManifestOrigin,
  NoteReason,
  OutsideRun,
  ReleaseReason,
  SettledOutcome,
} from './events.ts';

export const receiptStates = [
  'pending',
  'claimed',
  'inDoubt',
  'waiting',
  'ambiguous',
  'issued',
  'settled',
  'refused',
  'doubled',
  'baseline',
] as const;
export type ReceiptState = (typeof receiptStates)[number];

export type AttemptEnd = 'issued' | 'released' | 'refused' | 'unknown';

export interface Attempt {
  readonly n: number;
  readonly claimedAt: string;
  /** The commit that holds the claim. */
  readonly seq: number;
  readonly replica: string;
  readonly run: string;
  readonly identity: FleetIdentity;
  end: AttemptEnd | null;
  /** A look or a human has settled it: it takes only `issued` afterwards. */
  settled: boolean;
}

/** Why the newest released attempt made no task. */
export interface Release {
  readonly reason: ReleaseReason;
  readonly message: string;
  readonly notBefore: string | null;
  readonly at: string;
}

/** AWS is asked, or was asked, to cancel the task. */
export interface Cancel {
  readonly reason: CancelReason;
  readonly taskId: string;
  readonly at: string;
  /** The end of the permission to run for which it is asked; null where the manifest is not wanted any more. */
  readonly endMs: number | null;
  /** Null until AWS's answer, or that it need not be asked, is written. */
  readonly answer: { readonly kind: CancelAnswer; readonly message: string; readonly at: string } | null;
}

/** What the newest claim was granted: epoch milliseconds, null where it has no end. */
export interface Permission {
  /** When the devices may not begin any more. */
  readonly closesMs: number | null;
  /** When what is still queued is to be cancelled for it. */
  readonly cancelMs: number | null;
  /** The task's own `notAfter`. */
  readonly notAfterMs: number | null;
  /** Names of the policies that were asked. */
  readonly policies: readonly string[];
  /** It was allowed by a waiver: its ends are those that were written, whatever the windows say. */
  readonly isWaived: boolean;
}

export interface Receipt {
  readonly token: Token;
  readonly key: TaskKey;
  readonly fleet: string;
  readonly name: string;
  /** What was asked, or never to be asked; null while only notes are known. */
  revision: { readonly command: Command; readonly targets: readonly string[]; readonly run: number } | null;
  request: TaskRequest | null;
  manifest: ManifestOrigin | null;
  readonly attempts: Attempt[];
  readonly taskIds: string[];
  /** When the first task id was written. */
  issuedAt: string | null;
  permission: Permission;
  /** Devices that began outside the window, as far as that was written. */
  readonly outside: OutsideRun[];
  baseline: boolean;
  ambiguous: 'tooOld' | 'otherTargets' | null;
  /** Tasks that bore the token when a look could not settle it. */
  suspects: readonly string[];
  /** Those of them that a person has said are not this revision's. */
  readonly disowned: string[];
  doubled: boolean;
  release: Release | null;
  refusal: { readonly error: string; readonly message: string } | null;
  /** What the devices did with it, as far as it was written; empty before the first news. */
  executions: readonly DeviceExecution[];
  /** When the last of that was written. */
  progressAt: string | null;
  cancel: Cancel | null;
  settled: { readonly outcome: SettledOutcome; readonly at: string } | null;
  readonly notes: Map<NoteReason, string>;
  /** A human's word, where one was needed. */
  resolution: { readonly by: string; readonly reason: string; readonly taskId: string | null } | null;
  /** Where the task was made, or would have been. */
  identity: FleetIdentity | null;
  /** Height of the commit that changed it last. */
  seq: number;
}

const noPermission: Permission = {
  closesMs: null,
  cancelMs: null,
  notAfterMs: null,
  policies: [],
  isWaived: false,
};

/** A receipt before its first event. */
export function emptyReceipt(token: Token, fleet: string, name: string): Receipt {
  return {
    token,
    key: `${fleet}/${name}`,
    fleet,
    name,
    revision: null,
    request: null,
    manifest: null,
    attempts: [],
    taskIds: [],
    issuedAt: null,
    permission: noPermission,
    outside: [],
    baseline: false,
    ambiguous: null,
    suspects: [],
    disowned: [],
    doubled: false,
    release: null,
    refusal: null,
    executions: [],
    progressAt: null,
    cancel: null,
    settled: null,
    notes: new Map(),
    resolution: null,
    identity: null,
    seq: 0,
  };
}

/** The state of a receipt, derived from what its events left. */
export function receiptState(receipt: Receipt): ReceiptState {
  if (receipt.doubled || receipt.taskIds.length > 1) return 'doubled';
  if (receipt.taskIds.length === 1) return receipt.settled === null ? 'issued' : 'settled';
  if (receipt.baseline) return 'baseline';
  if (receipt.ambiguous !== null) return 'ambiguous';
  const newest = receipt.attempts.at(-1);
  if (newest === undefined) return 'pending';
  if (isOpen(newest)) return 'claimed';
  if (receipt.attempts.some(isDoubtful)) return 'inDoubt';
  return receipt.refusal === null ? 'waiting' : 'refused';
}

/** No outcome yet, and nobody has looked. */
export function isOpen(attempt: Attempt): boolean {
  return attempt.end === null && !attempt.settled;
}

/** May have made a task that nobody has seen. An open attempt is one, once its claimant is given up. */
export function isDoubtful(attempt: Attempt): boolean {
  return !attempt.settled && (attempt.end === null || attempt.end === 'unknown');
}

/** Open: no other revision of the name may be claimed beside it. */
export function isOpenState(state: ReceiptState): boolean {
  return state === 'claimed' || state === 'inDoubt' || state === 'ambiguous' || state === 'issued';
}

/** Asked: has or had a task, or may have; what the repeat guard and the order of runs look at. */
export function isAsked(state: ReceiptState): boolean {
  return state !== 'pending' && state !== 'waiting' && state !== 'refused';
}
