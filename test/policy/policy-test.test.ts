/** The document of policy tests: what is refused, and which facts come out of what is given. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyTest } from '../../src/policy/policy-test.ts';
import { parsePolicyTests } from '../../src/policy/policy-test.ts';

const limits = { fileBytes: 262_144, documentsPerFile: 100, depth: 32 };

function parse(text: string) {
  return parsePolicyTests(Buffer.from(text), 'policies/a.test.yaml', limits);
}

const given = {
  now: '2026-11-27T22:30:00+01:00',
  task: { fleet: 'north-sea', command: 'unlock', targets: ['smd-a'] },
};
const anyCase = { name: 'a', expect: { verdict: 'allow' } };

function documentOf(spec: object): string {
  return JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'PolicyTest', metadata: { name: 'a' }, spec });
}

function problemsOf(spec: object): string[] {
  return parse(documentOf(spec)).problems.map(({ code, message }) => `${code} ${message}`);
}

/** The facts of one case, with what is given beside a task and a time. */
function factsOf(own: object, shared: object = {}) {
  const spec = { given: { ...given, ...shared }, cases: [{ ...anyCase, ...own }] };
  const { tests, problems } = parse(documentOf(spec));
  expect(problems).toEqual([]);
  const found = tests[0]?.cases[0]?.given;
  if (found === undefined) throw new Error('no case');
  return found;
}

function namesOf(tests: readonly PolicyTest[]): string[] {
  return tests.flatMap(({ cases }) => cases.map(({ name }) => name));
}

describe('a document of tests', () => {
  const refused: readonly [string, object, string | RegExp][] = [
    [
      'a misspelt key',
      { given, cases: [{ ...anyCase, devises: [] }] },
      'SG1101 unknown key spec.cases[0].devises',
    ],
    ['a misspelt fact', { given: { ...given, fleet: { lables: {} } }, cases: [anyCase] }, /^SG1101 .*lables/],
    [
      'a misspelt verdict',
      { given, cases: [{ name: 'a', expect: { verdict: 'alow' } }] },
      /^SG1104 .*"alow"/,
    ],
    ['no case', { given, cases: [] }, 'SG1106 spec.cases is empty'],
    ['no now', { given: { task: given.task }, cases: [anyCase] }, /^SG1422 no now is given/],
    ['no task', { given: { now: given.now }, cases: [anyCase] }, /^SG1422 no task is given/],
    [
      'no command',
      { given: { ...given, task: { fleet: 'a', targets: ['b'] } }, cases: [anyCase] },
      /^SG1102 its task, .*spec.command is missing/,
    ],
    [
      'a reserved tag',
      { given, cases: [{ ...anyCase, task: { tags: { 'aws:a': '' } } }] },
      /^SG1208 its task/,
    ],
    [
      'a time without an offset',
      { given: { ...given, now: '2026-11-27T22:30:00' }, cases: [anyCase] },
      /^SG1423 /,
    ],
    [
      '30 February',
      { given: { ...given, now: '2026-02-30T22:30:00Z' }, cases: [anyCase] },
      'SG1423 now is a day that is not in the calendar',
    ],
    [
      'a commit of tomorrow',
      { given, cases: [{ ...anyCase, commit: { time: '2026-11-28T22:30:00Z' } }] },
      /^SG1424 commit.time is later than now/,
    ],
    [
      'a target without its device',
      { given, cases: [{ ...anyCase, devices: [{ id: 'smd-b' }] }] },
      /^SG1424 devices says nothing of smd-a/,
    ],
    [
      'a device twice',
      { given, cases: [{ ...anyCase, devices: [{ id: 'smd-a' }, { id: 'smd-a' }] }] },
      'SG1424 devices names smd-a twice',
    ],
    [
      'what AWS tells, without the state',
      { given, cases: [{ ...anyCase, devices: [{ id: 'smd-a', type: 'X' }] }] },
      /^SG1424 devices\[0\] has what AWS tells/,
    ],
    [
      'a previous revision that is not there, and is',
      { given, cases: [{ ...anyCase, previous: { exists: false, run: 2 } }] },
      /^SG1424 previous has exists: false/,
    ],
    ['one name twice', { given, cases: [anyCase, anyCase] }, /^SG1425 spec.cases\[1\].name "a" is taken/],
    [
      'rule and rules',
      { given, cases: [{ name: 'a', expect: { verdict: 'hold', rule: 'a/b', rules: [] } }] },
      /^SG1427 .*rule says the same/,
    ],
    [
      'a waiver that denies',
      { given, cases: [{ name: 'a', expect: { verdict: 'deny', waiver: 'a' } }] },
      /^SG1427 .*waiver/,
    ],
    [
      'a deny that ends',
      { given, cases: [{ name: 'a', expect: { verdict: 'deny', until: 'none' } }] },
      /^SG1427 .*until/,
    ],
    [
      'a trailer in capitals',
      { given, cases: [{ ...anyCase, commit: { trailers: { 'Approved-By': 'Ann' } } }] },
      /^SG1110 .*"A"/,
    ],
  ];

  it.each(refused)('refuses %s', (_what, spec, told) => {
    const problems = problemsOf(spec);
    expect(problems).toHaveLength(1);
    if (typeof told === 'string') expect(problems[0]).toBe(told);
    else expect(problems[0]).toMatch(told);
    expect(parse(documentOf(spec)).tests).toEqual([]);
  });

  it('tells what is wrong with what is given once, where it is written', () => {
    const text = `apiVersion: snowgate/v1
kind: PolicyTest
metadata: {name: a}
spec:
  given:
    now: 2026-02-30T22:30:00Z
    task: {fleet: a, command: unlock, targets: [b]}
  cases:
    - {name: a, expect: {verdict: hold}}
    - {name: b, expect: {verdict: hold}}
    - name: c
      task: {notBefore: 2026-11-27T22:30:00Z, notAfter: 2026-11-26T22:30:00Z}
      expect: {verdict: hold}
`;
    const problems = parse(text).problems.map(({ code, line, column }) => [code, line, column]);
    expect(problems).toEqual([
      ['SG1423', 6, 10],
      ['SG1206', 12, 57],
    ]);
  });

  it('reads the other documents of a file in which one is wrong, and tells of strangers', () => {
    const good = documentOf({ given, cases: [anyCase] });
    const { tests, problems } = parse(`${good}\n---\nkind: Policy\n---\nkind: PolicyTets\n---\n- 1\n`);
    expect(namesOf(tests)).toEqual(['a']);
    const codes = problems.map(({ code }) => code);
    expect(codes.filter((code) => code === 'SG1421')).toHaveLength(2);
    // The slip is judged as a test, with all else that is wrong with it.
    expect(problems.map(({ hint }) => hint)).toContain('did you mean PolicyTest?');
  });

  it('refuses more than 500 cases of a file, however they are spread', () => {
    const cases = Array.from({ length: 300 }, (_, index) => ({ ...anyCase, name: `case ${index}` }));
    const first = documentOf({ given, cases });
    const { problems } = parse(`${first}\n---\n${first.replace('"name":"a"', '"name":"b"')}\n`);
    expect(problems.map(({ code, line }) => [code, line])).toEqual([['SG1426', 3]]);
  });

  it('throws for no bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parsePolicyTests(bytes, 'a.test.yaml', limits);
      }),
    );
  });

  it('throws for no value in any place of a document', () => {
    const keys = fc.constantFrom(
      'now',
      'task',
      'fleet',
      'commit',
      'devices',
      'previous',
      'settings',
      'unknown',
      'expect',
    );
    fc.assert(
      fc.property(keys, fc.jsonValue({ maxDepth: 3 }), (key, value) => {
        parse(documentOf({ given, cases: [{ ...anyCase, [key]: value }] }));
      }),
    );
  });
});

describe('what is given', () => {
  it('is not known where nothing is written', () => {
    const { facts, fleetLabels, touchesPolicies, settings, mergedAtMs } = factsOf({});
    expect(facts).toMatchObject({
      introduced: null,
      changed: null,
      fleet: null,
      counts: null,
      devices: null,
    });
    expect(facts.task).toMatchObject({ name: 'task', path: 'tasks/task.yaml', previous: null, run: 1 });
    expect({ fleetLabels, touchesPolicies, mergedAtMs }).toEqual({
      fleetLabels: {},
      touchesPolicies: null,
      mergedAtMs: null,
    });
    expect(settings).toEqual({
      uncovered: 'hold',
      separateCommits: false,
      requirePolicies: [],
      maxWaitMs: Number.POSITIVE_INFINITY,
    });
  });

  it('is overridden key by key, one level deep', () => {
    const shared = {
      task: { ...given.task, labels: { site: 'a' }, annotations: { change: 'CHG1', reason: 'x' } },
      fleet: { labels: { env: 'production' }, inFlight: { tasks: 2 } },
      devices: [{ id: 'smd-a', state: 'LOCKED' }],
    };
    const own = { task: { annotations: { reason: 'y' } }, fleet: { labels: {} }, devices: [{ id: 'smd-a' }] };
    const { facts, fleetLabels } = factsOf(own, shared);
    expect(facts.task).toMatchObject({ labels: { site: 'a' }, annotations: { reason: 'y' } });
    expect(Object.keys(facts.task.annotations)).toEqual(['reason']);
    expect(fleetLabels).toEqual({});
    expect(facts.counts?.inFlight).toEqual({ tasks: 2, devices: 0 });
    expect(facts.devices?.[0]?.described).toBeNull();
  });

  it('has no previous revision where a case says so, whatever is given to all', () => {
    const previous = { run: 3, issuedAt: '2026-11-26T00:00:00Z' };
    const none = factsOf({ previous: { exists: false } }, { previous }).facts.task.previous;
    expect(none).toMatchObject({ exists: false, run: 0, issuedAtMs: null });
    const some = factsOf({ previous: { exists: true, run: 2 } }, { previous: { exists: false } });
    expect(some.facts.task.previous).toMatchObject({ exists: true, run: 2, command: 'unlock' });
    const shared = { given: { ...given, previous: { exists: false } } };
    const spec = { ...shared, cases: [{ ...anyCase, previous: { run: 2 } }] };
    expect(problemsOf(spec)).toEqual([expect.stringMatching(/^SG1424 previous has exists: false/)]);
  });

  it('gives one commit to both, unless they differ', () => {
    const commit = {
      author: 'Ann',
      trailers: { 'approved-by': 'Ben', refs: ['a', 'b'] },
      touchesPolicies: true,
    };
    const changed = { author: 'Cid', time: '2026-11-27T20:00:00Z' };
    const { facts, touchesPolicies } = factsOf({ commit, changed });
    const trailers = { 'approved-by': ['Ben'], refs: ['a', 'b'] };
    expect(facts.introduced).toMatchObject({ author: 'Ann', trailers, timeMs: facts.nowMs });
    expect(facts.changed).toMatchObject({
      author: 'Cid',
      trailers,
      timeMs: Date.parse('2026-11-27T20:00:00Z'),
    });
    expect(touchesPolicies).toBe(true);
    expect(factsOf({ changed }).facts.introduced).toBeNull();
    expect(factsOf({ changed }).touchesPolicies).toBeNull();
  });

  it('puts devices into the order of the targets, and takes the newer task for the last', () => {
    const task = { targets: ['smd-b', 'smd-a'] };
    const [old, recent] = ['2026-11-25T00:00:00Z', '2026-11-26T00:00:00Z'];
    const devices = [
      { id: 'smd-c' },
      { id: 'smd-b', lastReboot: { endedAt: old }, lastUnlock: { endedAt: recent, outcome: 'FAILED' } },
      { id: 'smd-a', lastReboot: {}, lastUnlock: { endedAt: recent } },
    ];
    const found = factsOf({ task, devices }).facts.devices ?? [];
    expect(found.map(({ id }) => id)).toEqual(['smd-a', 'smd-b']);
    expect(found.map(({ lastTask }) => [lastTask.command, lastTask.outcome, lastTask.endedAtMs])).toEqual([
      ['reboot', '', null],
      ['unlock', 'FAILED', Date.parse(recent)],
    ]);
  });

  it.each(['previous', 'introduced', 'changed', 'fleet', 'counts', 'devices'] as const)(
    'takes %s for unknown where it is to be',
    (group) => {
      const all = {
        previous: {},
        commit: {},
        fleet: { inFlight: {} },
        devices: [{ id: 'smd-a', state: 'LOCKED' }],
      };
      const read = (own: object) => {
        const { facts } = factsOf(own, all);
        return { ...facts, previous: facts.task.previous };
      };
      expect(read({})[group]).not.toBeNull();
      expect(read({ unknown: [group] })[group]).toBeNull();
    },
  );

  it('can forget what AWS tells of a device, and nothing else of it', () => {
    const devices = [{ id: 'smd-a', state: 'LOCKED', busyWith: 'st-1' }];
    const [device] = factsOf({ devices, unknown: ['described'] }).facts.devices ?? [];
    expect(device).toMatchObject({ busyWith: 'st-1', described: null });
  });
});
