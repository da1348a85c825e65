import type { Command } from 'commander';
import type { End } from './exit-codes.ts';
import { configOption, documentFormatOption, formatOption } from './options.ts';
import type { ReplayOptions } from './policy-replay.ts';
import type { PolicyTestOptions } from './policy-test.ts';
import type { Surroundings } from './surroundings.ts';

/** Adds `policy` and its commands. */
export function addPolicyCommands(program: Command, world: Surroundings, end: End): void {
  const policy = program
    .command('policy')
    .summary('test policies, and replay the past with them')
    .description(
      'Policies say which tasks may be asked for; these commands try them out. They change nothing.',
    );
  policy
    .command('test')
    .summary('run the tests beside the policies, offline')
    .description(
      'Runs the cases of every *.test.yaml, and names the rules that no case proves. docs/POLICY-TESTS.md tells how cases are written.',
    )
    .argument('[path...]', 'folders of policies, or files of tests (default: policies)')
    .option('--require-proof', 'a rule that no case proves is an error')
    .addOption(documentFormatOption())
    .action(async (paths: string[], options: PolicyTestOptions) => {
      const { policyTest } = await import('./policy-test.ts');
      end(await policyTest(paths, options, world));
    });
  policy
    .command('replay')
    .summary("judge what was issued since a day by today's policies")
    .description(
      'Judges each claim of the ledger again, on the facts that were kept of it, and lists what would have been held or denied.',
    )
    .requiredOption('--since <date>', 'a day (2026-11-01), or an instant with its offset')
    .addOption(configOption())
    .option('--path <dir>', 'the policies of this folder, instead of those at the newest head')
    .addOption(formatOption())
    .action(async (options: ReplayOptions) => {
      const { policyReplay } = await import('./policy-replay.ts');
      end(await policyReplay(options, world));
    });
}
