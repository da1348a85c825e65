import { mkdir, mkdtemp, open, readdir, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/git/folder.ts';
import { claimDir } from '../../src/git/home.ts';
import { lockStateDir } from '../../src/git/lock.ts';

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'snowgate-test-folder-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('makeFolder', () => {
  it('makes what is missing, for this user alone, and takes what is there as it is', async () => {
    await makeFolder(join(dir, 'a/b/c'));
    for (const made of ['a', 'a/b', 'a/b/c']) expect((await stat(join(dir, made))).mode & 0o777).toBe(0o700);
    await mkdir(join(dir, 'open'), { mode: 0o755 });
    await makeFolder(join(dir, 'open'));
    await symlink('open', join(dir, 'link'));
    await makeFolder(join(dir, 'link/below'));
    await makeFolder('/');
    expect((await readdir(dir)).sort()).toEqual(['a', 'link', 'open']);
    expect(await readdir(join(dir, 'open'))).toEqual(['below']);
  });

  it('is not in the way of another who makes the same', async () => {
    const path = join(dir, 'a/b/c/d');
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(path)));
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('says so where a file stands in the way', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(makeFolder(join(dir, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(dir, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe.runIf(process.platform === 'linux')(
  'a state directory that was deleted where it is mounted from',
  () => {
    it('is told, and not tried for ever', async () => {
      const state = join(dir, 'state');
      await mkdir(state);
      const file = await open(state);
      await rmdir(state);
      // It is still there by this path, as it is by a mount, and can hold nothing.
      const path = `/proc/self/fd/${file.fd}`;
      const gone = { ok: false, fault: { code: 'SG3021', message: expect.stringMatching(/ENOENT|EACCES/) } };
      expect(await claimDir(join(path, 'git/home'))).toMatchObject(gone);
      expect(await lockStateDir(path)).toMatchObject(gone);
      await file.close();
    });
  },
);
