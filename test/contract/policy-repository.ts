/** What every PolicyRepository promises, whatever it stands on. */
import { describe, expect, it } from 'vitest';
import type { SourceSettings } from '../doubles/source.ts';
import type { OpenPolicyWorld, PolicyWorld } from './policy-world.ts';
import { readPolicies, tellPolicy } from './policy-world.ts';
import { at, taskText, withinWorld } from './source-world.ts';

/** Runs the suite; `open` makes a world whose branch is not there yet. */
export function describePolicyRepository(kind: string, open: OpenPolicyWorld): void {
  const within = (
    act: (world: PolicyWorld) => Promise<void>,
    settings?: Partial<SourceSettings>,
  ): Promise<void> => withinWorld(open, act, settings);

  describe(`PolicyRepository, ${kind}: fetching`, () => {
    it('brings the newest head, and tells that the branch is gone', () =>
      within(async ({ policies, commit, move }) => {
        expect(await policies.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3005' } });
        const first = await commit(at(0, { 'policies/a.yaml': '1' }));
        expect(await policies.fetch()).toEqual({ ok: true, value: { head: first } });
        const second = await commit(at(1, { 'policies/a.yaml': '2' }));
        expect(await policies.fetch()).toEqual({ ok: true, value: { head: second } });
        await move(null);
        expect(await policies.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3005' } });
        expect(await policies.read(first)).toMatchObject({ ok: true, value: { head: first } });
      }));

    it('follows a rewritten history, and tells that it is one', () =>
      within(async ({ policies, commit, build, move }) => {
        const root = await commit(at(0, { 'policies/a.yaml': '1' }));
        const lost = await commit(at(1, { 'policies/a.yaml': '2' }));
        await policies.fetch();
        const other = await build(root, at(2, { 'policies/a.yaml': '3' }));
        await move(other);
        expect(await policies.fetch()).toEqual({ ok: true, value: { head: other } });
        expect(await policies.descends(other, root)).toEqual({ ok: true, value: true });
        expect(await policies.descends(other, lost)).toEqual({ ok: true, value: false });
      }));

    it('answers nothing about a head that it has not fetched', () =>
      within(async ({ policies, commit }) => {
        await commit(at(0, { 'policies/a.yaml': '1' }));
        await policies.fetch();
        const stranger = '1'.repeat(40);
        expect(await policies.read(stranger)).toMatchObject({ ok: false, fault: { code: 'SG3032' } });
        expect(await policies.descends(stranger, stranger)).toMatchObject({ ok: false });
      }));
  });

  describe(`PolicyRepository, ${kind}: reading`, () => {
    it('hands out every file below the folder with its content, in the order of the paths', () =>
      within(async ({ policies, commit }) => {
        await commit(
          at(0, {
            'policies/z.yml': 'kind: Policy',
            'policies/a/window.yaml': 'kind: Window',
            'policies/holidays.ics': 'BEGIN:VCALENDAR',
            'policies/empty.yaml': '',
            'policies-not/b.yaml': 'elsewhere',
            'b.yaml': 'elsewhere, too',
          }),
        );
        expect((await readPolicies(policies)).files.map(tellPolicy)).toEqual([
          ['policies/a/window.yaml', 'kind: Window'],
          ['policies/empty.yaml', ''],
          ['policies/holidays.ics', 'BEGIN:VCALENDAR'],
          ['policies/z.yml', 'kind: Policy'],
        ]);
      }));

    it('is empty where the folder is not there', () =>
      within(async ({ policies, commit }) => {
        const head = await commit(at(0, { 'README.md': 'nothing yet' }));
        expect(await readPolicies(policies)).toEqual({ head, files: [] });
      }));

    it('passes over words for people and the tests of policies, and no other name', () =>
      within(async ({ policies, commit }) => {
        const names = [
          ...['README', 'README.md', 'README.txt', 'LICENSE', 'LICENSE.md', 'CODEOWNERS', '.gitkeep'],
          ...['.gitignore', '.gitattributes', '.editorconfig', 'x/README.md', 'a.test.yaml', 'x/b.test.yml'],
        ];
        const counted = [
          ...[
            'readme.md',
            'README.md.bak',
            'window.yml.bak',
            'WINDOW.YAML',
            'w.yaml~',
            '.w.yaml.swp',
            'notes',
          ],
          ...['CODEOWNERS.yaml.orig', 'HOLIDAYS.ICS', 'a.json', 'a.test.yaml.off', 'LICENSE/x'],
        ];
        await commit(
          at(0, Object.fromEntries([...names, ...counted].map((name) => [`policies/${name}`, 'x']))),
        );
        const { files } = await readPolicies(policies);
        expect(files.map(tellPolicy)).toEqual(counted.sort().map((name) => [`policies/${name}`, 'SG3072']));
        expect(files.every(({ content }) => isError(content))).toBe(true);
      }));

    it('makes problems of links, submodules and oversized files, whatever their names, and reads the rest', () =>
      within(
        async ({ policies, commit }) => {
          await commit(
            at(0, {
              'policies/README.md': { link: '../secret' },
              'policies/a.test.yaml': { link: 'b.yaml' },
              'policies/big.ics': 'x'.repeat(262_145),
              'policies/big.yaml': 'x'.repeat(601),
              'policies/calendar.ics': 'x'.repeat(262_144),
              'policies/fits.yaml': 'y'.repeat(600),
              'policies/link.yaml': { link: '/etc/passwd' },
              'policies/sub': { submodule: 'a'.repeat(40) },
            }),
          );
          const { files } = await readPolicies(policies);
          expect(files.map(tellPolicy)).toEqual([
            ['policies/README.md', 'SG3041'],
            ['policies/a.test.yaml', 'SG3041'],
            ['policies/big.ics', 'SG3045'],
            ['policies/big.yaml', 'SG3045'],
            ['policies/calendar.ics', 'x'.repeat(262_144)],
            ['policies/fits.yaml', 'y'.repeat(600)],
            ['policies/link.yaml', 'SG3041'],
            ['policies/sub', 'SG3042'],
          ]);
          expect(files.map(({ blob }) => blob === '')).toEqual([...Array(7).fill(false), true]);
          expect(files.filter(({ content }) => isError(content))).toHaveLength(6);
        },
        { fileBytes: 600 },
      ));

    it('refuses more files, or more bytes, than are read', () =>
      within(async ({ policies, commit }) => {
        const many = (count: number, text: string): Record<string, string> =>
          Object.fromEntries(Array.from({ length: count }, (_, index) => [`policies/${index}.yaml`, text]));
        await commit(at(0, many(1_000, 'x')));
        expect((await readPolicies(policies)).files).toHaveLength(1_000);
        const head = await commit(at(1, { 'policies/one-more.bak': 'x' }));
        await policies.fetch();
        const fault = { code: 'SG3071', class: 'human' };
        expect(await policies.read(head)).toMatchObject({ ok: false, fault });
        const large = await commit(
          at(2, { ...many(600, 'y'.repeat(65_000)), 'policies/one-more.bak': null }),
        );
        await policies.fetch();
        expect(await policies.read(large)).toMatchObject({ ok: false, fault });
      }));

    it('hands out the very same bytes while the blob is the same', () =>
      within(async ({ policies, commit }) => {
        await commit(
          at(0, { 'policies/a.yaml': '1', 'policies/b.yaml': '2', 'tasks/a.yaml': taskText('a') }),
        );
        const before = await readPolicies(policies);
        await commit(at(1, { 'policies/a.yaml': null, 'policies/moved.yaml': '1', 'policies/b.yaml': '3' }));
        const after = await readPolicies(policies);
        expect(after.files.map(tellPolicy)).toEqual([
          ['policies/b.yaml', '3'],
          ['policies/moved.yaml', '1'],
        ]);
        expect(bytesOf(after.files[1]?.content)).toBe(bytesOf(before.files[0]?.content));
        const head = await commit(at(2, { 'README.md': 'elsewhere' }));
        expect(await readPolicies(policies)).toEqual({ head, files: after.files });
      }));
  });
}

type Content = Awaited<ReturnType<typeof readPolicies>>['files'][number]['content'];

function bytesOf(content: Content | undefined): Uint8Array {
  if (content?.kind !== 'bytes') throw new Error('the file was not read');
  return content.bytes;
}

function isError(content: Content): boolean {
  return content.kind === 'unreadable' && content.problem.severity === 'error';
}
