/** What a claim writes down of its facts, and the verdicts that can be told from it again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Expression } from '../../src/policy/expression.ts';
import { compileExpression, evaluateExpression } from '../../src/policy/expression.ts';
import { readRecordedFacts, recordFacts } from '../../src/policy/fact-record.ts';
import type { CommitFacts, DeviceFacts, FactGroup, RuleFacts } from '../../src/policy/facts.ts';
import { factGroups } from '../../src/policy/facts.ts';
import { largestFacts } from './largest-facts.ts';
import { device, nowMs, ruleFacts, task } from './rule-facts.ts';

const all: ReadonlySet<FactGroup> = new Set(factGroups);

function compiled(source: string): Expression {
  const result = compileExpression(source);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.expression;
}

/** As the ledger keeps it, and reads it again. */
function replayed(facts: RuleFacts, reads: ReadonlySet<FactGroup>): RuleFacts {
  const bare = { ...facts.task, labels: {}, after: [], notBeforeMs: null, notAfterMs: null, previous: null };
  return readRecordedFacts(JSON.parse(JSON.stringify(recordFacts(facts, reads))), bare, facts.nowMs);
}

const expressions = [
  'task.previous.exists && task.previous.run < task.run && task.previous.endedAt <= now',
  'task.labels == {} || size(task.after) > 1 || task.notBefore > now',
  'introduced.time <= changed.time && introduced.author != changed.committer',
  'introduced.trailers.all(k, introduced.trailers[k].all(v, re(v, "^[a-z]*$")))',
  'fleet.labels.all(k, fleet.labels[k].startsWith("a")) && fleet.region == "eu-west-1"',
  'fleet.inFlight.tasks + fleet.issuedLastHour.devices < fleet.issuedLastDay.tasks',
  'devices.all(d, d.busyWith == "" && age(d.lastReboot.endedAt) > duration("24h"))',
  'devices.exists(d, d.state == "LOCKED" && age(d.lastReachedOutAt) < duration("1h"))',
  'devices.all(d, d.tags.all(k, d.tags[k] in ["a", "b", ""]))',
  'devices[1].lastTask.outcome == "SUCCEEDED"',
].map(compiled);

describe('a record', () => {
  it('holds the groups that were read, and no others', () => {
    const record = recordFacts(ruleFacts(), new Set<FactGroup>(['counts', 'devices']));
    expect(record).toEqual({
      task: { labels: { site: 'aurora' }, after: ['reboot-aurora-2026-11'], notBefore: null, notAfter: null },
      counts: {
        inFlight: { tasks: 2, devices: 3 },
        issuedLastHour: { tasks: 4, devices: 6 },
        issuedLastDay: { tasks: 9, devices: 20 },
      },
      devices: [
        {
          id: 'smd-fictbgr3rbcjeqa5',
          busyWith: '',
          lastTask: {
            id: 'st-1',
            name: 'reboot-aurora',
            command: 'reboot',
            outcome: 'SUCCEEDED',
            endedAt: '2026-11-27T16:30:00.000Z',
          },
          lastReboot: {
            id: 'st-1',
            name: 'reboot-aurora',
            command: 'reboot',
            outcome: 'SUCCEEDED',
            endedAt: '2026-11-27T16:30:00.000Z',
          },
          lastUnlock: { id: '', name: '', command: '', outcome: '', endedAt: null },
          described: null,
        },
      ],
    });
  });

  it('of everything is read as it was written', () => {
    const facts = ruleFacts();
    expect(replayed(facts, all)).toEqual(facts);
    expect(recordFacts(facts, all)).not.toHaveProperty('cut');
  });

  it.each(factGroups.filter((group) => group !== 'now'))(
    'without %s leaves what reads it unknown',
    (group) => {
      const facts = replayed(ruleFacts(), new Set(factGroups.filter((other) => other !== group)));
      for (const expression of expressions) {
        const { kind } = evaluateExpression(expression, facts);
        expect(kind === 'unknown').toBe(expression.reads.has(group));
      }
    },
  );

  it('takes no fact for known that was not', () => {
    const facts: RuleFacts = {
      ...ruleFacts({ introduced: null, changed: null, fleet: null, counts: null, devices: null }),
      task: { ...task, previous: null },
    };
    expect(replayed(facts, all)).toEqual(facts);
  });

  it('is at most 8 KiB, and names what it cut', () => {
    const record = recordFacts(largestFacts(), all);
    expect(new TextEncoder().encode(JSON.stringify(record)).length).toBeLessThanOrEqual(8192);
    expect(record.cut).toEqual(expect.arrayContaining(['introduced', 'changed', 'fleet', 'devices']));
    const again = readRecordedFacts(record, task, nowMs);
    expect([again.introduced, again.changed, again.fleet, again.devices]).toEqual([null, null, null, null]);
  });

  it('holds whole the largest that a manifest can say, and ten devices with their tasks', () => {
    const labels = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`${'k'.repeat(60)}${100 + index}`, 'v'.repeat(63)]),
    );
    const large = {
      ...task,
      labels,
      after: Array.from({ length: 20 }, (_, index) => `${'n'.repeat(61)}${10 + index}`),
      notBeforeMs: nowMs,
      notAfterMs: nowMs,
    };
    expect(recordFacts(ruleFacts({ task: large }), new Set())).not.toHaveProperty('cut');
    const ten = Array.from({ length: 10 }, () => ({ ...device, lastUnlock: device.lastReboot }));
    expect(recordFacts(ruleFacts({ devices: ten }), all)).not.toHaveProperty('cut');
  });
});

const text = fc.oneof(
  fc.constantFrom('', 'a', 'LOCKED', 'SUCCEEDED'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const instant = fc.integer({ min: 0, max: nowMs });
const map = fc.dictionary(fc.oneof(text, fc.constant('__proto__')), text, { maxKeys: 4 });
const commitFacts: fc.Arbitrary<CommitFacts> = fc.record({
  id: text,
  timeMs: instant,
  author: text,
  committer: text,
  subject: text,
  trailers: fc.dictionary(text, fc.array(text, { maxLength: 3 }), { maxKeys: 3 }),
});
const lastTask = fc.record({
  id: text,
  name: text,
  command: text,
  outcome: text,
  endedAtMs: fc.option(instant),
});
const deviceFacts: fc.Arbitrary<DeviceFacts> = fc.record({
  id: text,
  busyWith: text,
  lastTask,
  lastReboot: lastTask,
  lastUnlock: lastTask,
  described: fc.option(
    fc.record({ state: text, type: text, tags: map, lastReachedOutAtMs: fc.option(instant) }),
  ),
});
const counted = fc.record({ tasks: fc.nat(9), devices: fc.nat(9) });
const facts: fc.Arbitrary<RuleFacts> = fc.record({
  task: fc.record({ run: fc.nat(9), labels: map, notBeforeMs: fc.option(instant) }).map((changes) => ({
    ...task,
    ...changes,
  })),
  introduced: fc.option(commitFacts),
  changed: fc.option(commitFacts),
  fleet: fc.option(fc.record({ name: text, region: text, account: text, labels: map })),
  counts: fc.option(fc.record({ inFlight: counted, issuedLastHour: counted, issuedLastDay: counted })),
  devices: fc.option(fc.array(deviceFacts, { maxLength: 3 })),
  nowMs: fc.constant(nowMs),
});

describe('a replay', () => {
  it('gives the verdict of the claim for every expression whose groups were recorded', () => {
    fc.assert(
      fc.property(
        facts,
        fc.constantFrom(...expressions),
        fc.subarray([...factGroups]),
        (known, expression, more) => {
          const reads = new Set([...expression.reads, ...more]);
          const again = evaluateExpression(expression, replayed(known, reads));
          expect(again).toEqual(evaluateExpression(expression, known));
        },
      ),
    );
  });

  it('of anything else than a record is unknown, never true or false', () => {
    const reading = expressions.filter(({ reads }) => [...reads].some((group) => group !== 'now'));
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...reading), (json, expression) => {
        const given = { ...task, previous: ruleFacts().task.previous };
        expect(evaluateExpression(expression, readRecordedFacts(json, given, nowMs)).kind).toBe('unknown');
      }),
    );
  });

  it('takes a group with a value of another type for unknown', () => {
    const record = JSON.parse(JSON.stringify(recordFacts(ruleFacts(), all)));
    const broken = {
      ...record,
      counts: { ...record.counts, inFlight: { tasks: '2', devices: 3 } },
      introduced: { ...record.introduced, time: 'yesterday' },
      devices: [{ ...record.devices[0], lastTask: null }],
    };
    const again = readRecordedFacts(broken, task, nowMs);
    expect([again.counts, again.introduced, again.devices]).toEqual([null, null, null]);
    expect(again.changed).not.toBeNull();
  });
});
