import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { emptyPolicySet, loadPolicies, policySetDigest } from '../../src/policy/policy-set.ts';
import {
  file,
  limits,
  load,
  loadSound,
  manifest,
  policyText,
  sayCase,
  windowText,
  write,
} from './policy-world.ts';

const truth = { name: 'always', require: 'true' };
const nights = windowText('nights', { open: [{ start: '0 22 * * *', duration: '6h' }] });
const always = windowText('always', { closed: [{ from: '2026-01-01T00:00', to: '2026-01-02T00:00' }] });
const suspension = { reason: 'incident 4711' };
const waiver = {
  fleet: 'north-sea',
  task: 'unlock-aurora',
  run: 1,
  rules: ['p/always'],
  reason: 'storm',
  expires: '2026-11-28T12:00:00Z',
};

const reboot = manifest({ command: 'reboot' });
const south = manifest({ fleet: 'south' });

/** What is held of an unlock in north-sea, a reboot there, and an unlock in another fleet. */
const held = (set: PolicySet): string[] => [
  sayCase({ set }),
  sayCase({ set, manifest: reboot }),
  sayCase({ set, manifest: south }),
];

describe('documents that are in order', () => {
  it('come to windows, policies, suspensions and waivers', () => {
    const set = loadSound(
      nights,
      policyText('p', [truth, { name: 'w', window: 'nights' }]),
      write('Suspension', 's', { ...suspension, fleet: 'north-sea', until: '2026-12-01T08:00:00+01:00' }),
      write('Waiver', 'v', waiver),
    );
    expect([...set.windows.keys()]).toEqual(['nights']);
    expect(set.policies.map(({ name, rules }) => [name, ...rules.map((rule) => rule.name)])).toEqual([
      ['p', 'always', 'w'],
    ]);
    expect(set.suspensions[0]?.untilMs).toBe(Date.parse('2026-12-01T07:00:00Z'));
    expect(set.waivers[0]).toMatchObject({ name: 'v', run: 1, rules: ['p/always'] });
    expect(set.broken).toEqual([]);
    expect(held(loadSound(always, policyText('p', [{ name: 'w', window: 'always' }])))).toEqual([
      'allow',
      'allow',
      'allow',
    ]);
  });

  it('have the defaults: a window holds and cancels, a condition denies', () => {
    const set = loadSound(nights, policyText('p', [truth, { name: 'w', window: { anyOf: ['nights'] } }]));
    expect(set.policies[0]?.rules).toMatchObject([
      { kind: 'condition', otherwise: 'deny', message: null },
      { kind: 'window', otherwise: 'hold', onClose: 'cancel', anyOf: ['nights'] },
    ]);
  });

  it('stand with the place of each rule', () => {
    const text = [
      '# one',
      'apiVersion: snowgate/v1',
      'kind: Policy',
      'metadata: {name: p}',
      'spec:',
      '  rules:',
      '    - name: a',
      '      require: "true"',
      '    - {name: b, require: "false"}',
    ].join('\n');
    const set = loadPolicies([file('policies/x.yaml', text)], limits);
    expect(set.policies[0]?.rules.map(({ place }) => place)).toEqual([
      { path: 'policies/x.yaml', line: 7, column: 7 },
      { path: 'policies/x.yaml', line: 9, column: 7 },
    ]);
  });

  it('are the same set in any order of the files, with the same digest', () => {
    const files = [
      file('a.yaml', nights),
      file('b.yaml', policyText('p', [truth])),
      file('c.yaml', policyText('a', [truth], { commands: ['unlock'] })),
    ];
    const there = loadPolicies(files, limits);
    const back = loadPolicies([...files].reverse(), limits);
    expect(back.policies).toEqual(there.policies);
    expect(back.digest).toBe(there.digest);
    expect(policySetDigest([])).toBe(emptyPolicySet.digest);
    expect(loadPolicies(files.slice(1), limits).digest).not.toBe(there.digest);
  });

  it('may be none: empty files and comments hold nothing', () => {
    const set = loadPolicies([file('a.yaml', ''), file('b.yaml', '# nothing yet\n')], limits);
    expect([set.problems, set.broken]).toEqual([[], []]);
  });
});

describe('what is wrong is told with its code and place', () => {
  const rule = (more: object): string => policyText('p', [{ name: 'r', ...more }]);
  it.each<[string, readonly string[], readonly string[]]>([
    ['neither window nor require', [rule({})], ['SG1403 {"name":"r']],
    ['both', [nights, rule({ window: 'nights', require: 'true' })], ['SG1403 {"name":"r']],
    ['onClose beside require', [rule({ require: 'true', onClose: 'leave' })], ['SG1403 "onClose":']],
    ['two rules of one name', [policyText('p', [truth, truth])], ['SG1404 "always","']],
    ['a task among them', [write('Task', 't', {})], ['SG1401 "Task","me']],
    ['a configuration', ['{apiVersion: snowgate/v1, kind: Controller}'], ['SG1401 Controller']],
    ['a test of policies', [write('PolicyTest', 't', {})], ['SG1401 "PolicyTes']],
    ['no kind', ['{apiVersion: snowgate/v1}'], ['SG1402 {apiVersio']],
    ['a kind of others', [write('Deployment', 't', {})], ['SG1402 "Deploymen']],
    ['a list', ['[1, 2]'], ['SG1402 [1, 2]']],
    ['a word', ['hello'], ['SG1402 hello']],
    ['a window that is not there', [rule({ window: 'nights' })], ['SG1408 {"name":"r']],
    ['a window that has no name', [rule({ window: {} })], ['SG1102 "window":{']],
    ['a misspelt list of windows', [rule({ window: { anyof: ['nights'] } })], ['SG1101 "anyof":["']],
    ['a waiver of no rule', [write('Waiver', 'v', waiver)], ['SG1409 {"apiVersi']],
    [
      'two policies',
      [rule({ require: 'true' }), rule({ require: 'true' })],
      ['SG1407 {"apiVersi', 'SG1407 {"apiVersi'],
    ],
    ['two windows', [always, always], ['SG1407 {"apiVersi', 'SG1407 {"apiVersi']],
  ])('%s', (_what, documents, problems) => {
    const lines = documents.join('\n---\n').split('\n');
    const found = load(...documents).problems.map(({ code, place: { line, column } }) => {
      return `${code} ${lines[line - 1]?.slice(column - 1, column + 9)}`;
    });
    expect(found).toEqual(problems);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2026-11-27T22:00:00',
    '2026-11-27',
    '2026-11-27T22:00:00-00:00',
    '2026-11-27T22:00:00+15:00',
    '2026-11-27T25:00:00Z',
    'soon',
  ])('an end of %s, once', (time) => {
    for (const document of [
      write('Suspension', 's', { ...suspension, until: time }),
      write('Waiver', 'v', { ...waiver, expires: time }),
    ]) {
      const set = load(document, policyText('p', [truth]));
      expect(set.problems.map(({ code }) => code)).toEqual(['SG1406']);
      expect([set.suspensions, set.waivers]).toEqual([[], []]);
    }
  });

  it('never throws for a time, and never takes one for another', () => {
    const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
    const zone = fc.constantFrom('Z', '+01:00', '-00:00', '+23:59', '-14:00', '+14:01', '');
    const time = fc
      .tuple(fc.constantFrom('0000', '1970', '2026', '9999'), two, two, two, two, two, zone)
      .map(([y, m, d, h, i, s, z]) => `${y}-${m}-${d}T${h}:${i}:${s}${z}`);
    fc.assert(
      fc.property(time, (until) => {
        const set = load(write('Suspension', 's', { ...suspension, until }));
        const [one] = set.suspensions;
        if (one === undefined) expect(set.broken).toHaveLength(1);
        else expect(one.untilMs).toBe(Date.parse(until));
      }),
      { numRuns: 300 },
    );
  });

  it('with near misses of windows, rules and kinds', () => {
    const hints = (set: PolicySet): (string | undefined)[] => set.problems.map(({ hint }) => hint);
    expect(hints(load(nights, policyText('p', [{ name: 'r', window: 'night' }])))).toEqual([
      'did you mean nights?',
    ]);
    const slip = write('Waiver', 'v', { ...waiver, rules: ['p/alway'] });
    expect(hints(load(slip, policyText('p', [truth])))).toEqual(['did you mean p/always?']);
    expect(load(write('policy', 'p', { rules: [truth] })).problems.map(({ code }) => code)).not.toContain(
      'SG1402',
    );
  });

  it('and all of it in the order of paths and places', () => {
    const bad = policyText('p', [{ name: 'a' }, { name: 'a', require: '1 +' }]);
    const set = loadPolicies([file('b.yaml', bad), file('a.yaml', bad)], limits);
    const places = set.problems.map(({ place }) => `${place.path} ${String(place.column).padStart(4)}`);
    expect(places).toEqual([...places].sort());
    expect(places.length).toBe(6);
  });
});

describe('what does not load holds what it could match', () => {
  const all = ['hold SG6309', 'hold SG6309', 'hold SG6309'];
  const none = ['allow', 'allow', 'allow'];
  const bad = { name: 'r' };

  it.each<[string, readonly string[], readonly string[]]>([
    ['YAML that cannot be read', ['a: ['], all],
    ['a key that stands twice', [`{a: 1, a: 1}`], all],
    ['a document without a kind', ['{}'], all],
    ['a kind that nobody knows', [write('Deployment', 'd', {})], all],
    ['a slip of a stranger’s kind', [write('Taks', 'd', {})], all],
    ['a policy without a match', [policyText('p', [bad])], all],
    ['a rule of a window without a name', [policyText('p', [truth, { name: 'r', window: {} }])], all],
    [
      'a policy with a sound match',
      [policyText('p', [bad], { commands: ['unlock'] })],
      ['hold SG6309', 'allow', 'hold SG6309'],
    ],
    [
      'a sound match that leaves out',
      [policyText('p', [bad], { exclude: { fleets: ['south'] } })],
      ['hold SG6309', 'hold SG6309', 'allow'],
    ],
    [
      'a policy of a slip of its kind',
      [write('Polcy', 'p', { match: { fleets: ['south'] }, rules: [truth] })],
      ['allow', 'allow', 'hold SG6309'],
    ],
    ['a match with a slip', [policyText('p', [truth], { comands: ['unlock'] })], all],
    ['a match that is a list', [policyText('p', [truth], ['unlock'])], all],
    ['a misspelt match', [write('Policy', 'p', { mtach: { commands: ['unlock'] }, rules: [truth] })], all],
    [
      'a match in the wrong place',
      [
        `{apiVersion: snowgate/v1, kind: Policy, metadata: {name: p}, match: {commands: [reboot]}, spec: {rules: [{name: a, require: "true"}]}}`,
      ],
      all,
    ],
    ['an empty list in a match', [policyText('p', [truth], { commands: [] })], all],
    [
      'a policy without a name',
      [`{apiVersion: snowgate/v1, kind: Policy, spec: {match: {commands: [reboot]}, rules: []}}`],
      ['allow', 'hold SG6309', 'allow'],
    ],
    [
      'a suspension of a fleet',
      [write('Suspension', 's', { fleet: 'south' })],
      ['allow', 'allow', 'hold SG6309'],
    ],
    ['a suspension of nobody knows what', [write('Suspension', 's', { flet: 'south', reason: 'x' })], all],
    [
      'a suspension of a fleet that is no name',
      [write('Suspension', 's', { fleet: 'South Sea', reason: 'x' })],
      all,
    ],
    ['a waiver', [write('Waiver', 'v', {})], none],
    ['a task in the wrong folder', [write('Task', 't', {})], none],
    ['a window that nobody names', [windowText('w', { open: [] })], none],
    [
      'a window',
      [
        windowText('w', { open: [] }),
        policyText('p', [{ name: 'r', window: 'w' }], { fleets: ['north-sea'] }),
      ],
      ['hold SG6307', 'hold SG6307', 'allow'],
    ],
    [
      'a window, for a rule that only warns, too',
      [windowText('w', { open: [] }), policyText('p', [{ name: 'r', window: 'w', otherwise: 'warn' }])],
      ['hold SG6307', 'hold SG6307', 'hold SG6307'],
    ],
    [
      'one window of two that would each do',
      [
        always,
        policyText('p', [{ name: 'r', window: { anyOf: ['always', 'gone'] } }], { commands: ['reboot'] }),
      ],
      ['allow', 'hold SG6307', 'allow'],
    ],
    [
      'a window that stands a second time, and does not load there',
      [always, windowText('always', { open: [] }), policyText('p', [{ name: 'r', window: 'always' }])],
      ['hold SG6307', 'hold SG6307', 'hold SG6307'],
    ],
    [
      'two windows of one name',
      [
        always,
        nights.replace('"nights"', '"always"'),
        policyText('p', [{ name: 'r', window: 'always' }], { fleets: ['south'] }),
      ],
      ['allow', 'allow', 'hold SG6307'],
    ],
    [
      'two policies of one name, each what it matches',
      [policyText('p', [truth], { commands: ['reboot'] }), policyText('p', [truth], { fleets: ['south'] })],
      ['allow', 'hold SG6309', 'hold SG6309'],
    ],
    [
      'a condition that is no CEL',
      [policyText('p', [{ name: 'r', require: 'task.nmae == ""' }], { fleets: ['south'] })],
      ['allow', 'allow', 'hold SG6309'],
    ],
  ])('%s', (_what, documents, said) => {
    expect(held(load(...documents))).toEqual(said);
  });

  it('but never the documents beside it', () => {
    const set = load('a: [', policyText('p', [truth], { commands: ['unlock'] }), nights);
    expect(set.policies).toHaveLength(1);
    expect([...set.windows.keys()]).toEqual(['nights']);
  });

  it('stops both fleets where two suspensions have one name', () => {
    const set = load(
      write('Suspension', 's', { ...suspension, fleet: 'south' }),
      write('Suspension', 's', { ...suspension, fleet: 'north-sea' }),
    );
    expect(held(set)).toEqual(['hold SG6320', 'hold SG6320', 'hold SG6320']);
  });

  it('counts neither of two waivers of one name, and none of an unknown rule beside a known one', () => {
    const policy = policyText('p', [truth]);
    expect(load(policy, write('Waiver', 'v', waiver), write('Waiver', 'v', waiver)).waivers).toEqual([]);
    const half = write('Waiver', 'v', { ...waiver, rules: ['p/always', 'p/other'] });
    expect(load(policy, half).waivers).toEqual([]);
  });
});
