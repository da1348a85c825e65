/** Revisions by the commit that introduced them and their fleet, and what becomes of them in numbers. */
import type { Reason } from '../policy/verdict.ts';

/** `running` is pending where a forge does not know it. */
export type CommitState = 'failure' | 'pending' | 'running' | 'success';

/** Commits and fleets that are looked after at a time: half of them for what waits, half for what happened lately. */
export const groupsMax = 500;

/** One revision of a commit, as it counts. */
export interface Part {
  readonly state: CommitState;
  readonly word: string;
  readonly untilMs: number | null;
  readonly reasons: readonly Reason[];
  readonly isPaused: boolean;
}

/** Revisions that count alike. */
export interface Tally {
  readonly state: CommitState;
  readonly word: string;
  count: number;
  /** Those of them that end first, and how many; null where no end is known. */
  first: { readonly untilMs: number; readonly reasons: readonly Reason[]; count: number } | null;
}

export class Group {
  /** Its place in the order of commits, where something waits; null where only the ledger tells of it. */
  position: number | null = null;
  isChosen = false;
  isPaused = false;
  /** As many as were found, whatever they count for. */
  revisions = 0;
  readonly tallies = new Map<string, Tally>();
  readonly commit: string;
  /** Null where it is of no fleet: of a commit of which no file can be read. */
  readonly fleet: string | null;

  constructor(commit: string, fleet: string | null) {
    this.commit = commit;
    this.fleet = fleet;
  }

  get key(): string {
    return this.fleet === null ? this.commit : `${this.commit} ${this.fleet}`;
  }

  /** Counts a revision or a file, or so many of them. */
  add({ state, word, untilMs, reasons, isPaused }: Part, count = 1): void {
    const name = `${state} ${word}`;
    const tally = this.tallies.get(name) ?? { state, word, count: 0, first: null };
    this.tallies.set(name, tally);
    tally.count += count;
    this.isPaused ||= isPaused;
    if (untilMs === null) return;
    if (tally.first === null || untilMs < tally.first.untilMs) tally.first = { untilMs, reasons, count };
    else if (untilMs === tally.first.untilMs) tally.first.count += count;
  }
}

/** Whether a fleet is to be told of; null is what is of none. */
export type WantsFleet = (fleet: string | null) => boolean;

/** By commit and fleet; those of fleets that are not wanted, and of what is no commit, are not here. */
export class Groups {
  readonly #commits = new Map<string, Map<string | null, Group>>();
  readonly #wanted = new Map<string | null, boolean>();
  readonly #wantsFleet: WantsFleet;

  constructor(wantsFleet: WantsFleet) {
    this.#wantsFleet = wantsFleet;
  }

  find(commit: string | null, fleet: string | null): Group | undefined {
    return commit === null ? undefined : this.#commits.get(commit)?.get(fleet);
  }

  /** The one that is there, or a new one; null where it is nothing to tell of. */
  take(commit: string | null, fleet: string | null): Group | null {
    const known = this.find(commit, fleet);
    if (known !== undefined) return known;
    if (commit === null || !isCommit(commit) || !this.#wants(fleet)) return null;
    const group = new Group(commit, fleet);
    const fleets = this.#commits.get(commit) ?? new Map<string | null, Group>();
    this.#commits.set(commit, fleets.set(fleet, group));
    return group;
  }

  /** Those of a commit that are of a fleet. */
  listFleets(commit: string): Group[] {
    return [...(this.#commits.get(commit)?.values() ?? [])].filter(({ fleet }) => fleet !== null);
  }

  #wants(fleet: string | null): boolean {
    const wanted = this.#wanted.get(fleet) ?? this.#wantsFleet(fleet);
    this.#wanted.set(fleet, wanted);
    return wanted;
  }

  /** Those of commits where something waits, the newest first. */
  listWaiting(): Group[] {
    const waiting: { readonly group: Group; readonly position: number }[] = [];
    for (const fleets of this.#commits.values()) {
      for (const group of fleets.values()) {
        if (group.position !== null) waiting.push({ group, position: group.position });
      }
    }
    const positions = Float64Array.from(waiting, ({ position }) => position).sort();
    const least = positions.at(-groupsMax) ?? Number.NEGATIVE_INFINITY;
    return waiting
      .filter(({ position }) => position >= least)
      .sort((a, b) => b.position - a.position)
      .slice(0, groupsMax)
      .map(({ group }) => group);
  }
}

/** What a ledger says is a commit becomes part of a URL. */
function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
