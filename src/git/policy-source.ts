import type { PolicySourceConfig, SourceLimits } from '../config/config.ts';
import type { CommitId, CommitRef, PolicyRepository, PolicyTree } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import type { BranchMirror } from './branch-mirror.ts';
import { openBranchMirror } from './branch-mirror.ts';
import { CommitDetails } from './commit-details.ts';
import { FileTracer } from './file-tracer.ts';
import { PolicyReader, policyHistory, readableAmong } from './policy-reader.ts';
import { trimFolder } from './source-path.ts';

/** A {@link PolicyRepository} that must be cared for and closed. Its calls come one after another. */
export interface PolicySource extends PolicyRepository {
  /** Repacks the mirror when it is time: to be called between passes. */
  maintain(): Promise<Result<{ readonly repacked: boolean }>>;
  /** Ends whatever git is running for it; the calls in hand answer with SG3018. */
  close(): Promise<void>;
}

/**
 * Opens the mirror of the policies below the state directory, whose lock the caller holds. Nothing is fetched yet.
 * Faults: SG3001, SG3009, SG3021.
 */
export async function openPolicySource(
  config: PolicySourceConfig,
  options: {
    readonly stateDir: string;
    readonly redactor: Pick<Redactor, 'register'>;
    /** Those of the source. */
    readonly limits: SourceLimits;
  },
): Promise<Result<PolicySource>> {
  const { stateDir, redactor, limits } = options;
  const { fetchTimeoutMs } = limits;
  const branch = await openBranchMirror(config, 'policies', { stateDir, redactor, fetchTimeoutMs });
  return branch.ok ? ok(new GitPolicySource(trimFolder(config.path), branch.value, limits)) : branch;
}

class GitPolicySource implements PolicySource {
  readonly #folder: string;
  readonly #branch: BranchMirror;
  readonly #reader: PolicyReader;
  readonly #tracer: FileTracer;
  #last: PolicyTree | null = null;

  constructor(folder: string, branch: BranchMirror, limits: SourceLimits) {
    this.#folder = folder;
    this.#branch = branch;
    const { mirror } = branch;
    this.#reader = new PolicyReader(mirror, { folder, manifests: null }, limits.fileBytes);
    this.#tracer = new FileTracer(mirror, folder, policyHistory(limits), new CommitDetails(mirror, folder));
  }

  fetch(): Promise<Result<{ readonly head: CommitId }>> {
    return this.#branch.fetch();
  }

  descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>> {
    return this.#branch.descends(head, ancestor);
  }

  async read(head: CommitId): Promise<Result<PolicyTree>> {
    return this.#branch.notice(await this.#read(head));
  }

  async traceFiles(
    head: CommitId,
    paths: readonly string[],
  ): Promise<Result<ReadonlyMap<string, CommitRef>>> {
    const tree = this.#branch.notice(await this.#read(head));
    if (!tree.ok) return tree;
    return this.#branch.notice(await this.#tracer.trace(head, readableAmong(tree.value.files, paths)));
  }

  maintain(): Promise<Result<{ readonly repacked: boolean }>> {
    return this.#branch.maintain();
  }

  async close(): Promise<void> {
    this.#branch.close();
  }

  async #read(head: CommitId): Promise<Result<PolicyTree>> {
    if (this.#last?.head === head) return ok(this.#last);
    const present = await this.#branch.prove(head);
    if (!present.ok) return present;
    const folder = await this.#branch.findFolder(head, this.#folder, 'policySource.path');
    if (!folder.ok) return folder;
    const files = await this.#reader.read(folder.value);
    if (!files.ok) return files;
    this.#last = { head, files: files.value };
    return ok(this.#last);
  }
}
