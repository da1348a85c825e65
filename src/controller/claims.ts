/** The events that a decision becomes: claims with their frozen requests, and notes of what is not asked for. */
import type { ClaimedEvent, ClaimVerdict, ClaimWaiver, LedgerEvent, LookEvidence } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { WantedTask } from '../manifest/collect.ts';
import { buildRequest } from '../manifest/request.ts';
import type { Candidate } from '../plan/batch.ts';
import type { Origin } from '../plan/facts.ts';
import type { Permit } from '../plan/judgement.ts';
import type { Withdrawal } from '../plan/withdrawal.ts';
import { recordFacts } from '../policy/fact-record.ts';
import type { WaiverUse } from '../policy/verdict.ts';
import { isoInstant } from '../policy/verdict.ts';
import { eventBase } from './event-base.ts';
import type { Gathered } from './gathering.ts';
import type { Controller } from './state.ts';

/** A revision chosen for a claim. */
export interface Choice extends Candidate {
  readonly task: WantedTask;
  readonly permit: Permit;
  /** Where it was introduced. */
  readonly origin: Origin | null;
  /** The look that ended the doubt about its earlier attempts. */
  readonly look: LookEvidence | null;
}

/** The reason of an allow that no policy had to give. */
const uncoveredReason = {
  code: 'SG6100',
  message: 'policy.uncovered is allow, and no policy matches with a rule that could hold it',
};

/** One claim for each choice. The request stands in the first claim of a token only. */
export function makeClaims(
  c: Controller,
  view: LedgerView,
  choices: readonly Choice[],
  { reading, policies }: Pick<Gathered, 'reading' | 'policies'>,
): ClaimedEvent[] {
  if (reading === null || policies === null) return [];
  return choices.map((choice): ClaimedEvent => {
    const { task, origin, look, permit } = choice;
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
        commit: origin?.introduced?.id ?? receipt?.manifest?.commit ?? null,
        author: origin?.introduced?.author ?? receipt?.manifest?.author ?? null,
        annotations,
      },
      verdict: writeVerdict(permit),
      policySet: policies.set.digest,
      tzdata: c.tzdata,
      ...(look === null ? {} : { look }),
    };
  });
}

/** Why it was allowed, as the ledger keeps it: what was granted, by which policies, and the facts that their rules read. */
function writeVerdict({ verdict, input }: Permit): ClaimVerdict {
  const { untilMs, closesMs, cancelMs, reasons, policies, waiver, isCovered, reads } = verdict;
  const told = reasons.map(({ code, message }) => ({ code, message: message.slice(0, reasonCharsMax) }));
  const all = isCovered ? told : [uncoveredReason, ...told];
  return {
    action: 'allow',
    until: writeInstant(untilMs),
    closes: writeInstant(closesMs),
    cancels: writeInstant(cancelMs),
    notAfter: writeInstant(input.manifest.notAfterMs ?? null),
    reasons: all.slice(0, reasonsMax),
    policies,
    ...(waiver === null ? {} : { waiver: writeWaiver(waiver) }),
    ...(policies.length === 0 ? {} : { facts: recordFacts(input.facts, reads) }),
  };
}

/** As much of a reason as the ledger keeps, and as many of a verdict: its format takes no more. */
const reasonCharsMax = 500;
const reasonsMax = 100;
/** As much of all that is said of a task that is not asked for. */
const noteCharsMax = 4_000;

function writeWaiver({ expiresMs, ...waiver }: WaiverUse): ClaimWaiver {
  return { ...waiver, expires: isoInstant(expiresMs) };
}

function writeInstant(timeMs: number | null): string | null {
  return timeMs === null ? null : isoInstant(timeMs);
}

/** The first time that a revision is denied, expires or is withdrawn, one event says so. */
export function makeNotes(c: Controller, notes: readonly Withdrawal[]): LedgerEvent[] {
  return notes.map((note) => ({
    ...eventBase(c, note),
    kind: 'noted',
    reason: note.reason,
    message: note.message.slice(0, noteCharsMax),
  }));
}
