/** The configuration that `init` writes, and whether the answers make one. */
import { resolveConfig } from '../config/resolve.ts';
import { parseGitUrl } from '../config/url.ts';
import { type Fault, fault } from '../lib/faults.ts';
import {
  coveringPolicies,
  type FleetAnswer,
  type InitAnswers,
  placeholderUrls,
  uncoveredCommands,
} from './init-answers.ts';
import { inlineYaml } from './yaml-text.ts';

/** The first thing that a controller would refuse in these answers; null where it takes them. */
export function judgeAnswers(answers: InitAnswers): Fault | null {
  const text = configText(answers);
  const resolved = resolveConfig(Buffer.from(text), { hostName: 'snowgate', baseDir: '/' });
  if (resolved.ok) return null;
  const problem = resolved.problems.find(({ severity }) => severity === 'error');
  return problem === undefined ? null : fault(problem.code, 'human', problem.message, problem.hint);
}

/** The same for the fleets alone, while nothing else is known yet. */
export function judgeFleets(fleets: readonly FleetAnswer[]): Fault | null {
  return judgeAnswers({ ...nothingElse, fleets });
}

/** The same for one of the two URLs. */
export function judgeUrl(key: 'source' | 'ledger', url: string): Fault | null {
  const urls = key === 'source' ? { sourceUrl: url } : { ledgerUrl: url };
  return judgeAnswers({ ...nothingElse, ...urls });
}

/** The source's URL by what the remote is called: without names and passwords; null where a controller could not take it. */
export function sourceOfOrigin(origin: string): string | null {
  const path = origin.startsWith('/') ? `file://${origin}` : origin;
  const url = path.replace(/^(https?:\/\/)[^/@]*@/, '$1');
  return judgeUrl('source', url) === null ? url : null;
}

const nothingElse: InitAnswers = {
  fleets: [{ name: 'fleet', region: 'eu-west-1', account: '111122223333', labels: {} }],
  timeZone: 'UTC',
  window: 'nights',
  policies: [],
  forge: 'none',
  sourceUrl: placeholderUrls.source,
  ledgerUrl: placeholderUrls.ledger,
  taskOwners: [],
  policyOwners: [],
  year: 2026,
};

/** How a repository is reached, by the kind of its URL; the files are yet to be made. */
function authText(key: 'source' | 'ledger', url: string): string {
  const parsed = parseGitUrl(key, url);
  if (!parsed.ok || parsed.scheme === 'file' || parsed.scheme === 'http') return '';
  const secret = `/run/secrets/${key}`;
  return parsed.scheme === 'ssh'
    ? `  auth: {sshKeyFile: ${secret}-key, knownHostsFile: /run/secrets/known-hosts}\n`
    : `  auth: {tokenFile: ${secret}-token}\n`;
}

function fleetText(fleet: FleetAnswer, policies: readonly string[]): string {
  const { name, region, account, labels } = fleet;
  const required = coveringPolicies(fleet, policies);
  const role = `arn:aws:iam::${/^\d{12}$/.test(account) ? account : 'ACCOUNT'}:role/snowgate`;
  return [
    `  ${inlineYaml(name)}:`,
    `    region: ${inlineYaml(region)}`,
    `    account: ${inlineYaml(account)}`,
    `    # roleArn: ${role}    # where the controller's own credentials are of another role`,
    ...(Object.keys(labels).length === 0 ? [] : [`    labels: ${inlineYaml(labels)}`]),
    ...(required.length === 0
      ? []
      : [
          '    # Must be there and match each task, whatever is merged: the floor that no commit can lower.',
          `    requirePolicies: ${inlineYaml(required)}`,
        ]),
  ].join('\n');
}

/** `snowgate.yaml`, with what is to be filled in marked. */
export function configText(answers: InitAnswers): string {
  const { sourceUrl, ledgerUrl, fleets, policies } = answers;
  const isOpen = (url: string): string => (url.includes('change-me') ? '  # change-me: not known yet\n' : '');
  const uncovered = uncoveredCommands(answers);
  const held =
    uncovered.length === 0 ? '' : ` None of those here is about every ${uncovered.join(' or ')} task.`;
  return `# The controller's configuration. \`snowgate validate\` checks it, \`snowgate doctor\` tries it out.
# What counts is the copy that the controller was started with: a merge alone changes nothing that it may do.
# Secrets are never written here: they are files, read again at each use.
apiVersion: snowgate/v1
kind: Controller

# Where the tasks are merged. snowgate only reads it, with a read-only token or key.
source:
${isOpen(sourceUrl)}  url: ${inlineYaml(sourceUrl)}
  branch: main
  path: tasks
  policies: policies
${authText('source', sourceUrl)}
# Where snowgate writes down what it claimed, issued and learned: a repository of its own, with a key of its own.
ledger:
${isOpen(ledgerUrl)}  url: ${inlineYaml(ledgerUrl)}
  branch: snowgate-ledger
${authText('ledger', ledgerUrl)}  # Printed by \`snowgate ledger init\`; write it here, and never change it again.
  # id: 00000000-0000-0000-0000-000000000000

# A cache. It may be lost at any time.
stateDir: /var/lib/snowgate

# A fleet is one AWS account and region; tasks name it. The account is proved by STS before anything is issued.
fleets:
${fleets.map((fleet) => fleetText(fleet, policies)).join('\n')}

# A task that no policy is about is held.${held}
policy: {uncovered: hold}
`;
}
