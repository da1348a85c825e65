/** What is underlined where people write manifests, policies and a configuration in an editor. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import { parsePolicyFile } from '../../src/policy/parse.ts';
import { head, root, say, settings, task } from './documents.ts';
import { LanguageServer } from './language-server.ts';

let server: LanguageServer;
beforeAll(async () => {
  server = await LanguageServer.start(root, settings);
});
afterAll(() => server.end());

/** Written for others: Compose, Kubernetes, Prometheus. */
const isForeign = (path: string): boolean =>
  /^(?:deploy\/(?!(?:kubernetes\/)?snowgate\.yaml$)|observability\/)/.test(path);

const files = ['examples', 'policies'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml') && !path.endsWith('expected.yaml') && !isForeign(path))
    .map((path) => `${folder}/${path}`),
);

describe('the examples and the library of policies', () => {
  it('have nothing underlined', async () => {
    const told = await Promise.all(
      files.map(async (path) => {
        const modeline = path.includes('scenarios/')
          ? '# yaml-language-server: $schema=../../schemas/scenario.schema.json\n'
          : '';
        const text = `${modeline}${readFileSync(`${root}${path}`, 'utf8')}`;
        return [path, (await server.diagnose(path, text)).map(say)] as const;
      }),
    );
    expect(told.length).toBeGreaterThan(40);
    expect(told.filter(([, problems]) => problems.length > 0)).toEqual([]);
  });

  it('are looked at: each kind has its schema', async () => {
    const broken = files.map(async (path) => {
      const text = readFileSync(`${root}${path}`, 'utf8').replaceAll(
        /^apiVersion: .*$/gm,
        'apiVersion: snowgate/v0',
      );
      const problems = (await server.diagnose(path, text)).map(say);
      return path.includes('scenarios/') || problems.some((told) => told.includes('snowgate/v1')) ? [] : path;
    });
    expect((await Promise.all(broken)).flat()).toEqual([]);
  });
});

const ids = Array.from({ length: 11 }, (_, index) => `smd-${index}`).join(', ');
const timeRule =
  'not written as it must be: a date and time with T and an offset (RFC 3339), as 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z';

/** Whether snowgate takes the text of a file that lies there. */
function isAccepted(path: string, text: string): boolean {
  const bytes = Buffer.from(text);
  const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
  if (path === 'snowgate.yaml') return resolveConfig(bytes, { hostName: 'host', baseDir: '/etc' }).ok;
  if (path.startsWith('tasks/')) return parseManifestFile(bytes, limits).problems.length === 0;
  return parsePolicyFile(bytes, { path, blob: '', limits, calendars: () => null }).problems.length === 0;
}

describe('what is wrong', () => {
  const cases: [what: string, path: string, text: string, told: string[]][] = [
    ['nothing', 'tasks/a.yaml', task('  command: unlock\n  targets: [smd-a]\n'), []],
    [
      'a misspelt key',
      'tasks/a.yaml',
      task('  command: unlock\n  targets: [smd-a]\n  notbefore: 2026-11-27T22:00:00Z\n'),
      ['8:3 Property notbefore is not allowed.'],
    ],
    [
      'a value that is none of those allowed',
      'tasks/north/a.yml',
      task('  command: unlok\n  targets: [smd-a]\n'),
      ['6:12 Value is not accepted. Valid values: "unlock", "reboot".'],
    ],
    [
      'a key that is missing',
      'tasks/a.yaml',
      task('  command: unlock\n'),
      ['4:1 Missing property "targets".'],
    ],
    [
      'eleven targets',
      'tasks/a.yaml',
      task(`  command: unlock\n  targets: [${ids}]\n`),
      ['7:12 Array has too many items. Expected 10 or fewer.'],
    ],
    [
      'a time without an offset',
      'tasks/a.yaml',
      task('  command: unlock\n  targets: [smd-a]\n  notBefore: 2026-11-27 22:00\n'),
      [`8:14 ${timeRule}`],
    ],
    [
      'a name that is none, in the words of snowgate',
      'tasks/a.yaml',
      task('  command: unlock\n  targets: [smd-a]\n', 'name: Unlock_A'),
      [
        '3:18 not written as it must be: lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
      ],
    ],
    [
      'the second document of a file',
      'tasks/a.yaml',
      `${task('  command: unlock\n  targets: [smd-a]\n')}---\n${task('  command: reboot\n  targets: [smd-a]\n  run: 0\n')}`,
      ['16:8 Value is below the minimum of 1.'],
    ],
    [
      'each kind among the policies by its own rules, and nothing by those of another',
      'policies/a.yaml',
      [
        `${head}Window\nmetadata: {name: a}\nspec: {timeZone: UTC, opens: []}\n`,
        `${head}Policy\nmetadata: {name: a}\nspec: {rules: [{name: a, window: a, otherwise: denny}]}\n`,
        `${head}Suspension\nmetadata: {name: a}\nspec: {fleet: lab}\n`,
        `${head}Waiver\nmetadata: {name: a}\nspec: {fleet: a, task: a, run: 1, rules: [a], reason: a, expires: soon}\n`,
        `${head}PolicyTest\nmetadata: {name: a}\nspec: {cases: [{name: a, expect: {verdict: yes}}]}\n`,
      ].join('---\n'),
      [
        '4:23 Property opens is not allowed.',
        '9:48 Value is not accepted. Valid values: "deny", "hold", "warn".',
        '14:1 Missing property "reason".',
        '19:43 not written as it must be: the name of a policy, a slash, and the name of one of its rules',
        `19:67 ${timeRule}`,
        '24:44 Value is not accepted. Valid values: "allow", "hold", "deny", "unchecked".',
      ],
    ],
    [
      'a kind that does not lie there',
      'policies/deep/a.yaml',
      `${head}Windows\nmetadata: {name: a}\nspec: {}\n`,
      ['2:7 Value is not accepted. Valid values: "Window", "Policy", "Suspension", "Waiver", "PolicyTest".'],
    ],
    [
      'a document that says nothing yet',
      'policies/a.yaml',
      '{}\n',
      ['apiVersion', 'kind', 'metadata', 'spec'].map((key) => `1:1 Missing property "${key}".`),
    ],
    [
      'secrets in a configuration, a list for a map, and a number out of bounds',
      'snowgate.yaml',
      `${head}Controller\nsource: {url: "https://a.example/a.git", auth: {token: abc}}\nledger: {url: "https://a.example/b.git"}\nfleets: {lab: {region: us-west-2}}\nnotify: []\nissue: {batch: 5000}\n`,
      [
        '3:56 Matches a schema that is not allowed.',
        '3:49 Never allowed: a configuration is read by more people than a secret. Write the secret into a file and name it: tokenFile, passwordFile or sshKeyFile.',
        '6:9 Incorrect type. Expected "Notify".',
        '7:16 Value is above the maximum of 1000.',
      ],
    ],
  ];
  const numbered = cases.map(([what, ...rest], index) => [what, index, ...rest] as const);
  it.concurrent.each(numbered)(
    'is underlined where it stands: %s',
    async (_what, index, path, text, told) => {
      const lines = (await server.diagnose(`case-${index}/${path}`, text)).map(say);
      expect(new Set(lines)).toEqual(new Set(told));
      expect(lines).toHaveLength(told.length);
    },
  );

  it.each(cases)('is refused by snowgate, too, and nothing else is: %s', (_what, path, text, told) => {
    expect(isAccepted(path, text)).toBe(told.length === 0);
  });

  it('is found by a line of the file itself, wherever it lies', async () => {
    const modeline = '# yaml-language-server: $schema=../schemas/waiver.schema.json\n';
    const text = `${modeline}${head}Waiver\nmetadata: {name: a}\nspec: {}\n`;
    const told = (await server.diagnose('drafts/a.yaml', text)).map(say);
    expect(told).toContain('5:1 Missing property "expires".');
    expect(await server.diagnose('drafts/a.yaml', text.slice(modeline.length))).toEqual([]);
  });
});

describe('docs/EDITORS.md', () => {
  it('shows the settings that are tested here, for a folder that holds the schemas where init puts them', () => {
    const page = readFileSync(`${root}docs/EDITORS.md`, 'utf8');
    const [, shown = '{}'] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(JSON.parse(shown.replaceAll('./.snowgate/schemas/', './schemas/'))).toEqual({
      'yaml.schemas': settings['schemas'],
    });
  });
});

describe('the catalog', () => {
  let http: Server;
  afterEach(() => http.close());

  it('is one that the server takes, once an address stands before each schema', async () => {
    const asked: string[] = [];
    http = createServer(({ url = '' }, response) => {
      asked.push(url);
      const text = readFileSync(`${root}schemas${url}`, 'utf8');
      const { port } = http.address() as AddressInfo;
      response.end(
        url === '/catalog.json' ? text.replaceAll('"url": "', `"url": "http://127.0.0.1:${port}/`) : text,
      );
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/catalog.json`;
    await server.configure({ ...settings, schemas: {}, schemaStore: { enable: true, url } });
    const [problem, ...others] = await server.diagnose(
      'catalogued/tasks/a.yaml',
      task('  command: unlock\n'),
    );
    expect([problem && say(problem), others]).toEqual(['4:1 Missing property "targets".', []]);
    expect(asked).toEqual(expect.arrayContaining(['/catalog.json', '/task.schema.json']));
  });
});
