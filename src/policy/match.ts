/** Which tasks a policy is about. Keys are ANDed, entries of a list ORed, globs anchored; what is absent matches all. */
import type { Command } from '../manifest/manifest.ts';

/** What a match looks at: a task, and the labels that the configuration gives to its fleet. */
export interface MatchSubject {
  readonly fleet: string;
  readonly name: string;
  readonly command: Command;
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly fleetLabels: Readonly<Record<string, string>>;
}

export interface MatchKeys {
  readonly commands?: readonly Command[];
  readonly fleets?: readonly string[];
  readonly names?: readonly string[];
  readonly targets?: readonly string[];
  readonly labels?: LabelGlobs;
  readonly fleetLabels?: LabelGlobs;
}

export interface Match extends MatchKeys {
  readonly exclude?: MatchKeys;
}

type LabelGlobs = Readonly<Record<string, string | readonly string[]>>;

/** Whether a task is one of those meant. */
export function matchesTask(match: Match, subject: MatchSubject): boolean {
  return findMismatch(match, subject) === null;
}

/** The key of the match that the task does not satisfy; null where it satisfies all of them. */
export function findMismatch(match: Match, subject: MatchSubject): string | null {
  const key = findMissedKey(match, subject);
  if (key !== null) return key;
  return match.exclude !== undefined && isLeftOut(match.exclude, subject) ? 'exclude' : null;
}

/** By its targets only where all of them are meant: one drill device named beside a ship's must not take the ship's rules away. */
function isLeftOut(exclude: MatchKeys, subject: MatchSubject): boolean {
  const { targets } = exclude;
  if (findMissedKey(exclude, subject) !== null) return false;
  return targets === undefined || subject.targets.every((target) => matchesAny(targets, target));
}

function findMissedKey(match: MatchKeys, subject: MatchSubject): string | null {
  const { commands, fleets, names, targets, labels, fleetLabels } = match;
  if (commands !== undefined && !commands.includes(subject.command)) return 'commands';
  if (fleets !== undefined && !matchesAny(fleets, subject.fleet)) return 'fleets';
  if (fleetLabels !== undefined && !bearsLabels(fleetLabels, subject.fleetLabels)) return 'fleetLabels';
  if (names !== undefined && !matchesAny(names, subject.name)) return 'names';
  if (labels !== undefined && !bearsLabels(labels, subject.labels)) return 'labels';
  if (targets !== undefined && !subject.targets.some((target) => matchesAny(targets, target)))
    return 'targets';
  return null;
}

function bearsLabels(wanted: LabelGlobs, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, patterns]) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value !== undefined && matchesAny(typeof patterns === 'string' ? [patterns] : patterns, value);
  });
}

function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, text));
}

/**
 * Whether the whole text is what the pattern says: `*` stands for any characters, `?` for one. Steps back to the last
 * star alone, so that its time is bounded by the product of the two lengths, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let inText = 0;
  let star = -1;
  let starText = 0;
  while (inText < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      starText = inText;
      at += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[inText])) {
      at += 1;
      inText += 1;
    } else if (star >= 0) {
      starText += 1;
      inText = starText;
      at = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
