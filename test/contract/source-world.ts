/** How the contract suites of SourceRepository speak of a world, and ask a source. */
import type { CommitId, Provenance, SourceRepository, SourceTree } from '../../src/controller/ports.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import type { NewCommit, SourceSettings } from '../doubles/source.ts';

/** One repository and one reader of it. */
export interface SourceWorld {
  readonly source: SourceRepository;
  /** Commits on the branch. */
  commit(change: NewCommit): Promise<CommitId>;
  /** Makes a commit elsewhere; the branch stays where it is. */
  build(parent: CommitId | null, change: NewCommit): Promise<CommitId>;
  /** Moves the branch anywhere, by force; null deletes it. */
  move(commit: CommitId | null): Promise<void>;
  end(): Promise<void>;
}

export const startMs = Date.UTC(2026, 10, 23, 12, 0, 0);
export const minuteMs = 60_000;

/** A manifest with what differs from the others. */
export function taskText(name: string, extra = ''): string {
  return `apiVersion: snowgate/v1
kind: Task
metadata:
  name: ${name}
spec:
  fleet: north-sea
  command: reboot
  targets: [smd-0123456789abc]
${extra}`;
}

export async function fetchHead(source: SourceRepository): Promise<CommitId> {
  const answer = await source.fetch();
  if (!answer.ok) throw new Error(`fetch: ${answer.fault.message}`);
  return answer.value.head;
}

export async function readHead(source: SourceRepository): Promise<SourceTree> {
  const tree = await source.read(await fetchHead(source));
  if (!tree.ok) throw new Error(`read: ${tree.fault.message}`);
  return tree.value;
}

/** Every revision of a tree, with its digest: what a pass would ask about. */
export function wantedIn(tree: SourceTree): ReadonlyMap<Token, string> {
  return new Map(
    tree.files.flatMap(({ parsed }) =>
      parsed.manifests.map(({ manifest }): [Token, string] => [manifest.token, manifest.digest]),
    ),
  );
}

/** Where each task of the newest tree began, by name. */
export async function traceHead(source: SourceRepository): Promise<Record<string, Provenance>> {
  const tree = await readHead(source);
  const traced = await source.trace(tree.head, wantedIn(tree));
  if (!traced.ok) throw new Error(`trace: ${traced.fault.message}`);
  const byName: Record<string, Provenance> = {};
  for (const { parsed } of tree.files) {
    for (const { manifest } of parsed.manifests) {
      const found = traced.value.get(manifest.token);
      if (found !== undefined) byName[manifest.name] = found;
    }
  }
  return byName;
}

export type OpenWorld = (settings?: Partial<SourceSettings>) => Promise<SourceWorld>;

/** Runs a test in a world of its own, which ends with it. */
export async function withinWorld<World extends { end(): Promise<void> }>(
  open: (settings?: Partial<SourceSettings>) => Promise<World>,
  act: (world: World) => Promise<void>,
  settings?: Partial<SourceSettings>,
): Promise<void> {
  const world = await open(settings);
  try {
    await act(world);
  } finally {
    await world.end();
  }
}

/** A change made so many minutes after the start. */
export function at(minutes: number, files: NewCommit['files'], more: Partial<NewCommit> = {}): NewCommit {
  return { files, timeMs: startMs + minutes * minuteMs, ...more };
}
