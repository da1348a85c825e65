/** Claims of a real ledger, judged again by the policies of a real repository, and of a folder. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders, taskText } from './folder.ts';
import { makeStage, oneTask, type Stage, takeTestCredentials } from './stage.ts';

beforeAll(takeTestCredentials);

let stage: Stage;
afterEach(async () => {
  await stage.close();
  removeFolders();
});

/** A stage whose ledger is there, pinned. */
async function begun(files: Readonly<Record<string, string>>): Promise<void> {
  stage = await makeStage(files);
  await stage.begin();
}

function policy(name: string, require: string): string {
  const spec = { rules: [{ name: 'r', require }] };
  return JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'Policy', metadata: { name }, spec });
}

const replay = (...argv: readonly string[]) =>
  stage.run(['policy', 'replay', '--since', '2020-01-01', ...argv]);

describe('policy replay', () => {
  it('lists what the policies at the newest head would have stopped, and what nobody can say', async () => {
    await begun(oneTask);
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    const before = await replay();
    expect(before).toEqual({
      exit: 0,
      stdout: '1 claim since 2020-01-01T00:00:00Z replayed: 0 differ, 0 unknown\n',
      stderr: '',
    });

    stage.commit({ 'policies/p.yaml': policy('devices', 'devices.all(d, d.busyWith == "")') });
    const unknown = await replay();
    expect(unknown.exit).toBe(0);
    expect(unknown.stdout).toMatch(/^unknown {2}lab\/unlock-a {2}[0-9a-f]{12} {2}\S+Z: SG6302 devices\/r: /);
    expect(unknown.stdout).toContain('1 claim since 2020-01-01T00:00:00Z replayed: 0 differ, 1 unknown\n');

    stage.commit({ 'policies/q.yaml': policy('change', '"change" in task.annotations') });
    const differs = await replay();
    expect(differs.exit).toBe(1);
    expect(differs.stdout).toMatch(/^deny {2}lab\/unlock-a .*SG6301 change\/r: /);
    expect(differs.stdout).toContain('1 differ, 0 unknown');

    const later = await stage.run(['policy', 'replay', '--since', new Date().toISOString()]);
    expect(later).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^0 claims since \S+Z replayed: 0 differ, 0 unknown\n$/),
    });
  }, 60_000);

  it('judges by the facts that were kept, and by the policies of a folder', async () => {
    await begun({
      'policies/p.yaml': policy('labelled', 'size(task.labels) < 5 && size(devices) > 0'),
      'tasks/a.yaml': taskText('labelled').replace(
        'name: labelled',
        'name: labelled\n  labels: {site: aurora}',
      ),
      'tasks/b.yaml': taskText('bare', { targets: ['smd-o3uuq2sllugi7pnu'] }),
    });
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    const folder = makeFolder({
      'p/p.yaml': policy('site', 'task.labels["site"] == "aurora"'),
      'p/q.yaml': policy('devices', 'devices.all(d, d.lastReboot.id == "")'),
      'p/p.test.yaml': 'not read: [',
    });
    const { exit, stdout } = await replay('--path', `${folder.dir}/p`, '--format', 'json');
    expect(exit).toBe(1);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ since: '2020-01-01T00:00:00.000Z', replayed: 2, differ: 1, unknown: 0 });
    expect(told.claims).toMatchObject([
      { fleet: 'lab', name: 'bare', attempt: 1, outcome: 'hold', reasons: [{ code: 'SG6306', rule: 'r' }] },
    ]);
  }, 60_000);

  it('counts what was denied, and tells of policies that do not load', async () => {
    await begun({ ...oneTask, 'policies/p.yaml': policy('change', '"change" in task.annotations') });
    await stage.run(['run', '--once']);
    const denied = await replay();
    expect(denied).toMatchObject({
      exit: 0,
      stdout:
        '0 claims since 2020-01-01T00:00:00Z replayed: 0 differ, 0 unknown\n1 denial not replayed: the ledger keeps no facts of what was denied\n',
    });
    stage.commit({ 'policies/p.yaml': policy('change', '"change" in tsk.annotations') });
    const broken = await replay();
    expect(broken.exit).toBe(1);
    expect(broken.stderr).toMatch(/^policies\/p\.yaml:1:\d+: error SG1343: /);
  }, 60_000);

  it.each(['yesterday', '2026-02-30', '2026-11-01T08:00:00'])('takes no %s', async (since) => {
    stage = await makeStage({});
    const { exit, stderr } = await stage.run(['policy', 'replay', '--since', since]);
    expect(exit).toBe(2);
    expect(stderr).toContain(`error SG7064: --since "${since}" is no day`);
  });

  it.each(['2999-01-01', '2999-01-01T00:00:00+01:00'])('takes no day to come: %s', async (since) => {
    stage = await makeStage({});
    const { exit, stdout, stderr } = await stage.run(['policy', 'replay', '--since', since]);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`error SG7064: --since "${since}" has not come yet`);
  });
});
