import { type Command, InvalidArgumentError, Option } from 'commander';
import { findNearest } from '../lib/nearest.ts';

export type Format = 'text' | 'json';

/** As lib/log has them, which is too heavy for a help text. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** An option with a closed list of values; a typing error is told its nearest neighbour. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, `${description}: ${choices.join(' or ')}`).argParser((value: string) => {
    if (choices.includes(value)) return value;
    const nearest = findNearest(value, choices);
    const question = nearest === undefined ? '' : `Did you mean ${nearest}? `;
    throw new InvalidArgumentError(`${question}It is ${choices.join(' or ')}`);
  });
}

/** `--format`, as on every command that has results. */
export function formatOption(): Option {
  return choiceOption('--format <format>', 'how results are written', ['text', 'json']).default('text');
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
