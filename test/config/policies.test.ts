import { describe, expect, test } from 'vitest';
import { account, codes, config, policies, resolve, type Written, write } from './written.ts';

/** One good fleet, and what is said of it beside. */
function fleetWith(more: string): string {
  return `  a: {region: eu-west-1, account: ${account}, ${more}}`;
}

describe('what is written for policies', () => {
  test('a fleet has labels, required policies and a bound of its own', () => {
    const fleets = `  a:
    region: eu-west-1
    account: ${account}
    labels: {env: production, "eu/tier": "", constructor: x}
    requirePolicies: [unlock-inside-window, b]
    maxInFlight: 3`;
    expect(config({ fleets }).fleets.get('a')).toMatchObject({
      labels: { env: 'production', 'eu/tier': '', constructor: 'x' },
      requirePolicies: ['unlock-inside-window', 'b'],
      maxInFlight: 3,
    });
  });

  test('what policies are held to', () => {
    const rest = 'issue: {maxWait: 1h, maxPerPass: 5}\ncancel: {lead: 0s}';
    const text = write({ rest }).replace('uncovered: allow', 'uncovered: hold, separateCommits: true');
    expect(resolve(text)).toMatchObject({
      config: {
        policy: { uncovered: 'hold', separateCommits: true },
        issue: { maxWaitMs: 3_600_000, maxPerPass: 5, batch: 40 },
        cancel: { leadMs: 0 },
      },
    });
  });

  test('a policy source is a remote of its own, and the only place of policies', () => {
    const url = 'https://git.example.com/policies.git';
    const short = config({ rest: `policySource: {url: "${url}"}` });
    expect(short.policySource).toEqual({
      url,
      branch: 'main',
      path: 'policies',
      auth: { kind: 'none' },
      insecureTransport: false,
    });
    expect(short.source.policies).toBeNull();
    const accept = 'a'.repeat(40);
    const full = `policySource:
  url: ${url}
  branch: live
  path: rules/all
  accept: "${accept}"
  auth: {tokenFile: t, caFile: /ca}`;
    expect(config({ rest: full }).policySource).toEqual({
      url,
      branch: 'live',
      path: 'rules/all',
      accept,
      auth: { kind: 'token', tokenFile: '/etc/snowgate/t' },
      caFile: '/ca',
      insecureTransport: false,
    });
    expect(config({ source: '  path: policies', rest: full }).source.path).toBe('policies');
    const branch = 'policySource: {url: "https://git.example.com/tasks.git", branch: live}';
    expect(codes(write({ rest: branch }))).toEqual([]);
  });
});

describe('refused', () => {
  test.each<[string, Written, string]>([
    ['a policy source that is none', { rest: 'policySource: {url: x}' }, 'SG2008'],
    ['a policy source without a URL', { rest: 'policySource: {}' }, 'SG1102'],
    [
      'a policy source with a schedule',
      { rest: `policySource: {url: "${policies}", schedule: "* * * * * *"}` },
      'SG1101',
    ],
    [
      'a policy source with a token',
      { rest: `policySource: {url: "${policies}", auth: {token: hunter2}}` },
      'SG2009',
    ],
    [
      'a policy source of a bad branch',
      { rest: `policySource: {url: "${policies}", branch: "-x"}` },
      'SG2011',
    ],
    ['the whole policy source', { rest: `policySource: {url: "${policies}", path: .}` }, 'SG2019'],
    [
      'policies in two places',
      { source: '  policies: policies', rest: `policySource: {url: "${policies}"}` },
      'SG2031',
    ],
    [
      'a policy source that is the source',
      { rest: 'policySource: {url: "https://git.example.com/tasks"}' },
      'SG2032',
    ],
    [
      'a policy source that is the ledger',
      { rest: 'policySource: {url: "https://git.example.com/ledger", branch: snowgate-ledger}' },
      'SG2022',
    ],
    ['uncovered tasks that are warned about', { rest: 'policy: {uncovered: warn}', policy: '' }, 'SG1104'],
    ['separate commits by a word', { rest: 'policy: {separateCommits: "yes"}', policy: '' }, 'SG1103'],
    ['cancel.lead beyond its bound', { rest: 'cancel: {lead: 61m}' }, 'SG2014'],
    ['issue.maxWait below its bound', { rest: 'issue: {maxWait: 59m}' }, 'SG2014'],
    ['issue.maxWait beyond its bound', { rest: 'issue: {maxWait: 367d}' }, 'SG2014'],
    ['issue.maxPerPass of nothing', { rest: 'issue: {maxPerPass: 0}' }, 'SG1107'],
    ['a label that is no text', { fleets: fleetWith('labels: {env: 1}') }, 'SG1103'],
    ['a label with a space', { fleets: fleetWith('labels: {env: a b}') }, 'SG1105'],
    ['a key of a label with a space', { fleets: fleetWith('labels: {a b: c}') }, 'SG1110'],
    ['a key that every object has', { fleets: fleetWith('labels: {__proto__: c}') }, 'SG1016'],
    [
      'more labels than a rule looks at',
      {
        fleets: fleetWith(`labels: {${Array.from({ length: 51 }, (_, index) => `k${index}: v`).join(', ')}}`),
      },
      'SG1106',
    ],
    ['a required policy that is no name', { fleets: fleetWith('requirePolicies: [A_b]') }, 'SG1105'],
    ['a policy required twice', { fleets: fleetWith('requirePolicies: [a, a]') }, 'SG1108'],
    [
      'more required policies than anybody reviews',
      {
        fleets: fleetWith(
          `requirePolicies: [${Array.from({ length: 51 }, (_, index) => `p${index}`).join(', ')}]`,
        ),
      },
      'SG1106',
    ],
    ['no task in flight', { fleets: fleetWith('maxInFlight: 0') }, 'SG1107'],
    ['half a task in flight', { fleets: fleetWith('maxInFlight: 1.5') }, 'SG1103'],
  ])('%s', (_name, difference, code) => {
    expect(codes(write(difference))).toEqual([code]);
    const resolved = resolve(write(difference));
    expect(resolved.ok).toBe(false);
    expect(JSON.stringify(resolved)).not.toContain('hunter2');
  });
});
