import type { CommitId, Provenance } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { BugError, ok } from '../lib/faults.ts';
import type { Token } from '../manifest/manifest.ts';
import type { BlobMarks } from './blob-marks.ts';
import type { CommitDetails } from './commit-details.ts';
import type { CommitLine } from './commit-line.ts';
import { readLine } from './commit-line.ts';
import type { HistoryStep } from './history.ts';
import { pageSizes, readHistory } from './history.ts';
import type { Mirror } from './home.ts';
import type { Mark, Placement } from './presence.ts';
import { PresenceWalk } from './presence.ts';
import { isExcluded } from './source-files.ts';
import type { SourceLayout } from './source-path.ts';
import { judgePath } from './source-path.ts';
import type { DiffScope } from './tree-diff.ts';

/** What was found out at a head: null for a mark that is older than may be walked. */
interface Known {
  readonly head: CommitId;
  readonly placements: ReadonlyMap<Mark, Placement | null>;
}

/** How far the walk goes, and how many entries of trees it looks at in one step. */
export interface HistoryLimits {
  readonly commits: number;
  readonly entries: number;
}

/**
 * Finds out where revisions began, and remembers it: at the next head only the commits since are walked. What is
 * remembered holds for exactly one head and the heads whose first-parent line passes through it.
 */
export class ProvenanceTracer {
  readonly #mirror: Mirror;
  readonly #scope: DiffScope;
  readonly #limits: HistoryLimits;
  readonly #marks: BlobMarks;
  readonly #details: CommitDetails;
  #known: Known | null = null;
  #line: CommitLine | null = null;

  constructor(
    mirror: Mirror,
    layout: SourceLayout,
    limits: HistoryLimits,
    use: { readonly marks: BlobMarks; readonly details: CommitDetails },
  ) {
    this.#mirror = mirror;
    this.#scope = manifestScope(layout);
    this.#limits = limits;
    this.#marks = use.marks;
    this.#details = use.details;
  }

  /** `held` are the marks of every manifest at `head`. See {@link SourceRepository.trace}. */
  async trace(
    head: CommitId,
    held: readonly Mark[],
    wanted: ReadonlyMap<Token, string>,
  ): Promise<Result<ReadonlyMap<Token, Provenance>>> {
    const line = await readLine(this.#mirror, head, this.#line);
    if (!line.ok) return line;
    this.#line = line.value;
    // After a rewritten history nothing that is remembered need be true.
    if (!line.value.continues) this.#known = null;
    const asked = [...wanted].flatMap(([token, digest]): Mark[] => [`t${token}`, `d${digest}`]);
    const known = this.#known;
    if (known?.head === head && asked.every((mark) => known.placements.has(mark))) {
      return this.#collect(wanted, known.placements, line.value);
    }
    // What is remembered is carried along to this head, so that it need not be found again.
    const walk = new PresenceWalk([...asked, ...(this.#known?.placements.keys() ?? [])], held);
    const beyond = new Set<Mark>();
    const walked = await this.#walk(line.value, walk, beyond);
    if (!walked.ok) return walked;
    const placements = new Map<Mark, Placement | null>(walk.placed);
    for (const mark of beyond) placements.set(mark, null);
    this.#known = { head, placements };
    return this.#collect(wanted, walk.placed, line.value);
  }

  /** Undoes commits until every mark is placed, or as many as may be walked; what is left over is `beyond` that. */
  async #walk(line: CommitLine, walk: PresenceWalk, beyond: Set<Mark>): Promise<Result<null>> {
    let next: CommitId | null = line.head;
    let walked = 0;
    let pageSteps: number = pageSizes.first;
    while (next !== null && walked < this.#limits.commits) {
      this.#recall(next, walk, beyond);
      if (walk.open.size === 0) return ok(null);
      const count = Math.min(pageSteps, this.#limits.commits - walked);
      const page = await readHistory(this.#mirror, next, this.#scope, count, this.#limits.entries);
      if (!page.ok) return page;
      if (page.value === null && count === 1) break;
      // Too much to hold at once, in all of them or in one: come nearer to the one, step by step.
      pageSteps = page.value === null ? Math.ceil(count / 8) : Math.min(pageSteps * 4, pageSizes.most);
      const steps = page.value ?? [];
      const marks = await this.#marks.load(blobsOf(steps));
      if (!marks.ok) return marks;
      for (const step of steps) {
        this.#recall(step.commit, walk, beyond);
        undoStep(walk, step, line.timesMs.length - walked, marks.value);
        walked += 1;
        next = step.firstParent;
      }
    }
    for (const mark of walk.open) beyond.add(mark);
    return ok(null);
  }

  async #collect(
    wanted: ReadonlyMap<Token, string>,
    placed: ReadonlyMap<Mark, Placement | null>,
    line: CommitLine,
  ): Promise<Result<ReadonlyMap<Token, Provenance>>> {
    const pairs = new Map<Token, { readonly introduced: Placement; readonly changed: Placement }>();
    for (const [token, digest] of wanted) {
      const introduced = placed.get(`t${token}`);
      const changed = placed.get(`d${digest}`);
      if (introduced && changed) pairs.set(token, { introduced, changed });
    }
    const placements = [...pairs.values()].flatMap(({ introduced, changed }) => [introduced, changed]);
    const refs = await this.#details.refer(placements, line);
    if (!refs.ok) return refs;
    const found = new Map<Token, Provenance>();
    for (const [token, { introduced, changed }] of pairs) {
      const [first, last] = [refs.value.get(introduced.commit), refs.value.get(changed.commit)];
      if (first === undefined || last === undefined) throw new BugError('a commit was placed and not read');
      found.set(token, { introduced: first, changed: last, position: introduced.position });
    }
    return ok(found);
  }

  /** At the head of the last time, what was found then is true of all marks that are still open. */
  #recall(commit: CommitId, walk: PresenceWalk, beyond: Set<Mark>): void {
    if (this.#known?.head !== commit) return;
    for (const [mark, placement] of this.#known.placements) {
      if (!walk.open.has(mark)) continue;
      if (placement !== null) {
        walk.settle(mark, placement);
      } else {
        walk.abandon(mark);
        beyond.add(mark);
      }
    }
  }
}

function manifestScope(layout: SourceLayout): DiffScope {
  const pick = (bytes: Buffer): string | null => {
    const { kind, path } = judgePath(bytes);
    return kind === 'manifest' && !isExcluded(path, layout) ? path : null;
  };
  return { folder: layout.path, pick };
}

function undoStep(
  walk: PresenceWalk,
  step: HistoryStep,
  position: number,
  marks: ReadonlyMap<string, readonly Mark[]>,
): void {
  const marksIn = (side: 'before' | 'after'): Mark[] =>
    step.changes.flatMap((change) => marks.get(change[side] ?? '') ?? []);
  walk.undo({ commit: step.commit, position }, marksIn('after'), marksIn('before'));
}

function* blobsOf(steps: readonly HistoryStep[]): Generator<string> {
  for (const { changes } of steps) {
    for (const { before, after } of changes) {
      if (before !== null) yield before;
      if (after !== null) yield after;
    }
  }
}
