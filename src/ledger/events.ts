/**
 * The lines of the ledger. One segment is one file of one commit: a batch header, then events. Events are written
 * once and never changed; a receipt (receipt.ts) is the fold of one token's events.
 *
 * All instants are ISO 8601 in UTC with milliseconds, by the writer's wall clock: they are told to people, and only
 * `released.notBefore` and the age of a doubt are computed with.
 */
import type { FleetIdentity } from '../config/config.ts';
import type { Command, Token } from '../manifest/manifest.ts';
import type { TaskRequest } from '../manifest/request.ts';

/** The version of events this code writes and the newest it understands. */
export const formatVersion = 1;

/** The file FORMAT of the root commit. */
export interface LedgerFormat {
  readonly v: number;
  /** The ledger's UUID. */
  readonly ledger: string;
}

/** The first line of a segment: who wrote it, and the heads it acted on. */
export interface BatchHeader {
  readonly v: number;
  readonly kind: 'batch';
  /** The height of the commit; the root has 0. */
  readonly seq: number;
  /** The name of the controller that wrote it. */
  readonly replica: string;
  /** The random id of the writing process's life. */
  readonly run: string;
  /** Source head acted on; null where none was read (a human's word). */
  readonly source: string | null;
  /** Policy head acted on; equal to `source` where policies live there. */
  readonly policies: string | null;
  /** Digest of the policy set that was read at that head; only where this commit acts on it. */
  readonly policySet?: string;
  /** The value of `source.accept` that let the source head be acted on; only where it was news. */
  readonly accepted?: string;
  readonly at: string;
}

/** Where a claimed revision came from, in the source. */
export interface ManifestOrigin {
  readonly path: string;
  readonly blob: string;
  /** The commit that introduced the revision; null where history was too long to find it. */
  readonly commit: string | null;
  /** Name and address of that commit's author, as somebody wrote them. */
  readonly author: string | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Why a claim was allowed. */
export interface ClaimVerdict {
  readonly action: 'allow';
  /** When the permission to ask ends, where it does. */
  readonly until: string | null;
  /**
   * When the permission to run ends. Absent, like the two below, in the claims of a version that knew no windows.
   */
  readonly closes?: string | null;
  /** When what is still queued is to be cancelled for it. */
  readonly cancels?: string | null;
  /** The task's own `notAfter`, at the time of the claim: what is changed later does not reach what was asked for. */
  readonly notAfter?: string | null;
  /** What was told beside the allow: warnings, and rules that are waived. */
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  /** The policies that match, and what was written in them. */
  readonly policies: readonly { readonly name: string; readonly blob: string }[];
  /** Without it the task would not have been allowed. */
  readonly waiver?: ClaimWaiver;
  /** The facts that the rules read, as policy/fact-record.ts writes them. */
  readonly facts?: JsonRecord;
}

/** The waiver that a claim was made by. */
export interface ClaimWaiver {
  readonly name: string;
  readonly path: string;
  readonly blob: string;
  /** Each as POLICY/RULE. */
  readonly rules: readonly string[];
  /** In the words of who wrote it. */
  readonly reason: string;
  readonly expires: string;
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** What a look saw: one whole unfiltered listing of the fleet. */
export interface LookEvidence {
  /** When the listing was begun. */
  readonly begunAt: string;
  /** When its last page was read. */
  readonly endedAt: string;
  readonly tasksSeen: number;
  readonly pages: number;
  /** Task ids that bear this token. */
  readonly hits: readonly string[];
}

/** What one device does or did with a task, in AWS's words. */
export interface DeviceExecution {
  readonly device: string;
  /** Such as QUEUED, IN_PROGRESS, SUCCEEDED. */
  readonly state: string;
  readonly executionId: string | null;
}

interface Base {
  readonly v: number;
  /** The clientToken of the revision that it is about. */
  readonly token: Token;
  readonly fleet: string;
  /** The task's `metadata.name`. */
  readonly name: string;
  readonly at: string;
}

interface OfAttempt extends Base {
  /** Counted from 1; each is one claim, and at most one call. */
  readonly attempt: number;
}

/** The right to make one call. `request` stands in the token's first claim only, and is frozen there. */
export interface ClaimedEvent extends OfAttempt {
  readonly kind: 'claimed';
  readonly request?: TaskRequest;
  readonly taskRun: number;
  /** Where AWS is asked. */
  readonly identity: FleetIdentity;
  readonly manifest: ManifestOrigin;
  readonly verdict: ClaimVerdict;
  /** Digest of the policy set that the verdict was computed with. */
  readonly policySet: string;
  /** Version of the time-zone data that it was computed with. */
  readonly tzdata: string;
  /** The look without a hit that ended the doubt about every earlier attempt. */
  readonly look?: LookEvidence;
}

/** AWS has made the task. */
export interface IssuedEvent extends OfAttempt {
  readonly kind: 'issued';
  readonly taskId: string;
  readonly taskArn: string | null;
  /** AWS's id of the call. */
  readonly requestId: string | null;
}

/** The attempt made no task, and the revision may be claimed again. */
export interface ReleasedEvent extends OfAttempt {
  readonly kind: 'released';
  readonly reason: ReleaseReason;
  /** In words for people, or in those of AWS. */
  readonly message: string;
  /** No replica claims it again before this. */
  readonly notBefore: string | null;
  readonly requestId: string | null;
}

/**
 * - throttled: AWS throttled the call, or the fleet a moment before
 * - quota: the fleet has no quota left
 * - denied: AWS denied the call, or the fleet a moment before
 * - credentials: the fleet had no credentials
 * - connection: AWS could not be reached, and nothing was sent
 * - deadline: `issue.deadline` had passed
 * - notAllowed: the policies did not allow it any more at the moment of the call
 * - notWanted: it was not wanted any more at the moment of the call
 * - stale: source, policies or ledger had not been fetched for too long
 * - clock: the clocks disagreed
 * - shutdown: the controller was told to stop
 */
export const releaseReasons = [
  'throttled',
  'quota',
  'denied',
  'credentials',
  'connection',
  'deadline',
  'notAllowed',
  'notWanted',
  'stale',
  'clock',
  'shutdown',
] as const;
export type ReleaseReason = (typeof releaseReasons)[number];

/** AWS said that this request is wrong; final for the revision. */
export interface RefusedEvent extends OfAttempt {
  readonly kind: 'refused';
  /** The name of AWS's error. */
  readonly error: string;
  /** In the words of AWS. */
  readonly message: string;
  readonly requestId: string | null;
}

/** Nobody can say whether the attempt made a task. */
export interface UnknownEvent extends OfAttempt {
  readonly kind: 'unknown';
  /** What the call ended with. */
  readonly error: string;
  readonly message: string;
  readonly requestId: string | null;
}

/** A look found the task that some attempt up to `through` made. */
export interface AdoptedEvent extends Base {
  readonly kind: 'adopted';
  /** The newest attempt that it settles, with all before. */
  readonly through: number;
  readonly taskId: string;
  readonly taskArn: string | null;
  readonly look: LookEvidence;
}

/** A look found nothing, and the doubt was young enough to believe it. */
export interface AbsentEvent extends Base {
  readonly kind: 'absent';
  /** The newest attempt that it settles, with all before. */
  readonly through: number;
  readonly look: LookEvidence;
}

/** A look cannot settle it: the doubt is too old, or a hit has other targets. Waits for a human. */
export interface AmbiguousEvent extends Base {
  readonly kind: 'ambiguous';
  /** The newest attempt that it settles, with all before. */
  readonly through: number;
  /** The doubt is older than `recovery.listTrust`; or a task with the token has other targets. */
  readonly reason: 'tooOld' | 'otherTargets';
  readonly look: LookEvidence;
}

/** Two tasks for one token: the alarm of alarms. */
export interface DoubledEvent extends Base {
  readonly kind: 'doubled';
  readonly taskIds: readonly string[];
}

/** A human's word. With `taskId`, that task is this revision's; without, none was made. */
export interface ResolvedEvent extends Base {
  readonly kind: 'resolved';
  readonly taskId: string | null;
  /** How that person knows. */
  readonly reason: string;
  /** Who said it, as they named themselves. */
  readonly by: string;
  /** What is known of a token that this ledger has not seen before; null where the receipt knows it. */
  readonly revision: {
    readonly command: Command;
    readonly targets: readonly string[];
    readonly taskRun: number;
    readonly identity: FleetIdentity;
  } | null;
}

/** Written down at `ledger init --baseline`: stands in the source, never to be issued. */
export interface BaselineEvent extends Base {
  readonly kind: 'baseline';
  readonly command: Command;
  readonly targets: readonly string[];
  readonly taskRun: number;
  /** Of its manifest. */
  readonly path: string;
}

/** A revision that will not be asked for, told once a reason. */
export interface NotedEvent extends Base {
  readonly kind: 'noted';
  readonly reason: NoteReason;
  readonly message: string;
}

/**
 * - denied: a policy denies it
 * - expired: its `notAfter` has come
 * - withdrawn: it was removed or replaced before it was asked for
 */
export const noteReasons = ['denied', 'expired', 'withdrawn'] as const;
export type NoteReason = (typeof noteReasons)[number];

/**
 * - succeeded: on every device
 * - partial: on some devices
 * - failed: on none, and on one at least it ended badly
 * - canceled: it was called off, and no device ran it
 * - missed: no device ran it before its time was over
 * - vanished: AWS does not know the task any more
 */
export const settledOutcomes = ['succeeded', 'partial', 'failed', 'canceled', 'missed', 'vanished'] as const;
export type SettledOutcome = (typeof settledOutcomes)[number];

/** What the devices do with the task, where that is not what was written last. */
export interface ProgressEvent extends Base {
  readonly kind: 'progress';
  readonly executions: readonly DeviceExecution[];
}

/**
 * - removed, reverted: its manifest is not wanted any more
 * - closed: the window that allowed it ends
 * - expired: its `notAfter` comes
 */
export const cancelReasons = ['removed', 'reverted', 'closed', 'expired'] as const;
export type CancelReason = (typeof cancelReasons)[number];

/** The right to ask AWS to cancel the task. Written before AWS is asked. */
export interface CancelRequestedEvent extends Base {
  readonly kind: 'cancelRequested';
  readonly taskId: string;
  readonly reason: CancelReason;
  /** When the permission to run ends; with the reasons closed and expired alone. */
  readonly end?: string;
}

/**
 * - accepted: AWS took it; a device that was quicker runs the task all the same
 * - refused: AWS said no, in its own words
 * - begun: no device was waiting any more, and AWS was not asked
 */
export const cancelAnswers = ['accepted', 'refused', 'begun'] as const;
export type CancelAnswer = (typeof cancelAnswers)[number];

/** How the cancel ended. An answer that says nothing (throttled, lost) is not written: it is asked again. */
export interface CancelAnsweredEvent extends Base {
  readonly kind: 'cancelAnswered';
  readonly answer: CancelAnswer;
  readonly message: string;
  readonly requestId: string | null;
}

/** Every execution of the task is final. */
export interface SettledEvent extends Base {
  readonly kind: 'settled';
  readonly outcome: SettledOutcome;
  readonly executions: readonly DeviceExecution[];
}

/**
 * Why a device began outside the window, though the task was to be cancelled before:
 *
 * - lostRace: the cancel was asked for, and the device was quicker
 * - cancelRefused: AWS refused to cancel
 * - pollLag: the cancel had not been asked for yet, though a controller was running
 * - controllerDown: no controller was running that could have asked
 * - left: a policy says `onClose: leave`
 */
export const outsideCauses = ['lostRace', 'cancelRefused', 'pollLag', 'controllerDown', 'left'] as const;
export type OutsideCause = (typeof outsideCauses)[number];

/** One device that began after the permission to run had ended. */
export interface OutsideRun {
  readonly device: string;
  /** AWS's own time. */
  readonly startedAt: string;
  readonly cause: OutsideCause;
}

/** What ran outside its window all the same. Written before the task is settled, each device once. */
export interface RanOutsideWindowEvent extends Base {
  readonly kind: 'ranOutsideWindow';
  /** When the permission to run had ended. */
  readonly closedAt: string;
  readonly runs: readonly OutsideRun[];
}

export type LedgerEvent =
  | ClaimedEvent
  | IssuedEvent
  | ReleasedEvent
  | RefusedEvent
  | UnknownEvent
  | AdoptedEvent
  | AbsentEvent
  | AmbiguousEvent
  | DoubledEvent
  | ResolvedEvent
  | BaselineEvent
  | NotedEvent
  | ProgressEvent
  | CancelRequestedEvent
  | CancelAnsweredEvent
  | RanOutsideWindowEvent
  | SettledEvent;

/** One commit of the ledger, decoded. */
export interface Batch {
  readonly header: BatchHeader;
  readonly events: readonly LedgerEvent[];
}

/** An outcome says how an attempt ended, and only its claimant may write it. */
export type OutcomeEvent = IssuedEvent | ReleasedEvent | RefusedEvent | UnknownEvent;
