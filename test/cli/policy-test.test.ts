import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders } from './folder.ts';
import { run } from './terminal.ts';

let folder: Folder = makeFolder();
afterEach(removeFolders);

const policy = `apiVersion: snowgate/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - name: run
      require: task.run < 3
`;

function testText(...cases: readonly string[]): string {
  return `apiVersion: snowgate/v1
kind: PolicyTest
metadata: {name: t}
spec:
  given: {now: 2026-11-27T22:30:00Z, task: {fleet: a, command: unlock, targets: [b]}}
  cases:
${cases.map((one) => `    - ${one}\n`).join('')}`;
}

const first = '{name: first, expect: {verdict: allow}}';
const third = '{name: third, task: {run: 3}, expect: {verdict: deny, rule: p/run}}';

async function policyTest(files: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  folder = makeFolder(files);
  return run(['policy', 'test', ...argv], { cwd: folder.dir });
}

describe('policy test', () => {
  it('runs what is in ./policies, and counts', async () => {
    const files = {
      'policies/p.yaml': policy,
      'policies/p.test.yaml': testText(first, third),
      'policies/README.md': 'not a policy',
    };
    expect(await policyTest(files)).toEqual({
      exit: 0,
      stdout: '1 file, 2 cases: 2 passed, 0 failed\n1 rule: 1 proved, 0 unproved\n',
      stderr: '',
    });
  });

  it('tells where a case fails, what was got, and every reason', async () => {
    const wrong = third.replace('verdict: deny', 'verdict: hold');
    const { exit, stdout } = await policyTest({
      'policies/p.yaml': policy,
      'policies/p.test.yaml': testText(first, wrong),
    });
    expect(exit).toBe(1);
    expect(stdout).toBe(`policies/p.test.yaml:8:7: error SG1429: t: third: expected hold, got deny
    got deny by p/run
    SG6301 p/run: it does not hold: task.run < 3 (policies/p.yaml:6)
1 file, 2 cases: 1 passed, 1 failed
1 rule: 1 proved, 0 unproved
`);
  });

  it('names a rule that nothing proves, with its place; as an error where proof is required', async () => {
    const files = { 'policies/p.yaml': policy, 'policies/p.test.yaml': testText(first) };
    const told = 'SG1430: no case violates the rule p/run\n';
    const warned = await policyTest(files);
    expect(warned).toMatchObject({ exit: 0 });
    expect(warned.stdout).toContain(`policies/p.yaml:6:7: warning ${told}`);
    const required = await policyTest(files, '--require-proof');
    expect(required).toMatchObject({ exit: 1 });
    expect(required.stdout).toContain(`policies/p.yaml:6:7: error ${told}`);
    expect(
      (await policyTest({ ...files, 'policies/p.test.yaml': testText(first, third) }, '--require-proof'))
        .exit,
    ).toBe(0);
  });

  it('finds nothing proved where there is no case', async () => {
    const { exit, stdout } = await policyTest({ 'policies/p.yaml': policy });
    expect(exit).toBe(1);
    expect(stdout).toContain('policies:1:1: error SG7062: no test of policies here');
    expect(stdout).toContain('no case satisfies or violates the rule p/run');
  });

  it('fails on a test and on a policy that is invalid, and runs the others', async () => {
    const { exit, stdout } = await policyTest({
      'policies/p.yaml': policy,
      'policies/bad.yaml': policy.replace('require', 'requires'),
      'policies/a.test.yaml': testText('{name: first, expect: {verdict: alow}}'),
      'policies/p.test.yaml': testText('{name: first, expect: {verdict: hold, code: SG6309}}'),
    });
    expect(exit).toBe(1);
    expect(stdout).toMatch(
      /^policies\/a\.test\.yaml:7:\d+: error SG1104: .*\n {4}hint: did you mean allow\?/m,
    );
    expect(stdout).toMatch(/^policies\/bad\.yaml:7:7: error SG1101: /m);
    expect(stdout).toContain('2 files, 1 case: 1 passed, 0 failed');
  });

  it('takes what the controller would not understand for a policy that holds, and follows no link', async () => {
    folder = makeFolder({
      'policies/p.yaml': policy,
      'policies/notes.txt': 'a note',
      'policies/p.test.yaml': testText('{name: first, expect: {verdict: hold, code: SG6309}}'),
      'elsewhere.yaml': 'secret: [',
    });
    symlinkSync(join(folder.dir, 'elsewhere.yaml'), join(folder.dir, 'policies/link.yaml'));
    const { exit, stdout } = await run(['policy', 'test'], { cwd: folder.dir });
    expect(exit).toBe(1);
    expect(stdout).toContain('policies/notes.txt:1:1: error SG3072');
    expect(stdout).toContain('policies/link.yaml:1:1: error SG3041');
    expect(stdout).toContain('1 case: 1 passed');
    expect(stdout).not.toContain('secret');
  });

  it('asks of a file of tests for no more than the proof of the policies that it names', async () => {
    const other = policy.replace('name: p}', 'name: q}').replace('name: run', 'name: other');
    const files = {
      'a/p.yaml': policy,
      'a/q.yaml': other,
      'a/case.test.yaml': testText(third),
      'a/file.test.yaml': testText(first).replace('spec:', 'spec:\n  policies: [p.yaml]'),
      'a/both.test.yaml': testText(first, third),
    };
    const warned = async (...paths: readonly string[]) => {
      const { stdout } = await policyTest(files, ...paths, '--require-proof');
      return [...stdout.matchAll(/SG1430: no case (\w+(?: or \w+)?) the rule (\S+)/g)].map(
        ([, what, rule]) => `${rule} ${what}`,
      );
    };
    expect(await warned('a/case.test.yaml')).toEqual(['p/run satisfies']);
    expect(await warned('a/file.test.yaml')).toEqual(['p/run violates']);
    expect(await warned('a/both.test.yaml')).toEqual([]);
    expect(await warned('a/case.test.yaml', 'a/file.test.yaml')).toEqual([]);
  });

  it('takes files of tests, and runs none twice', async () => {
    const files = {
      'a/p.yaml': policy,
      'a/one.test.yaml': testText(first),
      'a/two.test.yml': testText(third),
    };
    const one = await policyTest(files, 'a/one.test.yaml');
    expect(one.stdout).toBe('1 file, 1 case: 1 passed, 0 failed\n0 rules: 0 proved, 0 unproved\n');
    const all = await policyTest(files, 'a/one.test.yaml', 'a', './a/two.test.yml');
    expect(all).toMatchObject({
      exit: 0,
      stdout: '2 files, 2 cases: 2 passed, 0 failed\n1 rule: 1 proved, 0 unproved\n',
    });
  });

  it.each([
    ['nowhere', 'nowhere does not exist'],
    ['p.yaml', 'p.yaml is neither a folder of policies nor a file *.test.yaml'],
    ['', '"" is no path'],
  ])('ends with 2 where a path is wrong: %j', async (path, told) => {
    const { exit, stdout, stderr } = await policyTest({ 'p.yaml': policy }, path);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain(`error SG7002: ${told}`);
  });

  it('names files from where its user stands, in the folder of the policies, too', async () => {
    const wrong = third.replace('verdict: deny', 'verdict: hold');
    const files = { 'p.yaml': policy, 'p.test.yaml': testText(first, wrong) };
    for (const path of ['.', 'p.test.yaml']) {
      const { exit, stdout } = await policyTest(files, path);
      expect(exit).toBe(1);
      expect(stdout).toMatch(/^p\.test\.yaml:8:7: error SG1429: /);
      expect(stdout).toContain('(p.yaml:6)');
      expect(stdout).not.toContain(folder.dir);
    }
    const deep = `${'d/'.repeat(70)}x`;
    expect((await policyTest({ 'p.yaml': policy, [deep]: '' }, '.')).stderr).toMatch(
      /SG7003: d\/d\/.* is more than/,
    );
  });

  it('tells machines all of it', async () => {
    const files = { 'policies/p.yaml': policy, 'policies/p.test.yaml': testText(first, third) };
    const { exit, stdout } = await policyTest(files, '--format', 'json');
    expect(exit).toBe(0);
    const place = { path: 'policies/p.test.yaml', column: 7 };
    expect(JSON.parse(stdout)).toMatchObject({
      files: 1,
      cases: 2,
      passed: 2,
      failed: 0,
      unproved: 0,
      requireProof: false,
      problems: [],
      results: [
        {
          test: 't',
          case: 'first',
          ...place,
          line: 7,
          passed: true,
          mismatches: [],
          got: { verdict: 'allow', until: null },
        },
        {
          case: 'third',
          line: 8,
          expected: { verdict: 'deny', rule: 'p/run' },
          got: { rules: ['p/run'], reasons: [{ code: 'SG6301' }] },
        },
      ],
      rules: [
        { policy: 'p', rule: 'run', path: 'policies/p.yaml', line: 6, passed: 1, fired: 1, proved: true },
      ],
    });
  });
});
