/** What the built program loads for the commands that people wait for: nothing that they do not use. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders, taskText } from './folder.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

beforeAll(() => {
  if (!existsSync(main)) throw new Error('dist/main.js is not there: npm run build makes it');
});

afterEach(removeFolders);

/** Every package and part of ours that a command loads: of ES modules by a hook, of others by what they left in the cache. */
function loadedBy(argv: readonly string[], files: Readonly<Record<string, string>>): string[] {
  const folder = makeFolder(files);
  const trace = join(folder.dir, 'trace');
  const hook = folder.write(
    'hook.mjs',
    `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) { appendFileSync(${JSON.stringify(trace)}, url + '\\n'); return next(url, context); }
`,
  );
  const start = folder.write(
    'start.mjs',
    `import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
register(${JSON.stringify(pathToFileURL(hook).href)});
const { cache } = createRequire(import.meta.url);
process.on('exit', () => appendFileSync(${JSON.stringify(trace)}, Object.keys(cache).join('\\n') + '\\n'));
`,
  );
  spawnSync(process.execPath, ['--import', pathToFileURL(start).href, main, ...argv], {
    cwd: folder.dir,
    env: { PATH: process.env.PATH ?? '' },
    stdio: 'ignore',
  });
  const lines = readFileSync(trace, 'utf8').split('\n');
  const packages = lines.map((line) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(line));
  const parts = lines.map((line) => /\/dist\/([a-z]+)\/[a-z-]+\.js$/.exec(line));
  const own = parts.filter((part) => !part?.input.includes('node_modules'));
  return [...new Set([...packages, ...own].flatMap((match) => match?.[1] ?? []))].sort();
}

const tree = { 'tasks/a.yaml': taskText('a'), 'tasks/b.yaml': taskText('b') };
/** Of ajv the little that its finished checks call, and not the compiler, which comes with the packages below. */
const parser = ['ajv', 'ajv-formats', 'canonicalize', 'js-yaml'];
const compiler = ['fast-deep-equal', 'fast-uri', 'json-schema-traverse'];
const frame = ['cli', 'commander', 'fastest-levenshtein', 'lib', 'picocolors', 'report', 'simulator'];

describe('the modules of', () => {
  it.each([[['--help']], [['--version']], [['help', 'validate']]])('%j are those of the frame', (argv) => {
    const loaded = loadedBy(argv, tree);
    expect(loaded.filter((name) => !frame.includes(name))).toEqual([]);
    expect(loaded).toContain('commander');
  });

  it.each([[['token', 'tasks/a.yaml']], [['validate', 'tasks/a.yaml']], [['validate']]])(
    '%j are the frame and the parser',
    (argv) => {
      const loaded = loadedBy(argv, tree);
      const own = ['config', 'git', 'manifest'];
      expect(loaded.filter((name) => ![...frame, ...parser, ...own].includes(name))).toEqual([]);
      expect(loaded).toEqual(expect.arrayContaining(['ajv', 'js-yaml', 'manifest']));
    },
  );

  it('a document with an error are what points at it, too, and still no compiler', () => {
    const wrong = taskText('a').replace('unlock', 'unlok');
    const loaded = loadedBy(['validate'], { 'tasks/a.yaml': wrong });
    expect(loaded).toContain('yaml');
    expect(loaded.filter((name) => compiler.includes(name))).toEqual([]);
  });

  it('a tree with policies are their engine, too, and neither AWS, nor the log, nor the controller', () => {
    const policy = `apiVersion: snowgate/v1\nkind: Policy\nmetadata: {name: p}\nspec: {rules: [{name: r, require: "true", message: m}]}\n`;
    const loaded = loadedBy(['validate'], { ...tree, 'policies/p.yaml': policy });
    expect(loaded).toContain('@marcbachmann/cel-js');
    const strangers = /^(@aws-sdk|@smithy|@clack|pino|node-cron|simple-git|snow|controller|ledger)/;
    expect(loaded.filter((name) => strangers.test(name) || compiler.includes(name))).toEqual([]);
  });
});
