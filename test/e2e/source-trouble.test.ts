/** A source that was rewritten, emptied or made to hurt: nothing is taken for a wish that nobody had. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Started } from './processes.ts';
import {
  type Change,
  type Finished,
  openWorld,
  quickDevices,
  sleep,
  type Test,
  taskFile,
  until,
  type World,
} from './world.ts';

async function begin(test: Test): Promise<World> {
  const world = await openWorld(test, ...quickDevices);
  await world.initLedger();
  return world;
}

function once(world: World, source: Change = {}): Promise<Finished> {
  return world.finish('run', '--once', '--config', world.configure('one', { source }));
}

/** A daemon that has seen `before` wanted; it halts by `code`, lives on, asks nothing, and ends when asked to. */
async function expectHalt(world: World, daemon: Started, code: string): Promise<void> {
  await until('it halts', () => daemon.log().some((line) => line.code === code && line.level === 'error'));
  const told = daemon.log().find((line) => line.code === code);
  expect(told?.reason).toContain('source.accept');
  const calls = await world.calls();
  await sleep(2_000);
  expect(daemon.isRunning()).toBe(true);
  expect((await world.calls()).CreateTask).toBe(calls.CreateTask);
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
}

describe.concurrent('a source', () => {
  it.concurrent('whose history was rewritten halts until source.accept names the new head', async (test) => {
    const world = await begin(test);
    world.commit(taskFile(world, 'a'));
    const daemon = world.start('run', '--config', world.configure('one'));
    await until('the task is there', async () => (await world.tasks()).length === 1);
    world.git('work', 'checkout', '--quiet', '--orphan', 'rewritten');
    const head = world.commit(taskFile(world, 'b'));
    await expectHalt(world, daemon, 'SG6201');

    const halted = await once(world);
    expect(halted).toMatchObject({ code: 1, stdout: expect.stringContaining('halted SG6201') });
    expect((await once(world, { accept: head })).code).toBe(0);
    expect(await world.tasks()).toHaveLength(2);
    world.commit(taskFile(world, 'c'));
    expect((await once(world, { accept: head })).code).toBe(0);
    expect((await once(world)).code).toBe(0);
    expect(await world.tasks()).toHaveLength(3);
  });

  it.concurrent('that suddenly holds nothing halts until source.accept names that head; nothing is withdrawn meanwhile', async (test) => {
    const world = await begin(test);
    world.commit({
      ...taskFile(world, 'a'),
      ...taskFile(world, 'held', { notBefore: '2036-01-01T00:00:00Z' }),
    });
    const daemon = world.start('run', '--config', world.configure('one'));
    await until('the task is there', async () => (await world.tasks()).length === 1);
    const head = world.commit({ 'tasks/a.yaml': null, 'tasks/held.yaml': null });
    await expectHalt(world, daemon, 'SG6202');

    expect(await once(world)).toMatchObject({ code: 1, stdout: expect.stringContaining('halted SG6202') });
    expect((await world.list()).map(({ name }) => name)).toEqual(['a']);
    expect((await once(world, { accept: head })).code).toBe(0);
    world.commit(taskFile(world, 'b'));
    expect((await once(world)).code).toBe(0);
    expect(await world.tasks()).toHaveLength(2);
  });

  it.concurrent('that drops more waiting tasks at once than source.maxRemovals halts', async (test) => {
    const world = await begin(test);
    const later = { notBefore: '2036-01-01T00:00:00Z' };
    world.commit({
      ...taskFile(world, 'a'),
      ...taskFile(world, 'b', later),
      ...taskFile(world, 'c', later),
      ...taskFile(world, 'd', later),
    });
    expect((await once(world, { maxRemovals: 1 })).code).toBe(0);
    const head = world.commit({ 'tasks/b.yaml': null, 'tasks/c.yaml': null, ...taskFile(world, 'e') });
    const halted = await once(world, { maxRemovals: 1 });
    expect(halted).toMatchObject({ code: 1, stdout: expect.stringContaining('halted SG6203') });
    expect(await world.tasks()).toHaveLength(1);
    expect((await once(world, { maxRemovals: 1, accept: head })).code).toBe(0);
    expect(await world.tasks()).toHaveLength(2);
  });

  it.concurrent('whose branch is gone issues nothing, and exit code 3 says that it was not reached', async (test) => {
    const world = await begin(test);
    world.commit(taskFile(world, 'a'));
    world.git('source.git', 'update-ref', '-d', 'refs/heads/main');
    expect(await once(world)).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^problem SG\d{4}: /m),
    });
    expect(await world.tasks()).toEqual([]);
  });
});

describe.concurrent('a hostile source', () => {
  /** Each by the name that it must be told by, with the code; the good manifest stands between them. */
  const hostile: readonly [path: string, content: string, code: RegExp][] = [
    ['aliases.yaml', `a: &a [x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b, *b]\n`, /^SG1008$/],
    ['brackets.yaml', '['.repeat(60_000), /^SG10\d\d$/],
    [
      'nested.yaml',
      `a:\n${Array.from({ length: 100 }, (_, depth) => `${' '.repeat(depth + 1)}a:\n`).join('')}`,
      /^SG10\d\d$/,
    ],
    ['huge.yaml', `# ${'x'.repeat(100_000)}\n`, /^SG\d{4}$/],
    ['nul.yaml', 'apiVersion: snowgate/v1\0\n', /^SG1004$/],
    ['tagged.yaml', 'a: !!js/function "function () {}"\n', /^SG1009$/],
    ['--upload-pack=touch pwned.yaml', 'kind: [\n', /^SG10\d\d$/],
    ['-c core.fsmonitor=x.yaml', 'kind: [\n', /^SG10\d\d$/],
    ['twice.yaml', 'kind: Task\nkind: Task\n', /^SG1012$/],
  ];

  it.concurrent('has each of its files named, nothing done of what they want, and the good manifest issued', async (test) => {
    const world = await begin(test);
    world.commit({
      ...taskFile(world, 'good'),
      ...Object.fromEntries(hostile.map(([name, content]) => [`tasks/${name}`, content])),
      ...taskFile(world, 'a\nnewline', {}),
      'tasks/new\nline.yaml': 'kind: [\n',
    });
    const work = join(world.dir, 'work', 'tasks');
    symlinkSync('/etc/passwd', join(work, 'link.yaml'));
    symlinkSync('../../../..', join(work, 'folder.yaml'));
    world.commit({});
    const gitlink = `160000,${world.git('work', 'rev-parse', 'HEAD')},tasks/module.yaml`;
    world.git('work', 'update-index', '--add', '--cacheinfo', gitlink);
    world.git('work', 'commit', '--quiet', '--message=Add a module');
    world.git('work', 'push', '--quiet', '../source.git', 'HEAD:main');

    const { code, stdout, stderr } = await once(world);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^done +lab\/good /m);
    expect(await world.tasks()).toHaveLength(1);
    const problems = stderr
      .split('\n')
      .flatMap((line): { path?: string; code?: string }[] =>
        line.startsWith('{') ? [JSON.parse(line)] : [],
      );
    for (const [name, , expected] of [
      ...hostile,
      ['link.yaml', '', /^SG\d{4}$/] as const,
      ['folder.yaml', '', /^SG\d{4}$/] as const,
      ['module.yaml', '', /^SG\d{4}$/] as const,
    ]) {
      const told = problems.filter(({ path }) => path === `tasks/${name}`).map((problem) => problem.code);
      expect([name, told]).toEqual([name, expect.arrayContaining([expect.stringMatching(expected)])]);
    }
    expect(problems.some(({ path }) => path?.includes('new') === true && path.includes('line.yaml'))).toBe(
      true,
    );
    expect(stdout + stderr).not.toContain('root:');
    expect(world.git('work', 'status', '--porcelain', '--ignore-submodules', '--', 'pwned.yaml')).toBe('');
  });
});
