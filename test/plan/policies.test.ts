/** What the plan makes of policies: counts, and facts from the ledger. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteClaim } from '../../src/ledger/view.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import { factsOf } from '../../src/plan/facts.ts';
import type { PlanInput } from '../../src/plan/plan.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { countsOf, tallyFleets } from '../../src/plan/tally.ts';
import type { CountFacts, DescribedFacts, RuleFacts } from '../../src/policy/facts.ts';
import { claimed, laterClaim, noted, progress, released, settled, unknown } from '../ledger/events.ts';
import { loadSound, policyText, windowText } from '../policy/policy-world.ts';
import { openInput, openRules, openSettings } from './input.ts';
import { comesInOrder, granted, hourMs, iso, issueAt, minuteMs, stageOf } from './policy-stage.ts';
import { noonMs, Stage, yaml } from './stage.ts';

describe('counts', () => {
  const few = loadSound(
    policyText('few', [{ name: 'few', require: 'fleet.inFlight.tasks < 2', otherwise: 'hold' }]),
  );

  it('hold within one plan: exactly so many are granted, in the order of commits', () => {
    const stage = stageOf('a', 'b', 'c', 'd');
    const plan = stage.plan({ policies: few, origins: comesInOrder(stage.desired) });
    expect(granted(plan)).toEqual(['a', 'b']);
    expect([stage.say('lab/c', plan), stage.say('lab/d', plan)]).toEqual(['hold SG6301', 'hold SG6301']);
    const back = comesInOrder(stage.desired, (_name, index) => 10 - index);
    expect(granted(stage.plan({ policies: few, origins: back }))).toEqual(['d', 'c']);
  });

  it('are granted by position, whatever the files are called and in which order they are read', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 5 }), fc.nat({ max: 5 }), (order, most) => {
        const stage = stageOf(...[...order].reverse());
        const origins = comesInOrder(stage.desired, (name) => order.indexOf(name));
        const rule = { name: 'r', require: `fleet.inFlight.tasks < ${most}`, otherwise: 'hold' };
        const plan = stage.plan({ policies: loadSound(policyText('p', [rule])), origins });
        expect(granted(plan)).toEqual(order.slice(0, most));
      }),
      { numRuns: 40 },
    );
  });

  it('put last what is not placed in history', () => {
    const stage = stageOf('a', 'b', 'c');
    const origins = comesInOrder(stage.desired);
    origins.delete(stage.tokenOf('lab/a'));
    const settings = { ...openSettings, maxWaitMs: Number.POSITIVE_INFINITY };
    expect(granted(stage.plan({ policies: few, origins, settings }))).toEqual(['b', 'c']);
  });

  it('are of devices, too, and of each fleet by itself', () => {
    const rule = { name: 'r', require: 'fleet.inFlight.devices < 3', otherwise: 'hold' };
    const stage = stageOf('a', 'b', 'c');
    stage.files = { ...stage.files, 'tasks/s.yaml': yaml({ name: 's', fleet: 'sea' }) };
    const plan = stage.plan({
      policies: loadSound(policyText('p', [rule])),
      origins: comesInOrder(stage.desired),
    });
    expect(granted(plan)).toEqual(['a', 'b', 's']);
  });

  it('bound a fleet by its configuration as well', () => {
    const stage = stageOf('a', 'b', 'c');
    const fleetRules = new Map([['lab', { ...openRules, maxInFlight: 2 }]]);
    const plan = stage.plan({ fleetRules, origins: comesInOrder(stage.desired) });
    expect([granted(plan), stage.say('lab/c', plan)]).toEqual([['a', 'b'], 'hold SG6313']);
    issueAt(stage, 'a', noonMs);
    const later = stage.plan({ fleetRules, origins: comesInOrder(stage.desired) });
    expect(granted(later)).toEqual(['b']);
  });

  it('never count what is held, denied or only observed', () => {
    const stage = stageOf('a', 'b', 'c', 'd');
    const rules = [
      { name: 'few', require: 'fleet.inFlight.tasks < 1', otherwise: 'hold' },
      { name: 'not-a', require: 'task.name != "a"' },
      { name: 'not-b', require: 'task.name != "b"', otherwise: 'hold' },
    ];
    const plan = stage.plan({
      policies: loadSound(policyText('p', rules)),
      origins: comesInOrder(stage.desired),
    });
    expect(granted(plan)).toEqual(['c']);
  });

  it('do not count what is not checked: it takes no place until it may be asked for', () => {
    const stage = stageOf('a', 'b', 'c');
    const policies = loadSound(
      policyText('few', [{ name: 'few', require: 'fleet.inFlight.tasks < 2', otherwise: 'hold' }]),
      policyText('locked', [{ name: 'l', require: 'devices.all(d, d.state == "LOCKED")' }], { names: ['a'] }),
    );
    const plan = stage.plan({ policies, origins: comesInOrder(stage.desired) });
    expect(plan.unchecked.map(({ task }) => task.manifest.name)).toEqual(['a']);
    expect([granted(plan), stage.say('lab/a', plan)]).toEqual([['b', 'c'], 'issue SG6302']);
    const locked: DescribedFacts = { state: 'LOCKED', type: '', tags: {}, lastReachedOutAtMs: null };
    const described = new Map(['smd-a-1', 'smd-a-2'].map((id) => [`lab/${id}`, locked]));
    expect(granted(stage.plan({ policies, described, origins: comesInOrder(stage.desired) }))).toEqual([
      'a',
      'b',
    ]);
    const reason = { code: 'SG6243', message: 'no' } as const;
    const undescribed = new Map([['lab/smd-a-1', reason]]);
    const held = stage.plan({ policies, undescribed, origins: comesInOrder(stage.desired) });
    expect([stage.say('lab/a', held), granted(held)]).toEqual(['hold SG6243 SG6302', ['b', 'c']]);
  });

  const tallied = (stage: Stage, nowMs = noonMs): CountFacts =>
    countsOf(tallyFleets(stage.ledger.view, nowMs), 'lab');

  it('of the last hour and day are those of the ledger, each revision once at its newest claim', () => {
    const stage = stageOf('a', 'b', 'c', 'd', 'e');
    issueAt(stage, 'a', noonMs - 25 * hourMs);
    issueAt(stage, 'b', noonMs - 24 * hourMs + 1);
    issueAt(stage, 'c', noonMs - hourMs);
    issueAt(stage, 'd', noonMs - hourMs + 1);
    expect(tallied(stage)).toEqual({
      inFlight: { tasks: 4, devices: 8 },
      issuedLastHour: { tasks: 1, devices: 2 },
      issuedLastDay: { tasks: 3, devices: 6 },
    });
    // A task that was released waits, and has made none; claimed again it counts once.
    const token = stage.tokenOf('lab/e');
    const base = { token, fleet: 'lab', name: 'e' };
    const request = {
      clientToken: token,
      command: 'reboot',
      targets: ['x'],
      description: '',
      tags: {},
    } as const;
    stage.ledger.write(claimed({ ...base, request, at: iso(noonMs - 2 * hourMs) }), released(base));
    expect(tallied(stage).issuedLastDay.tasks).toBe(3);
    stage.ledger.write(laterClaim({ ...base, at: iso(noonMs) }));
    expect(tallied(stage).issuedLastDay.tasks).toBe(4);
    expect(tallied(stage).issuedLastHour.tasks).toBe(2);
  });

  it('are not lost behind a claim of a clock that was wrong', () => {
    const stage = stageOf('a', 'b', 'c');
    issueAt(stage, 'a', noonMs - 10 * minuteMs);
    issueAt(stage, 'b', Date.parse('1970-01-01T00:00:00Z'));
    issueAt(stage, 'c', noonMs - 5 * minuteMs);
    expect(tallied(stage).issuedLastHour.tasks).toBe(2);
    expect(tallied(stage).issuedLastDay.tasks).toBe(2);
  });

  it('are not lost behind a claim dated far ahead, however many there are', () => {
    const stage = stageOf('a');
    issueAt(stage, 'a', noonMs - 10 * minuteMs);
    const { view } = stage.ledger;
    const token = 'f'.repeat(64);
    for (let n = 0; n < 10_000; n += 1)
      noteClaim(view, claimed({ token, fleet: 'lab', at: '2027-12-01T00:00:00.000Z' }));
    expect(tallied(stage).issuedLastHour.tasks).toBe(1);
    for (let n = 0; n < 300_000; n += 1) noteClaim(view, claimed({ token, fleet: 'lab', at: iso(noonMs) }));
    expect(view.claims.get('lab')?.length).toBeLessThan(250_000);
  });

  it('are the same in whatever order clocks wrote', () => {
    const times = fc.array(fc.integer({ min: -30 * 60, max: 60 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(times, (some) => {
        const stage = stageOf('a', 'b', 'c', 'd', 'e');
        for (const [index, minute] of some.entries()) {
          issueAt(stage, 'abcde'[index] ?? 'a', noonMs + minute * minuteMs);
        }
        const since = (ms: number): number => some.filter((minute) => minute * minuteMs > -ms).length;
        expect(tallied(stage).issuedLastHour.tasks).toBe(since(hourMs));
        expect(tallied(stage).issuedLastDay.tasks).toBe(since(24 * hourMs));
      }),
      { numRuns: 50 },
    );
  });

  it('never count the task that is judged, waiting or looked for', () => {
    const alone = loadSound(
      policyText('p', [
        { name: 'none', require: 'fleet.inFlight.tasks == 0', otherwise: 'hold' },
        { name: 'hour', require: 'fleet.issuedLastHour.tasks == 0', otherwise: 'hold' },
      ]),
    );
    const stage = stageOf('a');
    const token = stage.tokenOf('lab/a');
    const base = { token, fleet: 'lab', name: 'a' };
    stage.claim(token);
    stage.ledger.write(unknown(base));
    const options = { policies: alone, fleetRules: new Map([['lab', { ...openRules, maxInFlight: 1 }]]) };
    expect(granted(stage.plan(options))).toEqual([]);
    expect(granted(stage.plan({ ...options, absent: new Set([token]) }))).toEqual(['a']);
    const waiting = stageOf('a');
    waiting.claim(token);
    waiting.ledger.write(released(base));
    expect(granted(waiting.plan(options))).toEqual(['a']);
  });

  it('count devices that have ended no more, and a task until its last has', () => {
    const stage = stageOf('a');
    issueAt(stage, 'a', noonMs);
    stage.move(stage.tokenOf('lab/a'), 'SUCCEEDED', 'QUEUED');
    expect(tallied(stage).inFlight).toEqual({ tasks: 1, devices: 1 });
    stage.move(stage.tokenOf('lab/a'), 'SUCCEEDED');
    expect(tallied(stage).inFlight).toEqual({ tasks: 0, devices: 0 });
  });
});

/** The facts of a task, as the plan would give them to its rules. */
function factsAt(stage: Stage, key = 'lab/job', options: Partial<PlanInput> = {}): RuleFacts {
  const task = stage.desired.tasks.get(key);
  if (task === undefined) throw new Error(`no ${key}`);
  const input = { ...openInput(stage.desired, stage.ledger.view, stage.nowMs, ['lab', 'sea']), ...options };
  const counts = countsOf(tallyFleets(stage.ledger.view, stage.nowMs), 'lab');
  return factsOf(task, counts, { occupied: new Map(), ...input });
}

describe('facts from the ledger', () => {
  it('know the revision that was asked before under the name, by its newest claim', () => {
    const stage = new Stage();
    const write1 = (text: string): Token => {
      stage.files = { 'tasks/job.yaml': text };
      return stage.tokenOf();
    };
    const third = yaml({ description: 'third' });
    write1(third);
    expect(factsAt(stage).task.previous).toMatchObject({
      exists: false,
      token: '',
      run: 0,
      issuedAtMs: null,
    });
    const first = write1(yaml({ description: 'first' }));
    stage.ledger.write(noted({ token: first, fleet: 'lab', name: 'job', reason: 'denied' }));
    const second = write1(yaml({ description: 'second', command: 'unlock' }));
    issueAt(stage, 'job', noonMs - 3 * hourMs);
    stage.move(second, 'SUCCEEDED');
    write1(third);
    expect(factsAt(stage).task.previous).toMatchObject({
      token: second,
      command: 'unlock',
      state: 'settled',
    });
    // The revision that the ledger came to know first is asked last: it is the newest.
    write1(yaml({ description: 'first' }));
    issueAt(stage, 'job', noonMs - hourMs);
    write1(third);
    expect(factsAt(stage).task.previous).toMatchObject({
      token: first,
      state: 'issued',
      issuedAtMs: noonMs - hourMs,
      endedAtMs: null,
      taskId: 'st-job',
    });
    // A revision is never its own previous.
    write1(yaml({ description: 'first' }));
    expect(factsAt(stage).task.previous?.token).toBe(second);
  });

  it('know the last tasks of a device, of any command and of each', () => {
    const stage = new Stage();
    const on = { targets: ['smd-1'] };
    const task = (name: string, command: string): void => {
      stage.files = { ...stage.files, [`tasks/${name}.yaml`]: yaml({ name, command, ...on }) };
    };
    task('one', 'reboot');
    task('two', 'unlock');
    task('job', 'reboot');
    const device = () => factsAt(stage).devices?.[0];
    expect(device()).toMatchObject({
      id: 'smd-1',
      busyWith: '',
      lastTask: { id: '', outcome: '', endedAtMs: null },
    });
    issueAt(stage, 'one', noonMs - 5 * hourMs);
    const base = (name: string) => ({ token: stage.tokenOf(`lab/${name}`), fleet: 'lab', name });
    const ends = (state: string) => ({ executions: [{ device: 'smd-1', state, executionId: null }] });
    stage.ledger.write(
      settled({ ...base('one'), at: iso(noonMs - 4 * hourMs), outcome: 'failed', ...ends('FAILED') }),
    );
    issueAt(stage, 'two', noonMs - 2 * hourMs);
    expect(device()).toMatchObject({
      lastTask: { id: 'st-two', name: 'two', outcome: '', endedAtMs: null },
      lastReboot: { id: 'st-one', command: 'reboot', outcome: 'FAILED', endedAtMs: noonMs - 4 * hourMs },
      lastUnlock: { id: 'st-two', outcome: '' },
    });
    stage.ledger.write(progress({ ...base('two'), at: iso(noonMs - hourMs), ...ends('SUCCEEDED') }));
    expect(device()?.lastTask).toMatchObject({ outcome: 'SUCCEEDED', endedAtMs: noonMs - hourMs });
  });

  it('know with what a device is busy: ours, or somebody’s, and never the task itself', () => {
    const stage = stageOf('job', 'other');
    stage.files = { ...stage.files, 'tasks/other.yaml': yaml({ name: 'other', targets: ['smd-1'] }) };
    issueAt(stage, 'other', noonMs);
    const receipt = stage.ledger.receipt(stage.tokenOf('lab/other'));
    const occupied = new Map([['lab/smd-1', receipt]]);
    const foreign = new Map([['smd-2', 'st-foreign']]);
    const surveys = new Map([['lab', { kind: 'seen', devices: new Set<string>(), foreign } as const]]);
    const busy = (key: string) =>
      factsAt(stage, key, { surveys, ...{ occupied } }).devices?.map(({ busyWith }) => busyWith);
    expect(busy('lab/job')).toEqual(['st-other', 'st-foreign']);
    expect(busy('lab/other')).toEqual(['']);
  });
});

describe('a plan', () => {
  it('is a function of its input: made twice it is the same, whatever was asked between', () => {
    const documents = [
      windowText('w', { open: [{ start: '0 11 * * *', duration: '2h' }], cutoff: '15m' }),
      policyText('p', [
        { name: 'w', window: 'w' },
        { name: 'few', require: 'fleet.inFlight.tasks < 2', otherwise: 'hold' },
      ]),
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 26 * 60 }), { minLength: 1, maxLength: 5 }), (asked) => {
        const stage = stageOf('a', 'b', 'c', 'd');
        issueAt(stage, 'a', noonMs, { policies: [{ name: 'p', blob: '' }], cancels: iso(noonMs + hourMs) });
        const input = (set: PlanInput['policies'], minute: number): PlanInput => ({
          ...openInput(stage.desired, stage.ledger.view, noonMs + minute * minuteMs, ['lab']),
          policies: set,
        });
        const set = loadSound(...documents);
        for (const minute of asked) {
          const plan = makePlan(input(set, minute));
          expect(makePlan(input(set, minute))).toEqual(plan);
          // And by windows that nobody has asked yet.
          expect(makePlan(input(loadSound(...documents), minute)).decisions).toEqual(plan.decisions);
        }
      }),
      { numRuns: 30 },
    );
  });
});
