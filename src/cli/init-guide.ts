/** The README of a task repository: for those who will write tasks. */
import { type InitAnswers, namedWindows, offeredPolicies, windowOffers } from './init-answers.ts';
import { placeholderDevice } from './init-texts.ts';
import { inlineYaml } from './yaml-text.ts';

/** What to write, what happens then, and what not to do; true of these answers. `root` leads to the repository's root. */
export function guideText(answers: InitAnswers, root: '' | '../'): string {
  return [
    introduction.replace('](', `](${root}`),
    writing(answers),
    afterTheMerge(answers),
    changes,
    allowed(answers, root),
    waivers(answers),
    never,
  ].join('\n');
}

const introduction = `# Tasks of our Snow devices

A merged file below \`tasks/\` becomes exactly one task in AWS Snow Device Management: an unlock or a reboot, asked for by
[snowgate](snowgate.yaml) once, and never again for the same content. Nothing reaches a device but through a merged pull request.
`;

function writing({ fleets, policies }: InitAnswers): string {
  const [fleet] = fleets;
  const ticket = policies.includes('change-ticket') ? 'change: CHG10423, ' : '';
  const owner = policies.includes('production-owner') ? '\n  tags: {owner: marine-ops}' : '';
  return `## Write a task

\`snowgate new task\` asks what it has to know and writes the file. By hand, it is this, in \`tasks/unlock-aurora.yaml\`:

\`\`\`yaml
apiVersion: snowgate/v1
kind: Task
metadata:
  name: unlock-aurora            # unique within its fleet, and never used for something else
  annotations: {${ticket}reason: customs inspection}
spec:
  fleet: ${fleet?.name ?? ''}
  command: unlock                # or reboot
  targets: [${placeholderDevice}]       # 1 to 10 device ids
  description: Unlock after customs inspection${owner}
  # notBefore: 2026-11-27T22:00:00+01:00
  # notAfter: 2026-11-28T04:00:00+01:00
  # after: [reboot-aurora]       # tasks of the same fleet that have succeeded first
\`\`\`

Our fleets:

${fleets.map(fleetLine).join('\n')}

\`snowgate validate\` says what is wrong with a file before anybody else does. Editors that read \`.vscode/\` complete and check as you type.
`;
}

function fleetLine({ name, region, account, labels }: InitAnswers['fleets'][number]): string {
  const told = Object.keys(labels).length === 0 ? '' : `, ${inlineYaml(labels)}`;
  return `- \`${name}\`: account ${account}, region ${region}${told}`;
}

function afterTheMerge({ forge }: InitAnswers): string {
  const checked = forge === 'none' ? 'The reviewers see' : 'The check of the pull request says';
  return `## What happens

1. ${checked} what the merge would do, and why not (\`snowgate plan --base main\` does, too).
2. After the merge snowgate sees the task within a minute. It waits as long as a policy, a window, \`notBefore\` or \`after\` says so.
3. It writes down in the ledger that it will ask, asks AWS once, and writes down the answer. \`snowgate status\` shows every task.
4. It follows the task until each device has ended.
`;
}

const changes = `## What a change means

| I do | AWS sees |
| --- | --- |
| add a file | one new task |
| move or rename a file, reformat, comment, change labels or annotations | nothing |
| change \`notBefore\` or \`notAfter\` | nothing, but when it is asked, if it still waits |
| **raise \`run\`** (\`run: 2\`) | the very same thing, asked for again: the only way |
| rename \`metadata.name\`, change the command | a new task |
| correct a description, add a device | nothing, until \`run\` is raised: nobody reboots a ship for a typing error |
| revert, or delete and add again, what was issued | nothing |
| delete what waits / is queued / runs or is done | it is withdrawn / cancelled / nothing |
`;

function allowed(answers: InitAnswers, root: string): string {
  const { policies } = answers;
  const chosen = offeredPolicies.filter(({ name }) => policies.includes(name));
  const rows = chosen.map(({ name, does }) => `| [${name}](${root}policies/${name}.yaml) | ${does} |`);
  const table =
    rows.length === 0
      ? 'There is no policy yet: every task is held until one is about it.'
      : ['| policy | a task is issued only |', '| --- | --- |', ...rows].join('\n');
  return `## When it is allowed

${table}

${windowsParagraph(answers)}`;
}

/** The windows that bind; a window that no policy names is no promise. */
function windowsParagraph(answers: InitAnswers): string {
  const named = namedWindows(answers);
  const { window, timeZone } = answers;
  if (named.length === 0)
    return `\`policies/windows.yaml\` has a window, \`${window}\`, and no policy names it yet: it keeps no task waiting.\n`;
  const rows = named.map((name) => `- \`${name}\`: ${windowOffers[name].description} (${timeZone})`);
  const what = named.length === 1 ? 'The window that policies name' : 'The windows that policies name';
  return `${what}, and when it is open (\`snowgate window explain NAME\` tells the next openings):

${rows.join('\n')}

A task that is merged while its window is closed waits, and is issued when it opens.
`;
}

function waivers({ fleets }: InitAnswers): string {
  const [fleet] = fleets;
  const name = fleet?.name ?? '';
  return `## When it cannot wait

A waiver lets one task pass named rules for at most 72 hours. It is a file below \`policies/\`, reviewed as policies are, and written down
with the claim:

\`\`\`yaml
apiVersion: snowgate/v1
kind: Waiver
metadata: {name: storm-aurora}
spec:
  fleet: ${name}
  task: unlock-aurora
  run: 1
  rules: [unlock-inside-window/window]
  reason: storm warning, the device must be open by noon
  expires: 2026-11-29T12:00:00+01:00
\`\`\`

To stop a fleet, or all of them, at once:

\`\`\`yaml
apiVersion: snowgate/v1
kind: Suspension
metadata: {name: incident-4711}
spec:
  fleet: ${name}                   # leave it out to stop all fleets
  reason: "incident 4711: unlocks fail"
\`\`\`

To go on, remove the file.
`;
}

const never = `## Please do not

- use a name again for another purpose: names are how the past is found.
- add more than one copy of a task "to be sure": the ledger is sure.
- edit what was issued to make it happen again: raise \`run\`.
- make tasks in the AWS console for these devices: snowgate holds what would meet them.
- push to the ledger. Nobody does but snowgate.
`;
