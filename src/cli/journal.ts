import type { Journal } from '../controller/ports.ts';
import { createLog, type Level } from '../lib/log.ts';
import { colorsFor } from './print.ts';
import type { Surroundings } from './surroundings.ts';

/** The log of a command that runs a controller: JSON lines on stderr, or lines for people on a terminal. */
export function openJournal(level: Level, replica: string, world: Surroundings): Journal {
  const colour = colorsFor(world.stderr, world.env).isColorSupported;
  return createLog({
    level,
    base: { replica, version: world.version },
    redactor: world.redactor,
    destination: { write: (line) => world.stderr.write(line) },
    pretty: world.stderr.isTerminal ? { colour } : false,
  });
}
