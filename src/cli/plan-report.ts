/** What a plan says, as a report. */

import { count } from '../lib/count.ts';
import type { Place } from '../lib/faults.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import { type Decision, planActions } from '../plan/decision.ts';
import { type Reason, shortInstant } from '../policy/verdict.ts';
import { fileCases, haltCase } from '../report/file-cases.ts';
import type { Block, Case, Finding, Report } from '../report/report.ts';
import { isFinding, isUnreachable } from './decision-view.ts';
import { tally } from './ledger-list.ts';
import type { Planning } from './planning.ts';

export interface PlanReportOptions {
  readonly isFailed: boolean;
  /** Whether policies are of a repository of their own: no path of theirs is one of the source. */
  readonly hasOwnPolicies: boolean;
}

/**
 * Findings are halts, problems of files, tasks that are denied, quarantined, blocked or in doubt, and those that only a commit
 * lets go on; cases are the tasks; the page lists all tasks by what would be done.
 */
export function planReport(planned: Planning, options: PlanReportOptions): Report {
  const { decisions, input, source, ledger, atMs } = planned;
  const heads = `source ${source.slice(0, 12)}, ledger ${ledger.slice(0, 12)}, at ${shortInstant(atMs)}`;
  const placeOf = (decision: Decision): Place | null => findPlace(decision, planned);
  return {
    title: 'snowgate plan',
    summary: `${count(decisions.length, 'task')}${tally(decisions.map(({ action }) => action))} (${heads})`,
    isFailed: options.isFailed,
    findings: [
      ...input.halts.map(haltFinding),
      ...input.desired.problems,
      ...input.policies.problems.map((problem) => (options.hasOwnPolicies ? elsewhere(problem) : problem)),
      ...decisions.flatMap((decision) => decisionFindings(decision, placeOf(decision))),
    ],
    cases: [
      ...input.halts.map(haltCase),
      ...fileCases([], input.desired.problems),
      ...fileCases([], input.policies.problems).map((one) =>
        options.hasOwnPolicies ? { ...one, place: null } : one,
      ),
      ...decisions.map((decision) => taskCase(decision, placeOf(decision))),
    ],
    body: taskBlocks(decisions),
  };
}

/** Where its manifest is, if this very revision is wanted. */
function findPlace({ key, token }: Decision, { input }: Planning): Place | null {
  const task = input.desired.tasks.get(key);
  return task === undefined || task.manifest.token !== token
    ? null
    : { path: task.path, line: task.line, column: 1 };
}

function elsewhere({ place, message, ...problem }: PlacedProblem): Finding {
  return { ...problem, place: null, message: `${place.path}:${place.line}:${place.column}: ${message}` };
}

function haltFinding({ code, message, place }: Reason): Finding {
  return { code, severity: 'error', place: place ?? null, message: `halted: ${message}` };
}

function decisionFindings({ key, action, reasons }: Decision, place: Place | null): Finding[] {
  const hint = `snowgate plan --explain ${key} tells all that leads there`;
  if (isFinding(action, reasons)) {
    return reasons.map(({ code, message }) => {
      return { code, severity: 'error', place, message: `${key}: ${action}: ${message}`, hint };
    });
  }
  if (action !== 'hold') return [];
  return reasons.flatMap(({ code, message, endedBy }) => {
    const severity = isUnreachable(code) ? 'error' : 'warning';
    if (severity === 'warning' && endedBy !== 'commit') return [];
    return [{ code, severity, place, message: `${key}: hold: ${message}`, hint }];
  });
}

/** What waits was not found wanting: it is skipped, with its reasons. */
function taskCase({ key, fleet, action, untilMs, reasons }: Decision, place: Place | null): Case {
  const told = reasons.map(({ code, message }) => `${action} ${code}: ${message}`);
  const isFailed =
    isFinding(action, reasons) || reasons.some(({ code }) => action === 'hold' && isUnreachable(code));
  const waits = action === 'hold' || action === 'wait';
  const until = untilMs === null ? '' : ` until ${shortInstant(untilMs)}`;
  const skipped =
    waits && !isFailed ? `${action}${until}: ${reasons.map(({ message }) => message).join('; ')}` : null;
  return { group: fleet, name: key, place, failures: isFailed ? told : [], skipped };
}

/** A fold for each action, in the order in which they are written down. */
function taskBlocks(decisions: readonly Decision[]): Block[] {
  return planActions.flatMap((action): Block[] => {
    const found = decisions.filter((decision) => decision.action === action);
    if (found.length === 0) return [];
    const items = found.map(({ key, untilMs, reasons }) => {
      const until = untilMs === null ? [] : [`until ${shortInstant(untilMs)}`];
      const why = [...until, ...reasons.map(({ message }) => message)].join('; ');
      return [{ code: key }, why === '' ? '' : `: ${why}`];
    });
    const summary = [{ strong: action }, ` ${count(found.length, 'task')}`];
    return [{ kind: 'fold', summary, isOpen: action === 'issue', blocks: [{ kind: 'list', items }] }];
  });
}
