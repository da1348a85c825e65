import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders, taskText } from './folder.ts';
import { run } from './terminal.ts';

const examples = fileURLToPath(new URL('../../examples/demo', import.meta.url));

let folder: Folder = makeFolder();
afterEach(removeFolders);

async function validate(files: Readonly<Record<string, string>>, argv: readonly string[] = [], columns = 0) {
  folder = makeFolder(files);
  return run(['validate', ...argv], { cwd: folder.dir, columns });
}

/** Root, as tests in a container are, may read everything: it steps aside meanwhile. */
async function asNobody<T>(dir: string, act: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act();
  chmodSync(dir, 0o755);
  process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('validate', () => {
  it('finds nothing wrong with the examples', async () => {
    const ran = await run(['validate'], { cwd: examples });
    expect(ran).toEqual({
      exit: 0,
      stdout: '8 files, 6 valid tasks, 1 window, 3 policies: no problems\n',
      stderr: '',
    });
  });

  it('names place, code, reason and near miss of every problem, and counts them', async () => {
    const files = {
      'tasks/a.yaml': taskText('a', { command: 'unlok' }),
      'tasks/sub/b.yml': taskText('b', { targts: [] }),
    };
    const { exit, stdout, stderr } = await validate(files);
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: '' });
    expect(stdout).toMatch(/^tasks\/a\.yaml:7:\d+: error SG1\d{3}: .*\n {4}hint: did you mean .*unlock/m);
    expect(stdout).toMatch(/^tasks\/sub\/b\.yml:\d+:\d+: error SG1\d{3}: /m);
    expect(stdout).toMatch(/\n2 files, 0 valid tasks: \d errors, 0 warnings\n$/);
  });

  it('finds one name in two files, and blames both', async () => {
    const { exit, stdout } = await validate({
      'tasks/a.yaml': taskText('same'),
      'tasks/b.yaml': taskText('same'),
    });
    expect(exit).toBe(1);
    expect(stdout).toContain('tasks/a.yaml:1:1: error SG1301: lab/same is also named at tasks/b.yaml:1');
    expect(stdout).toContain('tasks/b.yaml:1:1: error SG1301: lab/same is also named at tasks/a.yaml:1');
  });

  it('reads a file that is named, whatever it is called, and only .yaml and .yml in folders', async () => {
    const files = {
      'tasks/a.yaml': taskText('a'),
      'tasks/notes.txt': 'not: [yaml',
      'odd.tmp': taskText('b'),
    };
    expect((await validate(files, ['tasks', 'odd.tmp'])).stdout).toBe(
      '2 files, 2 valid tasks: no problems\n',
    );
  });

  const workflow = 'name: check\non: [push]\njobs:\n  check:\n    steps: [{kind: x}]\n';

  it('leaves YAML of other programs alone that lies beside its folders, and says so', async () => {
    const files = { 'tasks/a.yaml': taskText('a'), '.github/workflows/ci.yml': workflow, 'b.yaml': '' };
    const { exit, stdout } = await validate(files, ['.']);
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: '1 file, 1 valid task, 2 files of other programs left alone: no problems\n',
    });
    expect((await validate({ 'ci.yaml': workflow }, ['.'])).stdout).toMatch(
      /SG7006: no manifest, policy or configuration here: nothing was checked/,
    );
  });

  it.each<[string, Readonly<Record<string, string>>, string[]]>([
    ['is named', { 'ci.yml': workflow }, ['.', 'ci.yml']],
    ['lies in the folder of the manifests', { 'tasks/ci.yml': workflow }, ['.']],
    ['has our apiVersion', { 'x/ci.yml': taskText('a').replace('kind:', 'knd:') }, ['.']],
    ['has our apiVersion in one line', { 'x/ci.yml': '{"apiVersion": "snowgate/v1", "name": "a"}' }, ['.']],
    ['has a kind', { 'x/ci.yml': '"kind" : Task\n' }, ['.']],
  ])('checks every YAML file that %s', async (_, files, argv) => {
    const { exit, stdout } = await validate(files, argv);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/ci\.yml:[12]:1: error SG1/);
  });

  it('reads a file once that is named twice', async () => {
    const { stdout } = await validate({ 'tasks/a.yaml': taskText('a') }, [
      'tasks',
      'tasks/a.yaml',
      './tasks',
    ]);
    expect(stdout).toBe('1 file, 1 valid task: no problems\n');
  });

  it('checks the configuration that lies beside the tasks', async () => {
    const { exit, stdout } = await validate({
      'tasks/a.yaml': taskText('a'),
      'snowgate.yaml': 'apiVersion: snowgate/v1\nkind: Controller\nsorce: {}\n',
    });
    expect(exit).toBe(1);
    expect(stdout).toMatch(/^snowgate\.yaml:3:1: error SG2?1?\d{3}: .*\n {4}hint: did you mean .*source/m);
  });

  it.each(['kind: Controller', "kind: 'Controller'", 'kind:   "Controller"  # ours', 'kind: Controller\r'])(
    'knows a configuration by %j',
    async (line) => {
      const { stdout } = await validate({ 'tasks/c.yaml': `# beside the tasks\n${line}\nfoo: 1\n` });
      expect(stdout).toContain('tasks/c.yaml:2:1: error SG1102: ledger is missing\n');
    },
  );

  it('tells all that is wrong with a configuration whose kind is misspelt', async () => {
    const { stdout } = await validate({ 'snowgate.yaml': 'kind: Controler\nsorce: {}\n' });
    expect(stdout).toContain('snowgate.yaml:1:7: error SG2002: kind must be Controller\n');
    expect(stdout).toMatch(/^snowgate\.yaml:2:1: error /m);
  });

  it('takes no time over what only looks like a configuration', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`tasks/${index}.yaml`, `kind:${' '.repeat(60_000)}x y\n`]),
    );
    const { exit, stdout } = await validate(files);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/\n10 files, 0 valid tasks: /);
  });

  it('finds a fleet that the configuration beside it does not have', async () => {
    const example = await readFile(join(examples, '..', 'snowgate.yaml'), 'utf8');
    const config = example.replace('# id: ', 'id: ');
    const files = { 'tasks/a.yaml': taskText('a', { fleet: 'norht-sea' }), 'snowgate.yaml': config };
    const { exit, stdout } = await validate(files);
    expect(exit).toBe(1);
    expect(stdout).toBe(
      'tasks/a.yaml:1:1: error SG7022: fleet norht-sea is not in snowgate.yaml\n    hint: did you mean north-sea?\n2 files, 1 valid task: 1 error, 0 warnings\n',
    );
  });

  it('warns of what was to be filled in, in tasks and in the URLs of the configuration', async () => {
    const example = await readFile(join(examples, '..', 'snowgate.yaml'), 'utf8');
    const { exit, stdout } = await validate({
      'tasks/a.yaml': taskText('a', {
        fleet: 'lab',
        targets: ['smd-change-me'],
        tags: { owner: 'Change-me' },
      }),
      'tasks/b.yaml': taskText('b', { fleet: 'lab', description: 'Nothing to change' }),
      'snowgate.yaml': example.replace('# id: ', 'id: ').replace('marine/snow-tasks', 'change-me/snow-tasks'),
    });
    expect(exit).toBe(0);
    expect(stdout.replaceAll(/\n {4}hint: .*/g, '')).toBe(
      `snowgate.yaml:8:3: warning SG2033: source.url still holds change-me
tasks/a.yaml:1:1: warning SG1415: change-me still stands in spec.targets, spec.tags
3 files, 2 valid tasks: 0 errors, 2 warnings
`,
    );
  });

  it('checks a configuration where there are no tasks', async () => {
    const { exit, stdout } = await validate({ 'snowgate.yaml': 'kind: Controller\n' });
    expect(exit).toBe(1);
    expect(stdout).toContain('snowgate.yaml:1:1: error');
  });

  it('follows no symbolic link, and says so (CVE-2022-24904, GHSA-6gcg-hp2x-q54h)', async () => {
    folder = makeFolder({ 'tasks/a.yaml': taskText('a'), 'elsewhere.yaml': taskText('b') });
    symlinkSync('../elsewhere.yaml', join(folder.dir, 'tasks/link.yaml'));
    const { exit, stdout } = await run(['validate'], { cwd: folder.dir });
    expect(exit).toBe(1);
    expect(stdout).toContain('tasks/link.yaml:1:1: error SG3041: this is a symbolic link');
    expect(stdout).toContain('2 files, 1 valid task: 1 error');
  });

  it.each(['tasks/link.yaml', 'tasks/words.md', 'link.yaml', 'odd', 'tasks'])(
    'has one thing to say of a link that is named: %s',
    async (path) => {
      folder = makeFolder({ 'x.yaml': taskText('a') });
      mkdirSync(dirname(join(folder.dir, path)), { recursive: true });
      symlinkSync(join(folder.dir, 'x.yaml'), join(folder.dir, path));
      const { exit, stdout } = await run(['validate', path, '--format', 'json'], { cwd: folder.dir });
      const { problems } = JSON.parse(stdout);
      expect(problems).toMatchObject([{ path, code: expect.stringMatching(/^SG(3041|7005|3031)$/) }]);
      expect(exit).toBe(path.endsWith('.md') ? 0 : 1);
    },
  );

  it('checks the rest beside names that are no text, and folders and files that may not be read', async () => {
    folder = makeFolder({
      'tasks/a.yaml': taskText('a', { command: 'unlok' }),
      'tasks/locked/b.yaml': taskText('b'),
      'tasks/shut.yaml': taskText('c'),
      'policies/locked/w.yaml': '',
      'policies/shut.yaml': '',
      'x/d.yaml': taskText('d'),
    });
    const { dir } = folder;
    for (const path of ['tasks/bad\xff.yaml', 'x/bad\xff.yaml'])
      writeFileSync(Buffer.from(`${dir}/${path}`, 'latin1'), taskText('e'));
    for (const path of ['tasks/d\xff', 'x/d\xff']) mkdirSync(Buffer.from(`${dir}/${path}`, 'latin1'));
    const locked = ['tasks/locked', 'tasks/shut.yaml', 'policies/locked', 'policies/shut.yaml'].map((path) =>
      join(dir, path),
    );
    for (const path of locked) chmodSync(path, 0);
    const { stdout, stderr } = await asNobody(dir, () =>
      run(['validate', '.', '--format', 'json'], { cwd: dir }),
    );
    for (const path of locked) chmodSync(path, 0o755);
    expect(stderr).toBe('');
    const found = JSON.parse(stdout).problems.map(
      ({ path, code, severity }: Record<string, string>) => `${path} ${code} ${severity}`,
    );
    expect(found).toEqual([
      'policies/locked SG7002 error',
      'policies/shut.yaml SG7002 error',
      'tasks/a.yaml SG1104 error',
      'tasks/bad\\xff.yaml SG3043 error',
      'tasks/locked SG7002 error',
      'tasks/shut.yaml SG7002 error',
      'x/bad\\xff.yaml SG7002 warning',
      'x/d\\xff SG7002 warning',
    ]);
  });

  it('says what a test of policies is that is named, and where it belongs', async () => {
    const text = 'apiVersion: snowgate/v1\nkind: PolicyTest\n';
    const { exit, stdout } = await validate({ 'pt.yaml': text }, ['pt.yaml']);
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: `pt.yaml:1:1: warning SG7006: this is a test of policies (kind: PolicyTest), which is not checked here
    hint: name it *.test.yaml among the policies; snowgate policy test runs it
0 files, 0 valid tasks: 0 errors, 1 warning
`,
    });
    expect((await validate({ 'x/pt.test.yaml': text }, ['x'])).stdout).toContain(
      'no manifest, policy or configuration here: nothing was checked',
    );
  });

  it('waits for no pipe', async () => {
    folder = makeFolder({ 'tasks/a.yaml': taskText('a') });
    execFileSync('mkfifo', [join(folder.dir, 'tasks/pipe.yaml'), join(folder.dir, 'pipe')]);
    expect((await run(['validate'], { cwd: folder.dir })).exit).toBe(0);
    const { exit, stderr } = await run(['validate', 'pipe'], { cwd: folder.dir });
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr:
        'error SG7002: pipe is neither a file nor a folder\n  hint: name files or folders that can be read\n',
    });
  });

  it('reads no more of a file than a manifest may have', async () => {
    const { exit, stdout } = await validate({
      'tasks/big.yaml': `${taskText('a')}# ${'x'.repeat(70_000)}\n`,
    });
    expect(exit).toBe(1);
    expect(stdout).toMatch(
      /tasks\/big\.yaml:1:1: error SG3045: this file has 70135 bytes, and at most 65536 are read/,
    );
  });

  it('shows hostile names and texts without their power', async () => {
    const { stdout } = await validate({
      'tasks/red\u202e.yaml': taskText('a', { command: 'un\u001b[2Jlock' }),
    });
    expect(stdout).toContain('tasks/red\\u{202e}.yaml:');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  const misuse: [string[], string][] = [
    [[''], 'error SG7002: "" is no path\n'],
    [['nowhere'], 'error SG7002: nowhere does not exist\n'],
    [['tasks/a.yaml/b'], 'error SG7002: tasks/a.yaml/b passes through something that is no folder\n'],
    [['x'.repeat(300)], `error SG7002: ${'x'.repeat(300)} is too long a path\n`],
  ];
  it.each(misuse)('cannot read %j, and says why', async (argv, expected) => {
    const { exit, stdout, stderr } = await validate({ 'tasks/a.yaml': taskText('a') }, argv);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr.startsWith(expected)).toBe(true);
  });

  it('warns where there is nothing to check', async () => {
    const { exit, stdout } = await validate({ 'tasks/README.md': '' });
    expect(exit).toBe(0);
    expect(stdout).toBe(
      'tasks:1:1: warning SG7006: no .yaml or .yml file here: nothing was checked\n0 files, 0 valid tasks: 0 errors, 1 warning\n',
    );
  });

  it('gives the same as JSON', async () => {
    const { exit, stdout } = await validate({ 'tasks/a.yaml': taskText('a', { command: 'unlok' }) }, [
      '--format',
      'json',
    ]);
    const told = JSON.parse(stdout);
    expect(exit).toBe(1);
    expect(told).toMatchObject({ files: 1, tasks: 0, errors: 1, warnings: 0 });
    expect(told.problems[0]).toMatchObject({ path: 'tasks/a.yaml', line: 7, severity: 'error' });
  });
});
