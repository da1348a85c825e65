import { type Command, InvalidArgumentError, Option } from 'commander';
import { findNearest } from '../lib/nearest.ts';
import { type ReportFormat, reportFormats } from '../report/report.ts';

export type Format = 'text' | 'json';
/** Of the commands that check something. */
export type DocumentFormat = Format | ReportFormat;

/** As lib/log has them, which is too heavy for a help text. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

/** An option with a closed list of values; a typing error is told its nearest neighbour. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const [last = '', ...others] = [...choices].reverse();
  const all = `${others.reverse().join(', ')} or ${last}`;
  return new Option(flags, `${description}: ${all}`).argParser((value: string) => {
    if (choices.includes(value)) return value;
    const nearest = findNearest(value, choices);
    const question = nearest === undefined ? '' : `Did you mean ${nearest}? `;
    throw new InvalidArgumentError(`${question}It is ${all}`);
  });
}

/** `--format`, as on every command that has results. */
export function formatOption(): Option {
  return choiceOption('--format <format>', 'how results are written', ['text', 'json']).default('text');
}

/** `--format` of the commands that check something: their results are shown in other places, too. */
export function documentFormatOption(): Option {
  const formats = ['text', 'json', ...reportFormats];
  return choiceOption('--format <format>', 'how results are written', formats).default('text');
}

/** `--config`; it has no default here, so that a command can tell a named file from the usual one. */
export function configOption(): Option {
  return new Option('--config <file>', `the controller's configuration (default: ./${defaultConfigPath})`);
}

export const defaultConfigPath = 'snowgate.yaml';

/** Refuses two flags of one command that contradict each other. */
export function conflicting(command: Command, first: string, second: string): Command {
  const option = command.options.find(({ long }) => long === first);
  option?.conflicts(
    second.replace(/^--/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
  return command;
}
