/** `spec.after` against the ledger: what has succeeded, what has failed, and what stands for what. */
import { describe, expect, it } from 'vitest';
import { baseline, refused } from '../ledger/events.ts';
import { Stage, yaml } from './stage.ts';

const first = (over: Parameters<typeof yaml>[0] = {}) =>
  yaml({ name: 'first', targets: ['smd-1', 'smd-2'], ...over });
const second = yaml({ name: 'second', targets: ['smd-3'], spec: ['after: [first]'] });

function staged(): { stage: Stage; token: string } {
  const stage = new Stage();
  stage.files = { 'a.yaml': first(), 'b.yaml': second };
  stage.pass();
  return { stage, token: stage.tokenOf('lab/first') };
}

function why(stage: Stage): string {
  const decision = stage.plan().decisions.find(({ name }) => name === 'second');
  return `${decision?.action} ${decision?.reasons.map(({ code, message }) => `${code} ${message}`).join('; ')}`;
}

describe('a task that comes after another', () => {
  it('waits from the beginning, and goes once that has succeeded on all its devices', () => {
    const { stage, token } = staged();
    expect(stage.seen).toEqual(['first reboot smd-1 smd-2 run 1']);
    expect(why(stage)).toBe('hold SG6122 waits for first to succeed on smd-1, smd-2');
    stage.move(token, 'SUCCEEDED', 'IN_PROGRESS');
    expect(why(stage)).toBe('hold SG6122 waits for first to succeed on smd-2');
    stage.move(token, 'SUCCEEDED');
    expect(why(stage)).toBe('issue ');
    stage.pass();
    expect(stage.seen).toHaveLength(2);
  });

  it('names the first few of many devices, each of five', () => {
    const targets = Array.from({ length: 10 }, (_, index) => `smd-${index + 1}`);
    const stage = new Stage();
    stage.files = { 'a.yaml': first({ targets }), 'b.yaml': second };
    expect(why(stage)).toBe(
      'hold SG6122 waits for first to succeed on smd-1, smd-10, smd-2, smd-3 and 6 more',
    );
    stage.files = { 'a.yaml': first({ targets: targets.slice(4, 9) }), 'b.yaml': second };
    expect(why(stage)).toBe('hold SG6122 waits for first to succeed on smd-5, smd-6, smd-7, smd-8, smd-9');
  });

  it('says where it failed, at once, and goes when a raised run has succeeded', () => {
    const { stage, token } = staged();
    stage.move(token, 'FAILED', 'QUEUED');
    expect(why(stage)).toBe(
      'hold SG6123 waits for first, which has not succeeded on smd-1 (st-1 FAILED): raise its run, or take first out of spec.after',
    );
    stage.move(token, 'FAILED', 'SUCCEEDED');
    expect(why(stage)).toContain('SG6123');
    stage.files = { 'a.yaml': first({ run: 2 }), 'b.yaml': second };
    expect(why(stage)).toBe('hold SG6122 waits for first to succeed on smd-1, smd-2');
    stage.pass();
    stage.move(stage.tokenOf('lab/first'), 'SUCCEEDED');
    expect(why(stage)).toBe('issue ');
  });

  it.each([['CANCELED'], ['REJECTED'], ['TIMED_OUT']])('does not go after what is %s', (state) => {
    const { stage, token } = staged();
    stage.move(token, state);
    expect(why(stage)).toContain(`smd-1 (st-1 ${state}), smd-2 (st-1 ${state})`);
  });

  it('goes once it is taken out of spec.after, which asks nothing anew', () => {
    const { stage, token } = staged();
    stage.move(token, 'FAILED');
    stage.files = { 'a.yaml': first(), 'b.yaml': yaml({ name: 'second', targets: ['smd-3'] }) };
    stage.pass();
    expect(stage.seen).toEqual(['first reboot smd-1 smd-2 run 1', 'second reboot smd-3 run 1']);
  });

  it('goes after what was corrected since it succeeded: the correction repeats nothing', () => {
    const { stage, token } = staged();
    stage.move(token, 'SUCCEEDED');
    stage.files = { 'a.yaml': first({ description: 'corrected' }), 'b.yaml': second };
    expect(stage.say('lab/first')).toMatch(/^hold SG6105/);
    expect(why(stage)).toBe('issue ');
  });

  it('waits for a device that was added since', () => {
    const { stage, token } = staged();
    stage.move(token, 'SUCCEEDED');
    stage.files = { 'a.yaml': first({ targets: ['smd-1', 'smd-2', 'smd-4'] }), 'b.yaml': second };
    expect(why(stage)).toBe('hold SG6122 waits for first to succeed on smd-4');
  });

  it('waits for another command, or run, than the one that succeeded', () => {
    const { stage, token } = staged();
    stage.move(token, 'SUCCEEDED');
    stage.files = { 'a.yaml': first({ command: 'unlock' }), 'b.yaml': second };
    expect(why(stage)).toContain('SG6122');
  });

  it('goes after a baseline, which is taken for done', () => {
    const stage = new Stage();
    stage.files = { 'a.yaml': first(), 'b.yaml': second };
    const token = stage.tokenOf('lab/first');
    stage.ledger.write(baseline({ token, name: 'first', targets: ['smd-1', 'smd-2'] }));
    expect(why(stage)).toBe('issue ');
  });

  it('does not go after what AWS refused', () => {
    const stage = new Stage();
    stage.files = { 'a.yaml': first(), 'b.yaml': second };
    const token = stage.tokenOf('lab/first');
    stage.claim(token);
    stage.ledger.write(refused({ token, name: 'first' }));
    expect(why(stage)).toBe(
      'hold SG6123 waits for first, which AWS refused: raise its run, or take first out of spec.after',
    );
  });

  it('waits for what has errors', () => {
    const stage = new Stage();
    stage.files = { 'a.yaml': first({ command: 'explode' }), 'b.yaml': second };
    expect(why(stage)).toBe('hold SG6122 waits for first, whose manifest has errors');
  });
});
