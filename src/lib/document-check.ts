/**
 * JSON Schema (draft 2020-12, ajv, strict) for documents that came through the gate. A schema carries its own words:
 *
 * - `x-rule`: what the rule is, where a pattern or a combination would say it badly;
 * - `x-allowed`: the class of allowed characters of a pattern, so that the first other one can be pointed at;
 * - `x-missing`: what to do when this property is required and absent;
 * - `x-code`: the stable code of every violation of this subschema;
 * - `x-refused`, beside `not: {}`: a name that people write and that is never allowed, with the reason;
 * - `x-more`: what the `description`, which messages quote, has no room for: what happens where it is left out, the trap.
 *   Editors and the reference pages show both;
 * - `enumDescriptions`: what each value of the `enum` beside it means; editors know this name.
 */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { findValidate, type JsonSchema } from './document-compile.ts';
import type { Locate } from './document-place.ts';
import type { DocumentProblem } from './document-problem.ts';
import { compareSpots, problemsPerDocumentMax } from './document-problem.ts';
import type { Violation } from './document-words.ts';
import { wordViolations } from './document-words.ts';
import type { JsonValue } from './document-yaml.ts';

export interface CheckOptions {
  /** Whether messages may quote values: never those of a configuration, where a secret may have been put by mistake. */
  readonly showsValues: boolean;
}

/** Every violation of the schema, located, in reading order; bounded, with a word on how many were left out. */
export type Check = (document: { readonly value: JsonValue; readonly locate: Locate }) => DocumentProblem[];

/** A check against one schema. Made ready at the first document: a command that reads none does not pay for it. */
export function createCheck(schema: JsonSchema, options: CheckOptions): Check {
  let validate: ValidateFunction | undefined;
  return ({ value, locate }) => {
    validate ??= findValidate(schema);
    if (validate(value)) return [];
    const violations = wordViolations(relevantErrors(validate.errors ?? []), value, options);
    return locateViolations(violations, locate);
  };
}

const combinators = new Set(['oneOf', 'anyOf', 'if', 'not']);

/** Of a combination that fails, its own error alone: those of its branches tell of cases that were not meant. */
function relevantErrors(errors: readonly ErrorObject[]): ErrorObject[] {
  const combined = errors.filter(({ keyword }) => combinators.has(keyword));
  return errors.filter((error) => {
    // Each bad key has an error of its own, which says more.
    if (error.keyword === 'propertyNames') return false;
    return !combined.some(
      (whole) => error.schemaPath.startsWith(`${whole.schemaPath}/`) && isBelow(error, whole),
    );
  });
}

function isBelow(error: ErrorObject, whole: ErrorObject): boolean {
  return error.instancePath === whole.instancePath || error.instancePath.startsWith(`${whole.instancePath}/`);
}

function locateViolations(violations: readonly Violation[], locate: Locate): DocumentProblem[] {
  const problems = violations.slice(0, problemsPerDocumentMax).map((violation): DocumentProblem => {
    const { code, path, part, message, hint } = violation;
    const problem = { code, severity: 'error', ...locate(path, part), message } as const;
    return hint === undefined ? problem : { ...problem, hint };
  });
  problems.sort(compareSpots);
  const left = violations.length - problems.length;
  const last = problems.at(-1);
  if (left > 0 && last !== undefined) {
    const message = `and ${left} more problems of this document, which are not shown`;
    problems.push({ code: 'SG1111', severity: 'error', line: last.line, column: last.column, message });
  }
  return problems;
}
