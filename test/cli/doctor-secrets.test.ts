/** What `snowgate doctor` says of the files that `http`, `notify` and `policySource` name. */
import { appendFileSync, chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeStage, oneTask, type Stage, takeTestCredentials } from './stage.ts';

beforeAll(takeTestCredentials);

interface Told {
  readonly name: string;
  readonly subject: string;
  readonly result: string;
  readonly code: string | null;
}

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage(oneTask);
  expect((await stage.run(['ledger', 'init', '--issue-existing'])).exit).toBe(0);
});
afterEach(async () => {
  await stage.close();
});

describe('doctor and the files of http and notify', () => {
  const good = 'canary-0f7a51c9e2d4b863';
  const forge = 'github, apiUrl: "https://api.example.com", repository: a/b';

  /** What is said of the secrets of this configuration, whose files are written beside it. */
  async function judged(files: Readonly<Record<string, string>>, settings: string) {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(stage.dir, name), text, { mode: 0o600 });
    }
    appendFileSync(stage.configFile, settings);
    const { exit, stdout } = await stage.run(['doctor', '--format', 'json']);
    expect(stdout).not.toContain('canary');
    const { checks } = JSON.parse(stdout) as { checks: Told[] };
    const secrets = checks.filter(({ name }) => name === 'secret');
    return { exit, told: secrets.map(({ subject, result, code }) => [subject, result, code]) };
  }

  it('says ok to files that the daemon can use', async () => {
    const http = `http: {auth: {tokenFiles: [t]}, hooks: {listen: "127.0.0.1:0", github: {secretFiles: [t]}}}`;
    const notify = `notify: {a: {webhook: {url: "https://a.example.com/", secretFile: t}}, b: {slack: {urlFile: u}}, c: {commitStatus: {forge: ${forge}, tokenFile: t}}}`;
    const files = { t: good, u: `https://hooks.example.com/${good}\n` };
    const { exit, told } = await judged(files, `${http}\n${notify}\n`);
    expect(exit).toBe(0);
    expect(told).toEqual([
      ['http.auth.tokenFiles', 'ok', null],
      ['http.hooks.github.secretFiles', 'ok', null],
      ['notify.a.webhook.secretFile', 'ok', null],
      ['notify.b.slack.urlFile', 'ok', null],
      ['notify.c.commitStatus.tokenFile', 'ok', null],
    ]);
  });

  it.each([
    ['http: {auth: {tokenFiles: [none]}}', 'http.auth.tokenFiles', 'SG3013'],
    ['http: {auth: {tokenFiles: [empty]}}', 'http.auth.tokenFiles', 'SG3014'],
    ['http: {auth: {tokenFiles: [short]}}', 'http.auth.tokenFiles', 'SG7032'],
    ['http: {hooks: {gitlab: {secretFiles: [nokey]}}}', 'http.hooks.gitlab.secretFiles', 'SG7034'],
    [
      'policySource: {url: "https://git.example.com/p.git", auth: {tokenFile: none}}',
      'policySource.auth.tokenFile',
      'SG3013',
    ],
    ['notify: {n: {slack: {urlFile: none}}}', 'notify.n.slack.urlFile', 'SG7104'],
    ['notify: {n: {slack: {urlFile: nokey}}}', 'notify.n.slack.urlFile', 'SG7104'],
    [
      'notify: {n: {webhook: {url: "https://a.example.com/", secretFile: short}}}',
      'notify.n.webhook.secretFile',
      'SG7104',
    ],
    [
      `notify: {n: {commitStatus: {forge: ${forge}, tokenFile: spaced}}}`,
      'notify.n.commitStatus.tokenFile',
      'SG7104',
    ],
    ['notify: {n: {slack: {urlFile: url, caFile: nokey}}}', 'notify.n.slack.caFile', 'SG7104'],
  ])('finds what is wrong in %s', async (settings, subject, code) => {
    const files = {
      empty: '',
      short: 'canary-short',
      nokey: 'whsec_canary-*',
      spaced: 'canary with spaces in it',
      url: `https://hooks.example.com/${good}`,
    };
    const { exit, told } = await judged(files, `${settings}\n`);
    expect(exit).toBe(1);
    expect(told.filter(([, result]) => result !== 'ok')).toEqual([[subject, 'fail', code]]);
  });

  it('looks at no file that nothing would read, and warns of one that everybody may', async () => {
    writeFileSync(join(stage.dir, 'open'), good);
    chmodSync(join(stage.dir, 'open'), 0o644);
    const { exit, told } = await judged(
      {},
      'http: {web: {listen: "off"}, auth: {tokenFiles: [none]}}\nnotify: {n: {webhook: {url: "https://a.example.com/", secretFile: open}}}\n',
    );
    expect(exit).toBe(0);
    expect(told).toEqual([['notify.n.webhook.secretFile', 'warn', 'SG7040']]);
  });
});
