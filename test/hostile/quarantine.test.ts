/** One bad object must stop neither the others nor the next start: a whole controller on real repositories. */
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { taskText } from '../cli/folder.ts';
import { makeStage, type Stage, takeTestCredentials } from '../cli/stage.ts';

beforeAll(takeTestCredentials);

let stage: Stage;
afterEach(() => stage.close());

async function begin(files: Readonly<Record<string, string>>): Promise<void> {
  stage = await makeStage(files);
  expect((await stage.run(['ledger', 'init', '--issue-existing'])).exit).toBe(0);
}

const other = { targets: ['smd-o3uuq2sllugi7pnu'] };

describe('a manifest with one bad value', () => {
  const bad: Readonly<Record<string, string>> = {
    'interval.yaml': taskText('a', { interval: 'every so often' }),
    'time.yaml': taskText('b', { notBefore: '10m' }),
    'calendar.yaml': taskText('c', { notAfter: '2026-13-45T99:99:99Z' }),
    'huge-time.yaml': taskText('d', { notBefore: `${'9'.repeat(400)}-01-01T00:00:00Z` }),
    'number.yaml': taskText('e').concat('  run: 1e999\n'),
    'nothing.yaml': taskText('f').replace('unlock', '~'),
    'list.yaml': taskText('g', { targets: [null, {}, []] }),
    'spec.yaml': 'apiVersion: snowgate/v1\nkind: Task\nmetadata: {name: h}\nspec: 7\n',
    'metadata.yaml': 'apiVersion: snowgate/v1\nkind: Task\nmetadata: []\nspec: {}\n',
    'proto.yaml': taskText('i').replace('metadata:', 'metadata:\n  __proto__: {fleet: lab}'),
    'constructor.yaml': taskText('j', { constructor: { prototype: { fleet: 'lab' } } }),
  };

  it('stops nothing of its kind: every other is issued, now and later (CVE-2022-39272, GHSA-f4p5-x4vc-mh4v)', async () => {
    const files = Object.entries(bad).map(([name, text]) => [`tasks/${name}`, text]);
    await begin({ 'tasks/good.yaml': taskText('good'), ...Object.fromEntries(files) });
    const first = await stage.run(['run', '--once']);
    expect(first.exit).toBe(1);
    expect(first.stdout).toMatch(/^done +lab\/good /m);
    for (const name of Object.keys(bad)) expect(first.stderr).toContain(`tasks/${name}`);
    expect(await stage.tasks()).toHaveLength(1);

    stage.commit({ 'tasks/z.yaml': taskText('later', other) });
    const second = await stage.run(['run', '--once']);
    expect(second.exit).toBe(1);
    expect(second.stdout).toMatch(/^done +lab\/later /m);
    expect(await stage.tasks()).toHaveLength(2);
  });
});

describe('what was written down', () => {
  const annotations: readonly (readonly [string, string])[] = [
    ['schedule', '*/0 * * * * not a schedule'],
    ['json', '{"kind":"claimed","v":99}\n{"kind":"settled"}'],
    ['quotes', `"'\`\\\\"\\u0000\\ud800`],
    ['long', '\u{1f6a2}'.repeat(500)],
    ['constructor', '[object Object]'],
    ['hasOwnProperty', 'x'],
    ['toString', 'x'],
    ['toJSON', 'x'],
    ['then', 'x'],
    ['snowgate/v2', 'x'],
  ];

  function annotated(name: string): string {
    const lines = annotations.map(
      ([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value.replaceAll('\\u0000', ''))}\n`,
    );
    return taskText(name).replace('spec:\n', `  annotations:\n${lines.join('')}spec:\n`);
  }

  it('is read again at every start, whatever annotations it holds (CVE-2026-40886)', async () => {
    await begin({ 'tasks/a.yaml': annotated('unlock-a') });
    const first = await stage.run(['run', '--once']);
    expect([first.exit, first.stdout], first.stderr).toEqual([0, expect.stringMatching(/^done .*issued as/)]);
    for (const config of ['snowgate.yaml', stage.withStateDir('forgetful')]) {
      const again = await stage.run(['run', '--once', '--config', config]);
      expect([again.exit, again.stdout]).toEqual([0, expect.stringMatching(/^done .*issued as/)]);
    }
    for (const words of [['list'], ['show', 'lab/unlock-a'], ['verify']]) {
      const read = await stage.run(['ledger', ...words, '--format', 'json']);
      expect([words, read.exit]).toEqual([words, 0]);
    }
    expect(await stage.tasks()).toHaveLength(1);
  });

  it('crashes no start, where every file of the state directory is garbage (CVE-2026-40886)', async () => {
    await begin({ 'tasks/a.yaml': taskText('unlock-a') });
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    const state = join(stage.dir, 'state');
    for (const garble of [() => randomBytes(300), () => Buffer.alloc(0), () => Buffer.from('{"v":1}\n')]) {
      const entries = readdirSync(state, { withFileTypes: true, recursive: true });
      for (const entry of entries)
        if (entry.isFile()) writeFileSync(join(entry.parentPath, entry.name), garble());
      const again = await stage.run(['run', '--once']);
      expect([again.exit, again.stdout], again.stderr).toEqual([
        0,
        expect.stringMatching(/^done .*issued as/),
      ]);
    }
    expect(await stage.tasks()).toHaveLength(1);
  });
});
