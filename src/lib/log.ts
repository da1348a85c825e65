import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { boundText, escapeLog } from './escape.ts';
import type { Redactor } from './redact.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

type FieldValue = string | number | boolean | null | undefined | readonly string[];

/** One line for each event that an operator cares about. `event` is a fixed phrase; what varies is in the fields. */
export interface LineWriter {
  write(level: Level, event: string, fields?: Readonly<Record<string, FieldValue>>): void;
}

export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: Level;
  /** On every line: replica, version and the like. */
  readonly base: Readonly<Record<string, string>>;
  readonly redactor: Redactor;
  /** Where the lines go, as bytes. Each call is one whole line with its final newline. */
  readonly destination: DestinationStream;
  /** Lines for people instead of JSON, with colours where the terminal has them. */
  readonly pretty: false | { readonly colour: boolean };
}

/** One text of one line. A stack of git's errors fits; an attacker's page does not fill the disk. */
const textLengthMax = 4096;
const listLengthMax = 100;

/** Names that pino writes itself: a field of that name would stand twice in the line. */
const reserved = new Set(['level', 'time', 'event']);

/**
 * The log. Every text, the event's phrase included, is redacted and then escaped here and nowhere else, so that no
 * caller can forget it. Writing never throws: a log that nobody takes any more stops nothing. Where stderr is a pipe
 * whose reader is slow, it waits for that reader, as Node does on Linux.
 */
export function createLog(options: LogOptions): LineWriter {
  const logger: Logger = pino(
    {
      level: options.level,
      base: cleanFields(options.base, options.redactor),
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.pretty === false ? options.destination : prettyStream(options.destination, options.pretty.colour),
  );
  return {
    write(level, event, fields) {
      if (!logger.isLevelEnabled(level)) return;
      logger[level](cleanFields(fields ?? {}, options.redactor), cleanText(event, options.redactor));
    },
  };
}

function prettyStream(destination: DestinationStream, colour: boolean): DestinationStream {
  const pretty = PinoPretty.prettyFactory({
    colorize: colour,
    messageKey: 'event',
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'replica,run,version',
    singleLine: true,
  });
  return {
    write(line) {
      const text = pretty(line);
      if (typeof text === 'string') destination.write(text);
    },
  };
}

function cleanFields(
  fields: Readonly<Record<string, FieldValue>>,
  redactor: Redactor,
): Record<string, FieldValue> {
  const clean: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    clean[reserved.has(name) ? `${name}_` : name] = cleanValue(value, redactor);
  }
  return clean;
}

function cleanValue(value: FieldValue, redactor: Redactor): FieldValue {
  if (typeof value === 'string') return cleanText(value, redactor);
  if (typeof value !== 'object' || value === null) return value;
  const shown = value.slice(0, listLengthMax).map((text) => cleanText(text, redactor));
  return value.length > listLengthMax ? [...shown, `and ${value.length - listLengthMax} more`] : shown;
}

function cleanText(text: string, redactor: Redactor): string {
  // Cut last: of a secret across an earlier cut the beginning would be shown.
  return boundText(escapeLog(redactor.redact(text)), textLengthMax);
}
