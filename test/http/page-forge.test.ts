/** Links to forges: only those that are known, and nothing that leads elsewhere. */
import { describe, expect, it } from 'vitest';
import { type ForgeKind, makeForge, makeForges } from '../../src/http/page-forge.ts';
import { makeConfig } from '../controller/world.ts';
import { openHttp } from './watched.ts';

const id = 'ab359ed53272ab359ed53272ab359ed53272ab35';

describe('a forge', () => {
  const known: [string, ForgeKind | null, string, string][] = [
    [
      'https://github.com/marine/tasks.git',
      null,
      `https://github.com/marine/tasks/commit/${id}`,
      `https://github.com/marine/tasks/blob/${id}/tasks/a.yaml#L7`,
    ],
    [
      'git@github.com:marine/tasks.git',
      null,
      `https://github.com/marine/tasks/commit/${id}`,
      `https://github.com/marine/tasks/blob/${id}/tasks/a.yaml#L7`,
    ],
    [
      'ssh://git@gitlab.example.com:2222/a/b/tasks',
      null,
      `https://gitlab.example.com/a/b/tasks/-/commit/${id}`,
      `https://gitlab.example.com/a/b/tasks/-/blob/${id}/tasks/a.yaml#L7`,
    ],
    [
      'https://codeberg.org/marine/tasks.git/',
      null,
      `https://codeberg.org/marine/tasks/commit/${id}`,
      `https://codeberg.org/marine/tasks/src/commit/${id}/tasks/a.yaml#L7`,
    ],
    [
      'http://forgejo.lan:3000/marine/tasks',
      null,
      `http://forgejo.lan:3000/marine/tasks/commit/${id}`,
      `http://forgejo.lan:3000/marine/tasks/src/commit/${id}/tasks/a.yaml#L7`,
    ],
    [
      'https://bitbucket.org/marine/tasks.git',
      null,
      `https://bitbucket.org/marine/tasks/commits/${id}`,
      `https://bitbucket.org/marine/tasks/src/${id}/tasks/a.yaml#lines-7`,
    ],
    [
      'https://git.example.com/marine/tasks.git',
      'gitlab',
      `https://git.example.com/marine/tasks/-/commit/${id}`,
      `https://git.example.com/marine/tasks/-/blob/${id}/tasks/a.yaml#L7`,
    ],
  ];
  it.each(known)('%s is linked', (url, hint, commit, file) => {
    const forge = makeForge(url, hint);
    expect(forge.commit(id)).toBe(commit);
    expect(forge.file(id, 'tasks/a.yaml', 7)).toBe(file);
  });

  it.each([
    'https://git.example.com/marine/tasks.git',
    'https://bitbucket.example.com/scm/m/tasks.git',
    'https://notgithub.com/marine/tasks',
    'file:///srv/github/tasks.git',
    'memory:source',
    'github:marine/tasks',
    'javascript://github.com/%0aalert(1)',
    'https://github.com/../../evil',
    'https://github.com/a/%00/../b',
    'https://user@github.com/a/b',
    'https://github.com\\@evil.example/a/b',
    '',
  ])('%j is not linked', (url) => {
    const forge = makeForge(url, null);
    expect([forge.commit(id), forge.file(id, 'a', 1)]).toEqual([null, null]);
  });

  it('links no commit that is none, and no path that leads elsewhere', () => {
    const forge = makeForge('https://github.com/a/b', null);
    for (const bad of [null, '', 'main', `${id}0`, id.toUpperCase(), '../../x'])
      expect([bad, forge.commit(bad)]).toEqual([bad, null]);
    for (const path of ['', '../x', 'a/../b', 'a//b', './a', 'x'.repeat(1_001)])
      expect([path, forge.file(id, path, 1)]).toEqual([path, null]);
    expect(forge.file(id, 'a"><script>/\u202e?#.yaml', 1)).toBe(
      `https://github.com/a/b/blob/${id}/a%22%3E%3Cscript%3E/%E2%80%AE%3F%23.yaml#L1`,
    );
  });

  it('is what the only webhook says, where its name says nothing', () => {
    const plain = makeConfig();
    const source = { ...plain.source, url: 'https://git.example.com/a/b' };
    const forgesOf = (...hooks: ('github' | 'gitea' | 'generic')[]) =>
      makeForges({
        ...plain,
        source,
        http: { ...openHttp, hookSecretFiles: new Map(hooks.map((name) => [name, ['x']])) },
      });
    expect(forgesOf('gitea', 'generic').source.commit(id)).toBe(`https://git.example.com/a/b/commit/${id}`);
    expect(forgesOf('gitea').policies.commit(id)).toBe(`https://git.example.com/a/b/commit/${id}`);
    expect(forgesOf('gitea').ledger.commit(id)).toBeNull();
    expect(forgesOf('gitea', 'github').source.commit(id)).toBeNull();
    expect(forgesOf('generic').source.commit(id)).toBeNull();
  });
});
