import type { SourceLimits } from '../config/config.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { BugError, failed, fault, ok } from '../lib/faults.ts';
import { calendarBytesMax } from '../policy/calendar-text.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import type { Mirror } from './home.ts';
import { readObjects } from './object-reader.ts';
import type { PolicyCandidate, PolicyLayout } from './policy-entry.ts';
import { judgePolicyEntry } from './policy-entry.ts';
import type { HistoryLimits } from './provenance.ts';
import type { TreeEntry } from './tree.ts';
import { listTree } from './tree.ts';

/** More than anybody reviews: each of them is looked at for every task, in every pass. */
const policyFilesMax = 1_000;
/** They are all held in memory, and parsed: a thousand files of the usual length are a fiftieth of it. */
const policyBytesMax = 32 * 1024 * 1024;
/** READMEs and tests between them: some, but not a repository of something else. */
const entriesMax = policyFilesMax * 10;
/**
 * One commit may replace every entry, and both sides count. Twenty times that in one step: where each commit of a long
 * past changes a full folder, steps of one took 20 s for 10,000 commits instead of 3.
 */
const historyEntriesMax = entriesMax * 2 * 20;

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
    const entries = await listTree(this.#mirror, tree, this.#layout.folder, entriesMax);
    const isMany = !entries.ok && entries.fault.code === 'SG3030';
    return isMany ? failed(manyFault(`more than ${entriesMax} entries, and no more`, this.#layout)) : entries;
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

/** What is to be read below the policies' folder, in the order of the paths. Fault: SG3071, more than is read. */
export function selectPolicies(
  entries: readonly TreeEntry[],
  layout: PolicyLayout,
  fileBytes: number,
): Result<readonly PolicyCandidate[]> {
  const candidates = entries
    .map((entry) => judgePolicyEntry(entry, layout, fileBytes))
    .filter((candidate) => candidate !== null);
  if (candidates.length > policyFilesMax) {
    const count = `${candidates.length} files, and at most ${policyFilesMax}`;
    return failed(manyFault(count, layout));
  }
  const bytes = candidates.reduce((sum, found) => sum + (found.kind === 'blob' ? found.sizeBytes : 0), 0);
  if (bytes > policyBytesMax) {
    return failed(manyFault(`${bytes} bytes, and at most ${policyBytesMax}`, layout));
  }
  const byPath = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return ok(candidates.sort((a, b) => byPath(pathOf(a), pathOf(b))));
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

function pathOf(candidate: PolicyCandidate): string {
  return candidate.kind === 'blob' ? candidate.path : candidate.file.path;
}

function policyFile(candidate: PolicyCandidate, contents: ReadonlyMap<string, Uint8Array>): PolicyFile {
  if (candidate.kind === 'problem') return candidate.file;
  const bytes = contents.get(candidate.id);
  if (bytes === undefined) throw new BugError(`the blob ${candidate.id} was read and is not there`);
  return { path: candidate.path, blob: candidate.id, content: { kind: 'bytes', bytes } };
}

function manyFault(what: string, { folder }: PolicyLayout): Fault {
  return fault(
    'SG3071',
    'human',
    `the policies below ${folder === '' ? 'the root' : folder} are ${what} are read`,
    'put several into one file, and remove what is no window or policy',
  );
}
