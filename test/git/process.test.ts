import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GitOptions } from '../../src/git/process.ts';
import { runGit, succeeded } from '../../src/git/process.ts';

// What git starts is played by a shell alias of git: the only way to have a child of git do as it pleases.
let dir = '';
let options: GitOptions;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'snowgate-test-process-'));
  const env = { PATH: process.env.PATH ?? '', HOME: dir, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' };
  options = { cwd: dir, env, stdoutLimitBytes: 1_000_000, timeoutMs: 30_000 };
});

afterAll(() => rm(dir, { recursive: true, force: true }));

function runScript(script: string, change: Partial<GitOptions> = {}) {
  return runGit(['-c', `alias.act=!${script}`, 'act'], { ...options, ...change });
}

/** Whether a process is there and not merely waiting to be collected. */
async function isRunning(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid.trim()}/stat`, 'utf8').catch(() => null);
  return status !== null && !/\) Z /.test(status);
}

async function waitUntilGone(pid: string): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (!(await isRunning(pid))) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`process ${pid} goes on`);
}

describe('runGit', () => {
  it('answers with the output and the exit code', async () => {
    const good = await runGit(['version'], options);
    expect(succeeded(good)).toBe(true);
    expect(good.stdout.toString('utf8')).toMatch(/^git version /);
    const bad = await runScript('echo said >&2; exit 3');
    expect(bad).toMatchObject({ code: 3, signal: null, stopped: null });
    expect(bad.stderr).toContain('said');
    expect(succeeded(bad)).toBe(false);
  });

  it('hands on nothing of its own environment', async () => {
    process.env.SNOWGATE_TEST_CANARY = 'canary';
    const { stdout } = await runScript('env');
    delete process.env.SNOWGATE_TEST_CANARY;
    expect(stdout.toString('utf8')).not.toContain('canary');
  });

  it('interprets no argument', async () => {
    const argument = '$(touch pwned); `touch pwned` && touch pwned';
    const { stdout } = await runGit(['rev-parse', '--sq-quote', argument], options);
    expect(stdout.toString('utf8').trim()).toBe(`'${argument}'`);
    await expect(readFile(join(dir, 'pwned'))).rejects.toThrow();
  });

  it('gives its input, and survives a git that does not read it', async () => {
    const hashed = await runGit(['hash-object', '--stdin'], { ...options, input: 'hello\n' });
    expect(hashed.stdout.toString('utf8').trim()).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
    const unread = await runGit(['version'], { ...options, input: Buffer.alloc(5_000_000) });
    expect(succeeded(unread)).toBe(true);
  });

  it('kills the whole group at the time limit, a grandchild that ignores SIGTERM too', async () => {
    const script = `trap "" TERM; (trap "" TERM; echo $$ > leader; exec sh -c 'echo $$ > grandchild; sleep 300') & wait; sleep 300`;
    const result = await runScript(script, { timeoutMs: 400 });
    expect(result).toMatchObject({ timedOut: true, stopped: 'timeout' });
    await waitUntilGone(await readFile(join(dir, 'grandchild'), 'utf8'));
    await waitUntilGone(await readFile(join(dir, 'leader'), 'utf8'));
  });

  it('ends it when it is aborted, and starts nothing that is aborted already', async () => {
    const stop = new AbortController();
    const running = runScript('echo $$ > aborted; sleep 300', { signal: stop.signal });
    while ((await readFile(join(dir, 'aborted'), 'utf8').catch(() => '')) === '') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    stop.abort();
    expect(await running).toMatchObject({ stopped: 'aborted', timedOut: false });
    await waitUntilGone(await readFile(join(dir, 'aborted'), 'utf8'));
    expect(await runScript('touch started', { signal: stop.signal })).toMatchObject({ stopped: 'aborted' });
    await expect(readFile(join(dir, 'started'))).rejects.toThrow();
  });

  it('ends with git though a grandchild holds the pipes, with all that git wrote', async () => {
    const script = 'sleep 300 & echo $! > holder; head -c 300000 /dev/zero';
    const result = await runScript(script);
    expect(result).toMatchObject({ code: 0, stopped: null });
    expect(result.stdout).toHaveLength(300_000);
    await waitUntilGone(await readFile(join(dir, 'holder'), 'utf8'));
  });

  it('reads no more output than it may keep', async () => {
    const result = await runScript('cat /dev/zero', { stdoutLimitBytes: 100_000 });
    expect(result).toMatchObject({ stopped: 'outputLimit' });
    expect(result.stdout.length).toBeLessThanOrEqual(100_000);
  });

  it('keeps the end of what git complains', async () => {
    const result = await runScript('head -c 1000000 /dev/zero >&2; echo the end >&2; exit 1');
    expect(result.stderr.length).toBeLessThanOrEqual(16_384);
    expect(result.stderr).toContain('the end');
  });

  it('hands output on as it comes, and stops when its reader throws', async () => {
    let bytes = 0;
    const streamed = await runScript('head -c 700000 /dev/zero', {
      onStdout: (chunk) => {
        bytes += chunk.length;
      },
    });
    expect([succeeded(streamed), streamed.stdout.length, bytes]).toEqual([true, 0, 700_000]);
    const problem = new Error('no more');
    const stopped = await runScript('cat /dev/zero', {
      stdoutLimitBytes: 1e12,
      onStdout: () => {
        throw problem;
      },
    });
    expect(stopped).toMatchObject({ stopped: 'reader', readerError: problem });
  });

  it('says so where git cannot be started', async () => {
    const noGit = await runGit(['version'], { ...options, env: { PATH: dir } });
    expect(noGit).toMatchObject({ code: null, spawnError: 'ENOENT' });
    const noFolder = await runGit(['version'], { ...options, cwd: join(dir, 'nowhere') });
    expect(noFolder.spawnError).toBe('ENOENT');
    await writeFile(join(dir, 'x'), '');
    expect((await runGit(['a\0b'], options)).spawnError).not.toBeNull();
  });
});
