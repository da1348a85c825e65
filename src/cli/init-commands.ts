import type { Command } from 'commander';
import type { End } from './exit-codes.ts';
import type { InitOptions } from './init-options.ts';
import { choiceOption, formatOption } from './options.ts';
import type { Surroundings } from './surroundings.ts';

function repeated(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** Adds `init`, and `new` with its command. */
export function addInitCommands(program: Command, world: Surroundings, end: End): void {
  program
    .command('init')
    .summary('make a task repository')
    .description(
      'Makes a new task repository: folders, a window, policies with their tests, a configuration, an example of a task, code owners and a workflow. Asks on a terminal for what the flags leave open. Never overwrites anything.',
    )
    .argument('[dir]', 'its folder (default: this one)')
    .option(
      '--fleet <fleet>',
      'NAME:REGION:ACCOUNT, or with labels NAME:REGION:ACCOUNT:env=production; may be repeated',
      repeated,
    )
    .option('--time-zone <zone>', 'where the maintenance window is, such as Europe/Oslo')
    .addOption(
      choiceOption('--window <window>', 'when devices may be worked on (default: nights)', [
        'nights',
        'weekends',
        'weekday-mornings',
      ]),
    )
    .option('--policies <names>', 'which of the policies of this package, or none (default: those that fit)')
    .addOption(
      choiceOption('--forge <forge>', 'where pull requests are made', ['github', 'gitlab', 'gitea', 'none']),
    )
    .option('--source <url>', 'the repository of the tasks (default: the remote origin)')
    .option('--ledger <url>', "the ledger's repository (default: one beside that of the tasks)")
    .option('--task-owners <owners>', 'who reviews tasks: @accounts or @teams')
    .option('--policy-owners <owners>', 'who reviews policies and the configuration')
    .option('--yes', 'ask nothing: take the defaults for what the flags leave open')
    .addOption(formatOption())
    .action(async (dir: string | undefined, options: InitOptions) => {
      const { init } = await import('./init.ts');
      end(await init(dir, options, world));
    });
}
