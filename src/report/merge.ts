/** What a merge would do, as one value: every format of `snowgate plan --base` is written from it. */
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
  /** What was asked before is not known: whoever reads the plan must know that. */
  | { readonly kind: 'unread'; readonly id: string | null; readonly code: FaultCode; readonly why: string };

/** What stands in a request for what is known only once there is a merge. */
export const mergeCommit = 'the merge';
const unknownLedger = "the ledger's id";

/** The request that AWS would be sent for a revision which nobody has asked for yet: but for the commit, byte for byte. */
export function plannedRequest({ manifest }: WantedTask, { ledger }: Pick<MergePlan, 'ledger'>): TaskRequest {
  return buildRequest(manifest, { commit: mergeCommit, ledgerId: ledger.id ?? unknownLedger });
}

/** Whether a change makes AWS be asked for something that it was not asked for before, now or later. */
export function asksAnew({ kind, after, receipt }: TaskChange): boolean {
  const isNew = kind === 'added' || kind === 'renamed' || kind === 'revised' || kind === 'repeated';
  return isNew && after !== null && receipt === null;
}
