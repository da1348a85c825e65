import type { CommitId, CommitRef } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { ok } from '../lib/faults.ts';
import type { CommitDetails } from './commit-details.ts';
import type { CommitLine } from './commit-line.ts';
import { readLine } from './commit-line.ts';
import { pageSizes, readHistory } from './history.ts';
import type { Mirror } from './home.ts';
import type { Placement } from './presence.ts';
import type { HistoryLimits } from './provenance.ts';
import { showPath } from './source-path.ts';

/** What was found out at a head: null for a file whose last change is older than may be walked. */
interface Known {
  readonly head: CommitId;
  readonly placements: ReadonlyMap<string, Placement | null>;
}

/**
 * Finds the commit that changed each file last, and remembers it: at the next head only the commits since are walked.
 * What is remembered holds for one head, and for the heads whose first-parent line passes through it.
 */
export class FileTracer {
  readonly #mirror: Mirror;
  readonly #folder: string;
  readonly #limits: HistoryLimits;
  readonly #details: CommitDetails;
  #known: Known | null = null;
  #line: CommitLine | null = null;

  constructor(mirror: Mirror, folder: string, limits: HistoryLimits, details: CommitDetails) {
    this.#mirror = mirror;
    this.#folder = folder;
    this.#limits = limits;
    this.#details = details;
  }

  /** `paths` are of files that are there at `head`, below the folder. See {@link PolicyRepository.traceFiles}. */
  async trace(head: CommitId, paths: ReadonlySet<string>): Promise<Result<ReadonlyMap<string, CommitRef>>> {
    const line = await readLine(this.#mirror, head, this.#line);
    if (!line.ok) return line;
    this.#line = line.value;
    const found = new Map<string, Placement | null>();
    const walked = await this.#walk(line.value, paths, found);
    if (!walked.ok) return walked;
    this.#known = { head, placements: found };
    const placed = [...found].flatMap(([path, placement]) =>
      placement === null || !paths.has(path) ? [] : [{ path, placement }],
    );
    const refs = await this.#details.refer(
      placed.map(({ placement }) => placement),
      line.value,
    );
    if (!refs.ok) return refs;
    const answer = new Map<string, CommitRef>();
    for (const { path, placement } of placed) {
      const ref = refs.value.get(placement.commit);
      if (ref !== undefined) answer.set(path, ref);
    }
    return ok(answer);
  }

  /** From the head into the past, until every file was changed, or as many commits were seen as may be. */
  async #walk(
    line: CommitLine,
    paths: ReadonlySet<string>,
    found: Map<string, Placement | null>,
  ): Promise<Result<null>> {
    const open = new Set(paths);
    const pick = (bytes: Buffer): string | null => {
      const path = showPath(bytes).text;
      return open.has(path) ? path : null;
    };
    let next: CommitId | null = line.head;
    let walked = 0;
    let pageSteps: number = pageSizes.first;
    while (next !== null && walked < this.#limits.commits) {
      this.#recall(next, open, found);
      if (open.size === 0) return ok(null);
      const count = Math.min(pageSteps, this.#limits.commits - walked);
      const scope = { folder: this.#folder, pick };
      const page = await readHistory(this.#mirror, next, scope, count, this.#limits.entries);
      if (!page.ok) return page;
      if (page.value === null && count === 1) break;
      // Too much to hold at once, in all of them or in one: come nearer to the one, step by step.
      pageSteps = page.value === null ? Math.ceil(count / 8) : Math.min(pageSteps * 4, pageSizes.most);
      for (const { commit, firstParent, changes } of page.value ?? []) {
        this.#recall(commit, open, found);
        const position = line.timesMs.length - walked;
        for (const { path } of changes) if (open.delete(path)) found.set(path, { commit, position });
        walked += 1;
        next = firstParent;
      }
    }
    for (const path of open) found.set(path, null);
    return ok(null);
  }

  /** At the head of the last time, what was found then is true of all files that were not changed since. */
  #recall(commit: CommitId, open: Set<string>, found: Map<string, Placement | null>): void {
    if (this.#known?.head !== commit) return;
    for (const [path, placement] of this.#known.placements) {
      if (open.delete(path)) found.set(path, placement);
    }
  }
}
