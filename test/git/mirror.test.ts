/** The mirror as a cache: what a killed life leaves, what a disk does to it, and that it is kept tidy. */
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareGitHome } from '../../src/git/home.ts';
import { fetchBranch, MirrorKeeper, openMirror, repack } from '../../src/git/mirror.ts';
import { fetchHead, readHead, startMs, taskText, traceHead } from '../contract/source-world.ts';
import type { GitSourceWorld } from './source-world.ts';
import { openSourceWorld } from './source-world.ts';

let world: GitSourceWorld;

beforeEach(async () => {
  world = await openSourceWorld();
  await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
});

afterEach(() => world.end());

function mirrorPath(...parts: string[]): string {
  return join(world.stateDir, 'source.git', ...parts);
}

async function openOwnMirror() {
  const home = await prepareGitHome(world.stateDir, { register: () => undefined });
  if (!home.ok) throw new Error(home.fault.message);
  const mirror = await openMirror(home.value, join(world.stateDir, 'own.git'));
  if (!mirror.ok) throw new Error(mirror.fault.message);
  return mirror.value;
}

describe('a mirror', () => {
  it('is used again by the next life, without another clone', async () => {
    const head = await fetchHead(world.source);
    await world.source.close();
    const again = await world.reopen();
    expect(await again.read(head)).toMatchObject({ ok: true });
  });

  it('is freed of what a killed life left half done', async () => {
    await fetchHead(world.source);
    const left = [
      mirrorPath('shallow.lock'),
      mirrorPath('refs', 'snowgate', 'source.lock'),
      mirrorPath('objects', 'pack', 'tmp_pack_abc'),
      mirrorPath('objects', 'pack', '.tmp-123-pack.pack'),
    ];
    await mkdir(mirrorPath('objects', 'tmp_objdir-incoming-x'), { recursive: true });
    for (const path of left) {
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, 'left');
    }
    const again = await world.reopen();
    for (const path of [...left, mirrorPath('objects', 'tmp_objdir-incoming-x')]) {
      await expect(stat(path)).rejects.toThrow();
    }
    const head = await world.commit({ files: { 'tasks/b.yaml': taskText('b') }, timeMs: startMs });
    expect(await fetchHead(again)).toBe(head);
  });

  const damages: readonly [string, () => Promise<void>][] = [
    ['its objects are gone', () => rm(mirrorPath('objects'), { recursive: true })],
    ['its HEAD is gone', () => rm(mirrorPath('HEAD'))],
    [
      'its head names nothing',
      () => writeFile(mirrorPath('refs', 'snowgate', 'source'), `${'1'.repeat(40)}\n`),
    ],
    ['its head is garbage', () => writeFile(mirrorPath('refs', 'snowgate', 'source'), 'garbage')],
    ['all of it is gone', () => rm(mirrorPath(), { recursive: true })],
    ['its configuration is garbage', () => writeFile(mirrorPath('config'), '[garbage')],
  ];
  it.each(damages)('is made anew at the start where %s', async (_name, damage) => {
    const head = await fetchHead(world.source);
    await damage();
    const again = await world.reopen();
    expect(await fetchHead(again)).toBe(head);
    expect((await readHead(again)).files).toHaveLength(1);
  });

  it.each(damages)('is made anew while it is in use where %s', async (_name, damage) => {
    const head = await fetchHead(world.source);
    await damage();
    // The fetch that meets the damage may fail; the one after it must not.
    await world.source.fetch();
    expect(await fetchHead(world.source)).toBe(head);
    expect((await readHead(world.source)).files).toHaveLength(1);
  });

  /** A hook, and a file of Git configuration that has it run. */
  async function plant(): Promise<{ readonly proof: string; readonly config: string }> {
    const proof = join(world.dir, 'pwned');
    const hooks = join(world.dir, 'hooks');
    await mkdir(hooks, { recursive: true });
    await writeFile(join(hooks, 'reference-transaction'), `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 });
    const config = await readFile(mirrorPath('config'), 'utf8');
    return { proof, config: `${config}[core]\n\thooksPath = ${hooks}\n\tfsmonitor = touch ${proof}\n` };
  }

  it('runs no program that its configuration names, planted while it is in use', async () => {
    await fetchHead(world.source);
    const { proof, config } = await plant();
    await writeFile(mirrorPath('config'), config);
    await world.commit({ files: { 'tasks/b.yaml': taskText('b') }, timeMs: startMs });
    expect((await readHead(world.source)).files).toHaveLength(2);
    await expect(stat(proof)).rejects.toThrow();
  });

  it.each(['config', 'commondir'])(
    'takes nothing from a %s that was planted before the start',
    async (name) => {
      await fetchHead(world.source);
      const clean = await readFile(mirrorPath('config'), 'utf8');
      const elsewhere = join(world.dir, 'elsewhere');
      await mkdir(elsewhere);
      const redirect = `${clean}[url "file://${elsewhere}"]\n\tinsteadOf = ${world.config.url}\n`;
      await writeFile(name === 'config' ? mirrorPath('config') : join(elsewhere, 'config'), redirect);
      if (name === 'commondir') await writeFile(mirrorPath('commondir'), `${elsewhere}\n`);
      const head = await world.commit({ files: { 'tasks/b.yaml': taskText('b') }, timeMs: startMs });
      const again = await world.reopen();
      expect(await fetchHead(again)).toBe(head);
      expect(await readFile(mirrorPath('config'), 'utf8')).not.toContain('insteadOf');
    },
  );

  it.runIf(process.geteuid?.() === 0).each(['git', 'source.git'])(
    'is not used where %s belongs to another user',
    async (name) => {
      await fetchHead(world.source);
      await world.source.close();
      await chown(join(world.stateDir, name), 65_534, 65_534);
      await expect(world.reopen()).rejects.toThrow(/cannot be used: .* belongs to another user/);
    },
  );

  it('is not used where a link stands in its place', async () => {
    await fetchHead(world.source);
    await world.source.close();
    await rename(mirrorPath(), join(world.dir, 'moved.git'));
    await symlink(join(world.dir, 'moved.git'), mirrorPath());
    await expect(world.reopen()).rejects.toThrow(/cannot be used: .* is a link and no directory/);
  });

  it('lets nobody else look into what it makes', async () => {
    await chmod(join(world.stateDir, 'git'), 0o777);
    await chmod(mirrorPath(), 0o777);
    await world.reopen();
    for (const path of [mirrorPath(), join(world.stateDir, 'git'), join(world.stateDir, 'git', 'home')])
      expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('is made anew where single objects are damaged, once a read has met them', async () => {
    const head = await fetchHead(world.source);
    const blob = await world.git(['rev-parse', 'main:tasks/a.yaml']);
    // Taken out of its pack, so that one object alone can be lost.
    const folder = mirrorPath('objects', 'pack');
    for (const name of await readdir(folder)) {
      const pack = name.endsWith('.pack') ? await readFile(join(folder, name)) : null;
      await rm(join(folder, name));
      if (pack !== null) await world.git(['--git-dir', mirrorPath(), 'unpack-objects', '-q'], pack);
    }
    await rm(mirrorPath('objects', blob.slice(0, 2), blob.slice(2)));
    expect(await world.source.read(head)).toMatchObject({
      ok: false,
      fault: { code: 'SG3033', class: 'retry' },
    });
    expect((await readHead(world.source)).files).toHaveLength(1);
  });

  it('follows a repository that counts in SHA-256', async () => {
    const other = join(world.dir, 'srv', 'other.git');
    await world.git(['init', '-q', '--bare', '--object-format=sha256', '--initial-branch=main', other]);
    const inOther = (args: string[], input = '') => world.git(['--git-dir', other, ...args], input);
    const blob = await inOther(['hash-object', '-w', '--stdin'], taskText('a'));
    const tasks = await inOther(['mktree'], `100644 blob ${blob}\ta.yaml\n`);
    const root = await inOther(['mktree'], `040000 tree ${tasks}\ttasks\n`);
    const person = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
    const commit = await inOther([...person, 'commit-tree', '-m', 'x', root]);
    await inOther(['update-ref', 'refs/heads/main', commit]);
    await fetchHead(world.source);
    const source = await world.reopen({ url: `file://${other}` });
    expect(commit).toHaveLength(64);
    expect(await fetchHead(source)).toBe(commit);
    expect((await traceHead(source)).a).toMatchObject({ introduced: { commit }, position: 1 });
    expect(await source.descends(commit, commit)).toEqual({ ok: true, value: true });
  });

  it('keeps the head where it must not go back, and says so', async () => {
    const mirror = await openOwnMirror();
    const fetch = () =>
      fetchBranch(mirror, {
        remote: world.config,
        localRef: 'refs/snowgate/x',
        force: false,
        timeoutMs: 30_000,
      });
    const first = await fetch();
    await world.move(await world.build(null, { files: { 'tasks/b.yaml': taskText('b') }, timeMs: startMs }));
    expect(await fetch()).toMatchObject({ kind: 'rejected' });
    await world.move(null);
    expect(await fetch()).toMatchObject({ kind: 'missing', fault: { code: 'SG3005' } });
    expect(first.kind).toBe('fetched');
  });

  it('is repacked after many fetches, and holds all that it held', async () => {
    const mirror = await openOwnMirror();
    const request = { remote: world.config, localRef: 'refs/snowgate/x', force: true, timeoutMs: 30_000 };
    await fetchBranch(mirror, request);
    const keeper = new MirrorKeeper(mirror);
    expect(await keeper.maintain()).toEqual({ ok: true, value: { repacked: false } });
    for (let count = 0; count < 500; count += 1) keeper.countFetch();
    expect(await keeper.maintain()).toEqual({ ok: true, value: { repacked: true } });
    expect(await keeper.maintain()).toEqual({ ok: true, value: { repacked: false } });
    const packs = await readdir(join(mirror.dir, 'objects', 'pack'));
    expect(packs.filter((name) => name.endsWith('.pack'))).toHaveLength(1);
    expect(await fetchBranch(mirror, request)).toMatchObject({ kind: 'fetched' });
    expect(await repack(mirror)).toMatchObject({ ok: true });
  });

  it('is repacked at the first chance where an earlier life left much behind', async () => {
    const mirror = await openOwnMirror();
    await mkdir(join(mirror.dir, 'objects', '17'), { recursive: true });
    for (let index = 0; index < 9; index += 1) {
      await writeFile(join(mirror.dir, 'objects', '17', `${index}`.padStart(38, '0')), '');
    }
    // Those are no objects and the repack may stumble; that it was due is what is asked.
    const answer = await new MirrorKeeper(mirror).maintain();
    expect(answer).not.toEqual({ ok: true, value: { repacked: false } });
  });
});
