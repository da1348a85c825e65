/** The suite that catches nothing proves nothing: each planted defect must be caught, and the seed is named. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defects } from './defects.ts';

const root = resolve(import.meta.dirname, '../..');
const workshop = mkdtempSync(join(tmpdir(), 'snowgate-defects-'));
/** Each is caught within the first 400; the bound leaves room for changes elsewhere that shift the draws. */
const seedsMax = 2_000;

beforeAll(() => {
  symlinkSync(join(root, 'node_modules'), join(workshop, 'node_modules'));
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(root, file), join(workshop, file));
});

afterAll(() => rmSync(workshop, { recursive: true, force: true }));

function run(command: string, args: readonly string[]): { code: number | null; output: string } {
  const done = spawnSync(command, args, { cwd: workshop, encoding: 'utf8', timeout: 240_000 });
  return { code: done.status, output: `${done.stdout}${done.stderr}` };
}

/** Builds src/ and the simulation with the defect in them, and runs seeds until one fails. */
function hunt(index: number): { code: number | null; output: string } {
  const defect = defects[index];
  if (defect === undefined) throw new Error(`no defect ${index}`);
  const folder = join(workshop, `defect-${index}`);
  for (const part of ['src', 'test/faults', 'test/doubles', 'test/plan/input.ts']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  for (const { file, find, put } of defect.edits) {
    const path = join(folder, 'src', file);
    const text = readFileSync(path, 'utf8');
    expect(text.split(find).length, `${file} holds the text to change exactly once: ${find}`).toBe(2);
    writeFileSync(
      path,
      text.replace(find, () => put),
    );
  }
  const options = { noEmit: false, noCheck: true, rootDir: folder, outDir: join(folder, 'out') };
  const config = join(folder, 'tsconfig.json');
  const main = join(folder, 'test/faults/main.ts');
  writeFileSync(
    config,
    JSON.stringify({ extends: '../tsconfig.json', compilerOptions: options, files: [main], include: [] }),
  );
  const built = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]);
  if (built.code !== 0) throw new Error(`the defect does not build: ${built.output}`);
  writeFileSync(join(folder, 'out/package.json'), '{"type":"module"}');
  const script = join(folder, 'out/test/faults/main.js');
  return run(process.execPath, [script, '--seed', '1', '--runs', String(seedsMax), '--stop-at', '1']);
}

describe('a planted defect is caught', () => {
  for (const [index, { name, harm }] of defects.entries()) {
    it(`${name}: ${harm}`, { timeout: 300_000 }, () => {
      const { code, output } = hunt(index);
      expect(code, output).toBe(1);
      process.stderr.write(`${name}: caught by ${output.split('\n')[0] ?? ''}\n`);
      expect(output).toMatch(/^seed \d+: /);
    });
  }
});
