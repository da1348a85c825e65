/** Whom a plan of a merge believes: what a pull request says of the configuration, the ledger and the clone. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders, taskText } from './folder.ts';
import { makeStage, type Stage, takeTestCredentials } from './stage.ts';
import type { Ran } from './terminal.ts';

takeTestCredentials();

let stage: Stage;
let cwd = '';
let server: Server;
let calls: string[] = [];

beforeAll(async () => {
  stage = await makeStage({ 'tasks/a.yaml': taskText('unlock-a') });
  stage.commit({ 'README.md': 'Tasks\n' });
  await stage.begin();
  await stage.run(['run', '--once', '--log-level', 'error']);
  cwd = join(stage.dir, 'source');
  server = createServer((request, response) => {
    calls.push(`${request.url ?? ''} ${request.headers.authorization ?? 'without a token'}`);
    response.statusCode = 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  calls = [];
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await stage.close();
  removeFolders();
});

const elsewhere = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/theirs.git`;
const own = (): string => readFileSync(stage.configFile, 'utf8');

function branch(name: string, from: string, files: Readonly<Record<string, string | null>>): void {
  stage.git('source', 'checkout', '--quiet', '-B', name, from);
  stage.commit(files);
  stage.git('source', 'checkout', '--quiet', '--detach', name);
}

const plan = (base: string, head: string, ...more: string[]): Promise<Ran> =>
  stage.run(['plan', '--base', base, '--head', head, ...more], { cwd });

/** The ledger as a pull request would have it: at a server of its own, with a file of ours for its token. */
function stolen(): string {
  const token = join(stage.dir, 'token');
  writeFileSync(token, 'canary-3f1c9a77d2\n');
  return own().replace(/^ledger: .*$/m, `ledger: {url: "${elsewhere()}", auth: {tokenFile: ${token}}}`);
}

describe('a configuration in the repository', () => {
  it('is read at the base, whatever the pull request makes of it', async () => {
    branch('trusted', 'main', { 'snowgate.yaml': own() });
    branch('theft', 'trusted', { 'snowgate.yaml': stolen(), 'tasks/b.yaml': taskText('unlock-b') });
    const ran = await plan('trusted', 'theft', '--format', 'json');
    const planned = JSON.parse(ran.stdout);
    expect(planned).toMatchObject({ config: { from: 'base', changed: true }, ledger: { read: true } });
    expect(calls).toEqual([]);
    expect((await plan('trusted', 'theft')).stdout).toContain('The configuration changes, too');
  });

  it('is asked for no server where the merge brings it', async () => {
    branch('theft', 'main', { 'snowgate.yaml': stolen(), 'tasks/b.yaml': taskText('unlock-b') });
    const ran = await plan('main', 'theft', '--format', 'json');
    expect(JSON.parse(ran.stdout)).toMatchObject({
      config: { from: 'head' },
      ledger: { read: false, code: 'SG7071' },
    });
    expect(calls).toEqual([]);
    branch('theft', 'main', {
      'snowgate.yaml': `${own()}policySource: {url: "${elsewhere()}", branch: main, path: p}\n`,
    });
    const refused = await plan('main', 'theft');
    expect([refused.exit, refused.stderr]).toEqual([2, expect.stringContaining('SG7071')]);
    expect(calls).toEqual([]);
  });

  it('is the one of the base from a folder within, and through a symbolic link to the clone', async () => {
    branch('trusted', 'main', { 'conf/snowgate.yaml': own() });
    branch('theft', 'trusted', { 'conf/snowgate.yaml': stolen() });
    const link = join(stage.dir, 'link');
    execFileSync('ln', ['-sfn', cwd, link]);
    for (const place of [join(cwd, 'conf'), join(link, 'conf')]) {
      const ran = await stage.run(['plan', '--base', 'trusted', '--head', 'theft', '--format', 'json'], {
        cwd: place,
      });
      expect(JSON.parse(ran.stdout)).toMatchObject({ config: { from: 'base', changed: true } });
    }
    expect(calls).toEqual([]);
  });

  it.each([
    ['a link that the merge brings', {}, { 'evil.yaml': 'STOLEN', 'snowgate.yaml': { link: 'evil.yaml' } }],
    [
      'a link of the base, to a file that the merge changes',
      { 'prod.yaml': 'OWN', 'snowgate.yaml': { link: 'prod.yaml' } },
      { 'prod.yaml': 'STOLEN' },
    ],
    [
      'a folder that the merge turns into a link',
      { 'conf/snowgate.yaml': 'OWN', 'lax/snowgate.yaml': 'OWN' },
      { 'conf/snowgate.yaml': null, 'lax/snowgate.yaml': 'STOLEN', conf: { link: 'lax' } },
    ],
  ] as const)('is not read through %s', async (_what, atBase, atHead) => {
    const token = join(stage.dir, 'link-token');
    writeFileSync(token, 'ci-canary-link\n');
    const write = (files: Readonly<Record<string, string | null | { readonly link: string }>>): void => {
      for (const [path, content] of Object.entries(files)) {
        rmSync(join(cwd, path), { recursive: true, force: true });
        const text = content === 'OWN' ? own() : content === 'STOLEN' ? stolen() : content;
        if (text === null) rmSync(join(cwd, dirname(path)), { recursive: true, force: true });
        else if (typeof text === 'string') {
          mkdirSync(dirname(join(cwd, path)), { recursive: true });
          writeFileSync(join(cwd, path), text);
        } else symlinkSync(text.link, join(cwd, path));
      }
    };
    stage.git('source', 'checkout', '--quiet', '-B', 'linked-base', 'main');
    write(atBase);
    stage.commit({});
    stage.git('source', 'checkout', '--quiet', '-B', 'linked-head', 'linked-base');
    write(atHead);
    stage.commit({ 'tasks/b.yaml': taskText('unlock-b') });
    const config = 'conf/snowgate.yaml' in atBase ? 'conf/snowgate.yaml' : 'snowgate.yaml';
    const ran = await plan('linked-base', 'linked-head', '--config', config, '--ledger-token-file', token);
    expect([ran.exit, ran.stderr]).toEqual([2, expect.stringContaining('SG7075')]);
    expect(calls).toEqual([]);
  });

  it('is believed from outside, and named by --config', async () => {
    branch('feature', 'main', { 'tasks/b.yaml': taskText('unlock-b') });
    const ran = await plan('main', 'feature', '--config', '../snowgate.yaml', '--format', 'json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ config: { from: 'disk', changed: false } });
    const none = await plan('main', 'feature');
    expect([none.exit, none.stderr]).toEqual([2, expect.stringContaining('--config FILE')]);
  });
});

describe('a ledger', () => {
  it('that cannot be read leaves a plan that says so', async () => {
    branch('feature', 'main', {
      'tasks/a.yaml': taskText('unlock-a', { run: 2 }),
      'tasks/b.yaml': taskText('unlock-b', { targets: ['smd-o3uuq2sllugi7pnu'] }),
    });
    const away = join(stage.dir, 'away.yaml');
    writeFileSync(away, own().replace('ledger.git', 'nowhere.git'));
    const ran = await plan('main', 'feature', '--config', '../away.yaml');
    expect(ran.exit).toBe(0);
    expect(ran.stdout).toMatch(/^Without the ledger: what was asked for before is not known \(SG30/m);
    expect(ran.stdout).toContain('whether it was asked for before is not known without the ledger');
    branch('gone', 'main', { 'tasks/a.yaml': null, 'tasks/b.yaml': taskText('unlock-b') });
    const gone = await plan('main', 'gone', '--config', '../away.yaml');
    expect(gone.stdout).toContain('which of these is not known without the ledger');
  });

  it('that knows of newer commits than the base tells so', async () => {
    stage.git('source', 'branch', '--force', 'old', 'main~1');
    branch('late', 'old', { 'tasks/b.yaml': taskText('unlock-b') });
    const ran = await plan('old', 'late', '--config', '../snowgate.yaml', '--format', 'json');
    expect(JSON.parse(ran.stdout).ledger.ahead).toBe(stage.git('source', 'rev-parse', 'main'));
    const text = await plan('old', 'late', '--config', '../snowgate.yaml');
    expect(text.stdout).toContain('The base is old: the controller has acted on ');
  });

  it('that cannot be trusted stops everything in the plan, too', async () => {
    const other = join(stage.dir, 'other.yaml');
    writeFileSync(other, own().replace(/id: [0-9a-f-]{36}/, 'id: 6f1c0000-0000-4000-8000-000000000009'));
    branch('feature', 'main', {
      'tasks/a.yaml': null,
      'tasks/b.yaml': taskText('unlock-b', { targets: ['smd-o3uuq2sllugi7pnu'] }),
    });
    const ran = await plan('main', 'feature', '--config', '../other.yaml');
    expect(ran.stdout).toMatch(/^lab\/unlock-b is blocked, and would unlock .*SG7010/m);
    expect(ran.stdout).toMatch(/^warning SG7010: halted, with or without it/m);
    expect(ran.stdout).not.toContain('asks AWS');
    expect(ran.stdout).not.toContain('nothing to cancel');
  });

  it('is asked with the token of --ledger-token-file, which goes nowhere else', async () => {
    const there = join(stage.dir, 'there.yaml');
    const served = own().replace(/^ledger: .*$/m, `ledger: {url: "${elsewhere()}"}`);
    writeFileSync(there, served);
    const file = join(stage.dir, 'ci-token');
    writeFileSync(file, 'ci-canary-55aa0f\n');
    branch('feature', 'main', { 'tasks/b.yaml': taskText('unlock-b') });
    const ran = await plan('main', 'feature', '--config', '../there.yaml', '--ledger-token-file', file);
    const given = Buffer.from('x-access-token:ci-canary-55aa0f').toString('base64');
    expect(calls.every((call) => call.startsWith('/theirs.git/'))).toBe(true);
    expect(calls.at(-1)).toContain(`Basic ${given}`);
    expect(ran.stdout + ran.stderr).not.toContain('ci-canary');
    expect(ran.stdout).toContain('Without the ledger');
  });
});

describe('a policySource', () => {
  it('is asked with the token of --policy-token-file, and nothing is planned without it', async () => {
    const file = join(stage.dir, 'policy-token');
    writeFileSync(file, 'ci-canary-71b2\n');
    const there = `${own()}policySource: {url: "${elsewhere()}", branch: main, path: policies}\n`;
    writeFileSync(join(stage.dir, 'policies.yaml'), there);
    branch('feature', 'main', { 'tasks/b.yaml': taskText('unlock-b') });
    const config = ['--config', '../policies.yaml'];
    const ran = await plan('main', 'feature', ...config, '--policy-token-file', file);
    const given = Buffer.from('x-access-token:ci-canary-71b2').toString('base64');
    expect(calls.at(-1)).toContain(`Basic ${given}`);
    expect([ran.exit, ran.stdout]).toEqual([3, '']);
    expect(ran.stderr).toContain('SG6240');
    expect(ran.stderr).not.toContain('ci-canary');
  });
});

describe('a plan', () => {
  it('is made for its instant, and not for a merge of today', async () => {
    branch('feature', 'main', {
      'tasks/b.yaml': taskText('unlock-b', { targets: ['smd-o3uuq2sllugi7pnu'] }),
    });
    const later = new Date(Date.now() + 400 * 86_400_000).toISOString();
    const ran = await plan('main', 'feature', '--config', '../snowgate.yaml', '--at', later);
    expect([ran.exit, ran.stdout]).toEqual([0, expect.stringContaining('at the first pass after the merge')]);
  });

  it('says that the controller watches another branch', async () => {
    branch('other', 'main', { 'README.md': 'Other\n' });
    branch('feature', 'other', { 'tasks/b.yaml': taskText('unlock-b') });
    const ran = await plan('other', 'feature', '--config', '../snowgate.yaml');
    expect(ran.stdout).toContain('The base is another branch than the one that the controller watches, main');
    const own = await plan('main', 'feature', '--config', '../snowgate.yaml');
    expect(own.stdout).not.toContain('another branch');
  });

  it('fails where the merge takes a policy away that the configuration requires', async () => {
    const policy = (rule: string) =>
      `apiVersion: snowgate/v1\nkind: Policy\nmetadata: {name: ${rule}}\nspec:\n  rules:\n    - {name: r, require: 'true'}\n`;
    const needs = join(stage.dir, 'needs.yaml');
    writeFileSync(needs, own().replace(/(lab: \{)/, '$1requirePolicies: [must], '));
    branch('ruled', 'main', { 'policies/must.yaml': policy('must') });
    branch('lawless', 'ruled', { 'policies/must.yaml': policy('other') });
    const ran = await plan('ruled', 'lawless', '--config', '../needs.yaml');
    expect([ran.exit, ran.stdout]).toEqual([
      1,
      expect.stringMatching(/^error SG6311: fleet lab requires policy must \(requirePolicies\)/m),
    ]);
  });

  it('tells a second error like one that the base has, and blames nobody for a line that moved', async () => {
    const bad = (name: string) => taskText(name).replace('"unlock"', '"unlok"');
    const twin = taskText('twin', { targets: ['smd-xecf5ci3p7pj5hda'] });
    branch('faulty', 'main', { 'tasks/x.yaml': bad('x'), 'tasks/p.yaml': twin, 'tasks/q.yaml': twin });
    branch('more', 'faulty', { 'tasks/x.yaml': `${bad('x')}---\n${bad('y')}` });
    const more = await plan('faulty', 'more', '--config', '../snowgate.yaml');
    expect(more.exit).toBe(1);
    expect(more.stdout.match(/error SG1104/g)).toHaveLength(1);
    branch('moved', 'faulty', { 'tasks/q.yaml': `# moved\n${twin}` });
    const moved = await plan('faulty', 'moved', '--config', '../snowgate.yaml');
    expect([moved.exit, moved.stdout]).toEqual([0, expect.stringContaining('no task changes')]);
  });
});

describe('wrong usage', () => {
  it.each([
    [['--base', 'nobody'], 2, 'SG3051'],
    [['--head', 'main'], 2, '--head goes with --base'],
    [['--ledger-token-file', 'x'], 2, '--ledger-token-file goes with --base'],
    [['--policy-token-file', 'x'], 2, '--policy-token-file goes with --base'],
    [['--base', 'main', '--explain', 'unlock-a'], 2, 'cannot be used with'],
    [['--base', 'main', '--at', 'soon'], 2, 'SG7009'],
    [['--base', 'main', '--format', 'yaml'], 2, 'SG7001'],
  ] as const)('%j ends with %d', async (argv, exit, words) => {
    const ran = await stage.run(['plan', '--config', '../snowgate.yaml', ...argv], { cwd });
    expect([ran.exit, ran.stderr]).toEqual([exit, expect.stringContaining(words)]);
    expect(ran.stdout).toBe('');
  });

  it.each([
    ['--ledger-token-file', null, 'SG7002: --ledger-token-file: the token file '],
    ['--policy-token-file', null, 'SG7002: --policy-token-file: the token file '],
    ['--ledger-token-file', '', 'SG3014: --ledger-token-file: the token file '],
  ] as const)('%s that holds %j is told before anything is read', async (flag, text, words) => {
    if (text !== null) writeFileSync(join(cwd, 'nope'), text);
    const ran = await plan('main', 'main', '--config', '../snowgate.yaml', flag, 'nope');
    rmSync(join(cwd, 'nope'), { force: true });
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain(words);
  });

  it.each([
    ['--ledger-token-file', '--ledger-token-file is not used: ledger.url names a folder of this machine\n'],
    ['--policy-token-file', '--policy-token-file is not used: the configuration has no policySource\n'],
  ])('%s that is not asked for is told', async (flag, words) => {
    writeFileSync(join(stage.dir, 'unused'), 'ci-canary-9c1f44e0\n');
    const ran = await plan('main', 'main', '--config', '../snowgate.yaml', flag, '../unused');
    expect([ran.exit, ran.stderr]).toEqual([0, words]);
  });

  it('outside of a clone names what is missing', async () => {
    const { dir } = makeFolder();
    mkdirSync(join(dir, 'empty'));
    const ran = await stage.run(['plan', '--base', 'main'], { cwd: join(dir, 'empty') });
    expect([ran.exit, ran.stderr]).toEqual([2, expect.stringContaining('SG3050')]);
  });
});
