/** A claim judged again: what the ledger keeps of it decides, and what it does not keep decides nothing. */
import { describe, expect, it } from 'vitest';
import type { ClaimedEvent, ClaimVerdict } from '../../src/ledger/events.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import { buildRequest } from '../../src/manifest/request.ts';
import { replayClaim } from '../../src/plan/replay.ts';
import { recordFacts } from '../../src/policy/fact-record.ts';
import type { FactGroup, RuleFacts } from '../../src/policy/facts.ts';
import { loadPolicies } from '../../src/policy/policy-set.ts';
import { openRules } from './input.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
const at = '2026-11-27T21:30:00.000Z';
const nowMs = Date.parse(at);

const text = JSON.stringify({
  apiVersion: 'snowgate/v1',
  kind: 'Task',
  metadata: { name: 'unlock-a', labels: { site: 'aurora' }, annotations: { change: 'CHG1' } },
  spec: {
    fleet: 'north-sea',
    command: 'unlock',
    targets: ['smd-b', 'smd-a'],
    description: 'Unlock',
    tags: { owner: 'ops' },
    run: 2,
  },
});
const [parsed] = parseManifestFile(Buffer.from(text), limits).manifests;
if (parsed === undefined) throw new Error('no manifest');
const { manifest } = parsed;
const request = buildRequest(manifest, { commit: 'c'.repeat(40), ledgerId: 'l' });

const facts: RuleFacts = {
  task: {
    ...manifest,
    description: 'Unlock',
    notBeforeMs: null,
    notAfterMs: null,
    path: 'tasks/a.yaml',
    previous: null,
  },
  introduced: null,
  changed: null,
  fleet: { name: 'north-sea', region: 'eu-west-1', account: '1', labels: { env: 'then' } },
  counts: null,
  devices: null,
  nowMs,
};

function claim(verdict: Partial<ClaimVerdict> = {}, reads: readonly FactGroup[] | null = []): ClaimedEvent {
  const record = reads === null ? {} : { facts: recordFacts(facts, new Set(reads)) };
  return {
    v: 1,
    kind: 'claimed',
    token: manifest.token,
    fleet: 'north-sea',
    name: 'unlock-a',
    at,
    attempt: 1,
    request,
    taskRun: 2,
    identity: { account: '1', region: 'eu-west-1', endpoint: '' },
    manifest: {
      path: 'tasks/a.yaml',
      blob: 'b'.repeat(40),
      commit: null,
      author: null,
      annotations: { change: 'CHG1' },
    },
    verdict: {
      action: 'allow',
      until: null,
      notAfter: null,
      reasons: [],
      policies: [],
      ...record,
      ...verdict,
    },
    policySet: '',
    tzdata: '',
  };
}

const document = (kind: string, name: string, spec: object) =>
  JSON.stringify({ apiVersion: 'snowgate/v1', kind, metadata: { name }, spec });

const rule = (require: string, more: object = {}) =>
  document('Policy', 'p', { rules: [{ name: 'r', require, ...more }] });

interface World {
  readonly uncovered?: 'hold' | 'allow';
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly requirePolicies?: readonly string[];
}

function replay(event: ClaimedEvent, documents: readonly string[], world: World = {}) {
  const bytes = Buffer.from(documents.join('\n---\n'));
  const set = loadPolicies([{ path: 'p.yaml', blob: '', content: { kind: 'bytes', bytes } }], limits);
  const { uncovered = 'allow', labels = {}, requirePolicies = [] } = world;
  const rules = { ...openRules, labels: labels ?? {}, requirePolicies };
  const fleets = new Map(labels === null ? [] : [['north-sea', rules]]);
  const { outcome, reasons } = replayClaim(event, event.request ?? null, { set, uncovered, fleets });
  return [outcome, ...reasons.map(({ code }) => code)];
}

describe('a claim that is judged again', () => {
  it('has the request, the annotations, the time and the facts of then', () => {
    const all = [
      'task.targets == ["smd-a", "smd-b"]',
      'task.tags == {"owner": "ops"}',
      'task.description == "Unlock" && task.run == 2',
      'task.annotations.change == "CHG1" && task.labels.site == "aurora"',
      'now == timestamp("2026-11-27T21:30:00Z")',
      'fleet.labels.env == "then"',
    ];
    expect(replay(claim({}, ['fleet']), [rule(all.join(' && '))])).toEqual(['same']);
    expect(replay(claim(), [rule('task.run == 1')])).toEqual(['deny', 'SG6301']);
    expect(replay(claim(), [rule('task.run == 1', { otherwise: 'hold' })])).toEqual(['hold', 'SG6301']);
  });

  it.each([
    'introduced.author != ""',
    'changed.author != ""',
    'devices.all(d, d.busyWith == "")',
    'fleet.inFlight.tasks == 0',
    '!task.previous.exists',
  ])('is unknown where a rule reads what was not kept: %s', (require) => {
    expect(replay(claim(), [rule(require)])).toEqual(['unknown', 'SG6302']);
  });

  it('is not doubted for a rule that only warns', () => {
    expect(
      replay(claim({}, null), [rule('size(devices) == size(task.labels)', { otherwise: 'warn' })]),
    ).toEqual(['same']);
  });

  it.each([
    ['a condition', rule('"site" in task.labels')],
    [
      'a match',
      document('Policy', 'p', { match: { labels: { site: '*' } }, rules: [{ name: 'r', require: 'false' }] }),
    ],
    [
      'what is left out',
      document('Policy', 'p', {
        match: { exclude: { labels: { site: '*' } } },
        rules: [{ name: 'r', require: 'true' }],
      }),
    ],
    [
      'a broken policy',
      document('Policy', 'p', { match: { labels: { site: '*' } }, rules: [{ name: 'r', require: '(' }] }),
    ],
  ])('has unknown labels where no policy was asked then, which matters for %s', (_what, policy) => {
    expect(replay(claim({}, null), [policy])).toEqual(['unknown', 'SG7063']);
    expect(replay(claim(), [policy])[0]).not.toBe('unknown');
    // What another policy says without reading them is certain.
    const other = document('Policy', 'q', { rules: [{ name: 'r', require: 'false' }] });
    expect(replay(claim({}, null), [policy, other])).toEqual(['deny', 'SG6301']);
  });

  it('has the labels of the configuration where those of the fleet were not kept', () => {
    const policy = document('Policy', 'p', {
      match: { fleetLabels: { env: 'now' } },
      rules: [{ name: 'r', require: 'false' }],
    });
    expect(replay(claim(), [policy], { labels: { env: 'now' } })).toEqual(['deny', 'SG6301']);
    expect(replay(claim({}, ['fleet']), [policy], { labels: { env: 'now' } })).toEqual(['same']);
    expect(replay(claim(), [policy], { labels: null })).toEqual(['unknown', 'SG7063']);
    expect(replay(claim(), [rule('fleet.region == "eu-west-1"')])).toEqual(['same']);
  });

  it('is held by what the configuration says today', () => {
    expect(replay(claim(), [], { uncovered: 'hold' })).toEqual(['hold', 'SG6308']);
    expect(replay(claim(), [rule('true')], { uncovered: 'hold' })).toEqual(['same']);
    expect(replay(claim(), [rule('true')], { requirePolicies: ['q'] })).toEqual(['hold', 'SG6311']);
  });

  it('is not stopped by a suspension of today, and waived by nothing but the waiver of then', () => {
    const suspension = document('Suspension', 's', { reason: 'today' });
    expect(replay(claim(), [suspension, rule('true')])).toEqual(['same']);
    const expires = '2026-11-28T12:00:00.000Z';
    const today = document('Waiver', 'w', {
      fleet: 'north-sea',
      task: 'unlock-a',
      run: 2,
      rules: ['p/r'],
      reason: 'today',
      expires,
    });
    expect(replay(claim(), [rule('false'), today])).toEqual(['deny', 'SG6301']);
    const waiver = { name: 'w', path: 'w.yaml', blob: '', rules: ['p/r'], reason: 'then', expires };
    expect(replay(claim({ waiver }), [rule('false')])).toEqual(['same']);
    expect(replay(claim({ waiver: { ...waiver, rules: ['p/other'] } }), [rule('false')])[0]).toBe('deny');
  });

  it('has the notAfter that the claim tells', () => {
    const policy = rule('task.notAfter - now <= duration("24h")');
    expect(replay(claim({ notAfter: '2026-11-28T04:00:00.000Z' }, null), [policy])).toEqual(['same']);
    expect(replay(claim({ notAfter: null }, null), [policy])).toEqual(['deny', 'SG6301']);
    const { notAfter: _, ...older } = claim({}, null).verdict;
    expect(replay({ ...claim(), verdict: older }, [policy])).toEqual(['unknown', 'SG7063']);
  });

  it('is unknown where the ledger does not have its request, or another one', () => {
    const { request: _, ...later } = claim();
    expect(replay(later, [rule('false')])).toEqual(['unknown', 'SG7063']);
    expect(replay({ ...claim(), taskRun: 3 }, [rule('false')])).toEqual(['unknown', 'SG7063']);
  });
});
