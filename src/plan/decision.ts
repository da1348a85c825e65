/** What a plan says of each task: the value that `snowgate plan`, the daemon and its logs all show. */
import type { TaskKey, Token } from '../manifest/manifest.ts';
import type { Reason } from '../policy/verdict.ts';

/**
 * - issue: would be claimed and called now
 * - hold: waits for a time, a fact or a commit, named in the reasons
 * - deny: only a commit can change it
 * - wait: waits for an earlier revision, an outcome or the right to look
 * - done: nothing more is asked for this revision
 * - quarantined: its document, or its name, cannot be trusted
 * - cancel, withdraw: its manifest is gone; the queued task is cancelled, or what waited never asked for
 * - look: an attempt's end is unknown, and AWS is listed to learn it
 * - blocked: something is halted, and a person is needed
 */
export const planActions = [
  'issue',
  'hold',
  'deny',
  'wait',
  'done',
  'quarantined',
  'cancel',
  'withdraw',
  'look',
  'blocked',
] as const;
export type PlanAction = (typeof planActions)[number];

export interface Decision {
  readonly key: TaskKey;
  readonly fleet: string;
  readonly name: string;
  /** Null where no revision can be read. */
  readonly token: Token | null;
  readonly action: PlanAction;
  /** When a hold ends, or a permission; null where no time is known. */
  readonly untilMs: number | null;
  readonly reasons: readonly Reason[];
}
