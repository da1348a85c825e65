/** From answers to the files of a new task repository. */
import { type InitAnswers, offeredPolicies } from './init-answers.ts';
import { configText } from './init-config.ts';
import { guideText } from './init-guide.ts';
import { adaptPolicies, type Library, windowsFile } from './init-policies.ts';
import {
  codeOwnersPath,
  codeOwnersText,
  copiedSchemas,
  editorConfigText,
  editorExtensionsText,
  editorSettingsText,
  firstTaskText,
  schemaFolder,
  windowText,
} from './init-texts.ts';
import type { NewFile } from './new-files.ts';

/** A file, and whether the repository is right without it: one that is there is then left alone. */
export interface InitFile extends NewFile {
  readonly isOptional: boolean;
}

export interface PackageTexts {
  readonly policies: Library;
  /** By file name. */
  readonly schemas: ReadonlyMap<string, string>;
  /** The workflow of the forge; null where it has none. */
  readonly workflow: string | null;
}

/** Where the package keeps the workflow of a forge, and where the forge looks for it. */
export const workflows = {
  github: { source: 'examples/ci/github/snowgate.yml', path: '.github/workflows/snowgate.yml' },
  gitlab: { source: 'examples/ci/gitlab/snowgate.gitlab-ci.yml', path: '.gitlab-ci.yml' },
  gitea: { source: 'examples/ci/github/snowgate.yml', path: '.gitea/workflows/snowgate.yml' },
  none: null,
} as const;

/** Gitea and Forgejo run GitHub's workflow with what `examples/ci/gitea/README.md` says of it. */
function workflowText(forge: InitAnswers['forge'], text: string): string {
  if (forge !== 'gitea') return text;
  const place = `It belongs into ${workflows.gitea.path}, on Forgejo into
# .forgejo/workflows/. The runner's image needs Node 20.19 or later, git 2.39 or later, bash and GNU coreutils: write its label at
# runs-on. Where it knows no Node 24, take an older release of actions/checkout, by its commit. On Forgejo, comment-author is
# forgejo-actions.`;
  return text
    .replace(`It belongs into ${workflows.github.path}.`, place)
    .replaceAll(/uses: (?=\w+\/)/g, 'uses: https://github.com/')
    .replace(/^ {2}merge_group:\n/m, '')
    .replace(/^( +)with:\n(?= +# The package)/m, '$1with:\n$1  comment-author: gitea-actions\n');
}

/** Files of the package that policies are taken from. */
export const libraryFiles: readonly string[] = offeredPolicies.flatMap(({ name }) => [
  `${name}.yaml`,
  `${name}.test.yaml`,
]);

/** Where the guide stands; a repository that has a README of its own keeps it, and gets the guide beside its tasks. */
export type GuidePath = 'README.md' | 'tasks/README.md';

/** The whole repository, in the order in which it is written. */
export function initFiles(answers: InitAnswers, texts: PackageTexts, guide: GuidePath): InitFile[] {
  const owners = codeOwnersPath(answers.forge);
  const workflow = workflows[answers.forge];
  const needed: NewFile[] = [
    { path: guide, text: guideText(answers, guide === 'README.md' ? '' : '../') },
    { path: 'snowgate.yaml', text: configText(answers) },
    { path: `policies/${windowsFile}`, text: windowText(answers) },
    ...adaptPolicies(texts.policies, answers),
    { path: 'tasks/first-task.yaml.example', text: firstTaskText(answers) },
    ...(owners === null ? [] : [{ path: owners, text: codeOwnersText(answers) }]),
    ...(workflow === null || texts.workflow === null
      ? []
      : [{ path: workflow.path, text: workflowText(answers.forge, texts.workflow) }]),
    ...copiedSchemas.map((name) => ({
      path: `${schemaFolder}/${name}`,
      text: texts.schemas.get(name) ?? '',
    })),
  ];
  const optional: NewFile[] = [
    { path: '.vscode/settings.json', text: editorSettingsText() },
    { path: '.vscode/extensions.json', text: editorExtensionsText },
    { path: '.editorconfig', text: editorConfigText },
  ];
  return [
    ...needed.map((file) => ({ ...file, isOptional: false })),
    ...optional.map((file) => ({ ...file, isOptional: true })),
  ];
}
