/**
 * What stands under `require` in a rule: compiled and checked when the policy is loaded, evaluated for each task. An
 * expression that was accepted ends, soon, and touches nothing but the facts it is given.
 */
import type { ParseResult } from '@marcbachmann/cel-js';
import { EvaluationError, ParseError, TypeError as TypeProblem } from '@marcbachmann/cel-js';
import { BugError } from '../lib/faults.ts';
import { evaluateAt, expressionLanguage, sourceCharsMax } from './expression-language.ts';
import { checkNames } from './expression-names.ts';
import type { ExpressionProblem, TextRange } from './expression-problem.ts';
import { problemAt, quoted, suggestName } from './expression-problem.ts';
import { fieldsOf, surveyWork, typeOf } from './expression-work.ts';
import type { MadeValues } from './fact-types.ts';
import { defineLazy, durationType, factVariables, timestampType } from './fact-types.ts';
import type { FactGroup, RuleFacts } from './facts.ts';
import { factGroups } from './facts.ts';

/** Made by `compileExpression` alone. */
export interface Expression {
  readonly source: string;
  /** The groups of facts without which it is neither true nor false. */
  readonly reads: ReadonlySet<FactGroup>;
}

export type CompiledExpression =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

export type ExpressionOutcome =
  | { readonly kind: 'value'; readonly value: boolean }
  /** It reads groups that are not known here, in the order of `factGroups`. */
  | { readonly kind: 'unknown'; readonly groups: readonly FactGroup[] }
  /** It could not be computed, such as a map without the key that is asked for; in one sentence, why. */
  | { readonly kind: 'failed'; readonly message: string };

const programs = new WeakMap<Expression, ParseResult>();

/**
 * Compiles an expression, or says everything that is wrong with it that can be seen at once: SG1341 it does not parse;
 * SG1342 it is too long, too deep or too large; SG1343 an unknown variable or field; SG1344 a function that is not
 * offered; SG1345 types that do not fit; SG1346 it is no condition; SG1347 a literal that cannot be used; SG1348 a
 * reserved name; SG1349 it could take too long.
 */
export function compileExpression(source: string): CompiledExpression {
  if (source.length > sourceCharsMax) {
    const message = `it has ${source.length} characters, and at most ${sourceCharsMax} are allowed`;
    return { ok: false, problems: [problemAt('SG1342', { start: 0, end: source.length }, message)] };
  }
  let program: ParseResult;
  try {
    program = expressionLanguage().parse(source);
  } catch (error) {
    return { ok: false, problems: [parseProblem(source, error)] };
  }
  const problems = checkNames(program.ast);
  if (problems.length > 0) return { ok: false, problems };
  const { type, error } = program.check();
  if (error !== undefined) return { ok: false, problems: [typeProblem(source, error)] };
  if (type !== 'bool') {
    const message = `it is of type ${plainTypes(type ?? 'unknown')}, and a condition is true or false`;
    return { ok: false, problems: [problemAt('SG1346', program.ast, message, 'compare it with something')] };
  }
  const survey = surveyWork(program.ast);
  if (survey.problems.length > 0) return { ok: false, problems: survey.problems };
  const expression = Object.freeze({ source, reads: survey.reads });
  programs.set(expression, program);
  return { ok: true, expression };
}

/** Whether the facts fulfil the expression. Never throws for what facts hold. */
export function evaluateExpression(expression: Expression, facts: RuleFacts): ExpressionOutcome {
  const program = programs.get(expression);
  if (program === undefined) throw new BugError('an expression that compileExpression did not make');
  const context = contextOf(facts);
  const groups = context.unknownGroups;
  if (groups.length > 0) {
    const missing = groups.filter((group) => expression.reads.has(group));
    if (missing.length > 0) return { kind: 'unknown', groups: missing };
  }
  try {
    const value: unknown = evaluateAt(facts.nowMs, () => program(context.variables));
    if (typeof value === 'boolean') return { kind: 'value', value };
    return { kind: 'failed', message: 'it gave neither true nor false' };
  } catch (error) {
    return { kind: 'failed', message: failureOf(expression.source, error) };
  }
}

interface Context {
  readonly variables: object;
  readonly unknownGroups: readonly FactGroup[];
}

/** Every rule of a task reads the same facts: they are made into CEL's values once, each when it is first read. */
const contexts = new WeakMap<RuleFacts, Context>();

function contextOf(facts: RuleFacts): Context {
  const known = contexts.get(facts);
  if (known !== undefined) return known;
  const made = { variables: new Variables(facts), unknownGroups: unknownGroupsOf(facts) };
  contexts.set(facts, made);
  return made;
}

class Variables {
  readonly made: MadeValues = new Map();
  readonly facts: RuleFacts;
  constructor(facts: RuleFacts) {
    this.facts = facts;
  }
}

for (const [name, variable] of Object.entries(factVariables)) {
  defineLazy(Variables.prototype, name, ({ facts }) => variable.read(facts, facts.nowMs));
}

function unknownGroupsOf(facts: RuleFacts): FactGroup[] {
  const { devices } = facts;
  const unknown: Readonly<Record<FactGroup, boolean>> = {
    previous: facts.task.previous === null,
    introduced: facts.introduced === null,
    changed: facts.changed === null,
    fleet: facts.fleet === null,
    counts: facts.counts === null,
    devices: devices === null,
    described: devices === null || devices.some(({ described }) => described === null),
    now: false,
  };
  return factGroups.filter((group) => unknown[group]);
}

function parseProblem(source: string, error: unknown): ExpressionProblem {
  const whole: TextRange = { start: 0, end: source.length };
  // Thousands of `!` exhaust the stack before the library counts a node.
  if (error instanceof RangeError) return problemAt('SG1342', whole, 'it is nested too deeply');
  if (!(error instanceof ParseError))
    return problemAt('SG1341', whole, `it cannot be read: ${reasonOf(error)}`);
  const range = error.range ?? whole;
  if (error.code !== 'limit_exceeded') {
    const hint = source[range.start] === '=' ? 'write == to compare' : undefined;
    return problemAt('SG1341', range, `it cannot be read: ${reasonOf(error)}`, hint);
  }
  return problemAt('SG1342', range, `it is too large or too deep: ${reasonOf(error)}`);
}

function typeProblem(source: string, error: Error): ExpressionProblem {
  const whole: TextRange = { start: 0, end: source.length };
  if (!(error instanceof TypeProblem))
    return problemAt('SG1345', whole, `types do not fit: ${reasonOf(error)}`);
  const range = error.range ?? whole;
  const { node } = error;
  if (error.code === 'no_such_key' && node?.op === '.') {
    const [left, field] = node.args;
    const owner = typeOf(left).name;
    if (owner === 'Commit' && field === 'signers')
      return problemAt('SG1348', range, 'signers is reserved, and not known yet');
    const message = `${quoted(source.slice(left.start, left.end))} has no field ${quoted(field)}`;
    return problemAt('SG1343', range, message, suggestName(field, Object.keys(fieldsOf(owner) ?? {})));
  }
  return problemAt('SG1345', range, `types do not fit: ${reasonOf(error)}`);
}

function failureOf(source: string, error: unknown): string {
  const node = error instanceof EvaluationError ? error.node : undefined;
  if (node === undefined) return reasonOf(error);
  return `${reasonOf(error)}, in ${quoted(source.slice(node.start, node.end))}`;
}

const reasonCharsMax = 200;

/** Why, in the library's words without its drawing of the place; they may hold what facts hold, and are cut. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'for an unknown reason';
  const told =
    error instanceof ParseError || error instanceof TypeProblem || error instanceof EvaluationError;
  const words = plainTypes(told ? error.summary : error.message);
  const cut = words.length > reasonCharsMax ? `${words.slice(0, reasonCharsMax - 1)}\u2026` : words;
  return `${cut.slice(0, 1).toLowerCase()}${cut.slice(1)}`;
}

function plainTypes(text: string): string {
  return text
    .replaceAll(timestampType, 'timestamp')
    .replaceAll(durationType, 'duration')
    .replace(/^no such overload: /, 'nothing does ')
    .replace(/\bEOF$/, 'the end');
}
