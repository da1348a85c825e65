/** What a waiver lets through, and what it never does. */
import { describe, expect, it } from 'vitest';
import type { Case } from './policy-world.ts';
import {
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
import { device, ruleFacts } from './rule-facts.ts';

const at = (text: string): number => Date.parse(text);
const hourMs = 3_600_000;
const nights = windowText('nights', { open: [{ start: '0 22 * * *', duration: '6h' }], cutoff: '15m' });
const friday = windowText('friday', { open: [{ start: '0 12 * * FRI', duration: '12h' }] });
const holds = (name = 'r'): object => ({ name, window: 'nights' });

describe('a waiver', () => {
  const policies = [
    policyText('p', [
      { name: 'a', require: 'task.run == 2' },
      { name: 'b', require: 'task.run == 2', otherwise: 'hold' },
      { name: 'c', require: 'task.run == 1' },
    ]),
  ];
  const one = policyText('p', [
    { name: 'a', require: 'task.run == 2' },
    { name: 'c', require: 'true' },
  ]);

  it('says once which rule it skips, and where that is written', () => {
    const { reasons } = judgeCase({ set: loadSound(one, waiver('v', ['p/a'])), ...merged });
    expect(reasons[0]?.message).toMatch(
      /^waived by v: p\/a: it does not hold: task\.run == 2 \(policies\/[a-z]+\.yaml:\d+\)$/,
    );
    expect(reasons[0]).not.toHaveProperty('endedBy');
  });

  it('lets one task with its run skip the rules that it names, is recorded, and ends the permission', () => {
    const verdict = judgeCase({ set: loadSound(one, waiver('v', ['p/a'])), ...merged });
    expect(verdict).toMatchObject({
      action: 'allow',
      reasons: [{ code: 'SG6324', policy: 'p', rule: 'a' }],
      untilMs: at('2026-11-28T12:00:00Z'),
      closesMs: at('2026-11-28T12:00:00Z'),
      cancelMs: at('2026-11-28T12:00:00Z'),
      waiver: { name: 'v', path: 'policies/all.yaml', rules: ['p/a'], reason: 'storm', blob: 'b'.repeat(40) },
    });
  });

  it.each<[string, object, Partial<Case>, string]>([
    ['for another fleet is none', { fleet: 'south' }, merged, 'deny SG6301'],
    ['for another task is none', { task: 'unlock-boreas' }, merged, 'deny SG6301'],
    ['for another run does not count', { run: 2 }, merged, 'deny SG6301 SG6326'],
    ['that has expired does not count', { expires: '2026-11-27T21:30:00Z' }, merged, 'deny SG6301 SG6326'],
    ['counts to its last instant', { expires: '2026-11-27T21:30:00.001Z' }, merged, 'allow SG6324'],
    ['of unknown age does not count', {}, {}, 'deny SG6301 SG6326'],
    [
      'that lasts 72 hours from its merge counts',
      { expires: '2026-11-30T20:00:00Z' },
      merged,
      'allow SG6324',
    ],
    ['that lasts longer does not', { expires: '2026-11-30T20:00:00.001Z' }, merged, 'deny SG6301 SG6326'],
    ['of another rule does not suffice', { rules: ['p/c'] }, merged, 'deny SG6301 SG6325'],
  ])('%s', (_what, spec, more, said) => {
    expect(sayCase({ set: loadSound(one, waiver('v', ['p/a'], spec)), ...more })).toBe(said);
  });

  it('is not used where the task is allowed without it', () => {
    const set = loadSound(policyText('p', [{ name: 'a', require: 'true' }]), waiver('v', ['p/a']));
    expect(judgeCase({ set, ...merged })).toMatchObject({ action: 'allow', waiver: null, untilMs: null });
  });

  it('skips several rules that it names, and never adds up with another one', () => {
    expect(sayCase({ set: loadSound(...policies, waiver('v', ['p/a', 'p/b'])), ...merged })).toBe(
      'allow SG6324 SG6324',
    );
    const two = loadSound(...policies, waiver('v', ['p/a']), waiver('w', ['p/b']));
    expect(sayCase({ set: two, ...merged })).toBe('deny SG6301 SG6301 SG6325 SG6325');
  });

  it('lets a task go whose rule reads what nobody tells, and is not used once that is told and passes', () => {
    const reads = { name: 'a', require: 'devices.all(d, d.state == "UNLOCKED")' };
    const set = loadSound(policyText('p', [reads]), waiver('v', ['p/a']));
    const facts = {
      ...ruleFacts({ devices: [{ ...device, described: null }] }),
      nowMs: at('2026-11-27T21:30:00Z'),
    };
    const waived = judgeCase({ set, facts, mergedMs: merged.mergedMs });
    expect(waived).toMatchObject({ action: 'allow', unchecked: [], waiver: { name: 'v' } });
    expect([...waived.awaits]).toEqual([]);
    expect(judgeCase({ set, facts })).toMatchObject({
      action: 'allow',
      unchecked: [{ code: 'SG6302' }],
      reasons: [{ code: 'SG6326' }],
      waiver: null,
    });
  });

  it('that skips one of two rules, of which the other is unchecked, waits for that', () => {
    const rules = [
      { name: 'a', require: 'false' },
      { name: 'b', require: 'devices.all(d, d.state == "UNLOCKED")' },
    ];
    const set = loadSound(policyText('p', rules), waiver('v', ['p/a']), waiver('w', ['p/b']));
    const facts = {
      ...ruleFacts({ devices: [{ ...device, described: null }] }),
      nowMs: at('2026-11-27T21:30:00Z'),
    };
    expect(judgeCase({ set, facts, mergedMs: merged.mergedMs })).toMatchObject({
      action: 'allow',
      unchecked: [{ code: 'SG6302', rule: 'b' }],
      waiver: { name: 'v' },
    });
  });

  it('that skips a window takes its end away, too, and no other window’s', () => {
    const set = loadSound(
      nights,
      friday,
      policyText('p', [holds('a'), { name: 'b', window: 'friday' }]),
      waiver('v', ['p/a']),
    );
    expect(judgeCase({ set, ...merged, at: '2026-11-27T20:30:00Z' })).toMatchObject({
      action: 'allow',
      untilMs: at('2026-11-28T00:00:00Z'),
      closesMs: at('2026-11-28T00:00:00Z'),
    });
  });

  it('never skips what is built in', () => {
    const expired = manifest({ notAfter: '2026-11-01T00:00:00Z' });
    const early = manifest({ notBefore: '2026-12-01T00:00:00Z' });
    const cases: Partial<Case>[] = [
      { manifest: expired },
      { manifest: early },
      { set: loadSound(one, waiver('v', ['p/a']), write('Suspension', 's', { reason: 'x' })) },
      { set: load(one, waiver('v', ['p/a']), 'a: [') },
      { settings: { requirePolicies: ['q'] } },
      { settings: { maxWaitMs: hourMs } },
      { settings: { separateCommits: true }, touchesPolicies: true },
    ];
    for (const given of cases) {
      const { action } = judgeCase({ set: loadSound(one, waiver('v', ['p/a'])), ...merged, ...given });
      expect(action).not.toBe('allow');
    }
  });
});
