/**
 * The last step of `npm run build`: writes the function of each schema that people wait for below dist/lib/checks, so that
 * no command has to compile it. src/lib/document-compile.ts finds it there.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import standalone from 'ajv/dist/standalone/index.js';
import { controllerSchema } from '../dist/config/schema.js';
import { createEngine, markCheck } from '../dist/lib/document-compile.js';
import { taskSchema } from '../dist/manifest/schema.js';
import { policyTestSchema } from '../dist/policy/policy-test-schema.js';
import { policySchema, suspensionSchema, waiverSchema } from '../dist/policy/schema.js';
import { windowSchema } from '../dist/policy/window-schema.js';

const schemas = [
  controllerSchema,
  policySchema,
  policyTestSchema,
  suspensionSchema,
  taskSchema,
  waiverSchema,
  windowSchema,
];
const folder = fileURLToPath(new URL('../dist/lib/checks/', import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const schema of schemas) {
  const engine = createEngine(true);
  const text = standalone.default(engine, engine.compile(schema));
  const { name, sha256 } = markCheck(schema);
  writeFileSync(
    `${folder}${name}.cjs`,
    `${text}\nmodule.exports = { sha256: '${sha256}', validate: module.exports };\n`,
  );
}
