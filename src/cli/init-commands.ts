import type { Command } from 'commander';
import type { End } from './exit-codes.ts';
import type { InitOptions } from './init-options.ts';
import type { NewTaskOptions } from './new-task-options.ts';
import { choiceOption, conflicting, formatOption } from './options.ts';
import type { Surroundings } from './surroundings.ts';

function repeated(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** Adds `init`, and `new` with its command. */
export function addInitCommands(program: Command, world: Surroundings, end: End): void {
  addInit(program, world, end);
  addNewTask(program, world, end);
}

function addInit(program: Command, world: Surroundings, end: End): void {
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

function addNewTask(program: Command, world: Surroundings, end: End): void {
  const command = program
    .command('new')
    .summary('write a manifest')
    .description('Writes what the controller reads, checked before it is written. Never overwrites anything.')
    .command('task')
    .summary('write the manifest of a task, or of a row of them')
    .description(
      'Writes one file of manifests, checked before it is written. Asks on a terminal for what the flags leave open. Run it in the root of the task repository.',
    )
    .option('--fleet <name>', 'a fleet of snowgate.yaml (default: the only one)')
    .addOption(choiceOption('--command <command>', 'what the devices are told to do', ['unlock', 'reboot']))
    .option('--targets <ids>', '1 to 10 device ids, with commas between them')
    .option(
      '--targets-from <file>',
      'any number of device ids, one a line, # begins a comment; - is standard input. More than ten become a row of tasks, NAME-1 to NAME-n, each after the one before',
    )
    .option('--per-task <n>', 'with --targets-from: devices of one task, at most (default: 10)')
    .option('--no-chain', 'with --targets-from: no task waits for another of the row')
    .option('--name <name>', 'unique within the fleet')
    .option('--reason <text>', 'why; the annotation "reason"')
    .option('--annotation <key=value>', 'for people and policies; may be repeated', repeated)
    .option('--label <key=value>', 'for people and policies; may be repeated', repeated)
    .option('--tag <key=value>', 'a tag in AWS; may be repeated', repeated)
    .option('--description <text>', 'shown in AWS beside the task')
    .option('--not-before <time>', 'an instant with its offset, such as 2026-11-27T22:00:00+01:00')
    .option('--not-after <time>', 'an instant with its offset')
    .option('--after <names>', 'tasks of the fleet that have succeeded first')
    .option('--run <n>', 'raised to ask for the very same thing again')
    .option(
      '--dir <dir>',
      'where NAME.yaml is written (default: tasks, or tasks/FLEET where there are several)',
    )
    .option('--file <path>', 'the file itself')
    .addOption(formatOption())
    .action(async (options: NewTaskOptions) => {
      const { newTask } = await import('./new-task.ts');
      end(await newTask(options, world));
    });
  conflicting(command, '--targets', '--targets-from');
  conflicting(command, '--dir', '--file');
}
