/** What is refused when a policy is loaded: the code, the place and what is said to do. */
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/policy/expression.ts';

function problemsOf(source: string): { code: string; marked: string; said: string }[] {
  const result = compileExpression(source);
  if (result.ok) return [];
  return result.problems.map(({ code, offset, length, message, hint }) => {
    const marked = source.slice(offset, offset + length);
    return { code, marked, said: hint === undefined ? message : `${message}; ${hint}` };
  });
}

describe('an expression is refused', () => {
  const table: [string, string, string, string | RegExp][] = [
    ['', 'SG1341', '', 'it cannot be read: unexpected token: the end'],
    ['  ', 'SG1341', '', 'it cannot be read: unexpected token: the end'],
    ['task.', 'SG1341', '', 'it cannot be read: expected IDENTIFIER, got the end'],
    ['task.run = 1', 'SG1341', '=', 'it cannot be read: unexpected character: =; write == to compare'],
    ['task.name == "a', 'SG1341', '"a', 'it cannot be read: unterminated string'],
    ['true true', 'SG1341', 'true', /unexpected character/],
    [
      'a.b.while.c',
      'SG1343',
      'a',
      'there is no variable "a"; there are task, introduced, changed, fleet, devices, now',
    ],
    ['tsak.name == "x"', 'SG1343', 'tsak', 'there is no variable "tsak"; did you mean task?'],
    ['task.comand == "x"', 'SG1343', 'comand', '"task" has no field "comand"; did you mean command?'],
    ['task.previous.exist', 'SG1343', 'exist', '"task.previous" has no field "exist"; did you mean exists?'],
    ['devices.all(d, d.stat == "x")', 'SG1343', 'stat', '"d" has no field "stat"; did you mean state?'],
    [
      'fleet.inFlight.task > 1',
      'SG1343',
      'task',
      '"fleet.inFlight" has no field "task"; did you mean tasks?',
    ],
    ['devices.all(dev, de.id == "x")', 'SG1343', 'de', 'there is no variable "de"; did you mean dev?'],
    ['task.constructor == "x"', 'SG1343', 'constructor', /no field "constructor"/],
    ['task.__proto__ == "x"', 'SG1343', '__proto__', /no field "__proto__"/],
    ['task.source == "x"', 'SG1343', 'source', /no field "source"/],
    ['constructor == 1', 'SG1343', 'constructor', /no variable/],
    ['string == 1', 'SG1343', 'string', /no variable/],
    ['devices.all(task, true)', 'SG1343', 'task', /would hide another one; give it another name/],
    ['devices.all(d, devices.all(d, true))', 'SG1343', 'd', /would hide another one/],
    [
      'matches(task.name, "a")',
      'SG1344',
      'matches(task.name, "a")',
      'matches() is not offered; write re(text, "pattern")',
    ],
    ['task.name.matches("a")', 'SG1344', 'task.name.matches("a")', /write re\(text, "pattern"\)/],
    ['has(task.labels.site)', 'SG1344', 'has(task.labels.site)', /write "key" in map/],
    ['now.getHours("Europe/Oslo") == 2', 'SG1344', 'now.getHours("Europe/Oslo")', /write hour\(timestamp/],
    ['int(task.labels.level) > 1', 'SG1344', 'int(task.labels.level)', /every fact has its type/],
    ['dyn(task).x == 1', 'SG1344', 'dyn(task)', /is not offered/],
    ['type(task.name) == type("")', 'SG1344', 'type(task.name)', /is not offered/],
    [
      'agee(now) > duration("1h")',
      'SG1344',
      'agee(now)',
      'there is no function "agee" here; did you mean age?',
    ],
    ['task.name.startWith("a")', 'SG1344', 'task.name.startWith("a")', /did you mean startsWith\?/],
    [
      'startsWith(task.name, "a")',
      'SG1344',
      'startsWith(task.name, "a")',
      /it is called as value\.startsWith/,
    ],
    ['now.age() > duration("1h")', 'SG1344', 'now.age()', /it is called as age\(\.\.\.\)/],
    ['task.run == "1"', 'SG1345', 'task.run == "1"', 'types do not fit: nothing does int == string'],
    ['task.run == 1.0', 'SG1345', 'task.run == 1.0', 'types do not fit: nothing does int == double'],
    ['task == task', 'SG1345', 'task == task', /nothing does Task == Task/],
    ['task.name in ["a", 1]', 'SG1345', '1', /list elements must have the same type/],
    ['hour(now) == 1', 'SG1345', 'hour(now)', /'hour\(timestamp\)'/],
    ['age(task.name) > duration("1h")', 'SG1345', 'age(task.name)', /'age\(string\)'/],
    ['size(task) == 1', 'SG1345', 'size(task)', /'size\(Task\)'/],
    ['task.run.all(x, true)', 'SG1345', 'run', /cannot be range of a comprehension/],
    ['task["command"] == "unlock"', 'SG1345', 'task["command"]', /write a\.field/],
    ['devices[0][task.name] == "x"', 'SG1345', 'devices[0][task.name]', /write a\.field/],
    ['introduced == null', 'SG1345', 'introduced == null', /nothing does Commit == null/],
    ['task.name', 'SG1346', 'task.name', /it is of type string, and a condition is true or false/],
    ['[][0]', 'SG1346', '[][0]', /of type/],
    ['now', 'SG1346', 'now', /of type timestamp/],
    ['re(task.name, "(")', 'SG1347', '"("', /missing closing \)/],
    ['re(task.name, "(?=a)")', 'SG1347', '"(?=a)"', /no look-around, no back-references/],
    [
      're(task.name, task.labels.site)',
      'SG1347',
      'task.labels.site',
      /re\(\) takes a text that is written out/,
    ],
    ['re(task.name, "a" + "b")', 'SG1347', '"a" + "b"', /written out/],
    ['hour(now, "Europe/Olso") == 1', 'SG1347', '"Europe/Olso"', /did you mean Europe\/Oslo\?/],
    ['hour(now, "+01:00") == 1', 'SG1347', '"+01:00"', /there is no time zone "\+01:00"/],
    ['weekday(now, task.labels.zone) == "MON"', 'SG1347', 'task.labels.zone', /written out/],
    ['age(now) > duration("2d")', 'SG1347', '"2d"', /as "36h" or "1h30m"/],
    ['age(now) > duration("9000000h")', 'SG1347', '"9000000h"', /is no duration/],
    ['age(now) > duration(task.labels.rest)', 'SG1347', 'task.labels.rest', /written out/],
    ['now > timestamp("2026-02-30T00:00:00Z")', 'SG1347', '"2026-02-30T00:00:00Z"', /is no instant/],
    ['now > timestamp("2026-02-20T00:00:00.00")', 'SG1347', '"2026-02-20T00:00:00.00"', /T and an offset/],
    ['now > timestamp("2026-02-20T25:00:00Z")', 'SG1347', '"2026-02-20T25:00:00Z"', /is no instant/],
    ['now > timestamp(5)', 'SG1347', '5', /written out/],
    ['{"a": 1, "a": 2}["a"] == 2', 'SG1347', '"a"', /stands in the map twice/],
    ['{"__proto__": 1}["a"] == 2', 'SG1347', '"__proto__"', /not possible/],
    ['{task.name: 1}["a"] == 2', 'SG1347', 'task.name', /written out/],
    ['{1: 1}[1] == 1', 'SG1347', '1', /written out/],
    ['task.run < 9223372036854775808', 'SG1347', '9223372036854775808', /64 bits/],
    ['b"a" == b"a" || true', 'SG1347', 'b"a"', /are not offered/],
    ['1u == 1u', 'SG1347', '1u', /are not offered/],
    ['introduced.signers == []', 'SG1348', 'signers', 'signers is reserved, and not known yet'],
  ];
  it.each(table)('%s', (source, code, marked, said) => {
    const [first] = problemsOf(source);
    expect({ code: first?.code, marked: first?.marked }).toEqual({ code, marked });
    if (typeof said === 'string') expect(first?.said).toBe(said);
    else expect(first?.said).toMatch(said);
  });

  it('for everything that is wrong with its names and literals at once', () => {
    const codes = problemsOf('tsak.run == 1 && nwo > task.notAfter && re(task.name, "[") && foo()').map(
      ({ code, marked }) => `${code} ${marked}`,
    );
    expect(codes).toEqual(['SG1343 tsak', 'SG1343 nwo', 'SG1347 "["', 'SG1344 foo()']);
  });

  it('and a label may be called signers', () => {
    expect(problemsOf('task.labels.signers == "x"')).toEqual([]);
  });
});
