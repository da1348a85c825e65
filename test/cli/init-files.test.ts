/** The files of a new repository, as a function of the answers. */
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  coveringPolicies,
  forgeOf,
  ledgerBeside,
  offeredPolicies,
  uncoveredCommands,
  windowNames,
  windowOffers,
} from '../../src/cli/init-answers.ts';
import { configText, judgeUrl, sourceOfOrigin } from '../../src/cli/init-config.ts';
import { initFiles } from '../../src/cli/init-files.ts';
import { adaptPolicies } from '../../src/cli/init-policies.ts';
import { codeOwnersText, windowText } from '../../src/cli/init-texts.ts';
import { defaultLimits } from '../../src/cli/manifests.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { listTimeZones, offsetAt } from '../../src/policy/local-time.ts';
import { parsePolicyTests } from '../../src/policy/policy-test.ts';
import { isUnproven, runPolicyTests } from '../../src/policy/policy-test-run.ts';
import { answersWith, packageText, packageTexts } from './init-world.ts';

const texts = packageTexts();
const everyPolicy = offeredPolicies.map(({ name }) => name);

/** What the tests beside the policies say, and the rules that they leave unproved. */
function prove(files: readonly { readonly path: string; readonly text: string }[]): string[] {
  const there = files.filter(({ path }) => path.startsWith('policies/'));
  const tests = there
    .filter(({ path }) => path.endsWith('.test.yaml'))
    .map(({ path, text }) => parsePolicyTests(Buffer.from(text), path, defaultLimits));
  const policies = there
    .filter(({ path }) => !path.endsWith('.test.yaml'))
    .map(({ path, text }) => ({
      path,
      blob: '',
      content: { kind: 'bytes' as const, bytes: Buffer.from(text) },
    }));
  const run = runPolicyTests(
    tests.flatMap((parsed) => parsed.tests),
    policies,
    defaultLimits,
  );
  return [
    ...tests.flatMap(({ problems }) => problems.map(({ message }) => message)),
    ...run.problems.map(({ message }) => message),
    ...run.results.flatMap(({ name, mismatches }) => mismatches.map((what) => `${name}: ${what}`)),
    ...run.rules.filter(isUnproven).map(({ policy, rule }) => `unproved: ${policy}/${rule}`),
  ];
}

describe('the policies that are offered', () => {
  it('are those of the package, told as its README tells of them', () => {
    const rows = [...packageText('policies/README.md').matchAll(/^\| `(.*)\.yaml` \| (.*) \|$/gm)];
    expect(rows.map(([, name]) => name).sort()).toEqual([...everyPolicy].sort());
  });

  it.each(offeredPolicies)('$name is about what is said of it', ({ name, commands, covers }) => {
    const documents = parseAllDocuments(packageText(`policies/${name}.yaml`)).map((one) => one.toJS());
    const { match = {} } = documents.find(({ kind }) => kind === 'Policy').spec;
    expect(match.commands ?? []).toEqual(commands);
    const [plain, production] = [{}, { env: 'production' }].map((labels) =>
      covers({ name: 'a', region: 'eu-west-1', account: '111122223333', labels }),
    );
    const isForAll = Object.keys(match).length === 0;
    const isForProduction = JSON.stringify(match) === '{"fleetLabels":{"env":"production"}}';
    expect({ plain, production }).toEqual({ plain: isForAll, production: isForAll || isForProduction });
  });

  it('are taken as they are where nothing of them depends on the answers', () => {
    const policies = everyPolicy.filter(
      (name) => !['unlock-inside-window', 'reboot-at-night'].includes(name),
    );
    const files = adaptPolicies(texts.policies, answersWith({ policies }));
    expect(files).toHaveLength(2 * policies.length);
    for (const { path, text } of files) expect([path, text]).toEqual([path, packageText(path)]);
  });

  it('keep what they say of themselves, and name the one window', () => {
    const answers = answersWith({ policies: everyPolicy, window: 'weekends', timeZone: 'Asia/Tokyo' });
    const adapted = new Map(adaptPolicies(texts.policies, answers).map(({ path, text }) => [path, text]));
    const unlock = adapted.get('policies/unlock-inside-window.yaml') ?? '';
    expect(unlock).toMatch(/^# For everybody who unlocks devices/);
    expect(unlock).toContain('window: weekends\n');
    expect(unlock).not.toContain('kind: Window');
    const reboot = adapted.get('policies/reboot-at-night.yaml') ?? '';
    expect(reboot).toMatch(/^# For fleets whose work/);
    expect(reboot.match(/metadata: .*/g)).toEqual(['metadata: {name: reboot-at-night}']);
    expect(reboot).toContain('window: weekends\n');
    for (const text of adapted.values()) expect(text).not.toContain('Europe/Oslo');
  });

  it.each([
    ['nights', 'nights', false],
    ['weekends', 'weekends', false],
    ['weekday-mornings', 'nights', true],
  ] as const)('where the window is %s, reboot in %s alone', (window, bound, isBrought) => {
    const [policy] = adaptPolicies(texts.policies, answersWith({ policies: ['reboot-at-night'], window }));
    const documents = parseAllDocuments(policy?.text ?? '').map((one) => one.toJS());
    const names = documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual([...(isBrought ? ['Window nights'] : []), 'Policy reboot-at-night']);
    expect(documents.at(-1).spec.rules).toEqual([{ name: 'window', window: bound }]);
  });

  it('are told in the guide with every window that they name, and no other', () => {
    const guideOf = (policies: string[], window: 'nights' | 'weekday-mornings'): string =>
      initFiles(answersWith({ policies, window }), texts, 'README.md')[0]?.text ?? '';
    const both = guideOf(['unlock-inside-window', 'reboot-at-night'], 'weekday-mornings');
    expect(both).toContain('- `weekday-mornings`: Monday to Friday from 08:00 to 12:00 (Europe/Oslo)\n');
    expect(both).toContain('- `nights`: every night from 22:00 to 05:00 (Europe/Oslo)\n');
    const none = guideOf([], 'nights');
    expect(none).toContain('no policy names it yet');
    expect(none).not.toMatch(/is issued when it opens|22:00 to 05:00 \(/);
  });

  it('freeze the end of the year in which they are taken', () => {
    const files = adaptPolicies(texts.policies, answersWith({ policies: ['freeze'], year: 2031 }));
    expect(files[0]?.text).toContain('{from: 2031-12-20T00:00, to: 2032-01-03T00:00, reason: holidays}');
    expect(files[1]?.text).not.toMatch(/202[67]/);
    expect(prove(files)).toEqual([]);
  });

  it('have windows of the same times as the package has', () => {
    const documents = parseAllDocuments(packageText('policies/reboot-at-night.yaml')).map((one) =>
      one.toJS(),
    );
    for (const window of ['nights', 'weekends'] as const) {
      const [written] = parseAllDocuments(windowText(answersWith({ window }))).map((one) => one.toJS());
      expect(written).toEqual(documents.find(({ metadata }) => metadata.name === window));
    }
  });
});

/** One zone for each way in which clocks go on the days that the tests are about. */
function differentZones(): string[] {
  const days = Array.from({ length: 50 }, (_, day) => Date.UTC(2026, 10, 20 + day));
  const byOffsets = new Map(
    listTimeZones().map((zone) => [days.map((day) => offsetAt(day, zone)).join(), zone] as const),
  );
  return [...byOffsets.values()];
}

describe('policies and tests', () => {
  it.each(windowNames)('prove each other wherever the clocks go, with %s', (window) => {
    const policies = ['unlock-inside-window', 'reboot-at-night', 'freeze'];
    // All of them for one window; the others differ from it in their times, and not in how these are moved.
    const zones = differentZones().filter((_, index) => window === 'nights' || index % 6 === 0);
    expect(zones.length).toBeGreaterThan(window === 'nights' ? 30 : 5);
    for (const timeZone of zones) {
      const files = adaptPolicies(texts.policies, answersWith({ policies, window, timeZone }));
      const windows = { path: 'policies/windows.yaml', text: windowText(answersWith({ window, timeZone })) };
      expect([timeZone, ...prove([windows, ...files])]).toEqual([timeZone]);
    }
  });

  it('fail where the window is not the one that they are written for', () => {
    const files = initFiles(answersWith({ policies: ['unlock-inside-window'] }), texts, 'README.md');
    const moved = files.map(({ path, text }) => ({
      path,
      text: text.replace('"0 22 * * *"', '"0 21 * * *"'),
    }));
    expect(prove(moved)).not.toEqual([]);
  });
});

describe('the configuration', () => {
  const production = {
    name: 'a',
    region: 'eu-west-1',
    account: '111122223333',
    labels: { env: 'production' },
  };

  it.each([
    ['https://git.example.com/acme/tasks.git', 'token'],
    ['git@git.example.com:acme/tasks.git', 'ssh'],
    ['ssh://git@git.example.com/acme/tasks.git', 'ssh'],
    ['file:///srv/git/tasks.git', 'none'],
    ['http://127.0.0.1:8080/tasks.git', 'none'],
  ])('is accepted with %s', (sourceUrl, kind) => {
    const text = configText(answersWith({ sourceUrl, ledgerUrl: ledgerBeside(sourceUrl) }));
    const resolved = resolveConfig(Buffer.from(text), { hostName: 'host', baseDir: '/' });
    expect(resolved).toMatchObject({
      ok: true,
      warnings: [{ code: 'SG2017' }],
      config: { source: { url: sourceUrl, auth: { kind } }, ledger: { auth: { kind } } },
    });
  });

  it('requires the chosen policies that match every task of a fleet', () => {
    expect(coveringPolicies(production, everyPolicy)).toEqual([
      'production-owner',
      'change-ticket',
      'max-in-flight',
      'device-seen',
      'freeze',
    ]);
    expect(
      coveringPolicies({ ...production, labels: {} }, ['production-owner', 'unlock-only-locked']),
    ).toEqual([]);
  });

  it.each([
    [[], ['unlock', 'reboot']],
    [['unlock-only-locked'], ['reboot']],
    [['unlock-only-locked', 'reboot-cool-down'], []],
    [['max-in-flight'], []],
    [['production-owner'], ['unlock', 'reboot']],
  ])('knows what no policy of %j is about', (policies, uncovered) => {
    const fleets = [production, { ...production, name: 'b', labels: {} }];
    expect(uncoveredCommands({ fleets, policies })).toEqual(uncovered);
  });
});

describe('what a remote tells', () => {
  it.each([
    ['https://github.com/acme/tasks.git', 'https://github.com/acme/tasks.git', 'github'],
    ['https://ann:canary@gitlab.example.com/acme/tasks', 'https://gitlab.example.com/acme/tasks', 'gitlab'],
    ['https://canary@codeberg.org/acme/tasks.git', 'https://codeberg.org/acme/tasks.git', 'gitea'],
    ['git@github.com:acme/tasks.git', 'git@github.com:acme/tasks.git', 'github'],
    ['ssh://git@gitea.example.com/acme/tasks', 'ssh://git@gitea.example.com/acme/tasks', 'gitea'],
    ['/srv/git/tasks.git', 'file:///srv/git/tasks.git', null],
    ['https://git.example.com/github.com/tasks', 'https://git.example.com/github.com/tasks', null],
  ])('%s', (origin, url, forge) => {
    expect(sourceOfOrigin(origin)).toBe(url);
    expect(forgeOf(url)).toBe(forge);
    expect(judgeUrl('ledger', ledgerBeside(url))).toBe(null);
  });

  it.each([
    'http://git.example.com/tasks',
    '../tasks.git',
    'ext::sh -c true',
    '-oProxyCommand=x',
    'git://git.example.com/x',
    'https://git.example.com/a?token=canary',
    '',
  ])('nothing where a controller could not take it: %s', (origin) => {
    expect(sourceOfOrigin(origin)).toBe(null);
  });
});

describe('the workflow', () => {
  it.each([
    ['github', '.github/workflows/snowgate.yml'],
    ['gitlab', '.gitlab-ci.yml'],
    ['gitea', '.gitea/workflows/snowgate.yml'],
    ['none', null],
  ] as const)('of %s stands at %s', (forge, path) => {
    const files = initFiles(answersWith({ forge }), { ...texts, workflow: 'theirs: {}\n' }, 'README.md');
    const found = files.filter(({ text }) => text === 'theirs: {}\n').map((file) => file.path);
    expect(found).toEqual(path === null ? [] : [path]);
  });
});

it('the workflow of Gitea is that of GitHub, with what differs', () => {
  const workflow = packageText('examples/ci/github/snowgate.yml');
  const files = initFiles(answersWith({ forge: 'gitea' }), { ...texts, workflow }, 'README.md');
  const text = files.find(({ path }) => path === '.gitea/workflows/snowgate.yml')?.text ?? '';
  const [github, gitea] = [workflow, text].map((one) => parseAllDocuments(one)[0]?.toJS());
  const [checkout, review] = github.jobs.review.steps;
  expect(gitea.jobs.review.steps).toEqual([
    { ...checkout, uses: `https://github.com/${checkout.uses}` },
    {
      uses: `https://github.com/${review.uses}`,
      with: { ...review.with, 'comment-author': 'gitea-actions' },
    },
  ]);
  expect(gitea.on).toEqual({ pull_request: github.on.pull_request });
  expect(text).toContain('into .gitea/workflows/snowgate.yml');
});

describe('code owners', () => {
  const owners = { taskOwners: ['@acme/marine'], policyOwners: ['@acme/platform', '@ann'] };
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => /^[^#]/.test(line));

  it.each(['github', 'gitlab'] as const)('of %s: the last line that matches wins', (forge) => {
    expect(linesOf(codeOwnersText(answersWith({ forge, ...owners })))).toEqual([
      '*                @acme/platform @ann',
      '/tasks/          @acme/marine',
    ]);
  });

  it('of Gitea are regular expressions', () => {
    const lines = linesOf(codeOwnersText(answersWith({ forge: 'gitea', ...owners })));
    const ownersOf = (path: string): (string | undefined)[] =>
      lines
        .filter((line) => new RegExp(`^${line.split(' ')[0]}$`).test(path))
        .map((line) => line.split(/ +/)[1]);
    expect(ownersOf('tasks/a.yaml')).toEqual(['@acme/marine']);
    expect(ownersOf('policies/a.yaml')).toEqual(['@acme/platform']);
    expect(ownersOf('snowgate.yaml')).toEqual(['@acme/platform']);
    expect(ownersOf('.gitea/CODEOWNERS')).toEqual(['@acme/platform']);
  });

  it('bind nobody where nobody was named', () => {
    expect(linesOf(codeOwnersText(answersWith()))).toEqual([]);
  });

  it('have times of each window that follow each other', () => {
    for (const { opens, closes, opensNext } of Object.values(windowOffers))
      expect([opens, closes, opensNext]).toEqual([opens, closes, opensNext].sort());
  });
});
