/** One task at a time on a device, whoever made it. */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import type { Survey } from '../../src/plan/devices.ts';
import { ambiguous, doubled, refused, released, unknown } from '../ledger/events.ts';
import { Stage, yaml } from './stage.ts';

const one = yaml({ name: 'one', targets: ['smd-1', 'smd-2'] });
const two = yaml({ name: 'two', targets: ['smd-2', 'smd-3'], run: 1 });

/** `one` was claimed, and then what the events say; `two` would like one of its devices. */
function staged(...events: readonly LedgerEvent[]): Stage {
  const stage = new Stage();
  stage.files = { 'one.yaml': one };
  const token = stage.tokenOf('lab/one');
  stage.claim(token);
  stage.ledger.write(...events.map((event) => ({ ...event, token, name: 'one' })));
  stage.files = { 'one.yaml': one, 'two.yaml': two };
  return stage;
}

function why(stage: Stage, options: Parameters<Stage['plan']>[0] = {}): string {
  const decision = stage.plan(options).decisions.find(({ name }) => name === 'two');
  return `${decision?.action} ${decision?.reasons.map(({ code, message }) => `${code} ${message}`).join('; ')}`;
}

describe('a device', () => {
  it.each<[string, LedgerEvent[]]>([
    ['claimed', []],
    ['inDoubt', [unknown()]],
    ['ambiguous', [unknown(), ambiguous()]],
  ])('holds other tasks while one of ours is %s, and says which', (state, events) => {
    expect(why(staged(...events))).toBe(`hold SG6120 smd-2 is busy with one (${state})`);
  });

  it('holds them while the task is in flight on that device, and no longer', () => {
    const stage = staged();
    const token = stage.tokenOf('lab/one');
    stage.issue(token);
    expect(why(stage)).toBe('hold SG6120 smd-2 is busy with one (st-1)');
    stage.move(token, 'SUCCEEDED', 'IN_PROGRESS');
    expect(why(stage)).toContain('SG6120');
    stage.move(token, 'QUEUED', 'FAILED');
    expect(why(stage)).toBe('issue ');
  });

  it.each<[string, LedgerEvent[]]>([
    ['made no task', [released()]],
    ['was refused', [refused()]],
    ['is a double, which nobody follows', [unknown(), doubled()]],
  ])('is free for a task when the other %s', (_what, events) => {
    expect(why(staged(...events))).toBe('issue ');
  });

  it('is free where the other is in an account that is not the fleet any more', () => {
    const stage = staged();
    stage.issue(stage.tokenOf('lab/one'));
    expect(why(stage, { elsewhere: new Set([stage.tokenOf('lab/one')]) })).toBe('issue ');
  });

  it('of the same id in another fleet is another device', () => {
    const stage = staged();
    stage.files = { 'one.yaml': one, 'two.yaml': yaml({ name: 'two', fleet: 'sea', targets: ['smd-2'] }) };
    expect(why(stage)).toBe('issue ');
  });
});

describe('what a survey saw', () => {
  const survey = (seen: Partial<Extract<Survey, { kind: 'seen' }>>): Parameters<Stage['plan']>[0] => ({
    surveys: new Map([
      ['lab', { kind: 'seen', devices: new Set(['smd-2', 'smd-3']), foreign: new Map(), ...seen }],
    ]),
  });
  const alone = (): Stage => {
    const stage = new Stage();
    stage.files = { 'two.yaml': two };
    return stage;
  };

  it('holds nothing where all is well', () => {
    expect(why(alone(), survey({}))).toBe('issue ');
  });

  it("holds a task to a device that somebody else's task is on, and says which", () => {
    const foreign = new Map([['smd-3', 'st-x, a task that was made around Git']]);
    expect(why(alone(), survey({ foreign }))).toBe(
      'hold SG6121 smd-3 is busy with st-x, a task that was made around Git',
    );
  });

  it('holds a task to a device that AWS does not know, before AWS refuses it for good', () => {
    expect(why(alone(), survey({ devices: new Set(['smd-2']) }))).toBe(
      'hold SG6126 AWS knows no device smd-3 in the account and region of fleet lab; correct the target, or register it',
    );
  });

  it('names many devices in one sentence, the first few of them', () => {
    const targets = Array.from({ length: 9 }, (_, index) => `smd-${index + 1}`);
    const stage = new Stage();
    stage.files = { 'two.yaml': yaml({ name: 'two', targets }) };
    const none = new Set<string>();
    expect(why(stage, survey({ devices: none }))).toBe(
      'hold SG6126 AWS knows none of the devices smd-1, smd-2, smd-3, smd-4 and 5 more in the account and region of fleet lab; correct the targets, or register them',
    );
    const foreign = new Map(targets.map((device, index) => [device, index < 2 ? 'st-x' : 'st-y'] as const));
    expect(why(stage, survey({ devices: none, foreign }))).toBe(
      'hold SG6121 smd-1, smd-2 are busy with st-x; SG6121 smd-3, smd-4, smd-5, smd-6 and 3 more are busy with st-y',
    );
  });

  it('holds everything of a fleet that could not be seen', () => {
    const reason = { code: 'SG5005', message: 'fleet lab: AWS had an internal error' } as const;
    expect(why(alone(), { surveys: new Map([['lab', { kind: 'unseen', reason }]]) })).toBe(
      'hold SG5005 fleet lab: AWS had an internal error',
    );
  });
});
