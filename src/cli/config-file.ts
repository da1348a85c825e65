import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { ControllerConfig } from '../config/config.ts';
import { resolveConfig } from '../config/resolve.ts';
import { ok, type Result } from '../lib/faults.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import type { Surroundings } from './surroundings.ts';
import { configBytesMax, readBounded } from './work-tree.ts';

export interface ReadConfig {
  readonly path: string;
  /** Null where there are errors. */
  readonly config: ControllerConfig | null;
  readonly problems: readonly PlacedProblem[];
}

/** Reads and checks a configuration. Fault: SG7002, it cannot be read at all. */
export async function readConfig(path: string, world: Surroundings): Promise<Result<ReadConfig>> {
  const full = resolve(world.cwd, path);
  const bytes = await readBounded(full, path, configBytesMax);
  if (!bytes.ok) return bytes;
  return ok(checkConfig(bytes.value, path, full));
}

/** Checks the text of a configuration that lies at `full`. */
export function checkConfig(bytes: Uint8Array, path: string, full: string): ReadConfig {
  const answer = resolveConfig(bytes, { hostName: hostname(), baseDir: dirname(full) });
  const listed = answer.ok ? answer.warnings : answer.problems;
  const problems = listed.map(({ line, column, ...problem }) => ({
    ...problem,
    place: { path, line, column },
  }));
  return { path, config: answer.ok ? answer.config : null, problems };
}
