/** Windows, policies and suspensions as their users merge them: what waits goes by itself, what may not run does not. */
import { describe, expect, it } from 'vitest';
import type { Started } from './processes.ts';
import {
  type Change,
  type Finished,
  ledgerEvents,
  openWorld,
  quickDevices,
  sleep,
  type Test,
  taskFile,
  until,
  type World,
} from './world.ts';

const minuteMs = 60_000;
/** Windows of minutes: nothing is cancelled before they end, unless a test says so. */
const toTheEnd = { cancel: { lead: '0s' } };

async function begin(test: Test, ...flags: string[]): Promise<World> {
  const world = await openWorld(test, ...quickDevices, ...flags);
  await world.initLedger();
  return world;
}

function documentOf(kind: string, name: string, spec: Change): string {
  return `${JSON.stringify({ apiVersion: 'snowgate/v1', kind, metadata: { name }, spec })}\n`;
}

/** A policy of one rule about every task, as a file to commit. */
function policy(name: string, rule: Change): Record<string, string> {
  return { [`policies/${name}.yaml`]: documentOf('Policy', name, { rules: [{ name: 'rule', ...rule }] }) };
}

/** A policy that wants the window `w`, which is open at these times. */
function inside(...open: Change[]): Record<string, string> {
  const window = documentOf('Window', 'w', { timeZone: 'UTC', open });
  return { 'policies/w.yaml': window, ...policy('inside', { window: 'w' }) };
}

/** Every day, for an hour that this test does not run into. */
const otherHour = (): Change => ({
  start: `0 ${(new Date().getUTCHours() + 12) % 24} * * *`,
  duration: '1h',
});
const localOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 16);

/** The first full minute that is so far ahead. */
function minuteAfter(leadMs: number): number {
  return Math.ceil((Date.now() + leadMs) / minuteMs) * minuteMs;
}

function once(world: World, change: Change = {}): Promise<Finished> {
  const config = world.configure('one', { ...toTheEnd, ...change });
  return world.finish('run', '--once', '--config', config);
}

function hasTold(daemon: Started, event: string, code?: string): boolean {
  return daemon.log().some((line) => line.event === event && (code === undefined || line.code === code));
}

describe.concurrent('run --once', () => {
  it.concurrent('holds what is outside its window, ends with 0, and issues it when the window is another', async (test) => {
    const world = await begin(test);
    world.commit({ ...taskFile(world, 'a'), ...inside(otherHour()) });
    expect(await once(world)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^hold {2}lab\/a .*w is closed/s),
    });
    expect((await world.calls()).CreateTask).toBeUndefined();
    world.commit(
      inside(otherHour(), { from: localOf(Date.now() - minuteMs), to: localOf(minuteAfter(600_000)) }),
    );
    expect(await once(world)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^done {2}lab\/a .*issued as/),
    });
  });

  it.concurrent('names what is denied, where it is written, and ends with 1', async (test) => {
    const world = await begin(test);
    const rule = { require: '"change" in task.annotations', message: 'name the change' };
    world.commit({ ...taskFile(world, 'a'), ...policy('change', rule) });
    for (let round = 0; round < 2; round += 1) {
      const { code, stdout } = await once(world);
      expect(code).toBe(1);
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
        /^deny lab\/a .*change\/rule: name the change \(policies\/change\.yaml:1\)/,
      );
    }
    expect(ledgerEvents(world)).toEqual([['noted']]);
    expect((await world.calls()).CreateTask).toBeUndefined();
  });

  it.concurrent('reads devices from AWS where a rule wants them, and not otherwise', async (test) => {
    const world = await begin(test);
    world.commit(taskFile(world, 'a'));
    expect((await once(world)).code).toBe(0);
    expect((await world.calls()).DescribeDevice).toBeUndefined();
    const rule = { require: 'devices.all(d, d.state == "NOSUCH")', otherwise: 'hold' };
    world.commit({ ...taskFile(world, 'b'), ...policy('device', rule) });
    expect(await once(world)).toMatchObject({ code: 0, stdout: expect.stringMatching(/hold {2}lab\/b/) });
    expect((await world.calls()).DescribeDevice).toBe(1);
  });

  it.concurrent('stops for a suspension, and goes on when it is removed', async (test) => {
    const world = await begin(test);
    const stop = documentOf('Suspension', 'stop', { reason: 'an incident' });
    world.commit({ ...taskFile(world, 'a'), 'policies/stop.yaml': stop });
    expect(await once(world)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^hold .*an incident/s),
    });
    world.commit({ 'policies/stop.yaml': null });
    expect(await once(world)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^done .*issued as/) });
  });

  it.concurrent('goes by the policies of their own repository, and halts when their history is rewritten', async (test) => {
    const world = await begin(test);
    const elsewhere = { policySource: { url: `file://${world.dir}/policies.git` } };
    const rule = { require: 'task.command == "reboot"', otherwise: 'hold' };
    world.commitPolicies(policy('reboots', rule));
    world.commit({ ...taskFile(world, 'a'), ...taskFile(world, 'b', { command: 'reboot' }) });
    const first = await once(world, elsewhere);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/hold {2}lab\/a .*\n(.*\n)*done {2}lab\/b/);

    world.git('policies.git', 'update-ref', 'refs/heads/main', rewritten(world));
    expect(await once(world, elsewhere)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('SG6242'),
    });
    const accept = world.git('policies.git', 'rev-parse', 'main');
    const accepting = { policySource: { ...elsewhere.policySource, accept } };
    expect((await once(world, accepting)).code).toBe(0);
    expect((await once(world, elsewhere)).code).toBe(0);
  });

  /** The same files, and nothing before them. */
  function rewritten(world: World): string {
    return world.git('policies.git', 'commit-tree', '-m', 'Begin anew', 'main^{tree}');
  }
});

describe.concurrent('the daemon', () => {
  it.concurrent('issues what it held when the window opens, once, though it was killed meanwhile', {
    timeout: 120_000,
  }, async (test) => {
    const world = await begin(test);
    const opensMs = minuteAfter(12_000);
    world.commit({
      ...taskFile(world, 'a'),
      ...inside({ from: localOf(opensMs), to: localOf(opensMs + 30 * minuteMs) }),
    });
    // No schedule comes to its help: it wakes for the window.
    const config = world.configure('one', { ...toTheEnd, source: { schedule: '0 0 0 1 1 *' } });
    const killed = world.start('run', '--config', config);
    await until('the task is held', () => hasTold(killed, 'task hold', 'SG6303'));
    killed.child.kill('SIGKILL');
    await killed.ended;
    const daemon = world.start('run', '--config', config);
    await until('it is held again', () => hasTold(daemon, 'task hold', 'SG6303'));
    expect(await world.tasks()).toEqual([]);
    await sleep(Math.max(0, opensMs - Date.now()));
    await until('the task is there', async () => (await world.tasks()).length > 0);
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(await world.tasks()).toHaveLength(1);
    expect((await world.list()).map(({ attempts }) => attempts.length)).toEqual([1]);
  });

  it.concurrent('cancels what is still queued before the window closes, and says that it was missed', {
    timeout: 120_000,
  }, async (test) => {
    const world = await begin(test, '--pickup', '1h');
    const closesMs = minuteAfter(2 * minuteMs);
    world.commit({
      ...taskFile(world, 'a'),
      ...inside({ from: localOf(Date.now() - minuteMs), to: localOf(closesMs) }),
    });
    // Enough for a slow machine to ask for the task, and not more.
    const leadS = Math.floor((closesMs - Date.now()) / 1_000) - 20;
    const daemon = world.start('run', '--config', world.configure('one', { cancel: { lead: `${leadS}s` } }));
    await until('the task is there', async () => (await world.tasks()).length > 0);
    await until('it was missed', async () => (await world.list())[0]?.outcome === 'missed');
    daemon.child.kill('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    expect(await world.tasks()).toMatchObject([{ state: 'CANCELED' }]);
    const kinds = ledgerEvents(world).flat();
    expect(kinds).toEqual(['claimed', 'issued', 'cancelRequested', 'cancelAnswered', 'settled']);
  });
});
