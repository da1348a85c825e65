/** plan, and plan --explain, on real repositories with policies. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { removeFolders, taskText } from './folder.ts';
import { policyText, windowText } from './policy-texts.ts';
import { makeStage, type Stage, takeTestCredentials } from './stage.ts';

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

const dayMs = 86_400_000;
/** So many days from now: the window opens on the tenth, and what was introduced today is stale after thirty. */
const dayIn = (days: number): string => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);
const [opens, closes] = [dayIn(10), dayIn(11)];
const other = 'smd-o3uuq2sllugi7pnu';
const change =
  '{name: change, require: "\\"change\\" in task.annotations && task.run < 9", message: "an unlock names its change"}';
const files = {
  'tasks/a.yaml': taskText('now'),
  'tasks/b.yaml': taskText('later', { targets: [other] }),
  'tasks/c.yaml': taskText('bare', { targets: [other], command: 'reboot' }),
  'tasks/d.yaml': taskText('broken', { run: 0 }),
  'policies/w.yaml': windowText('night', `{from: ${opens}T22:00, to: ${closes}T04:00}`),
  'policies/p.yaml': [
    policyText('shut', '{name: night, window: night, message: by night}', '{names: [later]}'),
    policyText('open', '{name: fine, require: "fleet.inFlight.tasks < 5"}', '{names: [now]}'),
  ].join('---\n'),
  // Its name turns round what is written after it.
  'policies/c\u202e.yaml': policyText('change', change, '{commands: [reboot]}'),
};

interface Told {
  readonly tasks: Record<string, unknown>[];
  readonly explain: {
    readonly verdict: object;
    readonly policies: { name: string; mismatch: string | null; rules: Record<string, unknown>[] }[];
    readonly checks: { name: string; outcome: string }[];
  } | null;
}

async function explained(name: string, ...flags: string[]): Promise<Told & { exit: number }> {
  const { exit, stdout } = await stage.run(['plan', '--explain', name, '--format', 'json', ...flags]);
  return { exit, ...JSON.parse(stdout) };
}

describe('plan', () => {
  it('gives a line to each task: issue, hold until, deny; and the places of the reasons as data', async () => {
    await begun(files);
    const { exit, stdout } = await stage.run(['plan']);
    const until = `${opens}T22:00`;
    expect(stdout).toContain(`hold         lab/later   `);
    expect(stdout).toContain(
      `until ${until}:00Z: shut/night: by night: night is closed: opens ${until}+00:00 (policies/p.yaml:6)\n`,
    );
    expect(stdout).toMatch(
      /^deny +lab\/bare .* SG6301 change\/change: .* its change \(policies\/c\\u\{202e\}\.yaml:6\)$/m,
    );
    expect(stdout).toMatch(/\n4 tasks: 1 deny, 1 quarantined, 1 hold, 1 issue\n$/);
    expect(exit).toBe(1);
    const json = JSON.parse((await stage.run(['plan', '--format', 'json'])).stdout);
    expect(json.tasks.find(({ name }: { name: string }) => name === 'later')).toMatchObject({
      action: 'hold',
      until: `${until}:00.000Z`,
      reasons: [
        {
          code: 'SG6303',
          policy: 'shut',
          rule: 'night',
          place: { path: 'policies/p.yaml', line: 6, column: 6 },
          endedBy: 'time',
        },
      ],
    });
  });

  it('ends well where tasks are held for their time alone', async () => {
    const { 'tasks/c.yaml': _denied, 'tasks/d.yaml': _broken, ...sound } = files;
    await begun(sound);
    expect((await stage.run(['plan'])).exit).toBe(0);
  });

  it('travels in time: windows open, and permissions end with them', async () => {
    await begun({ ...files, 'tasks/b.yaml': taskText('later', { notBefore: `${dayIn(8)}T00:00:00Z` }) });
    const { tasks } = await explained('later', '--at', `${opens}T23:00:00Z`);
    expect(tasks).toMatchObject([{ action: 'issue', until: `${closes}T04:00:00.000Z` }]);
    const stale = await explained('later', '--at', `${dayIn(60)}T23:00:00Z`);
    expect(stale.tasks).toMatchObject([
      { action: 'deny', reasons: [{ code: 'SG6310' }, { code: 'SG6303' }] },
    ]);
    expect(stale.explain?.checks).toContainEqual(
      expect.objectContaining({ name: 'maxWait', outcome: 'deny' }),
    );
  });
});

describe('plan --explain', () => {
  it('tells every policy, every rule, its windows and its facts', async () => {
    await begun(files);
    const { exit, tasks, explain } = await explained('later');
    expect({ exit, tasks: tasks.length }).toEqual({ exit: 0, tasks: 1 });
    expect(explain?.verdict).toMatchObject({ action: 'hold', until: `${opens}T22:00:00.000Z` });
    expect(explain?.policies.map(({ name, mismatch }) => [name, mismatch])).toEqual([
      ['change', 'commands'],
      ['open', 'names'],
      ['shut', null],
    ]);
    expect(explain?.policies[2]?.rules).toMatchObject([
      {
        name: 'night',
        path: 'policies/p.yaml',
        line: 6,
        outcome: 'hold',
        code: 'SG6303',
        onClose: 'cancel',
        windows: [{ name: 'night', isOpen: false, opens: `${opens}T22:00:00.000Z` }],
      },
    ]);
    const bare = await explained('lab/bare');
    expect(bare.exit).toBe(1);
    expect(bare.explain?.policies[0]?.rules).toMatchObject([
      {
        outcome: 'deny',
        require: '"change" in task.annotations && task.run < 9',
        facts: [
          { path: 'task.annotations', value: {} },
          { path: 'task.run', value: 1 },
        ],
      },
    ]);
  });

  it('tells people the same, on any terminal', async () => {
    await begun(files);
    const { stdout } = await stage.run(['plan', '--explain', 'bare']);
    expect(stdout).toContain('\nlab/bare  deny\n');
    expect(stdout).toContain(
      `
policies that are about it
  change (policies/c\\u{202e}.yaml:1)
    deny       change (policies/c\\u{202e}.yaml:6), otherwise deny
               SG6301 change/change: an unlock names its change (policies/c\\u{202e}.yaml:6)
               require: "change" in task.annotations && task.run < 9
               task.annotations = {}
               task.run = 1

policies about others
  open (policies/p.yaml:9): by match.names
  shut (policies/p.yaml:1): by match.names

whatever the policies say
  passed  notBefore          none
`,
    );
    for (const columns of [60, 200]) {
      const { stdout: wide } = await stage.run(['plan', '--explain', 'bare'], {
        columns,
        env: { NO_COLOR: '1' },
      });
      const tooLong = wide.split('\n').filter((line) => line.length > columns && line.trim().includes(' '));
      expect(tooLong.filter((line) => !/^ +revision/.test(line))).toEqual([]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
      expect(wide).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    }
  });

  it('tells of what was asked for already why its claim was allowed', async () => {
    await begun(files);
    await stage.run(['run', '--once']);
    const { tasks, explain } = await explained('now');
    expect({ tasks, explain }).toMatchObject({ tasks: [{ action: 'done' }], explain: null });
    const { stdout } = await stage.run(['plan', '--explain', 'now']);
    expect(stdout).toMatch(/\n {2}allowed {3}by open\n/);
  });

  it('explains nothing of a name that is frozen, and says why', async () => {
    await begun(files);
    const { exit, tasks, explain } = await explained('broken');
    expect({ exit, tasks, explain }).toMatchObject({
      exit: 1,
      tasks: [{ action: 'quarantined', token: null }],
      explain: null,
    });
  });

  it.each([
    ['latr', 'neither source nor ledger knows a task "latr"\n  hint: did you mean later?\n'],
    ['lab/x\u202e', 'neither source nor ledger knows a task "lab/x\\u{202e}"\n'],
  ])('says what may be meant by %j', async (name, expected) => {
    await begun(files);
    const { exit, stdout, stderr } = await stage.run(['plan', '--explain', name]);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain(`error SG7050: ${expected}`);
  });

  it('names the fleets of a name that several have', async () => {
    await begun({ ...files, 'tasks/e.yaml': taskText('now', { fleet: 'sea' }) });
    const { exit, stderr } = await stage.run(['plan', '--explain', 'now']);
    expect({ exit, stderr }).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('"now" is a task of several fleets\n  hint: say lab/now, sea/now\n'),
    });
  });
});

describe('the ledger and the status of what a policy allowed', () => {
  it('name the policies of a claim, and until when it may run', async () => {
    const from = new Date(Date.now() - dayMs).toISOString().slice(0, 16);
    const to = new Date(Date.now() + dayMs).toISOString().slice(0, 16);
    await begun({
      'tasks/a.yaml': taskText('now'),
      'policies/w.yaml': windowText('wide', `{from: ${from}, to: ${to}}`),
      'policies/p.yaml': policyText('nights', '{name: r, window: wide}'),
    });
    await stage.run(['run', '--once']);
    const end = `${to}:00.000Z`;
    const { stdout } = await stage.run(['ledger', 'show', 'lab/now']);
    expect(stdout).toMatch(new RegExp(`\\n +allowed +by nights until ${end}\\n`));
    expect(stdout).toContain(`claimed  attempt 1, allowed by nights until ${end}  [`);
    const [listed] = JSON.parse((await stage.run(['ledger', 'list', '--format', 'json'])).stdout);
    expect(listed).toMatchObject({
      permission: { closes: end, cancels: end, notAfter: null, policies: ['nights'], isWaived: false },
      outside: [],
    });
    const status = await stage.run(['status', 'now']);
    expect(status.stdout).toContain(`  allowed   by nights until ${end}\n`);
    const all = JSON.parse((await stage.run(['status', '--format', 'json'])).stdout);
    expect(all).toMatchObject({ outside: 0, tasks: [{ name: 'now', outside: [] }] });
  });
});
