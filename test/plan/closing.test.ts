/** What is held until a time, and what is cancelled when a window ends. */
import { describe, expect, it } from 'vitest';
import type { ClaimVerdict } from '../../src/ledger/events.ts';
import type { Plan, PlanInput } from '../../src/plan/plan.ts';
import { nextChangeMs } from '../../src/plan/plan.ts';
import { cancelAnswered, cancelRequested, commitId, released } from '../ledger/events.ts';
import { load, loadSound, policyText, windowText, write } from '../policy/policy-world.ts';
import { openSettings } from './input.ts';
import { hourMs, iso, issueAt, minuteMs, stageOf } from './policy-stage.ts';
import { noonMs, openFleets, Stage, yaml } from './stage.ts';

describe('a window that ends', () => {
  const closes = noonMs + hourMs;
  const lead = 10 * minuteMs;
  const settings = { ...openSettings, cancelLeadMs: lead };
  const windowTo = (hour: number, name = 'w'): string =>
    windowText(name, { open: [{ from: '2026-11-23T06:00', to: `2026-11-23T${hour}:00` }] });
  const rule = { name: 'r', window: 'w' };
  const policies = loadSound(windowTo(13), policyText('p', [rule]));
  const named = { policies: [{ name: 'p', blob: commitId(1) }] };
  const until = { ...named, closes: iso(closes), cancels: iso(closes) };

  /** A task that was issued at noon, within its window. */
  function running(verdict: Partial<ClaimVerdict> = until): Stage {
    const stage = stageOf('job');
    stage.options = { settings, policies };
    issueAt(stage, 'job', noonMs, verdict);
    stage.previous = stage.desired.tasks;
    return stage;
  }
  /** `closed 2026-…` for what is to be cancelled at an instant. */
  function cancels(stage: Stage, nowMs: number, options: Partial<PlanInput> = {}): string[] {
    stage.nowMs = nowMs;
    return stage
      .plan(options)
      .cancellations.map(({ reason, endMs }) => `${reason} ${endMs === null ? '' : iso(endMs)}`);
  }
  const due = closes - lead;
  const end = `closed ${iso(closes)}`;

  it('cancels what is queued exactly at its end less the lead, and tells when that is', () => {
    const stage = running();
    expect(cancels(stage, due - 1)).toEqual([]);
    expect(stage.plan().nextClosingMs).toBe(due);
    expect(nextChangeMs(stage.plan())).toBe(due);
    expect(cancels(stage, due)).toEqual([end]);
    expect([stage.say(), stage.plan().nextClosingMs]).toEqual(['cancel SG6130', null]);
  });

  it('cancels a task of which one device is queued, and none of which all have begun', () => {
    const mixed = running();
    mixed.move(mixed.tokenOf(), 'IN_PROGRESS', 'QUEUED');
    expect(cancels(mixed, due)).toEqual([end]);
    const begun = running();
    begun.move(begun.tokenOf(), 'IN_PROGRESS');
    expect(cancels(begun, due)).toEqual([]);
  });

  it('ends when it does by the policies of today: extended or shortened', () => {
    const longer = loadSound(windowTo(15), policyText('p', [rule]));
    expect(cancels(running(), due, { policies: longer })).toEqual([]);
    expect(cancels(running(), due + 2 * hourMs, { policies: longer })).toEqual([
      `closed ${iso(closes + 2 * hourMs)}`,
    ]);
    const nowMs = noonMs + 5 * minuteMs;
    const shorter = loadSound(windowTo(12), policyText('p', [rule]));
    expect(cancels(running(), nowMs, { policies: shorter })).toEqual([`closed ${iso(nowMs)}`]);
  });

  it('has ended when it did, where nobody was there', () => {
    expect(cancels(running(), closes + 3 * hourMs)).toEqual([end]);
    const longer = loadSound(windowTo(14), policyText('p', [rule]));
    expect(cancels(running(), closes + 3 * hourMs, { policies: longer })).toEqual([
      `closed ${iso(closes + hourMs)}`,
    ]);
  });

  it('may be left, or not bind any more', () => {
    for (const other of [
      { ...rule, onClose: 'leave' },
      { ...rule, otherwise: 'warn' },
      { name: 'r', require: 'true' },
    ]) {
      const changed = loadSound(windowTo(13), policyText('p', [other]));
      expect(cancels(running(), closes + hourMs, { policies: changed })).toEqual([]);
    }
  });

  it('is that of the claim where a policy that allowed it is gone, is about others or does not load', () => {
    const about = loadSound(windowTo(15), policyText('p', [rule], { commands: ['unlock'] }));
    const brokenPolicy = load(windowTo(15), policyText('p', [{ name: 'r' }]));
    const brokenWindow = load(windowText('w', { open: [] }), policyText('p', [rule]));
    for (const changed of [
      load(),
      about,
      brokenPolicy,
      brokenWindow,
      loadSound(windowTo(15), policyText('q', [rule])),
    ]) {
      expect(cancels(running(), due - 1, { policies: changed })).toEqual([]);
      expect(cancels(running(), due, { policies: changed })).toEqual([end]);
    }
  });

  it('is that of the claim where it was waived, its name is frozen, or everything is halted', () => {
    const longer = loadSound(windowTo(15), policyText('p', [rule]));
    const halts = [{ code: 'SG6240', message: 'not read yet' }] as const;
    const waiver = {
      name: 'v',
      path: 'p',
      blob: commitId(1),
      rules: ['p/r'],
      reason: 'x',
      expires: iso(closes),
    };
    expect(cancels(running({ ...until, waiver }), due, { policies: longer })).toEqual([end]);
    expect(cancels(running(), due, { policies: longer, halts })).toEqual([end]);
    expect(cancels(running(), due, { policies: longer, halts, previous: null })).toEqual([end]);
    const frozen = running();
    frozen.files = { 'tasks/job.yaml': yaml({ spec: ['unknown: 1'] }) };
    expect(cancels(frozen, due - 1, { policies: longer })).toEqual([]);
    expect(cancels(frozen, due, { policies: longer })).toEqual([end]);
  });

  it('binds by the policies that allowed it: one that was merged since stops no task that is asked for', () => {
    const more = loadSound(
      windowTo(13),
      windowTo(11, 'early'),
      policyText('p', [rule]),
      policyText('new', [{ name: 'n', window: 'early' }]),
    );
    expect(cancels(running(), noonMs, { policies: more })).toEqual([]);
    expect(cancels(running({}), closes + hourMs)).toEqual([]);
  });

  it('is not what cancels where the fleet may not be asked, or the task is in another account; a pause is no reason', () => {
    const reason = { code: 'SG6107', message: 'x' } as const;
    const halted = new Map([['lab', { kind: 'halted', reason } as const]]);
    expect(cancels(running(), due, { fleets: halted })).toEqual([]);
    const paused = new Map([['lab', { kind: 'paused', untilMs: null, reason } as const]]);
    expect(cancels(running(), due, { fleets: paused })).toEqual([end]);
    const stage = running();
    expect(cancels(stage, due, { elsewhere: new Set([stage.tokenOf()]) })).toEqual([]);
    expect(cancels(running(), due, { fleets: openFleets('lab') })).toEqual([end]);
  });

  it('once asked for is asked for until it is answered, whatever the windows say meanwhile', () => {
    const stage = running();
    const base = { token: stage.tokenOf(), fleet: 'lab', name: 'job' };
    stage.ledger.write(cancelRequested({ ...base, taskId: 'st-job', reason: 'closed', end: iso(closes) }));
    const longer = loadSound(windowTo(15), policyText('p', [rule]));
    expect(cancels(stage, due, { policies: longer })).toEqual([end]);
    stage.ledger.write(cancelAnswered(base));
    expect(cancels(stage, due, { policies: longer })).toEqual([]);
    expect(stage.say()).toBe('done SG6110');
  });

  it('gives way to a notAfter that comes before it, frozen at the claim', () => {
    const notAfter = noonMs + 30 * minuteMs;
    const stage = running({ ...until, notAfter: iso(notAfter) });
    expect(cancels(stage, notAfter - lead - 1)).toEqual([]);
    expect(cancels(stage, notAfter - lead)).toEqual([`expired ${iso(notAfter)}`]);
    const later = running({ ...until, notAfter: iso(closes + hourMs) });
    expect(cancels(later, due)).toEqual([end]);
    expect(cancels(running({ notAfter: iso(notAfter) }), notAfter)).toEqual([`expired ${iso(notAfter)}`]);
  });

  it('holds what would be cancelled at once, until the next opening', () => {
    const daily = windowText('w', { open: [{ start: '0 11 * * *', duration: '2h' }] });
    const set = loadSound(daily, policyText('p', [rule]));
    const stage = stageOf('job');
    stage.nowMs = due - 1;
    expect(stage.say('lab/job', stage.plan({ policies: set, settings }))).toBe('issue');
    stage.nowMs = due;
    const plan = stage.plan({ policies: set, settings });
    expect([stage.say('lab/job', plan), plan.decisions[0]?.untilMs]).toEqual([
      'hold SG6314',
      noonMs + 23 * hourMs,
    ]);
    // What is left to run when the window closes need not be held.
    const leave = loadSound(daily, policyText('p', [{ ...rule, onClose: 'leave' }]));
    expect(stage.say('lab/job', stage.plan({ policies: leave, settings }))).toBe('issue');
  });

  it('holds without a time what its notAfter would cancel at once', () => {
    const stage = new Stage();
    stage.files = { 'tasks/job.yaml': yaml({ spec: [`notAfter: "${iso(closes)}"`] }) };
    stage.nowMs = due;
    const plan = stage.plan({ settings });
    expect([stage.say('lab/job', plan), plan.decisions[0]?.untilMs]).toEqual(['hold SG6314', null]);
  });
});

describe('a hold', () => {
  it('that several times end is over when its windows allow it after the last of them', () => {
    const stage = stageOf('job');
    const token = stage.tokenOf();
    const base = { token, fleet: 'lab', name: 'job' };
    const open = windowText('w', {
      open: [
        { from: '2026-11-23T11:00', to: '2026-11-23T12:10' },
        { from: '2026-11-23T14:00', to: '2026-11-23T15:00' },
      ],
    });
    const policies = loadSound(open, policyText('p', [{ name: 'r', window: 'w' }]));
    const untilOf = (plan: Plan) =>
      plan.decisions.map(({ action, untilMs }) => [action, untilMs && iso(untilMs)]);
    // Released at noon until 12:30, when the window is closed: not before 14:00.
    stage.claim(token);
    stage.ledger.write(released({ ...base, notBefore: iso(noonMs + 30 * minuteMs) }));
    expect(untilOf(stage.plan({ policies }))).toEqual([['hold', '2026-11-23T14:00:00.000Z']]);
    const reason = { code: 'SG6107', message: 'x' } as const;
    const paused = (untilMs: number | null) => ({
      policies,
      fleets: new Map([['lab', { kind: 'paused', untilMs, reason } as const]]),
    });
    expect(untilOf(stage.plan(paused(noonMs + 150 * minuteMs)))).toEqual([
      ['hold', '2026-11-23T14:30:00.000Z'],
    ]);
    expect(untilOf(stage.plan(paused(null)))).toEqual([['hold', null]]);
  });

  it('by a suspension keeps what was not asked for, and cancels nothing', () => {
    const stage = stageOf('job', 'other');
    issueAt(stage, 'job', noonMs);
    stage.previous = stage.desired.tasks;
    const policies = loadSound(write('Suspension', 's', { reason: 'incident' }));
    const plan = stage.plan({ policies });
    expect([stage.say('lab/job', plan), stage.say('lab/other', plan)]).toEqual([
      'done SG6110',
      'hold SG6320',
    ]);
    expect(plan.cancellations).toEqual([]);
  });

  it('of one task is no hold of others', () => {
    const stage = stageOf('a', 'b');
    const policies = load(policyText('p', [{ name: 'r' }], { names: ['a'] }));
    const plan = stage.plan({ policies });
    expect([stage.say('lab/a', plan), stage.say('lab/b', plan)]).toEqual(['hold SG6309', 'issue']);
  });
});
