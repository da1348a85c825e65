/** Repositories made to hurt: each is told by name, costs bounded work, and the rest of the source is read. */
import { randomBytes } from 'node:crypto';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchHead, readHead, startMs, taskText, traceHead, wantedIn } from '../contract/source-world.ts';
import { commitTasks, type RawEntry, writeBlob, writeTree } from './raw-tree.ts';
import type { GitSourceWorld, WorldOptions } from './source-world.ts';
import { openSourceWorld } from './source-world.ts';

const worlds: GitSourceWorld[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.end();
});

async function openWorld(options: WorldOptions = {}): Promise<GitSourceWorld> {
  const world = await openSourceWorld(options);
  worlds.push(world);
  return world;
}

describe('hostile names', () => {
  it('are shown escaped, and those that cannot be recorded are problems', async () => {
    const world = await openWorld();
    const names = [
      Buffer.from('--upload-pack=touch pwned.yaml'),
      Buffer.from(':(glob)x.yaml'),
      Buffer.from('a\nb.yaml'),
      Buffer.from('b\u001b[31mred.yaml'),
      Buffer.from('c "quoted" \'too\'.yaml'),
      Buffer.from([0x64, 0xff, 0xfe, ...Buffer.from('.yaml')]),
      Buffer.from('e\u202egnp.yaml'),
      Buffer.from(`f${'x'.repeat(1100)}.yaml`),
    ];
    const entries: RawEntry[] = [];
    for (const [index, name] of names.entries()) {
      entries.push({ mode: '100644', name, id: await writeBlob(world, taskText(`t${index}`)) });
    }
    await commitTasks(world, entries);
    const { files } = await readHead(world.source);
    const told = files.map(({ path, parsed }) => [path, parsed.manifests.length, parsed.problems[0]?.code]);
    expect(told).toEqual([
      ['tasks/--upload-pack=touch pwned.yaml', 1, undefined],
      ['tasks/:(glob)x.yaml', 1, undefined],
      ['tasks/a\\x0ab.yaml', 0, 'SG3043'],
      ['tasks/b\\x1b[31mred.yaml', 0, 'SG3043'],
      ['tasks/c "quoted" \'too\'.yaml', 1, undefined],
      ['tasks/d\\xff\\xfe.yaml', 0, 'SG3043'],
      ['tasks/e\u202egnp.yaml', 1, undefined],
      [expect.stringMatching(/^tasks\/fx+\.\.\.$/), 0, 'SG3044'],
    ]);
    expect(Object.keys(await traceHead(world.source))).toEqual(['t0', 't1', 't4', 't6']);
  });

  it('may also be those of the folder itself', async () => {
    const path = ':(exclude)--tasks $(touch pwned)';
    const world = await openWorld({ settings: { path, policies: '-policies' } });
    await world.commit({
      files: {
        [`${path}/a.yaml`]: taskText('a'),
        '-policies/w.yaml': 'kind: Window',
        'tasks/b.yaml': taskText('b'),
      },
      timeMs: startMs,
    });
    const tree = await readHead(world.source);
    expect(tree.files.map((file) => file.path)).toEqual([`${path}/a.yaml`]);
    expect(tree.policies.map((file) => file.path)).toEqual(['-policies/w.yaml']);
    expect((await traceHead(world.source)).a?.position).toBe(1);
  });
});

describe('hostile objects', () => {
  it.each([
    ['.git', '.git'],
    ['..', '..'],
    ['a/b', 'a/b'],
  ])('are refused by the fetch, and what was read before stays: an entry named %s', async (_name, name) => {
    const world = await openWorld();
    const good = await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    await fetchHead(world.source);
    const id = await writeBlob(world, taskText('b'));
    await commitTasks(world, [{ mode: '100644', name, id }]);
    expect(await world.source.fetch()).toMatchObject({
      ok: false,
      fault: { code: 'SG3011', class: 'human' },
    });
    expect(await world.source.read(good)).toMatchObject({ ok: true });
  });

  it('are refused by the fetch: the same name twice', async () => {
    const world = await openWorld();
    const id = await writeBlob(world, taskText('b'));
    await commitTasks(world, [
      { mode: '100644', name: 'a.yaml', id },
      { mode: '100644', name: 'a.yaml', id },
    ]);
    expect(await world.source.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3011' } });
  });

  it('do not come into memory when they are huge, at the head or in the past (CVE-2022-31016, GHSA-jhqp-vf4w-rpwq)', async () => {
    const world = await openWorld();
    const huge = await writeBlob(world, Buffer.alloc(48 * 1024 * 1024));
    const good = await writeBlob(world, taskText('good'));
    await commitTasks(world, [{ mode: '100644', name: 'good.yaml', id: huge }]);
    await world.git(['update-ref', 'refs/keep/1', 'refs/heads/main']);
    const first = await fetchHead(world.source);
    expect((await readHead(world.source)).files[0]?.parsed.problems[0]).toMatchObject({
      code: 'SG3045',
      message: expect.stringContaining(String(48 * 1024 * 1024)),
    });
    await world.commit({ files: { 'tasks/good.yaml': null }, timeMs: startMs });
    await world.commit({ files: { 'tasks/good.yaml': taskText('good') }, timeMs: startMs });
    expect(await world.git(['rev-parse', 'main:tasks/good.yaml'])).toBe(good);
    expect((await traceHead(world.source)).good?.position).toBe(3);
    expect(first).toMatch(/^[0-9a-f]{40}$/);
  });

  it('are counted, not followed, when a tree holds itself many times over (CVE-2023-40584)', async () => {
    const world = await openWorld({ settings: { files: 50 } });
    const good = await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    await fetchHead(world.source);
    let id = await writeBlob(world, taskText('a'));
    let mode = '100644';
    for (let level = 0; level < 12; level += 1) {
      const entries = Array.from({ length: 10 }, (_unused, index) => ({ mode, name: `${index}.yaml`, id }));
      id = await writeTree(world, entries);
      mode = '40000';
    }
    await world.commitTree(await writeTree(world, [{ mode, name: 'tasks', id }]));
    const head = await fetchHead(world.source);
    expect(await world.source.read(head)).toMatchObject({
      ok: false,
      fault: { code: 'SG3030', class: 'human' },
    });
    expect(await world.source.read(good)).toMatchObject({ ok: true });
  });

  it('are told, and end no process of ours, when folders are nested without end', async () => {
    const world = await openWorld();
    await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    let id = await writeBlob(world, taskText('deep'));
    let mode = '100644';
    const name = 'n'.repeat(4000);
    for (let level = 0; level < 20; level += 1) {
      id = await writeTree(world, [{ mode, name: level === 0 ? 'x.yaml' : name, id }]);
      mode = '40000';
    }
    await world.commitTree(await writeTree(world, [{ mode, name: 'tasks', id }]));
    const head = await fetchHead(world.source);
    expect(await world.source.read(head)).toMatchObject({
      ok: false,
      fault: { code: 'SG3034', class: 'human' },
    });
  });

  it('are told when the branch names no commit', async () => {
    const world = await openWorld();
    const blob = await writeBlob(world, 'no commit');
    await world.git(['update-ref', 'refs/tmp/blob', blob]);
    // git itself refuses a branch that is no commit; a server need not be git.
    await mkdir(join(world.repository, 'refs', 'heads'), { recursive: true });
    await writeFile(join(world.repository, 'refs', 'heads', 'main'), `${blob}\n`);
    expect(await world.source.fetch()).toMatchObject({ ok: false, fault: { class: 'human' } });
  });

  it('are told when the repository there is shallow', async () => {
    const world = await openWorld();
    await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    const head = await world.commit({ files: { 'tasks/a.yaml': taskText('b') }, timeMs: startMs });
    await writeFile(join(world.repository, 'shallow'), `${head}\n`);
    expect(await world.source.fetch()).toMatchObject({
      ok: false,
      fault: { code: 'SG3024', class: 'human' },
    });
  });
});

describe('a hostile past', () => {
  it('is walked within bounds, and what lies behind it is left out', async () => {
    const world = await openWorld();
    await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    const before = await world.git(['rev-parse', 'main^{tree}']);
    // A commit in between holds a tree of 10^8 entries; the head is small again, but the walk must pass it.
    let id = await writeBlob(world, 'x');
    let mode = '100644';
    for (let level = 0; level < 8; level += 1) {
      const entries = Array.from({ length: 10 }, (_unused, index) => ({ mode, name: `${index}`, id }));
      id = await writeTree(world, entries);
      mode = '40000';
    }
    const a = await writeBlob(world, taskText('a'));
    const tasks = await writeTree(world, [
      { mode: '100644', name: 'a.yaml', id: a },
      { mode, name: 'b', id },
    ]);
    const root = await writeTree(world, [{ mode: '40000', name: 'tasks', id: tasks }]);
    const person = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
    const commitOn = (parent: string, tree: string) =>
      world.git([...person, 'commit-tree', '-m', 'x', '-p', parent, tree]);
    const first = await world.git(['rev-parse', 'main']);
    const bomb = await commitOn(first, root);
    await world.move(await commitOn(bomb, before));
    await world.commit({ files: { 'tasks/new.yaml': taskText('new') }, timeMs: startMs });
    expect(Object.keys(await traceHead(world.source))).toEqual(['new']);
  });
});

describe('a commit made to hurt', () => {
  it.each([
    ['an author of 200,000 characters', (parent: string) => [`parent ${parent}`], 'A'.repeat(200_000)],
    ['3,000 parents', (parent: string) => Array.from({ length: 3_000 }, () => `parent ${parent}`), 'Ann'],
  ])('is read like any other: %s', async (_name, parents, author) => {
    const world = await openWorld();
    const first = await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    const next = await world.commit({ files: { 'tasks/b.yaml': taskText('b') }, timeMs: startMs });
    const seconds = startMs / 1000;
    const lines = [
      `tree ${await world.git(['rev-parse', `${next}^{tree}`])}`,
      ...parents(first),
      `author ${author} <ann@example.com> ${seconds} +0000`,
      `committer Ann <ann@example.com> ${seconds} +0000`,
    ];
    const raw = `${lines.join('\n')}\n\nx\n`;
    await world.move(await world.git(['hash-object', '-t', 'commit', '-w', '--stdin'], raw));
    await fetchHead(world.source);
    const traced = await traceHead(world.source);
    expect(traced.b).toMatchObject({
      position: 2,
      introduced: { author: expect.stringMatching(/^A.{2,999}$/) },
    });
  });
});

describe('a hostile server', () => {
  it('has no program of ours run by what its configuration says', async () => {
    const world = await openWorld();
    const proof = join(world.dir, 'pwned');
    for (const key of ['core.fsmonitor', 'core.sshCommand', 'uploadpack.packObjectsHook', 'core.gitProxy']) {
      await world.git(['config', key, `touch ${proof}`]);
    }
    await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
    await readHead(world.source);
    await expect(access(proof)).rejects.toThrow();
  });

  it('gains nothing by random bytes in place of files', async () => {
    const world = await openWorld();
    const entries: RawEntry[] = [];
    for (let index = 0; index < 20; index += 1) {
      const id = await writeBlob(world, randomBytes(500 + index));
      entries.push({ mode: '100644', name: `${String(index).padStart(2, '0')}.yaml`, id });
    }
    entries.push({ mode: '100644', name: 'good.yaml', id: await writeBlob(world, taskText('good')) });
    await commitTasks(world, entries);
    const tree = await readHead(world.source);
    expect(tree.files).toHaveLength(21);
    expect(wantedIn(tree).size).toBe(1);
  });
});
