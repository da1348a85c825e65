/** Whether a command line is one that the program takes, without running it. */
import { Command, CommanderError } from 'commander';
import { addCommands } from '../../src/cli/commands.ts';
import { quietSurroundings } from '../cli/terminal.ts';

/** Why `snowgate ...argv` would be refused; null where it would be run. */
export function findMisuse(argv: readonly string[]): string | null {
  const program = new Command('snowgate').exitOverride().configureOutput({
    writeOut: () => undefined,
    writeErr: () => undefined,
  });
  program.version('0').helpCommand('help [command]', '');
  addCommands(program, quietSurroundings([]).world, () => undefined);
  disarm(program);
  try {
    program.parse([...argv], { from: 'user' });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.code === 'commander.helpDisplayed' || error.code === 'commander.version'
      ? null
      : `${error.code.replace('commander.', '')}: ${error.message}`;
  }
}

/** Nothing is done where a command is parsed. */
function disarm(command: Command): void {
  for (const child of command.commands) {
    if (child.commands.length === 0) child.action(() => undefined);
    disarm(child);
  }
}
