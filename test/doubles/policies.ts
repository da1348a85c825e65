/** A repository of policies in memory: see SourceOrigin. test/contract/policy-repository.ts runs on it and on git. */
import type { CommitId, CommitRef, PolicyRepository, PolicyTree } from '../../src/controller/ports.ts';
import { ok, type Result } from '../../src/lib/faults.ts';
import { MemorySource, type SourceFaultPlan, type SourceOrigin } from './source.ts';

/** One replica's reader of a branch whose policies alone are of interest. */
export class MemoryPolicies implements PolicyRepository {
  readonly #source: MemorySource;

  constructor(origin: SourceOrigin, plan: SourceFaultPlan = {}) {
    this.#source = new MemorySource(origin, plan);
  }

  fetch(): Promise<Result<{ readonly head: CommitId }>> {
    return this.#source.fetch();
  }

  descends(head: CommitId, ancestor: CommitId): Promise<Result<boolean>> {
    return this.#source.descends(head, ancestor);
  }

  async read(head: CommitId): Promise<Result<PolicyTree>> {
    const tree = await this.#source.read(head);
    return tree.ok ? ok({ head, files: tree.value.policies }) : tree;
  }

  traceFiles(head: CommitId, paths: readonly string[]): Promise<Result<ReadonlyMap<string, CommitRef>>> {
    return this.#source.traceFiles(head, paths);
  }
}
