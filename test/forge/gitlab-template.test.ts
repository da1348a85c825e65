/** The template for GitLab: its script runs here as a runner runs it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeFolder, removeFolders } from '../cli/folder.ts';

const template = readFileSync(
  fileURLToPath(new URL('../../examples/ci/gitlab/snowgate.gitlab-ci.yml', import.meta.url)),
  'utf8',
);
const packageJson = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
) as { version: string };

afterEach(removeFolders);

describe('the template for GitLab', () => {
  const { snowgate } = parse(template) as {
    snowgate: { script: string[]; variables: Record<string, unknown>; rules: unknown };
  };

  it('names no package of a registry, the whole history, and no files of its own', () => {
    expect(snowgate.variables).toMatchObject({ SNOWGATE_PACKAGE: '', GIT_DEPTH: 0 });
    expect(template).toContain(`snowgate-${packageJson.version}.tgz`);
    expect(snowgate.rules).toEqual([{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
  });

  /** A pipeline whose npm lays a program there that fails where it is told to, and writes down its arguments. */
  function runScript(env: Readonly<Record<string, string>>) {
    const folder = makeFolder({
      'packed/snowgate-1.2.3.tgz': 'x',
      'build/policies/a.test.yaml': 'kind: PolicyTest\n',
      'build/mine.tgz': 'x',
    });
    const tool = (name: string, text: string): void => chmodSync(folder.write(`bin/${name}`, text), 0o755);
    tool('git', `#!/bin/sh\necho "git $*" >> "${folder.dir}/log"\n`);
    tool(
      'npm',
      `#!/bin/sh
echo "npm $PWD $*" >> "${folder.dir}/log"
mkdir -p "$3/node_modules/snowgate/dist"
echo 'const a = process.argv.slice(2); require("node:fs").appendFileSync("${folder.dir}/log", a.join(" ") + "\\\\n"); console.log("told by " + a[0]); process.exitCode = process.env.FAKE_FAILS === a[0] ? 1 : 0' > "$3/node_modules/snowgate/dist/main.js"
`,
    );
    symlinkSync(join(folder.dir, 'build'), join(folder.dir, 'innocent'));
    if (env.PLANTED !== undefined) {
      for (const name of ['snowgate-quality.json', 'snowgate-policies.xml', 'snowgate-plan.md'])
        symlinkSync(join(folder.dir, 'bin/git'), join(folder.dir, 'build', name));
    }
    if (env.NO_TESTS !== undefined) rmSync(join(folder.dir, 'build/policies'), { recursive: true });
    const ran = spawnSync(
      'bash',
      ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', snowgate.script.join('\n')],
      {
        cwd: join(folder.dir, 'build'),
        encoding: 'utf8',
        env: {
          PATH: `${join(folder.dir, 'bin')}:${process.env.PATH ?? ''}`,
          TMPDIR: folder.dir,
          CI_PROJECT_DIR: join(folder.dir, 'build'),
          SNOWGATE_PACKAGE: '1.2.3',
          CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
          CI_COMMIT_SHA: '4'.repeat(40),
          ...env,
        },
      },
    );
    const path = join(folder.dir, 'log');
    const log = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    const left = readdirSync(join(folder.dir, 'build')).filter((name) => name.startsWith('snowgate-'));
    const git = readFileSync(join(folder.dir, 'bin/git'), 'utf8');
    return { ran, log, left: left.sort(), git };
  }

  it('writes what GitLab reads, whatever fails', () => {
    const { ran, log, left } = runScript({ FAKE_FAILS: 'validate', SNOWGATE_LEDGER_TOKEN: '/builds/token' });
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain('told by plan');
    expect(left).toEqual(['snowgate-plan.md', 'snowgate-policies.xml', 'snowgate-quality.json']);
    const [npm = '', ...more] = log;
    expect(npm).toMatch(/^npm .*--ignore-scripts.* snowgate@1\.2\.3$/);
    expect(more).toEqual([
      'validate --format gitlab',
      'policy test --format junit',
      'git fetch --quiet --no-recurse-submodules origin refs/heads/main',
      `plan --base FETCH_HEAD --head ${'4'.repeat(40)} --ledger-token-file /builds/token --format markdown`,
    ]);
  });

  it('writes through no link that a merge request has put there', () => {
    const { ran, log, left, git } = runScript({ PLANTED: 'yes' });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(git).toMatch(/^#!\/bin\/sh\necho "git/);
    expect(log).toContain('git fetch --quiet --no-recurse-submodules origin refs/heads/main');
    expect(left).toEqual(['snowgate-plan.md', 'snowgate-policies.xml', 'snowgate-quality.json']);
  });

  it('installs a tarball that lies outside of the checkout', () => {
    const { ran, log } = runScript({ SNOWGATE_PACKAGE: '../packed/snowgate-1.2.3.tgz' });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(log[0]).toMatch(/^npm .*--ignore-scripts.* \/\S*\/packed\/snowgate-1\.2\.3\.tgz$/);
  });

  it.each([
    ['', 'on no registry'],
    ['latest', 'SNOWGATE_PACKAGE is neither'],
    ['^1.2.3', 'SNOWGATE_PACKAGE is neither'],
    ['1.2.3 evil', 'SNOWGATE_PACKAGE is neither'],
    ['1.2.3\nevil', 'SNOWGATE_PACKAGE is neither'],
    ['git+https://github.com/mallory/snowgate', 'SNOWGATE_PACKAGE is neither'],
    ['--registry=http://127.0.0.1:9/1.2.3', 'SNOWGATE_PACKAGE is neither'],
    ['nowhere/snowgate-1.2.3.tgz', 'names a tarball that is not there'],
    ['mine.tgz', 'in the checkout'],
    ['../innocent/mine.tgz', 'in the checkout'],
  ])('refuses to install %j, and runs nothing', (named, told) => {
    const { ran, log } = runScript({ SNOWGATE_PACKAGE: named });
    expect([ran.status, log]).toEqual([2, []]);
    expect(ran.stdout).toContain(told);
  });

  it('passes where the policies have no tests: there is nothing to test', () => {
    const { ran, log } = runScript({ NO_TESTS: 'yes', FAKE_FAILS: 'policy' });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain('no tests of policies here: none is run');
    expect(log.filter((line) => line.startsWith('policy'))).toEqual([]);
  });

  it('passes where nothing fails, without a token', () => {
    const { ran, log } = runScript({});
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(log.at(-1)).toBe(`plan --base FETCH_HEAD --head ${'4'.repeat(40)} --format markdown`);
  });
});
