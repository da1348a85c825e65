import { describe, expect, it } from 'vitest';
import { trace } from '../../src/policy/judge.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import type { Case } from './policy-world.ts';
import {
  inputOf,
  judgeCase,
  load,
  loadSound,
  manifest,
  merged,
  policyText,
  sayCase,
  waiver,
  windowText,
  write,
} from './policy-world.ts';
import { commit, device, ruleFacts } from './rule-facts.ts';

const none = loadSound();
const at = (text: string): number => Date.parse(text);
const hourMs = 3_600_000;
const nights = windowText('nights', { open: [{ start: '0 22 * * *', duration: '6h' }], cutoff: '15m' });
const holds = (name = 'r'): object => ({ name, window: 'nights' });

describe('times are half-open', () => {
  const timed = manifest({ notBefore: '2026-11-27T10:00:00Z', notAfter: '2026-11-27T12:00:00Z' });
  const stopped = loadSound(write('Suspension', 's', { reason: 'incident', until: '2026-11-27T12:00:00Z' }));
  const night = loadSound(nights, policyText('p', [holds()]));

  it.each<[string, Case, string]>([
    ['before notBefore', { set: none, manifest: timed, at: '2026-11-27T09:59:59.999Z' }, 'hold SG6101'],
    ['at notBefore', { set: none, manifest: timed, at: '2026-11-27T10:00:00Z' }, 'allow'],
    ['before notAfter', { set: none, manifest: timed, at: '2026-11-27T11:59:59.999Z' }, 'allow'],
    ['at notAfter', { set: none, manifest: timed, at: '2026-11-27T12:00:00Z' }, 'deny SG6102'],
    ['before a suspension ends', { set: stopped, at: '2026-11-27T11:59:59.999Z' }, 'hold SG6320'],
    ['as it ends', { set: stopped, at: '2026-11-27T12:00:00Z' }, 'allow'],
    ['before a window opens', { set: night, at: '2026-11-27T21:59:59.999Z' }, 'hold SG6303'],
    ['as it opens', { set: night, at: '2026-11-27T22:00:00Z' }, 'allow'],
    ['before its cutoff', { set: night, at: '2026-11-28T03:44:59.999Z' }, 'allow'],
    ['at its cutoff: nothing is allowed in it', { set: night, at: '2026-11-28T03:45:00Z' }, 'hold SG6303'],
    ['at its end', { set: night, at: '2026-11-28T04:00:00Z' }, 'hold SG6303'],
  ])('%s', (_what, given, said) => {
    expect(sayCase(given)).toBe(said);
  });
});

describe('a rule that reads what is not known here', () => {
  it.each([
    ['devices.all(d, d.state == "LOCKED")', 'what AWS tells of devices'],
    ['fleet.inFlight.tasks < 2', "the fleet's counts"],
    ['!task.previous.exists', 'task.previous'],
    ['introduced.subject == "a"', 'introduced'],
  ])('names it for whoever wrote the rule: %s', (require, what) => {
    const set = loadSound(policyText('p', [{ name: 'a', require }]));
    const task = { ...ruleFacts().task, previous: null };
    const devices = [{ ...device, described: null }];
    const facts = ruleFacts({ task, devices, counts: null, introduced: null });
    const verdict = judgeCase({ set, facts });
    const [reason] = verdict.action === 'allow' ? verdict.unchecked : [];
    expect(reason?.message).toContain(`it reads ${what}, which is not known here`);
  });
});

describe('what holds whatever the policies say', () => {
  const introduced = (text: string) => ruleFacts({ introduced: { ...commit, timeMs: at(text) } });
  const waits = (facts: ReturnType<typeof ruleFacts>, timeMs: number, more: Partial<Case> = {}): string =>
    sayCase({
      set: none,
      facts: { ...facts, nowMs: timeMs },
      settings: { maxWaitMs: 36 * hourMs },
      ...more,
    });

  it('denies what has waited longer than maxWait, and not what has waited as long', () => {
    const facts = introduced('2026-11-20T00:00:00Z');
    const end = at('2026-11-21T12:00:00Z');
    expect([waits(facts, end), waits(facts, end + 1)]).toEqual(['allow', 'deny SG6310']);
    const { reasons } = judgeCase({
      set: none,
      facts: { ...facts, nowMs: end + 1 },
      settings: { maxWaitMs: 36 * hourMs },
    });
    expect(reasons[0]?.message).toContain('longer than 36h');
  });

  it('counts from notBefore where that is later', () => {
    const facts = introduced('2026-11-20T00:00:00Z');
    const later = { manifest: manifest({ notBefore: '2026-11-22T00:00:00Z' }) };
    expect(waits(facts, at('2026-11-23T12:00:00Z'), later)).toBe('allow');
    expect(waits(facts, at('2026-11-23T12:00:00Z') + 1, later)).toBe('deny SG6310');
    const earlier = { manifest: manifest({ notBefore: '2026-11-01T00:00:00Z' }) };
    expect(waits(facts, at('2026-11-21T12:00:00Z'), earlier)).toBe('allow');
  });

  it('holds where nobody knows how long it has waited, unless nobody asks', () => {
    const unknown = ruleFacts({ introduced: null });
    expect(waits(unknown, unknown.nowMs)).toBe('hold SG6315');
    expect(sayCase({ set: none, facts: unknown })).toBe('allow');
  });

  it('holds by a suspension of the fleet or of all, and not by that of another, nor by one that has ended', () => {
    const stop = (spec: object): PolicySet => loadSound(write('Suspension', 's', { reason: 'x', ...spec }));
    expect(sayCase({ set: stop({}) })).toBe('hold SG6320');
    expect(sayCase({ set: stop({ fleet: 'north-sea' }) })).toBe('hold SG6320');
    expect(sayCase({ set: stop({ fleet: 'south' }) })).toBe('allow');
    expect(sayCase({ set: stop({ until: '2026-11-01T00:00:00Z' }) })).toBe('allow');
    expect(judgeCase({ set: stop({}) })).toMatchObject({ untilMs: null, reasons: [{ endedBy: 'commit' }] });
  });

  it('does not say of what nobody knows here that it does not hold', () => {
    const rule = {
      name: 'a',
      require: 'devices.all(d, d.state == "LOCKED")',
      message: 'a device is not locked',
    };
    const set = loadSound(policyText('p', [rule]));
    expect(judgeCase({ set, facts: ruleFacts({ devices: null }) })).toMatchObject({
      unchecked: [
        { message: expect.stringMatching(/^p\/a: checked before issuing: it reads .* known here \(/) },
      ],
    });
  });

  it('holds where a policy that the fleet requires is absent, does not load or does not match', () => {
    const required = { settings: { requirePolicies: ['p'] } };
    const truth = { name: 'a', require: 'true' };
    const said = (set: PolicySet, more: Partial<Case> = {}): string => sayCase({ set, ...required, ...more });
    expect(said(none)).toBe('hold SG6311');
    expect(said(loadSound(policyText('p', [truth])))).toBe('allow');
    expect(said(loadSound(policyText('p', [truth], { commands: ['reboot'] })))).toBe('hold SG6311');
    expect(said(load(policyText('p', [{ name: 'a' }])))).toBe('hold SG6309 SG6311');
    expect(said(load(policyText('p', [truth]), policyText('p', [truth])))).toBe('hold SG6309 SG6309 SG6311');
    // What is waived is a rule of it: the policy is there, and is about the task.
    const waived = loadSound(policyText('p', [{ name: 'a', require: 'false' }]), waiver('v', ['p/a']));
    expect(said(waived, merged)).toBe('allow SG6324');
  });

  it('holds what no policy matches with a rule other than warn, unless the configuration allows it', () => {
    const hold = { settings: { uncovered: 'hold' } } as const;
    const warn = loadSound(policyText('p', [{ name: 'a', require: 'false', otherwise: 'warn' }]));
    const other = loadSound(policyText('p', [{ name: 'a', require: 'true' }], { fleets: ['south'] }));
    const good = loadSound(policyText('p', [{ name: 'a', require: 'true' }]));
    expect([none, warn, other, good].map((set) => sayCase({ set, ...hold }))).toEqual([
      'hold SG6308',
      'hold SG6308 SG6301',
      'hold SG6308',
      'allow',
    ]);
    // What does not load is to be corrected: nobody is led to loosen the configuration instead.
    const [, uncovered] = judgeCase({ set: load(policyText('p', [{ name: 'a' }])), ...hold }).reasons;
    expect(uncovered?.code).toBe('SG6308');
    expect(uncovered?.message).toBe(
      'no policy that loads matches it with a rule that could hold it; correct what does not load',
    );
    const allowed = [none, warn, good].map((set) => judgeCase({ set }));
    expect(allowed).toMatchObject([{ isCovered: false }, { isCovered: false }, { isCovered: true }]);
  });

  it('holds what came with a change of policies, where commits are to be separate', () => {
    const separate = { set: none, settings: { separateCommits: true } };
    expect(sayCase({ ...separate, touchesPolicies: true })).toBe('hold SG6312');
    expect(sayCase({ ...separate, touchesPolicies: false })).toBe('allow');
    expect(sayCase({ ...separate, touchesPolicies: null })).toBe('hold SG6312');
    expect(sayCase({ set: none, touchesPolicies: true })).toBe('allow');
  });
});

describe('rules', () => {
  const says = (rules: readonly object[], more: Partial<Case> = {}): string =>
    sayCase({ set: loadSound(nights, policyText('p', rules)), ...more });

  it('deny, hold or warn as they say, and the strictest wins with all reasons, the strictest first', () => {
    const deny = { name: 'd', require: 'task.run == 2' };
    const hold = { name: 'h', require: 'task.run == 2', otherwise: 'hold' };
    const warn = { name: 'w', require: 'task.run == 2', otherwise: 'warn' };
    expect(says([warn, hold, deny])).toBe('deny SG6301 SG6301 SG6301');
    expect(says([warn, hold])).toBe('hold SG6301 SG6301');
    expect(says([warn])).toBe('allow SG6301');
    const { reasons } = judgeCase({ set: loadSound(policyText('p', [warn, hold, deny])) });
    expect(reasons.map(({ rule }) => rule)).toEqual(['d', 'h', 'w']);
  });

  it('are asked in every policy that matches, and in no other', () => {
    const set = loadSound(
      policyText('a', [{ name: 'r', require: 'false', otherwise: 'hold' }]),
      policyText('b', [{ name: 'r', require: 'false' }], { fleets: ['south'] }),
      policyText('c', [{ name: 'r', require: 'false' }], { fleetLabels: { env: 'prod*' } }),
    );
    expect(sayCase({ set })).toBe('hold SG6301');
    const there = judgeCase({ set, fleetLabels: { env: 'production' } });
    expect(there.reasons.map(({ policy }) => policy)).toEqual(['c', 'a']);
    expect(there.policies).toEqual([
      { name: 'a', blob: 'b'.repeat(40) },
      { name: 'c', blob: 'b'.repeat(40) },
    ]);
  });

  it('give reasons with policy, rule, place, the author’s words and a code', () => {
    const rules = [
      { name: 'change', require: '"ticket" in task.annotations', message: 'an unlock names its ticket' },
      { name: 'night', window: 'nights', message: 'ships sleep' },
    ];
    const { reasons } = judgeCase({ set: loadSound(policyText('p', rules), nights) });
    expect(reasons).toMatchObject([
      {
        code: 'SG6301',
        policy: 'p',
        rule: 'change',
        place: { path: 'policies/all.yaml', line: 1 },
        endedBy: 'commit',
      },
      { code: 'SG6303', policy: 'p', rule: 'night', place: { line: 1 }, endedBy: 'time' },
    ]);
    expect(reasons[0]?.message).toBe('p/change: an unlock names its ticket (policies/all.yaml:1)');
    expect(reasons[1]?.message).toContain('ships sleep');
    expect(reasons[1]?.message).toContain('nights is closed');
  });

  it.each([
    ['task.run == 2', 'commit'],
    ['introduced.subject == ""', 'commit'],
    ['fleet.labels == {"a": "b"}', 'commit'],
    ['fleet.inFlight.tasks < 1', 'fact'],
    ['devices.all(d, d.busyWith == "x")', 'fact'],
    ['devices.all(d, d.state == "UNLOCKED")', 'fact'],
    ['now < timestamp("2026-01-01T00:00:00Z")', 'fact'],
    ['!task.previous.exists', 'fact'],
  ])('%s, where it fails, is ended by a %s', (require, endedBy) => {
    const set = loadSound(policyText('p', [{ name: 'r', require, otherwise: 'hold' }]));
    expect(judgeCase({ set })).toMatchObject({ action: 'hold', untilMs: null, reasons: [{ endedBy }] });
  });

  it('that fail are held, even where they only warn', () => {
    const rule = { name: 'r', require: 'task.targets[5] == ""' };
    expect(says([{ ...rule, otherwise: 'warn' }])).toBe('hold SG6306');
    expect(says([{ ...rule, otherwise: 'deny' }])).toBe('hold SG6306');
  });

  it('that read what is not known are neither true nor false, and are told', () => {
    const reads = { name: 'r', require: 'devices.all(d, d.state == "LOCKED")' };
    const set = loadSound(policyText('p', [reads]));
    const unknown = [ruleFacts({ devices: null }), ruleFacts({ devices: [{ ...device, described: null }] })];
    for (const facts of unknown) {
      const verdict = judgeCase({ set, facts });
      expect(verdict).toMatchObject({ action: 'allow', unchecked: [{ code: 'SG6302' }], isCovered: true });
      expect([...verdict.reads]).toContain('described');
    }
    expect(judgeCase({ set, facts: ruleFacts() })).toMatchObject({ action: 'allow', unchecked: [] });
    const beside = loadSound(policyText('p', [reads, { name: 'no', require: 'false' }]));
    expect(sayCase({ set: beside, facts: ruleFacts({ devices: null }) })).toBe('deny SG6301 SG6302');
  });

  it('that only warn wait for no facts', () => {
    const reads = { name: 'r', require: 'devices.all(d, d.state == "LOCKED")', otherwise: 'warn' };
    const facts = ruleFacts({ devices: [{ ...device, described: null }] });
    const verdict = judgeCase({ set: loadSound(policyText('p', [reads])), facts });
    expect(verdict).toMatchObject({
      action: 'allow',
      unchecked: [],
      reasons: [{ code: 'SG6302', rule: 'r' }],
    });
    expect([...verdict.reads]).toContain('described');
    expect([...verdict.awaits]).toEqual([]);
  });

  it('are traced one by one, with the key by which a policy does not match', () => {
    const set = loadSound(
      policyText('a', [{ name: 'r', require: 'true' }], { targets: ['other'] }),
      policyText('b', [
        { name: 'r', require: 'false' },
        { name: 's', require: 'true' },
      ]),
    );
    const { policies, verdict } = trace(inputOf({ set }));
    expect(policies.map(({ mismatch, rules }) => [mismatch, ...rules.map(({ outcome }) => outcome)])).toEqual(
      [['targets'], [null, 'deny', 'passed']],
    );
    expect(verdict).toEqual(judgeCase({ set }));
  });
});
