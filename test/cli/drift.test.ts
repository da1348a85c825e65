/** drift on real repositories and the simulator. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { createTaskApi } from '../../src/snow/task-api.ts';
import { removeFolders, taskText } from './folder.ts';
import { makeStage, type Stage, takeTestCredentials } from './stage.ts';

beforeAll(takeTestCredentials);

let stage: Stage;
afterEach(async () => {
  await stage.close();
  removeFolders();
});

/** A stage with a pinned ledger, whose id it returns. */
async function begun(files: Readonly<Record<string, string>>): Promise<string> {
  stage = await makeStage(files);
  const { stdout } = await stage.begin();
  return JSON.parse(stdout).ledger;
}

/** Asks AWS for a task without Git. */
async function askAround(clientToken: string, tags: Readonly<Record<string, string>>): Promise<string> {
  const { endpoint } = stage.simulator;
  const fleet = { name: 'lab', region: 'us-west-2', endpoint, labels: {}, requirePolicies: [] };
  const api = createTaskApi(fleet, {
    requestTimeoutMs: 5000,
    clock: systemClock,
    redactor: createRedactor(),
  });
  const request = { clientToken, command: 'unlock', targets: ['smd-o3uuq2sllugi7pnu'], tags } as const;
  const made = await api.createTask(request, () => 'open');
  api.close();
  return made.kind === 'issued' ? made.taskId : made.kind;
}

async function taskIds(): Promise<string[]> {
  return (await stage.tasks()).map(({ taskId }) => taskId);
}

const ghost = taskText('ghost', { targets: ['smd-aaaaaaaaaaaaaaaa'] });

describe('drift', () => {
  it('is 0 where everything in AWS came from Git', async () => {
    await begun({ 'tasks/a.yaml': taskText('a') });
    await stage.run(['run', '--once']);
    const { exit, stdout, stderr } = await stage.run(['drift']);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toContain(
      '\n\n1 of 1 fleet asked: 0 tasks made around Git, 0 tasks that the ledger lacks, ',
    );
  });

  it('names whose each task is, and devices that AWS does not know, and touches nothing', async () => {
    const ledger = await begun({ 'tasks/a.yaml': taskText('a') });
    await stage.run(['run', '--once']);
    const [{ token }] = JSON.parse((await stage.run(['ledger', 'list', '--format', 'json'])).stdout);
    stage.commit({ 'tasks/b.yaml': ghost });
    const bare = await askAround('by-hand', { owner: 'ops' });
    const other = await askAround('other', { 'snowgate:ledger': 'another', 'snowgate:revision': 'x' });
    const lost = 'f'.repeat(64);
    const unknown = await askAround('lost', { 'snowgate:ledger': ledger, 'snowgate:revision': lost });
    const second = await askAround('second', { 'snowgate:ledger': ledger, 'snowgate:revision': token });
    const before = await taskIds();
    const tip = stage.git('ledger.git', 'rev-parse', 'snowgate-ledger');
    const { exit, stdout } = await stage.run(['drift', '--format', 'json']);
    const [fleet] = JSON.parse(stdout).fleets;
    const whose = fleet.tasks.map((task: { taskId: string; whose: string }) => [task.taskId, task.whose]);
    expect(exit).toBe(1);
    expect(Object.fromEntries(whose)).toEqual({
      [bare]: 'around',
      [other]: 'around',
      [unknown]: 'unknown',
      [second]: 'second',
    });
    expect(fleet).toMatchObject({
      asked: true,
      undescribed: 0,
      devices: [{ device: 'smd-aaaaaaaaaaaaaaaa', tasks: ['ghost'] }],
    });
    for (const task of fleet.tasks) {
      expect(task).toMatchObject({
        targets: ['smd-o3uuq2sllugi7pnu'],
        created: expect.stringMatching(/Z$/),
        state: expect.stringMatching(/^[A-Z_]+$/),
      });
    }
    const text = await stage.run(['drift'], { columns: 60, env: { NO_COLOR: '1' } });
    expect(text.stdout).toContain(`${other}`);
    expect(text.stdout).toContain('(SG6233)');
    expect(text.stdout.split('\n').filter((line) => line.length > 60 && !line.includes(lost))).toEqual([]);
    expect(await taskIds()).toEqual(before);
    expect(stage.git('ledger.git', 'rev-parse', 'snowgate-ledger')).toBe(tip);
  });

  it('shows the others and ends with 3 where a fleet could not be asked', async () => {
    await begun({ 'tasks/b.yaml': ghost });
    const gone = ', gone: {region: us-west-2, endpoint: "http://127.0.0.1:9"}';
    stage.configure({ fleets: `lab: {region: us-west-2, endpoint: "ENDPOINT"}${gone}` });
    const { exit, stdout } = await stage.run(['drift']);
    expect(exit).toBe(3);
    expect(stdout).toMatch(/\nfleet lab\n {2}AWS knows no device smd-a{16}, which is named by lab\/ghost\n/);
    expect(stdout).toMatch(/\nfleet gone\n {2}could not be asked: SG50/);
  });
});
