/** The facts that a condition names, with the values that it sees. */
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/policy/expression.ts';
import { viewFacts } from '../../src/policy/fact-view.ts';
import type { RuleFacts } from '../../src/policy/facts.ts';
import { commit, ruleFacts, task } from './rule-facts.ts';

function view(source: string, facts: RuleFacts = ruleFacts()): [string, unknown][] {
  const compiled = compileExpression(source);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return viewFacts(compiled.expression, facts).map(({ path, value }) => [path, value]);
}

describe('the facts of a condition', () => {
  const rows: [string, [string, unknown][]][] = [
    ['task.command == "unlock"', [['task.command', 'unlock']]],
    [
      '"change" in task.annotations && task.annotations.change.startsWith("CHG")',
      [
        ['task.annotations', task.annotations],
        ['task.annotations.change', 'CHG10423'],
      ],
    ],
    ['task . run == 1 && task.run < 2', [['task.run', 1]]],
    ['"now task.run" != \'fleet.name\'', []],
    ['"""task.run " now""" != "\\" task.name "', []],
    [
      'introduced.time < now',
      [
        ['introduced.time', '2026-11-27T18:30:00.000Z'],
        ['now', '2026-11-27T21:30:00.000Z'],
      ],
    ],
    [
      'task.notBefore <= now',
      [
        ['task.notBefore', '1970-01-01T00:00:00.000Z'],
        ['now', '2026-11-27T21:30:00.000Z'],
      ],
    ],
    ['task.previous.exists', [['task.previous.exists', true]]],
    ['size(introduced.trailers.refs) == 1', [['introduced.trailers.refs', ['CHG10423']]]],
    ['task.labels.nowhere == ""', [['task.labels.nowhere', undefined]]],
    ['task.labels.__proto__ == ""', [['task.labels.__proto__', undefined]]],
    ['task.targets.exists(now2, now2 == "x")', [['task.targets', task.targets]]],
  ];
  it.each(rows)('%s', (source, expected) => {
    expect(view(source)).toEqual(expected);
  });

  it('are missing where they are not known here, each by itself', () => {
    const facts = ruleFacts({ introduced: null, counts: null, devices: null });
    expect(
      view('introduced.author == fleet.name && fleet.inFlight.tasks < 2 && devices.size() > 0', facts),
    ).toEqual([
      ['introduced.author', undefined],
      ['fleet.name', 'north-sea'],
      ['fleet.inFlight.tasks', undefined],
      ['devices', undefined],
    ]);
  });

  it('are what the rule sees of devices, without what AWS was not asked for', () => {
    const [device] = ruleFacts().devices ?? [];
    if (device === undefined) throw new Error('the facts have a device');
    const facts = ruleFacts({ devices: [{ ...device, described: null }] });
    const [[, value] = []] = view('devices.all(d, d.state == "LOCKED")', facts);
    expect(value).toEqual([
      expect.objectContaining({
        id: device.id,
        lastReboot: expect.objectContaining({ outcome: 'SUCCEEDED' }),
      }),
    ]);
    expect(value).toEqual([expect.not.objectContaining({ state: expect.anything() })]);
  });

  it('are shortened, and fail alone where they are more than a rule may read', () => {
    const long = ruleFacts({
      task: { ...task, annotations: { change: 'x'.repeat(1000) } },
      introduced: { ...commit, subject: 'y'.repeat(5000) },
    });
    const found = new Map(view('task.annotations.change == introduced.subject', long));
    expect(found.get('task.annotations.change')).toBe(`${'x'.repeat(255)}\u2026`);
    expect(found.get('introduced.subject')).toBeUndefined();
  });
});
