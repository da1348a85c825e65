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
  /** The one of them that ends first; null where no end is known. */
  first: { readonly untilMs: number; readonly reasons: readonly Reason[] } | null;
}

export class Group {
  /** Its place in the order of commits, where something waits; null where only the ledger tells of it. */
  position: number | null = null;
  isChosen = false;
  isPaused = false;
  readonly tallies = new Map<string, Tally>();
  readonly commit: string;
  readonly fleet: string;

  constructor(commit: string, fleet: string) {
    this.commit = commit;
    this.fleet = fleet;
  }

  get key(): string {
    return `${this.commit} ${this.fleet}`;
  }

  add({ state, word, untilMs, reasons, isPaused }: Part): void {
    const name = `${state} ${word}`;
    const tally = this.tallies.get(name) ?? { state, word, count: 0, first: null };
    this.tallies.set(name, tally);
    tally.count += 1;
    this.isPaused ||= isPaused;
    if (untilMs !== null && !(tally.first !== null && tally.first.untilMs <= untilMs)) {
      tally.first = { untilMs, reasons };
    }
  }
}

/** By commit and fleet; those of fleets that are not wanted, and of what is no commit, are not here. */
export class Groups {
  readonly #commits = new Map<string, Map<string, Group>>();
  readonly #wanted = new Map<string, boolean>();
  readonly #wantsFleet: (fleet: string) => boolean;

  constructor(wantsFleet: (fleet: string) => boolean) {
    this.#wantsFleet = wantsFleet;
  }

  find(commit: string | null, fleet: string): Group | undefined {
    return commit === null ? undefined : this.#commits.get(commit)?.get(fleet);
  }

  /** The one that is there, or a new one; null where it is nothing to tell of. */
  take(commit: string | null, fleet: string): Group | null {
    const known = this.find(commit, fleet);
    if (known !== undefined) return known;
    if (commit === null || !isCommit(commit) || !this.#wants(fleet)) return null;
    const group = new Group(commit, fleet);
    const fleets = this.#commits.get(commit) ?? new Map<string, Group>();
    this.#commits.set(commit, fleets.set(fleet, group));
    return group;
  }

  #wants(fleet: string): boolean {
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
