/** Attacks on other policy engines, made on ours: what somebody writes who may merge a policy, and means harm by it. */
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/policy/expression.ts';
import { judge } from '../../src/policy/judge.ts';
import { loadPolicies, type PolicySet } from '../../src/policy/policy-set.ts';
import { originAt } from '../plan/input.ts';
import { manifestOf, noonMs, yaml } from '../plan/stage.ts';
import { ruleFacts } from '../policy/rule-facts.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };

function load(...documents: string[]): PolicySet {
  const bytes = new TextEncoder().encode(documents.join('---\n'));
  return loadPolicies(
    [{ path: 'policies/a.yaml', blob: 'f'.repeat(40), content: { kind: 'bytes', bytes } }],
    limits,
  );
}

function document(kind: string, name: string, spec: object): string {
  return `${JSON.stringify({ apiVersion: 'snowgate/v1', kind, metadata: { name }, spec })}\n`;
}

const policy = (name: string, rules: object[]): string => document('Policy', name, { rules });

function verdictUnder(set: PolicySet) {
  const manifest = manifestOf(yaml());
  const { introduced } = originAt(noonMs);
  return judge({
    manifest,
    facts: { ...ruleFacts(), introduced, nowMs: noonMs },
    fleetLabels: {},
    introducedMs: noonMs,
    touchesPolicies: false,
    set,
    settings: { uncovered: 'hold', requirePolicies: [], maxWaitMs: 86_400_000, separateCommits: false },
    mergedMs: new Map([['policies/a.yaml', noonMs]]),
  });
}

describe('an expression that would fill the memory, or never end (CVE-2024-32476, GHSA-9m6p-x4h2-6frq)', () => {
  const growing = Array.from({ length: 60 }, () => '(').join('');
  it.each([
    ['a text that doubles itself', `size(${Array.from({ length: 400 }, () => 'task.name').join(' + ')}) > 0`],
    [
      'loops within loops within loops',
      'task.targets.all(a, task.targets.all(b, task.targets.all(c, a == b || b == c)))',
    ],
    ['a list of lists of lists', `size([${Array.from({ length: 2000 }, () => '[1,2,3]').join(',')}]) > 0`],
    ['brackets without end', `${growing.repeat(40)}true`],
    ['a long text of nots', `${'!'.repeat(4000)}true`],
    ['a pattern that goes back and forth', 're(task.name, "^(a|a)*{1,1000}{1,1000}$")'],
  ])('%s does not load', (_what, source) => {
    expect(compileExpression(source).ok).toBe(false);
  });

  it('and holds its tasks, while nothing else is touched', () => {
    const set = load(policy('bomb', [{ name: 'bomb', require: `${'!'.repeat(4000)}true` }]));
    expect(set.problems.map(({ code }) => code)).toContain('SG1342');
    expect(verdictUnder(set)).toMatchObject({ action: 'hold', untilMs: null });
  });
});

describe('a policy that asks the network (CVE-2026-4789, GHSA-rggm-jjmc-3394, GHSA-459x-q9hg-4gpq, GHSA-qr4g-8hrp-c4rw, GHSA-fmqp-4wfc-w3v7)', () => {
  it.each([
    'http.Get("http://169.254.169.254/latest/meta-data/").status == 200',
    'fetch("http://169.254.169.254/") != ""',
    'task.get("http://169.254.169.254/") != ""',
    'resource.Get("v1", "secrets") != null',
    'globalContext.Get("x", "y") != ""',
    'file("/etc/passwd") != ""',
    'env.AWS_SECRET_ACCESS_KEY != ""',
    'task.constructor.constructor("return process")() != ""',
  ])('by %s: no such thing is offered', (source) => {
    expect(compileExpression(source).ok).toBe(false);
  });

  it.each(['http://169.254.169.254/a.ics', 'file:///etc/passwd.ics', '../../secrets.ics', '/etc/a.ics'])(
    'by the calendar %s: it is a path beside the window, and nothing else',
    (ics) => {
      const window = document('Window', 'w', { timeZone: 'Europe/Oslo', open: [{ ics }] });
      const set = load(window, policy('p', [{ name: 'w', window: 'w' }]));
      expect(set.windows.size).toBe(0);
      expect(verdictUnder(set).action).toBe('hold');
    },
  );
});

describe('two exceptions that pass together what neither would (GHSA-gg4x-fgg2-h9w9)', () => {
  const rules = [
    { name: 'one', require: 'task.name == "other"' },
    { name: 'two', require: 'task.name == "other"' },
  ];
  const waiver = (name: string, ...names: string[]): string =>
    document('Waiver', name, {
      fleet: 'lab',
      task: 'job',
      run: 1,
      rules: names.map((rule) => `p/${rule}`),
      reason: 'night',
      expires: new Date(noonMs + 3_600_000).toISOString(),
    });

  it('two waivers of a rule each do not allow what has both against it', () => {
    const verdict = verdictUnder(load(policy('p', rules), waiver('a', 'one'), waiver('b', 'two')));
    expect(verdict.action).toBe('deny');
    expect(verdict.reasons.map(({ code }) => code)).toEqual(['SG6301', 'SG6301', 'SG6325', 'SG6325']);
  });

  it('one that names both does, for that was reviewed as one', () => {
    expect(verdictUnder(load(policy('p', rules), waiver('a', 'one', 'two')))).toMatchObject({
      action: 'allow',
      waiver: { name: 'a' },
    });
  });
});
