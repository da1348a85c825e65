/** Expressions and facts that somebody made to hurt: each is refused, or ends; a hang shows as this file's time-out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExpressionOutcome } from '../../src/policy/expression.ts';
import { compileExpression, evaluateExpression } from '../../src/policy/expression.ts';
import type { RuleFacts } from '../../src/policy/facts.ts';
import { largestFacts } from './largest-facts.ts';
import { commit, ruleFacts, task } from './rule-facts.ts';

function codesOf(source: string): string[] {
  const result = compileExpression(source);
  return result.ok ? [] : result.problems.map(({ code }) => code);
}

function verdictOn(source: string, facts: RuleFacts): ExpressionOutcome {
  const result = compileExpression(source);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return evaluateExpression(result.expression, facts);
}

function numbers(count: number): string {
  return `[${Array.from({ length: count }, (_, index) => index).join(', ')}]`;
}

function nested(open: string, depth: number, middle: string, close: string): string {
  return `${open.repeat(depth)}${middle}${close.repeat(depth)}`;
}

describe('an expression that is too much is refused', () => {
  const table: [string, string, string][] = [
    ['more than 4 KiB', `true${' '.repeat(4096)}`, 'SG1342'],
    ['20,000 times !', `${'!'.repeat(20_000)}true`, 'SG1342'],
    ['4,000 times !', `${'!'.repeat(4000)}true`, 'SG1342'],
    ['4,000 times -', `${'-'.repeat(4000)}1 == 1`, 'SG1342'],
    ['2,000 parentheses', nested('(', 2000, 'true', ')'), 'SG1342'],
    ['33 parentheses', nested('(', 33, 'true', ')'), 'SG1342'],
    ['4 KiB of nested lists', `${nested('[', 2000, '', ']')} == []`, 'SG1342'],
    ['nested maps', `${nested('{"a": ', 500, '1', '}')} == {}`, 'SG1342'],
    ['nested ternaries', `${'true ? true : '.repeat(200)}true`, 'SG1342'],
    ['nested indexes', nested('task.after[', 300, '0', ']'), 'SG1342'],
    ['a long path', `task${'.a'.repeat(1000)}`, 'SG1342'],
    ['a thousand operands', Array.from({ length: 1000 }, () => '1').join('+'), 'SG1342'],
    ['501 nodes', Array.from({ length: 251 }, () => '1').join('+'), 'SG1342'],
    ['a list of 101', `1 in ${numbers(101)}`, 'SG1342'],
    [
      'a map of 51',
      `"a" in {${Array.from({ length: 51 }, (_, index) => `"${index}": 1`).join(',')}}`,
      'SG1342',
    ],
    ['many arguments', 'size(1, 2, 3, 4, 5) == 1', 'SG1342'],
    ['three loops within each other', 'devices.all(a, devices.all(b, devices.all(c, true)))', 'SG1342'],
    ['seventeen patterns', Array.from({ length: 17 }, () => 're("", "a")').join('||'), 'SG1342'],
    ['a pattern of 257 characters', `re("", "${'a'.repeat(257)}")`, 'SG1347'],
    ['a pattern of many copies', 're("", "(a{100}){100}")', 'SG1347'],
    ['a pattern of many tables', 're("", r"(?i)(\\pL{30}){30}")', 'SG1347'],
    ['a pattern of many groups', `re("", "${'((a{2}){2}){2}'.repeat(18)}")`, 'SG1347'],
    ['a pattern with open groups', `re("", "${'('.repeat(256)}")`, 'SG1347'],
    ['a duration of 4,000 digits', `duration("${'1'.repeat(4000)}") == duration("1h")`, 'SG1347'],
    ['a number of 4,000 digits', `${'9'.repeat(4000)} > 1`, 'SG1347'],
    ['a list that doubles', `[${numbers(50)}]${'.map(x, x + x)'.repeat(20)} == []`, 'SG1349'],
    ['a text that doubles', `["${'a'.repeat(100)}"]${'.map(x, x + x)'.repeat(25)} == []`, 'SG1349'],
    ['a list in a list that doubles', `[[1]]${'.map(x, [x, x])'.repeat(20)} == []`, 'SG1349'],
    ['a hundred times a hundred sums', `${numbers(100)}.all(x, ${numbers(100)}.all(y, x + y < 9))`, 'SG1349'],
    [
      'a hundred times a hundred failures',
      `${numbers(100)}.exists(x, ${numbers(100)}.exists(y, 1 / 0 == 1))`,
      'SG1349',
    ],
    ['texts searched in texts', 'task.annotations.all(k, task.path.contains(task.annotations[k]))', 'SG1349'],
    [
      'a slow pattern on every annotation',
      'task.annotations.all(k, re(task.annotations[k], "(a|aa){1,30}$"))',
      'SG1349',
    ],
  ];
  it.each(table)('%s', (_name, source, code) => {
    const codes = codesOf(source);
    expect(codes[0]).toBe(code);
  });

  it.each([
    ['32 parentheses and less', nested('(', 30, 'true', ')')],
    ['499 nodes', `${Array.from({ length: 249 }, () => '1').join('+')} == 1`],
    ['a list of 100', `task.run in ${numbers(100)}`],
    ['4,096 characters', `true${' '.repeat(4092)}`],
    ['sixteen patterns', Array.from({ length: 16 }, () => 're("", "a")').join('||')],
  ])('and %s are not', (_name, source) => {
    expect(codesOf(source)).toEqual([]);
  });
});

describe('an expression that is accepted ends', () => {
  const facts = largestFacts();
  it.each([
    ['every tag of every device', 'devices.all(d, d.tags.all(k, re(d.tags[k], "^[a-z0-9-]+$")))'],
    ['every trailer', 'introduced.trailers.all(k, introduced.trailers[k].all(v, re(v, "^.*a.*a.*a$")))'],
    [
      'a classic of slow patterns',
      're(task.path, "^(a+)+b$") || re(task.path, "(a|a)*b") || re(task.path, "(.*)*x")',
    ],
    ['counted repetitions', 're(task.path, "(a?){9}a{9}b")'],
    [
      'comparisons of all with all',
      'task.labels.all(a, task.tags == fleet.labels && introduced.trailers == changed.trailers)',
    ],
    ['loops within loops', `${numbers(100)}.all(x, ${numbers(100)}.all(y, true))`],
    ['failures in loops', `${numbers(30)}.exists(x, ${numbers(30)}.exists(y, task.labels.a == "z"))`],
    [
      'zones in loops',
      `${numbers(70)}.all(x, ${numbers(70)}.all(y, hour(introduced.time, "Asia/Tokyo") != hour(now, "UTC") || x == y))`,
    ],
  ])('%s', (_name, source) => {
    expect(['value', 'failed']).toContain(verdictOn(source, facts).kind);
  });

  it('whatever is written: compiling gives an expression or problems within the text, and evaluating never throws', () => {
    const words = fc.constantFrom(
      ...'task . name devices [ ] ( ) { } 0 1 "a" == && || ! + - * / % < in ? : , all exists map filter x d now age duration re hour "UTC" "1h" labels previous introduced trailers state id true false null'.split(
        ' ',
      ),
    );
    const source = fc.oneof(
      fc.array(words, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.array(words, { maxLength: 40 }).map((parts) => parts.join(' ')),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    fc.assert(
      fc.property(source, (text) => {
        const result = compileExpression(text);
        if (result.ok) {
          expect(['value', 'failed']).toContain(evaluateExpression(result.expression, ruleFacts()).kind);
          return;
        }
        expect(result.problems.length).toBeGreaterThan(0);
        for (const { offset, length, message } of result.problems) {
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset + length).toBeLessThanOrEqual(text.length);
          expect(message.length).toBeLessThan(600);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('hostile facts', () => {
  const hostile = JSON.parse(
    '{"__proto__": "polluted", "constructor": "c", "toString": "t", "hasOwnProperty": "h"}',
  );
  const facts = ruleFacts({
    task: { ...task, labels: hostile, annotations: hostile },
    introduced: { ...commit, trailers: JSON.parse('{"__proto__": ["a"], "constructor": ["b"]}') },
  });

  it.each([
    ['task.labels["__proto__"] == "polluted"', true],
    ['task.labels.constructor == "c" && task.labels.toString == "t"', true],
    ['size(task.labels) == 4', true],
    ['task.labels.exists(k, k == "__proto__")', true],
    ['introduced.trailers["__proto__"] == ["a"]', true],
    ['"valueOf" in task.labels', false],
    ['"__proto__" in task.tags', false],
    ['"constructor" in {"a": 1}', false],
    ['task.labels == task.annotations', true],
  ])('%s', (source, value) => {
    expect(verdictOn(source, facts)).toEqual({ kind: 'value', value });
  });

  it.each(['constructor', '__proto__', 'toString', 'valueOf'])(
    'a map without the key %s does not have it',
    (key) => {
      expect(verdictOn(`task.tags["${key}"] == ""`, facts)).toMatchObject({ kind: 'failed' });
      expect(verdictOn(`{"a": ""}["${key}"] == ""`, facts)).toMatchObject({ kind: 'failed' });
    },
  );

  it('leave nothing behind', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('are texts, whatever they look like', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const changed = ruleFacts({ task: { ...task, annotations: { reason: text, copy: text } } });
        const source =
          'task.annotations.reason == task.annotations.copy && re(task.annotations.reason, "(?s)^.*$") && task.annotations.reason.contains(task.annotations.copy)';
        expect(verdictOn(source, changed)).toEqual({ kind: 'value', value: true });
      }),
    );
  });
});
