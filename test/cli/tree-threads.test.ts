/** Threads are the built program's: they read as one would. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { FoundFile } from '../../src/cli/work-tree.ts';
import { makeFolder, removeFolders, taskText } from './folder.ts';
import { rememberingOutlet } from './terminal.ts';

const built = new URL('../../dist/cli/', import.meta.url).href;
const { readParts } = (await import(
  `${built}tree-reading.js`
)) as typeof import('../../src/cli/tree-reading.ts');
const { readInThreads } = (await import(
  `${built}tree-threads.js`
)) as typeof import('../../src/cli/tree-threads.ts');

const limits = { fileBytes: 4_096, documentsPerFile: 3, depth: 8 };

afterEach(removeFolders);

function surroundings(stop = new AbortController().signal) {
  return { stop, stderr: rememberingOutlet(), env: {} };
}

function write(files: readonly (readonly [string, string | Uint8Array])[]): FoundFile[] {
  const { dir } = makeFolder();
  return files.map(([path, content]) => {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    return path.startsWith('tasks/') ? { path, full, isManifest: true } : { path, full };
  });
}

const content = fc.oneof(
  { weight: 4, arbitrary: fc.nat(50).map((number) => taskText(`t-${number}`)) },
  fc.constantFrom(
    'kind: Task\nspec: [',
    'kind: Window\nmetadata: {name: w}\n',
    'kind: Controller\n',
    'kind: PolicyTest\n',
    '&a [*a]\n',
    `${taskText('x')}---\n${taskText('y', { comand: 'x' })}`,
    'x'.repeat(5_000),
    '',
  ),
  fc.uint8Array({ maxLength: 40 }),
);

describe('files read by threads', () => {
  it('are what one thread reads, in the same order', { timeout: 120_000 }, async () => {
    const name = fc.constantFrom('a', 'ß', 'two words', '\u202e', '-rf', "'", '\n');
    const drawn = fc.array(fc.tuple(name, content), { minLength: 301, maxLength: 420 });
    await fc.assert(
      fc.asyncProperty(drawn, fc.constantFrom('tasks', 'other'), async (entries, folder) => {
        const files = write(
          entries.map(([part, text], index) => [`${folder}/${index}${part}.yaml`, text] as const),
        );
        const one = await readParts(files, limits, surroundings(), 1);
        const three = await readParts(files, limits, surroundings(), 3);
        // As between threads: a Buffer arrives as the array that it is.
        expect(one.ok).toBe(true);
        expect(three).toEqual(structuredClone(one));
        removeFolders();
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });

  it('end with the first in order that is named and cannot be read', async () => {
    const found = write(Array.from({ length: 500 }, (_, index) => [`tasks/${index}.yaml`, taskText('a')]));
    const files = found.map((file): FoundFile => ({ ...file, isNamed: true }));
    for (const index of [499, 250, 120]) rmSync(files[index]?.full ?? '');
    symlinkSync('nowhere', files[250]?.full ?? '');
    const answers = [];
    for (const threads of [1, 2]) answers.push(await readParts(files, limits, surroundings(), threads));
    expect(answers[0]).toMatchObject({ fault: { code: 'SG7002', message: 'tasks/120.yaml does not exist' } });
    expect(answers[1]).toEqual(answers[0]);
  });

  it('are not checked when the command is asked to end, before or amid', async () => {
    const files = write(Array.from({ length: 900 }, (_, index) => [`tasks/${index}.yaml`, taskText('a')]));
    for (const threads of [1, 2]) {
      const before = await readParts(files, limits, surroundings(AbortSignal.abort()), threads);
      expect(before).toMatchObject({ ok: false, fault: { code: 'SG7023' } });
    }
    const stop = new AbortController();
    const chunks = files.map((file) => [file]);
    const read = await readInThreads(chunks, limits, 2, stop.signal, () => stop.abort());
    expect(read.length).toBeLessThan(files.length);
  });

  it('that a thread fails at are a bug, and no pass', async () => {
    const files = write([['tasks/a.yaml', taskText('a')]]);
    const broken = null as unknown as typeof limits;
    const signal = new AbortController().signal;
    await expect(readInThreads([files, files], broken, 2, signal, () => undefined)).rejects.toThrow(
      'a reading thread failed',
    );
  });
});
