/** What every repository promises about the past of its policies: which commit changed the content of each file last. */
import { describe, expect, it } from 'vitest';
import type { CommitRef, PolicyRepository } from '../../src/controller/ports.ts';
import type { NewCommit, SourceSettings } from '../doubles/source.ts';
import type { PolicyWorld } from './policy-world.ts';
import { at, minuteMs, startMs, withinWorld } from './source-world.ts';

export interface TraceWorld extends Omit<PolicyWorld, 'policies'> {
  readonly traced: Pick<PolicyRepository, 'fetch' | 'traceFiles'>;
}

export type OpenTraceWorld = (settings?: Partial<SourceSettings>) => Promise<TraceWorld>;

const [a, b] = ['policies/a.yaml', 'policies/b.yaml'];

async function traceAt({ traced }: TraceWorld, ...paths: string[]): Promise<Record<string, CommitRef>> {
  const fetched = await traced.fetch();
  if (!fetched.ok) throw new Error(fetched.fault.message);
  const found = await traced.traceFiles(fetched.value.head, paths);
  if (!found.ok) throw new Error(found.fault.message);
  return Object.fromEntries(found.value);
}

/** Runs the suite; `open` makes a world whose branch is not there yet. */
export function describeFileTrace(kind: string, open: OpenTraceWorld): void {
  const within = (
    act: (world: TraceWorld) => Promise<void>,
    settings?: Partial<SourceSettings>,
  ): Promise<void> => withinWorld(open, act, settings);

  describe(`traceFiles, ${kind}`, () => {
    it('tells the whole commit, at its time on the line', () =>
      within(async (world) => {
        await world.commit(at(0, { 'README.md': 'root' }));
        const author = 'Ann <ann@example.com>';
        const change = { author, committer: 'Bo <bo@example.com>', message: 'Add a\n\nReason: trial\n' };
        const commit = await world.commit(at(5, { [a]: '1' }, change));
        await world.commit(at(6, { 'README.md': 'later' }));
        expect(await traceAt(world, a)).toEqual({
          [a]: {
            commit,
            author,
            committer: 'Bo <bo@example.com>',
            subject: 'Add a',
            trailers: { reason: ['trial'] },
            touchesPolicies: true,
            timeMs: startMs + 5 * minuteMs,
          },
        });
      }));

    it('never lets time run backwards along the line', () =>
      within(async (world) => {
        await world.commit(at(60, { 'README.md': 'root' }));
        await world.commit(at(0, { [a]: '1' }));
        expect((await traceAt(world, a))[a]?.timeMs).toBe(startMs + 60 * minuteMs);
      }));

    const link = { link: 'x' };
    const cases: readonly { name: string; edits: readonly NewCommit['files'][]; changed: number }[] = [
      { name: 'another file', edits: [{ [b]: '2' }], changed: 0 },
      { name: 'other text', edits: [{ [a]: '2' }], changed: 1 },
      { name: 'other text, and back', edits: [{ [a]: '2' }, { [a]: '1' }], changed: 2 },
      { name: 'removed and added again', edits: [{ [a]: null }, { [a]: '1' }], changed: 2 },
      { name: 'a link in its place, and back', edits: [{ [a]: link }, { [a]: '1' }], changed: 2 },
      {
        name: 'moved away and back',
        edits: [
          { [a]: null, [b]: '1' },
          { [a]: '1', [b]: null },
        ],
        changed: 2,
      },
    ];
    it.each(cases)('judges the last change of content: $name', ({ edits, changed }) =>
      within(async (world) => {
        const commits = [await world.commit(at(0, { [a]: '1' }))];
        for (const [index, files] of edits.entries()) commits.push(await world.commit(at(index + 1, files)));
        expect((await traceAt(world, a))[a]?.commit).toBe(commits[changed]);
      }),
    );

    it('says the same whether it looked at each head or only at the last', () =>
      within(async (world) => {
        const first = await world.commit(at(0, { [a]: '1', [b]: '1' }));
        expect((await traceAt(world, a))[a]?.commit).toBe(first);
        const second = await world.commit(at(1, { [b]: '2' }));
        const found = await traceAt(world, a, b);
        expect([found[a]?.commit, found[b]?.commit]).toEqual([first, second]);
        const third = await world.commit(at(2, { [a]: '2' }));
        const later = await traceAt(world, a, b);
        expect([later[a]?.commit, later[b]?.commit]).toEqual([third, second]);
      }));

    it('takes a merge for what it brought to the first parent', () =>
      within(async (world) => {
        const root = await world.commit(at(0, { [a]: '1' }));
        const side = await world.build(root, at(1, { [a]: '2' }));
        await world.commit(at(2, { 'README.md': 'meanwhile' }));
        const merge = await world.commit(at(3, { [a]: '2' }, { merges: side }));
        expect((await traceAt(world, a))[a]?.commit).toBe(merge);
      }));

    it('starts afresh after a rewritten history', () =>
      within(async (world) => {
        const root = await world.commit(at(0, { 'README.md': 'root' }));
        await world.commit(at(1, { [a]: '1' }));
        await traceAt(world, a);
        const again = await world.build(await world.build(root, at(2, {})), at(3, { [a]: '1' }));
        await world.move(again);
        expect((await traceAt(world, a))[a]?.commit).toBe(again);
      }));

    it('leaves out what is not there, what was not read, and what is older than may be walked', () =>
      within(
        async (world) => {
          await world.commit(at(0, { [a]: '1', 'policies/link.yaml': link, 'policies/x.bak': 'x' }));
          await world.commit(at(1, { [b]: '1', 'policies/gone.yaml': '1' }));
          await world.commit(at(2, { 'policies/gone.yaml': null }));
          const asked = [
            a,
            b,
            'policies/link.yaml',
            'policies/x.bak',
            'policies/gone.yaml',
            'tasks/a\nb',
            '',
          ];
          expect(Object.keys(await traceAt(world, ...asked))).toEqual([b]);
          await world.commit(at(3, { 'README.md': '3' }));
          // What was found once may be remembered beyond the bound; what was not is not looked for further back.
          expect(await traceAt(world, ...asked)).not.toHaveProperty([a]);
          expect(await traceAt(world)).toEqual({});
        },
        { historyCommits: 2 },
      ));

    it('answers nothing about a head that it has not fetched', () =>
      within(async (world) => {
        await world.commit(at(0, { [a]: '1' }));
        await world.traced.fetch();
        expect(await world.traced.traceFiles('1'.repeat(40), [a])).toMatchObject({
          ok: false,
          fault: { code: 'SG3032' },
        });
      }));
  });
}
