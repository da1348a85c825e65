import type { Decision } from '../plan/decision.ts';
import { type Reason, shortInstant } from '../policy/verdict.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import type { Row } from './receipt-view.ts';

/** Actions that a person looks up: their reasons are told with their codes, which docs/ERRORS.md lists. */
const coded: ReadonlySet<Decision['action']> = new Set(['deny', 'quarantined', 'blocked', 'look']);

/** One row of a listing: what is decided, when it ends, and every reason. */
export function decisionRow({ key, token, action, untilMs, reasons }: Decision): Row {
  const texts = reasons.map(({ code, message }) => (coded.has(action) ? `${code} ${message}` : message));
  const why = texts.join('; ');
  const isTold = untilMs === null || why.includes(new Date(untilMs).toISOString());
  const until = isTold ? '' : `until ${shortInstant(untilMs)}`;
  const detail = [until, why].filter((part) => part !== '').join(': ');
  return { state: action, task: key, token: token ?? '', detail };
}

/**
 * Reasons that mean that something could not be reached, rather than that it is wrong: git and its servers, what could not
 * be fetched, AWS and its credentials.
 */
const unreachableCode = /^SG(30[012]\d|50\d\d|620[5-8]|623[46789]|624[01])$/;

/**
 * How a command ends that shows decisions: 1 names what is denied, refused, in doubt, ambiguous or halted; 3 where source,
 * ledger or AWS could not be reached; holds, and what waits for an earlier task, are 0.
 */
export function exitOf(decisions: readonly Decision[], problems: readonly Reason[]): ExitCode {
  const held = decisions.flatMap(({ action, reasons }) => (action === 'hold' ? reasons : []));
  if ([...problems, ...held].some(({ code }) => isUnreachable(code))) return exitCodes.unreachable;
  const findings = decisions.some(({ action, reasons }) => isFinding(action, reasons));
  return findings || problems.length > 0 ? exitCodes.findings : exitCodes.done;
}

/** Whether it means that something could not be reached. */
export function isUnreachable(code: Reason['code']): boolean {
  return unreachableCode.test(code);
}

/** Whether a decision is for a person to act on. */
export function isFinding(action: Decision['action'], reasons: readonly Reason[]): boolean {
  if (action === 'wait') return reasons.some(({ code }) => code === 'SG6116');
  return action === 'deny' || action === 'quarantined' || action === 'blocked' || action === 'look';
}
