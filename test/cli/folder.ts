import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Folder {
  readonly dir: string;
  write(path: string, content: string | Uint8Array): string;
  remove(): void;
}

const made: Folder[] = [];

/** Removes every folder that this test file has made. */
export function removeFolders(): void {
  for (const folder of made.splice(0)) folder.remove();
}

/** A temporary folder with some files. */
export function makeFolder(files: Readonly<Record<string, string>> = {}): Folder {
  const dir = mkdtempSync(join(tmpdir(), 'snowgate-test-cli-'));
  const write = (path: string, content: string | Uint8Array): string => {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    return full;
  };
  for (const [path, content] of Object.entries(files)) write(path, content);
  const folder = { dir, write, remove: () => rmSync(dir, { recursive: true, force: true }) };
  made.push(folder);
  return folder;
}

/** A valid manifest, but for what is said otherwise. */
export function taskText(name = 'unlock-a', spec: Readonly<Record<string, unknown>> = {}): string {
  const full = { fleet: 'lab', command: 'unlock', targets: ['smd-iq2pogbjsf2jpc2j'], ...spec };
  const lines = Object.entries(full).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return `apiVersion: snowgate/v1\nkind: Task\nmetadata:\n  name: ${name}\nspec:\n${lines.join('')}`;
}
