/** DESIGN 3, the table "I do / AWS sees": the rows that end in a cancel, and those that must not. */
import { describe, expect, it } from 'vitest';
import type { PlanInput } from '../../src/plan/plan.ts';
import { Stage, yaml } from './stage.ts';

const path = 'tasks/job.yaml';
const first = 'job reboot smd-1 smd-2 run 1';

/** A stage whose one task was issued. */
function issuedStage(): Stage {
  const stage = new Stage();
  stage.files = { [path]: yaml() };
  stage.pass();
  return stage;
}

describe('AWS is asked to cancel it, once, when I', () => {
  const cancelled = [first, 'cancel st-1'];

  it('delete it while it is queued; to ask for it again I raise run', () => {
    const stage = issuedStage();
    stage.files = { 'tasks/far.yaml': yaml({ name: 'far', spec: ['notBefore: 2027-01-01T00:00:00Z'] }) };
    expect(stage.say('lab/job')).toBe('cancel SG6124');
    for (let passes = 0; passes < 3; passes += 1) stage.pass();
    expect(stage.seen).toEqual(cancelled);
    stage.files = { ...stage.files, [path]: yaml() };
    expect(stage.say('lab/job', stage.pass())).toBe('done SG6111');
    expect(stage.plan().decisions[1]?.reasons[0]?.message).toBe(
      'issued as st-1, ended: canceled (smd-1 CANCELED, smd-2 CANCELED); cancelled when its manifest was removed; raise run to ask again',
    );
    stage.files = { ...stage.files, [path]: yaml({ run: 2 }) };
    stage.pass();
    expect(stage.seen).toEqual([...cancelled, 'job reboot smd-1 smd-2 run 2']);
  });

  it('revert its commit to one that has ended', () => {
    const stage = issuedStage();
    stage.end();
    stage.files = { [path]: yaml({ command: 'unlock' }) };
    stage.pass();
    stage.files = { [path]: yaml() };
    expect(stage.say()).toBe('done SG6111, cancel SG6124');
    for (let passes = 0; passes < 3; passes += 1) stage.pass();
    expect(stage.seen).toEqual([first, 'job unlock smd-1 smd-2 run 1', 'cancel st-2']);
  });

  it('rename it: the new one is asked for once the old one has let go of its devices', () => {
    const stage = issuedStage();
    stage.files = { [path]: yaml({ name: 'job-again', targets: ['smd-1', 'smd-2'] }) };
    expect(stage.say('lab/job-again')).toBe('hold SG6120');
    stage.pass();
    stage.pass();
    expect(stage.seen).toEqual([...cancelled, 'job-again reboot smd-1 smd-2 run 1']);
  });
});

describe('AWS is not asked to cancel it when', () => {
  const gone = { 'tasks/far.yaml': yaml({ name: 'far', spec: ['notBefore: 2027-01-01T00:00:00Z'] }) };

  it.each([
    ['its file has an error', { [path]: '{' }, ''],
    ['its document has an error', { [path]: yaml({ command: 'explode' }) }, 'quarantined SG6109'],
    ['it stands there twice', { [path]: yaml(), 'tasks/twin.yaml': yaml() }, 'quarantined SG6109'],
    [
      'it may stand in a file with an error',
      { ...gone, 'tasks/new.yaml': `{ ${yaml()}` },
      'quarantined SG6127',
    ],
    [
      'its fleet is misspelt, so that it looks like another',
      { ...gone, [path]: yaml({ fleet: 'labb' }) },
      'quarantined SG6127',
    ],
    ['another revision of it waits', { ...gone, [path]: yaml({ command: 'unlock' }) }, 'wait SG6108'],
  ])('%s', (_what, files, said) => {
    const stage = issuedStage();
    stage.files = files;
    const plan = stage.pass();
    expect(stage.say('lab/job', plan)).toBe(said === '' ? 'quarantined SG6127' : said);
    expect(plan.cancellations).toEqual([]);
    expect(stage.seen).toEqual([first]);
  });

  it('and the files, or the fleet, that may hold it are named', () => {
    const stage = issuedStage();
    const say = (files: Stage['files']): string | undefined => {
      stage.files = files;
      return stage.plan().decisions.find(({ key }) => key === 'lab/job')?.reasons[0]?.message;
    };
    const gone = 'issued as st-1; its manifest is gone, but';
    const end = 'not cancelled until that is corrected';
    expect(say({ [path]: '{' })).toBe(`${gone} ${path} may hold it: ${end}`);
    const hiding = (count: number): Stage['files'] =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`tasks/${index}.yaml`, `{ ${yaml()}`]));
    expect(say(hiding(2))).toBe(`${gone} tasks/0.yaml, tasks/1.yaml may hold it: ${end}`);
    expect(say(hiding(9))).toBe(
      `${gone} tasks/0.yaml, tasks/1.yaml, tasks/2.yaml, tasks/3.yaml and 5 more may hold it: ${end}`,
    );
    expect(say({ [path]: yaml({ fleet: 'labb' }) })).toBe(
      `${gone} labb/job may be it, of a fleet that is not in the configuration: ${end}`,
    );
  });

  it.each<[string, Partial<PlanInput>, string]>([
    ['this head may not be acted on', { previous: null }, ''],
    ['anything is halted', { halts: [{ code: 'SG6204', message: 'old news' }] }, 'blocked SG6204'],
    ['its fleet is gone from the configuration', { fleets: new Map() }, 'blocked SG6106'],
    [
      'its fleet is paused',
      {
        fleets: new Map([
          ['lab', { kind: 'paused', untilMs: null, reason: { code: 'SG6231', message: 'x' } }],
        ]),
      },
      'cancel SG6124 SG6231',
    ],
    [
      'its fleet is only observed',
      { fleets: new Map([['lab', { kind: 'observed', reason: { code: 'SG6129', message: 'x' } }]]) },
      'hold SG6129 SG6124',
    ],
  ])('%s', (_what, options, said) => {
    const stage = issuedStage();
    stage.files = gone;
    const plan = stage.plan(options);
    expect(stage.say('lab/job', plan)).toBe(said);
    expect(plan.cancellations).toEqual([]);
  });

  it('it is in an account that is not its fleet any more: that is said', () => {
    const stage = issuedStage();
    const token = stage.tokenOf();
    stage.files = gone;
    const plan = stage.plan({ elsewhere: new Set([token]) });
    expect(stage.say('lab/job', plan)).toBe('blocked SG6128');
    expect(plan.cancellations).toEqual([]);
  });
});
