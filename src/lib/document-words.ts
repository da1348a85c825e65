/** Violations of a schema in words: what is wrong, where, and what would be right. */
import type { ErrorObject } from 'ajv';
import type { ValuePath } from './document-place.ts';
import { quoteText } from './document-problem.ts';
import type { FaultCode } from './faults.ts';
import { findNearest } from './nearest.ts';

export interface Violation {
  readonly code: FaultCode;
  readonly path: ValuePath;
  readonly part: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
}

export interface WordOptions {
  readonly showsValues: boolean;
}

interface Context extends WordOptions {
  readonly error: ErrorObject;
  readonly path: ValuePath;
  /** `spec.targets[2]`, or `the document`. */
  readonly name: string;
  /** The subschema that the failed keyword stands in. */
  readonly schema: { readonly [keyword: string]: unknown };
  /** Per object: its unknown keys that are near a known one. */
  readonly nearMisses: ReadonlyMap<string, ReadonlySet<string>>;
}

/** `spec.targets[2]` for people. */
function namePath(path: ValuePath): string {
  if (path.length === 0) return 'the document';
  const parts = path.map((step, index) => {
    if (typeof step === 'number') return `[${step}]`;
    const shown = /^[A-Za-z0-9_-]+$/.test(step) ? step : quoteText(step);
    return index === 0 ? shown : `.${shown}`;
  });
  return parts.join('');
}

/** One violation for each thing that is wrong: a value of the wrong type is not also outside its range. */
export function wordViolations(
  errors: readonly ErrorObject[],
  root: unknown,
  options: WordOptions,
): Violation[] {
  const nearMisses = collectNearMisses(errors);
  const wrongType = new Set(
    errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath),
  );
  const violations: Violation[] = [];
  const misspelt = new Set<string>();
  for (const error of errors) {
    if (error.keyword === 'pattern' || error.keyword === 'format') {
      const at = `${error.instancePath} ${error.propertyName ?? ''}`;
      const isEmpty = error.data === '' && Number(error.parentSchema?.minLength ?? 0) > 0;
      if (isEmpty || misspelt.has(at)) continue;
      misspelt.add(at);
    }
    if (error.keyword !== 'type' && wrongType.has(error.instancePath)) continue;
    const path = parsePointer(error.instancePath, root);
    const schema = (error.parentSchema ?? {}) as Context['schema'];
    const violation = wordViolation({ ...options, error, path, name: namePath(path), schema, nearMisses });
    if (violation === undefined) continue;
    const code = schema['x-code'];
    violations.push(typeof code === 'string' ? { ...violation, code: code as FaultCode } : violation);
  }
  return violations;
}

/** A JSON pointer does not tell an index from a key of digits; the value does. */
function parsePointer(pointer: string, root: unknown): (string | number)[] {
  let node = root;
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      const isIndex = Array.isArray(node);
      node = (node as Record<string, unknown> | null)?.[key];
      return isIndex ? Number(key) : key;
    });
}

function collectNearMisses(errors: readonly ErrorObject[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const nearest = findNearest(String(error.params.additionalProperty), knownKeys(error));
    if (nearest === undefined) continue;
    const keys = found.get(error.instancePath) ?? new Set();
    found.set(error.instancePath, keys.add(nearest));
  }
  return found;
}

function knownKeys(error: ErrorObject): string[] {
  return Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
}

function wordViolation(context: Context): Violation | undefined {
  const { error, path, name, schema } = context;
  if (error.propertyName !== undefined) return wordBadKey(context, error.propertyName);
  switch (error.keyword) {
    case 'additionalProperties':
      return wordUnknownKey(context);
    case 'required':
      return wordMissingKey(context);
    case 'type':
      return wordWrongType(context);
    case 'enum':
    case 'const':
      return wordNotAmong(context);
    case 'pattern':
    case 'format':
      return wordPattern(context);
    case 'not':
      if (typeof schema['x-refused'] === 'string') {
        const message = `${name} is not allowed`;
        return { code: 'SG1109', path, part: 'key', message, hint: schema['x-refused'] };
      }
      return plainViolation(context, 'SG1109', 'is not a combination that is allowed');
    case 'uniqueItems': {
      const { i, j } = error.params as { i: number; j: number };
      // The checker names the two in either order, by how it compares them.
      const [first, again] = [Math.min(i, j), Math.max(i, j)];
      const message = `${name}[${again}] repeats ${name}[${first}]`;
      return { code: 'SG1108', path: [...path, again], part: 'value', message, hint: 'name each one once' };
    }
    default:
      return wordBounds(context);
  }
}

function wordBounds(context: Context): Violation {
  const { keyword, params, data } = context.error;
  const limit = String(params.limit);
  const count = sizeOf(data);
  switch (keyword) {
    case 'minLength':
      if (count === 0) return plainViolation(context, 'SG1106', 'is empty');
      return plainViolation(context, 'SG1106', `has ${count} characters; at least ${limit} are needed`);
    case 'maxLength':
      return plainViolation(context, 'SG1106', `has ${count} characters; at most ${limit} are allowed`);
    case 'minItems':
    case 'minProperties':
      if (count === 0) return plainViolation(context, 'SG1106', 'is empty');
      return plainViolation(context, 'SG1106', `has ${count} entries; at least ${limit} are needed`);
    case 'maxItems':
    case 'maxProperties':
      return plainViolation(context, 'SG1106', `has ${count} entries; at most ${limit} are allowed`);
    case 'minimum':
      return plainViolation(context, 'SG1107', `is ${count}; at least ${limit} is needed`);
    case 'maximum':
      return plainViolation(context, 'SG1107', `is ${count}; at most ${limit} is allowed`);
    default:
      return plainViolation(context, 'SG1109', 'is not a combination that is allowed');
  }
}

/** Characters as Unicode counts them, entries, or the number itself. */
function sizeOf(data: unknown): number | undefined {
  if (typeof data === 'number') return data;
  if (typeof data === 'string') return Array.from(data).length;
  if (Array.isArray(data)) return data.length;
  return typeof data === 'object' && data !== null ? Object.keys(data).length : undefined;
}

function plainViolation({ path, name, schema }: Context, code: FaultCode, message: string): Violation {
  const rule = schema['x-rule'];
  const violation = { code, path, part: 'value', message: `${name} ${message}` } as const;
  return typeof rule === 'string' ? { ...violation, hint: rule } : violation;
}

function wordUnknownKey({ error, path }: Context): Violation {
  const key = String(error.params.additionalProperty);
  const whole = [...path, key];
  const nearest = findNearest(key, knownKeys(error));
  const message = `unknown key ${namePath(whole)}`;
  const known = knownKeys(error);
  const listed = known.length > 0 && known.length <= 12 ? `known here: ${known.join(', ')}` : undefined;
  const hint = nearest === undefined ? listed : `did you mean ${nearest}?`;
  const violation = { code: 'SG1101', path: whole, part: 'key', message } as const;
  return hint === undefined ? violation : { ...violation, hint };
}

function wordMissingKey({ error, path, nearMisses, schema }: Context): Violation | undefined {
  const key = String(error.params.missingProperty);
  // The unknown key beside it says so already, and better.
  if (nearMisses.get(error.instancePath)?.has(key) === true) return undefined;
  const own = (schema.properties as Record<string, Context['schema']> | undefined)?.[key];
  const hint = own === undefined ? undefined : hintMissing(key, own);
  const violation = {
    code: 'SG1102',
    path,
    part: 'key',
    message: `${namePath([...path, key])} is missing`,
  } as const;
  return hint === undefined ? violation : { ...violation, hint };
}

/** More words than a person chooses among at a glance. */
const wordsShownMax = 12;

/** What to write, where what is meant by the key is known: what it is for is told by the schema and the manual. */
function hintMissing(key: string, own: Context['schema']): string | undefined {
  const { const: only, enum: words, required, description, 'x-missing': said, 'x-rule': rule } = own;
  if (typeof said === 'string') return said;
  if (typeof only === 'string') return `write ${key}: ${only}`;
  if (Array.isArray(words) && words.length <= wordsShownMax) return `write ${key}: ${words.join(' or ')}`;
  const example = showExample(own);
  if (typeof rule === 'string') {
    // Some rules bring an example of their own.
    const isShown = example === undefined || /\bas\b/.test(rule);
    return `write ${key}: ${rule}${isShown ? '' : `, such as ${example}`}`;
  }
  if (example !== undefined) return `write ${key}, such as ${key}: ${example}`;
  if (Array.isArray(required) && required.length > 0) return `write ${key} with ${required.join(', ')} in it`;
  return typeof description === 'string' ? `write ${key}: ${description}` : undefined;
}

/** The first example, as YAML has it; none of what has keys. */
function showExample({ examples }: Context['schema']): string | undefined {
  const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
  if (isScalar(example)) return showScalar(example);
  return Array.isArray(example) ? `[${example.filter(isScalar).map(showScalar).join(', ')}]` : undefined;
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** In quotes where YAML would take it for something else without them. */
function showScalar(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const isPlain = /^[A-Za-z/][\w./@+-]*(:[\w./@+-]+)*( [\w./@+-]+)*$/.test(value);
  return isPlain ? value : JSON.stringify(value);
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'empty',
};

function wordWrongType(context: Context): Violation {
  const { error, path, name, schema } = context;
  const wanted = [error.params.type].flat().map(String);
  const found = nameType(error.data);
  const names = wanted.map((type) => typeNames[type] ?? type).join(' or ');
  const violation = { code: 'SG1103', path, part: 'value' } as const;
  const message = `${name} must be ${names}, not ${found}`;
  const hint = hintType(wanted, error.data, schema);
  return hint === undefined ? { ...violation, message } : { ...violation, message, hint };
}

/** Quotes help only where what stands in them would be right. */
function hintType(wanted: readonly string[], data: unknown, schema: Context['schema']): string | undefined {
  const { enum: words, pattern, 'x-rule': rule } = schema;
  if (wanted.includes('string') && (typeof data === 'number' || typeof data === 'boolean')) {
    if (Array.isArray(words)) return `write ${words.join(' or ')}`;
    const isRightQuoted = typeof pattern !== 'string' || new RegExp(pattern, 'u').test(String(data));
    if (isRightQuoted) return 'put it in quotes: "..."';
  }
  if (typeof data === 'string' && wanted.some((type) => type === 'integer' || type === 'number')) {
    return 'write it without quotes, in digits';
  }
  return typeof rule === 'string' ? rule : undefined;
}

function nameType(data: unknown): string {
  if (data === null) return 'empty';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'a map';
  if (typeof data === 'string') return 'text';
  if (typeof data === 'boolean') return 'true or false';
  return Number.isInteger(data) ? 'a number' : 'a number with a fraction';
}

function wordNotAmong(context: Context): Violation {
  const { error, path, name, schema, showsValues } = context;
  const allowed = error.keyword === 'const' ? [error.params.allowedValue] : error.params.allowedValues;
  const words = (allowed as unknown[]).map(String);
  const nearest = typeof error.data === 'string' ? findNearest(error.data, words) : undefined;
  const shown = showsValues && typeof error.data === 'string' ? `, not ${quoteText(error.data)}` : '';
  const message = `${name} must be ${words.join(' or ')}${shown}`;
  const rule = schema['x-rule'];
  const hint = nearest === undefined ? rule : `did you mean ${nearest}?`;
  const violation = { code: 'SG1104', path, part: 'value', message } as const;
  return typeof hint === 'string' ? { ...violation, hint } : violation;
}

function wordPattern(context: Context): Violation {
  const { error, path, name, schema, showsValues } = context;
  const shown = showsValues && typeof error.data === 'string' ? ` ${quoteText(error.data)}` : '';
  const violation = { code: 'SG1105', path, part: 'value' } as const;
  const rule = schema['x-rule'];
  const hint = typeof rule === 'string' ? rule : (schema.description as string | undefined);
  const message = `${name}${shown} ${sayOffender(error.data, schema, showsValues)}`;
  return hint === undefined ? { ...violation, message } : { ...violation, message, hint };
}

function sayOffender(data: unknown, schema: Context['schema'], showsValues: boolean): string {
  const allowed = schema['x-allowed'];
  if (typeof data !== 'string' || typeof allowed !== 'string') return 'is not written as it must be';
  const points = Array.from(data);
  const at = points.findIndex((point) => !new RegExp(`^${allowed}$`, 'u').test(point));
  const offender = points[at];
  if (offender === undefined) return 'is not written as it must be';
  const shown = showsValues ? quoteText(offender) : 'a character that is not allowed';
  return `has ${shown} as character ${at + 1}`;
}

function wordBadKey(context: Context, key: string): Violation {
  const { error, path, name, schema, showsValues } = context;
  const rule = schema['x-rule'];
  const isLength = error.keyword === 'maxLength' || error.keyword === 'minLength';
  const what = isLength ? `has ${sizeOf(key)} characters` : sayOffender(key, schema, showsValues);
  const message = `the key ${quoteText(key)} of ${name} ${what}`;
  const violation = { code: 'SG1110', path: [...path, key], part: 'key', message } as const;
  return typeof rule === 'string' ? { ...violation, hint: rule } : violation;
}
