/**
 * Everything the controller may ask of the world. Each port has a contract suite under test/contract/ that runs on the
 * in-memory double and on the real thing.
 *
 * No port throws for what the world does: refusals, outages and surprises are answers. A rejection is a bug of ours.
 */
import type { Fault, Result } from '../lib/faults.ts';
import type { SourceFile } from '../manifest/collect.ts';
import type { Token } from '../manifest/manifest.ts';
import type { TaskRequest } from '../manifest/request.ts';
import type { PolicyFile } from '../policy/policy-file.ts';

/** A Git commit's object id: 40 or 64 hex digits. */
export type CommitId = string;

// ---------------------------------------------------------------------------------------------------- source

export interface SourceTree {
  readonly head: CommitId;
  /** In the order of their paths. Symbolic links, gitlinks and oversized files are here too, as problems. */
  readonly files: readonly SourceFile[];
  /** In the order of their paths, with their content; empty where policies come from a policy source. */
  readonly policies: readonly PolicyFile[];
}

/** A commit as its author and committer wrote it: assertions, not proof. Every text is one escaped line, and bounded. */
export interface CommitRef {
  readonly commit: CommitId;
  /** `Name <email>`, at most 256 characters. */
  readonly author: string;
  /** `Name <email>`, at most 256 characters. */
  readonly committer: string;
  /** What git takes for the subject, at most 200 characters. */
  readonly subject: string;
  /** What git takes for trailers, by their keys in lower case: at most 50, each of at most 256 characters. No prototype. */
  readonly trailers: Readonly<Record<string, readonly string[]>>;
  /** Whether it changes anything among the policies, seen from its first parent; false where they lie elsewhere. */
  readonly touchesPolicies: boolean;
  /** The committer date, never earlier than the first parent's; the reader also bounds it by now. */
  readonly timeMs: number;
}

/** Where a revision stands in the branch's first-parent history. */
export interface Provenance {
  /** First commit, since the revision was last absent, whose tree holds it. */
  readonly introduced: CommitRef;
  /** The same for the whole parsed document. */
  readonly changed: CommitRef;
  /** Grows along the first-parent line: the order among waiting tasks. */
  readonly position: number;
}

export interface SourceRepository {
  /** Brings the branch's newest head here. Faults: unreachable, refused, no such branch, took too long. */
  fetch(): Promise<Result<{ readonly head: CommitId }>>;
  /** Whether `head` is `ancestor` or descends from it. A commit that is not here is no ancestor. */
  descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>>;
  /** The manifests at a commit. Unchanged blobs are not parsed again. Faults: more files than allowed. */
  read(head: CommitId): Promise<Result<SourceTree>>;
  /** Provenance of revisions (token -> document digest) present at `head`; one that is not found is left out. */
  trace(head: CommitId, wanted: ReadonlyMap<Token, string>): Promise<Result<ReadonlyMap<Token, Provenance>>>;
  /** See {@link PolicyRepository.traceFiles}: the same for policies that live beside the manifests. */
  traceFiles: PolicyRepository['traceFiles'];
}

/** The policies at one commit of a repository of their own. */
export interface PolicyTree {
  readonly head: CommitId;
  /** In the order of their paths, with their content. */
  readonly files: readonly PolicyFile[];
}

/** Windows and policies from elsewhere. */
export interface PolicyRepository {
  /** Brings the branch's newest head here. Faults: unreachable, refused, no such branch, took too long. */
  fetch(): Promise<Result<{ readonly head: CommitId }>>;
  /** Whether `head` is `ancestor` or descends from it. A commit that is not here is no ancestor. */
  descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>>;
  /** The policies at a commit. Unchanged blobs are not read again. Faults: more files than allowed. */
  read(head: CommitId): Promise<Result<PolicyTree>>;
  /**
   * The newest commit of the first-parent line that changed the content of each of these files, by their paths as they
   * were handed out at `head`. One that was not readable there, or whose change is older than may be walked, is left out.
   */
  traceFiles(head: CommitId, paths: readonly string[]): Promise<Result<ReadonlyMap<string, CommitRef>>>;
}

// ---------------------------------------------------------------------------------------------------- ledger

/** One commit of the ledger branch: the one file that it added, as text. */
export interface LedgerSegment {
  readonly commit: CommitId;
  readonly path: string;
  readonly text: string;
}

export type LedgerFetch =
  | {
      readonly kind: 'fetched';
      readonly root: CommitId;
      /** The text of the root commit's FORMAT. */
      readonly format: string;
      readonly tip: CommitId;
      /** The commits since the last fetch of this process, oldest first; all of them at its first. */
      readonly segments: readonly LedgerSegment[];
    }
  /** Nothing was learned; try again later. */
  | { readonly kind: 'unreachable'; readonly fault: Fault }
  /** The branch is gone, went back, was rewritten or tampered with: a human is needed. */
  | { readonly kind: 'halted'; readonly fault: Fault };

export type PushAnswer =
  | { readonly kind: 'landed' }
  /** Somebody else's commit is on the parent: this commit can never land. */
  | { readonly kind: 'lost' }
  /** A hook, a permission, a quota: it did not land, and will not without a human. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** It may have landed, or may yet; only sending the same commit again, or a moved branch, can tell. */
  | { readonly kind: 'unknown'; readonly fault: Fault };

export interface LedgerCommit {
  readonly commit: CommitId;
  readonly parent: CommitId;
}

export interface LedgerStore {
  /** The newest tip an earlier life of this state directory knew; null when it is lost or new. */
  remembered(): Promise<CommitId | null>;
  /** Brings the branch here, proves that it only grew, and hands out what is new. */
  fetch(): Promise<LedgerFetch>;
  /** Builds a commit on `parent` that adds one file. Local: nobody sees it before it is pushed. */
  commit(segment: {
    readonly parent: CommitId;
    readonly path: string;
    readonly text: string;
    readonly message: string;
    readonly atMs: number;
  }): Promise<Result<LedgerCommit>>;
  /** Compare-and-swap: moves the branch from the commit's parent to the commit. May be asked again for the same one. */
  push(commit: LedgerCommit): Promise<PushAnswer>;
}

// ------------------------------------------------------------------------------------------------------- AWS

/** What an answer of AWS said about its own clock, beside ours at that moment. */
export interface ServerTime {
  readonly serverMs: number;
  readonly wallMs: number;
}

/** How an answer failed; common to all reads. */
export type ReadFailure =
  | { readonly kind: 'notFound'; readonly fault: Fault; readonly server?: ServerTime }
  | { readonly kind: 'denied'; readonly fault: Fault; readonly server?: ServerTime }
  | {
      readonly kind: 'throttled';
      readonly fault: Fault;
      readonly retryAfterMs?: number;
      readonly server?: ServerTime;
    }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly server?: ServerTime };

export type Read<T> = { readonly kind: 'ok'; readonly value: T; readonly server?: ServerTime } | ReadFailure;

/** How one CreateTask ended; the table of DESIGN 5. */
export type CreateOutcome = { readonly server?: ServerTime } & (
  | {
      readonly kind: 'issued';
      readonly taskId: string;
      readonly taskArn: string | null;
      readonly requestId: string | null;
    }
  | {
      readonly kind: 'refused';
      readonly error: string;
      readonly message: string;
      readonly requestId: string | null;
    }
  | {
      readonly kind: 'throttled';
      /** `quota` for ServiceQuotaExceededException. */
      readonly reason: 'throttled' | 'quota';
      readonly message: string;
      readonly retryAfterMs?: number;
      readonly requestId: string | null;
    }
  | { readonly kind: 'denied'; readonly message: string; readonly requestId: string | null }
  /** Not a byte of the request left this machine. */
  | {
      readonly kind: 'unsent';
      readonly reason: 'credentials' | 'connection' | 'gate';
      readonly message: string;
    }
  | {
      readonly kind: 'unknown';
      readonly error: string;
      readonly message: string;
      readonly requestId: string | null;
    }
);

/**
 * Asked right before a call starts and again when it is signed, just before it is sent. A reason stops the call: it
 * ends as `unsent` with reason `gate`, and the caller knows by itself which condition closed.
 */
export type CallGate = () => 'open' | 'closed';

export interface ListedTask {
  readonly taskId: string;
  readonly state: string;
  /** Never absent: DescribeTask was asked where the listing left them out. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface Listing {
  readonly tasks: readonly ListedTask[];
  readonly pages: number;
}

export interface TaskDescription {
  readonly taskId: string;
  readonly taskArn: string | null;
  readonly state: string;
  readonly targets: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** AWS's own times; null where it did not tell one. */
  readonly createdMs: number | null;
  readonly completedMs: number | null;
}

export interface ListedExecution {
  readonly executionId: string | null;
  readonly device: string;
  readonly state: string;
}

/** A device that the fleet's account manages in its region. */
export interface ListedDevice {
  readonly device: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A device as AWS knows it, which is as old as `lastReachedOutMs`. */
export interface DescribedDevice {
  readonly device: string;
  /** LOCKED, UNLOCKING, UNLOCKED, or another word of AWS. */
  readonly state: string;
  /** Empty where AWS does not say. */
  readonly type: string;
  readonly tags: Readonly<Record<string, string>>;
  /** When it last contacted AWS, by AWS's clock, which may be ahead of ours; null where AWS does not say. */
  readonly lastReachedOutMs: number | null;
}

/** A task's execution on one device. */
export interface DescribedExecution {
  readonly device: string;
  readonly executionId: string | null;
  readonly state: string;
  /** AWS's own time; null where it did not tell one: still queued, or ended before a device took it up. */
  readonly startedMs: number | null;
  /** When its state last changed, by AWS's word; null where it did not tell. */
  readonly updatedMs: number | null;
}

/** How one CancelTask ended. Cancelling twice is harmless, so what says nothing is simply asked again. */
export type CancelOutcome = { readonly server?: ServerTime } & (
  | { readonly kind: 'accepted'; readonly requestId: string | null }
  /** AWS's word that this task is not cancelled; asking again would not change it. */
  | {
      readonly kind: 'refused';
      readonly error: string;
      readonly message: string;
      readonly requestId: string | null;
    }
  /** Nothing was learned, or nothing was sent. */
  | { readonly kind: 'failed'; readonly throttled: boolean; readonly fault: Fault }
);

/** One fleet's tasks in AWS. Every call is one attempt with its own time-out; retrying is the controller's. */
export interface TaskApi {
  /** Fetches credentials and proves the account (empty where an endpoint without accounts is configured). */
  prove(): Promise<Read<{ readonly account: string }>>;
  createTask(request: TaskRequest, gate: CallGate): Promise<CreateOutcome>;
  /** Asks AWS to cancel what of a task is still queued. */
  cancelTask(taskId: string, gate: CallGate): Promise<CancelOutcome>;
  /** Every task of the fleet: unfiltered, to the last page, or a failure; never a part. */
  listTasks(): Promise<Read<Listing>>;
  /** The tasks that AWS calls IN_PROGRESS: those that may still be queued or running on a device. */
  listActiveTasks(): Promise<Read<Listing>>;
  /** Every managed device of the fleet, to the last page. */
  listDevices(): Promise<Read<readonly ListedDevice[]>>;
  describeTask(taskId: string): Promise<Read<TaskDescription>>;
  /** Every execution of a task, to the last page. */
  listExecutions(taskId: string): Promise<Read<readonly ListedExecution[]>>;
  /** One managed device; notFound where the fleet's account and region have none of this id. */
  describeDevice(device: string): Promise<Read<DescribedDevice>>;
  /** A task's execution on one of its targets; notFound where AWS knows no such task, or it has none there. */
  describeExecution(taskId: string, device: string): Promise<Read<DescribedExecution>>;
  /** The cheapest call that proves permission and tells the time: ListDevices, one entry. */
  probe(): Promise<Read<null>>;
}

// ------------------------------------------------------------------------------------------------------- word

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Field names are the same everywhere: fleet, task, token, attempt, taskId, requestId, code, commit, reason. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

/** One line for each event that an operator cares about. `event` is a fixed phrase; what varies is in the fields. */
export interface Journal {
  write(level: LogLevel, event: string, fields?: LogFields): void;
}
