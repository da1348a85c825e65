import type { Command } from 'commander';
import { Option } from 'commander';
import { simulatorFlags } from '../simulator/flags.ts';
import type { DoctorOptions } from './doctor.ts';
import type { End } from './exit-codes.ts';
import { addInitCommands } from './init-commands.ts';
import { addLedgerCommands } from './ledger-commands.ts';
import {
  choiceOption,
  configOption,
  type DocumentFormat,
  documentFormatOption,
  type Format,
  formatOption,
  logFormats,
  logLevels,
} from './options.ts';
import type { PlanOptions } from './plan.ts';
import { addPolicyCommands } from './policy-commands.ts';
import { addReview } from './review-command.ts';
import type { RunOptions } from './run.ts';
import type { StatusOptions } from './status.ts';
import type { Surroundings } from './surroundings.ts';
import { addWindowCommands } from './window-commands.ts';

/** Adds every command. The code behind one is loaded when it runs: help and typing errors wait for no AWS client. */
export function addCommands(program: Command, world: Surroundings, end: End): void {
  addInitCommands(program, world, end);
  addDoctor(program, world, end);
  addWorkTreeCommands(program, world, end);
  addWindowCommands(program, world, end);
  addPolicyCommands(program, world, end);
  addControllerCommands(program, world, end);
  addReview(program, world, end);
  addStatus(program, world, end);
  addDrift(program, world, end);
  addLedgerCommands(program, world, end);
  addSimulate(program, world, end);
  addDemo(program, world, end);
}

function addDoctor(program: Command, world: Surroundings, end: End): void {
  program
    .command('doctor')
    .summary('check that everything the controller needs is there')
    .description(
      'Checks configuration, files, Git servers, credentials and the clock: each line says ok, or what to do. Changes nothing.',
    )
    .addOption(configOption())
    .addOption(formatOption())
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      end(await doctor(options, world));
    });
}

function addWorkTreeCommands(program: Command, world: Surroundings, end: End): void {
  program
    .command('validate')
    .summary('check manifests, policies and configuration, offline')
    .description(
      'Checks manifests, windows, policies, waivers and suspensions, and a controller configuration where one is named or found, without any network.',
    )
    .argument('[path...]', 'files and folders (default: tasks, policies and ./snowgate.yaml, where they are)')
    .addOption(documentFormatOption())
    .action(async (paths: string[], options: { format: DocumentFormat }) => {
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

function addControllerCommands(program: Command, world: Surroundings, end: End): void {
  program
    .command('plan')
    .summary('show what a pass would do, and why')
    .description(
      'Shows what a pass would do with each task, now or at another time, and why. Changes nothing.',
    )
    .addOption(configOption())
    .option('--at <time>', 'an instant with its offset, such as 2026-11-27T22:00:00+01:00')
    .addOption(
      new Option(
        '--explain <name>',
        'everything that leads to what is decided of one task: fleet/name, or a name',
      ).conflicts('base'),
    )
    .option(
      '--base <ref>',
      'in a clone of the source: what merging --head into this commit would change, instead of what is',
    )
    .option('--head <ref>', 'with --base: the commit that would be merged (default: HEAD)')
    .option(
      '--ledger-token-file <file>',
      "with --base: a token that may read the ledger, instead of the configuration's own",
    )
    .option('--policy-token-file <file>', 'with --base: the same for policySource')
    .addOption(documentFormatOption())
    .action(async (options: PlanOptions) => {
      const { plan } = await import('./plan.ts');
      end(await plan(options, world));
    });
  program
    .command('run')
    .summary('run the controller')
    .description(
      'Runs the controller until it is asked to end. SIGTERM and Ctrl-C end it in order, a second one at once.',
    )
    .addOption(configOption())
    .option('--once', 'one pass, to its end: what is issued is written down, what is in doubt looked up')
    .option('--no-wait', 'with --once: leave what is in doubt to another run')
    .addOption(choiceOption('--log-level <level>', 'what is logged, on stderr', logLevels).default('info'))
    .addOption(
      choiceOption(
        '--log-format <format>',
        'how (default: pretty on a terminal, json elsewhere)',
        logFormats,
      ),
    )
    .addOption(formatOption())
    .action(async (options: RunOptions) => {
      const { run } = await import('./run.ts');
      end(await run(options, world));
    });
}

function addStatus(program: Command, world: Surroundings, end: End): void {
  program
    .command('status')
    .summary('show what needs a person, what runs and what waits')
    .description(
      'Shows every task by what a person has to do about it, most urgent first, or everything about one. Changes nothing.',
    )
    .argument('[name]', 'one task: fleet/name, or a name that only one fleet has')
    .addOption(configOption())
    .option('--live', 'ask AWS, too: tasks in flight, tasks that were made around Git, unknown devices')
    .addOption(formatOption())
    .action(async (name: string | undefined, options: StatusOptions) => {
      const { status } = await import('./status.ts');
      end(await status(name, options, world));
    });
}

function addDrift(program: Command, world: Surroundings, end: End): void {
  program
    .command('drift')
    .summary('find what AWS has and Git does not')
    .description(
      'Lists tasks that were made around Git, tasks of this ledger that it does not know, and devices that AWS does not know. Touches nothing.',
    )
    .addOption(configOption())
    .addOption(formatOption())
    .action(async (options: { config?: string; format: Format }) => {
      const { drift } = await import('./drift.ts');
      end(await drift(options, world));
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

function addDemo(program: Command, world: Surroundings, end: End): void {
  program
    .command('demo')
    .summary('try everything on this machine, with a simulated AWS')
    .description(
      'Makes a repository of tasks and policies from the examples, a ledger and a simulated AWS, and runs the controller on them.',
    )
    .option('--once', 'end by itself once the window has opened; 0 although a task is denied')
    .action(async (options: { once?: true }) => {
      const { demo } = await import('./demo.ts');
      end(await demo(options, world));
    });
}
