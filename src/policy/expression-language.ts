/**
 * The language of expressions: CEL with the facts and helpers of ours, and without what can hurt. What is offered is a
 * list, and everything else of the library is refused, so that nothing it gains with a version is ours by accident.
 */
import { RE2JS } from '@bufbuild/re2';
import { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { BugError } from '../lib/faults.ts';
import { durationType, factStructs, factVariables, timestampType } from './fact-types.ts';
import type { LocalParts } from './local-time.ts';
import { localParts } from './local-time.ts';

/** A page of text. Whoever needs more writes a second rule, and whoever reviews it is grateful. */
export const sourceCharsMax = 4096;

/** Bounds of what is parsed. Nothing that people write comes near; each level and node costs stack and time. */
const limits = {
  maxAstNodes: 500,
  maxDepth: 32,
  maxListElements: 100,
  maxMapEntries: 50,
  maxCallArguments: 4,
};

/** Loops over what other loops make: 2, as `devices.all(d, d.tags.all(k, ...))`. */
export const loopDepthMax = 2;

/** A pattern is read by people, and each of its instructions looks at each character. */
const patternCharsMax = 256;
const patternInstructionsMax = 500;
const repetitionsMax = 200;
/** Each of them is compiled when a policy is loaded, which may take tens of milliseconds. */
export const patternsOfExpressionMax = 16;

/** Functions that are called as `name(...)`. */
export const functionNames = ['size', 're', 'hour', 'weekday', 'age', 'timestamp', 'duration'] as const;
/** Methods that loop: the first argument is the name of what is looked at. */
export const loopNames = ['all', 'exists', 'exists_one', 'filter', 'map'] as const;
/** Functions that are called as `value.name(...)`. */
export const methodNames = [
  ...loopNames,
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'lowerAscii',
  'upperAscii',
  'trim',
] as const;

const zoneGetter =
  'write hour(timestamp, "Europe/Oslo") or weekday(timestamp, "Europe/Oslo"), or compare with timestamp("...")';
const noConversion =
  'every fact has its type already, and re(text, "^[0-9]+$") tells whether a text is a number';
const useRe = 'write re(text, "pattern")';

/** What CEL has and rules do not, with what to write instead; the reasons stand in docs/POLICY-FACTS.md. */
export const refusedNames: Readonly<Record<string, string>> = {
  matches: useRe,
  split: useRe,
  join: useRe,
  substring: useRe,
  indexOf: useRe,
  lastIndexOf: useRe,
  has: 'write "key" in map; every field that is declared is there',
  bind: 'write the value twice, or a second rule',
  int: noConversion,
  uint: noConversion,
  double: noConversion,
  string: noConversion,
  bool: noConversion,
  bytes: noConversion,
  dyn: noConversion,
  type: noConversion,
  getDate: zoneGetter,
  getDayOfMonth: zoneGetter,
  getDayOfWeek: zoneGetter,
  getDayOfYear: zoneGetter,
  getFullYear: zoneGetter,
  getMonth: zoneGetter,
  getHours: zoneGetter,
  getMinutes: zoneGetter,
  getSeconds: zoneGetter,
  getMilliseconds: zoneGetter,
};

/** The instant of the evaluation under way. Functions get their arguments alone, and `age` needs one more. */
const evaluation = { nowMs: 0 };

/** Runs an evaluation at an instant (epoch milliseconds), which `age` counts up to. */
export function evaluateAt<T>(nowMs: number, run: () => T): T {
  evaluation.nowMs = nowMs;
  return run();
}

let language: Environment | undefined;

/** The environment of all expressions, made when it is first asked for. */
export function expressionLanguage(): Environment {
  language ??= buildLanguage();
  return language;
}

function buildLanguage(): Environment {
  const environment = new Environment({ limits });
  for (const { name, fields, ctor } of Object.values(factStructs)) {
    const types = Object.entries(fields).map(([key, { type }]) => [key, type]);
    environment.registerType(name, { ctor, fields: Object.fromEntries(types) });
  }
  for (const [name, { type }] of Object.entries(factVariables)) environment.registerVariable(name, type);
  const helpers: [string, (first: never, second: never) => unknown][] = [
    ['re(string, string): bool', (text: string, pattern: string) => compiledPattern(pattern).test(text)],
    [`hour(${timestampType}, string): int`, (at: Date, zone: string) => BigInt(partsAt(at, zone).hour)],
    [`weekday(${timestampType}, string): string`, (at: Date, zone: string) => partsAt(at, zone).weekday],
    [
      `age(${timestampType}): ${durationType}`,
      (at: Date) => Duration.fromMilliseconds(evaluation.nowMs - at.getTime()),
    ],
  ];
  for (const [signature, helper] of helpers)
    environment.registerFunction(signature, helper, { async: false });
  return environment;
}

/** One instant a zone: a pass asks a hundred thousand tasks about one `now`, and a look at the clock costs microseconds. */
const lastParts = new Map<string, { readonly ms: number; readonly parts: LocalParts }>();

function partsAt(at: Date, zone: string): LocalParts {
  const ms = at.getTime();
  const last = lastParts.get(zone);
  if (last?.ms === ms) return last.parts;
  const parts = localParts(ms, zone);
  lastParts.set(zone, { ms, parts });
  return parts;
}

const patterns = new Map<string, RE2JS>();
/** Beyond it everything is forgotten: as many as the policies of one commit hold, and old ones do not pile up. */
const patternsMax = 2000;

function compiledPattern(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new BugError(`a pattern that was checked does not compile: ${compiled.reason}`);
  return compiled.regex;
}

type CompiledPattern =
  | { readonly ok: true; readonly regex: RE2JS; readonly instructions: number }
  | { readonly ok: false; readonly reason: string };

/**
 * A pattern of `re` in RE2's syntax, or why it is none. Bounded twice: in what it repeats before it is compiled,
 * because 20 characters can ask for a thousand copies of a table of letters, and in what it has become.
 */
export function compilePattern(pattern: string): CompiledPattern {
  const known = patterns.get(pattern);
  if (known !== undefined) return { ok: true, regex: known, instructions: known.re2().prog.numInst() };
  if (pattern.length > patternCharsMax) return refuse(`it has more than ${patternCharsMax} characters`);
  if (repetitionsOf(pattern) > repetitionsMax)
    return refuse(`its counted repetitions come to more than ${repetitionsMax}`);
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(pattern);
  } catch (error) {
    return refuse(error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'unknown');
  }
  const instructions = regex.re2().prog.numInst();
  if (instructions > patternInstructionsMax)
    return refuse(`it compiles to more than ${patternInstructionsMax} instructions`);
  if (patterns.size >= patternsMax) patterns.clear();
  patterns.set(pattern, regex);
  return { ok: true, regex, instructions };
}

/** Copies that counted repetitions ask for, or more: those of groups multiply everything, as if each held all. */
function repetitionsOf(pattern: string): number {
  let single = 0;
  let ofGroups = 1;
  for (const [, group, least = '', most = ''] of pattern.matchAll(/(\))?\{(\d+)(?:,(\d*))?\}/g)) {
    const copies = Math.max(1, Number(least), Number(most));
    if (group === undefined) single += copies;
    else ofGroups *= copies;
  }
  return Math.max(1, single) * ofGroups;
}

function refuse(reason: string): CompiledPattern {
  return { ok: false, reason };
}
