import { type NotifyTarget, noticeSeverities } from '../config/config.ts';
import { matchesGlob } from '../policy/match.ts';
import type { Notice } from './notice.ts';

/** Whether a target asks for it. What is about no fleet is for everybody. */
export function wants(
  target: NotifyTarget,
  { kind, severity, fleet }: Pick<Notice, 'kind' | 'severity' | 'fleet'>,
): boolean {
  const isKind = (target.events as readonly string[]).includes(kind);
  return isKind && rankOf(severity) >= rankOf(target.severity) && wantsFleet(target, fleet);
}

/** Whether a target asks for a fleet. */
export function wantsFleet({ fleets }: NotifyTarget, fleet: string | null): boolean {
  return fleet === null || fleets.some((pattern) => matchesGlob(pattern, fleet));
}

function rankOf(severity: Notice['severity']): number {
  return noticeSeverities.indexOf(severity);
}
