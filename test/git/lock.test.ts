import { fork, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeMark } from '../../src/git/home.ts';
import { lockStateDir } from '../../src/git/lock.ts';

let dir = '';

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'snowgate-test-lock-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** Another process that listens where the lock is, and is then killed without a chance to clean up. */
async function leaveStaleLock(): Promise<void> {
  const script = join(dir, 'holder.mjs');
  const socket = join(dir, 'lock.sock');
  await writeFile(
    script,
    `import { createServer } from 'node:net';
createServer().listen(${JSON.stringify(socket)}, () => process.send('ready'));`,
  );
  const holder = fork(script);
  await new Promise((resolve) => holder.once('message', resolve));
  holder.kill('SIGKILL');
  await new Promise((resolve) => holder.once('exit', resolve));
}

async function take() {
  const lock = await lockStateDir(dir);
  if (!lock.ok) throw new Error(lock.fault.message);
  return lock.value;
}

describe('lockStateDir', () => {
  it('is had by one at a time, and again after it was given back', async () => {
    const first = await take();
    expect(await lockStateDir(dir)).toMatchObject({ ok: false, fault: { code: 'SG3020', class: 'human' } });
    await first.close();
    await (await take()).close();
    expect(await readdir(dir)).toEqual([]);
  });

  it('outlives no process: a killed holder leaves nothing that holds', async () => {
    await leaveStaleLock();
    expect(await readdir(dir)).toContain('lock.sock');
    await (await take()).close();
  });

  it('has exactly one winner where many take over from the dead, again and again', async () => {
    for (let round = 0; round < 20; round += 1) {
      if (round % 5 === 0) await leaveStaleLock();
      const locks = await Promise.all(Array.from({ length: 8 }, () => lockStateDir(dir)));
      const won = locks.flatMap((lock) => (lock.ok ? [lock.value] : []));
      expect(won).toHaveLength(1);
      expect(await lockStateDir(dir)).toMatchObject({ ok: false });
      await won[0]?.close();
      expect((await readdir(dir)).filter((name) => name.startsWith('lock'))).toEqual([]);
    }
  });

  it('is not had while another that holds it is too busy to answer', async () => {
    const holder = createServer(() => undefined).listen(join(dir, 'lock.000000'));
    await new Promise((resolve) => holder.once('listening', resolve));
    expect(await lockStateDir(dir)).toMatchObject({ ok: false, fault: { code: 'SG3020' } });
    await new Promise((resolve) => holder.close(resolve));
    await (await take()).close();
  });

  it('makes the directory where there is none', async () => {
    const lock = await lockStateDir(join(dir, 'new', 'state'));
    expect(lock.ok).toBe(true);
    if (lock.ok) await lock.value.close();
  });

  it.each([
    ['a path that is too long for a socket', () => join(dir, 'x'.repeat(120)), /too long/],
    ['a file in its place', () => join(dir, 'file'), /cannot be used/],
  ])('says so: %s', async (_name, path, message) => {
    await writeFile(join(dir, 'file'), '');
    const lock = await lockStateDir(path());
    expect(lock).toMatchObject({
      ok: false,
      fault: { code: 'SG3021', message: expect.stringMatching(message) },
    });
  });

  it.runIf(process.platform === 'linux')(
    'ends what git an earlier life left running, and nobody else',
    async () => {
      const start = (home: string) =>
        spawn('sleep', ['300'], { env: { PATH: process.env.PATH, [homeMark]: home }, stdio: 'ignore' });
      const ours = start(join(dir, 'git', 'home'));
      const other = start(join(dir, 'git', 'home-of-another'));
      const ended = new Promise((resolve) => ours.once('exit', (_code, signal) => resolve(signal)));
      await new Promise((resolve) => ours.once('spawn', resolve));
      const lock = await take();
      expect(await ended).toBe('SIGTERM');
      expect(other.exitCode).toBeNull();
      expect(other.signalCode).toBeNull();
      other.kill('SIGKILL');
      await lock.close();
    },
  );

  it.runIf(process.platform === 'linux')(
    'lets what an earlier life left running remove its lock files, and kills what will not end',
    async () => {
      const start = (script: string) => {
        const env = { PATH: process.env.PATH, [homeMark]: join(dir, 'git', 'home') };
        return spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'ignore'] });
      };
      const ready = 'setInterval(() => {}, 1000); process.stdout.write("ready");';
      const lockFile = JSON.stringify(join(dir, 'branch.lock'));
      const tidy = start(
        `const fs = require('node:fs'); fs.writeFileSync(${lockFile}, '');
process.on('SIGTERM', () => { fs.rmSync(${lockFile}); process.exit(3); }); ${ready}`,
      );
      const deaf = start(`process.on('SIGTERM', () => {}); ${ready}`);
      const ends = [tidy, deaf].map(
        (child) => new Promise((resolve) => child.once('exit', (...end) => resolve(end))),
      );
      await Promise.all(
        [tidy, deaf].map((child) => new Promise((resolve) => child.stdout.once('data', resolve))),
      );
      await (await take()).close();
      expect(await Promise.all(ends)).toEqual([
        [3, null],
        [null, 'SIGKILL'],
      ]);
      expect(await readdir(dir)).not.toContain('branch.lock');
    },
  );
});
