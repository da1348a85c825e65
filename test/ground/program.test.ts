/** The built program over every way to its repositories: from `ledger init` to a task, and what its log says when it fails. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Change, taskText, until } from '../e2e/world.ts';
import { findProgram } from '../git/program.ts';
import { findHttpsPrograms, users, type Way } from './https-server.ts';
import { byPassword, expectClean, initLedger, openProgramWorld, type ProgramWorld } from './program-world.ts';
import { hookWords, type Trouble } from './repositories.ts';
import { findSshPrograms, readOnlyWords } from './ssh-server.ts';

// A program starts three or four times in a test, and a busy machine takes its time over each.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const programs = findHttpsPrograms();
const ssh = findSshPrograms();
const tinyproxy = findProgram('tinyproxy', 'tinyproxy-bin');

let on: ProgramWorld;

beforeAll(async () => {
  if (programs !== null) on = await openProgramWorld(programs, { ssh, tinyproxy });
});
afterAll(() => on?.end());

function merge(...changes: readonly Change[]): Change {
  const merged: Record<string, Record<string, unknown>> = {};
  for (const change of changes) {
    for (const [key, value] of Object.entries(change)) merged[key] = { ...merged[key], ...(value as Change) };
  }
  return merged;
}

function byToken(ledger: string): Change {
  const { caFile, token: tokenFile } = on.files;
  return {
    source: { url: on.https.url('source.git'), auth: { tokenFile, caFile } },
    ledger: { url: on.https.url(ledger), auth: { tokenFile, caFile } },
  };
}

function bySsh(ledger: string, key: 'writer' | 'reader' = 'writer'): Change {
  if (on.ssh === null) throw new Error('no sshd');
  return {
    source: { url: on.ssh.url('source.git'), auth: on.ssh.auth('reader') },
    ledger: { url: on.ssh.url(ledger), auth: on.ssh.auth(key) },
  };
}

function byProxy(ledger: string, certificate: 'good' | 'expired' = 'good'): Change {
  const { caFile, writer, reader } = on.files;
  const proxy = on.proxy?.url;
  const auth = (user: 'writer' | 'reader', passwordFile: string) => {
    return { username: users[user].name, passwordFile, caFile, proxy };
  };
  return {
    source: { url: on.https.url('source.git', 'git', certificate), auth: auth('reader', reader) },
    ledger: { url: on.https.url(ledger), auth: auth('writer', writer) },
  };
}

/** What stands among the manifests, one at a time. */
let manifest: string | null = null;

function wantOnly(name: string | null): void {
  const removed = manifest === null ? {} : { [`tasks/${manifest}.yaml`]: null };
  const added =
    name === null
      ? {}
      : { [`tasks/${name}.yaml`]: taskText(name, { targets: on.world.devices.slice(0, 1) }) };
  on.world.commit({ ...removed, ...added });
  manifest = name;
}

describe.skipIf(programs === null)('the built program', () => {
  const ways: readonly [name: string, lacks: boolean, change: (ledger: string) => Change][] = [
    ['password', false, (ledger) => byPassword(on, ledger)],
    ['token', false, byToken],
    ['ssh', ssh === null, bySsh],
    ['proxy', tinyproxy === null, byProxy],
  ];
  it.for(ways)('makes a ledger, plans and issues by %s', async ([name, lacks, change], context) => {
    context.skip(lacks, 'a program is missing, and was named');
    const { world } = on;
    const reach = change(`ledger-${name}.git`);
    await on.repositories.make(`ledger-${name}.git`);
    wantOnly(null);
    const id = await initLedger(on, name, reach);
    const config = world.configure(name, merge(reach, { ledger: { id } }));
    wantOnly(`by-${name}`);
    const before = (await world.tasks()).length;
    const planned = await world.finish('plan', '--config', config, '--format', 'json');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(planned.stdout).tasks).toMatchObject([{ name: `by-${name}`, action: 'issue' }]);
    const ran = await world.finish('run', '--once', '--config', config);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(`done +lab/by-${name}`) });
    expect(await world.tasks()).toHaveLength(before + 1);
    expectClean(planned.stdout + ran.stdout + ran.stderr);
    if (name === 'proxy') expect(on.proxy?.tunnels()).toBeGreaterThan(3);
  });
});

interface Failure {
  readonly name: string;
  readonly lacks?: boolean;
  readonly trouble?: Trouble;
  readonly change: () => Change;
  readonly event: string;
  readonly code: string;
  readonly reason: RegExp;
  readonly hint: RegExp;
}

describe.skipIf(programs === null)('its log names, with what to do:', () => {
  const ledger = 'ledger-failures.git';
  let id = '';
  let tasksBefore = 0;

  beforeAll(async () => {
    if (programs === null) return;
    await on.repositories.make(ledger);
    wantOnly(null);
    id = await initLedger(on, 'failures', byPassword(on, ledger));
    wantOnly('through-it-all');
    tasksBefore = (await on.world.tasks()).length;
  });

  const by = (way?: Way) => byPassword(on, ledger, way);
  const sourceAuth = (auth: Change): Change => {
    const { source } = by() as { source: { auth: Change } };
    return merge(by(), { source: { auth: { ...source.auth, ...auth } } });
  };
  const failures: readonly Failure[] = [
    {
      name: 'a wrong password',
      change: () => sourceAuth({ passwordFile: on.files.wrong }),
      event: 'source not reached',
      code: 'SG3003',
      reason: /refuses these credentials/,
      hint: /check auth/,
    },
    {
      name: 'a wrong authority',
      change: () => sourceAuth({ caFile: on.files.otherCaFile }),
      event: 'source not reached',
      code: 'SG3006',
      reason: /TLS failed/,
      hint: /auth\.caFile/,
    },
    {
      name: 'a changed host key',
      lacks: ssh === null,
      change: () =>
        merge(by(), {
          source: {
            url: on.ssh?.url('source.git'),
            auth: { ...on.ssh?.auth(), knownHostsFile: on.ssh?.otherHostsFile },
          },
        }),
      event: 'source not reached',
      code: 'SG3007',
      reason: /SHA256:/,
      hint: /never accept it blindly/,
    },
    {
      name: 'a proxy that forbids the port',
      lacks: tinyproxy === null,
      change: () => byProxy(ledger, 'expired'),
      event: 'source not reached',
      code: 'SG3026',
      reason: /403/,
      hint: /auth\.proxy/,
    },
    {
      name: 'a password that may only read',
      change: () =>
        merge(by(), {
          ledger: {
            auth: { username: users.reader.name, passwordFile: on.files.reader, caFile: on.files.caFile },
          },
        }),
      event: 'ledger push refused',
      code: 'SG3003',
      reason: /403/,
      hint: /permissions/,
    },
    {
      name: 'a key that may only read',
      lacks: ssh === null,
      change: () => bySsh(ledger, 'reader'),
      event: 'ledger push refused',
      code: 'SG3003',
      reason: new RegExp(readOnlyWords),
      hint: /permissions/,
    },
    {
      name: 'a hook that declines',
      trouble: 'declines',
      change: () => by(),
      event: 'ledger push refused',
      code: 'SG4004',
      reason: new RegExp(hookWords),
      hint: /branch protection/,
    },
    {
      name: 'a request that is too large',
      change: () => by('small'),
      event: 'ledger push refused',
      code: 'SG4006',
      reason: /413/,
      hint: /raise its limit/,
    },
    {
      name: 'a quota',
      trouble: 'quota',
      change: () => by(),
      event: 'ledger push refused',
      code: 'SG4006',
      reason: /maximum allowed size/,
      hint: /maxInputSize/,
    },
    {
      name: 'a server that dies in the middle of a push',
      trouble: 'pushDies',
      change: () => by(),
      event: 'ledger push unknown',
      code: 'SG4002',
      reason: /ended in the middle/,
      hint: /sent again.*look at the server/,
    },
  ];

  it.for(failures)('$name', async (failure, context) => {
    const { lacks = false, trouble = 'none', change, event, code, reason, hint } = failure;
    context.skip(lacks, 'a program is missing, and was named');
    const { world, repositories } = on;
    await repositories.suffer(trouble);
    const before = (await world.calls()).CreateTask;
    const daemon = world.start(
      'run',
      '--config',
      world.configure('failures', merge(change(), { ledger: { id } })),
    );
    context.onTestFinished(() => void daemon.child.kill('SIGKILL'));
    await until(`the log says: ${event}`, () => daemon.log().some((line) => line.event === event));
    expect(daemon.log().find((line) => line.event === event)).toMatchObject({
      code,
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });
    expect((await world.calls()).CreateTask).toBe(before);
    await repositories.suffer('none');
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expectClean(daemon.text.stdout + daemon.text.stderr);
  });

  it('and when all is well again the task is issued, once', async () => {
    const { world } = on;
    const config = world.configure('failures', merge(by(), { ledger: { id } }));
    const ran = await world.finish('run', '--once', '--config', config);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching('done +lab/through-it-all') });
    expect((await world.tasks()).length).toBe(tasksBefore + 1);
  });
});
