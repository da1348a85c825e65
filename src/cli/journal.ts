import type { Journal } from '../controller/ports.ts';
import { createLog, type Level } from '../lib/log.ts';
import type { LogFormat } from './options.ts';
import { colorsFor } from './print.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * The log of a command that runs a controller, on stderr: JSON lines, or lines for people. Where no format is asked for, it is
 * that of whoever reads: people on a terminal, programs elsewhere.
 */
export function openJournal(
  level: Level,
  replica: string,
  world: Surroundings,
  format: LogFormat = world.stderr.isTerminal ? 'pretty' : 'json',
): Journal {
  const colour = colorsFor(world.stderr, world.env).isColorSupported;
  return createLog({
    level,
    base: { replica, version: world.version },
    redactor: world.redactor,
    destination: { write: (line) => world.stderr.write(line) },
    pretty: format === 'pretty' ? { colour } : false,
  });
}
