/**
 * A source repository in memory: a branch that people commit to, and readers (one for each replica) that fetch it.
 * Everything happens inside the call, without a timer and without chance; faults come from the plan that the test
 * passes in. It keeps the promises of the real one: test/contract/source-repository.ts runs on both.
 *
 * How a tree is judged (links, sizes, paths) is the product's own code; provenance is told here in another way, by
 * asking each tree of the past, so that the two can be compared.
 */
import { createHash } from 'node:crypto';
import type {
  CommitId,
  CommitRef,
  Provenance,
  SourceRepository,
  SourceTree,
} from '../../src/controller/ports.ts';
import { selectPolicies } from '../../src/git/policy-selection.ts';
import { judgeEntry, warnOfTwins } from '../../src/git/source-files.ts';
import { isBelow, type SourceLayout, sourceLayout } from '../../src/git/source-path.ts';
import type { TreeEntry } from '../../src/git/tree.ts';
import { sha256Hex } from '../../src/lib/digest.ts';
import { BugError, type Fault, failed, fault, ok, type Result } from '../../src/lib/faults.ts';
import type { SourceFile } from '../../src/manifest/collect.ts';
import type { ParsedFile, Token } from '../../src/manifest/manifest.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import type { PolicyFile } from '../../src/policy/policy-file.ts';
import { subjectOf, trailersOf } from './commit-message.ts';

/** What stands at a path: a file's text, a symbolic link, a submodule. */
export type FileContent = string | { readonly link: string } | { readonly submodule: CommitId };

/** A path with null is removed; paths that are not named stay as they are. */
export type FileChanges = Readonly<Record<string, FileContent | null>>;

export interface NewCommit {
  readonly files: FileChanges;
  readonly timeMs: number;
  /** `Name <email>`. */
  readonly author?: string;
  /** `Name <email>`; the author by default. */
  readonly committer?: string;
  /** `commit` by default. */
  readonly message?: string;
  /** Where another line of development joins this one. Its files come along only if `files` says so. */
  readonly merges?: CommitId;
}

interface StoredCommit {
  readonly id: CommitId;
  readonly parents: readonly CommitId[];
  readonly files: ReadonlyMap<string, FileContent>;
  readonly author: string;
  readonly committer: string;
  readonly message: string;
  readonly timeMs: number;
  readonly position: number;
}

/** What a tree means; kept for each commit, since every pass of every replica asks for it. */
interface ReadTree {
  readonly tree: SourceTree;
  /** Token to the digests under which it is there. */
  readonly present: ReadonlyMap<Token, ReadonlySet<string>>;
}

export interface SourceSettings {
  readonly path: string;
  readonly policies: string | null;
  readonly fileBytes: number;
  readonly files: number;
  readonly documentsPerFile: number;
  readonly depth: number;
  readonly historyCommits: number;
}

export const defaultSourceSettings: SourceSettings = {
  path: 'tasks',
  policies: 'policies',
  fileBytes: 65_536,
  files: 1000,
  documentsPerFile: 100,
  depth: 32,
  historyCommits: 10_000,
};

/** Parsed files by their text: may be shared by many origins, so that a simulation parses each manifest once. */
export type ParseCache = Map<string, { readonly blob: string; readonly parsed: ParsedFile }>;

/** The branch that all replicas fetch, and what people do to it. */
export class SourceOrigin {
  settings: SourceSettings;
  #layout: SourceLayout;
  readonly #cache: ParseCache;
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #commits = new Map<CommitId, StoredCommit>();
  readonly #read = new Map<CommitId, Result<ReadTree>>();
  #head: CommitId | null = null;

  constructor(settings: Partial<SourceSettings> = {}, cache: ParseCache = new Map()) {
    this.settings = { ...defaultSourceSettings, ...settings };
    this.#layout = sourceLayout(this.settings);
    this.#cache = cache;
  }

  /** The configuration of all who read changes: they look elsewhere from now on, in commits of before, too. */
  configure(settings: Partial<SourceSettings>): void {
    this.settings = { ...this.settings, ...settings };
    this.#layout = sourceLayout(this.settings);
    this.#read.clear();
  }

  /** Where the branch is; null when it is not there. */
  get head(): CommitId | null {
    return this.#head;
  }

  /** Commits on the branch and moves it there. */
  commit(change: NewCommit): CommitId {
    const id = this.build(this.#head, change);
    this.#head = id;
    return id;
  }

  /** Makes a commit on any parent; the branch stays where it is. */
  build(parent: CommitId | null, change: NewCommit): CommitId {
    const before = parent === null ? undefined : this.#stored(parent);
    const files = new Map(before?.files ?? []);
    for (const [path, content] of Object.entries(change.files)) {
      if (content === null) files.delete(path);
      else files.set(path, content);
    }
    const parents = [parent, change.merges ?? null].filter((id) => id !== null);
    const author = change.author ?? 'Ann Author <ann@example.com>';
    const committer = change.committer ?? author;
    const { message = 'commit' } = change;
    const people = { author, committer, message };
    const content = [parents, [...files].sort(byPath), people, change.timeMs, this.#commits.size];
    const id = sha256Hex(JSON.stringify(content)).slice(0, 40);
    // Like Git's first-parent line: never earlier than what it stands on.
    const timeMs = Math.max(change.timeMs, before?.timeMs ?? 0);
    const position = (before?.position ?? 0) + 1;
    this.#commits.set(id, { id, parents, files, ...people, timeMs, position });
    return id;
  }

  /** Moves the branch to any commit, as a forced push would; null deletes it. */
  move(commit: CommitId | null): void {
    if (commit !== null) this.#stored(commit);
    this.#head = commit;
  }

  /** The commit and everything that it stands on. */
  ancestry(commit: CommitId): ReadonlySet<CommitId> {
    const seen = new Set<CommitId>();
    const open = [commit];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      open.push(...this.#stored(id).parents);
    }
    return seen;
  }

  read(head: CommitId): Result<SourceTree> {
    const read = this.#readTree(head);
    return read.ok ? ok(read.value.tree) : read;
  }

  /** By asking every tree of the first-parent line, newest first. */
  trace(head: CommitId, wanted: ReadonlyMap<Token, string>): Result<ReadonlyMap<Token, Provenance>> {
    const found = new Map<Token, Provenance>();
    for (const [token, digest] of wanted) {
      const introduced = this.#since(head, (tree) => tree.present.has(token));
      const changed = this.#since(head, (tree) => tree.present.get(token)?.has(digest) === true);
      if (!introduced.ok) return introduced;
      if (!changed.ok) return changed;
      if (introduced.value === null || changed.value === null) continue;
      found.set(token, {
        introduced: this.#refer(introduced.value),
        changed: this.#refer(changed.value),
        position: introduced.value.position,
      });
    }
    return ok(found);
  }

  /** By asking every tree of the first-parent line for the text at each path, newest first. */
  traceFiles(head: CommitId, paths: readonly string[]): Result<ReadonlyMap<string, CommitRef>> {
    const tree = this.read(head);
    if (!tree.ok) return tree;
    const found = new Map<string, CommitRef>();
    for (const { path, content } of tree.value.policies) {
      if (content.kind !== 'bytes' || !paths.includes(path)) continue;
      let commit = this.#stored(head);
      for (let walked = 0; walked < this.settings.historyCommits; walked += 1) {
        const [first] = commit.parents;
        const parent = first === undefined ? undefined : this.#stored(first);
        if (parent?.files.get(path) !== commit.files.get(path)) {
          found.set(path, this.#refer(commit));
          break;
        }
        if (parent === undefined) break;
        commit = parent;
      }
    }
    return ok(found);
  }

  #refer(commit: StoredCommit): CommitRef {
    const { id, author, committer, message, timeMs } = commit;
    const touchesPolicies = this.#policiesOf(commit) !== this.#policiesOf(this.#parentOf(commit));
    const texts = { author, committer, subject: subjectOf(message), trailers: trailersOf(message) };
    return { commit: id, ...texts, touchesPolicies, timeMs };
  }

  #parentOf({ parents: [first] }: StoredCommit): StoredCommit | null {
    return first === undefined ? null : this.#stored(first);
  }

  #policiesOf(commit: StoredCommit | null): string {
    const { policies } = this.#layout;
    if (commit === null || policies === null) return '[]';
    return JSON.stringify([...commit.files].filter(([path]) => isBelow(path, policies)).sort(byPath));
  }

  #since(head: CommitId, holds: (tree: ReadTree) => boolean): Result<StoredCommit | null> {
    let oldest: StoredCommit | null = null;
    let next: CommitId | undefined = head;
    for (let walked = 0; next !== undefined; walked += 1) {
      const tree = this.#readTree(next);
      if (!tree.ok) return tree;
      if (!holds(tree.value)) return ok(oldest);
      if (walked === this.settings.historyCommits) return ok(null);
      oldest = this.#stored(next);
      next = oldest.parents[0];
    }
    return ok(oldest);
  }

  #readTree(head: CommitId): Result<ReadTree> {
    const known = this.#read.get(head);
    if (known !== undefined) return known;
    const read = this.#judgeTree(this.#stored(head));
    this.#read.set(head, read);
    return read;
  }

  #judgeTree(commit: StoredCommit): Result<ReadTree> {
    const entries = [...commit.files].sort(byPath).map(([path, content]) => this.#entry(path, content));
    const { path, policies } = this.#layout;
    const files: SourceFile[] = [];
    for (const entry of entries) {
      const at = entry.path.toString('utf8');
      const candidate = isBelow(at, path) ? judgeEntry(entry, this.#layout, this.settings.fileBytes) : null;
      if (candidate?.kind === 'problem') files.push(candidate.file);
      if (candidate?.kind !== 'blob') continue;
      const content = commit.files.get(at);
      if (typeof content !== 'string') throw new BugError(`the double has no file ${at}`);
      const { parsed } = this.#parse(content);
      files.push({ path: candidate.path, blob: candidate.id, parsed });
    }
    if (files.length > this.settings.files) return failed(fault('SG3030', 'human', 'too many files'));
    const policyFiles = policies === null ? ok([]) : this.#judgePolicies(commit, entries, policies);
    if (!policyFiles.ok) return policyFiles;
    const tree = { head: commit.id, files: warnOfTwins(files), policies: policyFiles.value };
    return ok({ tree, present: presentIn(files) });
  }

  #judgePolicies(
    commit: StoredCommit,
    entries: readonly TreeEntry[],
    folder: string,
  ): Result<readonly PolicyFile[]> {
    const below = entries.filter((entry) => isBelow(entry.path.toString('utf8'), folder));
    const layout = { folder, manifests: this.#layout.path };
    const candidates = selectPolicies(below, layout, this.settings.fileBytes);
    if (!candidates.ok) return candidates;
    return ok(
      candidates.value.map((candidate): PolicyFile => {
        if (candidate.kind === 'problem') return candidate.file;
        const bytes = this.#bytesOf(candidate.id, commit.files.get(candidate.path));
        return { path: candidate.path, blob: candidate.id, content: { kind: 'bytes', bytes } };
      }),
    );
  }

  #bytesOf(blob: string, content: FileContent | undefined): Uint8Array {
    if (typeof content !== 'string') throw new BugError(`the double has no blob ${blob}`);
    const bytes = this.#bytes.get(blob) ?? new Uint8Array(Buffer.from(content));
    this.#bytes.set(blob, bytes);
    return bytes;
  }

  #entry(path: string, content: FileContent): TreeEntry {
    const at = Buffer.from(path, 'utf8');
    if (typeof content !== 'string') {
      if ('submodule' in content) return { mode: '160000', id: content.submodule, sizeBytes: null, path: at };
      return { mode: '120000', id: blobId(content.link), sizeBytes: content.link.length, path: at };
    }
    return { mode: '100644', id: this.#parse(content).blob, sizeBytes: Buffer.byteLength(content), path: at };
  }

  #parse(text: string): { readonly blob: string; readonly parsed: ParsedFile } {
    const known = this.#cache.get(text);
    if (known !== undefined) return known;
    const { fileBytes, documentsPerFile, depth } = this.settings;
    const parsed = parseManifestFile(Buffer.from(text), { fileBytes, documentsPerFile, depth });
    const entry = { blob: blobId(text), parsed };
    this.#cache.set(text, entry);
    return entry;
  }

  #stored(id: CommitId): StoredCommit {
    const commit = this.#commits.get(id);
    if (commit === undefined) throw new BugError(`the double has no commit ${id}`);
    return commit;
  }
}

/** Decides about each fetch of one replica, when it is made. Absent, or undefined, means that nothing goes wrong. */
export interface SourceFaultPlan {
  onFetch?(): Fault | undefined;
  /** The same for each reading of a tree, and of its history. */
  onRead?(): Fault | undefined;
  onTrace?(): Fault | undefined;
}

/** One replica's reader: it knows the commits that it has fetched, and no others. */
export class MemorySource implements SourceRepository {
  readonly #origin: SourceOrigin;
  readonly #plan: SourceFaultPlan;
  readonly #here = new Set<CommitId>();

  constructor(origin: SourceOrigin, plan: SourceFaultPlan = {}) {
    this.#origin = origin;
    this.#plan = plan;
  }

  async fetch(): Promise<Result<{ readonly head: CommitId }>> {
    const trouble = this.#plan.onFetch?.();
    if (trouble !== undefined) return failed(trouble);
    const { head } = this.#origin;
    if (head === null) return failed(fault('SG3005', 'human', 'the branch is not there'));
    if (!this.#here.has(head)) for (const commit of this.#origin.ancestry(head)) this.#here.add(commit);
    return ok({ head });
  }

  async descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>> {
    if (!this.#here.has(head)) return failed(notHere(head));
    return ok(this.#here.has(ancestor) && this.#origin.ancestry(head).has(ancestor));
  }

  async read(head: CommitId): Promise<Result<SourceTree>> {
    const trouble = this.#plan.onRead?.();
    if (trouble !== undefined) return failed(trouble);
    return this.#here.has(head) ? this.#origin.read(head) : failed(notHere(head));
  }

  async trace(
    head: CommitId,
    wanted: ReadonlyMap<Token, string>,
  ): Promise<Result<ReadonlyMap<Token, Provenance>>> {
    const trouble = this.#plan.onTrace?.();
    if (trouble !== undefined) return failed(trouble);
    return this.#here.has(head) ? this.#origin.trace(head, wanted) : failed(notHere(head));
  }

  async traceFiles(
    head: CommitId,
    paths: readonly string[],
  ): Promise<Result<ReadonlyMap<string, CommitRef>>> {
    return this.#here.has(head) ? this.#origin.traceFiles(head, paths) : failed(notHere(head));
  }
}

function notHere(commit: CommitId): Fault {
  return fault('SG3032', 'retry', `the commit ${commit} has not been fetched`);
}

function presentIn(files: readonly SourceFile[]): ReadonlyMap<Token, ReadonlySet<string>> {
  const present = new Map<Token, Set<string>>();
  for (const { parsed } of files) {
    for (const { manifest } of parsed.manifests) {
      const digests = present.get(manifest.token) ?? new Set();
      present.set(manifest.token, digests.add(manifest.digest));
    }
  }
  return present;
}

/** As Git names a blob. */
function blobId(text: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');
}

function byPath([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}
