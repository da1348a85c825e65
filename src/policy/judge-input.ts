/** All that a verdict follows from. */
import type { Manifest } from '../manifest/manifest.ts';
import type { RuleFacts } from './facts.ts';
import type { PolicySet } from './policy-set.ts';

/** What the configuration says, and no commit can change. */
export interface JudgeSettings {
  /** What becomes of a task that no policy matches with a rule other than warn. */
  readonly uncovered: 'hold' | 'allow';
  /** Policies that must be there, load and match, whatever a commit does. */
  readonly requirePolicies: readonly string[];
  /** What was introduced longer ago is denied as stale; infinite where nobody asks. */
  readonly maxWaitMs: number;
  /** Holds what came with a change of policies. */
  readonly separateCommits: boolean;
}

export interface JudgeInput {
  readonly manifest: Manifest;
  readonly facts: RuleFacts;
  readonly fleetLabels: Readonly<Record<string, string>>;
  /**
   * Since when it waits; null where the commit that introduced it was not found. Known before that commit is written, which a
   * merge is in its pull request, when nothing else of `facts.introduced` is.
   */
  readonly introducedMs: number | null;
  /** Whether the commit that introduced the revision also changes policies; null where it was not found. */
  readonly touchesPolicies: boolean | null;
  readonly set: PolicySet;
  readonly settings: JudgeSettings;
  /** When the file of a waiver was merged, by its path: its 72 hours count from then. */
  readonly mergedMs: ReadonlyMap<string, number>;
}
