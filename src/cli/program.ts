import { Command, CommanderError } from 'commander';
import { fault } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import { addCommands } from './commands.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { plain, printFault } from './print.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Runs the command that the arguments name, to its end, and says how it ended. Rejects only for a bug of ours, which
 * the caller tells through {@link reportBug}.
 */
export async function runProgram(world: Surroundings): Promise<ExitCode> {
  let exit: ExitCode = exitCodes.done;
  const program = createProgram(world);
  program.hook('preAction', (_, command) => refuseEmptyPaths(command));
  addCommands(program, world, (code) => {
    exit = code;
  });
  try {
    refuseUnknownHelp(program, world.argv);
    await program.parseAsync([...world.argv], { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return concludeUsage(error, world);
    return reportBug(error, world);
  }
}

/** commander answers `help NONSENSE` by the whole help, as if nothing were wrong. */
function refuseUnknownHelp(program: Command, [first, second]: readonly string[]): void {
  const names = program.commands.map((command) => command.name());
  if (first !== 'help' || second === undefined || names.includes(second)) return;
  const nearest = findNearest(second, names);
  const question = nearest === undefined ? '' : `\n(Did you mean ${nearest}?)`;
  throw new CommanderError(
    exitCodes.usage,
    'commander.unknownCommand',
    `unknown command '${second}'${question}`,
  );
}

const emptyPath = 'snowgate.emptyPath';
/** What the help calls a path: every argument and option of such a name is one. */
const pathNames = /^<?\[?(?:path|file|dir)\b/;

/** An empty path is an unset variable of some shell: a path library takes it for the folder that the user stands in. */
function refuseEmptyPaths(command: Command): void {
  const named = command.registeredArguments.flatMap((argument, index) =>
    pathNames.test(argument.name()) ? [command.processedArgs[index]].flat() : [],
  );
  const given = command.options.flatMap((option) => {
    const placeholder = option.flags.slice(option.flags.lastIndexOf(' ') + 1);
    return pathNames.test(placeholder) ? [command.getOptionValue(option.attributeName())].flat() : [];
  });
  if (![...named, ...given].includes('')) return;
  throw new CommanderError(exitCodes.usage, emptyPath, '"" is no path');
}

/** Tells an unexpected exception in one line, or with its stack where SNOWGATE_DEBUG is set; exit code 70. */
export function reportBug(error: unknown, world: Surroundings): ExitCode {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const hint = `this is a bug of snowgate ${world.version}: please report it, with what SNOWGATE_DEBUG=1 shows`;
  printFault(fault('SG7000', 'human', `unexpected ${reason.split('\n')[0]}`, hint), world);
  const debug = (world.env.SNOWGATE_DEBUG ?? '') !== '';
  if (debug && error instanceof Error) {
    const lines = world.redactor.redact(describeStack(error)).split('\n');
    world.stderr.write(lines.map((line) => `${plain(line)}\n`).join(''));
  }
  return exitCodes.bug;
}

/** Tells that what a command printed was not written whole: whoever reads it would take it for all. */
export function reportLostOutput(reason: string, world: Surroundings): ExitCode {
  const hint =
    'make room, or write it elsewhere, and run the command again: what was written is cut somewhere';
  printFault(fault('SG7024', 'human', `the output could not be written whole (${reason})`, hint), world);
  return exitCodes.unreachable;
}

function describeStack(error: Error): string {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\ncaused by ${describeStack(error.cause)}` : stack;
}

function createProgram(world: Surroundings): Command {
  return new Command('snowgate')
    .description('Asks AWS Snow Device Management for exactly what was merged, once.')
    .version(`snowgate ${world.version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError()
    .configureHelp({ minWidthToWrap: 20 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      // Usage errors are told by concludeUsage, as every other fault is.
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(world.stdout.columns()),
      getErrHelpWidth: () => helpWidth(world.stderr.columns()),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** Lines longer than 100 characters are hard to read on any terminal. */
function helpWidth(columns: number): number {
  return columns === 0 ? 80 : Math.min(columns, 100);
}

function concludeUsage(error: CommanderError, world: Surroundings): ExitCode {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return exitCodes.done;
  // Help that was not asked for: a command without its subcommand. It was printed to stderr.
  if (error.code === 'commander.help') return world.argv.includes('help') ? exitCodes.done : exitCodes.usage;
  if (error.code === emptyPath) {
    const hint = 'name a file or folder; a variable of the shell may be empty';
    printFault(fault('SG7002', 'human', error.message, hint), world);
    return exitCodes.usage;
  }
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const [, what = message, found = usualHint(world.argv)] =
    /^(.*?)\.? *\(?((?:Did you mean|It is) .*?)\)?$/.exec(message) ?? [];
  printFault(
    fault('SG7001', 'human', what.replace(/\.$/, ''), found.charAt(0).toLowerCase() + found.slice(1)),
    world,
  );
  return exitCodes.usage;
}

function usualHint([first]: readonly string[]): string {
  const isEarly = first?.startsWith('-') === true;
  return isEarly
    ? 'flags come after the command: snowgate COMMAND --flag'
    : 'snowgate help lists the commands and their flags';
}
