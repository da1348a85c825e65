/**
 * From a schema to the function that judges by it. Compiling takes longer than most commands do, so the build compiles:
 * `tools/compile-checks.mjs` writes each function down, made by the very engine of this file. One that was made of another
 * schema than is asked for is not used; what nobody made is compiled when it is needed.
 */
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import { findMade, loadPackage } from './deferred.ts';
import { sha256Hex } from './digest.ts';
import { BugError } from './faults.ts';

export type JsonSchema = { readonly [keyword: string]: unknown };

/** The name that a schema's check is kept by, the last part of its `$id`, and what tells that it is of this very schema. */
export interface CheckMark {
  readonly name: string;
  readonly sha256: string;
}

/** Nothing for a schema without an `$id`: nobody waits for those. */
export function markCheck(schema: JsonSchema): CheckMark | undefined {
  const { $id: id } = schema;
  const name = typeof id === 'string' ? /^urn:snowgate:v1:([a-z]+)$/.exec(id)?.[1] : undefined;
  return name === undefined ? undefined : { name, sha256: sha256Hex(JSON.stringify(schema)) };
}

/** The function of a schema; its errors are of the engine's own form, with the subschema that they are about. */
export function findValidate(schema: JsonSchema): ValidateFunction {
  const mark = markCheck(schema);
  const made = mark === undefined ? undefined : (findMade(mark.name) as MadeCheck | undefined);
  if (made !== undefined && made.sha256 === mark?.sha256) return made.validate;
  try {
    return createEngine().compile(schema);
  } catch (error) {
    throw new BugError('a schema of ours does not compile', { cause: error });
  }
}

/** What a module that the build made exports. */
interface MadeCheck {
  readonly sha256: string;
  readonly validate: ValidateFunction;
}

/** The engine with our keywords. With `keepsText` what it compiles can be written down. */
export function createEngine(keepsText = false): Ajv2020 {
  const { Ajv2020: Engine } = loadPackage('ajv/dist/2020.js');
  const engine = new Engine({
    strict: true,
    strictRequired: true,
    // A name or a list of them is one rule, and is told as one: branches would be told as two that both fail.
    allowUnionTypes: true,
    allErrors: true,
    verbose: true,
    // Half of what a short command would spend on a schema: the tests judge ours against the meta-schema, and the
    // engine of JavaScript optimizes the code just as well.
    meta: false,
    validateSchema: false,
    code: { optimize: false, source: keepsText },
  });
  loadPackage('ajv-formats').default(engine, ['date-time']);
  for (const keyword of ['x-rule', 'x-allowed', 'x-missing', 'x-code', 'x-refused', 'x-more']) {
    engine.addKeyword({ keyword, schemaType: 'string' });
  }
  engine.addKeyword({ keyword: 'enumDescriptions', schemaType: 'array' });
  return engine;
}
