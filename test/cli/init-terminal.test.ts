/** The built program on a real terminal: the dialogues as a person has them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders, taskText } from './folder.ts';
import { treeOf } from './init-world.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
// util-linux has it; without it there is no terminal to be had from Node.
const hasScript = spawnSync('script', ['--version']).status === 0;

let folder: Folder = makeFolder();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  removeFolders();
});

/** Types each answer when its question is on the screen, and waits for the end. */
async function talk(argv: string, dialogue: readonly (readonly [question: string, keys: string])[]) {
  const command = `stty rows 40 columns 90; exec '${process.execPath}' '${main}' ${argv}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder.dir,
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', SHELL: '/bin/sh' },
  });
  children.push(child);
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    screen += stripVTControlCharacters(chunk.toString('utf8'));
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  let seen = 0;
  for (const [question, keys] of dialogue) {
    await expect.poll(() => screen.slice(seen), { timeout: 30_000, interval: 20 }).toContain(question);
    seen = screen.length;
    child.stdin.write(keys);
  }
  return { exit: await ended, screen };
}

const enter = '\r';
const ctrlC = '\u0003';

describe.skipIf(!hasScript)('on a terminal (skipped where util-linux has no script)', () => {
  it('init asks and writes, and new task asks in what it wrote', async () => {
    folder = makeFolder();
    const { exit, screen } = await talk('init', [
      ['Folder of the repository', `repo${enter}`],
      ['Name of the fleet', `north-sea${enter}`],
      ['AWS region', `eu-west-1${enter}`],
      ['AWS account', `12${enter}`],
      ['write twelve digits', `\u007f\u007f111122223333${enter}`],
      ['Labels', enter],
      ['Another fleet?', enter],
      ['Time zone', `Asia/Tokyo${enter}`],
      ['Maintenance window', enter],
      ['Policies', enter],
      ['URL of the tasks', `https://git.example.com/acme/tasks${enter}`],
      ['URL of the ledger', enter],
      ['Where pull requests', enter],
      ['Who reviews tasks', `@acme/marine${enter}`],
      ['Who reviews policies', enter],
      ['files below repo?', enter],
    ]);
    expect(exit).toBe(0);
    expect(screen).not.toContain('Warning');
    expect(readFileSync(join(folder.dir, 'repo/snowgate.yaml'), 'utf8')).toContain(
      'labels: {env: production}',
    );
    const config = readFileSync(join(folder.dir, 'repo/snowgate.yaml'), 'utf8');
    expect(config).toContain('  url: https://git.example.com/acme/tasks\n');
    expect(config).toContain('  url: https://git.example.com/acme/tasks-ledger.git\n');
    const windows = readFileSync(join(folder.dir, 'repo/policies/windows.yaml'), 'utf8');
    expect(windows).toContain('timeZone: Asia/Tokyo\n');
    folder.write(
      'repo/tasks/taken.yaml',
      taskText('reboot-taken', { fleet: 'north-sea', command: 'reboot' }),
    );
    folder = { ...folder, dir: join(folder.dir, 'repo') };
    const task = await talk('new task', [
      ['What the devices', `\u001b[B${enter}`],
      ['Device ids', `smd_x${enter}`],
      ['smd_x', `\u007f\u007fx${enter}`],
      ['Name of the task', `taken${enter}`],
      ['reboot-taken is in tasks/taken.yaml:1 already', `${'\u007f'.repeat(5)}north${enter}`],
      ['Reason', enter],
    ]);
    expect([task.exit, existsSync(join(folder.dir, 'tasks/reboot-north.yaml'))]).toEqual([0, true]);
  });

  it.each([
    ['Ctrl-C', ctrlC],
    ['no', `n`],
  ])('nothing is written after %s', async (_what, keys) => {
    folder = makeFolder();
    mkdirSync(join(folder.dir, 'repo'));
    const flags =
      '--fleet a:eu-west-1:111122223333 --time-zone UTC --forge none --source file:///a --ledger file:///b';
    const { exit, screen } = await talk(`init repo ${flags} --window nights --policies none`, [
      ['files below repo?', keys],
    ]);
    expect(screen).toContain('nothing was written');
    expect([exit, treeOf(folder.dir)]).toEqual([1, []]);
  });
});
