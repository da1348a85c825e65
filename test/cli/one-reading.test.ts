/** One reading of a tree: what the controller says of a commit, `validate` says of the work tree that it came from. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { collectDesired, type PlacedProblem } from '../../src/manifest/collect.ts';
import { fetchHead, readHead } from '../contract/source-world.ts';
import { type GitSourceWorld, openSourceWorld } from '../git/source-world.ts';
import { makeFolder, removeFolders, taskText } from './folder.ts';
import { run } from './terminal.ts';

const worlds: GitSourceWorld[] = [];

afterEach(async () => {
  removeFolders();
  for (const world of worlds.splice(0)) await world.end();
});

/** A file with its text, a symbolic link with its end, or a repository of its own. */
type Kind = { readonly text: string } | { readonly link: string } | 'repository';
type Tree = readonly (readonly [path: string | Buffer, kind: Kind])[];

function git(dir: string, ...args: readonly string[]): void {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...identity, ...args], { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
}

function build(tree: Tree): string {
  const { dir } = makeFolder();
  for (const [path, kind] of tree) {
    const full = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(path)]);
    const folder = full.subarray(0, full.lastIndexOf('/'));
    mkdirSync(kind === 'repository' ? full : folder, { recursive: true });
    if (kind === 'repository') {
      git(full.toString(), 'init', '--quiet');
      git(full.toString(), 'commit', '--quiet', '--allow-empty', '--message', 'a');
    } else if ('link' in kind) symlinkSync(kind.link, full);
    else writeFileSync(full, kind.text);
  }
  return dir;
}

/** What the controller says of the tree once it is committed. */
async function readCommitted(dir: string, settings: Record<string, string>): Promise<object[]> {
  const world = await openSourceWorld({ settings });
  worlds.push(world);
  git(dir, 'init', '--quiet', '--initial-branch=main');
  git(dir, '-c', 'core.ignoreCase=false', '-c', 'advice.addEmbeddedRepo=false', 'add', '--all');
  git(dir, 'commit', '--quiet', '--message', 'a');
  git(dir, 'push', '--quiet', world.repository, 'main');
  await fetchHead(world.source);
  return told(collectDesired((await readHead(world.source)).files).problems);
}

function told(problems: readonly PlacedProblem[]): object[] {
  return problems.map(({ place, ...problem }) => ({ ...place, ...problem })).sort(byText);
}

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

async function validated(dir: string, ...argv: string[]): Promise<object[]> {
  const { stdout } = await run(['validate', ...argv, '--format', 'json'], { cwd: dir });
  return JSON.parse(stdout).problems.sort(byText);
}

const task = (name: string): Kind => ({ text: taskText(name) });
const bytes = (path: string): Buffer => Buffer.from(path, 'latin1');

const hostile: Tree = [
  ['tasks/good.yaml', task('good')],
  ['tasks/up.YAML', task('up')],
  ['tasks/README.md', { link: '../README.md' }],
  ['tasks/link.yaml', { link: 'good.yaml' }],
  ['tasks/sub', { link: '../elsewhere' }],
  ['tasks/module', 'repository'],
  ['tasks/new\nline.yaml', task('line')],
  ['tasks/esc\u001b[2J.yml', task('esc')],
  ['tasks/notes\u0001.txt', { text: 'x' }],
  [bytes('tasks/bad\xff.yaml'), task('bad')],
  [bytes('tasks/d\xff/deep.yaml'), task('deep')],
  [
    `tasks/${'l'.repeat(250)}/${'m'.repeat(250)}/${'n'.repeat(250)}/${'o'.repeat(250)}/${'p'.repeat(50)}.yaml`,
    task('p'),
  ],
  ['tasks/big.yaml', { text: `${taskText('big')}# ${'x'.repeat(2_000_000)}\n` }],
  ['tasks/wrong.yaml', { text: taskText('wrong', { command: 'unlok' }) }],
  ['tasks/Twin.yaml', task('twin-a')],
  ['tasks/twin.yaml', task('twin-b')],
  ['tasks/waits.yaml', { text: taskText('waits', { after: ['nobody'] }) }],
  ['tasks/c.yaml', { text: 'apiVersion: snowgate/v1\nkind: PolicyTest\n' }],
];

describe('validate says of a work tree what the controller says of its commit', () => {
  it.each<[string, string[]]>([
    ['by itself', []],
    ['of its folder', ['tasks']],
    ['of everything', ['.']],
  ])('%s, whatever lies there', async (_what, argv) => {
    const dir = build(hostile);
    const found = await validated(dir, ...argv);
    const codes = new Set(found.map((problem) => (problem as { code: string }).code));
    for (const code of ['SG3041', 'SG3042', 'SG3043', 'SG3044', 'SG3045', 'SG3046', 'SG3047'])
      expect(codes).toContain(code);
    expect(found).toEqual(await readCommitted(dir, {}));
  });

  it('where manifests are the whole repository', async () => {
    const dir = build([
      ['snowgate.yaml', { text: 'apiVersion: snowgate/v1\nkind: Controller\n' }],
      ['x/UP.YML', task('up')],
      ['.github/ci.yml', { text: 'name: check\n' }],
    ]);
    const names = { manifests: '', policies: 'rules' };
    const { findFiles } = await import('../../src/cli/tree-walk.ts');
    const { readManifests, defaultLimits } = await import('../../src/cli/manifests.ts');
    const walked = await findFiles(['.'], dir, names);
    const read = walked.ok ? await readManifests(walked.value, defaultLimits) : walked;
    const found = read.ok ? told(read.value.problems) : read;
    expect(found).toEqual(await readCommitted(dir, { path: '.', policies: 'rules' }));
  });

  it('for any names and kinds', { timeout: 120_000 }, async () => {
    const name = fc.constantFrom(
      'a.yaml',
      'A.yaml',
      'a.YML',
      'b.yml',
      'x',
      '\u0007.yaml',
      '\xe9.yaml',
      'e\u0301.yaml',
      '\xff',
    );
    const kind = fc.constantFrom<Kind>(task('a'), task('b'), { link: 'a.yaml' }, { text: '' }, { text: '{' });
    const trees = fc.uniqueArray(fc.tuple(fc.array(name, { minLength: 1, maxLength: 2 }), kind), {
      maxLength: 8,
      selector: ([steps]) => steps[0],
    });
    await fc.assert(
      fc.asyncProperty(trees, fc.boolean(), async (drawn, isLatin) => {
        const entries = drawn.map(([steps, one]): Tree[number] => {
          const path = `tasks/${steps.join('/')}`;
          return [isLatin ? bytes(path) : path, one];
        });
        const dir = build([['tasks/z.yaml', task('z')], ...entries]);
        expect(await validated(dir)).toEqual(await readCommitted(dir, {}));
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
