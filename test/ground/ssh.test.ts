/** Source and ledger over ssh: sshd with a git-shell user, deploy keys that may push or only read, pinned host keys. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LedgerCommit } from '../../src/controller/ports.ts';
import { type Ground, ledgerName, openGround, type Reach, sourceName } from './ground.ts';
import { hookWords, type Trouble } from './repositories.ts';
import { findSshPrograms, type Key, readOnlyWords, type SshServer, startSshServer } from './ssh-server.ts';

// Several servers and dozens of gits, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const programs = findSshPrograms();
/** A file system of its own, and small, is root's to make. */
const mayMount = process.getuid?.() === 0 && process.platform === 'linux';
if (!mayMount) process.stderr.write('the test of a full disk is skipped: it needs root and Linux\n');

let ground: Ground;
let server: SshServer;

beforeAll(async () => {
  if (programs === null) return;
  ground = await openGround();
  server = await startSshServer(programs, join(ground.dir, 'ssh'), ground.repositories);
  await ground.begin(reach(ledgerName));
});

afterEach(() => ground?.repositories.suffer('none'));

afterAll(async () => {
  await server?.end();
  await ground?.end();
});

interface Change {
  readonly key?: Key;
  readonly url?: string;
  readonly knownHostsFile?: string;
}

function reach(name: string, { key, url, ...pinned }: Change = {}): Reach {
  return { url: url ?? server.url(name), auth: { kind: 'ssh', ...server.auth(key), ...pinned } };
}

const fingerprint = /\(git: the ED25519 key sent by the remote host is SHA256:\S+\)$/;

describe.skipIf(programs === null)('over ssh', () => {
  it('with deploy keys and a pinned host key the source is read and the ledger written', async () => {
    expect(await ground.fetchSource(reach(sourceName, { key: 'reader' }))).toBe('fetched');
    const made = await ground.make(reach(ledgerName));
    expect(await ground.push(reach(ledgerName), made)).toEqual({ kind: 'landed' });
    expect(await ground.tip()).toBe(made.commit);
  });

  const unread: readonly [string, () => Change, code: string, hint: RegExp][] = [
    ['a key that nobody knows', () => ({ key: 'stranger' }), 'SG3003', /check auth/],
    ['a repository that is not there', () => ({ url: server.url('nothing.git') }), 'SG3004', /URL/],
    [
      'another host key than the pinned one',
      () => ({ knownHostsFile: server.otherHostsFile }),
      'SG3007',
      /never accept it blindly/,
    ],
  ];
  it.each(unread)('%s is named', async (_name, change, code, hint) => {
    expect(await ground.fetchSource(reach(sourceName, change()))).toMatchObject({
      code,
      class: 'human',
      hint: expect.stringMatching(hint),
    });
  });

  it('a host key that changes is refused, for fetch and push, with its fingerprint; a server that is down is not', async () => {
    const made = await ground.make(reach(ledgerName));
    await server.kill();
    const down = { code: 'SG3002', class: 'retry' };
    expect(await ground.fetchSource(reach(sourceName))).toMatchObject(down);
    expect(await ground.push(reach(ledgerName), made)).toMatchObject({ kind: 'unknown', fault: down });
    await server.start('other-host');
    const changed = { code: 'SG3007', class: 'human', message: expect.stringMatching(fingerprint) };
    expect(await ground.fetchSource(reach(sourceName))).toMatchObject(changed);
    expect(await ground.push(reach(ledgerName), made)).toMatchObject({ kind: 'refused', fault: changed });
    const { otherHostsFile: knownHostsFile } = server;
    expect(await ground.push(reach(ledgerName, { knownHostsFile }), made)).toEqual({ kind: 'landed' });
    await server.kill();
    await server.start();
  });

  it('a server that dies in the middle of a fetch, or hangs, is named, and the next fetch is whole', async () => {
    await ground.repositories.suffer('fetchDies');
    expect(await ground.fetchSource(reach(sourceName))).toMatchObject({ code: 'SG3017', class: 'retry' });
    await ground.repositories.suffer('fetchHangs');
    expect(await ground.fetchSource(reach(sourceName), 2_000)).toMatchObject({
      code: 'SG3008',
      class: 'retry',
    });
    await ground.repositories.suffer('fetchHangs');
    const fetching = ground.fetchSource(reach(sourceName));
    await ground.untilHanging();
    await server.kill();
    expect(await fetching).toMatchObject({ code: 'SG3017', class: 'retry' });
    await server.start();
    await ground.repositories.suffer('none');
    expect(await ground.fetchSource(reach(sourceName))).toBe('fetched');
  });

  const unknown: readonly [Trouble, lands: boolean][] = [
    ['pushDies', false],
    ['pushDiesAfter', true],
    ['pushHangs', false],
  ];
  it.each(unknown)(
    'a push whose server dies (%s) is unknown; sent again it has landed',
    async (trouble, lands) => {
      const made = await ground.make(reach(ledgerName));
      await ground.repositories.suffer(trouble);
      const pushing = ground.push(reach(ledgerName), made);
      if (trouble === 'pushHangs') {
        await ground.untilHanging();
        await server.kill();
        await server.start();
      }
      expect(await pushing).toMatchObject({
        kind: 'unknown',
        fault: {
          code: 'SG4002',
          class: 'retry',
          hint: expect.stringMatching(/sent again.*nothing is issued before/),
        },
      });
      expect(await ground.tip()).toBe(lands ? made.commit : made.parent);
      await ground.repositories.suffer('none');
      expect(await ground.push(reach(ledgerName), made)).toEqual({ kind: 'landed' });
    },
  );
});

describe.skipIf(programs === null)('a push over ssh is refused, and why is named:', () => {
  let made: LedgerCommit;

  beforeAll(async () => {
    if (programs !== null) made = await ground.make(reach(ledgerName));
  });

  const refused: readonly [string, Trouble, Change, code: string, words: RegExp, hint: RegExp][] = [
    [
      'a key that may only read',
      'none',
      { key: 'reader' },
      'SG3003',
      new RegExp(readOnlyWords),
      /permissions of the .*key/,
    ],
    ['a key that nobody knows', 'none', { key: 'stranger' }, 'SG3003', /Permission denied/, /check auth/],
    [
      'a hook that declines',
      'declines',
      {},
      'SG4004',
      new RegExp(`pre-receive.*${hookWords}`),
      /ledger\.auth/,
    ],
    [
      'a branch that is protected',
      'protects',
      {},
      'SG4004',
      new RegExp(`hook declined.*${hookWords}`),
      /protection/,
    ],
    ['a quota', 'quota', {}, 'SG4006', /maximum allowed size/, /maxInputSize/],
  ];
  it.each(refused)('%s', async (_name, trouble, change, code, words, hint) => {
    await ground.repositories.suffer(trouble);
    expect(await ground.push(reach(ledgerName, change), made)).toMatchObject({
      kind: 'refused',
      fault: {
        code,
        class: 'human',
        message: expect.stringMatching(words),
        hint: expect.stringMatching(hint),
      },
    });
    expect(await ground.tip()).toBe(made.parent);
  });

  it.skipIf(!mayMount)('a disk that is full', async () => {
    if (programs === null) return;
    const [from, full] = [join(ground.repositories.root, ledgerName), join(ground.dir, 'full')];
    await mkdir(full);
    const fill = `mount -t tmpfs -o size=1m none ${full}\ncp -R ${from} ${full}/\ncat /dev/zero >${full}/filler 2>&- || true`;
    const repositories = { ...ground.repositories, root: full };
    const small = await startSshServer(programs, join(ground.dir, 'ssh-full'), repositories, fill);
    try {
      const over: Reach = { url: small.url(ledgerName), auth: { kind: 'ssh', ...small.auth() } };
      expect(await ground.push(over, made)).toMatchObject({
        kind: 'refused',
        fault: {
          code: 'SG4006',
          class: 'human',
          message: expect.stringMatching(/No space left|couldn't write/),
          hint: expect.stringMatching(/make room/),
        },
      });
    } finally {
      await small.end();
    }
  });

  it('and none of it keeps it from landing later', async () => {
    expect(await ground.push(reach(ledgerName), made)).toEqual({ kind: 'landed' });
  });
});
