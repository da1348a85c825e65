/** What the plan says of each state and condition; who waits for whom, and until when. */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import type { FleetCondition } from '../../src/plan/claimable.ts';
import type { PlanInput } from '../../src/plan/plan.ts';
import { nextChangeMs } from '../../src/plan/plan.ts';
import { loadPolicies } from '../../src/policy/policy-set.ts';
import {
  absent,
  adopted,
  ambiguous,
  baseline,
  doubled,
  issued,
  lookWith,
  refused,
  released,
  resolved,
  settled,
  unknown,
} from '../ledger/events.ts';
import { manifestOf, noonMs, openFleets, Stage, yaml } from './stage.ts';

const path = 'tasks/job.yaml';
const { token } = manifestOf(yaml());
const newer = yaml({ command: 'unlock' });

/** A stage with the one task wanted, and its ledger written as far as said. */
function stageWith(...events: readonly LedgerEvent[]): Stage {
  const stage = new Stage();
  stage.files = { [path]: yaml() };
  if (events[0]?.kind !== 'baseline') stage.claim(token);
  stage.ledger.write(...events.map((event) => ({ ...event, token })));
  return stage;
}

const reason = { code: 'SG6204', message: 'stale' } as const;
const paused = (untilMs: number | null): FleetCondition => ({ kind: 'paused', untilMs, reason });
const only = (condition: FleetCondition): Partial<PlanInput> => ({ fleets: new Map([['lab', condition]]) });
const laterMs = noonMs + 60_000;
const later = new Date(laterMs).toISOString();

/** A file that nobody can read may be a policy for everything. */
const brokenPolicies = loadPolicies(
  [
    {
      path: 'policies/a.yaml',
      blob: 'f'.repeat(40),
      content: { kind: 'bytes', bytes: new TextEncoder().encode('[') },
    },
  ],
  { fileBytes: 65_536, documentsPerFile: 100, depth: 32 },
);

describe('a revision', () => {
  const states: [string, LedgerEvent[], string][] = [
    ['claimed', [], 'wait SG6116'],
    ['in doubt', [unknown()], 'look SG6117'],
    ['released', [released()], 'issue'],
    ['absent', [unknown(), absent()], 'issue'],
    ['ambiguous', [unknown(), ambiguous()], 'blocked SG6115'],
    ['resolved as not made', [unknown(), ambiguous(), resolved()], 'issue'],
    ['resolved as made', [unknown(), ambiguous(), resolved({ taskId: 'st-1' })], 'done SG6110'],
    ['issued', [issued()], 'done SG6110'],
    ['adopted', [unknown(), adopted()], 'done SG6110'],
    ['settled', [issued(), settled()], 'done SG6111'],
    ['refused', [refused()], 'deny SG6113'],
    ['doubled', [unknown(), doubled()], 'blocked SG6114'],
    ['baseline', [baseline()], 'done SG6112'],
  ];
  it.each(states)('that is %s', (_state, events, said) => {
    expect(stageWith(...events).say()).toBe(said);
  });

  it.each(states)(
    'that is %s stays so under halts, policies and closed fleets, unless it could be claimed',
    (_state, events, said) => {
      const stage = stageWith(...events);
      const free = said === 'issue';
      expect(stage.say('lab/job', stage.plan({ halts: [reason] }))).toBe(free ? 'blocked SG6204' : said);
      const closed = stage.plan(only({ kind: 'halted', reason }));
      expect(stage.say('lab/job', closed)).toBe(free ? 'blocked SG6204' : said);
    },
  );

  it.each(states)(
    'that is %s is held where its fleet is only observed, if anything would be done',
    (_state, events, said) => {
      const plan = stageWith(...events).plan(
        only({ kind: 'observed', reason: { code: 'SG6129', message: 'x' } }),
      );
      const [action = '', ...codes] = said.split(' ');
      const isHeld = ['issue', 'wait', 'look'].includes(action);
      expect(stageWith(...events).say('lab/job', plan)).toBe(
        isHeld ? ['hold', 'SG6129', ...codes].join(' ') : said,
      );
      expect([plan.issuable, plan.notes, plan.cancellations, [...plan.awaited]]).toEqual([[], [], [], []]);
    },
  );

  it('claimed by another that is given up is looked at', () => {
    const stage = stageWith();
    expect(stage.say('lab/job', stage.plan({ takenOver: new Set([token]) }))).toBe('look SG6117');
  });

  it('in doubt where nobody of this controller can look is told to people, and a newer revision waits', () => {
    const stage = stageWith(unknown());
    const elsewhere = new Set([token]);
    expect(stage.say('lab/job', stage.plan({ elsewhere }))).toBe('blocked SG6119');
    stage.files = { [path]: newer };
    expect(stage.say('lab/job', stage.plan({ elsewhere }))).toBe('wait SG6108, blocked SG6119');
  });

  it.each([
    ['in doubt', [unknown()]],
    ['claimed and given up', []],
  ])('%s that a look did not find is issued', (_state, events) => {
    const stage = stageWith(...events);
    expect(stage.say('lab/job', stage.plan({ absent: new Set([token]) }))).toBe('issue');
    const early = stage.plan({ absent: new Set([token]), halts: [reason] });
    expect(stage.say('lab/job', early)).toBe('blocked SG6204');
  });

  it.each([
    ['claimed', [], 'wait SG6116'],
    ['in doubt', [unknown()], 'look SG6117'],
    ['ambiguous', [unknown(), ambiguous()], 'blocked SG6115'],
    ['doubled', [unknown(), doubled()], 'blocked SG6114'],
    ['issued', [issued()], 'cancel SG6124'],
    ['refused', [refused()], ''],
    ['settled', [issued(), settled()], ''],
  ])('that is %s is shown until it is at peace, though nothing wants it', (_state, events, said) => {
    const stage = stageWith(...events);
    stage.files = { 'tasks/else.yaml': yaml({ name: 'else' }) };
    expect(stage.say()).toBe(said);
  });
});

describe('a newer revision of a name', () => {
  const open: [string, LedgerEvent[]][] = [
    ['claimed', []],
    ['in doubt', [unknown()]],
    ['ambiguous', [unknown(), ambiguous()]],
    ['issued', [issued()]],
  ];
  it.each(open)('waits while the older one is %s', (_state, events) => {
    const stage = stageWith(...events);
    stage.files = { [path]: newer };
    const plan = stage.plan();
    expect(stage.say('lab/job', plan)).toMatch(/wait SG6108/);
    expect(plan.issuable).toEqual([]);
    expect([...plan.awaited]).toEqual([token]);
  });

  it.each([
    ['was released', [released()]],
    ['was refused', [refused()]],
    ['has ended', [issued(), settled()]],
    ['was written down as baseline', [baseline()]],
    ['is a double, which never ends', [unknown(), doubled()]],
  ])('goes once the older one %s', (_state, events) => {
    const stage = stageWith(...events);
    stage.files = { [path]: newer };
    expect(stage.plan().issuable).toHaveLength(1);
  });

  it('is never issuable beside another of its name', () => {
    const stage = stageWith();
    stage.files = { [path]: yaml(), 'tasks/other.yaml': yaml({ name: 'other' }) };
    expect(stage.plan().issuable.map(({ task }) => task.manifest.name)).toEqual(['other']);
  });

  it('asks for the end of an older one once, however the name is spelt', () => {
    const stage = stageWith(issued());
    stage.files = { [path]: newer };
    expect([...stage.plan().awaited]).toEqual([token]);
  });
});

describe('the repeat guard', () => {
  const edited = yaml({ description: 'corrected' });
  const asked: [string, LedgerEvent[], string][] = [
    ['settled', [issued(), settled()], 'hold SG6105'],
    ['baseline', [baseline()], 'hold SG6105'],
    ['doubled', [unknown(), doubled()], 'hold SG6105'],
    ['claimed', [], 'wait SG6108'],
    ['in doubt', [unknown()], 'wait SG6108'],
    ['ambiguous', [unknown(), ambiguous()], 'wait SG6108'],
  ];
  it.each(asked)('counts what is %s as asked', (_state, events, said) => {
    const stage = stageWith(...events);
    stage.files = { [path]: edited };
    expect(stage.say('lab/job', stage.plan())).toContain(said);
  });

  it.each([
    ['released', [released()]],
    ['refused', [refused()]],
  ])('does not count what was %s', (_state, events) => {
    const stage = stageWith(...events);
    stage.files = { [path]: edited };
    expect(stage.plan().issuable).toHaveLength(1);
  });

  it('names every device that would be asked again, and every task that asked', () => {
    const stage = stageWith(issued(), settled());
    stage.files = { [path]: yaml({ targets: ['smd-2', 'smd-3'] }) };
    const [decision] = stage.plan().decisions;
    expect(decision?.reasons.map(({ message }) => message)).toEqual([
      'would repeat reboot on smd-2 (st-1, 2026-11-23); raise run to ask again, or name only new devices',
    ]);
  });

  it('does not see other names, nor other fleets', () => {
    const stage = stageWith(issued(), settled());
    stage.files = {
      [path]: yaml(),
      'tasks/b.yaml': yaml({ name: 'b' }),
      'tasks/c.yaml': yaml({ fleet: 'sea' }),
    };
    expect(stage.plan().issuable).toHaveLength(2);
  });

  it('an older run does not hold a higher one, and a higher one denies a lower', () => {
    const stage = stageWith(issued(), settled());
    stage.files = { [path]: yaml({ run: 2 }) };
    expect(stage.plan().issuable).toHaveLength(1);
    stage.files = { [path]: yaml({ run: 3 }) };
    stage.pass();
    stage.files = { [path]: yaml({ run: 2, command: 'unlock' }) };
    expect(stage.say()).toBe('deny SG6104');
  });
});

describe('a frozen or quarantined name', () => {
  const broken =
    'apiVersion: snowgate/v1\nkind: Task\nmetadata: {name: job}\nspec: {fleet: lab, command: explode}\n';
  const waiting = yaml({ spec: ['notBefore: 2027-01-01T00:00:00Z'] });
  it.each([
    ['its document has errors', { [path]: broken }],
    ['its document moved and has errors', { 'tasks/new.yaml': broken }],
    ['two documents bear it', { [path]: yaml(), 'tasks/twin.yaml': yaml() }],
    ['its file is not YAML any more', { [path]: '{' }],
  ])('is never withdrawn: %s', (_why, files) => {
    for (const released_ of [false, true]) {
      const stage = new Stage();
      stage.files = { [path]: waiting };
      stage.pass();
      if (released_) {
        stage.claim(token);
        stage.ledger.write(released({ token }));
      }
      stage.files = files;
      const plan = stage.plan();
      expect(plan.notes).toEqual([]);
      expect(plan.issuable).toEqual([]);
      expect(stage.say('lab/job', plan)).not.toContain('withdraw');
    }
  });

  it('does not stop the others', () => {
    const stage = new Stage();
    stage.files = { [path]: broken, 'tasks/good.yaml': yaml({ name: 'good' }), 'tasks/bad.yaml': '{' };
    expect(stage.plan().issuable.map(({ task }) => task.manifest.name)).toEqual(['good']);
    expect(stage.say()).toBe('quarantined SG6109');
  });

  it('is withdrawn when its file went and an unreadable one stands elsewhere', () => {
    const stage = new Stage();
    stage.files = { [path]: waiting, 'tasks/keep.yaml': yaml({ name: 'keep' }) };
    stage.pass();
    stage.files = { 'tasks/bad.yaml': '{', 'tasks/keep.yaml': yaml({ name: 'keep' }) };
    expect(stage.plan().notes.map(({ name }) => name)).toEqual(['job']);
  });
});

describe('conditions', () => {
  it('an unknown fleet blocks its tasks alone, and names those that are known', () => {
    const stage = new Stage();
    stage.files = { [path]: yaml({ fleet: 'lap' }), 'tasks/b.yaml': yaml({ name: 'b' }) };
    const plan = stage.plan();
    expect(stage.say('lap/job', plan)).toBe('blocked SG6106');
    expect(plan.decisions.find(({ fleet }) => fleet === 'lap')?.reasons[0]?.message).toContain('lab, sea');
    expect(plan.issuable).toHaveLength(1);
  });

  it('every halt is told to every task', () => {
    const stage = new Stage();
    stage.files = { [path]: yaml(), 'tasks/b.yaml': yaml({ name: 'b' }) };
    const plan = stage.plan({ halts: [reason, { code: 'SG6201', message: 'rewritten' }] });
    expect(plan.issuable).toEqual([]);
    expect(stage.say('lab/job', plan)).toBe('blocked SG6204 SG6201');
    expect(stage.say('lab/b', plan)).toBe('blocked SG6204 SG6201');
  });

  it('a halted pass withdraws nothing, neither what was never claimed nor what was', () => {
    const stage = stageWith(released());
    stage.files = {};
    expect(stage.plan().notes).toHaveLength(1);
    expect(stage.plan({ previous: null }).notes).toEqual([]);
    expect(stage.say('lab/job', stage.plan({ previous: null }))).toBe('');
  });

  it('a fleet that is closed blocks its own tasks alone', () => {
    const stage = new Stage();
    stage.files = { [path]: yaml(), 'tasks/b.yaml': yaml({ name: 'b', fleet: 'sea' }) };
    const fleets = openFleets('sea').set('lab', { kind: 'halted', reason });
    const plan = stage.plan({ fleets });
    expect(plan.issuable.map(({ task }) => task.manifest.fleet)).toEqual(['sea']);
    expect(stage.say('lab/job', plan)).toBe('blocked SG6204');
  });
});

describe('until when', () => {
  const until = (stage: Stage, input: Partial<PlanInput> = {}): unknown =>
    stage.plan(input).decisions.find(({ key }) => key === 'lab/job')?.untilMs;

  it('of an issue is when its permission ends', () => {
    const stage = new Stage();
    stage.files = { [path]: yaml({ spec: [`notAfter: ${later}`] }) };
    expect(until(stage)).toBe(laterMs);
    stage.files = { [path]: yaml() };
    expect(until(stage)).toBeNull();
  });

  it('of a hold is the latest of all that hold it', () => {
    const stage = stageWith(released({ notBefore: new Date(noonMs + 30_000).toISOString() }));
    expect(until(stage)).toBe(noonMs + 30_000);
    expect(until(stage, only(paused(laterMs)))).toBe(laterMs);
    expect(until(stage, only(paused(noonMs + 10)))).toBe(noonMs + 30_000);
    stage.files = { [path]: yaml({ spec: [`notBefore: ${later}`] }) };
    expect(until(stage, only(paused(noonMs + 10)))).toBe(laterMs);
  });

  it('is not known where one of them needs a commit or a fact', () => {
    const stage = stageWith(released({ notBefore: later }));
    expect(until(stage, only(paused(null)))).toBeNull();
    expect(until(stage, { policies: brokenPolicies })).toBeNull();
    const held = stageWith(issued(), settled());
    held.files = { [path]: yaml({ description: 'corrected', spec: [`notBefore: ${later}`] }) };
    expect(held.say()).toBe('hold SG6105 SG6101');
    expect(until(held)).toBeNull();
  });

  it('a release holds until its notBefore and no longer, to the millisecond', () => {
    const stage = stageWith(released({ notBefore: later }));
    stage.nowMs = laterMs - 1;
    expect(stage.say()).toBe('hold SG6107');
    stage.nowMs = laterMs;
    expect(stage.say()).toBe('issue');
  });

  it('the next change is the earliest hold that ends by itself', () => {
    const stage = new Stage();
    stage.files = { [path]: yaml({ spec: [`notBefore: ${later}`] }) };
    expect(nextChangeMs(stage.plan())).toBe(laterMs);
    stage.files = {
      ...stage.files,
      'tasks/b.yaml': yaml({ name: 'b', spec: [`notBefore: ${new Date(noonMs + 1).toISOString()}`] }),
    };
    expect(nextChangeMs(stage.plan())).toBe(noonMs + 1);
    expect(nextChangeMs(stage.plan({ halts: [reason] }))).toBeNull();
    stage.files = { [path]: yaml({ spec: [`notAfter: ${later}`] }) };
    expect(nextChangeMs(stage.plan())).toBeNull();
  });
});

describe('the plan', () => {
  it('is in the order of its keys, whatever the order of the files', () => {
    const stage = new Stage();
    stage.files = {
      'tasks/z.yaml': yaml({ name: 'a' }),
      'tasks/a.yaml': yaml({ name: 'z' }),
      'tasks/m.yaml': yaml({ name: 'm' }),
    };
    expect(stage.plan().decisions.map(({ key }) => key)).toEqual(['lab/a', 'lab/m', 'lab/z']);
  });

  it('changes nothing: the same input gives the same plan', () => {
    const stage = stageWith(unknown(), ambiguous({ reason: 'otherTargets', look: lookWith('st-9') }));
    const before = structuredClone(stage.ledger.view);
    expect(stage.plan()).toEqual(stage.plan());
    expect(stage.ledger.view).toEqual(before);
  });
});
