import type { Command } from 'commander';
import { Option } from 'commander';
import { simulatorFlags } from '../simulator/options.ts';
import type { ExitCode } from './exit-codes.ts';
import { type Format, formatOption } from './options.ts';
import type { Surroundings } from './surroundings.ts';

/** Called once, with how the command ended. */
export type End = (exit: ExitCode) => void;

/** Adds every command. The code behind one is loaded when it runs: help and typing errors wait for no AWS client. */
export function addCommands(program: Command, world: Surroundings, end: End): void {
  addWorkTreeCommands(program, world, end);
  addSimulate(program, world, end);
}

function addWorkTreeCommands(program: Command, world: Surroundings, end: End): void {
  program
    .command('validate')
    .summary('check manifests and configuration, offline')
    .description(
      'Checks manifests, and a controller configuration where one is named or found, without any network.',
    )
    .argument('[path...]', 'files and folders (default: tasks, and ./snowgate.yaml where it is)')
    .addOption(formatOption())
    .action(async (paths: string[], options: { format: Format }) => {
      const { validate } = await import('./validate.ts');
      end(await validate(paths, options, world));
    });
  program
    .command('token')
    .summary("print each manifest's clientToken")
    .description('Prints the clientToken, fleet and name of each manifest.')
    .argument('<file...>', 'manifest files')
    .option('--canonical', 'print the canonical JSON that the token is the SHA-256 of (one document)')
    .addOption(formatOption())
    .action(async (paths: string[], options: { canonical?: true; format: Format }) => {
      const { token } = await import('./token.ts');
      end(await token(paths, options, world));
    });
}

function addSimulate(program: Command, world: Surroundings, end: End): void {
  const command = program
    .command('simulate')
    .summary('run a simulated Snow Device Management')
    .description(
      'Serves a simulated Snow Device Management on a loopback port, until the process is asked to end.',
    )
    .action(async (written: Record<string, unknown>) => {
      const { simulate } = await import('./simulate.ts');
      end(await simulate(written, world));
    });
  for (const { flags, description, repeatable } of simulatorFlags) {
    const option = new Option(flags, description);
    if (repeatable === true) option.argParser((value: string, earlier: string[] = []) => [...earlier, value]);
    command.addOption(option);
  }
}
