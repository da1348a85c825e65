/**
 * What every SourceRepository promises, whatever it stands on. The world is told from outside what people do to the
 * branch; the repository is asked only through its port.
 */
import { describe, expect, it } from 'vitest';
import type { SourceSettings } from '../doubles/source.ts';
import { tellPolicy } from './policy-world.ts';
import type { OpenWorld, SourceWorld } from './source-world.ts';
import { at, fetchHead, readHead, taskText, traceHead, withinWorld } from './source-world.ts';

/** Runs the suite; `open` makes a world whose branch is not there yet. */
export function describeSourceRepository(kind: string, open: OpenWorld): void {
  const within = (
    act: (world: SourceWorld) => Promise<void>,
    settings?: Partial<SourceSettings>,
  ): Promise<void> => withinWorld(open, act, settings);

  describe(`SourceRepository, ${kind}: fetching`, () => {
    it('brings the newest head, again and again', () =>
      within(async ({ source, commit }) => {
        const first = await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        expect(await fetchHead(source)).toBe(first);
        const second = await commit(at(1, { 'tasks/b.yaml': taskText('b') }));
        expect(await fetchHead(source)).toBe(second);
        expect(await fetchHead(source)).toBe(second);
      }));

    it('tells that the branch is not there, and still knows what it fetched before', () =>
      within(async ({ source, commit, move }) => {
        expect(await source.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3005' } });
        const head = await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        await fetchHead(source);
        await move(null);
        expect(await source.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3005' } });
        expect(await source.read(head)).toMatchObject({
          ok: true,
          value: { files: [{ path: 'tasks/a.yaml' }] },
        });
      }));

    it('follows a rewritten history, and tells that it is one', () =>
      within(async ({ source, commit, build, move }) => {
        const root = await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        const lost = await commit(at(1, { 'tasks/b.yaml': taskText('b') }));
        await fetchHead(source);
        const other = await build(root, at(2, { 'tasks/c.yaml': taskText('c') }));
        await move(other);
        expect(await fetchHead(source)).toBe(other);
        expect(await source.descends(other, root)).toEqual({ ok: true, value: true });
        expect(await source.descends(other, other)).toEqual({ ok: true, value: true });
        expect(await source.descends(other, lost)).toEqual({ ok: true, value: false });
        expect(await source.descends(root, other)).toEqual({ ok: true, value: false });
        expect(await source.descends(other, 'f'.repeat(40))).toEqual({ ok: true, value: false });
      }));

    it('counts what was merged in among the ancestors, and knows no unrelated history', () =>
      within(async ({ source, commit, build, move }) => {
        const root = await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        const side = await build(root, at(1, { 'tasks/b.yaml': taskText('b') }));
        const merge = await commit(at(2, { 'tasks/b.yaml': taskText('b') }, { merges: side }));
        await fetchHead(source);
        expect(await source.descends(merge, side)).toEqual({ ok: true, value: true });
        const stranger = await build(null, at(3, { 'tasks/a.yaml': taskText('a') }));
        await move(stranger);
        await fetchHead(source);
        expect(await source.descends(stranger, merge)).toEqual({ ok: true, value: false });
      }));

    it('answers nothing about a head that it has not fetched', () =>
      within(async ({ source, commit }) => {
        await commit(at(0, { 'tasks/a.yaml': taskText('a') }));
        await fetchHead(source);
        const stranger = '1'.repeat(40);
        expect(await source.read(stranger)).toMatchObject({ ok: false, fault: { code: 'SG3032' } });
        expect(await source.descends(stranger, stranger)).toMatchObject({ ok: false });
        expect(await source.trace(stranger, new Map())).toMatchObject({ ok: false });
      }));
  });

  describe(`SourceRepository, ${kind}: reading`, () => {
    it('hands out the manifests in the order of their paths, and nothing else', () =>
      within(async ({ source, commit }) => {
        await commit(
          at(0, {
            'README.md': 'not a manifest',
            'tasks/b.yml': taskText('b'),
            'tasks/README.md': 'nor this',
            'tasks/a/z.yaml': taskText('z'),
            'tasks/a.yaml': `${taskText('a')}---\n${taskText('a2')}`,
            'elsewhere/c.yaml': taskText('c'),
            'tasks-not/d.yaml': taskText('d'),
          }),
        );
        const tree = await readHead(source);
        expect(tree.files.map(({ path }) => path)).toEqual(['tasks/a.yaml', 'tasks/a/z.yaml', 'tasks/b.yml']);
        expect(tree.files[0]?.parsed.manifests.map(({ manifest }) => manifest.name)).toEqual(['a', 'a2']);
        expect(tree.policies).toEqual([]);
      }));

    it('is empty where the path is not there', () =>
      within(async ({ source, commit }) => {
        await commit(at(0, { 'README.md': 'nothing yet' }));
        expect(await readHead(source)).toMatchObject({ files: [], policies: [] });
      }));

    it('reads the whole repository where the path is a dot', () =>
      within(
        async ({ source, commit }) => {
          await commit(
            at(0, { 'a.yaml': taskText('a'), 'x/b.yaml': taskText('b'), 'policies/w.yaml': 'kind: Window' }),
          );
          const tree = await readHead(source);
          expect(tree.files.map(({ path }) => path)).toEqual(['a.yaml', 'x/b.yaml']);
          expect(tree.policies.map(({ path }) => path)).toEqual(['policies/w.yaml']);
          expect(Object.keys(await traceHead(source))).toEqual(['a', 'b']);
        },
        { path: '.' },
      ));

    it('hands out the policies with their content, as a repository of policies does', () =>
      within(async ({ source, commit }) => {
        await commit(at(0, { 'policies/w.yaml': 'kind: Window', 'tasks/a.yaml': taskText('a') }));
        const { policies } = await readHead(source);
        expect(policies.map(tellPolicy)).toEqual([['policies/w.yaml', 'kind: Window']]);
      }));

    it('reads no policies where they lie elsewhere', () =>
      within(
        async ({ source, commit }) => {
          await commit(at(0, { 'policies/w.yaml': 'kind: Window', 'tasks/a.yaml': taskText('a') }));
          expect((await readHead(source)).policies).toEqual([]);
        },
        { policies: null },
      ));

    it('makes problems of links, submodules, oversized files and bad documents, and reads the rest', () =>
      within(
        async ({ source, commit }) => {
          await commit(
            at(0, {
              'tasks/bad.yaml': 'kind: [',
              'tasks/big.yaml': `# ${'x'.repeat(1000)}\n${taskText('big')}`,
              'tasks/folder': { link: '../elsewhere' },
              'tasks/good.yaml': taskText('good'),
              'tasks/link.yaml': { link: '/etc/passwd' },
              'tasks/sub': { submodule: 'a'.repeat(40) },
              'tasks/UPPER.YAML': taskText('upper'),
            }),
          );
          const { files } = await readHead(source);
          const told = files.map(({ path, parsed }) => [
            path,
            parsed.manifests.length,
            parsed.hidden !== null,
            ...parsed.problems.map(({ code }) => code).slice(0, 1),
          ]);
          expect(told).toEqual([
            ['tasks/UPPER.YAML', 0, true, 'SG3046'],
            ['tasks/bad.yaml', 0, true, expect.stringMatching(/^SG1/)],
            ['tasks/big.yaml', 0, true, 'SG3045'],
            ['tasks/folder', 0, true, 'SG3041'],
            ['tasks/good.yaml', 1, false],
            ['tasks/link.yaml', 0, true, 'SG3041'],
            ['tasks/sub', 0, true, 'SG3042'],
          ]);
        },
        { fileBytes: 600 },
      ));

    it('warns of paths that are one on some disks', () =>
      within(async ({ source, commit }) => {
        await commit(
          at(0, {
            'tasks/a.yaml': taskText('a'),
            'tasks/A.yaml': taskText('b'),
            'tasks/caf\u00e9.yaml': taskText('c'),
            'tasks/cafe\u0301.yaml': taskText('d'),
            'tasks/e.yaml': taskText('e'),
          }),
        );
        const { files } = await readHead(source);
        expect(files.map(({ parsed }) => parsed.manifests.length)).toEqual([1, 1, 1, 1, 1]);
        const warned = files.filter(({ parsed }) => parsed.problems.some(({ code }) => code === 'SG3047'));
        expect(warned.map(({ path }) => path)).not.toContain('tasks/e.yaml');
        expect(warned).toHaveLength(4);
      }));

    it('refuses more files than are allowed', () =>
      within(
        async ({ source, commit }) => {
          await commit(at(0, { 'tasks/a.yaml': taskText('a'), 'tasks/b.yaml': taskText('b') }));
          await commit(at(1, { 'tasks/c.yaml': taskText('c') }));
          expect(await source.read(await fetchHead(source))).toMatchObject({
            ok: false,
            fault: { code: 'SG3030', class: 'human' },
          });
        },
        { files: 2 },
      ));

    it('hands out the very same parsed file while its blob is the same', () =>
      within(async ({ source, commit }) => {
        await commit(at(0, { 'tasks/a.yaml': taskText('a'), 'tasks/b.yaml': taskText('b') }));
        const before = await readHead(source);
        await commit(
          at(1, { 'tasks/moved/a.yaml': taskText('a'), 'tasks/a.yaml': null, 'tasks/b.yaml': 'x' }),
        );
        const after = await readHead(source);
        expect(after.files[1]?.parsed).toBe(before.files[0]?.parsed);
        expect(after.files[0]?.parsed).not.toBe(before.files[1]?.parsed);
        await commit(at(2, { 'README.md': 'elsewhere' }));
        const later = await readHead(source);
        expect(later.files).toEqual(after.files);
        expect(later.head).not.toBe(after.head);
      }));
  });
}
