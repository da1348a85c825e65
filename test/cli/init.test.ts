/** `snowgate init`: what it writes is right, and it never writes over anything. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { forges, offeredPolicies, windowNames } from '../../src/cli/init-answers.ts';
import { workflows } from '../../src/cli/init-files.ts';
import { writeNewFiles } from '../../src/cli/new-files.ts';
import { type Folder, makeFolder, removeFolders, taskText } from './folder.ts';
import { leastFlags, packageText, treeOf } from './init-world.ts';
import { run } from './terminal.ts';

let folder: Folder = makeFolder();
afterEach(removeFolders);

const at = (...path: string[]): string => join(folder.dir, ...path);
const textOf = (...path: string[]): string => readFileSync(at(...path), 'utf8');

describe('what it writes', () => {
  const label = fc.constantFrom('', ':env=production', ':env=test,site=aurora');
  const flags = fc
    .record({
      fleets: fc.array(label, { minLength: 1, maxLength: 3 }),
      zone: fc.constantFrom('Europe/Oslo', 'America/St_Johns', 'Pacific/Chatham', 'UTC'),
      window: fc.constantFrom(...windowNames),
      forge: fc.constantFrom(...forges),
      policies: fc.option(
        fc.subarray(
          offeredPolicies.map(({ name }) => name),
          { minLength: 1 },
        ),
      ),
      source: fc.option(
        fc.constantFrom(
          'https://github.com/acme/tasks.git',
          'git@gitlab.com:acme/tasks',
          'file:///srv/tasks',
        ),
      ),
      owners: fc.option(fc.constantFrom('@acme/marine', 'ann@example.com,@ben')),
    })
    .map(({ fleets, zone, window, forge, policies, source, owners }) => [
      ...fleets.flatMap((labels, index) => [
        '--fleet',
        `fleet-${index}:eu-west-${index + 1}:111122223333${labels}`,
      ]),
      ...['--time-zone', zone, '--window', window, '--forge', forge],
      ...(policies === null ? [] : ['--policies', policies.join()]),
      ...(source === null ? [] : ['--source', source]),
      ...(owners === null ? [] : ['--task-owners', owners]),
    ]);

  it('is valid and proved, whatever is answered, and so is the example once it is a task', async () => {
    await fc.assert(
      fc.asyncProperty(flags, async (argv) => {
        const { dir, remove } = makeFolder();
        expect(await run(['init', ...argv], { cwd: dir })).toMatchObject({ exit: 0, stderr: '' });
        renameSync(join(dir, 'tasks/first-task.yaml.example'), join(dir, 'tasks/first-task.yaml'));
        const checked = await run(['validate', '--format', 'json'], { cwd: dir });
        const { tasks, problems } = JSON.parse(checked.stdout);
        expect({ tasks, codes: problems.map(({ code }: { code: string }) => code).sort() }).toEqual({
          tasks: 1,
          codes: [...(argv.includes('--source') ? [] : ['SG2033', 'SG2033']), 'SG2017', 'SG1415'].sort(),
        });
        const tested = await run(['policy', 'test', '--require-proof'], { cwd: dir });
        expect([tested.exit, tested.stdout]).toEqual([0, expect.stringContaining('0 unproved')]);
        remove();
      }),
      { numRuns: 6 },
    );
  });

  it('says in the guide what holds: its manifests and policies are valid, its links lead somewhere', async () => {
    folder = makeFolder();
    await run(['init', ...leastFlags, '--policies', 'unlock-inside-window,change-ticket'], {
      cwd: folder.dir,
    });
    const guide = textOf('README.md');
    const [task, ...policies] = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
      ([, text = '']) => text,
    );
    folder.write('tasks/unlock-aurora.yaml', task ?? '');
    for (const [index, text] of policies.entries()) folder.write(`policies/guide-${index}.yaml`, text);
    const { stdout } = await run(['validate'], { cwd: folder.dir });
    expect(stdout).toContain(
      '1 valid task, 1 window, 2 policies, 1 waiver, 1 suspension: 0 errors, 4 warnings\n',
    );
    const links = [...guide.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    expect(links.length).toBeGreaterThan(2);
    for (const target of links) expect([target, existsSync(at(target))]).toEqual([target, true]);
    const shown = await run(['window', 'explain', 'nights'], { cwd: folder.dir });
    expect(shown.exit).toBe(0);
  });

  it('leaves a README alone, and puts the guide beside the tasks', async () => {
    folder = makeFolder({ 'README.md': 'ours\n' });
    expect((await run(['init', ...leastFlags], { cwd: folder.dir })).exit).toBe(0);
    expect(textOf('README.md')).toBe('ours\n');
    const links = [...textOf('tasks/README.md').matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    for (const target of links) expect([target, existsSync(at('tasks', target))]).toEqual([target, true]);
    expect((await run(['validate'], { cwd: folder.dir })).exit).toBe(0);
  });

  it('tells editors of schemas that are there, word for word those of the package', async () => {
    folder = makeFolder();
    await run(['init', ...leastFlags], { cwd: folder.dir });
    const settings = JSON.parse(textOf('.vscode/settings.json'));
    const named = Object.keys(settings['yaml.schemas']);
    const copies = treeOf(at('.snowgate/schemas'));
    expect(copies.map((name) => `./.snowgate/schemas/${name}`)).toEqual(expect.arrayContaining(named));
    const page = packageText('docs/EDITORS.md').replace(/^\| scenarios and keys .*$/m, '');
    const told = [...page.matchAll(/schemas\/([a-z-]+\.schema\.json)/g)].map(([, name]) => name);
    expect([...new Set(told)].sort()).toEqual(copies);
    for (const name of copies) expect(textOf('.snowgate/schemas', name)).toBe(packageText(`schemas/${name}`));
  });

  it.each(['github', 'gitlab'] as const)('has the workflow of its forge: %s', async (forge) => {
    folder = makeFolder();
    await run(['init', ...leastFlags, '--forge', forge], { cwd: folder.dir });
    expect(textOf(workflows[forge].path)).toBe(packageText(workflows[forge].source));
  });

  it('names what is not covered, and what is still to be done', async () => {
    folder = makeFolder();
    const { stdout } = await run(['init', 'a b', ...leastFlags, '--policies', 'unlock-only-locked'], {
      cwd: folder.dir,
    });
    expect(stdout).toContain(
      'note: no policy is about every reboot task: such tasks are held until one is\n',
    );
    expect(stdout).toContain("cd 'a b'\n");
    const order = [
      'git init',
      'git remote add origin URL && git push',
      'ledger init',
      'doctor',
      'git mv tasks/first-task.yaml.example',
      'snowgate run',
    ];
    const places = order.map((step) => stdout.indexOf(step));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });

  it('is asked for by flags alone on a terminal, too, where --yes says so', async () => {
    folder = makeFolder();
    const stdin = {
      isTerminal: true,
      open: () => {
        throw new Error('nobody is to be asked');
      },
    };
    const settings = { cwd: folder.dir, columns: 80, stdin };
    expect((await run(['init', ...leastFlags, '--yes'], settings)).exit).toBe(0);
  });

  it('is told to machines, too', async () => {
    folder = makeFolder({ '.editorconfig': 'root = true\n' });
    const { stdout } = await run(['init', ...leastFlags, '--format', 'json'], { cwd: folder.dir });
    const { written, leftAlone } = JSON.parse(stdout);
    expect(leftAlone).toEqual(['.editorconfig']);
    expect([...written, '.editorconfig'].sort()).toEqual(treeOf(folder.dir));
  });
});

describe('docs/START.md', () => {
  /** Its commands that name everything, without a shell. */
  const commands = [...packageText('docs/START.md').matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .map(([, block = '']) => block.replaceAll('\\\n', ' '))
    .map((line) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? ''))
    .map((words) => words.slice(words.indexOf('snowgate') + 1));

  it('shows commands that work, in the repository that the first of them makes', async () => {
    folder = makeFolder();
    const [, init = [], , task = [], row = []] = commands;
    expect(await run(init, { cwd: folder.dir })).toMatchObject({ exit: 0, stderr: '' });
    const cwd = at('snow-tasks');
    expect(await run(task, { cwd })).toMatchObject({ exit: 0, stderr: '' });
    const stdin = Array.from({ length: 23 }, (_, index) => `smd-${index}`).join('\n');
    expect(await run(row, { cwd, stdin })).toMatchObject({ exit: 0, stderr: '' });
    expect((await run(['validate'], { cwd })).stdout).toContain('4 valid tasks');
  });

  it('tells every flag of init', async () => {
    const { stdout } = await run(['init', '--help']);
    const flags = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(8);
    for (const flag of flags.filter((one) => one !== '--format'))
      expect(packageText('docs/START.md')).toContain(`\`${flag}`);
  });
});

describe('the remote origin', () => {
  const git = (...args: string[]): void => {
    execFileSync('git', args, { cwd: folder.dir, stdio: 'ignore' });
  };
  const least = leastFlags.slice(0, 4);

  it('is the source, without what is secret in it, and tells the forge', async () => {
    folder = makeFolder();
    git('init');
    git('remote', 'add', 'origin', 'https://ann:canary@github.com/acme/snow-tasks.git');
    const { exit, stdout } = await run(['init', ...least], { cwd: folder.dir });
    expect(exit).toBe(0);
    expect(textOf('snowgate.yaml')).toContain('url: https://github.com/acme/snow-tasks.git\n');
    expect(textOf('snowgate.yaml')).toContain('url: https://github.com/acme/snow-tasks-ledger.git\n');
    for (const path of treeOf(folder.dir)) expect(textOf(path)).not.toContain('canary');
    expect(stdout).not.toMatch(/git init|git remote/);
    expect(stdout).toMatch(/forty zeros.*SNOWGATE_LEDGER_TOKEN/);
    expect(existsSync(at('.github/CODEOWNERS'))).toBe(true);
  });

  it('of a repository around the folder says nothing', async () => {
    folder = makeFolder();
    git('init');
    git('remote', 'add', 'origin', 'https://github.com/acme/other.git');
    await run(['init', 'inner', ...leastFlags], { cwd: folder.dir });
    expect(textOf('inner/snowgate.yaml')).toContain('https://git.example.com/change-me/snow-tasks.git');
  });
});

describe('nothing is written', () => {
  const wrong: [string[], string, string?][] = [
    [
      [],
      'SG7001: nobody can be asked here, and there is no --fleet NAME:REGION:ACCOUNT, no --time-zone ZONE, no --forge FORGE',
    ],
    [leastFlags.slice(0, 4), 'SG7001: nobody can be asked here, and there is no --forge FORGE'],
    [
      [...leastFlags, '--fleet', 'lab'],
      'SG7001: --fleet: lab does not name a fleet, its region and its account',
    ],
    [[...leastFlags, '--fleet', leastFlags[1] ?? ''], 'SG7001: --fleet: north-sea is named twice'],
    [[...leastFlags, '--fleet', 'b:eu-west-1:111122223333'], 'SG2007: fleets north-sea and b are the same'],
    [[...leastFlags, '--fleet', 'b:nowhere:111122223333'], '--fleet b:nowhere:111122223333: fleets.b.region'],
    [[...leastFlags, '--fleet', 'b:eu-west-2:12'], 'fleets.b.account'],
    [[...leastFlags, '--fleet', 'B_1:eu-west-2:111122223333'], 'the key "B_1" of fleets'],
    [
      [...leastFlags, '--time-zone', 'Europe/Olso'],
      'SG7001: --time-zone: Europe/Olso is no time zone',
      'did you mean Europe/Oslo?',
    ],
    [
      [...leastFlags, '--policies', 'frezze'],
      'SG7001: --policies: there is no policy frezze',
      'did you mean freeze?',
    ],
    [
      [...leastFlags, '--forge', 'githab'],
      "SG7001: option '--forge <forge>' argument 'githab' is invalid",
      'did you mean github?',
    ],
    [[...leastFlags, '--source', 'http://git.example.com/a'], 'SG2008: source.url is http beyond loopback'],
    [
      [...leastFlags, '--ledger', 'https://a:canary@git.example.com/a'],
      'SG2009: ledger.url holds a password',
    ],
    [[...leastFlags, '--task-owners', 'acme'], 'SG7001: --task-owners: acme is no account of a forge'],
  ];
  it.each(wrong)('where the flags are wrong: %j', async (argv, message, hint = '') => {
    folder = makeFolder();
    const { exit, stdout, stderr } = await run(['init', ...argv], { cwd: folder.dir });
    expect(stderr).toMatch(/^error SG\d{4}: /);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('canary');
    expect({ exit, stdout, tree: treeOf(folder.dir) }).toEqual({ exit: 2, stdout: '', tree: [] });
  });

  it('where several flags are wrong: all of them are told', async () => {
    folder = makeFolder();
    const flags = [
      '--fleet',
      'lab',
      '--time-zone',
      'Oslo',
      '--policies',
      'x',
      '--source',
      'http://a.example/b',
    ];
    const { exit, stderr } = await run(['init', ...flags, '--task-owners', 'acme'], { cwd: folder.dir });
    expect(exit).toBe(2);
    const told = [...stderr.matchAll(/^error (SG\d+: \S+)/gm)].map(([, what]) => what);
    expect(told).toEqual([
      'SG7001: --fleet:',
      'SG7001: --policies:',
      'SG7001: --time-zone:',
      'SG7001: --task-owners:',
      'SG2008: source.url',
    ]);
  });

  it('where a path is taken: each is named, and stays as it is', async () => {
    folder = makeFolder({
      'snowgate.yaml': 'ours\n',
      'policies/windows.yaml': 'ours\n',
      'tasks/a.yaml': taskText(),
    });
    const { exit, stdout, stderr } = await run(['init', ...leastFlags], { cwd: folder.dir });
    expect(stderr).toContain(`there are already snowgate.yaml, policies/windows.yaml\n`);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
    expect(treeOf(folder.dir)).toEqual(['policies/windows.yaml', 'snowgate.yaml', 'tasks/a.yaml']);
    expect(textOf('snowgate.yaml')).toBe('ours\n');
  });

  const links: [string, string, string][] = [
    ['a folder', 'policies', 'policies (a symbolic link, not a folder)'],
    ['a folder of what may be left out', '.vscode', '.vscode (a symbolic link, not a folder)'],
    ['a file', 'snowgate.yaml', 'snowgate.yaml (a symbolic link)'],
    ['a file that may be left out', '.editorconfig', '.editorconfig (a symbolic link)'],
  ];
  it.each(links)('through a link in place of %s', async (_what, path, told) => {
    const outside = makeFolder();
    folder = makeFolder();
    symlinkSync(path.includes('.yaml') ? join(outside.dir, 'none') : outside.dir, at(path));
    const { exit, stderr } = await run(['init', ...leastFlags], { cwd: folder.dir });
    expect(stderr).toContain(`there is already ${told}\n`);
    expect([exit, treeOf(folder.dir), treeOf(outside.dir)]).toEqual([1, [`${path} (no file)`], []]);
  });

  it('where a file stands in the way of a folder', async () => {
    folder = makeFolder({ tasks: 'no folder\n' });
    const { exit, stderr } = await run(['init', ...leastFlags], { cwd: folder.dir });
    expect([exit, stderr]).toEqual([
      1,
      expect.stringContaining('there is already tasks (a file, not a folder)\n'),
    ]);
    expect(treeOf(folder.dir)).toEqual(['tasks']);
  });

  it('a second time', async () => {
    folder = makeFolder();
    await run(['init', ...leastFlags], { cwd: folder.dir });
    const before = treeOf(folder.dir).map((path) => [path, statSync(at(path)).mtimeMs]);
    expect((await run(['init', ...leastFlags], { cwd: folder.dir })).exit).toBe(1);
    expect(treeOf(folder.dir).map((path) => [path, statSync(at(path)).mtimeMs])).toEqual(before);
  });
});

describe('writing that fails half way', () => {
  it('says what was written, and leaves no half a file', async () => {
    folder = makeFolder();
    const tooLong = `b/${'x'.repeat(300)}`;
    const files = ['a/one', tooLong, 'c/three'].map((path) => ({ path, text: `${path}\n` }));
    const done = await writeNewFiles(folder.dir, files);
    expect(done).toMatchObject({
      written: ['a/one'],
      fault: {
        code: 'SG7081',
        message: `${at(tooLong)} could not be written (ENAMETOOLONG); written before it: a/one`,
        hint: 'mend the cause, remove what was written, and run the command again',
      },
    });
    expect(treeOf(folder.dir)).toEqual(['a/one']);
  });

  it('names the folder where nothing could be written, and asks for nothing to be removed', async () => {
    folder = makeFolder({ file: '' });
    const done = await writeNewFiles(at('file'), [{ path: 'one', text: '' }]);
    expect(done).toMatchObject({
      written: [],
      fault: {
        message: `${at('file/one')} could not be written (EEXIST); nothing was written`,
        hint: 'mend the cause, and run the command again',
      },
    });
  });

  it('does not write through what was put there since it looked', async () => {
    const outside = makeFolder({ ours: 'ours\n' });
    folder = makeFolder();
    mkdirSync(at('b'));
    symlinkSync(join(outside.dir, 'ours'), at('b', 'link'));
    symlinkSync(outside.dir, at('c'));
    for (const path of ['b/link', 'c/new']) {
      const done = await writeNewFiles(folder.dir, [{ path, text: 'theirs\n' }]);
      expect(done).toMatchObject({ written: [], fault: { code: 'SG7081' } });
    }
    expect(readFileSync(join(outside.dir, 'ours'), 'utf8')).toBe('ours\n');
    expect(treeOf(outside.dir)).toEqual(['ours']);
  });
});

describe('the library that asks', () => {
  it('is loaded by nothing but a question', () => {
    const sources = dirname(fileURLToPath(new URL('../../src/main.ts', import.meta.url)));
    const found = execFileSync('grep', ['-rn', '@clack/prompts', sources], { encoding: 'utf8' });
    for (const line of found.trim().split('\n')) expect(line).toContain("await import('@clack/prompts')");
  });
});
