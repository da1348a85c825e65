import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';
import { resolvePath } from '../../src/config/remote.ts';
import { parseEndpoint, parseGitUrl } from '../../src/config/url.ts';

describe('a Git URL', () => {
  test.each([
    ['https://git.example.com/a/b.git', 'https', false, 'git.example.com/a/b'],
    ['https://Git.Example.com:8443/a/b/', 'https', false, 'git.example.com/a/b'],
    ['http://127.0.0.1:8080/a.git', 'http', true, '127.0.0.1/a'],
    ['http://localhost/a.git', 'http', true, 'localhost/a'],
    ['http://[::1]:1/a', 'http', true, '[::1]/a'],
    ['http://127.0.0.1.example.com/a', 'http', false, '127.0.0.1.example.com/a'],
    ['ssh://git@git.example.com:22/a/b.git', 'ssh', false, 'git.example.com/a/b'],
    ['git@git.example.com:a/b.git', 'ssh', false, 'git.example.com/a/b'],
    ['git.example.com:/srv/a', 'ssh', false, 'git.example.com/srv/a'],
    ['file:///srv/git/a.git', 'file', true, '/srv/git/a'],
  ])('%s is %s', (url, scheme, isLoopback, identity) => {
    expect(parseGitUrl('x', url)).toEqual({ ok: true, scheme, isLoopback, identity });
  });

  test.each([
    'ext::sh -c id',
    'fd::17',
    'https::https://h/x',
    'foo::bar',
    'git://h/x',
    'ftp://h/x',
    'HTTPS://h/x',
    '-oProxyCommand=id',
    '--upload-pack=id',
    'ssh://-oProxyCommand=id/x',
    'ssh://-x@h/y',
    '-x@h:y',
    'h:-x',
    'git@-h:x',
    '/srv/a.git',
    './a.git',
    'a.git',
    'file://host/a',
    'file:a',
    'https://',
    'https://h',
    'https://h/',
    'https:///x',
    'https://h/x y',
    'https://h/x\n',
    'https://h/x%0ahost=evil',
    'git@h:x%0D',
    'file:///x%7f',
    'https://h/\u0000',
    'https://h/x?token=hunter2',
    'https://h/x#hunter2',
    'https://hunter2@h/x',
    'https://u:hunter2@h/x',
    'ssh://git:hunter2@h/x',
    // git and curl find another host in these than a browser does.
    'http://127.0.0.1\\@h.example/x',
    'https://h\\@h.example/x',
    'http://127.0.0.1\\.h.example/x',
    'http://0x7f.1/x',
    'http://127.1/x',
    'http://\uff11\uff127.0.0.1/x',
    'ssh://%2dx@h/y',
    'ssh://u%0a@h/y',
    'https:///h/y',
  ])('%j is refused, and not repeated', (url) => {
    const parsed = parseGitUrl('source.url', url);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
    expect(JSON.stringify(parsed)).toContain('source.url');
  });

  test('nothing that is accepted begins like an option or names a helper', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'-:/@.a1[]~ \n?#%') }), (url) => {
        const parsed = parseGitUrl('x', url);
        if (parsed.ok) expect(url).not.toMatch(/^-|^[a-z0-9+.-]+::|^[^/:]*@-|^[^/:]*:-|\s/);
      }),
      { numRuns: 20_000 },
    );
  });
});

test.each([
  ['https://snow.example.com', 'https://snow.example.com'],
  ['https://snow.example.com:443/', 'https://snow.example.com'],
  ['http://127.0.0.1:4010/', 'http://127.0.0.1:4010'],
  ['http://LOCALHOST:1', 'http://localhost:1'],
  ['http://snow.example.com', undefined],
  ['http://0.0.0.0:1', undefined],
  ['ftp://127.0.0.1', undefined],
  ['127.0.0.1:4010', undefined],
  ['https://u@h', undefined],
  ['https://h?x', undefined],
])('the endpoint %s is compared as %s', (text, endpoint) => {
  const parsed = parseEndpoint('x', text);
  expect(parsed.ok ? parsed.endpoint : undefined).toBe(endpoint);
});

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['0s', 0],
  ['999999999d', 86_399_999_913_600_000],
  ['', undefined],
  ['5', undefined],
  ['5 m', undefined],
  ['-5m', undefined],
  ['1.5h', undefined],
  ['1h30m', undefined],
  ['5M', undefined],
  ['1000000000s', undefined],
])('the duration %j is %s ms', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});

test('a duration is written so that it is read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
    }),
  );
});

test.each([
  ['/etc/snowgate', 'a/b', '/etc/snowgate/a/b'],
  ['/etc/snowgate', '/a/./b/../c', '/a/c'],
  ['/etc/snowgate', '../../../../x', '/x'],
  ['/', 'x', '/x'],
])('from %s the path %s is %s', (baseDir, path, whole) => {
  expect(resolvePath(baseDir, path)).toBe(whole);
});
