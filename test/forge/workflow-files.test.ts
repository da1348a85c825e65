/** The files that forges read: what they may never hold, and what they do. Their scripts run here as a runner runs them. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeFolder, removeFolders, taskText } from '../cli/folder.ts';
import { run } from '../cli/terminal.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  private: boolean;
  bin: Record<string, string>;
};

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

function readYaml<T>(path: string): T {
  return parse(readFileSync(join(root, path), 'utf8')) as T;
}

const action = readYaml<{
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { value: string }>;
  runs: { using: string; steps: Step[] };
}>('action.yml');
const workflowFolder = 'examples/ci/github';
const workflows = readdirSync(join(root, workflowFolder)).filter((name) => /\.ya?ml$/.test(name));
const workflow = readYaml<{
  on: Record<string, unknown>;
  permissions: object;
  concurrency: Record<string, unknown>;
  jobs: { review: { permissions: object; steps: Step[]; 'timeout-minutes': number } };
}>(`${workflowFolder}/snowgate.yml`);

afterEach(removeFolders);

describe('every workflow and action', () => {
  const files = ['action.yml', ...workflows.map((name) => `${workflowFolder}/${name}`)];

  it.each(files)('has no expression in a script: %s', (path) => {
    const scripts: string[] = [];
    JSON.stringify(readYaml(path), (key, value: unknown) => {
      if (key === 'run' && typeof value === 'string') scripts.push(value);
      return value;
    });
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
    expect(scripts.length > 0).toBe(path === 'action.yml');
  });

  it.each(files)('uses other actions by their whole commit, with the release beside it: %s', (path) => {
    const lines = readFileSync(join(root, path), 'utf8').match(/^.*\buses:.*$/gm) ?? [];
    for (const line of lines) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });
});

describe('the workflow', () => {
  const { review } = workflow.jobs;

  it('runs for pull requests and merge queues, and never on their target', () => {
    expect(Object.keys(workflow.on)).toEqual(['pull_request', 'merge_group']);
  });

  it('has no more rights than it needs', () => {
    expect(workflow.permissions).toEqual({});
    expect(review.permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
  });

  it('ends, and runs once for a pull request', () => {
    expect(review['timeout-minutes']).toBeLessThanOrEqual(15);
    expect(workflow.concurrency).toMatchObject({ 'cancel-in-progress': true });
  });

  it('leaves no token in the checkout, and runs nothing of it', () => {
    const [checkout, snowgate, ...more] = review.steps;
    expect(more).toEqual([]);
    expect(checkout?.uses).toMatch(/^actions\/checkout@/);
    expect(checkout?.with).toEqual({ 'fetch-depth': 0, 'persist-credentials': false });
    expect(snowgate?.uses).toMatch(/^snowgate\/snowgate@0{40}$/);
    expect(snowgate?.with?.['package']).toBe(`\${{ runner.temp }}/snowgate-${packageJson.version}.tgz`);
    const inputs = Object.keys(snowgate?.with ?? {});
    expect(inputs.filter((name) => !(name in action.inputs))).toEqual([]);
  });

  it('names the release that this is', () => {
    const text = readFileSync(join(root, workflowFolder, 'snowgate.yml'), 'utf8');
    expect(text).toContain(`snowgate/snowgate@${'0'.repeat(40)} # v${packageJson.version}\n`);
  });
});

describe('the action', () => {
  const [install, review] = action.runs.steps;

  it('describes every input, and hands each over by the environment', () => {
    const handed = action.runs.steps.flatMap(({ env = {} }) => Object.values(env));
    const used = handed.flatMap((value) => /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1] ?? []);
    expect(used.sort()).toEqual(Object.keys(action.inputs).sort());
  });

  it('passes on the outputs that review writes, and no others', () => {
    for (const [name, { value }] of Object.entries(action.outputs)) {
      expect(value).toBe(`\${{ steps.review.outputs.${name} }}`);
    }
    expect(Object.keys(action.outputs).sort()).toEqual(
      ['comment', 'denied', 'errors', 'holds', 'issues', 'plan', 'report', 'result', 'warnings'].sort(),
    );
  });

  it('takes no package from a registry by itself as long as the project publishes none, and says which to name', () => {
    expect(packageJson.private).toBe(true);
    const { folder, step } = makeRunner();
    const ran = step(install?.run, { SNOWGATE_PACKAGE: '' });
    expect(ran.status).toBe(2);
    expect(ran.stdout).toMatch(/^::error title=snowgate::the input package is missing: .* on no registry/m);
    expect(ran.stdout).toContain(`snowgate-${packageJson.version}.tgz`);
    expect(readdirSync(folder.dir)).not.toContain('npm.log');
  });

  it('runs the program of the package', () => {
    const main = `node_modules/snowgate/${packageJson.bin.snowgate}`;
    for (const step of [install, review]) expect(step?.run).toContain(`/${main}"`);
  });

  /** A runner: its folders, and an npm that writes down how it was called and lays a program where the package would be. */
  function makeRunner() {
    const folder = makeFolder({
      'checkout/.npmrc': 'registry=http://127.0.0.1:9/evil\n',
      'checkout/snowgate-1.2.3.tgz': 'x',
      'packed/snowgate-1.2.3.tgz': 'x',
    });
    mkdirSync(join(folder.dir, 'temp'));
    const program = folder.write(
      'program.js',
      `const { readFileSync, statSync, writeFileSync } = require('node:fs');
const argv = process.argv.slice(2);
const token = argv.find((one) => one.startsWith('--ledger-token-file='))?.slice(20);
const file = token === undefined ? {} : { token, content: readFileSync(token, 'utf8'), mode: statSync(token).mode & 0o777 };
writeFileSync('${folder.dir}/seen.json', JSON.stringify({ argv, cwd: process.cwd(), env: process.env, ...file }));
process.exitCode = Number(process.env.FAKE_EXIT ?? 0);
`,
    );
    const npm = folder.write(
      'bin/npm',
      `#!/usr/bin/env bash
set -e
printf '%s\\n' "$PWD" "$@" > "${folder.dir}/npm.log"
mkdir -p "$3/node_modules/snowgate/dist"
cp "${program}" "$3/node_modules/snowgate/dist/main.js"
`,
    );
    chmodSync(npm, 0o755);
    const step = (
      script: string | undefined,
      env: Readonly<Record<string, string>>,
    ): SpawnSyncReturns<string> => {
      return spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script ?? ''], {
        cwd: join(folder.dir, 'checkout'),
        encoding: 'utf8',
        env: {
          PATH: `${join(folder.dir, 'bin')}:${process.env.PATH ?? ''}`,
          HOME: folder.dir,
          GITHUB_WORKSPACE: join(folder.dir, 'checkout'),
          GITHUB_OUTPUT: join(folder.dir, 'outputs'),
          RUNNER_TEMP: join(folder.dir, 'temp'),
          ...env,
        },
      });
    };
    const read = (path: string): string => readFileSync(join(folder.dir, path), 'utf8');
    return { folder, step, read };
  }

  it.each([
    ['1.2.3', 'snowgate@1.2.3'],
    ['1.2.3-rc.1', 'snowgate@1.2.3-rc.1'],
    ['../packed/snowgate-1.2.3.tgz', 'packed/snowgate-1.2.3.tgz'],
  ])('installs %j without running scripts, far from the checkout', (input, expected) => {
    const { folder, step, read } = makeRunner();
    const ran = step(install?.run, { SNOWGATE_PACKAGE: input });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const [cwd, command, ...args] = read('npm.log').trim().split('\n');
    expect(cwd?.startsWith(join(folder.dir, 'temp', 'snowgate-cli-'))).toBe(true);
    expect([command, ...args.slice(0, 2)]).toEqual(['install', '--prefix', cwd]);
    expect(args).toEqual(expect.arrayContaining(['--ignore-scripts', '--no-audit', '--no-fund']));
    expect(args.at(-1)?.replace(`${folder.dir}/`, '')).toBe(expected);
    expect(read('outputs')).toBe(`folder=${cwd}\n`);
  });

  it.each([
    ['^1.2.3'],
    ['latest'],
    ['1.2'],
    ['1.2.3 evil'],
    ['1.2.3;touch evil'],
    ['evil'],
    ['--registry=http://127.0.0.1:9'],
    ['git+https://github.com/mallory/snowgate'],
    ['$(touch evil)'],
    ['snowgate-1.2.3.tgz'],
    ['nowhere/snowgate-1.2.3.tgz'],
  ])('refuses to install %j', (input) => {
    const { folder, step } = makeRunner();
    const ran = step(install?.run, { SNOWGATE_PACKAGE: input });
    expect(ran.status).toBe(2);
    expect(ran.stdout).toMatch(/^::error title=snowgate::the input package /m);
    expect(readdirSync(folder.dir).sort()).toEqual(['bin', 'checkout', 'packed', 'program.js', 'temp']);
    expect(readdirSync(join(folder.dir, 'checkout')).sort()).toEqual(['.npmrc', 'snowgate-1.2.3.tgz']);
  });

  it('refuses a tarball behind a link into the checkout, and settings of npm that lie there', () => {
    const { folder, step } = makeRunner();
    symlinkSync(join(folder.dir, 'checkout'), join(folder.dir, 'innocent'));
    expect(step(install?.run, { SNOWGATE_PACKAGE: '../innocent/snowgate-1.2.3.tgz' }).status).toBe(2);
    for (const name of ['NPM_CONFIG_USERCONFIG', 'npm_config_userconfig']) {
      const ran = step(install?.run, {
        SNOWGATE_PACKAGE: '1.2.3',
        [name]: join(folder.dir, 'checkout/.npmrc'),
      });
      expect(ran.status).toBe(2);
      expect(ran.stdout).toContain('the settings of npm lie in the checkout');
    }
  });

  const reviewEnv = (folder: string) => ({
    GITHUB_TOKEN: 'canary-forge',
    SNOWGATE_FOLDER: folder,
    SNOWGATE_CONFIG: 'snowgate.yaml',
    SNOWGATE_LEDGER_TOKEN: '',
    SNOWGATE_POLICY_TOKEN: '',
    SNOWGATE_COMMENT: 'true',
    SNOWGATE_COMMENT_AUTHOR: 'github-actions[bot]',
  });

  function prepare() {
    const runner = makeRunner();
    runner.step(install?.run, { SNOWGATE_PACKAGE: '1.2.3' });
    const env = reviewEnv(/^folder=(.*)$/m.exec(runner.read('outputs'))?.[1] ?? '');
    return { ...runner, env };
  }

  it('runs review in the checkout, the token of the ledger in a file that is gone afterwards', () => {
    const { folder, step, read, env } = prepare();
    const ran = step(review?.run, {
      ...env,
      SNOWGATE_LEDGER_TOKEN: 'canary-ledger $(id)',
      SNOWGATE_POLICY_TOKEN: 'canary-policy',
    });
    expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const seen = JSON.parse(read('seen.json'));
    expect(seen).toMatchObject({
      cwd: join(folder.dir, 'checkout'),
      content: 'canary-ledger $(id)\n',
      mode: 0o600,
    });
    expect(seen.argv).toEqual([
      'review',
      '--config=snowgate.yaml',
      '--comment-author=github-actions[bot]',
      `--ledger-token-file=${seen.token}`,
      expect.stringMatching(/^--policy-token-file=.*\/policies$/),
    ]);
    expect(JSON.stringify(seen.env)).not.toMatch(/canary-(ledger|policy)/);
    expect(seen.env.GITHUB_TOKEN).toBe('canary-forge');
    expect(readdirSync(join(folder.dir, 'temp')).filter((name) => name.includes('token'))).toEqual([]);
  });

  it('hands on what review ends with, and names no file where there is no token', () => {
    const { step, read, env } = prepare();
    const ran = step(review?.run, { ...env, SNOWGATE_COMMENT: 'false', FAKE_EXIT: '1' });
    expect(ran.status).toBe(1);
    expect(JSON.parse(read('seen.json')).argv.slice(1)).toEqual([
      '--config=snowgate.yaml',
      '--comment-author=github-actions[bot]',
      '--no-comment',
    ]);
    const wrong = step(review?.run, { ...env, SNOWGATE_COMMENT: 'maybe; touch evil' });
    expect(wrong).toMatchObject({ status: 2, stdout: expect.stringContaining('true or false') });
  });
});

describe('the hooks for pre-commit', () => {
  interface Hook {
    readonly id: string;
    readonly entry: string;
    readonly files: string;
    readonly pass_filenames?: boolean;
  }
  const hooks = readYaml<Hook[]>('.pre-commit-hooks.yaml');
  const files = {
    'snowgate.yaml': 'apiVersion: snowgate/v1\nkind: Controller\n',
    'README.yaml': ':',
    'tasks/a.yaml': taskText('unlock-a', { command: 'unlok' }),
    'tasks/b.yaml': taskText('unlock-b'),
    'policies/p.test.yaml': 'apiVersion: snowgate/v1\nkind: PolicyTest\n',
  };

  it('name programs of the package', () => {
    for (const { entry } of hooks) expect(Object.keys(packageJson.bin)).toContain(entry.split(' ')[0]);
  });

  it.each([
    ['snowgate-validate', ['tasks/b.yaml', 'README.yaml'], ['tasks/b.yaml'], 0, '1 file, 1 valid task'],
    [
      'snowgate-validate',
      ['tasks/a.yaml', 'tasks/b.yaml'],
      ['tasks/a.yaml', 'tasks/b.yaml'],
      1,
      'did you mean unlock?',
    ],
    ['snowgate-validate', ['snowgate.yaml'], ['snowgate.yaml'], 1, 'SG1102'],
    ['snowgate-policy-test', ['policies/p.test.yaml'], [], 1, 'SG1102'],
  ])('%s runs for %j as pre-commit runs it', async (id, changed, passed, exit, told) => {
    const hook = hooks.find((one) => one.id === id);
    if (hook === undefined) throw new Error('it is there');
    const matching = changed.filter((path) => new RegExp(hook.files).test(path));
    const names = hook.pass_filenames === false ? [] : matching;
    expect(matching.length > 0 && names).toEqual(passed);
    const folder = makeFolder(files);
    const ran = await run([...hook.entry.split(' ').slice(1), ...names], { cwd: folder.dir });
    expect(ran.exit).toBe(exit);
    expect(`${ran.stdout}${ran.stderr}`).toContain(told);
  });
});
