/** The built program as its users run it: processes, pipes and signals. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders, taskText } from './folder.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

beforeAll(() => {
  if (!existsSync(main)) throw new Error('dist/main.js is not there: npm run build makes it');
});

let folder: Folder = makeFolder();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  removeFolders();
});

interface Started {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: folder.dir,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    text.stdout += chunk.toString('utf8');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString('utf8');
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, text, ended };
}

async function finish(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { text, ended } = start(argv, env);
  const { code } = await ended;
  return { code, ...text };
}

describe('the program', () => {
  it('tells the version of its package', async () => {
    expect(await finish(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^snowgate \d+\.\d+\.\d+\n$/),
    });
  });

  it('ends with the code of its command', async () => {
    folder = makeFolder({ 'tasks/a.yaml': taskText('a', { run: 0 }) });
    expect((await finish(['validate'])).code).toBe(1);
    expect((await finish(['nonsense'])).code).toBe(2);
  });

  it('survives a reader that goes away', async () => {
    const documents = Array.from({ length: 90 }, (_, index) =>
      taskText(`t-${index}`, { command: `x${index}` }),
    );
    const files = Array.from({ length: 30 }, (_, index) => [`tasks/${index}.yaml`, documents.join('---\n')]);
    folder = makeFolder(Object.fromEntries(files));
    const { child, text, ended } = start(['validate']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(text.stderr).toBe('');
  });
});

describe.runIf(process.platform === 'linux')('a disk that is full', () => {
  /** What the command says on a disk that is full, and how it ends. */
  function runOnFull(argv: readonly string[]) {
    const full = openSync('/dev/full', 'w');
    const ran = spawnSync(process.execPath, [main, ...argv], {
      cwd: folder.dir,
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    return { code: ran.status, stderr: ran.stderr };
  }
  const told = /^error SG7024: the output could not be written whole \(ENOSPC\)\n {2}hint: /;

  it.each([[['--help']], [['token', 'tasks/a.yaml']], [['validate', '--format', 'json']]])(
    'is told, and not taken for success: %j',
    (argv) => {
      folder = makeFolder({ 'tasks/a.yaml': taskText('a', {}) });
      expect(runOnFull(argv)).toEqual({ code: 3, stderr: expect.stringMatching(told) });
    },
  );

  it.each([[['validate', 'tasks']], [['policy', 'test', 'none']]])(
    'is told, and does not hide that there are findings: %j',
    (argv) => {
      folder = makeFolder({ 'tasks/a.yaml': taskText('a', { run: 0 }), 'none/README.md': 'nothing' });
      expect(runOnFull(argv)).toEqual({ code: 1, stderr: expect.stringMatching(told) });
    },
  );
});

describe('simulate', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says in one line where it listens, and ends with 0 at %s',
    async (signal) => {
      folder = makeFolder();
      const { child, text, ended } = start(['simulate', '--listen', '127.0.0.1:0', '--devices', '2']);
      await expect.poll(() => text.stdout, { timeout: 20_000 }).toMatch(/\n$/);
      const ready = JSON.parse(text.stdout);
      expect(ready).toMatchObject({
        endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        fleets: [{ devices: { length: 2 } }],
      });
      const answer = await fetch(`${ready.endpoint}/_simulator`);
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
      child.kill(signal);
      expect(await ended).toEqual({ code: 0, signal: null });
      expect(text.stderr).toBe('');
    },
  );

  it.each([
    [['--listen', '0.0.0.0:0'], 'error SG6002: '],
    [['--devices', 'many'], 'error SG6001: '],
    [['--rule', '{'], 'error SG6001: '],
  ])('refuses %j', async (flags, message) => {
    folder = makeFolder();
    const { code, stdout, stderr } = await finish(['simulate', ...flags]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.startsWith(message)).toBe(true);
  });
});

describe('demo', () => {
  /** Its own folder for temporary files, so that whatever is left behind is seen. */
  function temporary(): Record<string, string> {
    const dir = join(folder.dir, 'tmp');
    mkdirSync(dir, { recursive: true });
    return { TMPDIR: dir };
  }

  it('--once shows what is issued, held and denied, sums it up, and leaves nothing behind', {
    timeout: 120_000,
  }, async () => {
    folder = makeFolder();
    const env = temporary();
    const { code, stdout, stderr } = await finish(['demo', '--once'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n').slice(-2)).toEqual([
      'demo: of 6 tasks 3 issued at once, 2 when the window opened, 1 denied',
      'demo: AWS holds 5 tasks, 0 asked for twice',
    ]);
    expect(readdirSync(env.TMPDIR ?? '')).toEqual([]);
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, shown = ''] = /^\$ npm ci && npm run demo -- --once\n\n([\s\S]*?)^```$/m.exec(readme) ?? [];
    const timeless = (line: string): string => line.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME');
    const written = stdout.split('\n').map(timeless);
    // Three dots stand for what is left out: the end of a line, or lines.
    const isWritten = (line: string): boolean =>
      written.some((one) => (line.endsWith('...') ? one.startsWith(line.slice(0, -3)) : one === line));
    expect(
      shown
        .split('\n')
        .map(timeless)
        .filter((line) => !isWritten(line)),
    ).toEqual([]);
  });

  it('issues what a commit mends as it says, and removes everything when it is asked to end', async () => {
    folder = makeFolder();
    const env = temporary();
    const { child, text, ended } = start(['demo'], env);
    const told = { timeout: 40_000, interval: 100 };
    await expect.poll(() => text.stdout, told).toContain('Ctrl-C ends the demo');
    expect(text.stderr).toMatch(/"reboot-cygnus.*"task deny"/);
    const [, change = ''] = /^Try a change.*\n((?: {2}.*\n)+)/m.exec(text.stdout) ?? [];
    execFileSync('sh', ['-c', change], { stdio: 'ignore' });
    const clone = /^ {2}cd (.+)$/m.exec(text.stdout)?.[1] ?? '';
    expect(execFileSync('git', ['-C', clone, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('');
    await expect.poll(() => text.stderr, told).toMatch(/"reboot-cygnus.*"task issued"/);
    const [, look = ''] = /^Look at AWS.*\n((?: {2}.*\n)+)/m.exec(text.stdout) ?? [];
    const path = { PATH: process.env.PATH ?? '', ...env };
    const seen = execFileSync('sh', ['-e', '-c', look], { encoding: 'utf8', env: path });
    expect(seen).toMatch(/^3 of 3 fleets asked: 0 tasks made around Git/m);
    expect(seen).toMatch(/^\d+ checks: \d+ ok$/m);
    const [, pages = ''] = /^ {2}(http:\S+) in a browser$/m.exec(text.stdout) ?? [];
    expect(await (await fetch(new URL('tasks', pages))).text()).toContain('reboot-cygnus-2026-11');
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(readdirSync(env.TMPDIR ?? '')).toEqual([]);
  });
});
