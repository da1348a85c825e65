import type { Command } from 'commander';
import type { End } from './exit-codes.ts';
import { configOption } from './options.ts';
import type { ReviewCommandOptions } from './review.ts';
import type { Surroundings } from './surroundings.ts';

/** Who the token of a workflow of GitHub writes as. */
const workflowAuthor = 'github-actions[bot]';

/** Adds `review`. */
export function addReview(program: Command, world: Surroundings, end: End): void {
  program
    .command('review')
    .summary('check a pull request, in a workflow of a forge')
    .description(
      'Validates, runs the tests of policies and plans the merge of the pull request that a workflow runs for. Writes annotations to stdout, the summary and the outputs of the job, and one comment, with the token in GITHUB_TOKEN.',
    )
    .addOption(configOption())
    .option(
      '--ledger-token-file <file>',
      "a token that may read the ledger, instead of the configuration's own",
    )
    .option('--policy-token-file <file>', 'the same for policySource')
    .option('--no-comment', 'write no comment')
    .option('--comment-author <login>', 'who the token writes comments as', workflowAuthor)
    .action(async (options: ReviewCommandOptions) => {
      const { review } = await import('./review.ts');
      end(await review(options, world));
    });
}
