/**
 * The second look at an expression, once its types are known: which facts it reads, and how much work it can be at
 * most. The evaluator counts nothing while it runs, so an expression that could run long is refused before it does.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { BugError } from '../lib/faults.ts';
import { compilePattern, loopNames } from './expression-language.ts';
import type { ExpressionProblem } from './expression-problem.ts';
import { problemAt } from './expression-problem.ts';
import type { Extent } from './extent.ts';
import { joined, listExtent, mapExtent, scalar, textExtent, weightOf, widest } from './extent.ts';
import type { FactField } from './fact-types.ts';
import { factStructs, factVariables } from './fact-types.ts';
import type { FactGroup } from './facts.ts';

/** Steps of one evaluation, of about 100 ns: a tenth of a second, with every fact as large as it can be. */
const stepsMax = 1_000_000;

/** A character that a pattern's instruction looks at takes up to 70 ns. */
const stepsPerInstruction = 0.7;

/** What an hour in a zone costs, where it is not that of the same instant as before. */
const stepsOfZone = 80;

/** What fails within a loop is thrown, caught and drawn by the library, for each element anew. */
const stepsOfFailure = 300;

interface Work {
  /** What the value can be at most. */
  readonly extent: Extent;
  /** Steps to make it. */
  readonly steps: number;
}

interface Survey {
  readonly reads: Set<FactGroup>;
  readonly problems: ExpressionProblem[];
}

type Scope = ReadonlyMap<string, Extent>;

/** The groups of facts that a checked expression reads, and what speaks against running it. */
export function surveyWork(ast: ASTNode): {
  readonly reads: ReadonlySet<FactGroup>;
  readonly problems: readonly ExpressionProblem[];
} {
  const survey: Survey = { reads: new Set(), problems: [] };
  const { steps } = workOf(ast, new Map(), survey);
  if (steps > stepsMax) {
    const message =
      'it could take longer than a rule may: loops, patterns and long texts multiply each other';
    survey.problems.push(problemAt('SG1349', ast, message, 'make several rules of it, or shorten a pattern'));
  }
  return survey;
}

function workOf(node: ASTNode, scope: Scope, survey: Survey): Work {
  switch (node.op) {
    case 'value':
      return { extent: typeof node.args === 'string' ? textExtent(node.args.length) : scalar, steps: 1 };
    case 'id':
      return workOfVariable(node.args, scope, survey);
    case '.':
      return workOfField(node, node.args[0], node.args[1], scope, survey);
    case '[]':
      return workOfIndex(node, node.args, scope, survey);
    case 'call':
      return workOfCall(node.args[0], node.args[1], scope, survey);
    case 'rcall':
      return workOfMethod(node.args, scope, survey);
    case 'list':
      return workOfList(node.args, scope, survey);
    case 'map':
      return workOfMap(node.args, scope, survey);
    case '!_':
    case '-_':
      return { extent: scalar, steps: 1 + workOf(node.args, scope, survey).steps };
    case '?:': {
      const [condition, left, right] = node.args.map((part) => workOf(part, scope, survey));
      if (condition === undefined || left === undefined || right === undefined) throw unchecked(node);
      return {
        extent: widest(left.extent, right.extent),
        steps: 1 + condition.steps + left.steps + right.steps,
      };
    }
    case '.?':
    case '[?]':
      throw unchecked(node);
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
    case '>=': {
      const left = workOf(node.args[0], scope, survey);
      const right = workOf(node.args[1], scope, survey);
      return {
        extent: node.op === '+' ? joined(left.extent, right.extent) : scalar,
        steps: stepsOf(node) + left.steps + right.steps + weightOf(left.extent) + weightOf(right.extent),
      };
    }
  }
}

/** Numbers overflow and are divided by zero; nothing else that has two operands fails. */
function stepsOf(node: ASTNode): number {
  return typeOf(node).name === 'int' ? stepsOfFailure : 1;
}

function workOfVariable(name: string, scope: Scope, survey: Survey): Work {
  const looped = scope.get(name);
  if (looped !== undefined) return { extent: looped, steps: 1 };
  const fact = Object.hasOwn(factVariables, name) ? factVariables[name] : undefined;
  if (fact === undefined) throw new BugError(`variable ${name} passed the check of names`);
  for (const group of fact.groups) survey.reads.add(group);
  return { extent: fact.extent, steps: 1 };
}

function workOfField(node: ASTNode, left: ASTNode, name: string, scope: Scope, survey: Survey): Work {
  const owner = workOf(left, scope, survey);
  const type = typeOf(left);
  if (type.kind !== 'message')
    return { extent: owner.extent.of ?? scalar, steps: stepsOfFailure + owner.steps };
  const field = fieldsOf(type.name)?.[name];
  if (field === undefined) throw unchecked(node);
  for (const group of field.groups) survey.reads.add(group);
  return { extent: field.extent, steps: 1 + owner.steps };
}

function workOfIndex(
  node: ASTNode,
  [left, right]: readonly [ASTNode, ASTNode],
  scope: Scope,
  survey: Survey,
): Work {
  const owner = workOf(left, scope, survey);
  const index = workOf(right, scope, survey);
  // Its field would only be known when it is read, and with it the facts that the expression needs.
  if (typeOf(left).kind === 'message')
    survey.problems.push(
      problemAt('SG1345', node, 'a field is read by its name: write a.field, not a["field"]'),
    );
  return { extent: owner.extent.of ?? scalar, steps: stepsOfFailure + owner.steps + index.steps };
}

function workOfList(parts: readonly ASTNode[], scope: Scope, survey: Survey): Work {
  const elements = parts.map((part) => workOf(part, scope, survey));
  const of = elements.map(({ extent }) => extent).reduce(widest, scalar);
  return { extent: listExtent(parts.length, of), steps: elements.reduce((sum, { steps }) => sum + steps, 1) };
}

function workOfMap(entries: readonly [ASTNode, ASTNode][], scope: Scope, survey: Survey): Work {
  const keys = entries.map(([key]) => workOf(key, scope, survey).extent.chars);
  const values = entries.map(([, value]) => workOf(value, scope, survey));
  const of = values.map(({ extent }) => extent).reduce(widest, scalar);
  return {
    extent: mapExtent(entries.length, Math.max(0, ...keys), of),
    steps: values.reduce((sum, { steps }) => sum + 2 + steps, 1),
  };
}

function workOfCall(name: string, args: readonly ASTNode[], scope: Scope, survey: Survey): Work {
  const works = args.map((part) => workOf(part, scope, survey));
  const steps = works.reduce((sum, work) => sum + work.steps, 1);
  const first = works[0]?.extent ?? scalar;
  if (name === 're') {
    const [, pattern] = args;
    const compiled = compilePattern(
      pattern?.op === 'value' && typeof pattern.args === 'string' ? pattern.args : '',
    );
    if (!compiled.ok) throw new BugError('a pattern passed the check of names');
    return { extent: scalar, steps: steps + 5 + first.chars * compiled.instructions * stepsPerInstruction };
  }
  if (name === 'age') survey.reads.add('now');
  if (name === 'hour' || name === 'weekday') return { extent: textExtent(3), steps: steps + stepsOfZone };
  // Characters are counted one by one, since two units can be one.
  if (name === 'size') return { extent: scalar, steps: steps + 1 + first.chars / 10 };
  return { extent: scalar, steps: steps + 50 };
}

const loops: ReadonlySet<string> = new Set(loopNames);

function workOfMethod(
  [name, receiver, args]: readonly [string, ASTNode, ASTNode[]],
  scope: Scope,
  survey: Survey,
): Work {
  const range = workOf(receiver, scope, survey);
  if (loops.has(name)) return workOfLoop(name, typeOf(receiver).kind, range, args, scope, survey);
  const works = args.map((part) => workOf(part, scope, survey));
  const { chars } = range.extent;
  const weight = works.reduce((sum, work) => sum + weightOf(work.extent), weightOf(range.extent));
  const steps = works.reduce((sum, work) => sum + work.steps, range.steps + 1 + weight);
  // A search can compare each character with each other; changing the case can make three characters of one.
  if (name === 'contains') {
    return { extent: scalar, steps: steps + (chars * (works[0]?.extent.chars ?? 0)) / 100 };
  }
  if (name === 'lowerAscii' || name === 'upperAscii') return { extent: textExtent(chars * 3), steps };
  if (name === 'size') return { extent: scalar, steps: steps + chars / 10 };
  return { extent: name === 'trim' ? textExtent(chars) : scalar, steps };
}

function workOfLoop(
  name: string,
  kind: string,
  range: Work,
  args: readonly ASTNode[],
  scope: Scope,
  survey: Survey,
): Work {
  const [variable, ...bodies] = args;
  if (variable?.op !== 'id') throw new BugError('a loop without a variable passed the check of names');
  const { items } = range.extent;
  // Over a map it is the keys that are looked at.
  const element = kind === 'map' ? textExtent(range.extent.chars) : (range.extent.of ?? scalar);
  const inner = new Map([...scope, [variable.args, element]]);
  const works = bodies.map((body) => workOf(body, inner, survey));
  const steps = range.steps + 1 + items * works.reduce((sum, work) => sum + work.steps, 3);
  const last = works.at(-1)?.extent ?? scalar;
  if (name === 'map') return { extent: listExtent(items, last), steps };
  return { extent: name === 'filter' ? listExtent(items, element) : scalar, steps };
}

/** What the library's checker found out about a node. It is no part of its declared types, so it is looked at with care. */
export function typeOf(node: ASTNode): { readonly kind: string; readonly name: string } {
  const type: unknown = 'checkedType' in node ? node.checkedType : undefined;
  if (typeof type === 'object' && type !== null && 'kind' in type && 'name' in type) {
    const { kind, name } = type;
    if (typeof kind === 'string' && typeof name === 'string') return { kind, name };
  }
  throw new BugError('the check of types left a node without a type');
}

/** The fields of a struct's type, or undefined where the type is none. */
export function fieldsOf(
  typeName: string,
): Readonly<Record<string, Pick<FactField<never>, 'extent' | 'groups'>>> | undefined {
  for (const struct of Object.values(factStructs)) if (struct.name === typeName) return struct.fields;
  return undefined;
}

function unchecked(node: ASTNode): BugError {
  return new BugError(`an operator ${node.op} passed the checks`);
}
