import type { SourceConfig } from '../config/config.ts';
import type { CommitId, CommitRef, Provenance, SourceRepository, SourceTree } from '../controller/ports.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { BugError, failed, fault, ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import type { SourceFile } from '../manifest/collect.ts';
import type { ParsedFile, Token } from '../manifest/manifest.ts';
import { parseManifestFile } from '../manifest/parse.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import { BlobMarks } from './blob-marks.ts';
import { BranchMirror, openBranchMirror } from './branch-mirror.ts';
import { CommitDetails } from './commit-details.ts';
import { FileTracer } from './file-tracer.ts';
import type { Mirror } from './home.ts';
import { readObjects } from './object-reader.ts';
import { PolicyReader, policyHistory, readableAmong } from './policy-reader.ts';
import type { Mark } from './presence.ts';
import { marksOf } from './presence.ts';
import { ProvenanceTracer } from './provenance.ts';
import type { Candidate } from './source-files.ts';
import { judgeEntry, warnOfTwins } from './source-files.ts';
import type { SourceLayout } from './source-path.ts';
import { sourceLayout } from './source-path.ts';
import type { TreeEntry } from './tree.ts';
import { listTree } from './tree.ts';

/** A {@link SourceRepository} that must be cared for and closed. Its calls come one after another. */
export interface Source extends SourceRepository {
  /** Repacks the mirror when it is time: to be called between passes. */
  maintain(): Promise<Result<{ readonly repacked: boolean }>>;
  /** Which of its folders a head does not have at all: it is read as if it held nothing. */
  findAbsent(head: CommitId): Promise<Result<{ readonly manifests: boolean; readonly policies: boolean }>>;
  /** Ends whatever git is running for it; the calls in hand answer with SG3018. */
  close(): Promise<void>;
}

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
  const { fetchTimeoutMs } = config.limits;
  const branch = await openBranchMirror(config, 'source', { ...options, fetchTimeoutMs });
  return branch.ok ? ok(new GitSource(config, branch.value)) : branch;
}

/** The source in a mirror that holds its commits already, such as that of a clone: nothing is fetched into it. */
export function readSourceIn(mirror: Mirror, config: SourceConfig): Omit<SourceRepository, 'fetch'> {
  const { fetchTimeoutMs } = config.limits;
  const stop = new AbortController();
  const branch = new BranchMirror(config, mirror, { localRef: 'refs/snowgate/source', fetchTimeoutMs, stop });
  const source = new GitSource(config, branch);
  return {
    descends: (head, ancestor) => source.descends(head, ancestor),
    read: (head) => source.read(head),
    trace: (head, wanted) => source.trace(head, wanted),
    traceFiles: (head, paths) => source.traceFiles(head, paths),
  };
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
  readonly #branch: BranchMirror;
  readonly #mirror: Mirror;
  readonly #policies: PolicyReader | null;
  readonly #marks: BlobMarks;
  readonly #tracer: ProvenanceTracer;
  readonly #fileTracer: FileTracer | null;
  /** The blobs of the tree read last, parsed; those of older trees are known by their marks alone. */
  #parsed: ReadonlyMap<string, ParsedFile> = new Map();
  #last: LastRead | null = null;

  constructor(config: SourceConfig, branch: BranchMirror) {
    this.#config = config;
    this.#layout = sourceLayout(config);
    this.#branch = branch;
    const { mirror } = branch;
    this.#mirror = mirror;
    const { path, policies } = this.#layout;
    this.#policies =
      policies === null
        ? null
        : new PolicyReader(mirror, { folder: policies, manifests: path }, config.limits.fileBytes);
    this.#marks = new BlobMarks(mirror, config.limits.fileBytes, (bytes) => this.#parse(bytes));
    const { files, historyCommits } = config.limits;
    const limits = { commits: historyCommits, entries: files * changedEntriesPerFile };
    const details = new CommitDetails(mirror, policies);
    this.#tracer = new ProvenanceTracer(mirror, this.#layout, limits, { marks: this.#marks, details });
    this.#fileTracer =
      policies === null ? null : new FileTracer(mirror, policies, policyHistory(config.limits), details);
  }

  fetch(): Promise<Result<{ readonly head: CommitId }>> {
    return this.#branch.fetch();
  }

  descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>> {
    return this.#branch.descends(head, ancestor);
  }

  async read(head: CommitId): Promise<Result<SourceTree>> {
    const last = this.#branch.notice(await this.#readLast(head));
    if (!last.ok) return last;
    return ok({ head, files: last.value.files, policies: last.value.policies });
  }

  async trace(
    head: CommitId,
    wanted: ReadonlyMap<Token, string>,
  ): Promise<Result<ReadonlyMap<Token, Provenance>>> {
    const last = await this.#readLast(head);
    const found = last.ok ? await this.#tracer.trace(head, last.value.marks, wanted) : last;
    return this.#branch.notice(found);
  }

  async traceFiles(
    head: CommitId,
    paths: readonly string[],
  ): Promise<Result<ReadonlyMap<string, CommitRef>>> {
    const last = this.#branch.notice(await this.#readLast(head));
    if (!last.ok) return last;
    const found = await this.#fileTracer?.trace(head, readableAmong(last.value.policies, paths));
    return found === undefined ? ok(new Map()) : this.#branch.notice(found);
  }

  maintain(): Promise<Result<{ readonly repacked: boolean }>> {
    return this.#branch.maintain();
  }

  async findAbsent(
    head: CommitId,
  ): Promise<Result<{ readonly manifests: boolean; readonly policies: boolean }>> {
    const last = this.#branch.notice(await this.#readLast(head));
    if (!last.ok) return last;
    const { manifestsTree, policiesTree } = last.value;
    return ok({
      manifests: manifestsTree === '',
      policies: this.#layout.policies !== null && policiesTree === '',
    });
  }

  async close(): Promise<void> {
    this.#branch.close();
  }

  async #readLast(head: CommitId): Promise<Result<LastRead>> {
    if (this.#last?.head === head) return ok(this.#last);
    const present = await this.#branch.prove(head);
    if (!present.ok) return present;
    const manifests = await this.#branch.findFolder(head, this.#layout.path, 'source.path');
    if (!manifests.ok) return manifests;
    const folder = this.#layout.policies;
    const policies =
      folder === null ? ok(null) : await this.#branch.findFolder(head, folder, 'source.policies');
    if (!policies.ok) return policies;
    const [manifestsTree, policiesTree] = [manifests.value ?? '', policies.value ?? ''];
    const last = this.#last;
    if (last?.manifestsTree === manifestsTree && last.policiesTree === policiesTree) {
      this.#last = { ...last, head };
      return ok(this.#last);
    }
    const files = await this.#readManifests(manifests.value);
    if (!files.ok) return files;
    const policyFiles = (await this.#policies?.read(policies.value)) ?? ok([]);
    if (!policyFiles.ok) return policyFiles;
    const marks = files.value.flatMap(({ parsed }) => marksOf(parsed));
    const read = { files: files.value, policies: policyFiles.value, marks };
    this.#last = { head, manifestsTree, policiesTree, ...read };
    return ok(this.#last);
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
}

function sourceFile(candidate: Candidate, parsed: ReadonlyMap<string, ParsedFile>): SourceFile {
  if (candidate.kind === 'problem') return candidate.file;
  const file = parsed.get(candidate.id);
  if (file === undefined) throw new BugError(`the blob ${candidate.id} was read and is not there`);
  return { path: candidate.path, blob: candidate.id, parsed: file };
}

function filesFault(files: number, filesMax: number): Fault {
  return fault(
    'SG3030',
    'human',
    `the source holds ${files} manifest files, and at most ${filesMax} are read`,
    'remove manifests whose tasks have ended, put several into one file, or raise source.limits.files',
  );
}
