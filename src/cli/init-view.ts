/** What `init` says when it is done. */

import { count } from '../lib/count.ts';
import { type InitAnswers, placeholderUrls, uncoveredCommands } from './init-answers.ts';
import { workflows } from './init-files.ts';
import { codeOwnersPath } from './init-texts.ts';
import { colorsFor, plain } from './print.ts';
import { quoteWord } from './shell-word.ts';
import type { Surroundings } from './surroundings.ts';

export interface InitDone {
  /** As the user would write it. */
  readonly dir: string;
  readonly isRepository: boolean;
  readonly hasOrigin: boolean;
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

function steps(done: InitDone): Step[] {
  const { dir, isRepository, hasOrigin, answers } = done;
  const { sourceUrl, ledgerUrl } = answers;
  const isUnknown = sourceUrl === placeholderUrls.source || ledgerUrl === placeholderUrls.ledger;
  const remote = sourceUrl === placeholderUrls.source ? 'URL' : quoteWord(sourceUrl);
  const begin = isRepository ? '' : 'git init --initial-branch=main && ';
  return [
    ...(dir === '.' ? [] : [['Go there.', `cd ${quoteWord(dir)}`] as const]),
    ...(isUnknown ? [['Write the URLs that are marked change-me into snowgate.yaml.', null] as const] : []),
    ...workflowSteps(done),
    ['Commit what was written.', `${begin}git add --all && git commit -m "Begin a task repository"`],
    [
      'Push it to the branch main.',
      `${hasOrigin ? '' : `git remote add origin ${remote} && `}git push -u origin HEAD:main`,
    ],
    ['Make an empty repository for the ledger, and the secrets that snowgate.yaml names.', null],
    ['Make the ledger, before the first task: it refuses where there are tasks.', 'snowgate ledger init'],
    [
      'Write the id that it prints into snowgate.yaml, as ledger.id; commit and push that; see that all is well.',
      'git commit -a -m "Name the ledger" && git push origin HEAD:main && snowgate doctor',
    ],
    [
      'On a branch, make the first task a task.',
      'git switch -c first-task && git mv tasks/first-task.yaml.example tasks/first-task.yaml',
    ],
    [
      'Name a device in it that may be rebooted, and write what else says change-me; check it.',
      'snowgate validate',
    ],
    [
      'Commit it, and see what its merge would do.',
      'git commit -a -m "Ask for the first task" && snowgate plan --base main',
    ],
    ['Push the branch, and open a pull request.', 'git push -u origin first-task'],
    ['Once it is merged: start the controller.', 'snowgate run'],
  ];
}

/** What the check of pull requests still lacks; docs/CI.md has it at length. */
function workflowSteps({ answers: { forge }, written }: InitDone): Step[] {
  const path = workflows[forge]?.path;
  if (path === undefined || !written.includes(path)) return [];
  if (forge === 'gitlab')
    return [
      [
        'In the CI/CD variables of the project: SNOWGATE_PACKAGE, the path of the package; SNOWGATE_LEDGER_TOKEN, a file with a token that may only read the ledger (docs/CI.md).',
        null,
      ],
    ];
  return [
    [
      `In ${path}: the commit of snowgate where forty zeros stand, and the path of the package; as a secret of the repository SNOWGATE_LEDGER_TOKEN, a token that may only read the ledger (docs/CI.md).`,
      null,
    ],
  ];
}
