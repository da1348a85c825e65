import type { Command } from 'commander';
import type { End } from './exit-codes.ts';
import type { InitOptions } from './ledger-init.ts';
import type { ResolveOptions } from './ledger-resolve.ts';
import type { VerifyOptions } from './ledger-verify.ts';
import { configOption, conflicting, type Format, formatOption } from './options.ts';
import type { Surroundings } from './surroundings.ts';

interface ReadOptions {
  readonly config?: string;
  readonly format: Format;
}

/** Adds `ledger` and its commands. */
export function addLedgerCommands(program: Command, world: Surroundings, end: End): void {
  const ledger = program
    .command('ledger')
    .summary('make, read, check and correct the ledger')
    .description('The ledger is the Git branch that remembers what was claimed, issued and learned.');
  addInit(ledger, world, end);
  addReaders(ledger, world, end);
  addResolve(ledger, world, end);
}

function addInit(ledger: Command, world: Surroundings, end: End): void {
  const init = ledger
    .command('init')
    .summary('make the ledger branch, once')
    .description(
      'Makes the ledger branch, and refuses where there is one. Where the source already holds tasks, say what shall become of them.',
    )
    .addOption(configOption())
    .option('--baseline', 'write down what is in the source now as never to be issued')
    .option('--issue-existing', 'have what is in the source now issued')
    .addOption(formatOption())
    .action(async (options: InitOptions) => {
      const { initLedger } = await import('./ledger-init.ts');
      end(await initLedger(options, world));
    });
  conflicting(init, '--baseline', '--issue-existing');
}

function addReaders(ledger: Command, world: Surroundings, end: End): void {
  ledger
    .command('list')
    .summary('list every revision and its state')
    .addOption(configOption())
    .addOption(formatOption())
    .action(async (options: ReadOptions) => {
      const { listLedger } = await import('./ledger-list.ts');
      end(await listLedger(options, world));
    });
  ledger
    .command('show')
    .summary("tell one revision's life, or every revision of a name")
    .argument(
      '<token|name>',
      'a token, its first digits (8 or more), fleet/name, or a name that only one fleet has',
    )
    .addOption(configOption())
    .addOption(formatOption())
    .action(async (what: string, options: ReadOptions) => {
      const { showLedger } = await import('./ledger-show.ts');
      end(await showLedger(what, options, world));
    });
  ledger
    .command('verify')
    .summary('check the ledger from its first commit')
    .description(
      'Checks that the ledger only ever grew, that every event was allowed, and that each token matches its request.',
    )
    .addOption(configOption())
    .option('--planned <file>', 'a saved plan of a merge: was what it planned what was asked for?')
    .addOption(formatOption())
    .action(async (options: VerifyOptions) => {
      const { verifyLedger } = await import('./ledger-verify.ts');
      end(await verifyLedger(options, world));
    });
}

function addResolve(ledger: Command, world: Surroundings, end: End): void {
  const resolve = ledger
    .command('resolve')
    .summary("write down a person's word about a revision in doubt")
    .description(
      'Says of one revision which task AWS made for it, or that none was made. It is believed as it is.',
    )
    .argument('<token>', 'its token, or the first digits (8 or more)')
    .option('--created <task-id>', 'this task was made for it')
    .option('--not-created', 'no task was made; it may be asked for again')
    .requiredOption('--reason <text>', 'how you know')
    .option('--by <name>', 'who says so (default: the name of this user)')
    .addOption(configOption())
    .addOption(formatOption())
    .action(async (what: string, options: ResolveOptions) => {
      const { resolveLedger } = await import('./ledger-resolve.ts');
      end(await resolveLedger(what, options, world));
    });
  conflicting(resolve, '--created', '--not-created');
}
