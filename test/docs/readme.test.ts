/** The README's commands, run as they stand there. Each block is run by a test, or says here why it is not. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders } from '../cli/folder.ts';
import { run } from '../cli/terminal.ts';
import { follow } from './follow.ts';
import { type Ground, openGround, readLedgerId } from './ground.ts';
import { blocksOf, readPage, sectionOf, wordsOf } from './page.ts';

const readme = readPage('README.md');
const execute = promisify(execFile);

/** By the first line of a block: who runs it, or why nobody does. */
const runs: Readonly<Record<string, string>> = {
  '$ npm ci && npm run demo -- --once': 'test/cli/binary.test.ts compares every line',
  'npm ci && npm run build && npm pack             # writes snowgate-0.1.0.tgz':
    'installs and builds this very repository',
  '$ snowgate demo': 'here',
  '$ cd DEMO': 'here',
  "$ sed -i.bak 's/{reason/{change: CHG10450, reason/' source/tasks/north-sea/reboot-cygnus.yaml && rm source/tasks/north-sea/*.bak":
    'here',
  '$ git -C ledger.git log --format=%B -1 --grep "issued north-sea/reboot-cygnus-2026-11" snowgate-ledger':
    'here',
  '$ git -C source revert --no-edit HEAD': 'here',
  '$ snowgate validate tasks': 'test/readme.test.ts',
  '$ snowgate validate snowgate.yaml': 'here',
  '$ snowgate doctor': 'here',
};

describe('the README', () => {
  it('has no block of commands that nobody has thought of', () => {
    const first = blocksOf(readme)
      .filter(({ language }) => language === 'console' || language === 'sh')
      .map(({ text }) => text.split('\n')[0]);
    expect(first).toEqual(Object.keys(runs));
  });

  it('names the package that is made', () => {
    const { version } = JSON.parse(readPage('package.json'));
    const named = [...readme.matchAll(/snowgate-(\d+\.\d+\.\d+)\.tgz/g)].map(([, text]) => text);
    expect(named).toEqual([version, version]);
  });

  it('shows how it is run', async (test) => {
    const ground = await openGround();
    test.onTestFinished(ground.end);
    writeFileSync(
      join(ground.dir, 'snowgate.yaml'),
      withOwnPlaces(readPage('examples/snowgate.yaml'), ground),
    );
    // The folders are there before their first task and policy, as init makes them.
    await ground.commit({ 'tasks/README.md': 'none yet\n', 'policies/README.md': 'none yet\n' });
    const words = { LEDGER: () => readLedgerId(ground) };
    expect(await ground.follow(sectionOf(readme, 'Run it'), { words })).toEqual([]);
  });
});

/** The example as the page has it filled in: one's own repositories and fleets, and not a line more or less above them. */
function withOwnPlaces(example: string, { serverDir, stateDir, simulator }: Ground): string {
  const fleet = `  north-sea: {region: eu-west-1, endpoint: "${simulator.endpoint}", labels: {env: production}}`;
  const filled = example
    .replaceAll('https://git.example.com/marine/', `file://${serverDir}/`)
    .replaceAll(/^ {2}auth: /gm, '  # auth: ')
    .replace('/var/lib/snowgate', stateDir)
    .replace(/^fleets:\n(?: .*\n)+/m, `fleets:\n${fleet}\n`);
  expect(filled).not.toMatch(/git\.example\.com|111122223333|\/var\/lib/);
  return filled;
}

describe('the five minutes', () => {
  let demo: ChildProcess | undefined;
  afterEach(async () => {
    if (demo?.exitCode === null) {
      const ended = new Promise((resolve) => demo?.once('close', resolve));
      demo.kill('SIGINT');
      await ended;
    }
    removeFolders();
  });

  it('go as they are shown', { timeout: 120_000 }, async () => {
    const { dir } = makeFolder();
    const temporary = join(dir, 'tmp');
    mkdirSync(temporary);
    const written = { stdout: '' };
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
    demo = spawn(process.execPath, [main, 'demo'], {
      env: { PATH: process.env.PATH ?? '', TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    demo.stdout?.on('data', (chunk: Buffer) => {
      written.stdout += chunk.toString('utf8');
    });
    await expect
      .poll(() => written.stdout, { timeout: 40_000, interval: 100 })
      .toContain('Ctrl-C ends the demo');
    const [, place = ''] = /^ {2}config {2}(.*)\/snowgate\.yaml$/m.exec(written.stdout) ?? [];
    const type = async (line: string): Promise<string> => {
      const [program = '', ...argv] = wordsOf(line);
      // Where we stand already.
      if (line === 'cd DEMO') return '';
      if (line === 'snowgate demo') return written.stdout.replaceAll(place, 'DEMO');
      if (program === 'snowgate') return (await run(argv, { cwd: place })).stdout;
      return (await execute('sh', ['-c', line], { cwd: place })).stdout;
    };
    const section = sectionOf(readme, 'Five minutes');
    expect(await follow(section, { type, write: () => undefined, patienceMs: 30_000 })).toEqual([]);
  });
});
