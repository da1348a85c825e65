/** Objects byte by byte, as no git would write them, in the repository of a source's world. */
import type { GitSourceWorld } from './source-world.ts';

export interface RawEntry {
  readonly mode: string;
  readonly name: string | Buffer;
  readonly id: string;
}

/** A tree object with these entries, in this order. */
export async function writeTree(world: GitSourceWorld, entries: readonly RawEntry[]): Promise<string> {
  const raw = entries.flatMap(({ mode, name, id }) => [
    Buffer.from(`${mode} `),
    Buffer.isBuffer(name) ? name : Buffer.from(name),
    Buffer.from([0]),
    Buffer.from(id, 'hex'),
  ]);
  return world.git(['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], Buffer.concat(raw));
}

export function writeBlob(world: GitSourceWorld, text: string | Uint8Array): Promise<string> {
  return world.git(['hash-object', '-w', '--stdin'], text);
}

/** A commit whose folder `tasks` holds these entries, at the head of the branch. */
export async function commitTasks(world: GitSourceWorld, entries: readonly RawEntry[]): Promise<void> {
  const tasks = await writeTree(world, entries);
  await world.commitTree(await writeTree(world, [{ mode: '40000', name: 'tasks', id: tasks }]));
}
