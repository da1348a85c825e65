/**
 * Code that is loaded when it is first needed. A short command waits for its modules more than for its work, and most need
 * neither a compiler of schemas nor a parser that points at errors. Loaded synchronously and always the same, it leaves
 * pure what calls it; `import()` would make a promise of every check.
 */
import { createRequire } from 'node:module';

interface Packages {
  readonly 'ajv/dist/2020.js': typeof import('ajv/dist/2020.js');
  readonly 'ajv-formats': typeof import('ajv-formats');
  readonly yaml: typeof import('yaml');
}

const load = createRequire(import.meta.url);

/** A package that snowgate depends on. Throws where it is not installed: then snowgate is not. */
export function loadPackage<Name extends keyof Packages>(name: Name): Packages[Name] {
  return load(name) as Packages[Name];
}

/** What `tools/compile-checks.mjs` made of a schema; nothing where it did not run, as in the tests of the sources. */
export function findMade(name: string): unknown {
  const path = `./checks/${name}.cjs`;
  try {
    load.resolve(path);
  } catch {
    return undefined;
  }
  return load(path);
}
