import type { CommitId } from '../controller/ports.ts';
import type { ParsedFile } from '../manifest/manifest.ts';

/**
 * What is looked for in the past: a revision by its token, or a whole parsed document by its digest. Both are SHA-256,
 * and the letter before them keeps them apart.
 */
export type Mark = `t${string}` | `d${string}`;

/** Where a mark began to be there without a gap. */
export interface Placement {
  readonly commit: CommitId;
  readonly position: number;
}

/** The marks of a file, one for each time that it holds them. */
export function marksOf(parsed: ParsedFile): readonly Mark[] {
  return parsed.manifests.flatMap(({ manifest }): Mark[] => [`t${manifest.token}`, `d${manifest.digest}`]);
}

/**
 * Walks from a head into the past by undoing commits, and finds for each mark the commit before which no file held
 * it: the one that introduced it, since it was last absent. A document that moves between files stays present.
 */
export class PresenceWalk {
  readonly #counts = new Map<Mark, number>();
  readonly #open = new Set<Mark>();
  readonly #placed = new Map<Mark, Placement>();

  /** Marks that no file holds at the head are not looked for. */
  constructor(wanted: Iterable<Mark>, held: Iterable<Mark>) {
    for (const mark of wanted) this.#counts.set(mark, 0);
    for (const mark of held) this.#add(mark, 1);
    for (const [mark, count] of this.#counts) {
      if (count > 0) this.#open.add(mark);
      else this.#counts.delete(mark);
    }
  }

  /** Marks that are present in every tree walked so far. */
  get open(): ReadonlySet<Mark> {
    return this.#open;
  }

  get placed(): ReadonlyMap<Mark, Placement> {
    return this.#placed;
  }

  /** Undoes one commit: what its files hold is taken away, what they held before comes back. */
  undo(step: Placement, held: Iterable<Mark>, heldBefore: Iterable<Mark>): void {
    // What comes back first: a document that moved from one file to another must not seem gone in between.
    for (const mark of heldBefore) this.#add(mark, 1);
    for (const mark of held) if (this.#add(mark, -1) === 0) this.settle(mark, step);
  }

  /** Ends the search for a mark; one that is not open is left as it is. */
  settle(mark: Mark, placement: Placement): void {
    if (this.#open.delete(mark)) this.#placed.set(mark, placement);
  }

  /** Gives up on a mark: it is neither open nor placed afterwards. */
  abandon(mark: Mark): void {
    this.#open.delete(mark);
  }

  #add(mark: Mark, change: number): number | null {
    const count = this.#counts.get(mark);
    if (count === undefined) return null;
    this.#counts.set(mark, count + change);
    return count + change;
  }
}
