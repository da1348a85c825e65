/** How the contract suites of policies speak of a world, and ask for what lies in it. */
import type { CommitId, PolicyRepository, PolicyTree } from '../../src/controller/ports.ts';
import type { PolicyFile } from '../../src/policy/policy-file.ts';
import type { NewCommit, SourceSettings } from '../doubles/source.ts';

/** One repository and one reader of its policies. */
export interface PolicyWorld {
  readonly policies: PolicyRepository;
  /** Commits on the branch. */
  commit(change: NewCommit): Promise<CommitId>;
  /** Makes a commit elsewhere; the branch stays where it is. */
  build(parent: CommitId | null, change: NewCommit): Promise<CommitId>;
  /** Moves the branch anywhere, by force; null deletes it. */
  move(commit: CommitId | null): Promise<void>;
  end(): Promise<void>;
}

export type OpenPolicyWorld = (settings?: Partial<SourceSettings>) => Promise<PolicyWorld>;

/** A file's path, and its text or the code of why there is none. */
export function tellPolicy({ path, content }: PolicyFile): readonly [string, string] {
  return [
    path,
    content.kind === 'bytes' ? Buffer.from(content.bytes).toString('utf8') : content.problem.code,
  ];
}

/** The policies at the branch's newest head. */
export async function readPolicies(policies: PolicyRepository): Promise<PolicyTree> {
  const fetched = await policies.fetch();
  if (!fetched.ok) throw new Error(`fetch: ${fetched.fault.message}`);
  const tree = await policies.read(fetched.value.head);
  if (!tree.ok) throw new Error(`read: ${tree.fault.message}`);
  return tree.value;
}
