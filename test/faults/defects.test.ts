/** The suite that catches nothing proves nothing: each planted defect must be caught, and the seed is named. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defects } from './defects.ts';

const root = resolve(import.meta.dirname, '../..');
const workshop = mkdtempSync(join(tmpdir(), 'snowgate-defects-'));
/** Each is caught within the first 400; the bound leaves room for changes elsewhere that shift the draws. */
const seedsMax = 2_000;
/** Of one process, beside another and on a busy machine. */
const huntMs = 300_000;

beforeAll(() => {
  symlinkSync(join(root, 'node_modules'), join(workshop, 'node_modules'));
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(root, file), join(workshop, file));
});

afterAll(() => rmSync(workshop, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((settle, fail) => {
    const child = spawn(command, args, {
      cwd: workshop,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: huntMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', fail).on('close', (code) => settle({ code, output }));
  });
}

/** Builds src/ and the simulation with the defect in them, and runs seeds until one fails. */
async function hunt(index: number): Promise<Ended> {
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
  const built = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]);
  if (built.code !== 0) throw new Error(`the defect does not build: ${built.output}`);
  writeFileSync(join(folder, 'out/package.json'), '{"type":"module"}');
  const script = join(folder, 'out/test/faults/main.js');
  return run(process.execPath, [
    script,
    '--seed',
    String(defect.from ?? 1),
    '--runs',
    String(seedsMax),
    '--stop-at',
    '1',
  ]);
}

/** Each hunt is one process that keeps one core busy: two beside each other, and the others wait for their turn. */
const huntersMax = 2;
let hunters = 0;
const queue: (() => void)[] = [];

async function inTurn<T>(act: () => Promise<T>): Promise<T> {
  if (hunters >= huntersMax) await new Promise<void>((go) => queue.push(go));
  else hunters += 1;
  try {
    return await act();
  } finally {
    // The turn is handed on, or given back.
    const next = queue.shift();
    if (next === undefined) hunters -= 1;
    else next();
  }
}

describe('a planted defect is caught', () => {
  for (const [index, { name, harm }] of defects.entries()) {
    it.concurrent(`${name}: ${harm}`, { timeout: defects.length * huntMs }, async () => {
      const { code, output } = await inTurn(() => hunt(index));
      expect(code, output).toBe(1);
      process.stderr.write(`${name}: caught by ${output.split('\n')[0] ?? ''}\n`);
      expect(output).toMatch(/^seed \d+: /);
    });
  }
});
