/** From an empty folder to a task in AWS (simulated), by nothing but what `init` writes and says. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { makeFolder, removeFolders } from '../cli/folder.ts';
import { takeTestCredentials } from '../cli/stage.ts';
import { type Ran, run } from '../cli/terminal.ts';

let simulator: Simulator;
beforeEach(async () => {
  takeTestCredentials();
  simulator = await startSimulator({ seed: 1 });
});
afterEach(async () => {
  await simulator.close();
  removeFolders();
});

/** A zone in which it is one o'clock at night, whenever this runs. */
function zoneOfNight(): string {
  const hour = new Date().getUTCHours();
  const ahead = hour <= 13 ? 1 - hour : 25 - hour;
  return ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

it('a new repository is planned and issued as its own words say', { timeout: 120_000 }, async () => {
  const { dir } = makeFolder();
  const repository = join(dir, 'tasks repo');
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...args], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  const here = (...argv: string[]): Promise<Ran> => run(argv, { cwd: repository });
  const change = (path: string, from: string | RegExp, to: string): void => {
    const text = readFileSync(join(repository, path), 'utf8');
    expect(text).toMatch(from);
    writeFileSync(join(repository, path), text.replace(from, to));
  };
  for (const name of ['source.git', 'ledger.git']) {
    mkdirSync(join(dir, name));
    git(join(dir, name), 'init', '--quiet', '--bare', '--initial-branch=main');
  }
  git(dir, 'clone', '--quiet', join(dir, 'source.git'), repository);

  const region = simulator.fleets[0]?.region ?? '';
  const flags = ['--fleet', `lab:${region}:111122223333:env=production`, '--time-zone', zoneOfNight()];
  const ledger = `file://${dir}/ledger.git`;
  const made = await here('init', ...flags, '--forge', 'none', '--ledger', ledger);
  expect(made).toMatchObject({ exit: 0, stderr: '' });

  // What belongs to this machine, and not to a task repository.
  change('snowgate.yaml', /account: .*$/m, `endpoint: "${simulator.endpoint}"`);
  change('snowgate.yaml', 'stateDir: /var/lib/snowgate', `stateDir: ${dir}/state`);
  const quick = 'issue: {deadline: 5s, requestTimeout: 2s}\nrecovery: {takeover: 16s, settling: 8s}\n';
  change('snowgate.yaml', /^policy:/m, `${quick}policy:`);

  git(repository, 'add', '--all');
  git(repository, 'commit', '--quiet', '--message=Begin a task repository');
  git(repository, 'push', '--quiet', 'origin', 'HEAD:main');
  const begun = await here('ledger', 'init', '--format', 'json');
  expect([begun.exit, begun.stderr]).toEqual([0, '']);
  change('snowgate.yaml', /# id: 0.*$/m, `id: ${JSON.parse(begun.stdout).ledger}`);
  expect((await here('validate')).stdout).toContain('no problems');
  expect((await here('plan')).stdout).toContain('0 tasks');

  git(repository, 'mv', 'tasks/first-task.yaml.example', 'tasks/first-task.yaml');
  const device = simulator.fleets[0]?.devices[0] ?? '';
  change('tasks/first-task.yaml', 'smd-change-me', device);
  expect((await here('validate')).stdout).toContain('1 valid task');
  expect((await here('policy', 'test', '--require-proof')).exit).toBe(0);
  git(repository, 'switch', '--quiet', '--create', 'first');
  git(repository, 'commit', '--quiet', '--all', '--message=Ask for the first task');
  const merge = await here('plan', '--base', 'main', '--format', 'json');
  expect([merge.exit, merge.stdout]).toEqual([0, expect.stringContaining('"first-task"')]);
  git(repository, 'push', '--quiet', 'origin', 'HEAD:main');
  const planned = await here('plan', '--format', 'json');
  expect(JSON.parse(planned.stdout).tasks).toMatchObject([{ name: 'first-task', action: 'issue' }]);
  const ran = await here('run', '--once', '--log-level', 'error');
  expect([ran.exit, ran.stdout]).toEqual([
    0,
    expect.stringMatching(/^done +lab\/first-task .* issued as st-/),
  ]);
  const state = await (await fetch(`${simulator.endpoint}/_simulator/state`)).json();
  const { fleets } = state as { fleets: { tasks: { clientToken: string }[] }[] };
  const { stdout: token } = await here('token', 'tasks/first-task.yaml');
  expect(fleets.flatMap(({ tasks }) => tasks.map(({ clientToken }) => clientToken))).toEqual([
    token.split(' ')[0],
  ]);
});
