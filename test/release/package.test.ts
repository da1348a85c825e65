/** What `npm pack` gives, and that it runs where nothing of the repository is: the latter with SNOWGATE_PACK=1, because installing takes long. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders, taskText } from '../cli/folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const parts = ['dist', 'schemas', 'policies', 'examples', 'docs', 'tools', 'test/release'];
const files = ['package.json', 'package-lock.json', 'README.md', 'LICENSE', 'CHANGELOG.md', '.npmrc'];

/** A copy, so that no other test misses the program while it is built, or finds the shrinkwrap. */
function pack(): { dir: string; tarball: string; paths: string[] } {
  const { dir } = makeFolder();
  for (const path of [...parts, ...files]) cpSync(join(root, path), join(dir, path), { recursive: true });
  execFileSync(process.execPath, ['tools/shrinkwrap.mjs'], { cwd: dir });
  const told = execFileSync('npm', ['pack', '--ignore-scripts', '--json'], { cwd: dir, encoding: 'utf8' });
  const [{ filename, files: packed }] = JSON.parse(told);
  return { dir, tarball: join(dir, filename), paths: packed.map(({ path }: { path: string }) => path) };
}

let packed: ReturnType<typeof pack>;
beforeAll(() => {
  if (!existsSync(join(root, 'dist/main.js')))
    throw new Error('dist/main.js is not there: npm run build makes it');
  packed = pack();
});
afterAll(removeFolders);

describe('the package', () => {
  it('holds the program, what it reads and what people read, and nothing else', () => {
    const tops = new Set(packed.paths.map((path) => path.split('/')[0]));
    expect([...tops].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'examples',
      'npm-shrinkwrap.json',
      'package.json',
      'policies',
      'schemas',
    ]);
    expect(packed.paths.filter((path) => /\.(ts|map)$/.test(path))).toEqual([]);
    expect(packed.paths).toEqual(expect.arrayContaining(['dist/main.js', 'dist/cli/tree-worker.js']));
  });

  it('pins what was tested: each version and hash of the lock file, of no host, none for development', () => {
    const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
    const lock = read(join(root, 'package-lock.json'));
    const shrinkwrap = read(join(packed.dir, 'npm-shrinkwrap.json'));
    const { '': top, ...pinned } = shrinkwrap.packages;
    expect(top.devDependencies).toBeUndefined();
    expect(top.dependencies).toEqual(lock.packages[''].dependencies);
    const wanted = Object.entries<Record<string, unknown>>(lock.packages).filter(
      ([path, entry]) => path !== '' && entry.dev !== true && entry.devOptional !== true,
    );
    expect(Object.keys(pinned)).toEqual(wanted.map(([path]) => path));
    for (const [path, { version, integrity }] of wanted) {
      expect(integrity, path).toMatch(/^sha512-/);
      expect(pinned[path]).toMatchObject({ version, integrity });
      expect(pinned[path].resolved).toBeUndefined();
    }
    for (const name of Object.keys(top.dependencies)) expect(pinned).toHaveProperty([`node_modules/${name}`]);
  });

  it.runIf(process.env.SNOWGATE_PACK === '1')(
    'installs into an empty folder, and runs there',
    { timeout: 300_000 },
    () => {
      const { dir, write } = makeFolder({ 'tasks/a.yaml': taskText('a') });
      const npm = [
        'install',
        '--prefer-offline',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        packed.tarball,
      ];
      execFileSync('npm', npm, { cwd: dir, stdio: 'pipe', timeout: 240_000 });
      const bin = join(dir, 'bin');
      const home = join(dir, 'home');
      for (const made of [bin, home]) mkdirSync(made);
      symlinkSync(process.execPath, join(bin, 'node'));
      const run = (...argv: string[]): string =>
        execFileSync(join(dir, 'node_modules/.bin/snowgate'), argv, {
          cwd: dir,
          encoding: 'utf8',
          env: { PATH: `${bin}:/usr/bin:/bin`, HOME: home },
        });
      const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      expect(run('--version')).toBe(`snowgate ${version}\n`);
      expect(run('validate')).toBe('1 file, 1 valid task: no problems\n');
      cpSync(join(dir, 'node_modules/snowgate/policies'), join(dir, 'policies'), { recursive: true });
      write('policies/README.md', '');
      expect(run('policy', 'test')).toMatch(/cases?/);
      expect(run('demo', '--once')).toContain('demo: AWS holds 5 tasks, 0 asked for twice\n');
    },
  );
});
