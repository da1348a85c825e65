/**
 * What a repository may hold to hurt whoever reads it: the attacks of published advisories, planted in real git
 * repositories and read as the controller reads them. docs/SECURITY.md lists them all.
 */
import { access, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourceTree } from '../../src/controller/ports.ts';
import { fetchHead, readHead, startMs, taskText, wantedIn } from '../contract/source-world.ts';
import type { FileContent } from '../doubles/source.ts';
import { commitTasks, type RawEntry, writeBlob, writeTree } from '../git/raw-tree.ts';
import { type GitSourceWorld, openSourceWorld } from '../git/source-world.ts';

/** Stands in files outside of the repository, and must never be seen in what is read or told. */
const canary = 'c4n4ry-outside-the-repository';

let world: GitSourceWorld;
let outside = '';

beforeEach(async () => {
  world = await openSourceWorld();
  outside = join(world.dir, 'outside');
  await mkdir(join(outside, 'folder'), { recursive: true });
  const secret = taskText('leaked', `  tags: {canary: ${canary}}\n`);
  for (const name of ['secret.yaml', 'folder/secret.yaml']) await writeFile(join(outside, name), secret);
  await writeFile(join(outside, 'broken.yaml'), `password: ${canary}\n  : [\n`);
});

afterEach(() => world.end());

/** The head's tree, beside which nothing of what lies outside has come along; with the codes told of each file. */
async function readGuarded(): Promise<{ readonly tree: SourceTree; readonly told: Record<string, string> }> {
  const before = await everyPath();
  const tree = await readHead(world.source);
  expect(JSON.stringify(tree)).not.toContain(canary);
  // Fetching and reading write below the state directory, and nowhere else.
  expect(await everyPath()).toEqual(before);
  const told = tree.files.map(({ path, parsed }) => [
    path,
    parsed.problems.map(({ code }) => code).join() || parsed.manifests.map((m) => m.manifest.name).join(),
  ]);
  return { tree, told: Object.fromEntries(told) };
}

async function everyPath(): Promise<string[]> {
  const entries = await readdir(world.dir, { recursive: true });
  return entries.filter((path) => !/^state(\/|$)/.test(path)).sort();
}

function commit(files: Readonly<Record<string, FileContent>>): Promise<string> {
  return world.commit({ files: { 'tasks/good.yaml': taskText('good'), ...files }, timeMs: startMs });
}

describe('symbolic links', () => {
  it('lead nowhere, whatever they point at (CVE-2022-24904, GHSA-6gcg-hp2x-q54h, CVE-2022-31036)', async () => {
    await commit({
      'tasks/absolute.yaml': { link: join(outside, 'secret.yaml') },
      'tasks/relative.yaml': { link: '../../../../outside/secret.yaml' },
      'tasks/broken.yaml': { link: join(outside, 'broken.yaml') },
      'tasks/folder': { link: join(outside, 'folder') },
      'tasks/folder.yaml': { link: join(outside, 'folder') },
      'tasks/device.yaml': { link: '/dev/zero' },
      'tasks/environment.yaml': { link: '/proc/self/environ' },
      'tasks/itself.yaml': { link: 'itself.yaml' },
      'tasks/inside.yaml': { link: 'good.yaml' },
      'tasks/mirror.yaml': { link: join(world.stateDir, 'source.git', 'config') },
    });
    const { tree, told } = await readGuarded();
    const { 'tasks/good.yaml': good, ...links } = told;
    expect(good).toBe('good');
    expect(new Set(Object.values(links))).toEqual(new Set(['SG3041']));
    expect(Object.keys(links)).toHaveLength(10);
    expect(wantedIn(tree).size).toBe(1);
  });

  it('in the place of the folder of manifests are told, and what was read before stays (CVE-2022-31036)', async () => {
    const before = await commit({});
    await fetchHead(world.source);
    const link = await writeBlob(world, outside);
    await world.commitTree(await writeTree(world, [{ mode: '120000', name: 'tasks', id: link }]));
    expect(await world.source.read(await fetchHead(world.source))).toMatchObject({
      ok: false,
      fault: { code: 'SG3031', class: 'human', message: expect.stringContaining('symbolic link') },
    });
    expect(await world.source.read(before)).toMatchObject({ ok: true });
  });
});

describe('paths written into manifests', () => {
  const traversal = '../../../../../../../..';
  const written: Record<string, string> = {
    'name.yaml': taskText(`${traversal}/etc/passwd`),
    'fleet.yaml': taskText('a').replace('north-sea', `${traversal}/outside`),
    'target.yaml': taskText('b').replace('smd-0123456789abc', `"${traversal}/dev/zero"`),
    'after.yaml': taskText('c', `  after: ["${traversal}/dev/zero"]\n`),
    'values.yaml': taskText('d', `  valueFiles: ["${traversal}/outside/secret.yaml"]\n`),
    'include.yaml': taskText('e', '  description: !include /etc/passwd\n'),
    'reference.yaml': taskText('f', '  $ref: "file:///etc/passwd"\n'),
  };

  it('name no file of ours, and no message shows one (CVE-2022-24348, GHSA-63qx-x74g-jcr7, CVE-2022-24731, CVE-2022-24877)', async () => {
    await commit(Object.fromEntries(Object.entries(written).map(([name, text]) => [`tasks/${name}`, text])));
    const { tree, told } = await readGuarded();
    expect(told).toEqual({
      'tasks/after.yaml': 'SG1105',
      'tasks/fleet.yaml': 'SG1105',
      'tasks/good.yaml': 'good',
      'tasks/include.yaml': 'SG1009',
      'tasks/name.yaml': 'SG1105',
      'tasks/reference.yaml': 'SG1101',
      'tasks/target.yaml': 'SG1105',
      'tasks/values.yaml': 'SG1101',
    });
    expect(wantedIn(tree).size).toBe(1);
    expect(JSON.stringify(tree)).not.toContain('root:');
  });

  it.each(['..', '../..', '../../../dev/zero', '/dev/zero', '.', ''])(
    'may not be those of the files: an entry named %j is refused, and the last good head stays (CVE-2022-24878, CVE-2022-24877)',
    async (name) => {
      const before = await commit({});
      await fetchHead(world.source);
      const id = await writeBlob(world, taskText('evil'));
      const good = await writeBlob(world, taskText('good'));
      await commitTasks(world, [
        { mode: '100644', name, id },
        { mode: '100644', name: 'good.yaml', id: good },
      ]);
      expect(await world.source.fetch()).toMatchObject({
        ok: false,
        // Over what has no name at all, the server's own git stumbles before ours sees it.
        fault: { code: name === '' ? 'SG3016' : 'SG3011', hint: expect.stringContaining('git fsck') },
      });
      const tree = await world.source.read(before);
      expect(tree.ok && wantedIn(tree.value).size).toBe(1);
    },
  );
});

describe('files that a disk could not hold, or not give up again', () => {
  it('are read from the object store, whatever their mode says, and leave nothing behind (CVE-2023-40584)', async () => {
    const id = await writeBlob(world, taskText('good'));
    const other = (name: string) => writeBlob(world, taskText(name));
    const modes: RawEntry[] = [
      { mode: '100000', name: 'a-unreadable.yaml', id: await other('a') },
      { mode: '104755', name: 'b-setuid.yaml', id: await other('b') },
      { mode: '60000', name: 'c-device.yaml', id: await other('c') },
      { mode: '10644', name: 'd-pipe.yaml', id: await other('d') },
      { mode: '100644', name: 'good.yaml', id },
    ];
    await commitTasks(world, modes);
    const { tree, told } = await readGuarded();
    expect(told).toMatchObject({ 'tasks/c-device.yaml': 'SG3042', 'tasks/d-pipe.yaml': 'SG3042' });
    expect(told['tasks/good.yaml']).toBe('good');
    expect(wantedIn(tree).size).toBe(3);
    // All that was written has its owner's rights, and is a plain file or folder.
    for (const entry of await readdir(world.stateDir, { recursive: true })) {
      const info = await lstat(join(world.stateDir, entry));
      expect([entry, info.isFile() || info.isDirectory(), info.mode & 0o6400]).toEqual([entry, true, 0o400]);
    }
  });
});

describe('a submodule with a hook in it', () => {
  it('is never checked out: no hook runs, and the other manifests are read (CVE-2024-32002)', async () => {
    const proof = join(world.dir, 'pwned');
    const hook = `#!/bin/sh\ntouch ${proof}\n`;
    // On a disk that folds case `a` is `A`: the hook below A/modules/x would be written into .git/modules/x.
    await commit({
      'tasks/a': { link: '.git' },
      'tasks/A/modules/x': { submodule: 'c'.repeat(40) },
      'tasks/A/modules/y/hooks/post-checkout': hook,
      'tasks/.githooks/post-checkout': hook,
      'hooks/post-checkout': hook,
      'hooks/reference-transaction': hook,
      'tasks/.gitattributes': '* filter=pwn diff=pwn\n',
      '.gitmodules': `[submodule "x/y"]\n\tpath = tasks/A/modules/x\n\turl = ${world.repository}\n\tupdate = checkout\n`,
    });
    const { tree, told } = await readGuarded();
    expect(told).toEqual({
      'tasks/A/modules/x': 'SG3042',
      'tasks/a': 'SG3041',
      'tasks/good.yaml': 'good',
    });
    expect(wantedIn(tree).size).toBe(1);
    await expect(access(proof)).rejects.toThrow();
  });

  it('is refused by the fetch where its URL is an option, or its commands would be run (CVE-2024-32002)', async () => {
    const before = await commit({});
    await fetchHead(world.source);
    await commit({
      '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n\tupdate = !touch pwned\n',
    });
    expect(await world.source.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3011' } });
    expect(await world.source.read(before)).toMatchObject({ ok: true });
  });
});

describe('entries that would land in .git', () => {
  const evilConfig = '[core]\n\tsshCommand = touch pwned\n\tfsmonitor = touch pwned\n';

  it.each([
    ['.git', '.git'],
    ['.GIT', '.GIT'],
    ['its short name on NTFS', 'git~1'],
    ['a name with a stream', '.git::$INDEX_ALLOCATION'],
    ['a name with a trailing dot', '.git.'],
    ['a name with an ignorable character', '.g\u200cit'],
  ])(
    'are refused, and our own configuration stays: %s (CVE-2026-45571, GHSA-crhj-59gh-8x96)',
    async (_what, name) => {
      const before = await commit({});
      await fetchHead(world.source);
      const configFile = join(world.stateDir, 'source.git', 'config');
      const config = await readFile(configFile, 'utf8');
      const folder = await writeTree(world, [
        { mode: '100644', name: 'config', id: await writeBlob(world, evilConfig) },
      ]);
      const id = await writeBlob(world, taskText('good'));
      const entries: RawEntry[] = [
        { mode: '40000', name, id: folder },
        { mode: '100644', name: 'good.yaml', id },
      ];
      await commitTasks(world, name < 'good.yaml' ? entries : entries.reverse());
      expect(await world.source.fetch()).toMatchObject({
        ok: false,
        fault: { code: 'SG3011', class: 'human' },
      });
      expect(await world.source.read(before)).toMatchObject({ ok: true });
      expect(await readFile(configFile, 'utf8')).toBe(config);
    },
  );
});

describe('a commit that two readers take for different ones', () => {
  /** With a second tree: git takes the first, others were seen to take the last. */
  async function doubled(place: 'tree' | 'parent' | 'committer'): Promise<string> {
    const first = await world.git(['rev-parse', 'main^{commit}']);
    const shown = await world.git(['rev-parse', 'main^{tree}']);
    const hidden = await writeTree(world, [
      {
        mode: '40000',
        name: 'tasks',
        id: await writeTree(world, [
          { mode: '100644', name: 'hidden.yaml', id: await writeBlob(world, taskText('hidden')) },
        ]),
      },
    ]);
    const person = `Ann <ann@example.com> ${startMs / 1000} +0000`;
    const second = (at: string): string[] => (place === at ? [`tree ${hidden}`] : []);
    const lines = [
      ...[`tree ${shown}`, ...second('tree'), `parent ${first}`, ...second('parent')],
      ...[`author ${person}`, `committer ${person}`, ...second('committer')],
    ];
    const raw = `${lines.join('\n')}\n\nx\n`;
    return world.git(['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], raw);
  }

  it.each(['tree', 'parent', 'committer'] as const)(
    'is refused, or is what git says it is: a second tree after the %s (CVE-2026-45022)',
    async (place) => {
      const before = await commit({});
      await fetchHead(world.source);
      const head = await doubled(place);
      await world.git(['update-ref', 'refs/heads/main', head]);
      const fetched = await world.source.fetch();
      if (fetched.ok) {
        // What git ignores in a commit, we ignore with it: there is one parser.
        const { told } = await readGuarded();
        expect(told).toEqual({ 'tasks/good.yaml': 'good' });
      } else {
        expect(fetched.fault).toMatchObject({ code: 'SG3011', class: 'human' });
        expect(await world.source.read(before)).toMatchObject({ ok: true });
      }
    },
  );
});
