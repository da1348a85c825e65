/** What `init` says when it is done. */
import { type InitAnswers, placeholderUrls, uncoveredCommands } from './init-answers.ts';
import { workflows } from './init-files.ts';
import { codeOwnersPath } from './init-texts.ts';
import { colorsFor, count, plain } from './print.ts';
import type { Surroundings } from './surroundings.ts';

export interface InitDone {
  /** As the user would write it. */
  readonly dir: string;
  readonly isRepository: boolean;
  readonly answers: InitAnswers;
  readonly written: readonly string[];
  readonly leftAlone: readonly string[];
}

/** For machines. */
export function initJson({ dir, written, leftAlone, answers }: InitDone): object {
  return { dir, written, leftAlone, policies: answers.policies };
}

/** For people: what was written, what is still to be said, and what to do next, in this order. */
export function initText(done: InitDone, world: Surroundings): string {
  const colors = colorsFor(world.stdout, world.env);
  const lines = [
    `${count(done.written.length, 'file')} written below ${plain(done.dir)}`,
    ...done.written.filter((path) => !path.startsWith('.snowgate/')).map((path) => `  ${path}`),
    '  .snowgate/schemas/, for editors',
    ...done.leftAlone.map((path) => `left alone, being there already: ${path}`),
    ...notes(done).map((note) => `note: ${note}`),
    '',
    colors.bold('Next'),
    ...steps(done).flatMap(([what, command], index) => [
      `  ${index + 1}. ${what}`,
      ...(command === null ? [] : [`     ${colors.cyan(plain(command))}`]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function notes({ answers, written }: InitDone): string[] {
  const uncovered = uncoveredCommands(answers);
  const { forge, taskOwners } = answers;
  const workflow = workflows[forge]?.path;
  return [
    ...(uncovered.length === 0
      ? []
      : [`no policy is about every ${uncovered.join(' or ')} task: such tasks are held until one is`]),
    ...(codeOwnersPath(forge) !== null && taskOwners.length === 0
      ? [`nobody owns anything yet: write your teams into ${codeOwnersPath(forge)}`]
      : []),
    ...(workflow === undefined || !written.includes(workflow)
      ? ['no workflow for pull requests was written: have them run snowgate validate, policy test and plan']
      : []),
  ];
}

type Step = readonly [what: string, command: string | null];

function steps({ dir, isRepository, answers }: InitDone): Step[] {
  const { sourceUrl, ledgerUrl } = answers;
  const isUnknown = sourceUrl === placeholderUrls.source || ledgerUrl === placeholderUrls.ledger;
  const begin = isRepository ? '' : 'git init --initial-branch=main && ';
  return [
    ...(dir === '.' ? [] : [['Go there.', `cd ${quoteWord(dir)}`] as const]),
    ...(isUnknown ? [['Write the URLs that are marked change-me into snowgate.yaml.', null] as const] : []),
    [
      'Commit what was written, and push it to the branch main.',
      `${begin}git add --all && git commit -m "Begin a task repository"`,
    ],
    ['Make an empty repository for the ledger, and the secrets that snowgate.yaml names.', null],
    ['Make the ledger, before the first task: it refuses where there are tasks.', 'snowgate ledger init'],
    [
      'Write the id that it prints into snowgate.yaml, as ledger.id; see that all is well.',
      'snowgate doctor',
    ],
    [
      'On a branch, make the first task a task, and name a device in it.',
      'git mv tasks/first-task.yaml.example tasks/first-task.yaml',
    ],
    [
      'Check it, commit it, see what its merge would do, and open a pull request.',
      'snowgate plan --base main',
    ],
    ['Once it is merged: start the controller.', 'snowgate run'],
  ];
}

/** For a shell to read as one word. */
function quoteWord(text: string): string {
  return /^[A-Za-z0-9_./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
