/** What a merge would do, as one value: every format of `snowgate plan --base` is written from it. */
import { isAsked, receiptState } from '../ledger/receipt.ts';
import type { FaultCode } from '../lib/faults.ts';
import type { PlacedProblem, WantedTask } from '../manifest/collect.ts';
import type { TaskRequest } from '../manifest/request.ts';
import { buildRequest } from '../manifest/request.ts';
import type { TaskChange } from '../plan/difference.ts';
import type { PolicyChange } from '../plan/policy-difference.ts';
import type { Reason } from '../policy/verdict.ts';

export interface MergePlan {
  readonly atMs: number;
  /** As they were named, and the commits that they stand for. */
  readonly base: NamedCommit;
  readonly head: NamedCommit;
  /** False: the head is in the base already. */
  readonly isMade: boolean;
  readonly config: {
    readonly from: 'base' | 'head' | 'disk';
    readonly isChanged: boolean;
  };
  readonly ledger: LedgerUse;
  readonly changes: readonly TaskChange[];
  readonly policyChanges: readonly PolicyChange[];
  /** What would stop everything, once it is merged. */
  readonly halts: readonly Reason[];
  /** What stops everything without the merge, too. */
  readonly standing: readonly Reason[];
  /** What is wrong with files, and is not without the merge. */
  readonly problems: readonly PlacedProblem[];
  /** How many more problems there are, that the merge leaves as they are. */
  readonly oldProblems: number;
  /** Policies that fleets require (`requirePolicies`), and the merge takes away: each holds every task of its fleet. */
  readonly lostPolicies: readonly { readonly fleet: string; readonly policy: string }[];
  /** The branch that the controller watches, where the base is none of its commits; null where it is, or nobody can tell. */
  readonly otherBranch: string | null;
  /** Tasks of which the merge changes nothing. */
  readonly untouched: number;
}

export interface NamedCommit {
  readonly name: string;
  readonly commit: string;
}

export type LedgerUse =
  | {
      readonly kind: 'read';
      readonly id: string;
      readonly tip: string;
      /** A commit that the controller has acted on and the base does not hold: then the base is old. */
      readonly ahead: string | null;
    }
  /** What was asked before is not known: whoever reads the plan must know that. `isHalt`: the controller stops by it, too. */
  | {
      readonly isHalt: boolean;
      readonly kind: 'unread';
      readonly id: string | null;
      readonly code: FaultCode;
      readonly why: string;
    };

/** What stands in a request for what is known only once there is a merge. */
export const mergeCommit = 'the merge';
export const unknownLedger = "the ledger's id";

/** The request that AWS would be sent for a revision which nobody has asked for yet: but for the commit, byte for byte. */
export function plannedRequest({ manifest }: WantedTask, { ledger }: Pick<MergePlan, 'ledger'>): TaskRequest {
  return buildRequest(manifest, { commit: mergeCommit, ledgerId: ledger.id ?? unknownLedger });
}

/** Whether AWS was never asked for what the merge wants: it may be asked for it yet, whatever has changed of it. */
export function isUnasked({ after, receipt }: TaskChange): boolean {
  return after !== null && (receipt === null || !isAsked(receiptState(receipt)));
}

/** Whether a change brings something that AWS was not asked for before. */
export function asksAnew(change: TaskChange): boolean {
  const { kind } = change;
  const isNew = kind === 'added' || kind === 'renamed' || kind === 'revised' || kind === 'repeated';
  return isNew && isUnasked(change);
}

/** Whether the merge has AWS be asked at once for what would not be asked for without it. */
export function isReleased(change: TaskChange): boolean {
  const { decision, was, after, behind } = change;
  if (decision?.action !== 'issue' || !isUnasked(change) || behind.nearest.length > 0) return false;
  return was?.action !== 'issue' || was.token !== after?.manifest.token;
}
