/**
 * What every SourceRepository promises about the past: the walk is along first parents, and what counts is the last
 * time that no tree held the revision.
 */
import { describe, expect, it } from 'vitest';
import type { NewCommit, SourceSettings } from '../doubles/source.ts';
import type { OpenWorld, SourceWorld } from './source-world.ts';
import { at, fetchHead, minuteMs, startMs, taskText, traceHead, withinWorld } from './source-world.ts';

/** Runs the suite; `open` makes a world whose branch is not there yet. */
export function describeSourceProvenance(kind: string, open: OpenWorld): void {
  const within = (
    act: (world: SourceWorld) => Promise<void>,
    settings?: Partial<SourceSettings>,
  ): Promise<void> => withinWorld(open, act, settings);

  describe(`SourceRepository, ${kind}: provenance`, () => {
    it('finds the commit, author, time and position of each revision', () =>
      within(async ({ source, commit }) => {
        const people = { author: 'Ann <ann@example.com>', committer: 'Host <noreply@example.com>' };
        const first = await commit(at(0, { 'tasks/a.yaml': taskText('a') }, people));
        await commit(at(1, { 'README.md': 'nothing of ours' }));
        const bo = 'Bo <bo@example.com>';
        const third = await commit(
          at(2, { 'tasks/b.yaml': taskText('b') }, { author: bo, message: 'Add b' }),
        );
        const rest = { trailers: {}, touchesPolicies: false };
        const ref = { commit: first, ...people, subject: 'commit', ...rest, timeMs: startMs };
        const two = { author: bo, committer: bo, subject: 'Add b' };
        const later = { commit: third, ...two, ...rest, timeMs: startMs + 2 * minuteMs };
        expect(await traceHead(source)).toEqual({
          a: { introduced: ref, changed: ref, position: 1 },
          b: { introduced: later, changed: later, position: 3 },
        });
      }));

    it.each<[string, string, string, Record<string, string[]>]>([
      ['no trailers', 'Add a', 'Add a', {}],
      ['a subject of two lines', 'Add\na\n\nword', 'Add a', {}],
      ['some', 'Add a\n\nword\n\nTicket: CHG1\nTicket: CHG2\n', 'Add a', { ticket: ['CHG1', 'CHG2'] }],
      [
        'a folded one',
        'Add a\n\nReason: two\n  lines\nAcked-by: Bo\n',
        'Add a',
        { reason: ['two lines'], 'acked-by': ['Bo'] },
      ],
      ['an empty one', 'Add a\n\nTicket:\n', 'Add a', { ticket: [''] }],
      ['one in the subject alone', 'Ticket: CHG1', 'Ticket: CHG1', {}],
      ['one in the middle', 'Add a\n\nTicket: CHG1\n\nword\n', 'Add a', {}],
      ['one among prose', 'Add a\n\nsee also\nthe words\nof others\nTicket: CHG1\n', 'Add a', {}],
      [
        'names that objects have',
        'Add a\n\nConstructor: x\nTo-String: y\n',
        'Add a',
        { constructor: ['x'], 'to-string': ['y'] },
      ],
    ])('reads a message with %s', (_name, message, subject, trailers) =>
      within(async ({ source, commit }) => {
        await commit(at(0, { 'tasks/a.yaml': taskText('a') }, { message }));
        const ref = (await traceHead(source)).a?.introduced;
        expect(ref?.subject).toBe(subject);
        expect(Object.entries(ref?.trailers ?? {})).toEqual(Object.entries(trailers));
        expect(ref?.trailers.tostring).toBeUndefined();
        expect(Object.getPrototypeOf(ref?.trailers)).toBeNull();
      }),
    );

    const task = { 'tasks/a.yaml': taskText('a') };
    const touching: readonly [string, NewCommit['files'], boolean][] = [
      ['adds one', { 'policies/new.yaml': 'x' }, true],
      ['changes one', { 'policies/w.yaml': 'y' }, true],
      ['removes one', { 'policies/w.yaml': null }, true],
      ['changes a README among them', { 'policies/README.md': 'y' }, true],
      ['writes the same again', { 'policies/w.yaml': 'x' }, false],
      ['changes what lies beside them', { 'policies-not/w.yaml': 'y', 'policies.yaml': 'y' }, false],
    ];
    it.each(touching)('tells whether a commit touches the policies: %s', (_name, files, expected) =>
      within(async ({ source, commit }) => {
        await commit(at(0, { 'policies/w.yaml': 'x' }));
        await commit(at(1, { ...task, ...files }));
        await commit(at(2, { 'policies/later.yaml': 'z' }));
        expect((await traceHead(source)).a?.introduced.touchesPolicies).toBe(expected);
      }),
    );

    it('counts the first commit of all, and a merge by what it brought, among those that touch policies', () =>
      within(async ({ source, commit, build }) => {
        const root = await commit(at(0, { ...task, 'policies/w.yaml': 'x' }));
        const b = { 'tasks/b.yaml': taskText('b') };
        const side = await build(root, at(1, { ...b, 'policies/w.yaml': 'y' }));
        await commit(at(2, { 'policies/w.yaml': 'y' }));
        await commit(at(3, b, { merges: side }));
        const found = await traceHead(source);
        expect(found.a?.introduced.touchesPolicies).toBe(true);
        expect(found.b?.introduced.touchesPolicies).toBe(false);
      }));

    it('says that no commit touches policies that lie elsewhere', () =>
      within(
        async ({ source, commit }) => {
          await commit(at(0, { ...task, 'policies/w.yaml': 'x' }));
          expect((await traceHead(source)).a?.introduced.touchesPolicies).toBe(false);
        },
        { policies: null },
      ));

    const reading = 'metadata:\n  name: a\n  labels: {site: aurora}';
    const labelled = taskText('a').replace('metadata:\n  name: a', reading);
    const cases: readonly {
      readonly name: string;
      /** What each commit does, after one that adds tasks/a.yaml. */
      readonly edits: readonly NewCommit['files'][];
      /** Which commit introduced the task, and which changed it; the first is 0. */
      readonly introduced: number;
      readonly changed: number;
    }[] = [
      {
        name: 'a comment',
        edits: [{ 'tasks/a.yaml': `# word\n${taskText('a')}` }],
        introduced: 0,
        changed: 0,
      },
      {
        name: 'a move to another file',
        edits: [{ 'tasks/a.yaml': null, 'tasks/x/other.yaml': taskText('a') }],
        introduced: 0,
        changed: 0,
      },
      {
        name: 'a move into a file with others, and back',
        edits: [
          { 'tasks/a.yaml': `${taskText('b')}---\n${taskText('a')}` },
          { 'tasks/b.yaml': taskText('b'), 'tasks/a.yaml': taskText('a') },
        ],
        introduced: 0,
        changed: 0,
      },
      { name: 'a label', edits: [{ 'tasks/a.yaml': labelled }], introduced: 0, changed: 1 },
      {
        name: 'a raised run',
        edits: [{ 'tasks/a.yaml': taskText('a', '  run: 2\n') }],
        introduced: 1,
        changed: 1,
      },
      {
        name: 'removed and added again',
        edits: [{ 'tasks/a.yaml': null }, { 'tasks/a.yaml': taskText('a') }],
        introduced: 2,
        changed: 2,
      },
      {
        name: 'changed and changed back',
        edits: [{ 'tasks/a.yaml': taskText('a', '  run: 2\n') }, { 'tasks/a.yaml': taskText('a') }],
        introduced: 2,
        changed: 2,
      },
      {
        name: 'a label put on and taken off',
        edits: [{ 'tasks/a.yaml': labelled }, { 'tasks/a.yaml': taskText('a') }],
        introduced: 0,
        changed: 2,
      },
      {
        name: 'a copy, then the first one removed',
        edits: [{ 'tasks/copy.yaml': taskText('a') }, { 'tasks/a.yaml': null }],
        introduced: 0,
        changed: 0,
      },
      {
        name: 'out of the folder and back',
        edits: [
          { 'tasks/a.yaml': null, 'old/a.yaml': taskText('a') },
          { 'tasks/a.yaml': taskText('a'), 'old/a.yaml': null },
        ],
        introduced: 2,
        changed: 2,
      },
      {
        name: 'a link in its place, and back',
        edits: [{ 'tasks/a.yaml': { link: 'x' } }, { 'tasks/a.yaml': taskText('a') }],
        introduced: 2,
        changed: 2,
      },
    ];
    it.each(cases)('judges what is since the last absence: $name', ({ edits, introduced, changed }) =>
      within(async ({ source, commit }) => {
        const commits = [await commit(at(0, { 'tasks/a.yaml': taskText('a') }))];
        for (const [index, files] of edits.entries()) commits.push(await commit(at(index + 1, files)));
        const found = (await traceHead(source)).a;
        expect(found?.introduced.commit).toBe(commits[introduced]);
        expect(found?.changed.commit).toBe(commits[changed]);
        expect(found?.position).toBe(introduced + 1);
      }),
    );

    it('says the same whether it looked at each head or only at the last', () =>
      within(async ({ source, commit }) => {
        const first = await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        expect((await traceHead(source)).a?.introduced.commit).toBe(first);
        await commit(at(1, { 'tasks/a.yaml': null, 'tasks/b.yaml': taskText('b') }));
        expect(Object.keys(await traceHead(source))).toEqual(['b']);
        const third = await commit(at(2, { 'tasks/a.yaml': taskText('a') }));
        const found = await traceHead(source);
        expect(found.a?.introduced.commit).toBe(third);
        expect(found.b?.position).toBe(2);
      }));

    it('takes a merge for what it brought to the first parent', () =>
      within(async ({ source, commit, build }) => {
        const root = await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        const side = await build(
          root,
          at(1, { 'tasks/b.yaml': taskText('b') }, { author: 'Bo <bo@example.com>' }),
        );
        await commit(at(2, { 'README.md': 'meanwhile' }));
        const merge = await commit(at(3, { 'tasks/b.yaml': taskText('b') }, { merges: side }));
        const found = await traceHead(source);
        expect(found.b).toMatchObject({ introduced: { commit: merge }, position: 3 });
        expect(found.a).toMatchObject({ introduced: { commit: root }, position: 1 });
      }));

    it('follows the first parent even where the branch was merged the wrong way round', () =>
      within(async ({ source, commit, build, move }) => {
        const root = await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        const main = await commit(at(1, { 'tasks/b.yaml': taskText('b') }));
        await traceHead(source);
        const side = await build(root, at(2, { 'tasks/c.yaml': taskText('c') }));
        const merge = await build(side, at(3, { 'tasks/b.yaml': taskText('b') }, { merges: main }));
        await move(merge);
        const found = await traceHead(source);
        expect(found.a).toMatchObject({ introduced: { commit: root }, position: 1 });
        expect(found.b).toMatchObject({ introduced: { commit: merge }, position: 3 });
        expect(found.c).toMatchObject({ introduced: { commit: side }, position: 2 });
      }));

    it('never lets time run backwards along the line', () =>
      within(async ({ source, commit }) => {
        await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        await commit(at(60, { 'tasks/b.yaml': taskText('b') }));
        await commit(at(-60, { 'tasks/c.yaml': taskText('c') }));
        await commit(at(90, { 'tasks/d.yaml': taskText('d') }));
        const times = Object.values(await traceHead(source)).map(
          ({ introduced }) => introduced.timeMs - startMs,
        );
        expect(times).toEqual([0, 60 * minuteMs, 60 * minuteMs, 90 * minuteMs]);
      }));

    it('leaves out what is not at the head, and what is older than may be walked', () =>
      within(
        async ({ source, commit }) => {
          await commit(at(0, { 'tasks/old.yaml': taskText('old') }));
          for (const minutes of [1, 2, 3]) await commit(at(minutes, { 'README.md': String(minutes) }));
          await commit(at(4, { 'tasks/new.yaml': taskText('new') }));
          expect(Object.keys(await traceHead(source))).toEqual(['new']);
          await commit(at(5, { 'README.md': '5' }));
          expect(Object.keys(await traceHead(source))).toEqual(['new']);
          const unknown = await source.trace(
            await fetchHead(source),
            new Map([['0'.repeat(64), '1'.repeat(64)]]),
          );
          expect(unknown).toEqual({ ok: true, value: new Map() });
        },
        { historyCommits: 3 },
      ));

    it('starts afresh after a rewritten history', () =>
      within(async ({ source, commit, build, move }) => {
        const root = await commit(at(0, { 'README.md': 'root' }));
        await commit(at(1, { 'tasks/a.yaml': taskText('a') }));
        await traceHead(source);
        const other = await build(root, at(2, { 'README.md': 'other' }));
        const again = await build(other, at(3, { 'tasks/a.yaml': taskText('a') }));
        await move(again);
        expect((await traceHead(source)).a).toMatchObject({ introduced: { commit: again }, position: 3 });
      }));
  });
}
