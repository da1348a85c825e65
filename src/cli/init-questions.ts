/** The dialogue of `init`: what the flags have left open. */
import {
  type FleetAnswer,
  type Forge,
  fittingPolicies,
  forgeOf,
  type InitAnswers,
  ledgerBeside,
  offeredPolicies,
  placeholderUrls,
  windowNames,
  windowOffers,
} from './init-answers.ts';
import { judgeFleets, judgeUrl } from './init-config.ts';
import { judgeOwners, judgeTimeZone, readLabels, readOwners } from './init-options.ts';
import { type Asker, type Choice, reasonOf } from './questions.ts';

/** More fleets are better written into the file. */
const fleetsMax = 20;

const forgeChoices: readonly Choice<Forge>[] = [
  { value: 'github', label: 'GitHub' },
  { value: 'gitlab', label: 'GitLab' },
  { value: 'gitea', label: 'Gitea or Forgejo' },
  { value: 'none', label: 'none of these', hint: 'no code owners, no workflow' },
];

/** Asks for what is not known yet. `sourceUrl` is that of the remote, where there is one. */
export async function askInit(
  asker: Asker,
  known: Partial<InitAnswers>,
  guess: { readonly sourceUrl: string | null; readonly timeZone: string; readonly year: number },
): Promise<InitAnswers> {
  const fleets = known.fleets ?? (await askFleets(asker));
  const timeZone =
    known.timeZone ??
    (await asker.text({
      message: 'Time zone of the maintenance window (where the work is)',
      fallback: guess.timeZone,
      judge: judgeTimeZone,
    }));
  const window = known.window ?? (await asker.choose('Maintenance window', windowChoices, 'nights'));
  const policies = known.policies ?? (await askPolicies(asker, fittingPolicies({ fleets, window })));
  const sourceUrl =
    known.sourceUrl ?? (await askUrl(asker, 'source', guess.sourceUrl ?? placeholderUrls.source));
  const beside = sourceUrl === placeholderUrls.source ? placeholderUrls.ledger : ledgerBeside(sourceUrl);
  const ledgerUrl = known.ledgerUrl ?? (await askUrl(asker, 'ledger', beside));
  const forge =
    known.forge ??
    (await asker.choose('Where pull requests are made', forgeChoices, forgeOf(sourceUrl) ?? 'github'));
  const owners = await askOwners(asker, known, forge);
  return { fleets, timeZone, window, policies, sourceUrl, ledgerUrl, forge, ...owners, year: guess.year };
}

const windowChoices = windowNames.map((name) => ({
  value: name,
  label: name,
  hint: windowOffers[name].description,
}));

async function askFleets(asker: Asker): Promise<FleetAnswer[]> {
  const fleets: FleetAnswer[] = [];
  while (fleets.length < fleetsMax) {
    fleets.push(await askFleet(asker, fleets));
    if (!(await asker.confirm('Another fleet?', false))) break;
  }
  return fleets;
}

async function askFleet(asker: Asker, before: readonly FleetAnswer[]): Promise<FleetAnswer> {
  let fleet: FleetAnswer = { name: '', region: 'eu-west-1', account: '111122223333', labels: {} };
  /** The configuration's own word on the fleet with this answer in it. */
  const judge = (change: Partial<FleetAnswer>): string | null =>
    reasonOf(judgeFleets([...before, { ...fleet, ...change }]));
  const name = await asker.text({
    message: 'Name of the fleet: one AWS account and region, as tasks will call it',
    judge: (text) => {
      if (before.some((other) => other.name === text)) return `${text} is there already`;
      // Two fleets of one account and region are told when the account is known.
      return reasonOf(judgeFleets([{ ...fleet, name: text }]));
    },
  });
  fleet = { ...fleet, name };
  const region = await asker.text({
    message: `AWS region of ${name}`,
    judge: (text) => reasonOf(judgeFleets([{ ...fleet, region: text }])),
  });
  fleet = { ...fleet, region };
  const account = await asker.text({
    message: `AWS account of ${name}: twelve digits`,
    // What the configuration says of it is about a text in quotes.
    judge: (text) => (/^[0-9]{12}$/.test(text) ? judge({ account: text }) : 'write twelve digits'),
  });
  fleet = { ...fleet, account };
  const labels = await asker.text({
    message: `Labels of ${name}, for policies (write none where it has none)`,
    fallback: 'env=production',
    judge: (text) => {
      const read = labelsOf(text);
      return read === null ? 'write KEY=VALUE,KEY=VALUE' : judge({ labels: read });
    },
  });
  return { ...fleet, labels: labelsOf(labels) ?? {} };
}

/** An empty answer is the one that is offered, so that no labels need a word. */
function labelsOf(text: string): Readonly<Record<string, string>> | null {
  return text === 'none' ? {} : readLabels(text);
}

function askPolicies(asker: Asker, fitting: readonly string[]): Promise<string[]> {
  const choices = offeredPolicies.map(({ name, does }) => ({ value: name, label: name, hint: does }));
  return asker.chooseMany('Policies: a task is issued only ... (space chooses)', choices, fitting);
}

function askUrl(asker: Asker, key: 'source' | 'ledger', fallback: string): Promise<string> {
  const what = key === 'source' ? 'the tasks: this repository' : 'the ledger: an empty repository of its own';
  return asker.text({
    message: `URL of ${what}`,
    fallback,
    judge: (text) => reasonOf(judgeUrl(key, text)),
  });
}

async function askOwners(
  asker: Asker,
  known: Partial<InitAnswers>,
  forge: Forge,
): Promise<Pick<InitAnswers, 'taskOwners' | 'policyOwners'>> {
  const none = { taskOwners: [], policyOwners: [] };
  const { taskOwners, policyOwners } = known;
  if (taskOwners !== undefined && policyOwners !== undefined) return { taskOwners, policyOwners };
  if (forge === 'none') return none;
  const ask = (message: string): Promise<string> => asker.text({ message, judge: judgeOwners });
  const tasks = await ask('Who reviews tasks: @accounts or @teams (may be empty)');
  const policies = await ask('Who reviews policies and the configuration (empty: the same)');
  return { ...none, ...readOwners(tasks, policies) };
}
