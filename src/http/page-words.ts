/** What a state is called on a page, and how it is marked: by its word, a shape and a colour, never by a colour alone. */
import type { GroupedTask } from '../report/task-groups.ts';

/** Each has a shape and a colour of its own. */
export type Tone = 'bad' | 'warn' | 'run' | 'wait' | 'good' | 'quiet';

export interface Badge {
  readonly tone: Tone;
  readonly word: string;
}

const words: Readonly<Record<string, Badge>> = {
  deny: { tone: 'bad', word: 'denied' },
  quarantined: { tone: 'bad', word: 'quarantined' },
  blocked: { tone: 'bad', word: 'blocked' },
  ambiguous: { tone: 'bad', word: 'ambiguous' },
  doubled: { tone: 'bad', word: 'doubled' },
  refused: { tone: 'bad', word: 'refused by AWS' },
  failed: { tone: 'bad', word: 'failed' },
  partial: { tone: 'bad', word: 'partly failed' },
  missed: { tone: 'bad', word: 'missed' },
  vanished: { tone: 'bad', word: 'vanished' },
  inDoubt: { tone: 'warn', word: 'in doubt' },
  claimed: { tone: 'run', word: 'claimed' },
  issued: { tone: 'run', word: 'in flight' },
  cancel: { tone: 'warn', word: 'to be cancelled' },
  hold: { tone: 'wait', word: 'held' },
  wait: { tone: 'wait', word: 'waits' },
  waiting: { tone: 'wait', word: 'waits' },
  pending: { tone: 'wait', word: 'pending' },
  issue: { tone: 'run', word: 'goes next' },
  withdraw: { tone: 'quiet', word: 'to be withdrawn' },
  succeeded: { tone: 'good', word: 'succeeded' },
  settled: { tone: 'good', word: 'ended' },
  done: { tone: 'good', word: 'done' },
  canceled: { tone: 'quiet', word: 'cancelled' },
  denied: { tone: 'quiet', word: 'denied' },
  expired: { tone: 'quiet', word: 'expired' },
  withdrawn: { tone: 'quiet', word: 'withdrawn' },
  baseline: { tone: 'quiet', word: 'baseline' },
};

/** The badge of a state that `groupTasks` names; of one that is not known its own word. */
export function badgeOf(state: string): Badge {
  return Object.hasOwn(words, state)
    ? (words[state] ?? { tone: 'quiet', word: state })
    : { tone: 'quiet', word: state };
}

/** A bad end that somebody has followed up is history; a hold that only a person ends is more than a wait. */
export function taskBadge({ group, state }: Pick<GroupedTask, 'group' | 'state'>): Badge {
  const badge = badgeOf(state);
  if (group === 'ended' && badge.tone === 'bad') return { ...badge, tone: 'quiet' };
  return group === 'needsPerson' && badge.tone === 'wait' ? { ...badge, tone: 'warn' } : badge;
}

const executions: Readonly<Record<string, Tone>> = {
  QUEUED: 'wait',
  IN_PROGRESS: 'run',
  SUCCEEDED: 'good',
  FAILED: 'bad',
  REJECTED: 'bad',
  TIMED_OUT: 'bad',
};

/** What a device does with a task, in AWS's words, in small letters. */
export function executionBadge(state: string): Badge {
  const tone = Object.hasOwn(executions, state) ? (executions[state] ?? 'quiet') : 'quiet';
  return { tone, word: state.toLowerCase().replaceAll('_', ' ') };
}

const stands: Readonly<Record<string, Badge>> = {
  open: { tone: 'good', word: 'open' },
  paused: { tone: 'wait', word: 'paused' },
  halted: { tone: 'bad', word: 'halted' },
  observed: { tone: 'quiet', word: 'only observed' },
};

/** What a fleet is now. */
export function standBadge(stand: 'open' | 'paused' | 'halted' | 'observed'): Badge {
  return stands[stand] ?? { tone: 'quiet', word: stand };
}
