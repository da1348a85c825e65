/** The facts that a condition names, with the values that it sees: for people who ask why it holds or does not. */
import type { Expression } from './expression.ts';
import type { JsonValue } from './fact-record.ts';
import { factStructs, factVariables } from './fact-types.ts';
import type { RuleFacts } from './facts.ts';
import { isoInstant } from './verdict.ts';

export interface FactValue {
  /** As the condition writes it, such as `task.annotations.change`. */
  readonly path: string;
  /** Texts and lists are shortened; undefined where it is not known here, or not there. */
  readonly value: JsonValue | undefined;
}

/** More names than anybody writes into one condition. */
const pathsMax = 50;
/** What a person reads of one value. */
const textChars = 256;
const itemsMax = 20;
/** A task holds what was asked before, a device its tasks: nothing is deeper. */
const depthMax = 6;

/** What stands in texts names no fact. Triple quotes first: they may hold the others. */
const textLiterals = /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
/** A variable, and the fields behind it, but for the functions that are called on them. */
const namePattern = new RegExp(
  `(?<![\\w.])(?:${Object.keys(factVariables).join('|')})(?!\\w)(?:\\s*\\.\\s*[A-Za-z_]\\w*(?![\\w]|\\s*\\())*`,
  'g',
);

/** In the order in which they stand there, each once. */
export function viewFacts({ source }: Expression, facts: RuleFacts): FactValue[] {
  const names = source.replace(textLiterals, '""').match(namePattern) ?? [];
  const paths = [...new Set(names.map((name) => name.replace(/\s/g, '')))].slice(0, pathsMax);
  return paths.map((path) => ({ path, value: valueAt(path.split('.'), facts) }));
}

/** What is larger than a rule may read fails when it is read, as it does for the rule. */
function valueAt([first = '', ...fields]: readonly string[], facts: RuleFacts): JsonValue | undefined {
  try {
    let value: unknown = factVariables[first]?.read(facts, facts.nowMs);
    for (const field of fields) value = fieldOf(value, field);
    return toJson(value, 0);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, field: string): unknown {
  if (value instanceof Map) return value.get(field);
  return Object.hasOwn(fieldsOf(value), field) ? Reflect.get(Object(value), field) : undefined;
}

function fieldsOf(value: unknown): object {
  return Object.values(factStructs).find(({ ctor }) => value instanceof ctor)?.fields ?? {};
}

function toJson(value: unknown, depth: number): JsonValue | undefined {
  if (value === undefined || depth > depthMax) return undefined;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') {
    return value.length > textChars ? `${value.slice(0, textChars - 1)}\u2026` : value;
  }
  if (value instanceof Date) return isoInstant(value.getTime());
  if (Array.isArray(value)) {
    return value.slice(0, itemsMax).flatMap((item: unknown) => toJson(item, depth + 1) ?? []);
  }
  const entries: [string, unknown][] =
    value instanceof Map
      ? [...value].slice(0, itemsMax)
      : Object.keys(fieldsOf(value)).map((key) => [key, fieldOf(value, key)]);
  const known = entries.flatMap(([key, item]): [string, JsonValue][] => {
    const json = toJson(item, depth + 1);
    return json === undefined ? [] : [[key, json]];
  });
  return Object.fromEntries(known);
}
