import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders } from '../cli/folder.ts';

const script = fileURLToPath(new URL('../../tools/release-check.mjs', import.meta.url));

afterEach(removeFolders);

const manifest = {
  name: 'trial',
  version: '1.2.3',
  private: true,
  files: ['dist', 'schemas', 'CHANGELOG.md'],
  scripts: { schemas: 'cp schema.txt schemas/task.schema.json' },
};
const good: Record<string, string> = {
  'package.json': JSON.stringify(manifest),
  'package-lock.json': JSON.stringify({ version: '1.2.3', packages: { '': { version: '1.2.3' } } }),
  'CHANGELOG.md':
    '# Changelog\n\n## Unreleased\n\n## 1.2.3 (2026-11-28)\n\n- All.\n\n## 1.2.2 (2026-01-01)\n\n- Some.\n',
  'README.md': 'x\n',
  LICENSE: 'x\n',
  'action.yml': 'runs: npx --yes snowgate@1.2.3\n',
  'schema.txt': '{}\n',
  'schemas/task.schema.json': '{}\n',
  'dist/main.js': '1;\n',
};

/** A repository that may be released, but for what is changed in it; null removes a file. */
function makeTree(changed: Readonly<Record<string, string | null>> = {}): Folder {
  const folder = makeFolder(good);
  for (const [path, text] of Object.entries(changed)) {
    if (text === null) rmSync(join(folder.dir, path));
    else folder.write(path, text);
  }
  git(folder, 'init', '--quiet');
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--message=All');
  git(folder, 'tag', 'v1.2.2');
  git(folder, 'tag', 'nightly');
  return folder;
}

function git({ dir }: Folder, ...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...args], { cwd: dir });
}

function check({ dir }: Folder): { status: number | null; stdout: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: dir, encoding: 'utf8' });
  expect(stderr).toBe('');
  return { status, stdout };
}

describe('release:check', () => {
  it('lets go what is in order, with and without an action', () => {
    expect(check(makeTree())).toEqual({ status: 0, stdout: 'trial 1.2.3 may be released\n' });
    const { status, stdout } = check(makeTree({ 'action.yml': null }));
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'action.yml: not there, and not checked\ntrial 1.2.3 may be released\n',
    });
  });

  const versioned = (version: string) => ({ 'package.json': JSON.stringify({ ...manifest, version }) });
  const changelog = good['CHANGELOG.md'] ?? '';
  it.each([
    ['a version that is none', versioned('1.2'), 'package.json: version 1.2 is not MAJOR.MINOR.PATCH'],
    ['the version of a tag', versioned('1.2.2'), 'version 1.2.2 is not above v1.2.2'],
    ['an older version', versioned('1.1.9'), 'version 1.1.9 is not above v1.2.2'],
    [
      'another lock',
      { 'package-lock.json': '{"version":"1.2.3","packages":{"":{"version":"1.2.2"}}}' },
      'package-lock.json: says 1.2.3 and 1.2.2',
    ],
    [
      'no section',
      { 'CHANGELOG.md': changelog.replace('1.2.3', '1.2.4') },
      'CHANGELOG.md: no dated section for 1.2.3',
    ],
    [
      'a section without a date',
      { 'CHANGELOG.md': changelog.replace(' (2026-11-28)', '') },
      'no dated section for 1.2.3',
    ],
    [
      'a date that is none',
      { 'CHANGELOG.md': changelog.replace('2026-11-28', '2026-13-28') },
      'no dated section for 1.2.3',
    ],
    [
      'unreleased lines',
      { 'CHANGELOG.md': changelog.replace('Unreleased\n', 'Unreleased\n\n- More.\n') },
      'there are lines under Unreleased',
    ],
    ['another action', { 'action.yml': 'runs: npx snowgate@1.2.2\n' }, 'action.yml: runs 1.2.2'],
    [
      'an action without a version',
      { 'action.yml': 'runs: npx snowgate\n' },
      'action.yml: runs no pinned version',
    ],
    [
      'stale schemas',
      { 'schemas/task.schema.json': '{"old":1}\n' },
      'what is generated is not what is committed',
    ],
    ['no program', { 'dist/main.js': null, 'dist/other.js': '1;\n' }, 'the package lacks dist/main.js'],
    ['a source map', { 'dist/main.js.map': '{}' }, 'the package holds dist/main.js.map'],
  ] as const)('stops at %s', (_, changed, message) => {
    const { status, stdout } = check(makeTree(changed));
    expect(status).toBe(1);
    expect(stdout).toContain(message);
    expect(stdout).toMatch(/^ {2}do: .+$/m);
    expect(stdout).toMatch(/may not be released: 1 to mend\n$/);
  });

  it('stops at a working tree that is not clean', () => {
    const folder = makeTree();
    folder.write('left-over.txt', 'x');
    const { status, stdout } = check(folder);
    expect(status).toBe(1);
    expect(stdout).toContain('the working tree is not clean:\n?? left-over.txt');
  });

  it('changes nothing of a tree in order', () => {
    const folder = makeTree();
    check(folder);
    expect(readFileSync(join(folder.dir, 'schemas/task.schema.json'), 'utf8')).toBe('{}\n');
  });
});
