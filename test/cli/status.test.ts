/** status on real repositories and the simulator. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { removeFolders, taskText } from './folder.ts';
import { makeStage, oneTask, type Stage, takeTestCredentials } from './stage.ts';

beforeAll(takeTestCredentials);

let stage: Stage;
afterEach(async () => {
  await stage.close();
  removeFolders();
});

async function begun(files: Readonly<Record<string, string>>): Promise<void> {
  stage = await makeStage(files);
  await stage.begin();
}

const other = 'smd-o3uuq2sllugi7pnu';
const mixed = {
  'tasks/a.yaml': taskText('now'),
  'tasks/b.yaml': taskText('later', { targets: [other], notBefore: '2036-01-01T00:00:00Z' }),
  'tasks/c.yaml': taskText('never', { notAfter: '2020-01-01T00:00:00Z' }),
  'tasks/d.yaml': taskText('ghost', { targets: ['smd-aaaaaaaaaaaaaaaa'] }),
  'tasks/e.yaml': taskText('broken', { run: 0 }),
};

interface Told {
  readonly tasks: {
    readonly group: string;
    readonly state: string;
    readonly name: string;
    readonly next: string | null;
    readonly devices: { readonly state: string; readonly now?: string }[];
  }[];
  readonly live: { readonly fleets: Record<string, unknown>[] } | null;
}

async function told(...flags: string[]): Promise<Told & { exit: number; rows: string[][] }> {
  const { exit, stdout } = await stage.run(['status', '--format', 'json', ...flags]);
  const parsed: Told = JSON.parse(stdout);
  return { exit, ...parsed, rows: parsed.tasks.map(({ group, state, name }) => [group, state, name]) };
}

describe('status', () => {
  it('tells first what needs a person, and writes nothing', async () => {
    await begun(mixed);
    await stage.run(['run', '--once']);
    const tip = stage.git('ledger.git', 'rev-parse', 'snowgate-ledger');
    const { exit, rows, live } = await told();
    expect(rows).toEqual([
      ['needsPerson', 'quarantined', 'broken'],
      ['needsPerson', 'deny', 'never'],
      ['inFlight', 'issued', 'now'],
      ['waiting', 'issue', 'ghost'],
      ['waiting', 'hold', 'later'],
    ]);
    expect({ exit, live }).toEqual({ exit: 1, live: null });
    const { stdout } = await stage.run(['status']);
    expect(stdout).toMatch(/\n\nneeds a person\nquarantined {2}lab\/broken /);
    expect(stdout).toMatch(/\n\nin flight\nissued {2}lab\/now {2}[0-9a-f]{12} {2}st-[a-z0-9]{16}\n +smd-iq2/);
    expect(stdout).toMatch(/\n5 revisions: 2 need a person, 1 in flight, 2 waiting\n$/);
    expect(stage.git('ledger.git', 'rev-parse', 'snowgate-ledger')).toBe(tip);
  });

  it('says where AWS was not asked, and promises nothing that AWS may keep from happening', async () => {
    await begun(mixed);
    const all = (await stage.run(['status'])).stdout;
    expect(all).toMatch(/lab\/ghost .*asked for by the next pass, unless AWS shows what holds it/);
    const one = (await stage.run(['status', 'ghost'])).stdout;
    expect(one).toMatch(
      /next +the next pass of the controller asks AWS for it, unless AWS shows what holds it\n/,
    );
    expect(one).toMatch(/\nby the ledger alone; --live asks AWS, too\n$/);
    const asked = (await stage.run(['status', 'now', '--live'])).stdout;
    expect(asked).toMatch(/next +the next pass of the controller asks AWS for it\n/);
    expect(asked).not.toContain('by the ledger alone');
    expect((await stage.run(['status', '--live'])).stdout).toMatch(
      /lab\/now .*asked for by the next pass(?!,)/,
    );
  });

  it('asks AWS with --live: devices, what they do now, and where it could not be asked', async () => {
    await begun(mixed);
    await stage.run(['run', '--once']);
    const { exit, rows, live, tasks } = await told('--live');
    expect(rows).toContainEqual(['needsPerson', 'hold', 'ghost']);
    expect(tasks.find(({ name }) => name === 'now')?.devices).toMatchObject([{ now: expect.any(String) }]);
    expect({ exit, live }).toEqual({
      exit: 1,
      live: {
        fleets: [
          { fleet: 'lab', asked: true, around: [], unknownDevices: ['smd-aaaaaaaaaaaaaaaa'], unasked: 0 },
        ],
      },
    });
    stage.configure({
      fleets:
        'lab: {region: us-west-2, endpoint: "ENDPOINT"}, gone: {region: us-west-2, endpoint: "http://127.0.0.1:9"}',
    });
    const half = await told('--live');
    expect(half.exit).toBe(3);
    expect(half.live?.fleets).toMatchObject([
      { fleet: 'lab', asked: true },
      { fleet: 'gone', asked: false, code: expect.stringMatching(/^SG50/) },
    ]);
    expect((await stage.run(['status', '--live'])).stdout).toMatch(/\nfleet gone could not be asked: SG50/);
  });

  it('tells everything about one task, and the nearest name of one that is not there', async () => {
    await begun(oneTask);
    await stage.run(['run', '--once']);
    const one = await stage.run(['status', 'unlock-a']);
    expect(one.exit).toBe(0);
    expect(one.stdout).toMatch(/\n\nlab\/unlock-a {2}issued \(in flight\)\n {2}revision {2}[0-9a-f]{64}\n/);
    expect(one.stdout).toContain('\n  manifest  tasks/a.yaml:1\n');
    expect(one.stdout).toMatch(/\n {2}next {6}the controller follows it/);
    const json = JSON.parse((await stage.run(['status', 'lab/unlock-a', '--format', 'json'])).stdout);
    expect(json).toMatchObject({ task: 'lab/unlock-a', revisions: [{ receipt: { state: 'issued' } }] });
    expect(await stage.run(['status', 'unlok-a'])).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/error SG7050: .*\n {2}hint: did you mean unlock-a\?\n$/),
    });
    stage.commit({ 'tasks/f.yaml': taskText('unlock-a', { fleet: 'moon' }) });
    expect((await stage.run(['status', 'unlock-a'])).stderr).toContain('say lab/unlock-a, moon/unlock-a');
    expect((await stage.run(['status', 'moon/unlock-a'])).exit).toBe(1);
  });

  it('tells what is in doubt, and what halts everything once', async () => {
    await begun(oneTask);
    const rule = { operation: 'CreateTask', times: 1, effect: 'cutAfter' };
    const url = `${stage.simulator.endpoint}/_simulator/rules`;
    await fetch(url, { method: 'POST', body: JSON.stringify(rule) });
    await stage.run(['run', '--once', '--no-wait']);
    expect(await told()).toMatchObject({ exit: 1, rows: [['inDoubt', 'inDoubt', 'unlock-a']] });
    stage.commit({ 'tasks/b.yaml': taskText('b', { targets: [other] }) });
    stage.git('source', 'checkout', '--quiet', '--orphan', 'fresh');
    stage.git('source', 'branch', '--quiet', '--delete', '--force', 'main');
    stage.git('source', 'branch', '--quiet', '--move', 'main');
    stage.commit({});
    const { exit, stdout } = await stage.run(['status']);
    expect(exit).toBe(1);
    expect(stdout.match(/history was rewritten/g)).toHaveLength(1);
    expect(stdout).toMatch(/\nblocked {2}lab\/b {2}[0-9a-f]{12} {2}halted by SG6201\n/);
    expect((await stage.run(['status', 'b', '--live'])).exit).toBe(1);
  });

  it('fits a narrow terminal', async () => {
    await begun(mixed);
    await stage.run(['run', '--once']);
    for (const words of [[], ['never']]) {
      const { stdout } = await stage.run(['status', ...words], { columns: 60, env: { NO_COLOR: '1' } });
      const long = stdout.split('\n').filter((line) => line.length > 60 && !/[0-9a-f]{64}$/.test(line));
      expect(long).toEqual([]);
    }
  });

  it('passes on no power over a terminal', async () => {
    await begun({ 'tasks/\u001b[31mx.yaml': taskText('a'), 'tasks/b.yaml': taskText('b', { run: 0 }) });
    for (const words of [['status'], ['status', 'a'], ['status', 'a', '--format', 'json']]) {
      const { stdout, stderr } = await stage.run(words);
      expect(`${stdout}${stderr}`).not.toContain('\u001b');
    }
  });
});
