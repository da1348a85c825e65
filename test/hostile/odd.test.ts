/** Repositories that are odd rather than evil, and what a work tree would have made of them. */
import { appendFile, chown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHead, startMs, taskText, wantedIn } from '../contract/source-world.ts';
import { writeBlob } from '../git/raw-tree.ts';
import { type GitSourceWorld, openSourceWorld } from '../git/source-world.ts';

let world: GitSourceWorld;

beforeEach(async () => {
  world = await openSourceWorld();
});
afterEach(() => world.end());

describe('attributes and filters', () => {
  it('change no byte of a manifest: what is read is what was committed', async () => {
    const text = taskText('good', '  description: $Id$ $Format:%H$\n').replaceAll('\n', '\r\n');
    const pointer =
      'version https://git-lfs.example/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32\nsize 12345\n';
    const attributes = [
      '*.yaml ident text eol=lf filter=pwn diff=pwn merge=pwn working-tree-encoding=UTF-16',
      'good.yaml export-ignore export-subst',
      'large.yaml filter=lfs diff=lfs merge=lfs -text',
    ].join('\n');
    const plain = taskText('plain');
    await world.commit({
      files: {
        '.gitattributes': `${attributes}\n`,
        'tasks/.gitattributes': `${attributes}\n`,
        'tasks/good.yaml': text,
        'tasks/large.yaml': pointer,
        'tasks/plain.yaml': plain,
        '.lfsconfig': '[lfs]\n\turl = https://evil.example/\n',
      },
      timeMs: startMs,
    });
    const tree = await readHead(world.source);
    const told = tree.files.map(({ path, blob, parsed }) => [
      path,
      blob,
      parsed.problems.map(({ code }) => code),
    ]);
    expect(told).toEqual([
      // A dollar sign is none that AWS takes: it was seen as it was written.
      ['tasks/good.yaml', await writeBlob(world, text), ['SG1105']],
      ['tasks/large.yaml', await writeBlob(world, pointer), ['SG1209']],
      ['tasks/plain.yaml', await writeBlob(world, plain), []],
    ]);
    expect(JSON.stringify(tree.files[0]?.parsed.problems)).toContain('$Id$ $Format:%H$');
    expect(wantedIn(tree).size).toBe(1);
  });
});

describe('a repository without anything in it', () => {
  it('is told by the branch that is not there, and read once there is one', async () => {
    expect(await world.source.fetch()).toMatchObject({
      ok: false,
      fault: { code: 'SG3005', class: 'human' },
    });
    await world.commit({ files: { 'tasks/good.yaml': taskText('good') }, timeMs: startMs });
    expect(wantedIn(await readHead(world.source)).size).toBe(1);
  });
});

describe.runIf(process.getuid?.() === 0)('a repository of another user, by file://', () => {
  it('is told, with the way out, and read once it is ours', async () => {
    await world.commit({ files: { 'tasks/good.yaml': taskText('good') }, timeMs: startMs });
    await own(world.repository, 12_345);
    expect(await world.source.fetch()).toMatchObject({
      ok: false,
      fault: { code: 'SG3010', class: 'human', hint: expect.stringContaining('chown') },
    });
    await own(world.repository, 0);
    expect(wantedIn(await readHead(world.source)).size).toBe(1);
  });

  async function own(dir: string, uid: number): Promise<void> {
    const entries = await readdir(dir, { recursive: true });
    for (const entry of ['', ...entries]) await chown(join(dir, entry), uid, uid);
  }
});

describe('a branch that goes, and comes again', () => {
  it('takes nothing along that was read before, although the mirror is told to prune', async () => {
    const head = await world.commit({ files: { 'tasks/good.yaml': taskText('good') }, timeMs: startMs });
    expect(wantedIn(await readHead(world.source)).size).toBe(1);
    await appendFile(join(world.stateDir, 'source.git', 'config'), '[fetch]\n\tprune = true\n');
    await world.move(null);
    expect(await world.source.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3005' } });
    expect(await world.source.read(head)).toMatchObject({ ok: true });
    await world.move(head);
    expect(wantedIn(await readHead(world.source)).size).toBe(1);
  });
});
