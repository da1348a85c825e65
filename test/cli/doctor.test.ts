/** `snowgate doctor` in a whole world, and in worlds that are broken in one place each. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lockStateDir } from '../../src/git/lock.ts';
import { basicAuthorization, type GitServer, startGitServer } from '../doubles/git-server.ts';
import { type FakeSts, startSts, stsError } from '../doubles/sts.ts';
import { freePort } from '../git/program.ts';
import { taskText } from './folder.ts';
import { makeStage, oneTask, type Stage, takeTestCredentials } from './stage.ts';

beforeAll(takeTestCredentials);

const secret = 'canary-b7d1c0ffee42';
const allGood = [
  'configuration',
  'configuration',
  'state directory',
  'git',
  'source',
  'branch',
  'manifests',
  'ledger',
  'append-only',
  'format',
  'id',
  'push',
  'credentials',
  'account',
  'ListDevices',
  'DescribeDevice',
  'ListTasks',
  'clock',
];

interface Told {
  readonly name: string;
  readonly subject: string;
  readonly result: string;
  readonly code: string | null;
  readonly message: string;
  readonly hint: string | null;
}

let stage: Stage;
const closers: (() => Promise<void>)[] = [];
beforeEach(async () => {
  stage = await makeStage(oneTask);
  expect((await stage.run(['ledger', 'init', '--issue-existing'])).exit).toBe(0);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await stage.close();
});

function rewrite(from: string | RegExp, to: string): void {
  const text = readFileSync(stage.configFile, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(stage.configFile, text.replace(from, to));
}

async function examine(): Promise<{ exit: number; checks: Told[]; wrong: string[] }> {
  const { exit, stdout, stderr } = await stage.run(['doctor', '--format', 'json']);
  expect(stderr).toBe('');
  expect(stdout).not.toContain('canary');
  const { checks } = JSON.parse(stdout) as { checks: Told[] };
  for (const { result, hint, code } of checks) {
    if (result === 'fail' || result === 'warn') expect([code, hint]).not.toContain(null);
  }
  const wrong = checks.filter(({ result }) => result !== 'ok' && result !== 'warn');
  return {
    exit,
    checks,
    wrong: wrong.map(({ name, result, code }) => [result, name, code ?? ''].join(' ').trim()),
  };
}

function at(checks: readonly Told[], name: string): Told | undefined {
  return checks.find((check) => check.name === name);
}

/** Everything below the stage's folder, by path and time of change. */
function snapshot(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((path) => `${path} ${statSync(join(dir, path)).mtimeMs}`)
    .sort();
}

describe('doctor', () => {
  it('says ok to everything that is as it must be, and changes nothing', async () => {
    const before = snapshot(stage.dir);
    const { exit, checks, wrong } = await examine();
    expect({ exit, wrong }).toEqual({ exit: 0, wrong: [] });
    expect(checks.map(({ name }) => name)).toEqual(allGood);
    expect(checks.filter(({ result }) => result === 'warn')).toMatchObject([{ code: 'SG2017' }]);
    expect(snapshot(stage.dir)).toEqual(before);
    expect(existsSync(join(stage.dir, 'state'))).toBe(false);
    expect(await stage.tasks()).toEqual([]);
  });

  it('tells one line a check, and what to do below it; on a narrow terminal none is too long', async () => {
    const { stdout } = await stage.run(['doctor']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('ok       configuration    snowgate.yaml: valid, 1 fleet');
    expect(lines.filter((line) => line.startsWith('         hint: '))).toHaveLength(1);
    expect(lines.at(-1)).toBe('18 checks: 17 ok, 1 warn');
    expect(lines).toHaveLength(20);
    const { stdout: narrow } = await stage.run(['doctor'], { columns: 50, env: { NO_COLOR: '1' } });
    const long = narrow.split('\n').filter((line) => line.length > 50 && line.trim().includes(' '));
    expect(long).toEqual([]);
  });

  it('warns of folders that the head does not have; of that of the policies where some are needed', async () => {
    stage.configure({ source: ', path: taks, policies: polices' });
    const misspelt = await examine();
    expect(misspelt.exit).toBe(0);
    expect(at(misspelt.checks, 'manifests')).toMatchObject({
      result: 'warn',
      code: 'SG3031',
      subject: 'taks',
    });
    expect(at(misspelt.checks, 'manifests')?.message).toMatch(
      /^there is no folder taks at [0-9a-f]{12}: no task/,
    );
    expect(at(misspelt.checks, 'policies')).toBeUndefined();
    rewrite('uncovered: allow', 'uncovered: hold');
    expect(at((await examine()).checks, 'policies')).toMatchObject({
      result: 'warn',
      code: 'SG3031',
      subject: 'polices',
      message: expect.stringMatching(/: every task is held$/),
    });
    stage.commit({ 'taks/README.md': 'later', 'polices/README.md': 'later' });
    const { checks } = await examine();
    expect(at(checks, 'manifests')).toMatchObject({ result: 'ok', message: '0 valid tasks, no problems' });
    expect(at(checks, 'policies')).toBeUndefined();
  });

  it('finds a running controller in the state directory, and leaves it alone', async () => {
    const lock = await lockStateDir(join(stage.dir, 'state'));
    closers.push(async () => (lock.ok ? lock.value.close() : undefined));
    const { exit, checks } = await examine();
    expect(exit).toBe(0);
    expect(at(checks, 'state directory')?.message).toBe(
      'writable; a running controller uses it, which is fine',
    );
  });

  it('ends with 2 for a configuration that is wrong or not there, and skips the rest', async () => {
    rewrite('replica: stage', 'replicas: stage');
    expect(await examine()).toMatchObject({
      exit: 2,
      wrong: [
        'fail configuration SG1101',
        'skipped state directory',
        'skipped source',
        'skipped ledger',
        'skipped credentials',
      ],
    });
    const { exit, stdout } = await stage.run(['doctor', '--config', 'nowhere.yaml']);
    expect(exit).toBe(2);
    expect(stdout).toContain('fail     configuration    SG7002 nowhere.yaml: nowhere.yaml does not exist\n');
  });

  it('looks at nothing more once it is interrupted, and does not call that well', async () => {
    const { exit, stdout } = await stage.run(['doctor'], { stop: AbortSignal.abort() });
    expect(exit).toBe(3);
    expect(stdout).toContain('skipped  push             snowgate-ledger: interrupted\n');
    expect(stdout).toContain('skipped  credentials      lab: interrupted\n');
  });

  it('tells each trouble, however many there are, and what was not looked at for it', async () => {
    writeFileSync(join(stage.dir, 'state'), 'a file');
    stage.commit({ 'tasks/a.yaml': taskText('unlock-a', { run: 0 }) });
    stage.git('ledger.git', 'update-ref', '-d', 'refs/heads/snowgate-ledger');
    stage.configure({
      fleets:
        'gone: {region: us-west-2, endpoint: "http://127.0.0.1:9"}, lab: {region: us-west-2, endpoint: "ENDPOINT"}',
    });
    const { exit, checks, wrong } = await examine();
    expect(exit).toBe(1);
    expect(wrong).toEqual([
      'fail state directory SG3021',
      'fail manifests SG1107',
      'fail ledger SG4010',
      'skipped append-only',
      'skipped format',
      'skipped id',
      'fail ListDevices SG5001',
      'skipped DescribeDevice',
      'fail ListTasks SG5001',
      'skipped clock',
    ]);
    expect(at(checks, 'manifests')?.message).toMatch(
      /^0 valid tasks, 1 error, 0 warnings; the first: tasks\/a\.yaml:\d+:\d+: /,
    );
    expect(at(checks, 'push')?.result).toBe('ok');
    expect(checks.filter(({ subject, result }) => subject === 'lab' && result === 'ok')).toHaveLength(6);
    expect(stage.git('ledger.git', 'for-each-ref')).toBe('');
  });
});

describe('doctor and the Git servers', () => {
  let server: GitServer;
  const tokenFile = (): string => join(stage.dir, 'token');

  beforeEach(async () => {
    server = await startGitServer(stage.dir);
    closers.push(server.close);
    server.authorization = basicAuthorization('x-access-token', secret);
    writeFileSync(tokenFile(), `${secret}\n`, { mode: 0o600 });
    rewrite(/"file:[^"]*ledger\.git"/, `"${server.url}/ledger.git", auth: {tokenFile: token}`);
  });

  it('is let in to push with the right token, and pushes nothing', async () => {
    const tip = stage.git('ledger.git', 'rev-parse', 'snowgate-ledger');
    const { exit, checks } = await examine();
    expect(exit).toBe(0);
    expect(at(checks, 'secret')).toMatchObject({ subject: 'ledger.auth.tokenFile', result: 'ok' });
    expect(at(checks, 'push')?.result).toBe('ok');
    expect(server.requests.some(({ path }) => path.includes('service=git-receive-pack'))).toBe(true);
    expect(server.requests.filter(({ kind }) => kind === 'push')).toEqual([]);
    expect(stage.git('ledger.git', 'rev-parse', 'snowgate-ledger')).toBe(tip);
  });

  it('is not let in to push with a token that may only read', async () => {
    server.fault = ({ path }) => (path.includes('receive-pack') ? { kind: 'status', status: 403 } : null);
    expect(await examine()).toMatchObject({ exit: 1, wrong: ['fail push SG3003'] });
  });

  it('tells wrong credentials, and a server that does not answer, apart', async () => {
    writeFileSync(tokenFile(), 'canary-another');
    const rest = ['skipped append-only', 'skipped format', 'skipped id', 'skipped push'];
    expect(await examine()).toMatchObject({ exit: 1, wrong: ['fail ledger SG3003', ...rest] });
    rewrite(server.url, `http://127.0.0.1:${await freePort()}`);
    expect(await examine()).toMatchObject({ exit: 3, wrong: ['fail ledger SG3002', ...rest] });
  });

  it('warns of a secret that every user may read, and names one that is not there', async () => {
    chmodSync(tokenFile(), 0o644);
    const open = await examine();
    expect(open.exit).toBe(0);
    expect(at(open.checks, 'secret')).toMatchObject({ result: 'warn', code: 'SG7040' });
    rewrite('tokenFile: token', 'tokenFile: nowhere');
    expect(await examine()).toMatchObject({
      exit: 1,
      wrong: [
        'fail secret SG3013',
        'skipped ledger',
        'skipped append-only',
        'skipped format',
        'skipped id',
        'skipped push',
      ],
    });
  });

  it('finds an ssh key that ssh will not use, and a host that is not pinned', async () => {
    const port = await freePort();
    const auth = 'auth: {sshKeyFile: key, knownHostsFile: known}';
    rewrite(/"file:[^"]*source"/, `"ssh://git@127.0.0.1:${port}/x.git", ${auth}`);
    writeFileSync(join(stage.dir, 'key'), secret, { mode: 0o640 });
    writeFileSync(join(stage.dir, 'known'), 'git.example.com ssh-ed25519 AAAA\n');
    const skipped = ['skipped source', 'skipped branch', 'skipped manifests'];
    const first = await examine();
    expect(first.wrong).toEqual(['fail secret SG7040', 'skipped host key', ...skipped]);
    chmodSync(join(stage.dir, 'key'), 0o600);
    expect(await examine()).toMatchObject({ exit: 1, wrong: ['fail host key SG7042', ...skipped] });
    writeFileSync(join(stage.dir, 'known'), `[127.0.0.1]:${port} ssh-ed25519 AAAA\n`);
    const wrong = ['fail source SG3002', 'skipped branch', 'skipped manifests'];
    expect(await examine()).toMatchObject({ exit: 3, wrong });
  });

  it('finds another ledger, one that was rewritten, and a branch of the source that is not there', async () => {
    rewrite('pushesPerMinute', 'id: 5f0c7a52-9d0e-4a58-8f0b-6a2f4f1f9b21, pushesPerMinute');
    expect(await examine()).toMatchObject({ exit: 1, wrong: ['fail id SG7010'] });
    mkdirSync(join(stage.dir, 'state/ledger'), { recursive: true });
    const known = { v: 1, tip: '1'.repeat(40), accepted: null };
    writeFileSync(join(stage.dir, 'state/ledger/known.json'), JSON.stringify(known));
    rewrite(/source"/, 'source", branch: gone');
    const wrong = ['fail branch SG3005', 'skipped manifests', 'fail append-only SG4011', 'fail id SG7010'];
    expect(await examine()).toMatchObject({ exit: 1, wrong });
  });
});

describe('doctor and AWS', () => {
  let sts: FakeSts;
  const roleArn = 'arn:aws:iam::111122223333:role/snowgate';

  beforeEach(async () => {
    sts = await startSts({ account: '111122223333' });
    closers.push(sts.close);
  });

  function configure(account = '111122223333'): void {
    const rest = account === '111122223333' ? `, roleArn: "${roleArn}"` : '';
    stage.configure({
      fleets: `lab: {region: us-west-2, endpoint: "ENDPOINT", account: "${account}", stsEndpoint: "${sts.endpoint}"${rest}}`,
    });
  }

  const tell = (path: string, body: unknown): Promise<Response> =>
    fetch(`${stage.simulator.endpoint}/_simulator/${path}`, { method: 'POST', body: JSON.stringify(body) });

  it('proves account and role', async () => {
    configure();
    const { exit, checks } = await examine();
    expect(exit).toBe(0);
    expect(checks.slice(-7).map(({ name, message }) => `${name}: ${message}`)).toEqual([
      'credentials: found',
      `role: ${roleArn} assumed`,
      'account: 111122223333, proved by STS',
      'ListDevices: allowed',
      'DescribeDevice: allowed',
      'ListTasks: allowed',
      expect.stringMatching(/^clock: \d+ s from AWS's \(clock\.tolerance is 30 s\)$/),
    ]);
  });

  it('names the step that failed, and skips those after it', async () => {
    configure();
    sts.script('AssumeRole', stsError(403, 'AccessDenied', 'not you'));
    const unasked = ['ListDevices', 'DescribeDevice', 'ListTasks', 'clock'].map((name) => `skipped ${name}`);
    expect(await examine()).toMatchObject({
      exit: 1,
      wrong: ['fail role SG5012', 'skipped account', ...unasked],
    });
    configure('444455556666');
    expect((await examine()).wrong.slice(0, 3)).toEqual(['fail account SG5014', ...unasked.slice(0, 2)]);
    await sts.close();
    closers.pop();
    expect(await examine()).toMatchObject({ exit: 3, wrong: ['fail account SG5013', ...unasked] });
  });

  it.each(['DescribeDevice', 'ListTasks'])('names the action that is denied: %s', async (operation) => {
    configure();
    await tell('rules', { operation, effect: 'accessDenied' });
    const { exit, checks, wrong } = await examine();
    expect({ exit, wrong }).toEqual({ exit: 1, wrong: [`fail ${operation} SG5008`] });
    expect(at(checks, operation)?.hint).toBe(
      `add snow-device-management:${operation} to the IAM policy of ${roleArn}; docs/AWS.md lists every action`,
    );
  });

  it('describes no device where none is listed, or none may be', async () => {
    configure();
    await tell('rules', { operation: 'ListDevices', effect: 'accessDenied', times: 1 });
    expect(await examine()).toMatchObject({
      exit: 1,
      wrong: ['fail ListDevices SG5008', 'skipped DescribeDevice'],
    });
    await tell('devices', { present: false });
    const { exit, checks, wrong } = await examine();
    expect({ exit, wrong }).toEqual({ exit: 0, wrong: ['skipped DescribeDevice'] });
    expect(at(checks, 'DescribeDevice')?.message).toBe('the fleet has no device to ask for');
  });

  it('takes a device that has just left for one that may be described', async () => {
    configure();
    await tell('rules', { operation: 'DescribeDevice', effect: 'notFound' });
    expect(await examine()).toMatchObject({ exit: 0, wrong: [] });
  });

  it('tells a clock that is off', async () => {
    await tell('time', { skewMs: 120_000 });
    const { exit, checks, wrong } = await examine();
    expect({ exit, wrong }).toEqual({ exit: 1, wrong: ['fail clock SG6211'] });
    expect(at(checks, 'clock')?.message).toMatch(/^this machine's clock is 1\d\d s behind AWS's/);
  });
});
