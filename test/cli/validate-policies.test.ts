/** validate on windows, policies and the rest that lies among them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders, taskText } from './folder.ts';
import { policyText, windowText } from './policy-texts.ts';
import { run } from './terminal.ts';

let folder: Folder = makeFolder();
afterEach(removeFolders);

async function validate(files: Readonly<Record<string, string>>, ...argv: string[]) {
  folder = makeFolder(files);
  return run(['validate', ...argv], { cwd: folder.dir });
}

const night = windowText('night', '{start: "0 22 * * *", duration: 6h}');
const good = {
  'policies/windows.yaml': night,
  'policies/unlock.yaml': policyText('unlock', '{name: window, window: night}'),
};
const config = (source: string, rest = ''): string => `apiVersion: snowgate/v1
kind: Controller
source: {url: "file:///srv/tasks"${source}}
ledger: {url: "file:///srv/ledger"}
stateDir: /var/lib/snowgate
fleets: {lab: {region: us-west-2, account: "111122223333", labels: {env: test}}}
${rest}`;

describe('validate, of policies', () => {
  it('checks the usual folder beside the tasks, and counts what it holds', async () => {
    const waiver = `apiVersion: snowgate/v1\nkind: Waiver\nmetadata: {name: w}\nspec: {fleet: lab, task: a, run: 1, rules: [unlock/window], reason: storm, expires: "2036-01-01T00:00:00Z"}\n`;
    const stop = `apiVersion: snowgate/v1\nkind: Suspension\nmetadata: {name: s}\nspec: {fleet: lab, reason: audit}\n`;
    const files = {
      ...good,
      'tasks/a.yaml': taskText('a'),
      'policies/README.md': 'words',
      'policies/unlock.test.yaml': 'kind: PolicyTest\n',
      'policies/deep/w.yml': waiver,
      'policies/deep/s.yml': stop,
    };
    expect(await validate(files)).toEqual({
      exit: 0,
      stdout: '5 files, 1 valid task, 1 window, 1 policy, 1 waiver, 1 suspension: no problems\n',
      stderr: '',
    });
    const { stdout } = await run(['validate', '--format', 'json'], { cwd: folder.dir });
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'snowgate/v1',
      kind: 'Validation',
      files: 5,
      tasks: 1,
      windows: 1,
      policies: 1,
      waivers: 1,
      suspensions: 1,
      errors: 0,
      warnings: 0,
      problems: [],
    });
  });

  it('names place, code and near miss of what is wrong, in the order of the places', async () => {
    const { exit, stdout } = await validate({
      'policies/a.yaml': policyText('unlock', '{name: window, window: nihgt}'),
      'policies/b.yaml': night,
      'policies/c.yaml': policyText('broken', '{name: r, require: "task.nam == \'x\'"}'),
      'tasks/a.yaml': taskText('a', { command: 'unlok' }),
    });
    expect(exit).toBe(1);
    expect(stdout).toContain(
      'policies/a.yaml:6:6: error SG1408: there is no window nihgt\n    hint: did you mean night?\npolicies/c.yaml:',
    );
    expect(stdout).toMatch(/policies\/c\.yaml:6:\d+: error SG1343: .*\n {4}hint: did you mean name\?/);
    expect(stdout).toMatch(/\ntasks\/a\.yaml:7:12: error SG1104/);
    expect(stdout).toMatch(/\n4 files, 0 valid tasks, 1 window, 1 policy: 3 errors, 0 warnings\n$/);
  });

  it('finds calendars beside the windows that name them', async () => {
    const ics =
      'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b\r\nBEGIN:VEVENT\r\nUID:1@a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20261201T080000Z\r\nDTEND:20261201T100000Z\r\nSUMMARY:Port call\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';
    const files = {
      'policies/w.yaml': windowText('port', '{ics: cal/port.ics}'),
      'policies/cal/port.ics': ics,
      'policies/cal/other.ics': ics,
    };
    const { exit, stdout } = await validate(files);
    expect(stdout).toBe(
      'policies/cal/other.ics:1:1: warning SG1411: no window names this calendar: its times open and close nothing\n    hint: name it in a window as ics: PATH, or remove it\n3 files, 0 valid tasks, 1 window: 0 errors, 1 warning\n',
    );
    expect(exit).toBe(0);
  });

  it('refuses what the controller would refuse in a commit: links, other endings, repositories', async () => {
    folder = makeFolder({ ...good, 'policies/notes.txt': 'x', 'policies/W.YAML': night, 'else.yaml': night });
    symlinkSync('../else.yaml', join(folder.dir, 'policies/link.yaml'));
    mkdirSync(join(folder.dir, 'policies/module'));
    execFileSync('git', ['init', '--quiet'], { cwd: join(folder.dir, 'policies/module') });
    writeFileSync(Buffer.from(`${folder.dir}/policies/\xff.yaml`, 'latin1'), night);
    const { exit, stdout } = await run(['validate', 'policies'], { cwd: folder.dir });
    expect(exit).toBe(1);
    const found = stdout.match(/^policies\/.*?: error SG\d+/gm);
    expect(found).toEqual([
      'policies/W.YAML:1:1: error SG3072',
      'policies/\\xff.yaml:1:1: error SG3043',
      'policies/link.yaml:1:1: error SG3041',
      'policies/module:1:1: error SG3042',
      'policies/notes.txt:1:1: error SG3072',
    ]);
  });

  const whole: [string, string[]][] = [
    ['the folder', ['policies']],
    ['one file of it', ['policies/unlock.yaml']],
    ['a folder within it', ['policies/deep', 'policies/unlock.yaml']],
    ['everything', ['.']],
  ];
  it.each(whole)('reads a folder of policies as a whole where %s is named', async (_what, argv) => {
    const { exit, stdout } = await validate({ ...good, 'policies/deep/b.yaml': policyText('b') }, ...argv);
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: '3 files, 0 valid tasks, 1 window, 2 policies: no problems\n',
    });
  });

  it('takes documents of policies by their kind outside of any such folder', async () => {
    const files = {
      'rules/a.yaml': good['policies/unlock.yaml'],
      'rules/b.yaml': night,
      'x.yaml': taskText(),
    };
    const { stdout } = await validate(files, 'rules', 'x.yaml');
    expect(stdout).toBe('3 files, 1 valid task, 1 window, 1 policy: no problems\n');
  });

  it('says that a policy among the tasks does not belong there', async () => {
    const { exit, stdout } = await validate({ 'tasks/policies/a.yaml': policyText('a') });
    expect(exit).toBe(1);
    expect(stdout).toContain('a Policy does not belong among the tasks');
  });

  it('looks where the configuration says', async () => {
    const { stdout } = await validate({
      'snowgate.yaml': config(', path: ops/jobs, policies: ops/rules'),
      'ops/jobs/a.yaml': taskText('a'),
      'ops/rules/w.yaml': night,
      'policies/no.yaml': 'nonsense',
      'tasks/no.yaml': 'nonsense',
    });
    expect(stdout).toMatch(/\n3 files, 1 valid task, 1 window: 0 errors, 1 warning\n$/);
  });

  it('shows hostile names and texts without their power', async () => {
    const { stdout } = await validate({
      'policies/a.yaml': policyText('a', `{name: r, window: "\\e[2J\\u202Ex"}`),
      'policies/\u001b[31m.yaml': night,
      'policies/b\u202e.yaml': 'kind: Wat\n',
    });
    expect(stdout).toContain('policies/\\x1b[31m.yaml:1:1: error SG3043');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe('validate, of what stops or opens nothing', () => {
  it.each([
    ['Suspension', '{fleet: lbb, reason: audit}', 'suspension x is for fleet lbb', 'it stops nothing here'],
    [
      'Waiver',
      '{fleet: lbb, task: a, run: 1, rules: [unlock/window], reason: storm, expires: "2036-01-01T00:00:00Z"}',
      'waiver x is for fleet lbb',
      'it waives nothing here',
    ],
  ])('warns of a %s for a fleet that the configuration does not have', async (kind, spec, what, effect) => {
    const text = `apiVersion: snowgate/v1\nkind: ${kind}\nmetadata: {name: x}\nspec: ${spec}\n`;
    const files = { ...good, 'policies/x.yaml': text, 'snowgate.yaml': config('') };
    const { exit, stdout } = await validate(files);
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/, 0 errors|: 0 errors/)]);
    expect(stdout).toContain(
      `policies/x.yaml:1:1: warning SG1414: the ${what}, which the configuration does not have: ${effect}\n    hint: did you mean lab?\n`,
    );
    const sound = { ...files, 'policies/x.yaml': text.replace('lbb', 'lab') };
    expect((await validate(sound)).stdout).not.toContain('SG1414');
    expect((await validate({ ...good, 'policies/x.yaml': text })).stdout).not.toContain('SG1414');
  });

  it('warns of a window that does not open any more', async () => {
    const past = windowText('past', '{from: 2020-11-27T22:00, to: 2020-11-28T02:00}');
    const { exit, stdout } = await validate({ 'policies/w.yaml': `${night}---\n${past}` });
    expect(exit).toBe(0);
    expect(stdout).toMatch(
      /^policies\/w\.yaml:\d+:1: warning SG1321: the window past does not open within 400 days\n/,
    );
    expect(stdout.match(/SG1321/g)).toHaveLength(1);
  });
});

describe('validate, of tasks that their windows leave out', () => {
  const day = windowText('day', '{start: "0 8 * * *", duration: 2h}');
  const fri = windowText('fri', '{start: "0 22 * * FRI", duration: 6h}');
  const never = { notBefore: '2036-03-03T12:00:00Z', notAfter: '2036-03-03T20:00:00Z' };
  const policy = (rules: string, match = '{}'): Record<string, string> => ({
    'policies/w.yaml': `${night}---\n${day}---\n${fri}`,
    'policies/p.yaml': policyText('p', rules, match),
  });
  const both = '{name: a, window: day}, {name: b, window: night}';
  const wide = { notBefore: '2036-03-03T00:00:00Z', notAfter: '2036-03-05T00:00:00Z' };
  const cases: [string, Record<string, string>, object, RegExp | null][] = [
    [
      'between two openings',
      policy('{name: a, window: night}'),
      never,
      /^tasks\/a\.yaml:1:1: warning SG1412: no window is open that it needs between notBefore 2036-03-03T12:00:00\.000Z and notAfter 2036-03-03T20:00:00\.000Z: p\/a \(night, policies\/p\.yaml:6\)\n {4}hint: move /,
    ],
    ['long enough', policy('{name: a, window: night}'), wide, null],
    ['one of two windows', policy('{name: a, window: {anyOf: [fri, day]}}'), wide, null],
    [
      'both rules, never together',
      policy(both),
      wide,
      /SG1412: these are not open together .*: p\/a \(day, .*\), p\/b \(night, .*\)\n/,
    ],
    ['a rule that only warns', policy('{name: a, window: night, otherwise: warn}'), never, null],
    ['a policy for others', policy('{name: a, window: night}', '{fleets: [other]}'), never, null],
    [
      'labels of a fleet that nobody knows here',
      policy('{name: a, window: night}', '{fleetLabels: {env: test}}'),
      never,
      null,
    ],
    [
      'labels of a fleet that the configuration tells',
      { ...policy('{name: a, window: night}', '{fleetLabels: {env: test}}'), 'snowgate.yaml': config('') },
      never,
      /SG1412/,
    ],
    [
      'a task whose time is over',
      policy('{name: a, window: night}'),
      { notAfter: '2020-01-01T00:00:00Z' },
      null,
    ],
    ['a task without an end', policy('{name: a, window: night}'), { notBefore: never.notBefore }, null],
    ['a window that does not load', policy('{name: a, window: nigth}'), never, null],
  ];
  it.each(cases)('%s', async (_what, policies, spec, expected) => {
    const { stdout } = await validate({ ...policies, 'tasks/a.yaml': taskText('a', { ...spec }) });
    if (expected === null) expect(stdout).not.toContain('SG1412');
    else expect(stdout).toMatch(expected);
  });
});
