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
  'action.yml': 'run: |\n  version=1.2.3\n',
  'schema.txt': '{}\n',
  'schemas/task.schema.json': '{}\n',
  'dist/main.js': '1;\n',
  'dist/lib/checks/task.cjs': '1;\n',
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

/** npm is slow to start: each tree has several faults, and one run tells them all. */
const changelog = good['CHANGELOG.md'] ?? '';
const bad: [string, Record<string, string | null>, string[]][] = [
  [
    'of an old version, by every file',
    {
      'package.json': JSON.stringify({ ...manifest, version: '1.2.2' }),
      'CHANGELOG.md': changelog
        .replace('Unreleased\n', 'Unreleased\n\n- More.\n')
        .replace('2026-01-01', '2026-13-01'),
      'schemas/task.schema.json': '{"old":1}\n',
      'dist/main.js.map': '{}',
    },
    [
      'package.json: version 1.2.2 is not above v1.2.2',
      'CHANGELOG.md: there are lines under Unreleased',
      'CHANGELOG.md: no dated section for 1.2.2',
      'package-lock.json: says 1.2.3 and 1.2.3, not 1.2.2',
      'action.yml: runs 1.2.3',
      'what is generated is not what is committed',
      'the package holds dist/main.js.map',
    ],
  ],
  [
    'without a version, a section, a pin and a program',
    {
      'package.json': JSON.stringify({ ...manifest, version: '1.2' }),
      'action.yml': 'run: npx snowgate\n',
      'dist/main.js': null,
      'dist/other.js': '1;\n',
    },
    [
      'package.json: version 1.2 is not MAJOR.MINOR.PATCH',
      'CHANGELOG.md: no dated section for 1.2\n',
      'package-lock.json: says 1.2.3 and 1.2.3, not 1.2',
      'action.yml: runs no pinned version',
      'the package lacks dist/main.js',
    ],
  ],
];

describe('release:check', { timeout: 120_000 }, () => {
  it('lets go what is in order, and changes nothing of it', () => {
    const folder = makeTree();
    expect(check(folder)).toEqual({ status: 0, stdout: 'trial 1.2.3 may be released\n' });
    expect(readFileSync(join(folder.dir, 'schemas/task.schema.json'), 'utf8')).toBe('{}\n');
  });

  it('stops at a working tree that is not clean; an action that is not there is not missed', () => {
    const folder = makeTree({ 'action.yml': null });
    folder.write('left-over.txt', 'x');
    const { status, stdout } = check(folder);
    expect(status).toBe(1);
    expect(stdout).toContain('action.yml: not there, and not checked\n');
    expect(stdout).toContain('the working tree is not clean:\n?? left-over.txt');
  });

  it.each(bad)('names every fault of a tree %s, and what to do', (_, changed, messages) => {
    const { status, stdout } = check(makeTree(changed));
    expect(status).toBe(1);
    for (const message of messages) expect(stdout).toContain(message);
    expect(stdout.match(/^ {2}do: .+$/gm)).toHaveLength(messages.length);
    expect(stdout).toContain(`may not be released: ${messages.length} to mend\n`);
  });
});
