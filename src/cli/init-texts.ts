/** The texts that `init` writes for people and their tools. */
import { placeholder } from '../lib/placeholder.ts';
import { type Forge, type InitAnswers, windowOffers } from './init-answers.ts';
import { writeYaml } from './yaml-text.ts';

/** `policies/windows.yaml`: the one window, and how it is changed. */
export function windowText({ window, timeZone }: InitAnswers): string {
  const { description, start, duration, cutoff } = windowOffers[window];
  return `# When the devices may be worked on: ${description}, as clocks in ${timeZone} show it.
# \`snowgate window explain ${window}\` tells the next openings. Change times and zone here; policies name the window.
apiVersion: snowgate/v1
kind: Window
metadata: {name: ${window}}
spec:
  timeZone: ${timeZone}
  open:
    # Minute, hour, day of the month, month and weekday of each beginning; and how long it stays open.
    - {start: ${JSON.stringify(start)}, duration: ${duration}}
  # Times in which nothing is done, although the window were open:
  # closed:
  #   - {from: 2026-12-20T00:00, to: 2027-01-03T00:00, reason: holidays}
  # Nothing new is begun in the last ${cutoff}.
  cutoff: ${cutoff}
`;
}

/** A device id that is valid and obviously nobody's. */
export const placeholderDevice = `smd-${placeholder}`;

/** `tasks/first-task.yaml.example`: what the chosen policies ask for is in it. */
export function firstTaskText({ fleets, policies }: InitAnswers): string {
  const [fleet] = fleets;
  const ticket = policies.includes('change-ticket') ? { change: 'CHG10423' } : {};
  const manifest = {
    apiVersion: 'snowgate/v1',
    kind: 'Task',
    metadata: {
      name: 'first-task',
      annotations: { ...ticket, reason: 'see whether a merged task reaches its device' },
    },
    spec: {
      fleet: fleet?.name ?? '',
      command: 'reboot',
      targets: [placeholderDevice],
      description: 'First task of snowgate',
      ...(policies.includes('production-owner') ? { tags: { owner: placeholder } } : {}),
    },
  };
  return `# Not read as long as its name ends with .example. Make the ledger first (\`snowgate ledger init\`), name a device that
# may be rebooted, rename this file to first-task.yaml, and open a pull request.
${writeYaml(manifest)}`;
}

const codeOwnersPaths: Readonly<Record<Forge, string | null>> = {
  github: '.github/CODEOWNERS',
  gitlab: '.gitlab/CODEOWNERS',
  gitea: '.gitea/CODEOWNERS',
  none: null,
};

/** Where the forge looks for it; null where there is none. */
export function codeOwnersPath(forge: Forge): string | null {
  return codeOwnersPaths[forge];
}

/** Who has to agree to what. The last pattern that matches wins; Gitea takes regular expressions. */
export function codeOwnersText({ forge, taskOwners, policyOwners }: InitAnswers): string {
  const isNamed = taskOwners.length > 0;
  const tasks = isNamed ? taskOwners.join(' ') : '@change-me/those-who-review-tasks';
  const policies = isNamed ? policyOwners.join(' ') : '@change-me/those-who-review-policies';
  const rows =
    forge === 'gitea'
      ? [
          ['tasks/.*', tasks],
          ['policies/.*', policies],
          ['snowgate\\.yaml', policies],
          ['\\.gitea/.*', policies],
        ]
      : [
          ['*', policies],
          ['/tasks/', tasks],
        ];
  const lines = rows.map(
    ([pattern = '', owners]) => `${isNamed ? '' : '# '}${pattern.padEnd(16)} ${owners}\n`,
  );
  const meaning =
    forge === 'gitea'
      ? '# Who is asked to review what. Patterns are regular expressions. Nobody has to agree unless the branch is protected.'
      : '# Who reviews what: tasks by those who know the devices; policies, the configuration and everything else by those who\n# answer for the rules. The last pattern that matches wins. It binds only where the branch is protected and asks for it.';
  return `${meaning}\n${isNamed ? '' : '# Write your teams and take the # away.\n'}${lines.join('')}`;
}

/** The schemas that editors are told of; copies of this version's, because no address of them is promised. */
export const copiedSchemas = [
  'task.schema.json',
  'policies.schema.json',
  'controller.schema.json',
  // For files of one kind alone, which name theirs in their first line.
  'window.schema.json',
  'policy.schema.json',
  'suspension.schema.json',
  'waiver.schema.json',
  'policy-test.schema.json',
] as const;

/** Where the copies lie. */
export const schemaFolder = '.snowgate/schemas';

/** `.vscode/settings.json`, for the YAML extension. */
export function editorSettingsText(): string {
  const of = (file: (typeof copiedSchemas)[number]): string => `./${schemaFolder}/${file}`;
  const schemas = {
    [of('task.schema.json')]: ['tasks/**/*.yaml', 'tasks/**/*.yml'],
    [of('policies.schema.json')]: ['policies/**/*.yaml', 'policies/**/*.yml'],
    [of('controller.schema.json')]: 'snowgate.yaml',
  };
  return `${JSON.stringify({ 'yaml.schemas': schemas }, null, 2)}\n`;
}

/** `.vscode/extensions.json`: what reads these settings. */
export const editorExtensionsText = `${JSON.stringify({ recommendations: ['redhat.vscode-yaml'] }, null, 2)}\n`;

/** `.editorconfig`. */
export const editorConfigText = `root = true

[*]
charset = utf-8
end_of_line = lf
insert_final_newline = true
trim_trailing_whitespace = true
indent_style = space
indent_size = 2
`;
