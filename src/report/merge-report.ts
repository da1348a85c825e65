/** A plan of a merge as a report: one page, its findings and its cases. */

import { count } from '../lib/count.ts';
import type { PlanAction } from '../plan/decision.ts';
import type { TaskChange } from '../plan/difference.ts';
import type { PolicyChange } from '../plan/policy-difference.ts';
import { shortInstant } from '../policy/verdict.ts';
import type { Opening } from '../policy/window.ts';
import { fileCases, haltCase } from './file-cases.ts';
import {
  asksAnew,
  isReleased,
  isUnasked,
  type MergePlan,
  type NamedCommit,
  plannedRequest,
} from './merge.ts';
import { type Told, tellChange } from './merge-words.ts';
import type { Block, Case, Finding, Inline, Report } from './report.ts';

interface ToldChange {
  readonly change: TaskChange;
  readonly told: Told;
}

/** Every change told once, for all formats that are written of a report. */
export function mergeReport(plan: MergePlan): Report {
  const told = plan.changes.map((change) => ({ change, told: tellChange(change, plan) }));
  const findings = findingsOf(plan, told);
  return {
    title: 'snowgate plan',
    summary: summarize(plan),
    isFailed: findings.some(({ severity }) => severity === 'error'),
    findings,
    cases: [
      ...[...plan.halts, ...plan.standing].map(haltCase),
      ...fileCases([], plan.problems),
      ...told.map(caseOf),
    ],
    body: [...headOf(plan), ...sectionsOf(plan, told), ...policySection(plan)],
  };
}

function findingsOf(plan: MergePlan, told: readonly ToldChange[]): Finding[] {
  return [
    ...plan.halts.map(({ code, message }): Finding => {
      return { code, severity: 'error', place: null, message: `the merge would halt everything: ${message}` };
    }),
    ...plan.standing.map(({ code, message }): Finding => {
      return { code, severity: 'warning', place: null, message: `halted, with or without it: ${message}` };
    }),
    ...plan.lostPolicies.map(({ fleet, policy }): Finding => {
      const message = `fleet ${fleet} requires policy ${policy} (requirePolicies), which is not there any more: every task of it would be held`;
      const hint = 'keep the policy, or take it out of the configuration first';
      return { code: 'SG6311', severity: 'error', place: null, message, hint };
    }),
    ...plan.problems.map(({ code, severity, place, message, hint }): Finding => {
      const finding = { code, severity, place, message };
      return hint === undefined ? finding : { ...finding, hint };
    }),
    ...told.flatMap(({ change, told: { code, severity, headline, finding } }): Finding[] => {
      if (code === null || severity === 'note') return [];
      const message = `${change.key}: ${finding ?? headline}`;
      return [{ code, severity, place: placeOf(change), message }];
    }),
  ];
}

function placeOf({ after, before, hiddenBy: [hiding] }: TaskChange): Finding['place'] {
  if (hiding !== undefined) return { path: hiding, line: 1, column: 1 };
  const task = after ?? before;
  return task === null ? null : { path: task.path, line: task.line, column: 1 };
}

function caseOf({ change, told }: ToldChange): Case {
  const [fleet = ''] = change.key.split('/');
  const isFailed = told.severity === 'error';
  const failures = isFailed ? [told.headline, ...told.details] : [];
  const { action } = change.decision ?? {};
  const waits = !isFailed && (action === 'hold' || action === 'wait' || action === 'blocked');
  return {
    group: fleet,
    name: change.key,
    place: placeOf(change),
    failures,
    skipped: waits ? told.headline : null,
  };
}

/** What happens, in the fewest words: `2 tasks asked for at once, 1 from 2026-11-27T21:00:00Z on, 1 denied`. */
function summarize(plan: MergePlan): string {
  const { changes, untouched, policyChanges, isMade } = plan;
  if (!isMade) {
    return `${plan.head.name} is in ${plan.base.name} already: nothing to merge; what is not committed is no part of it`;
  }
  const counts = new Map<string, number>();
  for (const change of changes) {
    const word = wordOf(change);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts].map(([word, number]) => `${number} ${word}`);
  const policies =
    policyChanges.length === 0 ? [] : [`${count(policyChanges.length, 'document')} of policies changed`];
  const told = [...words, ...policies];
  const tasks = told.length === 0 ? 'no task changes' : told.join(', ');
  return `${tasks}; ${count(untouched, 'task')} untouched`;
}

function wordOf(change: TaskChange): string {
  const { kind, decision } = change;
  if (kind === 'removed' || kind === 'broken') return kind;
  if (isReleased(change)) return 'asked for at once';
  if (kind === 'judged') return 'decided otherwise';
  if (!asksAnew(change)) return 'with nothing new for AWS';
  if (decision === null) return 'undecided';
  const { action, untilMs } = decision;
  if (action === 'issue') return 'asked for in turn';
  if (action === 'hold' && untilMs !== null) return `asked for from ${shortInstant(untilMs)} on`;
  return actionWords[action] ?? action;
}

/** By its name, and the commit where the name is not that itself. */
function sayCommit({ name, commit }: NamedCommit): Inline[] {
  const short = commit.slice(0, 12);
  return name === commit ? [{ code: short }] : [{ code: name }, ` (${short})`];
}

const actionWords: Readonly<Partial<Record<PlanAction, string>>> = {
  hold: 'held',
  deny: 'denied',
  wait: 'behind an older revision',
};

function headOf({ base, head, isMade, ledger, config, atMs, otherBranch }: MergePlan): Block[] {
  const commits: Inline[] = [
    'Merging ',
    ...sayCommit(head),
    ' into ',
    ...sayCommit(base),
    `, at ${shortInstant(atMs)}.`,
  ];
  const blocks: Block[] = isMade ? [{ kind: 'text', text: commits }] : [];
  const notes: Inline[][] = isMade
    ? [['AWS is not asked: what only it knows of devices is checked before issuing.']]
    : [];
  if (otherBranch !== null) {
    notes.push([
      { strong: 'The base is another branch' },
      ' than the one that the controller watches, ',
      { code: otherBranch },
      ': merging into it asks for nothing.',
    ]);
  }
  if (ledger.kind === 'unread') {
    notes.push([
      { strong: 'Without the ledger' },
      `: what was asked for before is not known (${ledger.code}: ${ledger.why}).`,
    ]);
  }
  if (ledger.kind === 'read' && ledger.ahead !== null) {
    notes.push([
      { strong: 'The base is old' },
      `: the controller has acted on ${ledger.ahead.slice(0, 12)}, which it does not hold; fetch it, and plan again.`,
    ]);
  }
  if (config.from === 'head')
    notes.push(['The configuration comes with this merge: no server that it names was asked.']);
  if (config.isChanged && config.from === 'base')
    notes.push(['The configuration changes, too: this is planned by the one at the base.']);
  if (notes.length > 0) blocks.push({ kind: 'list', items: notes });
  return blocks;
}

const sections: readonly (readonly [string, (change: TaskChange) => boolean])[] = [
  ['New to AWS', (change) => asksAnew(change)],
  ['Removed', ({ kind }) => kind === 'removed'],
  ['Unreadable', ({ kind }) => kind === 'broken'],
  ['Decided otherwise', ({ kind }) => kind === 'judged'],
  ['Not asked for yet', (change) => isUnasked(change)],
  ['Nothing new to AWS', () => true],
];

function sectionsOf(plan: MergePlan, told: readonly ToldChange[]): Block[] {
  let left = told;
  return sections.flatMap(([title, belongs]): Block[] => {
    const here = left.filter(({ change }) => belongs(change));
    left = left.filter(({ change }) => !belongs(change));
    if (here.length === 0) return [];
    return [{ kind: 'heading', text: [title] }, ...here.map((one) => foldOf(one, plan))];
  });
}

function foldOf({ change, told }: ToldChange, plan: MergePlan): Block {
  const { after, before, key } = change;
  const task = after ?? before;
  const details: Inline[][] = told.details.map((line) => [line]);
  if (task !== null) details.push(['manifest ', { code: `${task.path}:${task.line}` }]);
  const blocks: Block[] = [];
  if (after !== null) details.push(['token ', { code: after.manifest.token }]);
  if (details.length > 0) blocks.push({ kind: 'list', items: details });
  if (after !== null && isUnasked(change)) {
    const text = JSON.stringify(plannedRequest(after, plan), null, 2);
    blocks.push({ kind: 'code', language: 'json', text });
  }
  return {
    kind: 'fold',
    summary: [{ strong: key }, ` ${told.headline}`],
    isOpen: told.severity === 'error',
    blocks,
  };
}

function policySection({ policyChanges }: MergePlan): Block[] {
  if (policyChanges.length === 0) return [];
  const items = policyChanges.map(tellPolicy);
  return [
    { kind: 'heading', text: ['Policies'] },
    { kind: 'list', items },
  ];
}

function tellPolicy({ kind, name, how, place, openings }: PolicyChange): Inline[] {
  const what: Inline[] = [
    `${kind} `,
    { strong: name },
    ` ${policyWords[how]} (`,
    { code: `${place.path}:${place.line}` },
    ')',
  ];
  if (openings === null) return what;
  const now = `: opens ${sayOpenings(openings.after)}`;
  const was = how === 'changed' ? `; without the merge ${sayOpenings(openings.before)}` : '';
  return how === 'removed' || how === 'broken' ? what : [...what, `${now}${was}`];
}

const policyWords = {
  added: 'is added',
  changed: 'changes',
  removed: 'is removed',
  broken: 'does not load any more',
} as const;

function sayOpenings(openings: readonly Opening[]): string {
  if (openings.length === 0) return 'never within a year';
  return openings.map(sayOpening).join(', ');
}

function sayOpening({ startMs, endMs }: Opening): string {
  const from = startMs === null ? 'since long' : shortInstant(startMs);
  return `${from} to ${endMs === null ? 'beyond a year' : shortInstant(endMs)}`;
}
