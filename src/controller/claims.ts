/** The events that a decision becomes: claims with their frozen requests, and notes of what is not asked for. */
import type { ClaimedEvent, LedgerEvent, LookEvidence } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/fold.ts';
import type { WantedTask } from '../manifest/collect.ts';
import { buildRequest } from '../manifest/request.ts';
import type { Candidate } from '../plan/batch.ts';
import type { Withdrawal } from '../plan/withdrawal.ts';
import type { PolicySet } from '../policy/verdict.ts';
import { isoInstant, policySetDigest } from '../policy/verdict.ts';
import { eventBase } from './event-base.ts';
import type { Reading } from './history.ts';
import type { Controller } from './state.ts';

/** A revision chosen for a claim. */
export interface Choice extends Candidate {
  readonly task: WantedTask;
  /** Where it was introduced; null where its history could not be read that far. */
  readonly traced: { readonly commit: string; readonly author: string } | null;
  /** The look that ended the doubt about its earlier attempts. */
  readonly look: LookEvidence | null;
}

/** The reasons of an allow that no policy had to give. */
const uncoveredReason = { code: 'SG6100', message: 'policy.uncovered is allow, and no policy matches' };

/** One claim for each choice. The request stands in the first claim of a token only. */
export function makeClaims(
  c: Controller,
  view: LedgerView,
  choices: readonly Choice[],
  policySet: PolicySet,
  reading: Reading | null,
): ClaimedEvent[] {
  if (reading === null || choices.length === 0) return [];
  const policySetId = policySetDigest(policySet);
  return choices.map((choice): ClaimedEvent => {
    const { task, traced, look, untilMs } = choice;
    const { manifest, path, blob } = task;
    const { token, fleet, run, annotations } = manifest;
    const receipt = view.receipts.get(token);
    const request =
      receipt?.request == null
        ? { request: buildRequest(manifest, { commit: reading.tree.head, ledgerId: view.ledgerId }) }
        : {};
    const identity = c.state.fleets.get(fleet)?.expected ?? { account: '', region: '', endpoint: '' };
    return {
      ...eventBase(c, manifest),
      kind: 'claimed',
      attempt: (receipt?.attempts.length ?? 0) + 1,
      ...request,
      taskRun: run,
      identity,
      manifest: {
        path,
        blob,
        // Not traced again for a later attempt: where a revision was introduced does not change.
        commit: traced?.commit ?? receipt?.manifest?.commit ?? null,
        author: traced?.author ?? receipt?.manifest?.author ?? null,
        annotations,
      },
      verdict: {
        action: 'allow',
        until: untilMs === null ? null : isoInstant(untilMs),
        reasons: [uncoveredReason],
        policies: [],
      },
      policySet: policySetId,
      tzdata: c.tzdata,
      ...(look === null ? {} : { look }),
    };
  });
}

/** The first time that a revision is denied, expires or is withdrawn, one event says so. */
export function makeNotes(c: Controller, notes: readonly Withdrawal[]): LedgerEvent[] {
  return notes.map((note) => ({
    ...eventBase(c, note),
    kind: 'noted',
    reason: note.reason,
    message: note.message,
  }));
}
