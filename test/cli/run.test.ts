/** plan and run on real repositories and the simulator. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lockStateDir } from '../../src/git/lock.ts';
import { taskText } from './folder.ts';
import { makeStage, oneTask, type Stage, takeTestCredentials } from './stage.ts';

beforeAll(takeTestCredentials);

let stage: Stage;
afterEach(() => stage.close());

async function begun(files: Readonly<Record<string, string>>): Promise<void> {
  stage = await makeStage(files);
  expect((await stage.run(['ledger', 'init', '--issue-existing'])).exit).toBe(0);
}

const mixed = {
  'tasks/a.yaml': taskText('now'),
  'tasks/b.yaml': taskText('later', { targets: ['smd-o3uuq2sllugi7pnu'], notBefore: '2036-01-01T00:00:00Z' }),
  'tasks/c.yaml': taskText('never', { notAfter: '2020-01-01T00:00:00Z' }),
  'tasks/d.yaml': taskText('elsewhere', { fleet: 'moon' }),
  'tasks/e.yaml': taskText('broken', { run: 0 }),
};

describe('plan', () => {
  it('says of each task what a pass would do, and why, and changes nothing', async () => {
    await begun(mixed);
    const tip = stage.git('ledger.git', 'rev-parse', 'snowgate-ledger');
    const { exit, stdout } = await stage.run(['plan', '--format', 'json']);
    const told = JSON.parse(stdout);
    expect(exit).toBe(1);
    expect(told).toMatchObject({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      source: stage.git('source', 'rev-parse', 'HEAD'),
      ledger: tip,
      halts: [],
      problems: [{ path: 'tasks/e.yaml', severity: 'error' }],
    });
    const actions = told.tasks.map(
      (task: { name: string; action: string; until: string | null; reasons: { code: string }[] }) => {
        return [task.name, task.action, task.until, ...task.reasons.map(({ code }) => code)];
      },
    );
    expect(actions).toEqual([
      ['broken', 'quarantined', null, 'SG6109'],
      ['later', 'hold', '2036-01-01T00:00:00.000Z', 'SG6101'],
      ['never', 'deny', null, 'SG6102'],
      ['now', 'issue', null],
      ['elsewhere', 'blocked', null, 'SG6106'],
    ]);
    expect(stage.git('ledger.git', 'rev-parse', 'snowgate-ledger')).toBe(tip);
    expect(await stage.tasks()).toEqual([]);
  });

  it('looks at another time', async () => {
    await begun({ 'tasks/b.yaml': mixed['tasks/b.yaml'] });
    expect((await stage.run(['plan'])).stdout).toMatch(/^hold {2}lab\/later/m);
    const { exit, stdout } = await stage.run(['plan', '--at', '2036-01-01T01:00:00+01:00']);
    expect(exit).toBe(0);
    const json = await stage.run(['plan', '--at', '2036-01-01T00:59:59.999+01:00', '--format', 'json']);
    // To the millisecond: while the repositories are fetched that time stands still, and no window opens or closes.
    expect(JSON.parse(json.stdout)).toMatchObject({
      at: '2035-12-31T23:59:59.999Z',
      tasks: [{ action: 'hold' }],
    });
    expect(stdout).toMatch(
      /^at 2036-01-01T00:00:00Z {2}source [0-9a-f]{12} {2}ledger [0-9a-f]{12}\nissue {2}lab\/later {2}[0-9a-f]{12}\nAWS was not asked: .*\n1 task: 1 issue\n$/,
    );
  });

  it('looks at that very instant, however long reading takes', async () => {
    await begun({ 'tasks/b.yaml': mixed['tasks/b.yaml'] });
    const { stdout } = await stage.run(['plan', '--at', '2035-12-31T23:59:59.999Z', '--format', 'json']);
    expect(JSON.parse(stdout).at).toBe('2035-12-31T23:59:59.999Z');
  });

  it.each(['tomorrow', '2036-01-01', '2036-01-01T00:00:00', '2036-02-30T00:00:00Z'])(
    'refuses the time %s',
    async (at) => {
      await begun({});
      const { exit, stderr } = await stage.run(['plan', '--at', at]);
      expect(exit).toBe(2);
      expect(stderr).toContain(`error SG7009: --at "${at}"`);
    },
  );

  it('ends with 1 without a ledger, and says how to make one', async () => {
    stage = await makeStage(oneTask);
    const { exit, stderr } = await stage.run(['plan']);
    expect(exit).toBe(1);
    expect(stderr).toContain('only the very first time: `snowgate ledger init`');
  });

  it('sees beside its state directory that the ledger went back, where it would plan to ask again', async () => {
    await begun(oneTask);
    const branch = 'refs/heads/snowgate-ledger';
    const before = stage.git('ledger.git', 'rev-parse', branch).trim();
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    stage.git('ledger.git', 'update-ref', branch, before);
    for (const command of ['plan', 'status']) {
      const { exit, stdout, stderr } = await stage.run([command]);
      expect([exit, stdout]).toEqual([1, '']);
      expect(stderr).toContain('error SG4011: ');
    }
    // Elsewhere nothing is known of what was there.
    rmSync(join(stage.dir, 'state'), { recursive: true });
    expect((await stage.run(['plan'])).stdout).toContain('issue');
  });

  it('never sends anybody to a new ledger where there was one: of the commands that look, and those that remember', async () => {
    stage = await makeStage(oneTask);
    await stage.begin();
    const pinned = readFileSync(stage.configFile, 'utf8');
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    stage.git('ledger.git', 'update-ref', '-d', 'refs/heads/snowgate-ledger');
    const tell = async (command: string): Promise<string> => {
      const { exit, stdout, stderr } = await stage.run(command.split(' '));
      expect(exit, command).toBe(1);
      const told = `${stdout}${stderr}`.replace(/\s+/g, ' ');
      expect(told, command).toContain('SG4010');
      expect(told, command).toContain('never make a new ledger in its place');
      return told;
    };
    const initFirst = 'only the very first time: `snowgate ledger init`';
    for (const command of ['plan', 'status', 'ledger list', 'doctor', 'run --once']) {
      writeFileSync(stage.configFile, pinned);
      expect(await tell(command), command).not.toContain('ledger init');
      stage.configure({});
      const isRemembered = command !== 'ledger list';
      const told = await tell(command);
      expect(told.includes(initFirst), command).toBe(!isRemembered);
    }
  });

  it('ends at once when it is interrupted, with 3', async () => {
    await begun(oneTask);
    // A server that takes connections and says nothing.
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const text = readFileSync(stage.configFile, 'utf8').replace(
      /file:[^"]*source/,
      `http://127.0.0.1:${port}/x.git`,
    );
    writeFileSync(stage.configFile, text);
    const stop = new AbortController();
    silent.once('connection', () => stop.abort());
    const { exit, stderr } = await stage.run(['plan'], { stop: stop.signal });
    silent.close();
    expect(exit).toBe(3);
    expect(stderr).toContain('error SG3018: ');
  });

  it('ends with 2 without a configuration', async () => {
    stage = await makeStage({});
    expect(await stage.run(['plan', '--config', 'nowhere.yaml'])).toMatchObject({
      exit: 2,
      stderr: 'error SG7002: nowhere.yaml does not exist\n  hint: name files or folders that can be read\n',
    });
    rmSync(stage.configFile);
    expect(await stage.run(['plan'])).toMatchObject({
      exit: 2,
      stderr:
        'error SG7007: snowgate.yaml does not exist\n  hint: name the configuration with --config FILE\n',
    });
  });
});

describe('run --once', () => {
  it('issues what can be issued, once, whatever happens to the state directory', async () => {
    await begun(oneTask);
    const first = await stage.run(['run', '--once']);
    expect(first).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(
        /^done {2}lab\/unlock-a {2}[0-9a-f]{12} {2}issued as st-\w+\n1 task: 1 done\n$/,
      ),
    });
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    rmSync(join(stage.dir, 'state'), { recursive: true });
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    expect(await stage.tasks()).toHaveLength(1);
  });

  it('issues the good ones, names the others, and ends with 1', async () => {
    await begun(mixed);
    const { exit, stdout, stderr } = await stage.run(['run', '--once']);
    expect(exit).toBe(1);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      '5 tasks: 1 quarantined, 1 hold, 1 deny, 1 done, 1 blocked',
    );
    expect(stderr).toContain('"event":"source file has a problem"');
    expect(await stage.tasks()).toHaveLength(1);
  });

  it('ends with 0 where something only waits for its time', async () => {
    await begun({ 'tasks/b.yaml': mixed['tasks/b.yaml'] });
    expect((await stage.run(['run', '--once', '--format', 'json'])).exit).toBe(0);
  });

  it('only shows the tasks of a fleet that only observes, as plan does', async () => {
    await begun(oneTask);
    stage.configure({ fleets: 'lab: {region: us-west-2, endpoint: "ENDPOINT", mode: observe}' });
    const held = /^hold {2}lab\/unlock-a {2}[0-9a-f]{12} {2}fleet lab only observes \(fleets\.lab\.mode\)$/m;
    for (const command of [['plan'], ['run', '--once']]) {
      const { exit, stdout } = await stage.run(command);
      expect(exit).toBe(0);
      expect(stdout).toMatch(held);
    }
    expect(await stage.tasks()).toEqual([]);
    expect((await stage.run(['ledger', 'list'])).stdout).toBe('0 revisions\n');
  });

  it('ends with 3 where the source is gone', async () => {
    await begun(oneTask);
    stage.configure({ source: ', branch: gone' });
    const { exit, stdout } = await stage.run(['run', '--once']);
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^problem SG6?\d{3,4}: /m);
  });

  it('ends with 3 where AWS is gone, and claims nothing', async () => {
    await begun(oneTask);
    stage.configure({ fleets: 'lab: {region: us-west-2, endpoint: "http://127.0.0.1:9"}' });
    const { exit, stdout } = await stage.run(['run', '--once']);
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^hold {2}lab\/unlock-a/);
    expect((await stage.run(['ledger', 'list'])).stdout).toBe('0 revisions\n');
  });

  it.each<[string, Readonly<Record<string, null>>]>([
    ['no task', { 'tasks/a.yaml': null }],
    ['a task', {}],
  ])('ends with 1 where AWS denies a fleet everything, and says so once, with %s', async (_, files) => {
    await begun(oneTask);
    stage.commit(files);
    const rule = JSON.stringify({ operation: '*', effect: 'accessDenied' });
    await fetch(`${stage.simulator.endpoint}/_simulator/rules`, { method: 'POST', body: rule });
    const { exit, stdout, stderr } = await stage.run(['run', '--once']);
    expect(exit).toBe(1);
    expect(
      stdout.match(/SG6235:? AWS denies fleet lab even ListDevices: .*; correct its credentials/g),
    ).toHaveLength(1);
    expect(stdout.startsWith(files['tasks/a.yaml'] === null ? 'halted SG6235: ' : 'blocked ')).toBe(true);
    const halts = stderr.split('\n').filter((line) => line.includes('"halted'));
    expect(halts.map((line) => JSON.parse(line))).toMatchObject([{ code: 'SG6235', fleet: 'lab' }]);
    const json = await stage.run(['run', '--once', '--format', 'json']);
    expect(json.exit).toBe(1);
    expect(JSON.parse(json.stdout).problems).toMatchObject([{ code: 'SG6235' }]);
  });

  it('ends with 1 without a ledger', async () => {
    stage = await makeStage(oneTask);
    const { exit, stdout } = await stage.run(['run', '--once']);
    expect(exit).toBe(1);
    expect(stdout).toContain('halted SG4010: ');
    expect(await stage.tasks()).toEqual([]);
  });

  it('ends with 3 where another process has the state directory', async () => {
    await begun(oneTask);
    const lock = await lockStateDir(join(stage.dir, 'state'));
    const { exit, stderr } = await stage.run(['run', '--once']);
    expect(exit).toBe(3);
    expect(stderr).toContain('error SG3020: ');
    if (lock.ok) await lock.value.close();
  });

  it('ends with 3 where a file is in the place of the state directory: a disk may be mounted late', async () => {
    await begun(oneTask);
    rmSync(join(stage.dir, 'state'), { recursive: true, force: true });
    writeFileSync(join(stage.dir, 'state'), '');
    const { exit, stderr } = await stage.run(['run', '--once']);
    expect(exit).toBe(3);
    expect(stderr).toContain('error SG3021: ');
  });

  it('ends with 2 where the schedule cannot be followed', async () => {
    await begun({});
    stage.configure({ source: ', schedule: "61 * * * * *"' });
    const { exit, stderr } = await stage.run(['run', '--once']);
    expect(exit).toBe(2);
    expect(stderr).toContain('error SG7030: source.schedule');
  });
});

describe('the log', () => {
  it('is JSON where nobody reads it on a terminal, and lines for people where they are asked for', async () => {
    await begun({});
    const machine = await stage.run(['run', '--once', '--log-level', 'debug']);
    expect(machine.stderr).toMatch(/^\{"level":"[a-z]+","time":"/m);
    const people = await stage.run(['run', '--once', '--log-level', 'debug', '--log-format', 'pretty']);
    expect(people.stderr).not.toContain('{"level"');
    expect(people.stderr).toMatch(/^\[\d\d:\d\d:\d\d\] [A-Z]+: /m);
  });
});

describe('run', () => {
  it('issues what is committed while it runs, and ends in order when it is asked to', async () => {
    await begun(oneTask);
    stage.configure({ source: ', schedule: "* * * * * *"' });
    const stop = new AbortController();
    const running = stage.run(['run', '--log-level', 'debug'], { stop: stop.signal });
    await expect.poll(() => stage.tasks(), { timeout: 30_000, interval: 100 }).toHaveLength(1);
    stage.commit({ 'tasks/b.yaml': taskText('second', { targets: ['smd-o3uuq2sllugi7pnu'] }) });
    await expect.poll(() => stage.tasks(), { timeout: 30_000, interval: 100 }).toHaveLength(2);
    stop.abort();
    const { exit, stdout, stderr } = await running;
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
    const events = stderr
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line).event] : []));
    expect(events.filter((event) => event === 'task issued')).toHaveLength(2);
    expect([events[0], events.at(-1)]).toEqual(['controller started', 'controller stopped']);
    expect(stderr).not.toContain('canary');
    const { stdout: list } = await stage.run(['ledger', 'list']);
    expect(list).toContain('2 revisions: 2 issued');
  });
});
