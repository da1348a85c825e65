/** Answers, files and folders for the tests of `init` and `new task`. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InitAnswers } from '../../src/cli/init-answers.ts';
import { libraryFiles, type PackageTexts } from '../../src/cli/init-files.ts';
import { copiedSchemas } from '../../src/cli/init-texts.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the package. */
export function packageText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** What the package brings, without a workflow. */
export function packageTexts(): PackageTexts {
  const read = (folder: string, names: readonly string[]) =>
    new Map(names.map((name) => [name, packageText(`${folder}/${name}`)]));
  return {
    policies: read('policies', libraryFiles),
    schemas: read('schemas', copiedSchemas),
    workflow: null,
  };
}

/** Answers that could be anybody's, but for what is said otherwise. */
export function answersWith(change: Partial<InitAnswers> = {}): InitAnswers {
  return {
    fleets: [{ name: 'north-sea', region: 'eu-west-1', account: '111122223333', labels: {} }],
    timeZone: 'Europe/Oslo',
    window: 'nights',
    policies: [],
    forge: 'github',
    sourceUrl: 'https://git.example.com/acme/tasks.git',
    ledgerUrl: 'https://git.example.com/acme/tasks-ledger.git',
    taskOwners: [],
    policyOwners: [],
    year: 2026,
    ...change,
  };
}

/** Every path below a folder, in order; links and what is no file are marked. */
export function treeOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.git/') && path !== '.git')
    .flatMap((path) => {
      const found = lstatSync(join(dir, path));
      if (found.isDirectory()) return [];
      return [found.isFile() ? path : `${path} (no file)`];
    })
    .sort();
}

/** The least that `init` needs to be told. */
export const leastFlags = [
  '--fleet',
  'north-sea:eu-west-1:111122223333',
  '--time-zone',
  'Europe/Oslo',
  '--forge',
  'none',
];
