import type { Readable } from 'node:stream';
import type { Redactor } from '../lib/redact.ts';

/** Where text goes. Writing never throws: a reader that went away is no failure of the command. */
export interface Outlet {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal at this moment; 0 where it is none. */
  columns(): number;
}

/** Where text comes from that somebody types, or another program writes. */
export interface Inlet {
  readonly isTerminal: boolean;
  /** Not before it is read: a stream that is opened for nothing keeps the process waiting. */
  open(): Readable;
}

/** All that a command knows of the process it runs in. */
export interface Surroundings {
  /** The arguments after the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  readonly stdin: Inlet;
  /** Results. */
  readonly stdout: Outlet;
  /** Logs, faults and everything else that is said to people. */
  readonly stderr: Outlet;
  /** Knows every secret that this process has read. */
  readonly redactor: Redactor;
  /** Aborts when the process is asked to end. */
  readonly stop: AbortSignal;
}
