/** What conditions mean: values, what is unknown, what fails. */
import { describe, expect, it } from 'vitest';
import type { Expression, ExpressionOutcome } from '../../src/policy/expression.ts';
import { compileExpression, evaluateExpression } from '../../src/policy/expression.ts';
import type { FactGroup, RuleFacts, TaskFacts } from '../../src/policy/facts.ts';
import { commit, device, nowMs, ruleFacts, task } from './rule-facts.ts';

function compiled(source: string): Expression {
  const result = compileExpression(source);
  if (!result.ok) throw new Error(`${source}: ${JSON.stringify(result.problems)}`);
  return result.expression;
}

function outcome(source: string, changes: Partial<RuleFacts> = {}): ExpressionOutcome {
  return evaluateExpression(compiled(source), ruleFacts(changes));
}

function withTask(changes: Partial<TaskFacts>): Partial<RuleFacts> {
  return { task: { ...task, ...changes } };
}

describe('a condition', () => {
  const table: [string, boolean][] = [
    ['true', true],
    ['task.command == "unlock" && task.fleet == "north-sea"', true],
    ['task.name.startsWith("unlock-") && task.name.endsWith("11") && task.name.contains("aurora")', true],
    ['task.run == 1 && task.run + 1 < 3', true],
    ['size(task.targets) == 1 && task.targets.size() <= 3 && size(task.name) > 3', true],
    ['task.targets[0] == devices[0].id', true],
    ['"reboot-aurora-2026-11" in task.after', true],
    ['task.description == ""', false],
    ['task.labels.site == "aurora" && task.labels["site"] == "aurora"', true],
    ['"nowhere" in task.labels', false],
    ['task.notBefore == timestamp("1970-01-01T00:00:00Z")', true],
    ['task.notAfter == timestamp("9999-12-31T23:59:59Z")', true],
    ['task.path.startsWith("tasks/north-sea/")', true],
    ['task.previous.exists && task.previous.run == 1 && task.previous.state == "settled"', true],
    ['task.previous.issuedAt < task.previous.endedAt', true],
    ['"change" in task.annotations && re(task.annotations.change, "^CHG[0-9]+$")', true],
    ['re(task.description, "customs")', true],
    ['re(task.description, "^customs")', false],
    ['re(task.description, "(?i)^UNLOCK")', true],
    ['re(task.name, r"\\pL+-\\pL+-\\d{4}")', true],
    ['age(introduced.time) == duration("3h") && age(changed.time) == duration("1h")', true],
    ['now - introduced.time >= duration("2h30m")', true],
    ['introduced.time + duration("3h") == now', true],
    ['introduced.trailers["reviewed-by"].exists(who, who != introduced.author)', true],
    ['introduced.trailers.all(key, size(introduced.trailers[key]) >= 1)', true],
    ['introduced.trailers.refs == ["CHG10423"]', true],
    ['fleet.labels.env == "production" && fleet.region == "eu-west-1"', true],
    ['fleet.inFlight.tasks + 1 <= 3 && fleet.issuedLastHour.devices == 6', true],
    ['fleet.issuedLastDay.tasks < 10', true],
    ['devices.all(d, d.state == "LOCKED" && d.type == "SNC1_HDD" && d.busyWith == "")', true],
    ['devices.exists_one(d, d.tags.site == task.labels.site)', true],
    ['devices.filter(d, d.state == "UNLOCKED").map(d, d.id) == []', true],
    ['devices.map(d, d.state == "LOCKED", d.id) == task.targets', true],
    ['devices.all(d, age(d.lastReboot.endedAt) > duration("4h"))', true],
    ['devices.all(d, age(d.lastReboot.endedAt) > duration("24h"))', false],
    ['devices.all(d, d.lastUnlock.id == "" && age(d.lastUnlock.endedAt) > duration("24h"))', true],
    ['devices.all(d, age(d.lastReachedOutAt) <= duration("15m"))', true],
    ['devices[0].lastTask.command == "reboot" && devices[0].lastTask.outcome == "SUCCEEDED"', true],
    ['hour(now, "Europe/Oslo") == 22 && hour(now, "UTC") == 21 && hour(now, "Asia/Kolkata") == 3', true],
    ['weekday(now, "Europe/Oslo") == "FRI" && weekday(now, "Pacific/Kiritimati") == "SAT"', true],
    ['now >= timestamp("2026-11-27T22:30:00+01:00")', true],
    ['size(task.targets) <= {"reboot": 1, "unlock": 5}[task.command]', true],
    ['task.command == "reboot" ? false : task.run == 1', true],
    ['task.name in ["a", "b"]', false],
    ['// only a remark\ntrue', true],
    ['task.annotations.nothing == "x" || true', true],
    ['size("a\u{1F600}b") == 3', true],
  ];
  it.each(table)('%s', (source, value) => {
    expect(outcome(source)).toEqual({ kind: 'value', value });
  });

  it('takes a task in flight for one that ends now', () => {
    const lastReboot = { ...device.lastReboot, outcome: '', endedAtMs: null };
    const busy = [{ ...device, lastReboot }];
    expect(outcome('devices[0].lastReboot.endedAt == now', { devices: busy })).toMatchObject({ value: true });
    expect(outcome('age(devices[0].lastReboot.endedAt) > duration("0s")', { devices: busy })).toMatchObject({
      value: false,
    });
  });

  it.each([0, 1, 1_000_000, Number.MAX_SAFE_INTEGER])('counts with %d exactly', (run) => {
    expect(outcome(`task.run == ${run}`, withTask({ run }))).toEqual({ kind: 'value', value: true });
    expect(outcome(`task.run + 1 == ${BigInt(run) + 1n}`, withTask({ run }))).toEqual({
      kind: 'value',
      value: true,
    });
  });

  it('evaluates at the instant of the facts, one after another', () => {
    const young = compiled('age(introduced.time) < duration("4h") && hour(now, "UTC") == 21');
    expect(evaluateExpression(young, ruleFacts())).toEqual({ kind: 'value', value: true });
    expect(evaluateExpression(young, ruleFacts({ nowMs: nowMs + 3_600_000 }))).toEqual({
      kind: 'value',
      value: false,
    });
    expect(evaluateExpression(young, ruleFacts())).toEqual({ kind: 'value', value: true });
  });
});

describe('what an expression reads', () => {
  const table: [string, FactGroup[]][] = [
    ['task.command == "unlock" && task.tags == {}', []],
    ['task.previous.exists', ['previous']],
    ['introduced.author == changed.author', ['introduced', 'changed']],
    ['fleet.name == "a" && fleet.labels == {}', ['fleet']],
    ['fleet.inFlight.tasks < 3', ['counts']],
    ['fleet.issuedLastHour.tasks < fleet.issuedLastDay.tasks', ['counts']],
    ['devices.all(d, d.busyWith == "")', ['devices']],
    ['devices[0].id == "a"', ['devices']],
    ['size(devices) == 1', ['devices']],
    ['devices[0].state == "LOCKED"', ['devices', 'described']],
    ['devices.all(d, d.state == "LOCKED")', ['devices', 'described']],
    ['devices.map(d, d.tags) == []', ['devices', 'described']],
    ['devices.filter(d, d.id == "a").exists(e, e.type == "b")', ['devices', 'described']],
    ['[devices].all(list, list.all(d, d.state == "LOCKED"))', ['devices', 'described']],
    ['(task.run == 1 ? devices : [])[0].state == "LOCKED"', ['devices', 'described']],
    ['{"a": devices}["a"][0].state == "LOCKED"', ['devices', 'described']],
    ['{"a": devices}.a[0].state == "LOCKED"', ['devices', 'described']],
    ['[task].all(t, t.previous.exists)', ['previous']],
    ['[fleet][0].inFlight.tasks == 1', ['counts']],
    ['devices.all(d, d.lastTask.endedAt > task.notBefore)', ['devices', 'now']],
    ['age(task.notBefore) > duration("1h")', ['now']],
    ['now > task.notBefore', ['now']],
    ['true || introduced.author == ""', ['introduced']],
  ];
  it.each(table)('%s', (source, groups) => {
    expect(new Set(compiled(source).reads)).toEqual(new Set(groups));
  });
});

describe('what is not known', () => {
  const undescribed = [device, { ...device, described: null }];
  const table: [string, Partial<RuleFacts>, FactGroup[]][] = [
    ['introduced.author == "x"', { introduced: null }, ['introduced']],
    ['changed.author == introduced.author', { introduced: null, changed: null }, ['introduced', 'changed']],
    ['task.previous.exists', withTask({ previous: null }), ['previous']],
    ['fleet.name == "x"', { fleet: null }, ['fleet']],
    ['fleet.inFlight.tasks == 0', { counts: null }, ['counts']],
    ['devices.all(d, d.busyWith == "")', { devices: null }, ['devices']],
    ['devices.all(d, d.state == "LOCKED")', { devices: null }, ['devices', 'described']],
    ['devices[0].state == "LOCKED"', { devices: undescribed }, ['described']],
    ['true || devices[0].state == "LOCKED"', { devices: undescribed }, ['described']],
    ['false && devices[0].state == "LOCKED"', { devices: undescribed }, ['described']],
  ];
  it.each(table)('%s is neither true nor false', (source, changes, groups) => {
    expect(outcome(source, changes)).toEqual({ kind: 'unknown', groups });
  });

  it.each([
    ['fleet.name == "north-sea"', { counts: null }],
    ['fleet.inFlight.tasks == 2', { fleet: null }],
    ['devices.all(d, d.busyWith == "")', { devices: undescribed }],
    [
      'task.command == "unlock"',
      { introduced: null, changed: null, fleet: null, counts: null, devices: null },
    ],
  ])('%s needs nothing that is not known', (source, changes) => {
    expect(outcome(source, changes)).toEqual({ kind: 'value', value: true });
  });
});

describe('what cannot be computed', () => {
  const table: [string, string][] = [
    ['task.annotations.nothing == "x"', 'no such key: nothing, in "task.annotations.nothing"'],
    ['devices[3].id == "x"', 'no such key: index out of bounds, index 3 >= size 1, in "devices[3]"'],
    ['task.targets[-1] == "x"', 'no such key: index out of bounds, index -1 < 0, in "task.targets[-1]"'],
    ['1 / 0 == task.run', 'division by zero, in "1 / 0"'],
    [
      'task.run + 9223372036854775807 > 0',
      'integer overflow: 9223372036854775808, in "task.run + 9223372036854775807"',
    ],
    ['{"reboot": true}[task.command]', 'no such key: unlock, in "{\\"reboot\\": true}[task.command]"'],
  ];
  it.each(table)('%s fails', (source, message) => {
    expect(outcome(source)).toEqual({ kind: 'failed', message });
  });

  it('fails where a fact is larger than a rule may read, and only for rules that read it', () => {
    const trailers = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, ['v']]));
    const changes = { introduced: { ...commit, trailers } };
    expect(outcome('introduced.trailers == {}', changes)).toEqual({
      kind: 'failed',
      message: 'a map of 17 entries is more than a rule may read (16)',
    });
    // Twice, because what failed once must not be taken for absent the second time.
    const facts = ruleFacts(changes);
    const reading = compiled('"k1" in introduced.trailers');
    expect(evaluateExpression(reading, facts)).toEqual(evaluateExpression(reading, facts));
    expect(outcome('introduced.author != ""', changes)).toEqual({ kind: 'value', value: true });
    expect(outcome('size(task.path) > 0', withTask({ path: 'p'.repeat(5000) })).kind).toBe('failed');
  });

  it('cuts what it quotes of the facts', () => {
    const result = outcome('task.labels[task.path] == ""', withTask({ path: 'p'.repeat(4000) }));
    expect(result.kind === 'failed' && result.message.length).toBeLessThan(300);
  });
});
