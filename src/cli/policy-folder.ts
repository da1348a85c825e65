/** A folder of policies in a work tree, read as the controller would read it from a commit. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { folderMode, gitlinkMode, isRegularFile } from '../git/modes.ts';
import { selectPolicies } from '../git/policy-selection.ts';
import { showPath as showBytes } from '../git/source-path.ts';
import type { TreeEntry } from '../git/tree.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import { joinPath, listFolder } from './folder-entries.ts';
import {
  type FoundFile,
  findingOf,
  foldersMax,
  readBounded,
  showPath,
  unreadable,
  unusable,
} from './work-tree.ts';

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
  const shown = root === cwd ? '' : showPath(root, cwd);
  const read = await readPolicyFolder({ path: shown, full: root }, fileBytes);
  if (!read.ok || !isTest) return read;
  return ok({ ...read.value, tests: read.value.tests.filter((test) => test.full === full) });
}

const testName = /\.test\.ya?ml$/;

/**
 * Reads a folder and all below it; one whose path is empty is where the user stands. Links are never followed; what within it
 * cannot be read is a file with a problem. Faults: SG7002, SG7003, SG3071.
 */
export async function readPolicyFolder(folder: FoundFile, fileBytes: number): Promise<Result<PolicyFolder>> {
  const listed: Listed = { entries: [], unread: [] };
  try {
    const trouble = await list(Buffer.from(folder.full), Buffer.from(folder.path), 0, listed);
    if (trouble !== null) return failed(trouble);
  } catch (error) {
    return failed(unreadable(shownFolder(folder.path), error));
  }
  const { entries } = listed;
  const selected = selectPolicies(entries, { folder: folder.path, manifests: null }, fileBytes);
  if (!selected.ok) return selected;
  const files: PolicyFile[] = [...listed.unread];
  for (const candidate of selected.value) {
    if (candidate.kind === 'problem') {
      files.push(candidate.file);
      continue;
    }
    const { path, sizeBytes } = candidate;
    const read = await readBounded(fullOf(folder, path), path, sizeBytes);
    files.push(
      read.ok
        ? { path, blob: noBlob, content: { kind: 'bytes', bytes: read.value } }
        : unreadFile(path, read.fault),
    );
  }
  return ok({ files, tests: findTests(entries, folder) });
}

/** It may hold any policy. */
function unreadFile(path: string, reason: Fault): PolicyFile {
  return { path, blob: noBlob, content: { kind: 'unreadable', problem: findingOf(reason) } };
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

interface Listed {
  readonly entries: TreeEntry[];
  /** Folders that cannot be read. */
  readonly unread: PolicyFile[];
}

/** Paths are bytes here: a name that is no UTF-8 is a finding, and must not become another one. Throws of the outermost folder. */
async function list(full: Buffer, path: Buffer, depth: number, listed: Listed): Promise<Fault | null> {
  if (depth > foldersMax) return tooMany(showBytes(path).text, `is more than ${foldersMax} folders deep`);
  const content = await listFolder(full).catch((error: unknown) => {
    if (depth === 0) throw error;
    const shown = showBytes(path).text;
    listed.unread.push(unreadFile(shown, unreadable(shown, error)));
    return null;
  });
  if (content === null) return null;
  if (content.isRepository && depth > 0) {
    listed.entries.push({ mode: gitlinkMode, id: noBlob, sizeBytes: null, path });
    return null;
  }
  for (const { name, mode } of content.entries) {
    const child = joinPath(full, name);
    const childPath = joinPath(path, name);
    if (mode === folderMode) {
      const trouble = await list(child, childPath, depth + 1, listed);
      if (trouble !== null) return trouble;
    } else {
      const sizeBytes = isRegularFile(mode) ? ((await lstat(child).catch(() => null))?.size ?? 0) : null;
      listed.entries.push({ mode, id: noBlob, sizeBytes, path: childPath });
    }
    if (listed.entries.length > entriesMax)
      return tooMany(showBytes(path).text, `holds more than ${entriesMax} files`);
  }
  return null;
}

function tooMany(path: string, reason: string): Fault {
  const hint = 'name the folder that holds the policies';
  return fault('SG7003', 'human', `${shownFolder(path)} ${reason}`, hint);
}

function shownFolder(path: string): string {
  return path === '' ? '.' : path;
}
