/** A plan that was saved with its pull request, held against the ledger after the merge. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolders, taskText } from './folder.ts';
import { makeStage, type Stage, takeTestCredentials } from './stage.ts';

takeTestCredentials();

let stage: Stage;
let planFile = '';

const verify = (file: string) => stage.run(['ledger', 'verify', '--planned', file]);

/** One is asked for at once, one waits for next year, one is of a name that the base knows. */
beforeAll(async () => {
  stage = await makeStage({ 'tasks/a.yaml': taskText('unlock-a') });
  await stage.begin();
  await stage.run(['run', '--once', '--log-level', 'error']);
  stage.git('source', 'checkout', '--quiet', '-b', 'feature');
  const later = { targets: ['smd-xecf5ci3p7pj5hda'], notBefore: '2190-01-01T00:00:00Z' };
  stage.commit({
    'tasks/b.yaml': taskText('reboot-b', {
      command: 'reboot',
      targets: ['smd-o3uuq2sllugi7pnu'],
      description: 'Reboot b',
      tags: { owner: 'ops' },
    }),
    'tasks/c.yaml': taskText('unlock-c', later),
  });
  stage.git('source', 'checkout', '--quiet', 'main');
  // The base goes on meanwhile: what is merged is neither of the two.
  stage.commit({ 'README.md': 'Other words\n' });
  const argv = [
    'plan',
    '--config',
    '../snowgate.yaml',
    '--base',
    'main',
    '--head',
    'feature',
    '--format',
    'json',
  ];
  const planned = await stage.run(argv, { cwd: join(stage.dir, 'source') });
  expect([planned.exit, planned.stderr]).toEqual([0, '']);
  planFile = join(stage.dir, 'plan.json');
  writeFileSync(planFile, planned.stdout);
});

afterAll(async () => {
  await stage.close();
  removeFolders();
});

describe('ledger verify --planned', () => {
  it('says that nothing was asked for before the merge, and after it that it was, byte for byte', async () => {
    const before = await verify(planFile);
    expect([before.exit, before.stdout]).toEqual([
      0,
      expect.stringMatching(/lab\/reboot-b .* not asked for\n/),
    ]);
    stage.git('source', 'merge', '--quiet', '--no-ff', '--message=Merge feature', 'feature');
    await stage.run(['run', '--once', '--log-level', 'error']);
    const after = await verify(planFile);
    expect(after.exit).toBe(0);
    expect(after.stdout).toMatch(/^lab\/reboot-b {2}[0-9a-f]{12} {2}asked for as planned: st-[a-z0-9]{16}$/m);
    expect(after.stdout).toMatch(/^lab\/unlock-c {2}[0-9a-f]{12} {2}not asked for$/m);
    const { tasks } = JSON.parse(readFileSync(planFile, 'utf8')) as {
      tasks: { name: string; token: string; request: { tags: Record<string, string> } }[];
    };
    const planned = tasks.find(({ name }) => name === 'reboot-b');
    const sent = (await stage.tasks()).find(({ clientToken }) => clientToken === planned?.token);
    const shown = JSON.parse(
      (await stage.run(['ledger', 'show', 'lab/reboot-b', '--format', 'json'])).stdout,
    );
    const merge = stage.git('source', 'rev-parse', 'main');
    expect(sent).toBeDefined();
    expect(JSON.stringify(shown)).toContain(
      JSON.stringify({ ...planned?.request.tags, 'snowgate:commit': merge }).slice(1, -1),
    );
  });

  it('tells every field that differs as a finding', async () => {
    const text = readFileSync(planFile, 'utf8');
    for (const [from, to] of [
      ['"description": "Reboot b"', '"description": "Reboot c"'],
      ['"owner": "ops"', '"owner": "nobody"'],
      [
        '"smd-o3uuq2sllugi7pnu"\n        ],\n        "description"',
        '"smd-hs4mypcu2rrrhkwa"\n        ],\n        "description"',
      ],
      ['"name": "reboot-b"', '"name": "reboot-z"'],
    ] as const) {
      expect(text).toContain(from);
      writeFileSync(`${planFile}.other`, text.replace(from, to));
      const ran = await verify(`${planFile}.other`);
      expect([ran.exit, ran.stderr]).toEqual([1, expect.stringContaining('SG7074')]);
    }
  });

  it.each([
    ['no JSON', '{'],
    ['another document', '{"apiVersion":"snowgate/v1","kind":"Plan","tasks":[]}'],
    ['a list', '[]'],
    ['no tasks', '{"apiVersion":"snowgate/v1","kind":"MergePlan"}'],
    ['a task that is none', '{"apiVersion":"snowgate/v1","kind":"MergePlan","tasks":[1]}'],
    ['a request that is none', '{"apiVersion":"snowgate/v1","kind":"MergePlan","tasks":[{"request":{}}]}'],
    [
      'a request of no plan',
      '{"apiVersion":"snowgate/v1","kind":"MergePlan","tasks":[{"request":{"clientToken":"x","command":"reboot","targets":[],"tags":{}}}]}',
    ],
  ])('refuses %s', async (_what, text) => {
    writeFileSync(`${planFile}.bad`, text);
    const ran = await verify(`${planFile}.bad`);
    expect([ran.exit, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringContaining('SG7073')]);
  });

  it('refuses a file that is not there', async () => {
    expect(await verify('nowhere.json')).toMatchObject({ exit: 2, stdout: '' });
  });
});
