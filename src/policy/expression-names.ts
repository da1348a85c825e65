/**
 * The first look at an expression that parses: every name in it is one that is offered, every literal one that can be
 * used. It runs before types are checked, because the library's types cannot say what is not offered, or why.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import {
  compilePattern,
  functionNames,
  loopDepthMax,
  loopNames,
  methodNames,
  patternsOfExpressionMax,
  refusedNames,
} from './expression-language.ts';
import type { ExpressionProblem } from './expression-problem.ts';
import { problemAt, quoted, suggestName } from './expression-problem.ts';
import { factVariables } from './fact-types.ts';
import { isTimeZone } from './local-time.ts';

/** What is known where a node stands: names of the loops around it, outermost first. */
type Scope = readonly string[];

interface Findings {
  readonly problems: ExpressionProblem[];
  patterns: number;
}

const loops: ReadonlySet<string> = new Set(loopNames);
const intMin = -(2n ** 63n);
const intMax = 2n ** 63n - 1n;

/** All problems of names and literals, in the order of the text; none where there is none. */
export function checkNames(ast: ASTNode): ExpressionProblem[] {
  const findings: Findings = { problems: [], patterns: 0 };
  checkNode(ast, [], findings);
  if (findings.patterns > patternsOfExpressionMax) {
    const message = `it calls re() ${findings.patterns} times, and at most ${patternsOfExpressionMax} are allowed`;
    findings.problems.push(problemAt('SG1342', ast, message, 'make several rules of it'));
  }
  return findings.problems.sort((one, other) => one.offset - other.offset);
}

function checkNode(node: ASTNode, scope: Scope, findings: Findings): void {
  switch (node.op) {
    case 'value':
      checkLiteral(node, findings);
      return;
    case 'id':
      checkVariable(node, node.args, scope, findings);
      return;
    case 'call':
      checkCall(node, node.args[0], node.args[1], scope, findings);
      return;
    case 'rcall':
      checkMethod(node, node.args, scope, findings);
      return;
    case 'map':
      checkMap(node.args, scope, findings);
      return;
    case '.':
      checkNode(node.args[0], scope, findings);
      return;
    case '!_':
    case '-_':
      checkNode(node.args, scope, findings);
      return;
    case '.?':
    case '[?]':
      findings.problems.push(problemAt('SG1344', node, 'optional access is not offered'));
      return;
    case '[]':
    case 'list':
    case '?:':
    case '||':
    case '&&':
    case '==':
    case '!=':
    case 'in':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '<=':
    case '>':
    case '>=':
      for (const part of node.args) checkNode(part, scope, findings);
  }
}

function checkLiteral(node: ASTNode & { readonly op: 'value' }, { problems }: Findings): void {
  const value = node.args;
  if (typeof value === 'object' && value !== null) {
    problems.push(
      problemAt('SG1347', node, 'bytes and unsigned numbers are not offered', 'write "text" or 12'),
    );
  } else if (typeof value === 'bigint' && (value < intMin || value > intMax)) {
    problems.push(problemAt('SG1347', node, 'the number does not fit into 64 bits'));
  }
}

function checkVariable(node: ASTNode, name: string, scope: Scope, { problems }: Findings): void {
  if (Object.hasOwn(factVariables, name) || scope.includes(name)) return;
  const message = `there is no variable ${quoted(name)}`;
  problems.push(
    problemAt('SG1343', node, message, suggestName(name, [...Object.keys(factVariables), ...scope])),
  );
}

function checkCall(
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
  scope: Scope,
  findings: Findings,
): void {
  for (const part of args) checkNode(part, scope, findings);
  if (!isOneOf(name, functionNames)) {
    checkOffered(node, name, functionNames, methodNames, findings);
    return;
  }
  if (name === 're') {
    findings.patterns += 1;
    checkText(node, args[1], findings, patternFault);
  }
  if (name === 'hour' || name === 'weekday') checkText(node, args[1], findings, zoneFault);
  if (name === 'duration') checkText(node, args[0], findings, durationFault);
  if (name === 'timestamp') checkText(node, args[0], findings, timestampFault);
}

function checkMethod(
  node: ASTNode,
  [name, receiver, args]: readonly [string, ASTNode, ASTNode[]],
  scope: Scope,
  findings: Findings,
): void {
  checkNode(receiver, scope, findings);
  if (!isOneOf(name, methodNames)) {
    checkOffered(node, name, methodNames, functionNames, findings);
    return;
  }
  const [variable, ...bodies] = args;
  if (!loops.has(name) || variable?.op !== 'id') {
    for (const part of args) checkNode(part, scope, findings);
    return;
  }
  if (Object.hasOwn(factVariables, variable.args) || scope.includes(variable.args)) {
    const message = `the loop's variable ${quoted(variable.args)} would hide another one`;
    findings.problems.push(problemAt('SG1343', variable, message, 'give it another name'));
  }
  if (scope.length >= loopDepthMax) {
    const message = `loops within loops go ${loopDepthMax} deep at most`;
    findings.problems.push(problemAt('SG1342', node, message, 'make several rules of it'));
    return;
  }
  for (const body of bodies) checkNode(body, [...scope, variable.args], findings);
}

function checkOffered(
  node: ASTNode,
  name: string,
  here: readonly string[],
  elsewhere: readonly string[],
  { problems }: Findings,
): void {
  const refused = Object.hasOwn(refusedNames, name) ? refusedNames[name] : undefined;
  const misplaced = elsewhere.includes(name) && !here.includes(name);
  const form = here === functionNames ? `value.${name}(...)` : `${name}(...)`;
  const hint = refused ?? (misplaced ? `it is called as ${form}` : suggestName(name, here));
  const message =
    refused === undefined ? `there is no function ${quoted(name)} here` : `${name}() is not offered`;
  problems.push(problemAt('SG1344', node, message, hint));
}

/** Keys are literals and differ, because the evaluator keeps the last of equal ones and drops some names in silence. */
function checkMap(entries: readonly [ASTNode, ASTNode][], scope: Scope, findings: Findings): void {
  const seen = new Set<string>();
  for (const [key, value] of entries) {
    const text = textOf(key);
    if (text === undefined) {
      findings.problems.push(problemAt('SG1347', key, 'the keys of a map are texts, written out'));
    } else if (text === '__proto__' || text === 'constructor' || text === 'prototype' || seen.has(text)) {
      const reason = seen.has(text)
        ? 'stands in the map twice'
        : 'is not possible in a map that is written out';
      findings.problems.push(problemAt('SG1347', key, `the key ${quoted(text)} ${reason}`));
    }
    if (text !== undefined) seen.add(text);
    checkNode(value, scope, findings);
  }
}

/** An argument that has to stand in the expression itself, so that it can be checked before anything depends on it. */
function checkText(
  call: ASTNode,
  argument: ASTNode | undefined,
  { problems }: Findings,
  faultOf: (text: string) => { readonly message: string; readonly hint?: string } | undefined,
): void {
  // A wrong number of arguments is told by the check of types.
  if (argument === undefined) return;
  const text = textOf(argument);
  if (text === undefined) {
    const name = call.op === 'call' ? call.args[0] : '';
    const message = `${name}() takes a text that is written out here: it is checked when the policy is loaded, never when a task depends on it`;
    problems.push(problemAt('SG1347', argument, message));
    return;
  }
  const fault = faultOf(text);
  if (fault !== undefined) problems.push(problemAt('SG1347', argument, fault.message, fault.hint));
}

function textOf(node: ASTNode): string | undefined {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}

function patternFault(pattern: string): { message: string; hint: string } | undefined {
  const compiled = compilePattern(pattern);
  if (compiled.ok) return undefined;
  const message = `the pattern ${quoted(pattern)} cannot be used: ${compiled.reason}`;
  return { message, hint: "patterns are RE2's: no look-around, no back-references" };
}

function zoneFault(zone: string): { message: string; hint: string } | undefined {
  if (isTimeZone(zone)) return undefined;
  const names = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  return { message: `there is no time zone ${quoted(zone)}`, hint: zoneHint(zone, names) };
}

function zoneHint(zone: string, names: readonly string[]): string {
  const hint = suggestName(zone, names);
  return hint.startsWith('there are') ? 'write a name of the IANA data, such as Europe/Oslo or UTC' : hint;
}

const durationText = /^-?(\d{1,9}(\.\d{1,9})?(h|m|s|ms))+$/;
/** A hundred years: sums of durations stay within the instants that there are. */
const durationHoursMax = 876_600;

function durationFault(text: string): { message: string; hint: string } | undefined {
  const parts = [...text.matchAll(/([\d.]+)(ms|h|m|s)/g)];
  const hours = { h: 1, m: 1 / 60, s: 1 / 3600, ms: 1 / 3_600_000 };
  const total = parts.reduce(
    (sum, [, figure, unit]) => sum + Number(figure) * (isUnit(unit) ? hours[unit] : 0),
    0,
  );
  if (text.length <= 64 && durationText.test(text) && total <= durationHoursMax) return undefined;
  return {
    message: `${quoted(text)} is no duration`,
    hint: 'write hours, minutes and seconds, as "36h" or "1h30m"',
  };
}

function isUnit(unit: string | undefined): unit is 'h' | 'm' | 's' | 'ms' {
  return unit === 'h' || unit === 'm' || unit === 's' || unit === 'ms';
}

const timestampText = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/;

function timestampFault(text: string): { message: string; hint: string } | undefined {
  const day = timestampText.exec(text)?.[1];
  // A date that no calendar has, such as February 30, would be taken for one in March.
  const exists = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day);
  if (exists && !Number.isNaN(Date.parse(text))) return undefined;
  const hint = 'write it with T and an offset (RFC 3339), as "2026-11-27T22:00:00+01:00"';
  return { message: `${quoted(text)} is no instant`, hint };
}

function isOneOf(name: string, names: readonly string[]): boolean {
  return names.includes(name);
}
