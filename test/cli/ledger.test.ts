/** The ledger commands on real repositories, with the controller that writes what they read. */
import { appendFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { taskText } from './folder.ts';
import { policyText } from './policy-texts.ts';
import { makeStage, oneTask, type Stage, takeTestCredentials } from './stage.ts';

beforeAll(takeTestCredentials);

let stage: Stage;
afterEach(() => stage.close());

/** A stage whose ledger is there, pinned. */
async function begun(files: Readonly<Record<string, string>>): Promise<Stage> {
  stage = await makeStage(files);
  expect(await stage.begin()).toMatchObject({ exit: 0 });
  return stage;
}

async function listed(): Promise<{ name: string; state: string; token: string; taskIds: string[] }[]> {
  return JSON.parse((await stage.run(['ledger', 'list', '--format', 'json'])).stdout);
}

describe('ledger init', () => {
  it('begins a ledger where the source is empty, and tells what to pin', async () => {
    stage = await makeStage({});
    const { exit, stdout, stderr } = await stage.run(['ledger', 'init']);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const [, id] = /^ledger ([0-9a-f-]{36}) begins on branch snowgate-ledger of file:/.exec(stdout) ?? [];
    expect(stdout).toContain(`\nledger:\n  id: ${id}\n`);
    expect(JSON.parse(stage.git('ledger.git', 'show', 'snowgate-ledger:FORMAT'))).toEqual({
      v: 1,
      ledger: id,
    });
  });

  it('refuses where the source holds tasks and nobody says what shall become of them', async () => {
    stage = await makeStage(oneTask);
    const { exit, stderr } = await stage.run(['ledger', 'init']);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/^error SG7018: the source already holds 1 valid task at [0-9a-f]{12}/);
    expect(stage.git('ledger.git', 'for-each-ref')).toBe('');
  });

  it('writes a baseline down, which is never issued, and issues what comes after it', async () => {
    stage = await makeStage({ ...oneTask, 'tasks/b.yaml': taskText('b') });
    expect((await stage.run(['ledger', 'init', '--baseline'])).stdout).toContain(
      '2 revisions written down as baseline',
    );
    stage.commit({ 'tasks/c.yaml': taskText('c') });
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    expect((await listed()).map(({ name, state }) => `${name} ${state}`)).toEqual(
      ['c issued', 'b baseline', 'unlock-a baseline'].sort(),
    );
    expect(await stage.tasks()).toHaveLength(1);
  });

  it('writes no head of the source down as one of a repository that the policies have of their own', async () => {
    stage = await makeStage({ 'policies/p.yaml': policyText('p') });
    stage.git('source', 'branch', 'elsewhere');
    stage.commit(oneTask);
    const elsewhere = `policySource: {url: "file://${stage.dir}/source", branch: elsewhere}\n`;
    appendFileSync(stage.configFile, elsewhere);
    expect((await stage.run(['ledger', 'init', '--baseline'])).exit).toBe(0);
    const { exit, stdout } = await stage.run(['plan']);
    expect(stdout).not.toContain('SG6242');
    expect(exit).toBe(0);
  });

  it('writes no baseline of a source that it cannot read whole', async () => {
    stage = await makeStage({ ...oneTask, 'tasks/b.yaml': 'kind: [' });
    const { exit, stderr } = await stage.run(['ledger', 'init', '--baseline']);
    expect(exit).toBe(1);
    expect(stderr).toContain('tasks/b.yaml:');
    expect(stderr).toContain('error SG7019: 1 error in the source');
    expect(stage.git('ledger.git', 'for-each-ref')).toBe('');
  });

  it('refuses where a ledger is, and where one is pinned', async () => {
    await begun({});
    expect((await stage.run(['ledger', 'init'])).stderr).toContain(
      'error SG7017: the configuration pins ledger',
    );
    stage.configure({});
    const { exit, stderr } = await stage.run(['ledger', 'init']);
    expect(exit).toBe(1);
    expect(stderr).toContain('error SG4020: ');
  });

  it('ends with 3 where the source cannot be reached', async () => {
    stage = await makeStage({});
    stage.configure({ source: ', branch: gone' });
    const { exit, stderr } = await stage.run(['ledger', 'init']);
    expect(exit).toBe(3);
    expect(stderr).toMatch(/^error SG30\d\d: /);
  });
});

describe('ledger list, show and verify', () => {
  it('tell what was asked, by whom, and what became of it', async () => {
    await begun({
      ...oneTask,
      'tasks/b.yaml': taskText('b', { command: 'reboot', targets: ['smd-o3uuq2sllugi7pnu'] }),
    });
    await stage.run(['run', '--once']);
    const list = await stage.run(['ledger', 'list']);
    expect(list.stdout).toMatch(
      /^issued {2}lab\/b {9}[0-9a-f]{12} {2}st-[a-z0-9]{16}\nissued {2}lab\/unlock-a {2}[0-9a-f]{12} {2}st-[a-z0-9]{16}\n2 revisions: 2 issued\n$/,
    );
    const [first] = await listed();
    expect(first).toMatchObject({ fleet: 'lab', name: 'b', state: 'issued', command: 'reboot', run: 1 });
    const shown = await stage.run(['ledger', 'show', 'lab/unlock-a']);
    expect(shown.stdout).toMatch(/^lab\/unlock-a {2}issued\n {2}token {5}[0-9a-f]{64}\n/);
    expect(shown.stdout).toMatch(
      /\n\n {2,}wanted {3}tasks\/a\.yaml in [0-9a-f]{12} by Ann <ann@example\.com>\n.* claimed {2}attempt 1 {2}\[[0-9a-f]{12} stage\]\n.* \+.*s {2}issued {3}st-[a-z0-9]{16} by attempt 1 {2}\[/,
    );
    const byPrefix = await stage.run(['ledger', 'show', first?.token.slice(0, 8) ?? '', '--format', 'json']);
    expect(JSON.parse(byPrefix.stdout)[0].events.map(({ kind }: { kind: string }) => kind)).toEqual([
      'claimed',
      'issued',
    ]);
    expect(await stage.run(['ledger', 'verify'])).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(
        /^ledger [0-9a-f-]{36}\ntip [0-9a-f]{40}\n3 commits, 2 revisions, 2 requests: as it must be\n$/,
      ),
      stderr: '',
    });
  });

  it('say what they do not know, with the near miss, and fit a narrow terminal', async () => {
    const rows = [
      ['lab/unlok-a', 'the ledger holds no revision of "lab/unlok-a"', 'did you mean lab/unlock-a?'],
      ['unlok-a', 'the ledger holds nothing called "unlok-a"', 'did you mean unlock-a?'],
      [
        '00000000',
        'the ledger holds no revision whose token begins 00000000',
        'snowgate ledger list names everything',
      ],
      [
        'abc',
        'the ledger holds nothing called "abc"',
        'a token is given by 8 to 64 of its hex digits, a name as FLEET/NAME',
      ],
    ];
    await begun(oneTask);
    await stage.run(['run', '--once']);
    for (const [what = '', message, hint] of rows) {
      const { exit, stderr } = await stage.run(['ledger', 'show', what]);
      expect({ exit, stderr }).toEqual({ exit: 2, stderr: `error SG7012: ${message}\n  hint: ${hint}\n` });
    }
    expect(await stage.run(['ledger', 'show', 'unlock-a'])).toEqual(
      await stage.run(['ledger', 'show', 'lab/unlock-a']),
    );
    const { stdout } = await stage.run(['ledger', 'list'], { columns: 40, env: { NO_COLOR: '1' } });
    expect(stdout.split('\n').filter((line) => line.length > 40)).toEqual([]);
  });

  it('shows no task of a name that several fleets have, and names these', async () => {
    stage = await makeStage({
      'tasks/a.yaml': taskText('unlock-a'),
      'tasks/b.yaml': taskText('unlock-a', { fleet: 'sea' }),
    });
    const account = 'account: "111122223333"';
    stage.configure({ fleets: `lab: {region: us-west-2, ${account}}, sea: {region: eu-west-1, ${account}}` });
    expect(await stage.run(['ledger', 'init', '--baseline'])).toMatchObject({ exit: 0 });
    expect(await stage.run(['ledger', 'show', 'unlock-a'])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(
        'error SG7012: the ledger holds "unlock-a" for several fleets\n  hint: say lab/unlock-a, sea/unlock-a\n',
      ),
    });
  });

  it('find a ledger that was changed, and one that is another', async () => {
    await begun(oneTask);
    await stage.run(['run', '--once']);
    stage.configure({ ledger: ', id: 5f0c7a52-9d0e-4a58-8f0b-6a2f4f1f9b21' });
    expect(await stage.run(['ledger', 'verify'])).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('error SG7010: '),
    });
    stage.configure({});
    const tip = stage.git('ledger.git', 'rev-parse', 'snowgate-ledger');
    const parent = stage.git('ledger.git', 'rev-parse', 'snowgate-ledger~1');
    const empty = stage.git('ledger.git', 'commit-tree', `${parent}^{tree}`, '-p', tip, '-m', 'x');
    stage.git('ledger.git', 'update-ref', 'refs/heads/snowgate-ledger', empty);
    const { exit, stderr } = await stage.run(['ledger', 'verify']);
    expect(exit).toBe(1);
    expect(stderr).toContain('error SG4015: the ledger was tampered with');
  });
});

describe('ledger resolve', () => {
  /** One revision that may or may not have a task: the connection was cut after its effect, or before it. */
  async function inDoubt(effect: 'cutAfter' | 'cutBefore'): Promise<string> {
    await begun(oneTask);
    const rule = { operation: 'CreateTask', times: 1, effect };
    const set = await fetch(`${stage.simulator.endpoint}/_simulator/rules`, {
      method: 'POST',
      body: JSON.stringify(rule),
    });
    expect(set.ok).toBe(true);
    const { exit } = await stage.run(['run', '--once', '--no-wait']);
    const [only] = await listed();
    expect({ exit, state: only?.state }).toEqual({ exit: 1, state: 'inDoubt' });
    return only?.token ?? '';
  }

  /** Tries again while the doubt is too young for a person's word. */
  async function resolvePatiently(args: readonly string[]): ReturnType<typeof stage.run> {
    for (let tries = 0; ; tries += 1) {
      const done = await stage.run(['ledger', 'resolve', ...args]);
      if (!done.stderr.includes('SG7014') || tries >= 60) return done;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  it('takes a task for the one that was made', async () => {
    const token = await inDoubt('cutAfter');
    const [task] = await stage.tasks();
    const done = await stage.run([
      'ledger',
      'resolve',
      token,
      '--created',
      task?.taskId ?? '',
      '--reason',
      'seen in the console',
      '--by',
      'Ann',
    ]);
    expect(done).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^lab\/unlock-a [0-9a-f]{12}: issued as st-/),
    });
    expect(await listed()).toMatchObject([
      { state: 'issued', taskIds: [task?.taskId], resolution: { by: 'Ann', reason: 'seen in the console' } },
    ]);
    const again = await stage.run([
      'ledger',
      'resolve',
      token,
      '--not-created',
      '--reason',
      'changed my mind',
    ]);
    expect(again).toMatchObject({ exit: 1, stderr: expect.stringContaining('error SG7013: lab/unlock-a') });
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    expect(await stage.tasks()).toHaveLength(1);
  });

  it('writes nothing that the ledger could not be read with: reason and name of any characters', async () => {
    const token = await inDoubt('cutBefore');
    const words = ['--reason', '\u{e0041}'.repeat(250), '--by', '\u202e'.repeat(200)];
    const done = await resolvePatiently([token, '--not-created', ...words]);
    expect(done).toMatchObject({ exit: 0 });
    expect(await stage.run(['ledger', 'verify'])).toMatchObject({ exit: 0 });
  });

  it('has a revision asked for again of which no task was made', async () => {
    const token = await inDoubt('cutBefore');
    const args = [token.slice(0, 8), '--not-created', '--reason', 'nothing listed'];
    const early = await stage.run(['ledger', 'resolve', ...args]);
    expect(early).toMatchObject({ exit: 1, stderr: expect.stringContaining('SG7014') });
    expect((await resolvePatiently(args)).exit).toBe(0);
    expect((await stage.run(['run', '--once'])).exit).toBe(0);
    expect(await listed()).toMatchObject([{ state: 'issued', attempts: [{ n: 1 }, { n: 2 }] }]);
    expect(await stage.tasks()).toHaveLength(1);
  });

  it('brings a task back that a new ledger does not know', async () => {
    await begun(oneTask);
    await stage.run(['run', '--once']);
    const [task] = await stage.tasks();
    stage.git('ledger.git', 'update-ref', '-d', 'refs/heads/snowgate-ledger');
    stage.configure({});
    await stage.run(['ledger', 'init', '--issue-existing']);
    stage.configure({ source: ', branch: main' });
    const halted = await stage.run(['run', '--once', '--config', renamedState()]);
    expect(halted).toMatchObject({ exit: 1, stdout: expect.stringContaining('blocked  lab/unlock-a') });
    expect(halted.stdout).toContain(`snowgate ledger resolve ${task?.clientToken} --created ${task?.taskId}`);
    const done = await stage.run([
      'ledger',
      'resolve',
      task?.clientToken ?? '',
      '--created',
      task?.taskId ?? '',
      '--reason',
      'the old ledger was lost',
    ]);
    expect(done).toMatchObject({ exit: 0 });
    expect(await stage.run(['run', '--once', '--config', renamedState()])).toMatchObject({ exit: 0 });
    expect(await stage.tasks()).toHaveLength(1);
  });

  /** The same configuration with a state directory that remembers no ledger. */
  function renamedState(): string {
    return stage.withStateDir('state-2');
  }

  it.each([
    [['--reason', 'x'], 2, 'error SG7011: say either --created TASKID or --not-created'],
    [['--created', 'no such', '--reason', 'x'], 2, 'error SG7011: "no such" is no task id'],
    [['--not-created', '--reason', ' '], 2, 'error SG7011: a reason has 1 to 500 characters'],
    [['--not-created', '--reason', 'x'.repeat(501)], 2, 'error SG7011: a reason has 1 to 500 characters'],
    [
      ['--not-created', '--reason', 'x', '--by', 'x'.repeat(201)],
      2,
      'error SG7011: --by has 1 to 200 characters',
    ],
    [['--not-created', '--reason', 'x', '--by', ' '], 2, 'error SG7011: --by has 1 to 200 characters'],
    [
      ['--not-created', '--reason', 'x'],
      2,
      'error SG7012: the ledger holds no revision whose token begins 0',
    ],
    [['--created', 'st-1', '--reason', 'x'], 1, 'error SG7015: neither the ledger nor the source knows'],
  ])('refuses %j', async (flags, exit, message) => {
    await begun({});
    const ran = await stage.run(['ledger', 'resolve', '0'.repeat(64), ...flags]);
    expect(ran.exit).toBe(exit);
    expect(ran.stderr).toContain(message);
  });
});

describe('a temporary folder that cannot be made', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    [['plan']],
    [['demo', '--once']],
    [['ledger', 'init']],
    [['ledger', 'list']],
    [['ledger', 'verify']],
    [['ledger', 'resolve', '0'.repeat(64), '--not-created', '--reason', 'x']],
  ])('ends %j with 3 and says where it was to be', async (argv) => {
    stage = await makeStage({});
    vi.stubEnv('TMPDIR', '/nonexistent');
    const { exit, stdout, stderr } = await stage.run(argv);
    expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
    expect(stderr).toMatch(/^error SG7008: no folder could be made in \/nonexistent: ENOENT\n {2}hint: /m);
  });
});
