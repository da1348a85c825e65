import type { SourceLimits } from '../config/config.ts';
import type { Result } from '../lib/faults.ts';
import { BugError, failed, ok } from '../lib/faults.ts';
import { calendarBytesMax } from '../policy/calendar-text.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import type { Mirror } from './home.ts';
import { readObjects } from './object-reader.ts';
import type { PolicyCandidate, PolicyLayout } from './policy-entry.ts';
import { manyPolicies, policyEntriesMax, selectPolicies } from './policy-selection.ts';
import type { HistoryLimits } from './provenance.ts';
import type { TreeEntry } from './tree.ts';
import { listTree } from './tree.ts';

/**
 * One commit may replace every entry, and both sides count. Twenty times that in one step: where each commit of a long
 * past changes a full folder, steps of one took 20 s for 10,000 commits instead of 3.
 */
const historyEntriesMax = policyEntriesMax * 2 * 20;

/** Reads the policies of a tree. What is the same as in the tree read last is handed out again, and not read. */
export class PolicyReader {
  readonly #mirror: Mirror;
  readonly #layout: PolicyLayout;
  readonly #fileBytes: number;
  #last: { readonly tree: string | null; readonly files: readonly PolicyFile[] } | null = null;

  constructor(mirror: Mirror, layout: PolicyLayout, fileBytes: number) {
    this.#mirror = mirror;
    this.#layout = layout;
    this.#fileBytes = fileBytes;
  }

  /** The files of a folder's tree, in the order of their paths; null stands for a folder that is not there. */
  async read(tree: string | null): Promise<Result<readonly PolicyFile[]>> {
    if (this.#last !== null && this.#last.tree === tree) return ok(this.#last.files);
    const entries = await this.#list(tree);
    if (!entries.ok) return entries;
    const candidates = selectPolicies(entries.value, this.#layout, this.#fileBytes);
    if (!candidates.ok) return candidates;
    const contents = await this.#load(candidates.value);
    if (!contents.ok) return contents;
    const files = candidates.value.map((candidate) => policyFile(candidate, contents.value));
    this.#last = { tree, files };
    return ok(files);
  }

  async #list(tree: string | null): Promise<Result<readonly TreeEntry[]>> {
    if (tree === null) return ok([]);
    const entries = await listTree(this.#mirror, tree, this.#layout.folder, policyEntriesMax);
    const isMany = !entries.ok && entries.fault.code === 'SG3030';
    return isMany
      ? failed(manyPolicies(`more than ${policyEntriesMax} entries, and no more`, this.#layout))
      : entries;
  }

  async #load(candidates: readonly PolicyCandidate[]): Promise<Result<ReadonlyMap<string, Uint8Array>>> {
    const before = new Map<string, Uint8Array>();
    for (const { blob, content } of this.#last?.files ?? []) {
      if (content.kind === 'bytes') before.set(blob, content.bytes);
    }
    const contents = new Map<string, Uint8Array>();
    const missing = new Set<string>();
    for (const candidate of candidates) {
      if (candidate.kind !== 'blob') continue;
      const known = before.get(candidate.id);
      if (known === undefined) missing.add(candidate.id);
      else contents.set(candidate.id, known);
    }
    const limitBytes = Math.max(this.#fileBytes, calendarBytesMax);
    const read = await readObjects(this.#mirror, [...missing], { type: 'blob', limitBytes }, (id, bytes) => {
      // A copy: what is handed out is a part of a far larger piece of git's output, which must not live on with it.
      contents.set(id, new Uint8Array(bytes));
    });
    return read.ok ? ok(contents) : read;
  }
}

/** Of these paths those whose files were read: of the others nobody could say what they were before. */
export function readableAmong(files: readonly PolicyFile[], paths: readonly string[]): ReadonlySet<string> {
  const wanted = new Set(paths);
  return new Set(
    files.flatMap(({ path, content }) => (content.kind === 'bytes' && wanted.has(path) ? [path] : [])),
  );
}

/** How far the past of policies is walked, in commits and in entries of trees that are looked at in one step. */
export function policyHistory({ historyCommits }: SourceLimits): HistoryLimits {
  return { commits: historyCommits, entries: historyEntriesMax };
}

function policyFile(candidate: PolicyCandidate, contents: ReadonlyMap<string, Uint8Array>): PolicyFile {
  if (candidate.kind === 'problem') return candidate.file;
  const bytes = contents.get(candidate.id);
  if (bytes === undefined) throw new BugError(`the blob ${candidate.id} was read and is not there`);
  return { path: candidate.path, blob: candidate.id, content: { kind: 'bytes', bytes } };
}
