/**
 * Which configuration a plan of a merge goes by. One that lies in the repository is read at the base: a pull request could
 * otherwise have the ledger's token sent to a server of its own.
 */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { ControllerConfig } from '../config/config.ts';
import type { Clone } from '../git/clone.ts';
import { ok, type Result } from '../lib/faults.ts';
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
    return stopBy(path === undefined ? noConfig(found.fault) : found.fault, exitCodes.usage, world);
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
    const bytes = before.value ?? after.value;
    if (bytes !== null) {
      const from = before.value === null ? 'head' : 'base';
      const isChanged = after.value === null || Buffer.compare(bytes, after.value) !== 0;
      return ok({ read: checkConfig(bytes, shown, full), from, isChanged });
    }
  }
  const read = await readConfig(shown, world);
  return read.ok ? ok({ read: read.value, from: 'disk', isChanged: false }) : read;
}

/** The path of a file from the root of a work tree, with forward slashes; null where it lies outside. */
async function pathInside(full: string, root: string | null): Promise<string | null> {
  if (root === null) return null;
  // The clone names its root without symbolic links; a folder that is not there has no file in it either.
  const folder = await realpath(dirname(full)).catch(() => dirname(full));
  const near = relative(root, resolve(folder, basename(full)));
  const isOutside = near === '..' || near.startsWith(`..${sep}`) || isAbsolute(near);
  return isOutside ? null : near.split(sep).join('/');
}
