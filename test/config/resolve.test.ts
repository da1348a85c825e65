import { describe, expect, test } from 'vitest';
import { durationBounds, numberBounds } from '../../src/config/bounds.ts';
import { parseDuration } from '../../src/config/duration.ts';
import type { Written } from './written.ts';
import { account, codes, config, resolve, unlabelled, write } from './written.ts';

describe('a short configuration', () => {
  test('is filled in with the documented defaults', () => {
    expect(config()).toEqual({
      source: {
        url: 'https://git.example.com/tasks.git',
        branch: 'main',
        auth: { kind: 'none' },
        insecureTransport: false,
        path: 'tasks',
        policies: 'policies',
        namesPolicies: false,
        schedule: '*/30 * * * * *',
        maxAgeMs: 300_000,
        maxRemovals: 10,
        limits: {
          fileBytes: 65_536,
          files: 100_000,
          documentsPerFile: 100,
          depth: 32,
          fetchTimeoutMs: 120_000,
          historyCommits: 10_000,
        },
      },
      ledger: {
        id: '6f1c0d6e-0a3b-4c57-9d1e-1a2b3c4d5e6f',
        url: 'https://git.example.com/ledger.git',
        branch: 'snowgate-ledger',
        auth: { kind: 'none' },
        insecureTransport: false,
        pushesPerMinute: 6,
        replicas: 1,
        sharesSource: false,
      },
      stateDir: '/var/lib/snowgate',
      replica: 'aurora-01-local',
      repeatGuard: true,
      policy: { uncovered: 'allow', separateCommits: false },
      fleets: new Map([
        ['north-sea', { name: 'north-sea', region: 'eu-west-1', account: '111122223333', ...unlabelled }],
      ]),
      issue: {
        batch: 40,
        concurrency: 8,
        deadlineMs: 60_000,
        requestTimeoutMs: 5_000,
        rate: 2,
        maxWaitMs: 30 * 86_400_000,
        maxPerPass: 40,
      },
      recovery: { takeoverMs: 180_000, settlingMs: 30_000, listTrustMs: 86_400_000 },
      cancel: { leadMs: 60_000 },
      observe: { rate: 2 },
      clock: { toleranceMs: 30_000 },
      shutdown: { timeoutMs: 25_000 },
    });
    expect(codes(write())).toEqual([]);
  });

  test.each(['', 'policy: {}', 'policy: {uncovered: hold}', 'policy: {separateCommits: false}'])(
    'holds what no policy covers: %j',
    (policy) => {
      expect(resolve(write().replace('policy: {uncovered: allow}', policy))).toMatchObject({
        ok: true,
        config: { policy: { uncovered: 'hold', separateCommits: false } },
        warnings: [],
      });
    },
  );
});

describe('what is written', () => {
  test('takes the place of the defaults, in milliseconds', () => {
    const written = config({
      source:
        '  branch: prod/eu\n  path: tasks/prod\n  schedule: "0 * * * * *"\n  maxAge: 10m\n  limits: {depth: 8}',
      rest: 'repeatGuard: off\nreplica: blue\nissue: {deadline: 30s, rate: 0.5}\nclock: {tolerance: 1500ms}',
    });
    expect(written).toMatchObject({
      source: { branch: 'prod/eu', path: 'tasks/prod', schedule: '0 * * * * *', maxAgeMs: 600_000 },
      repeatGuard: false,
      replica: 'blue',
      issue: { deadlineMs: 30_000, rate: 0.5 },
      clock: { toleranceMs: 1_500 },
    });
    expect(written.source.limits).toMatchObject({ depth: 8, files: 100_000 });
  });

  test('files are found from the folder of the configuration', () => {
    expect(config({ rest: 'stateDir: ../../var/./x//y' }).stateDir).toBe('/var/x/y');
    expect(config({ source: '  auth: {tokenFile: secrets/t}' }).source.auth).toEqual({
      kind: 'token',
      tokenFile: '/etc/snowgate/secrets/t',
    });
  });

  test('every way to authenticate is kept apart', () => {
    expect(
      config({ source: '  auth: {username: u, passwordFile: /p, caFile: /ca, proxy: "http://p:1"}' }).source,
    ).toMatchObject({
      auth: { kind: 'password', username: 'u', passwordFile: '/p' },
      caFile: '/ca',
      proxy: 'http://p:1',
    });
    const ssh = {
      sourceUrl: 'git@git.example.com:tasks.git',
      source: '  auth: {sshKeyFile: /k, knownHostsFile: /h}',
    };
    expect(config(ssh).source.auth).toEqual({ kind: 'ssh', sshKeyFile: '/k', knownHostsFile: '/h' });
  });

  test('a fleet keeps all that it says', () => {
    const fleets = `  a:
    region: eu-west-1
    account: ${account}
    roleArn: arn:aws:iam::111122223333:role/path/snowgate
    externalId: "x:1"
    stsEndpoint: https://sts.example.com/
    rebind: {region: us-east-1, endpoint: "HTTP://127.0.0.1:80/".}
  b: {region: us-west-2, endpoint: "http://127.0.0.1:4010/"}`.replace(
      '"HTTP://127.0.0.1:80/".',
      '"http://127.0.0.1:80/"',
    );
    const { fleets: read } = config({ fleets });
    expect(read.get('a')).toEqual({
      name: 'a',
      region: 'eu-west-1',
      account: '111122223333',
      roleArn: 'arn:aws:iam::111122223333:role/path/snowgate',
      externalId: 'x:1',
      stsEndpoint: 'https://sts.example.com',
      rebind: { account: '', region: 'us-east-1', endpoint: 'http://127.0.0.1' },
      ...unlabelled,
    });
    expect(read.get('b')).toEqual({
      name: 'b',
      region: 'us-west-2',
      endpoint: 'http://127.0.0.1:4010',
      ...unlabelled,
    });
  });

  test('a fleet issues unless it is only observed', () => {
    const { fleets: read } = config({
      fleets: `  a: {region: eu-west-1, account: ${account}, mode: observe}
  b: {region: eu-west-2, account: ${account}, mode: issue}`,
    });
    expect([read.get('a')?.mode, read.get('b')?.mode]).toEqual(['observe', undefined]);
  });
});

describe('refused', () => {
  test.each<[string, Written, string]>([
    ['an unknown key', { rest: 'fleet: {}' }, 'SG1101'],
    ['a duration in bare digits', { source: '  maxAge: 300' }, 'SG1103'],
    ['a duration of two units', { source: '  maxAge: 1h30m' }, 'SG1105'],
    ['a duration that is too short', { source: '  maxAge: 1ms' }, 'SG2014'],
    ['a duration that is too long', { rest: 'clock: {tolerance: 1h}' }, 'SG2014'],
    ['a number that is too large', { source: '  limits: {fileBytes: 100000000}' }, 'SG1107'],
    ['a number with a fraction', { rest: 'issue: {batch: 1.5}' }, 'SG1103'],
    ['a takeover no longer than a late call can take', { rest: 'recovery: {takeover: 95s}' }, 'SG2004'],
    ['a request as long as its deadline', { rest: 'issue: {deadline: 5s}' }, 'SG2004'],
    ['a shutdown that cuts a call short', { rest: 'shutdown: {timeout: 5s}' }, 'SG2004'],
    ['trust that ends before doubt can', { rest: 'recovery: {listTrust: 3m}' }, 'SG2004'],
    ['notify as a list', { rest: 'notify: []' }, 'SG1103'],
    ['observe.rate below its bound', { rest: 'observe: {rate: 0}' }, 'SG1107'],
    [
      'a mode that is none',
      { fleets: `  a: {region: eu-west-1, account: ${account}, mode: observed}` },
      'SG1104',
    ],
    ['no fleet', { fleets: '  {}' }, 'SG1106'],
    ['a fleet with a capital', { fleets: `  North: {region: eu-west-1, account: ${account}}` }, 'SG1110'],
    ['a fleet without an account', { fleets: '  a: {region: eu-west-1}' }, 'SG2005'],
    ['an account that is a number', { fleets: '  a: {region: eu-west-1, account: 111122223333}' }, 'SG1103'],
    [
      'an account with a leading zero, unquoted',
      { fleets: '  a: {region: eu-west-1, account: 011122223333}' },
      'SG1015',
    ],
    ['an account of 11 digits', { fleets: '  a: {region: eu-west-1, account: "11112222333"}' }, 'SG1105'],
    ['a region that is none', { fleets: `  a: {region: Frankfurt, account: ${account}}` }, 'SG1105'],
    [
      'a role of another account',
      {
        fleets: `  a: {region: eu-west-1, account: ${account}, roleArn: "arn:aws:iam::999922223333:role/x"}`,
      },
      'SG2021',
    ],
    [
      'an external id without a role',
      { fleets: `  a: {region: eu-west-1, account: ${account}, externalId: xy}` },
      'SG2021',
    ],
    [
      'an endpoint over http',
      { fleets: '  a: {region: eu-west-1, endpoint: "http://aws.example.com"}' },
      'SG2006',
    ],
    [
      'an endpoint with a password',
      { fleets: '  a: {region: eu-west-1, endpoint: "https://u:p@h"}' },
      'SG2006',
    ],
    [
      'an endpoint that only looks like loopback',
      { fleets: '  a: {region: eu-west-1, endpoint: "http://127.0.0.1.example.com"}' },
      'SG2006',
    ],
    ['a branch like an option', { source: '  branch: "-x"' }, 'SG2011'],
    ['a branch with two dots', { source: '  branch: a..b' }, 'SG2011'],
    ['a branch that locks', { source: '  branch: a.lock/b' }, 'SG2011'],
    ['a whole ref', { ledger: '  branch: refs/heads/x' }, 'SG2011'],
    ['a schedule of five fields', { source: '  schedule: "*/5 * * * *"' }, 'SG2012'],
    ['a schedule with other signs', { source: '  schedule: "* * * * * ;"' }, 'SG2012'],
    ['a path that leaves the repository', { source: '  path: ../x' }, 'SG2019'],
    ['an absolute path', { source: '  path: /tasks' }, 'SG2019'],
    ['the whole repository', { source: '  path: .' }, 'SG2019'],
    ['policies among the tasks', { source: '  policies: tasks/policies' }, 'SG2019'],
    ['a short commit', { source: '  accept: abc1234' }, 'SG1105'],
    ['a ledger id that is none', { rest: 'replica: "A"' }, 'SG1105'],
    [
      'one branch for source and ledger',
      { ledgerUrl: 'https://git.example.com/tasks', ledger: '  branch: main' },
      'SG2022',
    ],
    ['a token in the configuration', { source: '  auth: {token: hunter2}' }, 'SG2009'],
    [
      'two ways to authenticate',
      { source: '  auth: {tokenFile: /t, username: u, passwordFile: /p}' },
      'SG2010',
    ],
    ['a password without a user', { source: '  auth: {passwordFile: /p}' }, 'SG2010'],
    ['a key for https', { source: '  auth: {sshKeyFile: /k, knownHostsFile: /h}' }, 'SG2010'],
    ['ssh without a key', { sourceUrl: 'ssh://git@git.example.com/tasks.git' }, 'SG2010'],
    [
      'a token for a file',
      { sourceUrl: 'file:///srv/tasks.git', source: '  auth: {tokenFile: /t}' },
      'SG2010',
    ],
    [
      'authorities for ssh',
      { sourceUrl: 'git@h:x', source: '  auth: {sshKeyFile: /k, knownHostsFile: /h, caFile: /c}' },
      'SG2010',
    ],
    ['a proxy that is none', { source: '  auth: {proxy: "ftp://p"}' }, 'SG2008'],
    ['a proxy with a password', { source: '  auth: {proxy: "http://u:hunter2@p"}' }, 'SG2009'],
    ['http beyond loopback', { sourceUrl: 'http://git.example.com/tasks.git' }, 'SG2008'],
  ])('%s', (_name, difference, code) => {
    expect(codes(write(difference))).toEqual([code]);
    const resolved = resolve(write(difference));
    expect(resolved.ok).toBe(false);
    expect(JSON.stringify(resolved)).not.toContain('hunter2');
  });

  test('the takeover is told with its numbers', () => {
    expect(resolve(write({ rest: 'recovery: {takeover: 95s}' }))).toMatchObject({
      problems: [{ message: expect.stringContaining('(95s) must exceed'), line: 13, column: 12 }],
    });
    expect(resolve(write({ rest: 'recovery: {takeover: 95s}' }))).toMatchObject({
      problems: [{ message: expect.stringContaining('1m + 5s + 30s = 95s') }],
    });
    expect(codes(write({ rest: 'recovery: {takeover: 96s}' }))).toEqual([]);
  });

  test('two fleets that are one', () => {
    const same = `{region: eu-west-1, account: ${account}}`;
    expect(codes(write({ fleets: `  a: ${same}\n  b: ${same}` }))).toEqual(['SG2007']);
    const lab = (url: string): string => `{region: eu-west-1, endpoint: "${url}"}`;
    expect(
      codes(write({ fleets: `  a: ${lab('http://127.0.0.1:1')}\n  b: ${lab('http://127.0.0.1:1/')}` })),
    ).toEqual(['SG2007']);
    expect(
      codes(write({ fleets: `  a: ${lab('http://127.0.0.1:1')}\n  b: ${lab('http://127.0.0.1:2')}` })),
    ).toEqual([]);
  });

  test.each([
    ['', 'SG2001'],
    ['# nothing\n', 'SG2001'],
    [`${write()}---\n${write()}`, 'SG1005'],
    ['a: [', 'SG1006'],
    ['- a', 'SG1103'],
    [write().replace('Controller', 'Contoller'), 'SG2002'],
    [write().replace('snowgate/v1', 'snowgate/v2'), 'SG2002'],
  ])('the file %#', (text, code) => {
    expect(codes(text)).toContain(code);
    expect(resolve(text).ok).toBe(false);
  });

  test('a host name that gives no replica, unless one is written', () => {
    expect(codes(write(), { hostName: '___' })).toEqual(['SG2015']);
    expect(codes(write({ rest: 'replica: blue' }), { hostName: '' })).toEqual([]);
    expect(resolve(write(), { hostName: `-${'A.'.repeat(50)}` })).toMatchObject({
      config: { replica: `${'a-'.repeat(31)}a` },
    });
  });
});

describe('warned about', () => {
  test.each<[string, string, string]>([
    ['a ledger without its id', write().replace(/ {2}id: .*\n/, ''), 'SG2017'],
    ['a ledger in the source repository', write({ ledgerUrl: 'https://git.example.com/tasks/' }), 'SG2016'],
    [
      'a ledger in the repository of policies',
      write({ rest: 'policySource: {url: "https://git.example.com/ledger"}' }),
      'SG2016',
    ],
    [
      'http that was accepted for policies',
      write({ rest: 'policySource: {url: "http://h/x", insecureTransport: true}' }),
      'SG2023',
    ],
    [
      'the same over ssh',
      write({
        ledgerUrl: 'git@git.example.com:tasks.git',
        ledger: '  auth: {sshKeyFile: /k, knownHostsFile: /h}',
      }),
      'SG2016',
    ],
    [
      'http that was accepted',
      write({ sourceUrl: 'http://h/x', source: '  insecureTransport: true' }),
      'SG2023',
    ],
  ])('%s', (_name, text, code) => {
    expect(codes(text)).toEqual([code]);
    expect(resolve(text).ok).toBe(true);
  });
});

test('all problems come at once, in the order of the file', () => {
  const text = write({
    source: '  branch: "a b"\n  maxAge: 1x',
    sourceUrl: 'git://h/x',
    fleets: '  a: {regoin: eu-west-1}',
    rest: 'htp: 1\nissue: {rate: "2"}',
  });
  expect(codes(text)).toEqual(['SG2008', 'SG2011', 'SG1105', 'SG2005', 'SG1101', 'SG1101', 'SG1103']);
});

test('every default lies within its bounds', () => {
  for (const bounds of Object.values(numberBounds)) {
    expect(bounds.default).toBeGreaterThanOrEqual(bounds.minimum);
    expect(bounds.default).toBeLessThanOrEqual(bounds.maximum);
  }
  for (const bounds of Object.values(durationBounds)) {
    const [least, usual, most] = [bounds.minimum, bounds.default, bounds.maximum].map(parseDuration);
    expect(usual).toBeGreaterThanOrEqual(least ?? Number.NaN);
    expect(usual).toBeLessThanOrEqual(most ?? Number.NaN);
  }
});
