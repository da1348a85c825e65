/** Provenance on real git against the double, which finds it in another way: any history, any heads looked at between. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CommitId } from '../../src/controller/ports.ts';
import { startMs, taskText, wantedIn } from '../contract/source-world.ts';
import type { FileChanges } from '../doubles/source.ts';
import { MemorySource, SourceOrigin } from '../doubles/source.ts';
import { openSourceWorld } from './source-world.ts';

const content = fc.oneof(
  fc.constant(null),
  fc
    .subarray(['a', 'b', 'c'], { minLength: 1 })
    .map((names) => names.map((name) => taskText(name)).join('---\n')),
  fc.constantFrom('a', 'b').map((name) => `# word\n${taskText(name)}`),
  fc.constantFrom('a', 'b').map((name) => taskText(name, '  notAfter: 2027-01-01T00:00:00Z\n')),
);
const files = fc.dictionary(
  fc.constantFrom('tasks/x.yaml', 'tasks/y.yaml', 'tasks/z/x.yaml', 'policies/p.yaml', 'README.md'),
  content,
  {
    maxKeys: 2,
  },
);
const edit = fc.record({
  files,
  minutes: fc.integer({ min: -5, max: 60 }),
  /** How far back on the line the commit stands: mostly on the head. */
  back: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
  merges: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.nat({ max: 8 })),
  look: fc.boolean(),
});

it('finds the same commits, times and positions as asking every tree of the past', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 2, maxLength: 10 }), async (edits) => {
      const world = await openSourceWorld();
      try {
        await compare(world, edits);
      } finally {
        await world.end();
      }
    }),
    { numRuns: 12 },
  );
});

interface Edit {
  readonly files: FileChanges;
  readonly minutes: number;
  readonly back: number;
  readonly merges: number | null;
  readonly look: boolean;
}

async function compare(
  world: Awaited<ReturnType<typeof openSourceWorld>>,
  edits: readonly Edit[],
): Promise<void> {
  const origin = new SourceOrigin();
  const double = new MemorySource(origin);
  /** The commits of both sides, in the order in which they were made. */
  const made: { readonly real: CommitId; readonly memory: CommitId }[] = [];
  const realOf = new Map<CommitId, CommitId>();
  for (const [index, { files: changes, minutes, back, merges, look }] of edits.entries()) {
    const parent = made[made.length - 1 - back] ?? made[0];
    const other = merges === null ? undefined : made[merges];
    const change = {
      files: changes,
      timeMs: startMs + minutes * 60_000,
      author: `A${index} <a@example.com>`,
    };
    const real = await world.build(
      parent?.real ?? null,
      other === undefined ? change : { ...change, merges: other.real },
    );
    const memory = origin.build(
      parent?.memory ?? null,
      other === undefined ? change : { ...change, merges: other.memory },
    );
    made.push({ real, memory });
    realOf.set(memory, real);
    if (!look && index + 1 < edits.length) continue;
    await world.move(real);
    origin.move(memory);
    await world.source.fetch();
    await double.fetch();
    const tree = await double.read(memory);
    if (!tree.ok) throw new Error(tree.fault.message);
    const wanted = wantedIn(tree.value);
    const expected = await double.trace(memory, wanted);
    const found = await world.source.trace(real, wanted);
    if (!expected.ok || !found.ok) throw new Error('a trace failed');
    const translated = [...expected.value].map(([token, { introduced, changed, position }]) => [
      token,
      {
        introduced: { ...introduced, commit: realOf.get(introduced.commit) },
        changed: { ...changed, commit: realOf.get(changed.commit) },
        position,
      },
    ]);
    expect(Object.fromEntries(found.value)).toEqual(Object.fromEntries(translated));
    const paths = ['policies/p.yaml'];
    const expectedFiles = await double.traceFiles(memory, paths);
    const foundFiles = await world.source.traceFiles(real, paths);
    if (!expectedFiles.ok || !foundFiles.ok) throw new Error('a trace of files failed');
    const files = [...expectedFiles.value].map(([path, ref]) => [
      path,
      { ...ref, commit: realOf.get(ref.commit) },
    ]);
    expect(Object.fromEntries(foundFiles.value)).toEqual(Object.fromEntries(files));
  }
}
