/** What the documentation shows is what the program does. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { durationBounds, numberBounds, textDefaults } from '../src/config/bounds.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import { controllerSchema } from '../src/config/schema.ts';
import { type Folder, makeFolder, removeFolders } from './cli/folder.ts';
import { run } from './cli/terminal.ts';

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

/** The fenced blocks of a page, by their language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );
}

const readme = read('README.md');
const configuration = read('docs/CONFIGURATION.md');

let folder: Folder = makeFolder();
afterEach(removeFolders);

describe('the README', () => {
  const [manifest = ''] = blocks(readme, 'yaml');

  it('shows a valid manifest', async () => {
    folder = makeFolder({ 'tasks/unlock.yaml': manifest });
    expect((await run(['validate'], { cwd: folder.dir })).stdout).toBe('1 file, 1 valid task: no problems\n');
  });

  it('shows what validate says of a typing error in it', async () => {
    folder = makeFolder({ 'tasks/unlock.yaml': manifest.replace('command: unlock  ', 'command: unlok  ') });
    const shown = blocks(readme, 'console').find((block) => block.startsWith('$ snowgate validate tasks\n'));
    const { stdout } = await run(['validate', 'tasks'], { cwd: folder.dir });
    expect(shown).toBe(`$ snowgate validate tasks\n${stdout}`);
  });

  it('names the commands that there are', async () => {
    const { stdout } = await run(['--help']);
    const there = [...stdout.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');
    const table = readme.slice(readme.indexOf('| command | does |'));
    const named = [...table.matchAll(/^\| `([a-z]+)/gm)].map(([, name]) => name);
    expect(named).toEqual([
      'init',
      'new',
      'doctor',
      'validate',
      'token',
      'window',
      'policy',
      'plan',
      'review',
      'run',
      'status',
      'drift',
      'ledger',
      'simulate',
      'demo',
    ]);
    expect(new Set(named)).toEqual(new Set(there));
  });

  it('names scripts of the package', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...readme.matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
    expect(readme).toContain('npm ci && npm test');
  });
});

describe('docs/CONFIGURATION.md', () => {
  it('shows a configuration that is accepted without a word', () => {
    const [smallest = ''] = blocks(configuration, 'yaml');
    const resolved = resolveConfig(Buffer.from(smallest), { hostName: 'host', baseDir: '/etc' });
    expect(resolved).toMatchObject({ ok: true, warnings: [] });
  });

  const rows = new Map(
    [...configuration.matchAll(/^\| `([A-Za-z.]+)` \| (.*?) \| (.*?) \|/gm)].map(([, key = '', ...cells]) => [
      key,
      cells,
    ]),
  );

  it('has a row for every key', () => {
    for (const key of leaves()) {
      if (!/^(source|policySource|ledger)\.auth\./.test(key)) expect([...rows.keys()]).toContain(key);
      else expect(configuration).toContain(`\`${key.replace(/^\w+\./, '')}\``);
    }
  });

  it('tells every default and bound as it is', () => {
    for (const [key, value] of Object.entries(textDefaults))
      expect([key, rows.get(key)?.[0]]).toEqual([key, `\`${value}\``]);
    for (const [key, bounds] of Object.entries({ ...numberBounds, ...durationBounds })) {
      expect([key, ...(rows.get(key) ?? [])]).toEqual([
        key,
        `\`${bounds.default}\``,
        `${bounds.minimum} to ${bounds.maximum}`,
      ]);
    }
  });
});

/** Every key that may be written, by its whole path; secrets that may never be are none. */
function leaves(): string[] {
  const found: string[] = [];
  const walk = (path: readonly string[], schema: unknown): void => {
    if (!isRecord(schema)) return;
    const { properties, additionalProperties } = schema;
    // A map of texts (labels) is one key: its names are anybody's own.
    const isMap = isRecord(additionalProperties) && additionalProperties['type'] !== 'string';
    if (isMap) walk([...path, 'NAME'], additionalProperties);
    for (const [key, value] of Object.entries(isRecord(properties) ? properties : {}))
      walk([...path, key], value);
    const isLeaf = !isRecord(properties) && !isMap;
    const key = path.join('.');
    if (isLeaf && !('x-refused' in schema) && key !== 'apiVersion' && key !== 'kind') {
      found.push(key);
    }
  };
  walk([], controllerSchema);
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
