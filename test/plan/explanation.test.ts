/** The explanation of a task says what the plan says, and why. */
import { describe, expect, it } from 'vitest';
import { explainTask } from '../../src/plan/explanation.ts';
import { makePlan, type PlanInput } from '../../src/plan/plan.ts';
import { loadPolicies } from '../../src/policy/policy-set.ts';
import { claimed, issued, Ledger } from '../ledger/events.ts';
import { openInput, openRules, openSettings } from './input.ts';
import { noonMs, readFiles, yaml } from './stage.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
const head = 'apiVersion: snowgate/v1\nkind: ';

function policies(...texts: readonly string[]) {
  const bytes = new TextEncoder().encode(texts.map((text) => `${head}${text}\n`).join('---\n'));
  const set = loadPolicies([{ path: 'p.yaml', blob: '', content: { kind: 'bytes', bytes } }], limits);
  if (set.problems.length > 0) throw new Error(JSON.stringify(set.problems));
  return set;
}

const rule = (name: string, written: string): string =>
  `Policy\nmetadata: {name: ${name}}\nspec: {rules: [{name: r, ${written}}]}`;
const night =
  'Window\nmetadata: {name: night}\nspec: {timeZone: UTC, open: [{start: "0 22 * * *", duration: 6h}]}';
const waiver = (more = 'run: 1, expires: "2026-11-24T00:00:00Z"'): string =>
  `Waiver\nmetadata: {name: w}\nspec: {fleet: ${fleet}, task: job, rules: [p/r], reason: storm, ${more}}`;
const closed = [night, rule('p', 'window: night')];

const files = { 'a.yaml': yaml(), 'b.yaml': yaml({ name: 'next' }), 'c.yaml': yaml({ name: 'third' }) };
const { tasks } = readFiles(files);
const [key = ''] = [...tasks.keys()].filter((one) => one.endsWith('/job'));
const fleet = key.split('/')[0] ?? '';

function input(change: Partial<PlanInput> = {}, ledger = new Ledger()): PlanInput {
  return { ...openInput(readFiles(files), ledger.view, noonMs, [fleet]), ...change };
}

function explainIn(given: PlanInput, which = key) {
  const plan = makePlan(given);
  const decision = plan.decisions.find((one) => one.key === which);
  return { explanation: explainTask(which, plan, given), decision };
}

describe('an explanation', () => {
  const merged = { mergedMs: new Map([['p.yaml', noonMs - 1000]]) };
  const fleetRules = (more: object) => new Map([[fleet, { ...openRules, ...more }]]);
  const reason = { code: 'SG6236', message: 'denied' } as const;
  const inputs: [string, Partial<PlanInput>][] = [
    ['nothing in the way', {}],
    ['a closed window', { policies: policies(...closed) }],
    ['a condition that does not hold', { policies: policies(rule('p', 'require: "false"')) }],
    [
      'a rule that cannot be checked here',
      { policies: policies(rule('p', `require: "devices.all(d, d.state == 'LOCKED')"`)) },
    ],
    ['a waiver', { policies: policies(...closed, waiver()), ...merged }],
    ['a waiver of an unknown age', { policies: policies(...closed, waiver()) }],
    ['no policy', { settings: { ...openSettings, uncovered: 'hold' } }],
    ['a stale task', { settings: { ...openSettings, maxWaitMs: -1 } }],
    ['an unknown origin', { origins: new Map() }],
    ['a required policy', { fleetRules: fleetRules({ requirePolicies: ['p'] }) }],
    ['a full fleet', { fleetRules: fleetRules({ maxInFlight: 0 }) }],
    ['a halted fleet', { fleets: new Map([[fleet, { kind: 'halted', reason }]]) }],
    ['a paused fleet', { fleets: new Map([[fleet, { kind: 'paused', untilMs: null, reason }]]) }],
    ['an observed fleet', { fleets: new Map([[fleet, { kind: 'observed', reason }]]) }],
    ['no such fleet', { fleets: new Map() }],
    ['a halt', { halts: [reason] }],
    ['an unseen fleet', { surveys: new Map([[fleet, { kind: 'unseen', reason }]]) }],
    [
      'an unknown device',
      { surveys: new Map([[fleet, { kind: 'seen', devices: new Set(), foreign: new Map() }]]) },
    ],
    ['a suspension', { policies: policies('Suspension\nmetadata: {name: s}\nspec: {reason: audit}') }],
    [
      'a permission that ends too soon',
      {
        policies: policies(night.replace('0 22', '0 10').replace('6h', '125m'), rule('p', 'window: night')),
        settings: { ...openSettings, cancelLeadMs: 600_000 },
      },
    ],
  ];
  it.each(inputs)('agrees with the plan: %s', (_what, change) => {
    const { explanation, decision } = explainIn(input(change));
    if (explanation === null || decision === undefined) throw new Error('it is judged by policies');
    const { trace, checks } = explanation;
    const stopping = checks.filter(({ outcome }) => outcome === 'hold' || outcome === 'deny');
    const told = [trace.verdict.reasons, ...stopping.map(({ reasons }) => reasons)].flat();
    const isFree = trace.verdict.action === 'allow' && stopping.length === 0;
    expect(isFree).toBe(decision.action === 'issue');
    expect(trace.verdict.action === 'deny').toBe(decision.action === 'deny');
    // Nothing that the plan says is missing, but what could not be checked.
    const codes = new Set(told.map(({ code }) => code));
    for (const { code } of decision.reasons) if (code !== 'SG6302') expect(codes).toContain(code);
  });

  it('counts what the plan had granted before', () => {
    const rules = policies(rule('few', 'require: "fleet.inFlight.tasks < 1", otherwise: hold'));
    const given = input({ policies: rules });
    const next = key.replace('/job', '/next');
    expect(explainIn(given, key).explanation?.input.facts.counts?.inFlight).toEqual({ tasks: 0, devices: 0 });
    const { explanation, decision } = explainIn(given, next);
    expect(decision?.action).toBe('hold');
    expect(explanation?.input.facts.counts?.inFlight).toEqual({ tasks: 1, devices: 2 });
    expect(explanation?.checks).toContainEqual(
      expect.objectContaining({ name: 'maxInFlight', text: 'not bounded; 1 task of the fleet in flight' }),
    );
  });

  it.each([
    ['used', policies(...closed, waiver()), merged],
    ['unused', policies(rule('p', 'require: "true"'), waiver()), merged],
    ['insufficient', policies(...closed, rule('q', 'require: "false"'), waiver()), merged],
    ['invalid', policies(...closed, waiver()), {}],
    ['invalid', policies(...closed, waiver('run: 2, expires: "2026-11-24T00:00:00Z"')), merged],
  ])('says of a waiver that it is %s', (use, set, more) => {
    const { explanation } = explainIn(input({ policies: set, ...more }));
    expect(explanation?.waivers.map((one) => one.use)).toEqual([use]);
    expect(explanation?.waivers[0]?.why !== null).toBe(use === 'invalid');
  });

  it('is none where no policy is asked', () => {
    const ledger = new Ledger();
    const token = tasks.get(key)?.manifest.token ?? '';
    ledger.write(claimed({ token, fleet, name: 'job' }));
    ledger.write(issued({ token, fleet, name: 'job' }));
    expect(explainIn(input({}, ledger)).explanation).toBeNull();
    expect(explainIn(input(), 'fleet/nowhere').explanation).toBeNull();
  });
});
