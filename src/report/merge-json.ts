/** A plan of a merge for machines; schemas/merge-plan.schema.json is its form. */
import { receiptState } from '../ledger/receipt.ts';
import type { Decision } from '../plan/decision.ts';
import type { TaskChange } from '../plan/difference.ts';
import type { PolicyChange } from '../plan/policy-difference.ts';
import { isoInstant } from '../policy/verdict.ts';
import { makeDocument } from './envelope.ts';
import { isUnasked, type MergePlan, plannedRequest } from './merge.ts';
import { tellChange } from './merge-words.ts';

/** Every field is always there; what is not known, or does not apply, is null. */
export function mergeJson(plan: MergePlan): object {
  const { atMs, base, head, isMade, config, ledger, problems, oldProblems, untouched } = plan;
  return makeDocument('MergePlan', {
    at: isoInstant(atMs),
    base: { ...base },
    head: { ...head },
    merged: !isMade,
    config: { from: config.from, changed: config.isChanged },
    ledger:
      ledger.kind === 'read'
        ? { read: true, id: ledger.id, tip: ledger.tip, ahead: ledger.ahead, code: null, reason: null }
        : { read: false, id: ledger.id, tip: null, ahead: null, code: ledger.code, reason: ledger.why },
    tasks: plan.changes.map((change) => changeJson(change, plan)),
    policies: plan.policyChanges.map(policyJson),
    halts: plan.halts,
    standingHalts: plan.standing,
    problems: problems.map(({ place, ...problem }) => ({ ...place, ...problem })),
    oldProblems,
    lostPolicies: plan.lostPolicies,
    otherBranch: plan.otherBranch,
    untouched,
  });
}

function changeJson(change: TaskChange, plan: MergePlan): object {
  const { key, kind, other, before, after, fields, decision, was, rest, receipt, firstMs } = change;
  const [fleet = '', name = ''] = key.split('/');
  const task = after ?? before;
  const { headline, details, severity, code } = tellChange(change, plan);
  return {
    fleet,
    name,
    change: kind,
    other,
    path: task?.path ?? null,
    line: task?.line ?? null,
    token: after?.manifest.token ?? null,
    oldToken: before?.manifest.token ?? null,
    fields,
    severity,
    code,
    headline,
    details,
    first: firstMs === null ? null : isoInstant(firstMs),
    windows: change.windows.map(({ closesMs, ...window }) => {
      return { ...window, closes: closesMs === null ? null : isoInstant(closesMs) };
    }),
    behind: change.behind.nearest,
    behindMore: change.behind.more,
    request: after !== null && isUnasked(change) ? plannedRequest(after, plan) : null,
    decision: decisionJson(decision),
    withoutMerge: decisionJson(was),
    others: rest.map(decisionJson),
    receipt:
      receipt === null
        ? null
        : {
            token: receipt.token,
            state: receiptState(receipt),
            taskIds: receipt.taskIds,
            issuedAt: receipt.issuedAt,
            outcome: receipt.settled?.outcome ?? null,
          },
  };
}

function decisionJson(decision: Decision | null): object | null {
  if (decision === null) return null;
  const { token, action, untilMs, reasons } = decision;
  return { token, action, until: untilMs === null ? null : isoInstant(untilMs), reasons };
}

function policyJson({ kind, name, how, place, openings }: PolicyChange): object {
  const spans = (side: 'before' | 'after') =>
    openings === null
      ? []
      : openings[side].map(({ startMs, endMs }) => ({
          from: startMs === null ? null : isoInstant(startMs),
          to: endMs === null ? null : isoInstant(endMs),
        }));
  return { kind, name, change: how, ...place, openings: spans('after'), openingsBefore: spans('before') };
}
