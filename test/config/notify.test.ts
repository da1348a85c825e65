/** `notify`: who is sent word, of what, and how. */
import { describe, expect, it } from 'vitest';
import { noticeKinds } from '../../src/config/config.ts';
import { codes, config, resolve, write } from './written.ts';

const notify = (text: string) => ({ rest: `notify: ${text}` });
const usual = noticeKinds.filter((kind) => kind !== 'inDoubt' && kind !== 'doubtEnded');
const forge = (more: string) =>
  `{a: {commitStatus: {forge: github, apiUrl: "https://a.example", repository: a/b, tokenFile: t${more}}}}`;

describe('notify', () => {
  it('is nothing where it is not written, or written empty', () => {
    expect(config().notify).toBeUndefined();
    expect(config(notify('{}')).notify).toBeUndefined();
  });

  it('is read as written, with everything that is left out', () => {
    const written = `{
      chat: {slack: {urlFile: url, caFile: /ca}, fleets: [north-*], events: [held, failed], severity: warning, redactDevices: true},
      siem: {webhook: {url: "https://siem.example/a/", secretFile: /s}},
      forge: {commitStatus: {forge: gitlab, apiUrl: "https://git.example/api/v4/", repository: a/b/c, tokenFile: t}, fleets: [lab]}}`;
    expect(codes(write(notify(written)))).toEqual([]);
    expect([...(config(notify(written)).notify?.values() ?? [])]).toEqual([
      {
        name: 'chat',
        fleets: ['north-*'],
        events: ['failed', 'held'],
        severity: 'warning',
        redactDevices: true,
        via: { kind: 'slack', urlFile: '/etc/snowgate/url', caFile: '/ca' },
      },
      {
        name: 'siem',
        fleets: ['*'],
        events: usual,
        severity: 'info',
        redactDevices: false,
        via: { kind: 'webhook', url: 'https://siem.example/a/', secretFile: '/s' },
      },
      {
        name: 'forge',
        fleets: ['lab'],
        events: usual,
        severity: 'info',
        redactDevices: false,
        via: {
          kind: 'commitStatus',
          forge: 'gitlab',
          apiUrl: 'https://git.example/api/v4',
          repository: 'a/b/c',
          tokenFile: '/etc/snowgate/t',
        },
      },
    ]);
  });

  const many = Array.from({ length: 17 }, (_, n) => `t${n}: {slack: {urlFile: u}}`).join(', ');
  it.each<[string, string, string[]]>([
    ['no way to send word', '{a: {}}', ['SG2039']],
    [
      'two ways',
      '{a: {slack: {urlFile: u}, webhook: {url: "https://a.example/", secretFile: s}}}',
      ['SG2039'],
    ],
    ['a name with a capital', '{A: {slack: {urlFile: u}}}', ['SG1110']],
    ['more targets than anybody has', `{${many}}`, ['SG1106']],
    ['a misspelt key', '{a: {slack: {urlfile: u}}}', ['SG1101']],
    ['a misspelt event', '{a: {slack: {urlFile: u}, events: [fail]}}', ['SG1104']],
    ['a severity that is none', '{a: {slack: {urlFile: u}, severity: fatal}}', ['SG1104']],
    ['http beyond loopback', '{a: {webhook: {url: "http://a.example/", secretFile: s}}}', ['SG2040']],
    ['http to this machine', '{a: {webhook: {url: "http://127.0.0.1:1/", secretFile: s}}}', []],
    [
      'a password in the URL',
      '{a: {webhook: {url: "https://u:canary@a.example/", secretFile: s}}}',
      ['SG2040'],
    ],
    [
      'a query in the URL',
      '{a: {webhook: {url: "https://a.example/?key=canary", secretFile: s}}}',
      ['SG2040'],
    ],
    ['no URL', '{a: {webhook: {url: "canary", secretFile: s}}}', ['SG2040']],
    [
      'a secret itself',
      '{a: {webhook: {url: "https://a.example/", secretFile: s, secret: canary}}}',
      ['SG2009'],
    ],
    ['the URL of Slack itself', '{a: {slack: {urlFile: u, url: "https://a.example/canary"}}}', ['SG2009']],
    ['a token itself', forge(', token: canary'), ['SG2009']],
    ['events beside commitStatus', forge('}, events: [held]').replace('}}}', '}}'), ['SG2041']],
    ['short ids beside commitStatus', forge('}, redactDevices: true').replace('}}}', '}}'), ['SG2041']],
    ['a severity beside commitStatus', forge('}, severity: error').replace('}}}', '}}'), ['SG2041']],
    [
      'authorities for http',
      '{a: {webhook: {url: "http://[::1]:1/", secretFile: s, caFile: c}}}',
      ['SG2042'],
    ],
    ['a repository without owner', forge('').replace('a/b', 'abc'), ['SG1105', 'SG2043']],
    ['a repository in a group of GitHub', forge('').replace('a/b', 'a/b/c'), ['SG2043']],
    ['a repository that steps up', forge('').replace('a/b', '../b'), ['SG2043']],
    ['a forge that is none', forge('').replace('github', 'bitbucket'), ['SG1104']],
  ])('%s', (_what, text, told) => {
    expect(codes(write(notify(text))).sort()).toEqual(told);
    const resolved = resolve(write(notify(text)));
    expect(JSON.stringify(resolved.ok ? [] : resolved.problems)).not.toContain('canary');
  });
});
