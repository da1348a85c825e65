/**
 * Which configuration a plan of a merge goes by. One that lies in the repository is read at the base: a pull request could
 * otherwise have the ledger's token sent to a server of its own.
 */
import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { ControllerConfig } from '../config/config.ts';
import type { Clone, FileAt } from '../git/clone.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { checkConfig, type ReadConfig, readConfig } from './config-file.ts';
import { noConfig, type Ready, stopBy } from './configuration.ts';
import { exitCodes } from './exit-codes.ts';
import { defaultConfigPath } from './options.ts';
import { colorsFor, formatProblem } from './print.ts';
import type { Surroundings } from './surroundings.ts';
import { configBytesMax } from './work-tree.ts';

export interface MergeConfig {
  readonly config: ControllerConfig;
  /**
   * - base: as it is at the base
   * - head: the merge brings it, so that nobody has reviewed it yet: no server is asked that it names
   * - disk: it lies outside of the repository, or is none of its files
   */
  readonly from: 'base' | 'head' | 'disk';
  /** Whether the merge changes it. */
  readonly isChanged: boolean;
}

/** Finds and checks it; what is wrong with it has been printed. */
export async function loadMergeConfig(
  path: string | undefined,
  clone: Clone,
  commits: { readonly base: string; readonly merge: string },
  world: Surroundings,
): Promise<Ready<MergeConfig>> {
  const shown = path ?? defaultConfigPath;
  const full = resolve(world.cwd, shown);
  const inside = await pathInside(full, clone.root);
  const found = await readWhere(shown, full, inside, clone, commits, world);
  if (!found.ok) {
    const isMissing = path === undefined && found.fault.code === 'SG7002';
    return stopBy(isMissing ? noConfig(found.fault) : found.fault, exitCodes.usage, world);
  }
  const { read, from, isChanged } = found.value;
  const colors = colorsFor(world.stderr, world.env);
  for (const problem of read.problems) world.stderr.write(formatProblem(problem, colors));
  if (read.config === null) return { ok: false, exit: exitCodes.usage };
  return { ok: true, value: { config: read.config, from, isChanged } };
}

async function readWhere(
  shown: string,
  full: string,
  inside: string | null,
  clone: Clone,
  { base, merge }: { readonly base: string; readonly merge: string },
  world: Surroundings,
): Promise<Result<Omit<MergeConfig, 'config'> & { readonly read: ReadConfig }>> {
  if (inside !== null) {
    const before = await clone.readFile(base, inside, configBytesMax);
    if (!before.ok) return before;
    const after = await clone.readFile(merge, inside, configBytesMax);
    if (!after.ok) return after;
    // Behind a link lies what the pull request makes of it, and on the disk its link is followed.
    const isLinked =
      before.value.kind === 'link' || after.value.kind === 'link' || (await passesLink(clone, inside));
    if (isLinked) return failed(linked(shown));
    const isChanged = !isSame(before.value, after.value);
    if (before.value.kind === 'file')
      return ok({ read: checkConfig(before.value.bytes, shown, full), from: 'base', isChanged });
    if (after.value.kind === 'file')
      return ok({ read: checkConfig(after.value.bytes, shown, full), from: 'head', isChanged });
    // The work tree may be of yet another commit, whose files nobody has reviewed either.
    const here = await clone.resolve('HEAD');
    const checkedOut = here.ok ? await clone.readFile(here.value, inside, configBytesMax) : null;
    if (checkedOut?.ok === true && checkedOut.value.kind === 'file')
      return ok({ read: checkConfig(checkedOut.value.bytes, shown, full), from: 'head', isChanged: true });
  }
  const read = await readConfig(shown, world);
  return read.ok ? ok({ read: read.value, from: 'disk', isChanged: false }) : read;
}

function isSame(before: FileAt, after: FileAt): boolean {
  if (before.kind !== 'file' || after.kind !== 'file') return before.kind === after.kind;
  return Buffer.compare(before.bytes, after.bytes) === 0;
}

/** Whether the path passes a symbolic link of the work tree. */
async function passesLink({ root }: Clone, inside: string): Promise<boolean> {
  const parts = inside.split('/');
  for (let length = 1; length <= parts.length; length += 1) {
    const found = await lstat(resolve(root ?? '', ...parts.slice(0, length))).catch(() => null);
    if (found?.isSymbolicLink() === true) return true;
  }
  return false;
}

/**
 * The path of a file from the root of a work tree, with forward slashes, by its words: links below the root are not followed,
 * which a pull request could point anywhere. Null where it lies outside.
 */
async function pathInside(full: string, root: string | null): Promise<string | null> {
  if (root === null) return null;
  const parts = full.split(sep);
  for (let length = 1; length < parts.length; length += 1) {
    const above = parts.slice(0, length).join(sep) || sep;
    // The clone names its root without links, and may be reached through some.
    const real = await realpath(above).catch(() => null);
    if (real === null) return null;
    const near = relative(root, real);
    if (near === '..' || near.startsWith(`..${sep}`) || isAbsolute(near)) continue;
    return [...near.split(sep), ...parts.slice(length)].filter((part) => part !== '').join('/');
  }
  return null;
}

function linked(shown: string): Fault {
  return fault(
    'SG7075',
    'human',
    `${shown} is reached through a symbolic link or a submodule in the repository`,
    'name the file itself with --config, or one outside of the repository',
  );
}
