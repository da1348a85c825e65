/** Cases judged by real policies: what passes, what fails and why, and which rules nothing proves. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PolicyFile } from '../../src/policy/policy-file.ts';
import { parsePolicyTests } from '../../src/policy/policy-test.ts';
import { isUnproven, runPolicyTests } from '../../src/policy/policy-test-run.ts';

const limits = { fileBytes: 262_144, documentsPerFile: 100, depth: 32 };

/** Runs the files `*.test.yaml` among these on the others. */
function run(files: Readonly<Record<string, string>>) {
  const tests = [];
  const policies: PolicyFile[] = [];
  for (const [path, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    if (!path.endsWith('.test.yaml')) policies.push({ path, blob: '', content: { kind: 'bytes', bytes } });
    else {
      const parsed = parsePolicyTests(bytes, path, limits);
      expect(parsed.problems).toEqual([]);
      tests.push(...parsed.tests);
    }
  }
  return runPolicyTests(tests, policies, limits);
}

function policy(name: string, rules: readonly object[], match: object = {}): string {
  return `${JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'Policy', metadata: { name }, spec: { match, rules } })}\n`;
}

const given = {
  now: '2026-11-27T22:30:00+01:00',
  task: { fleet: 'north-sea', name: 'unlock-a', command: 'unlock', targets: ['smd-a'] },
};

function tests(cases: readonly object[], more: object = {}): string {
  const spec = { given, cases: cases.map((one, index) => ({ name: `case ${index}`, ...one })), ...more };
  return JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'PolicyTest', metadata: { name: 't' }, spec });
}

/** The mismatches of each case. */
function judge(policies: string, cases: readonly object[], more: object = {}) {
  const { results, problems } = run({ 'p/a.yaml': policies, 'p/a.test.yaml': tests(cases, more) });
  expect(problems).toEqual([]);
  return results.map(({ mismatches }) => mismatches);
}

describe('the page of policy tests', () => {
  const page = readFileSync(new URL('../../docs/POLICY-TESTS.md', import.meta.url), 'utf8');
  const [policies = '', example = ''] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
    ([, text = '']) => text,
  );

  it('shows a test that passes, and proves every rule', () => {
    const { results, rules, problems } = run({
      'policies/unlock.yaml': policies,
      'policies/unlock.test.yaml': example,
    });
    expect(problems).toEqual([]);
    expect(results.map(({ name, mismatches }) => [name, mismatches])).toEqual([
      ['open on Friday night', []],
      ['closed on Saturday noon', []],
      ['without a change request', []],
    ]);
    expect(rules.filter(isUnproven)).toEqual([]);
    expect(rules).toHaveLength(2);
  });
});

describe('an expectation', () => {
  const site = { name: 'site', require: '"site" in task.labels', otherwise: 'warn' };
  const change = { name: 'change', require: '"change" in task.annotations', message: 'name a change' };
  const locked = { name: 'locked', require: 'devices.all(d, d.state == "LOCKED")', otherwise: 'hold' };
  const policies = policy('p', [site, change, locked]);
  const changed = { task: { annotations: { change: 'C' }, labels: { site: 'a' } } };
  const isLocked = { devices: [{ id: 'smd-a', state: 'LOCKED' }] };
  const isOpen = { devices: [{ id: 'smd-a', state: 'UNLOCKED' }] };

  it.each([
    [
      { ...changed, ...isLocked },
      { verdict: 'allow', rules: [], until: 'none' },
    ],
    [
      { ...changed, ...isOpen },
      { verdict: 'hold', rules: ['p/locked'], until: 'none', code: 'SG6301' },
    ],
    [changed, { verdict: 'unchecked', rule: 'p/locked', code: 'SG6302' }],
    [isLocked, { verdict: 'deny', rules: ['p/change'], message: 'a change' }],
    // What would only hold it, or warn, leads to no deny.
    [isOpen, { verdict: 'deny', rules: ['p/change'], message: 'does not hold: devices.all' }],
    [
      { task: { annotations: { change: 'C' } }, ...isLocked },
      { verdict: 'allow', rules: ['p/site'] },
    ],
  ])('comes true: %j, %j', (own, wanted) => {
    expect(judge(policies, [{ ...own, expect: wanted }])).toEqual([[]]);
  });

  it.each([
    [{ verdict: 'hold' }, 'expected hold, got deny'],
    [{ verdict: 'deny', rule: 'p/locked' }, 'expected rule p/locked, got p/change'],
    [
      { verdict: 'deny', rule: 'p/chagne' },
      'expected rule p/chagne, got p/change; there is no rule p/chagne: did you mean p/change?',
    ],
    [{ verdict: 'deny', rules: [] }, 'expected no rule, got p/change'],
    [
      { verdict: 'deny', rules: ['p/change', 'p/locked'] },
      'expected the rules p/change, p/locked, got p/change',
    ],
    [{ verdict: 'deny', message: 'another' }, 'expected a reason that says "another", got none'],
    [{ verdict: 'deny', code: 'SG6320' }, 'expected a reason with code SG6320, got SG6301, SG6301, SG6301'],
  ])('does not come true: %j', (wanted, told) => {
    expect(judge(policies, [{ ...isOpen, expect: wanted }])).toEqual([[told]]);
  });

  it('tells everything that is not so', () => {
    const wanted = { verdict: 'allow', until: '2026-11-28T03:45:00Z', waiver: 'w', rule: 'p/site' };
    const [lines] = judge(policies, [{ ...isOpen, expect: wanted }]);
    expect(lines).toEqual([
      'expected allow, got deny',
      'expected rule p/site, got p/change',
      'expected until 2026-11-28T03:45:00.000Z, got none',
      'expected waiver w, got none',
    ]);
  });
});

describe('what is given beside the facts', () => {
  const change = { name: 'change', require: '"change" in task.annotations' };
  const waiver = JSON.stringify({
    apiVersion: 'snowgate/v1',
    kind: 'Waiver',
    metadata: { name: 'storm' },
    spec: {
      fleet: 'north-sea',
      task: 'unlock-a',
      run: 1,
      rules: ['p/change'],
      reason: 'storm',
      expires: '2026-11-28T12:00:00Z',
    },
  });
  const suspension = JSON.stringify({
    apiVersion: 'snowgate/v1',
    kind: 'Suspension',
    metadata: { name: 'incident' },
    spec: { reason: 'incident', until: '2026-11-27T22:00:00Z' },
  });

  it('lets a waiver count from when it was merged', () => {
    const policies = `${policy('p', [change])}---\n${waiver}\n`;
    const used = { verdict: 'allow', waiver: 'storm', rules: ['p/change'], until: '2026-11-28T12:00:00Z' };
    const cases = [
      { mergedAt: '2026-11-27T12:00:00Z', expect: used },
      { mergedAt: '2026-11-20T12:00:00Z', expect: { verdict: 'deny', code: 'SG6326' } },
      { expect: { verdict: 'deny', code: 'SG6326', message: 'not known' } },
      { mergedAt: '2026-11-27T12:00:00Z', task: { run: 2 }, expect: { verdict: 'deny', code: 'SG6326' } },
    ];
    expect(judge(policies, cases)).toEqual([[], [], [], []]);
  });

  it('is held by a suspension, that has no rule', () => {
    const policies = `${policy('p', [{ name: 'yes', require: 'true' }])}---\n${suspension}\n`;
    const cases = [
      { expect: { verdict: 'hold', rules: [], code: 'SG6320', until: '2026-11-27T22:00:00Z' } },
      { now: '2026-11-27T22:00:00Z', expect: { verdict: 'allow' } },
    ];
    expect(judge(policies, cases)).toEqual([[], []]);
  });

  it('has the settings of a configuration, and the labels of a fleet', () => {
    const policies = policy('p', [{ name: 'yes', require: 'true' }], { fleetLabels: { env: 'production' } });
    const fleet = { labels: { env: 'production' } };
    const merged = { ...given, now: '2026-11-30T00:00:00Z', commit: { time: '2026-11-28T00:00:00Z' } };
    const cases = [
      { expect: { verdict: 'hold', code: 'SG6308' } },
      { settings: { uncovered: 'allow' }, expect: { verdict: 'allow' } },
      { fleet, expect: { verdict: 'allow' } },
      { fleet, settings: { requirePolicies: ['q'] }, expect: { verdict: 'hold', code: 'SG6311' } },
      { ...merged, fleet, settings: { maxWait: '24h' }, expect: { verdict: 'deny', code: 'SG6310' } },
      { ...merged, fleet, settings: { maxWait: '3d' }, expect: { verdict: 'allow' } },
      {
        fleet,
        commit: { touchesPolicies: true },
        settings: { separateCommits: true },
        expect: { verdict: 'hold', code: 'SG6312' },
      },
    ];
    expect(judge(policies, cases)).toEqual(cases.map(() => []));
  });
});

describe('the files of a test', () => {
  const rule = { name: 'r', require: 'true' };
  const no = { name: 'r', require: 'false' };

  it('are those of its folder and below, or those that it names', () => {
    const files = {
      'p/top.yaml': policy('top', [no]),
      'p/north/n.yaml': policy('north', [rule]),
      'p/north/deep/d.yaml': policy('deep', [no], { commands: ['reboot'] }),
      'p/north/n.test.yaml': tests([{ expect: { verdict: 'allow' } }]),
      'p/north/both.test.yaml': tests([{ expect: { verdict: 'deny', rules: ['top/r'] } }], {
        policies: ['./n.yaml', '../top.yaml'],
      }),
    };
    const { results, problems, rules } = run(files);
    expect(problems).toEqual([]);
    expect(results.map(({ mismatches }) => mismatches)).toEqual([[], []]);
    expect(rules.map(({ policy: name, passed, fired }) => [name, passed, fired])).toEqual([
      ['deep', 0, 0],
      ['north', 2, 0],
      ['top', 0, 1],
    ]);
  });

  it.each([
    ['../../etc/passwd', undefined],
    ['/etc/passwd', undefined],
    ['../p/b.yaml', 'did you mean p/a.yaml?'],
  ])('must be among those that were read: %s', (path, hint) => {
    const files = {
      'p/a.yaml': policy('a', [rule]),
      'p/a.test.yaml': tests([{ expect: { verdict: 'allow' } }], { policies: [path] }),
    };
    const { results, problems } = run(files);
    expect(results).toEqual([]);
    expect(problems.map(({ code, place }) => [code, place.path])).toEqual([['SG1428', 'p/a.test.yaml']]);
    if (hint !== undefined) expect(problems[0]?.hint).toBe(hint);
  });

  it('tell their errors once, and hold what they could match', () => {
    const files = {
      'p/a.yaml': policy('a', [rule]),
      'p/b.yaml': policy('b', [{ name: 'r', window: 'gone' }]),
      'p/a.test.yaml': tests([{ expect: { verdict: 'hold', code: 'SG6307' } }]),
    };
    const { results, problems, rules } = run(files);
    expect(problems.map(({ code }) => code)).toEqual(['SG1408']);
    expect(results[0]?.mismatches).toEqual([]);
    // A window that is not there proves nothing of the rule.
    expect(rules.find(({ policy: name }) => name === 'b')).toMatchObject({ passed: 0, fired: 0 });
  });
});

describe('proof', () => {
  it('needs a case on each side, and counts neither failures nor what is not known or waived', () => {
    const policies = policy('p', [
      { name: 'proved', require: 'task.run == 1' },
      { name: 'fails', require: 'task.labels["a"] == "b"', otherwise: 'warn' },
      { name: 'unknown', require: 'size(devices) == 1', otherwise: 'warn' },
      { name: 'warns', require: 'task.run == 2', otherwise: 'warn' },
    ]);
    const cases = [{ expect: { verdict: 'hold' } }, { task: { run: 2 }, expect: { verdict: 'deny' } }];
    const { rules } = run({ 'p/a.yaml': policies, 'p/a.test.yaml': tests(cases) });
    expect(rules.map(({ rule, passed, fired }) => [rule, passed, fired])).toEqual([
      ['proved', 1, 1],
      ['fails', 0, 0],
      ['unknown', 0, 0],
      ['warns', 1, 1],
    ]);
    expect(rules.filter(isUnproven).map(({ rule }) => rule)).toEqual(['fails', 'unknown']);
  });
});
