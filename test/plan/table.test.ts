/**
 * DESIGN 3, the table "I do / AWS sees", over real manifests. Each row begins with one task that was merged and issued,
 * unless it says otherwise.

 */
import { describe, expect, it } from 'vitest';
import { released } from '../ledger/events.ts';
import { openSettings } from './input.ts';
import type { Files } from './stage.ts';
import { noonMs, Stage, yaml } from './stage.ts';

const path = 'tasks/job.yaml';
const first = 'job reboot smd-1 smd-2 run 1';

/** A stage whose one task was issued. */
function issuedStage(text = yaml(), files: Files = { [path]: text }): Stage {
  const stage = new Stage();
  stage.files = files;
  stage.pass();
  return stage;
}

describe('nothing is seen by AWS when I', () => {
  const text = yaml({
    description: 'one two',
    spec: ['tags: {owner: ops, site: north}'],
    metadata: ['labels: {a: b}'],
  });
  const rows: [string, Files][] = [
    ['move the file', { 'tasks/deep/folder/job.yaml': text }],
    ['rename the file', { 'tasks/other.yml': text }],
    [
      'put it beside another document',
      { [path]: `# both\n${text}---\n${yaml({ name: 'job', fleet: 'elsewhere' })}` },
    ],
    ['add comments', { [path]: `# a comment\n${text.replaceAll('\n', ' # and another\n')}` }],
    ['quote', { [path]: text.replace('reboot', '"reboot"').replace('one two', "'one two'") }],
    [
      'reformat to flow style',
      {
        [path]:
          '{apiVersion: snowgate/v1, kind: Task, metadata: {name: job}, spec: {fleet: lab, command: reboot, targets: [smd-1, smd-2], description: one two, tags: {owner: ops, site: north}}}\n',
      },
    ],
    [
      'reorder the keys',
      {
        [path]:
          'spec:\n  tags: {site: north, owner: ops}\n  description: one two\n  targets: [smd-1, smd-2]\n  command: reboot\n  fleet: lab\nkind: Task\nmetadata: {name: job}\napiVersion: snowgate/v1\n',
      },
    ],
    ['reorder the targets', { [path]: text.replace('smd-1, smd-2', 'smd-2, smd-1') }],
    ['relabel', { [path]: text.replace('a: b', 'c: d') }],
    ['annotate', { [path]: text.replace('labels:', 'annotations: {why: because}\n  labels:') }],
    ['write the default run', { [path]: `${text}  run: 1\n` }],
    ['change notBefore of what was issued', { [path]: `${text}  notBefore: 2027-01-01T00:00:00Z\n` }],
    ['change notAfter of what was issued', { [path]: `${text}  notAfter: 2020-01-01T00:00:00Z\n` }],
    ['change the windows line ends', { [path]: text.replaceAll('\n', '\r\n') }],
  ];
  it.each(rows)('%s', (_what, files) => {
    const stage = issuedStage(text);
    expect(stage.seen).toEqual([first]);
    stage.files = files;
    for (const after of ['issued', 'ended'] as const) {
      if (after === 'ended') stage.end();
      const plan = stage.pass();
      expect(stage.say('lab/job', plan)).toBe(after === 'issued' ? 'done SG6110' : 'done SG6111');
      expect(plan.notes).toEqual([]);
    }
    expect(stage.seen).toEqual([first]);
  });

  it.each([
    ['running', ['IN_PROGRESS'], 'done SG6110'],
    ['done', ['SUCCEEDED'], 'done SG6111'],
    ['failed', ['FAILED'], 'done SG6111'],
  ])('delete what is %s, and add it again', (_what, states, said) => {
    const stage = issuedStage();
    stage.move(stage.tokenOf(), ...states);
    stage.files = { 'tasks/else.yaml': yaml({ name: 'else' }) };
    expect(stage.pass().notes).toEqual([]);
    stage.files = { ...stage.files, [path]: yaml() };
    expect(stage.say('lab/job', stage.pass())).toBe(said);
    expect(stage.seen).toEqual([first, 'else reboot smd-else-1 smd-else-2 run 1']);
  });

  it.each(['running', 'done'])('revert to what has ended, while the newer one is %s', (when) => {
    const stage = issuedStage();
    stage.end();
    stage.files = { [path]: yaml({ command: 'unlock' }) };
    stage.pass();
    if (when === 'done') stage.end();
    else stage.move(stage.tokenOf(), 'IN_PROGRESS');
    const before = [...stage.seen];
    stage.files = { [path]: yaml() };
    stage.pass();
    expect(stage.say('lab/job', stage.pass())).toMatch(/^done SG6111/);
    expect(stage.seen).toEqual(before);
    expect(before).toHaveLength(2);
  });

  it('delete and add again while it is queued, so quickly that no pass lies between', () => {
    const stage = issuedStage();
    stage.files = {};
    stage.files = { [path]: yaml() };
    expect(stage.say('lab/job', stage.pass())).toBe('done SG6110');
    expect(stage.seen).toEqual([first]);
  });

  it('revert to a lower run that was itself asked before', () => {
    const stage = issuedStage();
    stage.end();
    stage.files = { [path]: yaml({ run: 2 }) };
    stage.pass();
    stage.end();
    stage.files = { [path]: yaml() };
    expect(stage.say('lab/job', stage.pass())).toBe('done SG6111');
    expect(stage.seen).toHaveLength(2);
  });
});

describe('the repeat guard holds it, and AWS sees nothing, when I', () => {
  const rows: [string, string][] = [
    ['correct the description', yaml({ description: 'corrected' })],
    ['correct the tags', yaml({ spec: ['tags: {owner: me}'] })],
    ['add a device to the targets', yaml({ targets: ['smd-1', 'smd-2', 'smd-3'] })],
    ['remove a device from the targets', yaml({ targets: ['smd-1'] })],
    ['exchange one device of two', yaml({ targets: ['smd-2', 'smd-3'] })],
  ];
  it.each(rows)('%s after it was issued', (_what, text) => {
    const stage = issuedStage();
    stage.files = { [path]: text };
    const waiting = stage.pass();
    expect(stage.say('lab/job', waiting)).toBe('wait SG6108');
    expect(waiting.awaited.size).toBe(1);
    stage.end();
    const plan = stage.pass();
    expect(stage.say('lab/job', plan)).toBe('hold SG6105');
    const [decision] = plan.decisions;
    expect(decision?.untilMs).toBeNull();
    expect(decision?.reasons[0]?.message).toMatch(
      /^would repeat reboot on smd-\d.* \(st-1, 2026-11-23\); raise run/,
    );
    expect(stage.seen).toEqual([first]);
  });

  it.each(rows)('%s; raising run lets it go', (_what, text) => {
    const stage = issuedStage();
    stage.end();
    stage.files = { [path]: `${text}  run: 2\n` };
    stage.pass();
    expect(stage.seen).toHaveLength(2);
    expect(stage.seen[1]).toMatch(/ run 2$/);
  });

  it.each(rows)('%s; but with the guard off it is a new task once the older one has ended', (_what, text) => {
    const stage = issuedStage();
    stage.options = { settings: { ...openSettings, repeatGuard: false } };
    stage.files = { [path]: text };
    stage.pass();
    expect(stage.seen).toHaveLength(1);
    stage.end();
    stage.pass();
    expect(stage.seen).toHaveLength(2);
    stage.pass();
    expect(stage.seen).toHaveLength(2);
  });
});

describe('AWS sees one new task, once the older one has ended, when I', () => {
  const rows: [string, string, string][] = [
    ['change the command', yaml({ command: 'unlock' }), 'job unlock smd-1 smd-2 run 1'],
    [
      'change the targets to new devices',
      yaml({ targets: ['smd-3', 'smd-4'] }),
      'job reboot smd-3 smd-4 run 1',
    ],
    ['raise run', yaml({ run: 2 }), 'job reboot smd-1 smd-2 run 2'],
    ['raise run by much', yaml({ run: 9 }), 'job reboot smd-1 smd-2 run 9'],
  ];
  it.each(rows)('%s', (_what, text, seen) => {
    const stage = issuedStage();
    stage.files = { [path]: text };
    expect(stage.say('lab/job', stage.pass())).toBe('wait SG6108');
    expect(stage.seen).toEqual([first]);
    stage.end();
    stage.pass();
    stage.pass();
    expect(stage.seen).toEqual([first, seen]);
  });

  it('rename metadata.name of what runs', () => {
    const stage = issuedStage();
    stage.move(stage.tokenOf(), 'IN_PROGRESS');
    const running = stage.tokenOf();
    stage.files = { [path]: yaml({ name: 'job-again', targets: ['smd-1', 'smd-2'] }) };
    stage.pass();
    stage.pass();
    expect(stage.seen).toEqual([first]);
    stage.move(running, 'SUCCEEDED');
    stage.pass();
    expect(stage.seen).toEqual([first, 'job-again reboot smd-1 smd-2 run 1']);
  });

  it('rename the fleet: the old task is cancelled, and the new one is another', () => {
    const stage = issuedStage();
    stage.files = { [path]: yaml({ fleet: 'sea' }) };
    stage.pass();
    expect(stage.seen).toEqual([first, 'cancel st-1', 'job reboot smd-1 smd-2 run 1']);
  });
});

describe('it is an error, and AWS sees nothing, when I', () => {
  const lower: [string, string][] = [
    ['by one', yaml({ run: 4 })],
    ['to the first', yaml({ run: 1 })],
    ['to the default', yaml()],
    ['and change all else', yaml({ run: 4, command: 'unlock', targets: ['smd-9'], description: 'other' })],
  ];
  it.each(lower)('lower run %s, though the older task has ended', (_how, text) => {
    const stage = issuedStage(yaml({ run: 5 }));
    for (const options of [{}, { settings: { ...openSettings, repeatGuard: false } }]) {
      stage.options = options;
      stage.files = { [path]: text };
      expect(stage.say('lab/job', stage.pass())).toBe('deny SG6104');
      stage.end();
      expect(stage.say('lab/job', stage.pass())).toBe('deny SG6104');
      expect(stage.seen).toHaveLength(1);
    }
    stage.files = { [path]: yaml({ run: 6 }) };
    stage.pass();
    expect(stage.seen).toHaveLength(2);
  });

  it.each([
    ['before it was issued', false],
    ['after it was issued', true],
  ])('give two manifests one name, %s', (_when, isIssued) => {
    const stage = isIssued ? issuedStage() : new Stage();
    const seen = [...stage.seen];
    for (const second of [yaml(), yaml({ run: 2 }), yaml({ command: 'unlock' })]) {
      stage.files = { [path]: yaml(), 'tasks/twin.yaml': second };
      const plan = stage.pass();
      expect(stage.say('lab/job', plan)).toBe('quarantined SG6109');
      expect(stage.desired.problems.map(({ code }) => code)).toEqual(['SG1301', 'SG1301']);
      expect(plan.notes).toEqual([]);
    }
    expect(stage.seen).toEqual(seen);
  });
});

describe('what was never issued', () => {
  const early = yaml({ spec: ['notBefore: 2026-12-01T00:00:00Z'] });

  it('is withdrawn when I delete it while it waits, told once, and may be asked for when it comes back', () => {
    const stage = issuedStage(early);
    expect(stage.seen).toEqual([]);
    stage.files = {};
    const plan = stage.pass();
    expect(stage.say('lab/job', plan)).toBe('withdraw SG6118');
    expect(plan.notes.map(({ reason }) => reason)).toEqual(['withdrawn']);
    expect(stage.pass().notes).toEqual([]);
    stage.files = { [path]: yaml() };
    stage.pass();
    expect(stage.seen).toEqual([first]);
  });

  it('is withdrawn when I delete it after AWS asked for patience', () => {
    const stage = new Stage();
    stage.files = { [path]: yaml() };
    const [{ task } = { task: null }] = stage.plan().issuable;
    const token = task?.manifest.token ?? '';
    stage.claim(token);
    stage.ledger.write(released({ token, reason: 'throttled', notBefore: '2026-11-23T12:00:30.000Z' }));
    expect(stage.say()).toBe('hold SG6107');
    stage.files = {};
    expect(stage.pass().notes.map(({ reason }) => reason)).toEqual(['withdrawn']);
    expect(stage.ledger.receipt(token).notes.has('withdrawn')).toBe(true);
    stage.nowMs += 60_000;
    stage.pass();
    expect(stage.seen).toEqual([]);
  });

  it('is replaced when I change it while it waits: only the newer is ever seen', () => {
    const stage = issuedStage(early);
    stage.files = { [path]: yaml({ description: 'better' }) };
    const plan = stage.pass();
    expect(plan.notes.map(({ reason, message }) => [reason, message])).toEqual([
      ['withdrawn', 'another revision of this name replaced it before it was asked for'],
    ]);
    expect(stage.seen).toEqual([first]);
    stage.pass();
    expect(stage.seen).toEqual([first]);
  });

  it('is not withdrawn when I change only its times, comments or place', () => {
    const stage = issuedStage(early);
    stage.files = { 'tasks/moved.yaml': `# moved\n${early.replace('12-01', '12-02')}` };
    const plan = stage.pass();
    expect(plan.notes).toEqual([]);
    expect(stage.say('lab/job', plan)).toBe('hold SG6101');
  });

  it('expires, is told once, and is issued when I extend notAfter', () => {
    const stage = issuedStage(yaml({ spec: ['notAfter: 2026-11-23T12:00:00Z'] }));
    expect(stage.seen).toEqual([]);
    const [token = ''] = stage.ledger.view.receipts.keys();
    expect([...stage.ledger.receipt(token).notes.keys()]).toEqual(['expired']);
    const again = stage.pass();
    expect(stage.say('lab/job', again)).toBe('deny SG6102');
    expect(again.notes).toEqual([]);
    stage.files = { [path]: yaml({ spec: ['notAfter: 2026-11-23T12:00:00.001Z'] }) };
    stage.pass();
    expect(stage.seen).toEqual([first]);
  });

  it('waits for notBefore, to the millisecond', () => {
    const stage = issuedStage(yaml({ spec: ['notBefore: 2026-11-23T13:00:00.500+01:00'] }));
    expect(stage.plan().decisions[0]).toMatchObject({ action: 'hold', untilMs: noonMs + 500 });
    stage.nowMs = noonMs + 499;
    expect(stage.pass().issuable).toEqual([]);
    stage.nowMs = noonMs + 500;
    stage.pass();
    expect(stage.seen).toEqual([first]);
  });
});
