/** What holds whatever the policies say, and cannot be waived. */
import { formatDuration } from '../config/duration.ts';
import type { JudgeInput } from './judge-input.ts';
import type { MatchSubject } from './match.ts';
import { matchesTask } from './match.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './verdict.ts';
import { isoInstant } from './verdict.ts';

export interface BuiltIn {
  readonly denies: readonly Reason[];
  readonly holds: readonly Reason[];
  readonly expired: boolean;
  /** A policy matches with a rule other than warn. */
  readonly isCovered: boolean;
  /** The latest end of those holds that end by a time. */
  readonly heldUntilMs: number;
}

/** `asked` are the policies that match. */
export function judgeBuiltIns(input: JudgeInput, subject: MatchSubject, asked: readonly Policy[]): BuiltIn {
  const { manifest, facts } = input;
  const { nowMs } = facts;
  const { notBeforeMs, notAfterMs } = manifest;
  const denies: Reason[] = [];
  const holds: Reason[] = [];
  let heldUntilMs = 0;
  const expired = notAfterMs !== undefined && nowMs >= notAfterMs;
  if (expired)
    denies.push({ code: 'SG6102', message: `expired: notAfter ${isoInstant(notAfterMs)} has passed` });
  const stale = judgeWait(input);
  if (stale !== null) (stale.code === 'SG6310' ? denies : holds).push(stale);
  if (notBeforeMs !== undefined && nowMs < notBeforeMs) {
    heldUntilMs = notBeforeMs;
    const message = `notBefore ${isoInstant(notBeforeMs)} has not come`;
    holds.push({ code: 'SG6101', message, endedBy: 'time' });
  }
  for (const { name, fleet, reason, untilMs, place } of input.set.suspensions) {
    if ((fleet !== null && fleet !== manifest.fleet) || (untilMs !== null && nowMs >= untilMs)) continue;
    if (untilMs !== null) heldUntilMs = Math.max(heldUntilMs, untilMs);
    const what = fleet === null ? 'every fleet' : `fleet ${fleet}`;
    const end = untilMs === null ? '' : ` until ${isoInstant(untilMs)}`;
    const message = `${what} is suspended${end} by ${name}: ${reason} (${place.path}:${place.line})`;
    holds.push({ code: 'SG6320', message, place, endedBy: untilMs === null ? 'commit' : 'time' });
  }
  const broken = judgeBroken(input, subject);
  holds.push(...broken, ...judgeRequired(input, asked));
  const together = judgeTogether(input);
  if (together !== null) holds.push(together);
  const isCovered = bindsTask(asked);
  if (!isCovered && input.settings.uncovered === 'hold') {
    const message =
      broken.length > 0
        ? 'no policy that loads matches it with a rule that could hold it; correct what does not load'
        : 'no policy matches it with a rule that could hold it; write one, or set policy.uncovered to allow in the configuration';
    holds.push({ code: 'SG6308', message, endedBy: 'commit' });
  }
  return { denies, holds, expired, isCovered, heldUntilMs };
}

/** Whether policies that match a task have a rule that could hold it. */
export function bindsTask(asked: readonly Policy[]): boolean {
  return asked.some(({ rules }) => rules.some(({ otherwise }) => otherwise !== 'warn'));
}

/** A revision that waited too long was reviewed for another time; one of which nobody knows how long it waited may have. */
function judgeWait(input: JudgeInput): Reason | null {
  const { facts, settings } = input;
  if (!Number.isFinite(settings.maxWaitMs)) return null;
  const lastMs = waitsUntil(input);
  if (lastMs === null) {
    const message =
      'the commit that introduced it was not found, so nobody knows how long it has waited (issue.maxWait): its history could not be read, or is longer than source.limits.historyCommits';
    return { code: 'SG6315', message, endedBy: 'fact' };
  }
  if (facts.nowMs <= lastMs) return null;
  const since = isoInstant(lastMs - settings.maxWaitMs);
  return {
    code: 'SG6310',
    message: `stale: it has waited since ${since}, longer than ${formatDuration(settings.maxWaitMs)} (issue.maxWait); raise run to ask for it now`,
  };
}

/** The last instant at which a revision has not waited too long; null where it is not known. */
export function waitsUntil({ manifest, introducedMs, settings }: JudgeInput): number | null {
  if (introducedMs === null) return null;
  return Math.max(introducedMs, manifest.notBeforeMs ?? 0) + settings.maxWaitMs;
}

function judgeBroken({ manifest, set }: JudgeInput, subject: MatchSubject): Reason[] {
  return set.broken.flatMap((broken): Reason[] => {
    if (broken.kind === 'window' || broken.kind === 'nothing') return [];
    const { place, why } = broken;
    const hold = (what: string): Reason[] => [
      {
        code: 'SG6309',
        message: `${what} does not load: ${why} (${place.path}:${place.line})`,
        place,
        endedBy: 'commit',
      },
    ];
    if (broken.kind === 'suspension') {
      if (broken.fleet !== null && broken.fleet !== manifest.fleet) return [];
      return hold('a suspension');
    }
    if (!matchesTask(broken.match, subject)) return [];
    return hold(broken.name === null ? 'a document among the policies' : `policy ${broken.name}`);
  });
}

function judgeRequired({ set, settings }: JudgeInput, asked: readonly Policy[]): Reason[] {
  return settings.requirePolicies.flatMap((name): Reason[] => {
    if (asked.some((policy) => policy.name === name)) return [];
    const isThere = set.policies.some((policy) => policy.name === name);
    const why = isThere ? 'does not match it' : 'is not among the policies, or does not load';
    const message = `policy ${name}, which its fleet requires (requirePolicies), ${why}`;
    return [{ code: 'SG6311', message, endedBy: 'commit' }];
  });
}

/** Who may merge tasks must not slip a change of policy in beside one. */
function judgeTogether({ settings, touchesPolicies }: JudgeInput): Reason | null {
  if (!settings.separateCommits || touchesPolicies === false) return null;
  if (touchesPolicies === null) {
    const message =
      'the commit that introduced it was not found, so nobody knows whether it changes policies, too (policy.separateCommits): its history could not be read, or is longer than source.limits.historyCommits';
    return { code: 'SG6312', message, endedBy: 'fact' };
  }
  return {
    code: 'SG6312',
    message:
      'the commit that introduced it changes policies, too (policy.separateCommits); remove the task, and introduce it again by a commit of its own',
    endedBy: 'commit',
  };
}
