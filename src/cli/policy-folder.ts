/** A folder of policies in a work tree, read as the controller would read it from a commit. */
import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { selectPolicies } from '../git/policy-selection.ts';
import { gitlinkMode, isRegularFile, symbolicLinkMode } from '../git/source-files.ts';
import type { TreeEntry } from '../git/tree.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import { type FoundFile, foldersMax, readBounded, showPath, unreadable, unusable } from './work-tree.ts';

/** As many entries as the controller looks at. */
const entriesMax = 10_000;
/** Of what git would give it no blob id is known here, and none is needed. */
const noBlob = '';

/** What lies in a folder of policies. */
export interface PolicyFolder {
  /** In the order of their paths; what cannot be a policy is a file with a problem. */
  readonly files: readonly PolicyFile[];
  /** Files `*.test.yaml`, which decide nothing. */
  readonly tests: readonly FoundFile[];
}

/**
 * Reads the policies of a folder that is named, or of the folder of a file of tests that is. Faults: SG7002 (what cannot
 * be read, or is neither), SG7003 (too many, too deep), SG3071 (more policies than the controller reads).
 */
export async function readPolicyTree(
  path: string,
  cwd: string,
  fileBytes: number,
): Promise<Result<PolicyFolder>> {
  if (path === '') return failed(unusable('""', 'is no path'));
  const full = resolve(cwd, path);
  let found: Stats;
  try {
    found = await lstat(full);
  } catch (error) {
    return failed(unreadable(path, error));
  }
  const isTest = found.isFile() && testName.test(full);
  if (!found.isDirectory() && !isTest) {
    return failed(unusable(path, 'is neither a folder of policies nor a file *.test.yaml'));
  }
  const root = isTest ? dirname(full) : full;
  const read = await readPolicyFolder({ path: showPath(root, cwd), full: root }, fileBytes);
  if (!read.ok || !isTest) return read;
  return ok({ ...read.value, tests: read.value.tests.filter((test) => test.full === full) });
}

const testName = /\.test\.ya?ml$/;

/** Reads a folder and all below it. Links are never followed. Faults: SG7002, SG7003, SG3071. */
export async function readPolicyFolder(folder: FoundFile, fileBytes: number): Promise<Result<PolicyFolder>> {
  const entries: TreeEntry[] = [];
  try {
    const trouble = await list(Buffer.from(folder.full), Buffer.from(folder.path), 0, entries);
    if (trouble !== null) return failed(trouble);
  } catch (error) {
    return failed(unreadable(folder.path, error));
  }
  const selected = selectPolicies(entries, { folder: folder.path, manifests: null }, fileBytes);
  if (!selected.ok) return selected;
  const files: PolicyFile[] = [];
  for (const candidate of selected.value) {
    if (candidate.kind === 'problem') {
      files.push(candidate.file);
      continue;
    }
    const { path, sizeBytes } = candidate;
    const bytes = await readBounded(fullOf(folder, path), path, sizeBytes);
    if (!bytes.ok) return bytes;
    files.push({ path, blob: noBlob, content: { kind: 'bytes', bytes: bytes.value } });
  }
  return ok({ files, tests: findTests(entries, folder) });
}

function findTests(entries: readonly TreeEntry[], folder: FoundFile): FoundFile[] {
  return entries
    .filter(({ mode }) => isRegularFile(mode))
    .map(({ path }) => path.toString('utf8'))
    .filter((path) => testName.test(path))
    .sort()
    .map((path) => ({ path, full: fullOf(folder, path) }));
}

function fullOf(folder: FoundFile, path: string): string {
  return join(folder.full, path.slice(folder.path.length));
}

/** Paths are bytes here: a name that is no UTF-8 is a finding, and must not become another one. */
async function list(full: Buffer, path: Buffer, depth: number, entries: TreeEntry[]): Promise<Fault | null> {
  if (depth > foldersMax) return tooMany(path.toString('utf8'), `is more than ${foldersMax} folders deep`);
  const found = await readdir(full, { encoding: 'buffer', withFileTypes: true });
  const gitName = found.find(({ name }) => name.toString('utf8') === '.git');
  if (gitName !== undefined && depth > 0) {
    entries.push({ mode: gitlinkMode, id: noBlob, sizeBytes: null, path });
    return null;
  }
  for (const entry of found) {
    const child = Buffer.concat([full, slash, entry.name]);
    const childPath = Buffer.concat([path, slash, entry.name]);
    if (entry.isDirectory() && entry !== gitName) {
      const trouble = await list(child, childPath, depth + 1, entries);
      if (trouble !== null) return trouble;
    } else if (entry.isSymbolicLink()) {
      entries.push({ mode: symbolicLinkMode, id: noBlob, sizeBytes: null, path: childPath });
    } else if (entry.isFile()) {
      const { size } = await lstat(child);
      entries.push({ mode: '100644', id: noBlob, sizeBytes: size, path: childPath });
    }
    if (entries.length > entriesMax)
      return tooMany(path.toString('utf8'), `holds more than ${entriesMax} files`);
  }
  return null;
}

const slash = Buffer.from('/');

function tooMany(path: string, reason: string): Fault {
  return fault('SG7003', 'human', `${path} ${reason}`, 'name the folder that holds the policies');
}
