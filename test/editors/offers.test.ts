/** What editors offer and tell to people who write manifests, policies and a configuration, and have no manual open. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders } from '../cli/folder.ts';
import { run } from '../cli/terminal.ts';
import { head, root, say, settings, task } from './documents.ts';
import { type Completion, LanguageServer } from './language-server.ts';

let server: LanguageServer;
beforeAll(async () => {
  server = await LanguageServer.start(root, settings);
});
afterAll(() => server.end());
afterEach(removeFolders);

function labels(completions: readonly Completion[]): string[] {
  return completions.map(({ label }) => label);
}

function textOf({ documentation }: Completion): string {
  return typeof documentation === 'object' ? documentation.value : (documentation ?? '');
}

describe('what is offered', () => {
  const document = (kind: string, spec: string): string =>
    `${head}${kind}\nmetadata: {name: a}\nspec:\n${spec}`;

  it.each([
    [
      'tasks/a.yaml',
      ['task', 'task in a time of its own', 'task after another', 'apiVersion', 'kind', 'spec'],
    ],
    [
      'policies/a.yaml',
      [
        'window that recurs',
        'window with freezes',
        'policy with a window',
        'policy with a condition',
        'suspension of a fleet',
        'waiver of one task',
        'policy test',
      ],
    ],
    ['snowgate.yaml', ['controller', 'source', 'ledger', 'fleets', 'issue']],
  ])('in an empty file: %s', async (path, offered) => {
    expect(labels(await server.complete(path, '|'))).toEqual(expect.arrayContaining(offered));
  });

  it('behind kind, with what each is', async () => {
    const kinds = await server.complete('policies/a.yaml', 'apiVersion: snowgate/v1\nkind: |');
    expect(labels(kinds)).toEqual(['Window', 'Policy', 'Suspension', 'Waiver', 'PolicyTest']);
    expect(kinds.map(textOf)).toContain(
      'Stops the line: while it stands, nothing is issued to the fleet, or to any.',
    );
    expect(labels(await server.complete('tasks/a.yaml', 'kind: |'))).toEqual(['Task']);
  });

  it.each([
    [
      'Task',
      'tasks/a.yaml',
      ['fleet', 'command', 'targets', 'description', 'tags', 'run', 'notBefore', 'notAfter', 'after'],
    ],
    ['Window', 'policies/a.yaml', ['description', 'timeZone', 'open', 'closed', 'cutoff']],
    ['Policy', 'policies/a.yaml', ['description', 'match', 'rules']],
    ['Suspension', 'policies/a.yaml', ['fleet', 'reason', 'until']],
    ['Waiver', 'policies/a.yaml', ['fleet', 'task', 'run', 'rules', 'reason', 'expires']],
    ['PolicyTest', 'policies/a.test.yaml', ['policies', 'given', 'cases']],
  ])('below the spec of a %s: its keys, and those of no other kind', async (kind, path, keys) => {
    const offered = await server.complete(path, document(kind, '  |'));
    // Beside the keys, the server offers all that are required, under the title.
    expect(
      labels(offered)
        .filter((label) => !/^(The|What|When) /.test(label))
        .sort(),
    ).toEqual([...keys].sort());
    for (const completion of offered) expect(textOf(completion)).not.toBe('');
  });

  it('for a secret in a configuration: the files, and never the secret itself', async () => {
    const text = `${head}Controller\nsource:\n  url: https://a.example/a.git\n  auth:\n    |`;
    const offered = labels(await server.complete('snowgate.yaml', text));
    expect(offered).toEqual(expect.arrayContaining(['tokenFile', 'passwordFile', 'sshKeyFile']));
    expect(offered.filter((label) => /^(token|password|sshKey)$/.test(label))).toEqual([]);
    const target = `${head}Controller\nnotify:\n  chat:\n    slack:\n      |`;
    const ofTarget = labels(await server.complete('snowgate.yaml', target));
    expect(ofTarget).toContain('urlFile');
    expect(ofTarget).not.toContain('url');
  });

  it.each([
    ['tasks/a.yaml', document('Task', '  command: |'), ['unlock', 'reboot'], 'Restarts the devices.'],
    [
      'policies/a.yaml',
      document('Policy', '  rules:\n    - name: a\n      require: "true"\n      otherwise: |'),
      ['deny', 'hold', 'warn'],
      'It waits until the rule holds.',
    ],
    [
      'policies/a.yaml',
      `${document('Window', '  timeZone: UTC\n')}---\n${document('Policy', '  rules:\n    - name: a\n      window: a\n      onClose: |')}`,
      ['cancel', 'leave'],
      'It is cancelled, shortly before the end (`cancel.lead`).',
    ],
    [
      'snowgate.yaml',
      `${head}Controller\nfleets: \n  lab:\n    mode: |`,
      ['issue', 'observe'],
      'Tasks are issued, followed and cancelled.',
    ],
  ])('as a value, each with what it means: %s', async (path, text, values, meaning) => {
    const offered = await server.complete(path, text);
    expect(labels(offered)).toEqual(values);
    expect(offered.map(textOf)).toContain(meaning);
  });

  /** What stands there when somebody takes what is offered as it is. */
  const take = (offered: Completion): string =>
    (offered.insertText ?? '')
      .replaceAll(/\$\{\d+:([^}]*)\}/g, '$1')
      .replaceAll(/\$\{\d+\|([^,|]*)[^}]*\}/g, '$1');
  it('as a whole document: taken as it is, it is valid', async () => {
    const places = ['tasks/a.yaml', 'policies/a.yaml', 'snowgate.yaml'];
    const offered = await Promise.all(
      places.map(async (path) => (await server.complete(path, '|')).map((one) => ({ path, ...one }))),
    );
    const whole = offered
      .flat()
      .filter(({ insertText = '' }) => /kind: \w+\n/.test(insertText) && insertText.includes('{1:'));
    expect(whole.length).toBeGreaterThanOrEqual(11);
    const files = whole.map((completion, index) => {
      const folder = completion.path.startsWith('tasks') ? `tasks/${index}` : completion.path.split('/')[0];
      const ending = completion.label === 'policy test' ? 'test.yaml' : 'yaml';
      const path = completion.path === 'snowgate.yaml' ? completion.path : `${folder}/${index}.${ending}`;
      return [path, `${take(completion)}\n`] as const;
    });
    const told = files.map(async ([path, text]) => [path, ...(await server.diagnose(path, text)).map(say)]);
    expect(await Promise.all(told)).toEqual(files.map(([path]) => [path]));
    // All of them together are a repository: its tasks have names of their own, and the one that is waited for is there.
    const named = files.map(([path, text], index) => [
      path,
      path.startsWith('tasks/') ? text.replace('name: unlock', `name: unlock-${index}`) : text,
    ]);
    const other = task('  command: reboot\n  targets: [smd-b]\n', 'name: reboot-aurora-2026-11').replace(
      'lab',
      'north-sea',
    );
    const folder = makeFolder({ ...Object.fromEntries(named), 'tasks/other.yaml': other });
    const { exit, stdout: problems } = await run(['validate', 'tasks', 'policies', 'snowgate.yaml'], {
      cwd: folder.dir,
    });
    expect([exit, problems]).toEqual([0, expect.stringContaining(': 0 errors, ')]);
    const { stdout } = await run(['policy', 'test'], { cwd: folder.dir });
    expect(stdout).toContain('open on Friday night: expected allow, got deny');
  });

  it.each([
    ['policies/a.yaml', document('Window', '  timeZone: UTC\n  open:\n    |'), 'times that recur'],
    ['policies/a.yaml', document('Window', '  timeZone: UTC\n  open:\n    - |'), 'a single time'],
    ['policies/a.yaml', document('Policy', '  rules:\n    |'), 'rule with a condition'],
    [
      'policies/a.yaml',
      document('Policy', '  rules:\n    - name: b\n      require: "true"\n    - |'),
      'rule with a window',
    ],
  ])('as an entry of a list: taken as it is, it is valid (%#)', async (path, marked, label) => {
    const offered = (await server.complete(path, marked)).find((one) => one.label === label);
    // Editors indent every line like the first one.
    const text = marked.replace('|', take(offered ?? { label }).replaceAll('\n', '\n    '));
    expect(text).not.toBe(marked);
    expect((await server.diagnose(path, `${text}\n`)).map(say)).toEqual([]);
  });
});

describe('what is told of a key', () => {
  it('is its title, what it is, what happens without it, what may be written, each value, an example', async () => {
    const told = await server.hover('tasks/a.yaml', task('  com|mand: reboot\n  targets: [smd-a]\n'));
    for (const part of [
      '#### Command',
      'What the devices are told to do. Nobody can take it back from a device that has begun.',
      'Required. One of `unlock`, `reboot`.',
      '* `reboot`: Restarts the devices.',
      'Example:',
    ]) {
      expect(told).toContain(part);
    }
  });

  it.each([
    ['tasks/a.yaml', task('  command: reboot\n  ru|n: 2\n'), 'Default `1`. Whole number, 1 to 1000000.'],
    ['snowgate.yaml', `${head}Controller\nissue:\n  dead|line: 60s\n`, 'From 500ms to 10m.'],
    [
      'policies/a.yaml',
      `${head}Waiver\nspec: {}\n---\n${head}Window\nspec:\n  time|Zone: UTC\n`,
      'A fixed offset is an error',
    ],
    [
      'policies/a.yaml',
      `${head}Policy\nspec:\n  rules:\n    - on|Close: cancel\n`,
      '* `leave`: It stays queued',
    ],
    ['policies/a.yaml', `${head}Waiver\nspec:\n  expi|res: 2026-11-28T12:00:00Z\n`, 'At most 72 hours after'],
    [
      'policies/a.test.yaml',
      `${head}PolicyTest\nspec:\n  cases:\n    - expect: {ver|dict: hold}\n`,
      '* `unchecked`: Nothing',
    ],
  ])('has its bounds and its trap: %s', async (path, marked, part) => {
    expect(await server.hover(path, marked)).toContain(part);
  });
});
