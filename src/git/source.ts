import { join } from 'node:path';
import type { SourceConfig } from '../config/config.ts';
import type { CommitId, PolicyFile, Provenance, SourceRepository, SourceTree } from '../controller/ports.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { BugError, failed, fault, ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import type { SourceFile } from '../manifest/collect.ts';
import type { ParsedFile, Token } from '../manifest/manifest.ts';
import { parseManifestFile } from '../manifest/parse.ts';
import { BlobMarks } from './blob-marks.ts';
import type { Mirror } from './home.ts';
import { prepareGitHome } from './home.ts';
import { isAncestor, resolveCommit } from './local-read.ts';
import { fetchBranch, MirrorKeeper, openMirror, remakeMirror } from './mirror.ts';
import { readObjects } from './object-reader.ts';
import type { Mark } from './presence.ts';
import { marksOf } from './presence.ts';
import { ProvenanceTracer } from './provenance.ts';
import type { Candidate } from './source-files.ts';
import { judgeEntry, selectPolicies, warnOfTwins } from './source-files.ts';
import type { SourceLayout } from './source-path.ts';
import { sourceLayout } from './source-path.ts';
import type { TreeEntry } from './tree.ts';
import { findEntry, listTree } from './tree.ts';

/** A {@link SourceRepository} that must be cared for and closed. Its calls come one after another. */
export interface Source extends SourceRepository {
  /** Repacks the mirror when it is time: to be called between passes. */
  maintain(): Promise<Result<{ readonly repacked: boolean }>>;
  /** Ends whatever git is running for it; the calls in hand answer with SG3018. */
  close(): Promise<void>;
}

/** Where the branch's newest head is kept in the mirror. */
const headRef = 'refs/snowgate/source';
/** READMEs, scripts and pictures between the manifests: some, but not a repository of something else. */
const entriesPerFile = 10;
/** A commit may replace every file, and both sides count; twice over, because folders count, too. */
const changedEntriesPerFile = 4;

/**
 * Opens the source's mirror below the state directory, whose lock the caller holds. Nothing is fetched yet.
 * Faults: SG3001, SG3009, SG3021.
 */
export async function openSource(
  config: SourceConfig,
  options: { readonly stateDir: string; readonly redactor: Pick<Redactor, 'register'> },
): Promise<Result<Source>> {
  const home = await prepareGitHome(options.stateDir, options.redactor);
  if (!home.ok) return home;
  const stop = new AbortController();
  const dir = join(options.stateDir, 'source.git');
  const mirror = await openMirror(home.value, dir, stop.signal);
  return mirror.ok ? ok(new GitSource(config, mirror.value, stop)) : mirror;
}

/** What was read last: its trees' ids say whether anything has changed. */
interface LastRead {
  readonly head: CommitId;
  readonly manifestsTree: string;
  readonly policiesTree: string;
  readonly files: readonly SourceFile[];
  readonly policies: readonly PolicyFile[];
  readonly marks: readonly Mark[];
}

class GitSource implements Source {
  readonly #config: SourceConfig;
  readonly #layout: SourceLayout;
  readonly #mirror: Mirror;
  readonly #stop: AbortController;
  readonly #keeper: MirrorKeeper;
  readonly #marks: BlobMarks;
  readonly #tracer: ProvenanceTracer;
  /** The blobs of the tree read last, parsed; those of older trees are known by their marks alone. */
  #parsed: ReadonlyMap<string, ParsedFile> = new Map();
  #last: LastRead | null = null;
  #damaged = false;

  constructor(config: SourceConfig, mirror: Mirror, stop: AbortController) {
    this.#config = config;
    this.#layout = sourceLayout(config);
    this.#mirror = mirror;
    this.#stop = stop;
    this.#keeper = new MirrorKeeper(mirror);
    this.#marks = new BlobMarks(mirror, config.limits.fileBytes, (bytes) => this.#parse(bytes));
    const { files, historyCommits } = config.limits;
    const limits = { commits: historyCommits, entries: files * changedEntriesPerFile };
    this.#tracer = new ProvenanceTracer(mirror, this.#layout, limits, this.#marks);
  }

  async fetch(): Promise<Result<{ readonly head: CommitId }>> {
    if (this.#damaged) {
      const made = await remakeMirror(this.#mirror);
      if (!made.ok) return made;
      this.#damaged = false;
    }
    const answer = await fetchBranch(this.#mirror, {
      remote: this.#config,
      localRef: headRef,
      // A rewritten history is fetched all the same: that it is one is told by `descends`, and judged by the caller.
      force: true,
      timeoutMs: this.#config.limits.fetchTimeoutMs,
    });
    this.#keeper.countFetch();
    return answer.kind === 'fetched' ? ok({ head: answer.head }) : failed(answer.fault);
  }

  async descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>> {
    const present = await this.#proveHere(head);
    return present.ok ? isAncestor(this.#mirror, ancestor, head) : present;
  }

  async read(head: CommitId): Promise<Result<SourceTree>> {
    const last = await this.#readLast(head);
    if (!last.ok) return failed(this.#notice(last.fault));
    return ok({ head, files: last.value.files, policies: last.value.policies });
  }

  async trace(
    head: CommitId,
    wanted: ReadonlyMap<Token, string>,
  ): Promise<Result<ReadonlyMap<Token, Provenance>>> {
    const last = await this.#readLast(head);
    const found = last.ok ? await this.#tracer.trace(head, last.value.marks, wanted) : last;
    return found.ok ? found : failed(this.#notice(found.fault));
  }

  maintain(): Promise<Result<{ readonly repacked: boolean }>> {
    return this.#keeper.maintain();
  }

  async close(): Promise<void> {
    this.#stop.abort();
  }

  async #readLast(head: CommitId): Promise<Result<LastRead>> {
    if (this.#last?.head === head) return ok(this.#last);
    const present = await this.#proveHere(head);
    if (!present.ok) return present;
    const manifests = await this.#findFolder(head, this.#layout.path, 'source.path');
    if (!manifests.ok) return manifests;
    const policies = await this.#findFolder(head, this.#layout.policies, 'source.policies');
    if (!policies.ok) return policies;
    const [manifestsTree, policiesTree] = [manifests.value ?? '', policies.value ?? ''];
    const last = this.#last;
    if (last?.manifestsTree === manifestsTree && last.policiesTree === policiesTree) {
      this.#last = { ...last, head };
      return ok(this.#last);
    }
    const files = await this.#readManifests(manifests.value);
    if (!files.ok) return files;
    const policyEntries = await this.#list(policies.value, this.#layout.policies);
    if (!policyEntries.ok) return policyEntries;
    const marks = files.value.flatMap(({ parsed }) => marksOf(parsed));
    const policyFiles = selectPolicies(policyEntries.value, this.#layout);
    this.#last = { head, manifestsTree, policiesTree, files: files.value, policies: policyFiles, marks };
    return ok(this.#last);
  }

  /** The id of a folder's tree, null where there is no such path. */
  async #findFolder(head: CommitId, path: string, setting: string): Promise<Result<string | null>> {
    const entry = await findEntry(this.#mirror, head, path);
    if (!entry.ok || entry.value === null) return entry.ok ? ok(null) : entry;
    if (entry.value.mode === '040000') return ok(entry.value.id);
    return failed(folderFault(head, path, setting));
  }

  #list(tree: string | null, folder: string): Promise<Result<readonly TreeEntry[]>> {
    if (tree === null) return Promise.resolve(ok([]));
    return listTree(this.#mirror, tree, folder, this.#config.limits.files * entriesPerFile);
  }

  async #readManifests(tree: string | null): Promise<Result<readonly SourceFile[]>> {
    const { limits } = this.#config;
    const entries = await this.#list(tree, this.#layout.path);
    if (!entries.ok) return entries;
    const candidates = entries.value
      .map((entry) => judgeEntry(entry, this.#layout, limits.fileBytes))
      .filter((candidate) => candidate !== null);
    if (candidates.length > limits.files) return failed(filesFault(candidates.length, limits.files));
    const parsed = await this.#parseBlobs(candidates);
    if (!parsed.ok) return parsed;
    const files = candidates.map((candidate) => sourceFile(candidate, parsed.value));
    files.sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
    return ok(warnOfTwins(files));
  }

  async #parseBlobs(candidates: readonly Candidate[]): Promise<Result<ReadonlyMap<string, ParsedFile>>> {
    const parsed = new Map<string, ParsedFile>();
    const unread = new Set<string>();
    for (const candidate of candidates) {
      if (candidate.kind !== 'blob') continue;
      const known = this.#parsed.get(candidate.id);
      if (known === undefined) unread.add(candidate.id);
      else parsed.set(candidate.id, known);
    }
    const kind = { type: 'blob', limitBytes: this.#config.limits.fileBytes } as const;
    const read = await readObjects(this.#mirror, [...unread], kind, (id, bytes) => {
      const file = this.#parse(bytes);
      parsed.set(id, file);
      this.#marks.remember(id, file);
    });
    if (!read.ok) return read;
    this.#parsed = parsed;
    return ok(parsed);
  }

  #parse(bytes: Uint8Array): ParsedFile {
    const { fileBytes, documentsPerFile, depth } = this.#config.limits;
    return parseManifestFile(bytes, { fileBytes, documentsPerFile, depth });
  }

  async #proveHere(head: CommitId): Promise<Result<null>> {
    const here = await resolveCommit(this.#mirror, head);
    if (!here.ok) return here;
    if (here.value === head) return ok(null);
    return failed(fault('SG3032', 'retry', `the commit ${head} is not in the mirror of ${this.#mirror.dir}`));
  }

  #notice(found: Fault): Fault {
    if (found.code === 'SG3033') this.#damaged = true;
    return found;
  }
}

function sourceFile(candidate: Candidate, parsed: ReadonlyMap<string, ParsedFile>): SourceFile {
  if (candidate.kind === 'problem') return candidate.file;
  const file = parsed.get(candidate.id);
  if (file === undefined) throw new BugError(`the blob ${candidate.id} was read and is not there`);
  return { path: candidate.path, blob: candidate.id, parsed: file };
}

function folderFault(head: CommitId, path: string, setting: string): Fault {
  return fault(
    'SG3031',
    'human',
    `${path} is no folder at ${head}, but a file, a symbolic link or a submodule`,
    `correct ${setting} in the configuration, or commit a folder in its place`,
  );
}

function filesFault(files: number, filesMax: number): Fault {
  return fault(
    'SG3030',
    'human',
    `the source holds ${files} manifest files, and at most ${filesMax} are read`,
    'remove manifests whose tasks have ended, put several into one file, or raise source.limits.files',
  );
}
