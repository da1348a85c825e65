/** What a payload hints at, forge by forge. */
import { describe, expect, it } from 'vitest';
import { type HookProvider, hookProviders } from '../../src/config/config.ts';
import * as payloads from './hook-payloads.ts';
import { everything, hinted, json } from './hook-world.ts';

const host = 'git.example.com';

describe('a push', () => {
  const event = (name: string, value: string): Record<string, string> => ({ [name]: value });
  const gitlabHook = event('X-Gitlab-Event', 'Push Hook');
  const cloudUrl = 'git@bitbucket.org:marine/snow-tasks.git';
  const dataCenterUrl = 'ssh://git@git.example.com:7999/marine/snow-tasks.git';
  const table: [string, HookProvider, Buffer, Record<string, string>, string | undefined, string][] = [
    [
      'GitHub',
      'github',
      json(payloads.githubPush(host)),
      event('X-GitHub-Event', 'push'),
      undefined,
      'source',
    ],
    [
      'github.com',
      'github',
      json(payloads.githubPush('github.com')),
      {},
      'git@github.com:Marine/Snow-Tasks',
      'source',
    ],
    [
      'GitHub, of the ledger',
      'github',
      json(payloads.githubPush(host, 'refs/heads/snowgate-ledger')),
      {},
      undefined,
      'ledger',
    ],
    [
      'GitHub, of another branch',
      'github',
      json(payloads.githubPush(host, 'refs/heads/main2')),
      {},
      undefined,
      '',
    ],
    ['GitHub, of a tag', 'github', json(payloads.githubPush(host, 'refs/tags/main')), {}, undefined, ''],
    ['another GitHub', 'github', json(payloads.githubPush('other.example.com')), {}, undefined, ''],
    ['GitLab', 'gitlab', json(payloads.gitlabPush(host)), gitlabHook, undefined, 'source'],
    [
      'GitLab over ssh',
      'gitlab',
      json(payloads.gitlabPush(host)),
      gitlabHook,
      `ssh://git@${host}:2222/marine/snow-tasks`,
      'source',
    ],
    [
      'GitLab, by a system hook',
      'gitlab',
      json(payloads.gitlabPush(host)),
      event('X-Gitlab-Event', 'System Hook'),
      undefined,
      'source',
    ],
    [
      'GitLab, of several branches',
      'gitlab',
      json(payloads.gitlabUpdate(host)),
      event('X-Gitlab-Event', 'System Hook'),
      undefined,
      'source ledger',
    ],
    ['Gitea', 'gitea', json(payloads.giteaPush(host)), event('X-Gitea-Event', 'push'), undefined, 'source'],
    [
      'Forgejo',
      'gitea',
      json(payloads.giteaPush(host)),
      event('X-Forgejo-Event', 'push'),
      `git@${host}:marine/snow-tasks.git`,
      'source',
    ],
    [
      'Bitbucket Cloud',
      'bitbucket',
      json(payloads.bitbucketCloudPush()),
      event('X-Event-Key', 'repo:push'),
      cloudUrl,
      'source',
    ],
    [
      'Bitbucket Cloud, of several',
      'bitbucket',
      json(payloads.bitbucketCloudPush(['x', 'snowgate-ledger', 'main'])),
      {},
      cloudUrl,
      'source ledger',
    ],
    [
      'Bitbucket Cloud, a removal',
      'bitbucket',
      json(payloads.bitbucketCloudPush([null])),
      {},
      cloudUrl,
      'source',
    ],
    [
      'Bitbucket Cloud, a tag',
      'bitbucket',
      json(payloads.bitbucketCloudPush(['main'], 'tag')),
      {},
      cloudUrl,
      '',
    ],
    ['Bitbucket Cloud, of another', 'bitbucket', json(payloads.bitbucketCloudPush(['x'])), {}, cloudUrl, ''],
    [
      'Bitbucket Cloud, of too many',
      'bitbucket',
      json(payloads.bitbucketCloudPush(Array(101).fill('x'))),
      {},
      cloudUrl,
      'source ledger',
    ],
    [
      'Bitbucket Data Center',
      'bitbucket',
      json(payloads.bitbucketServerPush(host)),
      event('X-Event-Key', 'repo:refs_changed'),
      dataCenterUrl,
      'source',
    ],
    [
      'Bitbucket Data Center over https',
      'bitbucket',
      json(payloads.bitbucketServerPush(host)),
      {},
      `https://${host}/scm/marine/snow-tasks.git`,
      'source',
    ],
    [
      'a mirror that has caught up',
      'bitbucket',
      json(payloads.bitbucketServerPush(host, [])),
      event('X-Event-Key', 'mirror:repo_synchronized'),
      dataCenterUrl,
      'source ledger',
    ],
    [
      'Bitbucket Data Center, of a tag',
      'bitbucket',
      json(payloads.bitbucketServerPush(host, ['refs/tags/main'])),
      {},
      dataCenterUrl,
      '',
    ],
    [
      'anything, whole',
      'generic',
      json({ repository: `https://${host}/marine/snow-tasks`, ref: 'refs/heads/main' }),
      {},
      undefined,
      'source',
    ],
    [
      'anything, a short name',
      'generic',
      json({ repository: `${host}:marine/snow-tasks`, ref: 'main' }),
      {},
      undefined,
      'source',
    ],
    [
      'anything, no branch',
      'generic',
      json({ repository: `https://${host}/marine/snow-tasks` }),
      {},
      undefined,
      'source ledger',
    ],
    [
      'anything, other policies',
      'generic',
      json({ repository: `https://${host}/marine/policies` }),
      {},
      undefined,
      'policySource',
    ],
    [
      'anything, elsewhere',
      'generic',
      json({ repository: `https://${host}/marine/other` }),
      {},
      undefined,
      '',
    ],
  ];
  it.each(table)('at %s', (_where, provider, body, headers, url, names) => {
    expect(hinted(provider, body, headers, url)).toBe(names);
  });
});

describe('an event that is no push pokes nothing', () => {
  const table: [HookProvider, string, string, unknown][] = [
    ['github', 'X-GitHub-Event', 'ping', payloads.githubPing(host)],
    ['github', 'X-GitHub-Event', 'pull_request', { repository: payloads.githubPush(host).repository }],
    ['gitea', 'X-Gitea-Event', 'issues', payloads.giteaPush(host)],
    ['gitea', 'X-Forgejo-Event', 'create', payloads.giteaPush(host)],
    ['gitlab', 'X-Gitlab-Event', 'Merge Request Hook', payloads.gitlabPush(host)],
    ['gitlab', 'X-Gitlab-Event', 'Tag Push Hook', payloads.gitlabPush(host)],
    ['gitlab', 'X-Gitlab-Event', 'System Hook', { event_name: 'user_create', username: 'ann' }],
    ['bitbucket', 'X-Event-Key', 'diagnostics:ping', { test: true }],
    ['bitbucket', 'X-Event-Key', 'pullrequest:fulfilled', payloads.bitbucketCloudPush()],
  ];
  it.each(table)('%s: %s: %s', (provider, name, event, payload) => {
    expect(hinted(provider, json(payload), { [name]: event })).toBe('');
  });
});

describe('what names no repository that can be compared pokes everything', () => {
  const texts: [string, string][] = [
    ['nothing', ''],
    ['no JSON', '{"repository": {'],
    ['no text', '\u0000\ufffd'],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[{"repository": "https://git.example.com/a"}]'],
    ['an empty map', '{}'],
    ['a branch alone', '{"ref": "refs/heads/main"}'],
    ['null for a repository', '{"repository": null, "project": null}'],
    [
      'other kinds of values',
      '{"repository": {"clone_url": 1, "links": [], "full_name": {}}, "project": []}',
    ],
    ['what is no URL', '{"repository": "marine/snow-tasks"}'],
    ['a URL of a helper', '{"repository": {"clone_url": "ext::sh -c id"}}'],
    ['a key of the prototype', '{"__proto__": {"repository": {"clone_url": "https://git.example.com/x"}}}'],
    [
      'too long a URL',
      JSON.stringify({ repository: { clone_url: `https://git.example.com/${'a'.repeat(3_000)}` } }),
    ],
  ];
  it.each(texts)('%s', (_what, text) => {
    for (const provider of hookProviders)
      expect(hinted(provider, Buffer.from(text)), provider).toBe(everything);
  });
});

describe('a form', () => {
  const payload = JSON.stringify(payloads.githubPush(host, 'refs/heads/snowgate-ledger'));
  it.each(['application/x-www-form-urlencoded', 'Application/X-WWW-Form-Urlencoded; charset=utf-8'])(
    'of the type %s is read by its field',
    (type) => {
      const form = Buffer.from(new URLSearchParams({ other: '{}', payload }).toString());
      expect(hinted('github', form, { 'content-type': type })).toBe('ledger');
      expect(hinted('github', Buffer.from('a=b'), { 'content-type': type })).toBe(everything);
      expect(hinted('github', Buffer.from('payload=%ff%zz'), { 'content-type': type })).toBe(everything);
    },
  );
});

describe('two ways to write one address are one', () => {
  const ours = 'https://git.example.com/marine/snow-tasks.git';
  it.each([
    ours,
    'https://git.example.com/marine/snow-tasks',
    'https://git.example.com/marine/snow-tasks/',
    'https://git.example.com/marine/snow-tasks.git/',
    'HTTPS://Git.Example.COM/Marine/Snow-Tasks.git',
    'https://git.example.com:443/marine/snow-tasks.git',
    'https://git.example.com:8443/marine/snow-tasks.git',
    'http://git.example.com/marine/snow-tasks.git',
    'https://ann@git.example.com/marine/snow-tasks.git',
    'https://ann:word@git.example.com/marine/snow-tasks.git',
    'git://git.example.com/marine/snow-tasks.git',
    'ssh://git@git.example.com/marine/snow-tasks.git',
    'ssh://git@git.example.com:22/marine/snow-tasks.git',
    'git+ssh://git@git.example.com/marine/snow-tasks.git',
    'git@git.example.com:marine/snow-tasks.git',
    'git.example.com:marine/snow-tasks',
    'git@git.example.com:/marine/snow-tasks',
  ])('%s', (url) => {
    expect(hinted('generic', json({ repository: url, ref: 'main' }))).toBe('source');
    expect(hinted('generic', json({ repository: ours, ref: 'main' }), {}, url)).toBe('source');
  });

  it.each([
    'https://git.example.org/marine/snow-tasks.git',
    'https://git.example.com/marine/snow-tasks2.git',
    'https://git.example.com/marine/snow-tasks.git.git',
    'https://git.example.com/snow-tasks.git',
    'https://git.example.com/x/marine/snow-tasks.git',
    'https://git.example.com.evil.example/marine/snow-tasks.git',
    'https://git.example.com@evil.example/marine/snow-tasks.git',
    'file:///marine/snow-tasks.git',
  ])('%s is another', (url) => {
    expect(hinted('generic', json({ repository: url }))).toBe('');
  });

  it('of a local file, too', () => {
    expect(hinted('generic', json({ repository: 'file:///srv/git/a' }), {}, 'file:///srv/git/a.git')).toBe(
      'source ledger',
    );
  });
});
