/** Source and ledger over https: git's http-backend behind nginx, a private authority, names and passwords, a proxy. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Auth } from '../../src/config/config.ts';
import type { LedgerCommit } from '../../src/controller/ports.ts';
import { branch } from '../git/ledger-world.ts';
import { findProgram, freePort } from '../git/program.ts';
import { type Authority, type Certificate, makeAuthority } from './authority.ts';
import { type Ground, ledgerName, openGround, type Reach, sourceName } from './ground.ts';
import {
  findHttpsPrograms,
  gitAsWriter,
  type HttpsServer,
  startHttpsServer,
  users,
  type Way,
} from './https-server.ts';
import { type ForwardProxy, startProxy } from './proxy.ts';
import { hookWords, type Trouble } from './repositories.ts';

// Several servers and dozens of gits, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const programs = findHttpsPrograms();
const tinyproxy = findProgram('tinyproxy', 'tinyproxy-bin');

let ground: Ground;
let authority: Authority;
let server: HttpsServer;
let writer: Auth;
let reader: Auth;
let wrong: Auth;
let token: Auth;

beforeAll(async () => {
  if (programs === null) return;
  ground = await openGround();
  const { dir, secretFile } = ground;
  await mkdir(join(dir, 'authority'));
  authority = await makeAuthority(programs.openssl, join(dir, 'authority'));
  server = await startHttpsServer(programs, join(dir, 'https'), authority, ground.repositories);
  const auth = async (username: string, password: string): Promise<Auth> => {
    return { kind: 'password', username, passwordFile: await secretFile(password) };
  };
  writer = await auth(users.writer.name, users.writer.password);
  reader = await auth(users.reader.name, users.reader.password);
  wrong = await auth(users.writer.name, 'canary-of-last-year');
  token = { kind: 'token', tokenFile: await secretFile(users.token.password) };
  await ground.begin(ledger());
});

afterEach(() => ground?.repositories.suffer('none'));

afterAll(async () => {
  await server?.end();
  await ground?.end();
});

type Change = Partial<Reach> & { readonly way?: Way; readonly certificate?: Certificate };

function reach(name: string, { way, certificate, ...change }: Change): Reach {
  return { url: server.url(name, way, certificate), auth: writer, caFile: authority.caFile, ...change };
}

function source(change: Change = {}): Reach {
  return reach(sourceName, change);
}

function ledger(change: Change = {}): Reach {
  return reach(ledgerName, change);
}

async function expectLands(over: Reach): Promise<void> {
  const made = await ground.make(over);
  expect(await ground.push(over, made)).toEqual({ kind: 'landed' });
  expect(await ground.tip()).toBe(made.commit);
}

describe.skipIf(programs === null)('over https', () => {
  it('with a private authority, a name and a password, or a token, the source is read and the ledger written', async () => {
    for (const auth of [writer, token]) {
      expect(await ground.fetchSource(source({ auth }))).toBe('fetched');
      await expectLands(ledger({ auth }));
    }
    expect(await ground.fetchSource(source({ auth: reader }))).toBe('fetched');
  });

  it('a segment too long for one request of a known length lands, or is refused, like any other', async () => {
    const made = await ground.make(ledger(), randomBytes(1_500_000).toString('base64'));
    expect(await ground.push(ledger({ way: 'small' }), made)).toMatchObject({
      kind: 'refused',
      fault: { code: 'SG4006' },
    });
    expect(await ground.push(ledger(), made)).toEqual({ kind: 'landed' });
  });

  const unread: readonly [
    string,
    () => Change | Promise<Change>,
    code: string,
    faultClass: string,
    hint: RegExp,
  ][] = [
    ['a wrong password', () => ({ auth: wrong }), 'SG3003', 'human', /check auth/],
    ['no password at all', () => ({ auth: { kind: 'none' } }), 'SG3003', 'human', /check auth/],
    ['another authority', () => ({ caFile: authority.otherCaFile }), 'SG3006', 'human', /auth\.caFile/],
    ['an expired certificate', () => ({ certificate: 'expired' }), 'SG3006', 'human', /dates/],
    ["another server's certificate", () => ({ certificate: 'otherName' }), 'SG3006', 'human', /names/],
    [
      'a file that holds no certificate',
      async () => ({ caFile: await ground.secretFile('no certificate') }),
      'SG3006',
      'human',
      /auth\.caFile/,
    ],
    [
      'http to the port of https',
      () => ({ url: source().url.replace('https:', 'http:') }),
      'SG3027',
      'human',
      /scheme/,
    ],
    ['a repository that is not there', () => ({ url: server.url('nothing.git') }), 'SG3004', 'human', /URL/],
    ['nobody behind the front server', () => ({ way: 'down' }), 'SG3016', 'retry', /look at the server/],
    [
      'nobody at the port',
      async () => ({ url: `https://127.0.0.1:${await freePort()}/git/${sourceName}` }),
      'SG3002',
      'retry',
      /network/,
    ],
  ];
  it.each(unread)('%s is named', async (_name, change, code, faultClass, hint) => {
    const answer = await ground.fetchSource(source(await change()));
    expect(answer).toMatchObject({ code, class: faultClass, hint: expect.stringMatching(hint) });
  });

  it('a server that dies in the middle of a fetch is named, and the next fetch is whole', async () => {
    await ground.repositories.suffer('fetchDies');
    expect(await ground.fetchSource(source())).toMatchObject({ code: 'SG3017', class: 'retry' });
    await ground.repositories.suffer('fetchHangs');
    const fetching = ground.fetchSource(source());
    await ground.untilHanging();
    await server.kill();
    expect(await fetching).toMatchObject({
      code: 'SG3017',
      class: 'retry',
      hint: expect.stringMatching(/server/),
    });
    expect(await ground.fetchSource(source())).toMatchObject({ code: 'SG3002', class: 'retry' });
    await server.start();
    await ground.repositories.suffer('none');
    expect(await ground.fetchSource(source())).toBe('fetched');
  });

  it('a server that hangs is given up', async () => {
    await ground.repositories.suffer('fetchHangs');
    expect(await ground.fetchSource(source(), 2_000)).toMatchObject({
      code: 'SG3008',
      class: 'retry',
      hint: expect.stringMatching(/source\.limits\.fetchTimeout/),
    });
  });

  it('a push that is forbidden only when its objects come is unknown, needs a person, and says for what', async () => {
    const made = await ground.make(ledger());
    expect(await ground.push(ledger({ auth: reader, way: 'late' }), made)).toMatchObject({
      kind: 'unknown',
      fault: {
        code: 'SG4002',
        class: 'human',
        message: expect.stringMatching(/refuses these credentials.*403/),
        hint: expect.stringMatching(/sent again.*check auth/),
      },
    });
    expect(await ground.push(ledger(), made)).toEqual({ kind: 'landed' });
  });

  const unknown: readonly [Trouble, lands: boolean][] = [
    ['pushDies', false],
    ['pushDiesAfter', true],
    ['pushHangs', false],
  ];
  it.each(unknown)(
    'a push whose server dies or hangs (%s) is unknown; sent again it has landed',
    async (trouble, lands) => {
      const made = await ground.make(ledger());
      await ground.repositories.suffer(trouble);
      expect(await ground.push(ledger(), made, trouble === 'pushHangs' ? 2_000 : undefined)).toMatchObject({
        kind: 'unknown',
        fault: {
          code: 'SG4002',
          class: 'retry',
          hint: expect.stringMatching(/sent again.*nothing is issued before/),
        },
      });
      expect(await ground.tip()).toBe(lands ? made.commit : made.parent);
      await ground.repositories.suffer('none');
      expect(await ground.push(ledger(), made)).toEqual({ kind: 'landed' });
    },
  );

  it('a push whose front server dies in the middle is unknown, and so is one to nobody', async () => {
    const made = await ground.make(ledger());
    await ground.repositories.suffer('pushHangs');
    const pushing = ground.push(ledger(), made);
    await ground.untilHanging();
    await server.kill();
    expect(await pushing).toMatchObject({ kind: 'unknown', fault: { code: 'SG4002', class: 'retry' } });
    await ground.repositories.suffer('none');
    expect(await ground.push(ledger(), made)).toMatchObject({ kind: 'unknown', fault: { code: 'SG3002' } });
    await server.start();
    expect(await ground.push(ledger({ way: 'down' }), made)).toMatchObject({
      kind: 'unknown',
      fault: { code: 'SG3016' },
    });
    expect(await ground.push(ledger(), made)).toEqual({ kind: 'landed' });
  });
});

describe.skipIf(programs === null)('a push over https is refused, and why is named:', () => {
  let made: LedgerCommit;
  let before = '';

  beforeAll(async () => {
    if (programs === null) return;
    made = await ground.make(ledger());
    before = await ground.tip();
  });

  const refused: readonly [string, Trouble, () => Change, code: string, words: RegExp, hint: RegExp][] = [
    [
      'a wrong password',
      'none',
      () => ({ auth: wrong }),
      'SG3003',
      /refuses these credentials/,
      /check auth/,
    ],
    ['one who may only read', 'none', () => ({ auth: reader }), 'SG3003', /403/, /permissions/],
    [
      'another authority',
      'none',
      () => ({ caFile: authority.otherCaFile }),
      'SG3006',
      /TLS failed/,
      /caFile/,
    ],
    [
      'a hook that declines',
      'declines',
      () => ({}),
      'SG4004',
      new RegExp(`pre-receive.*${hookWords}`),
      /ledger\.auth/,
    ],
    [
      'a branch that is protected',
      'protects',
      () => ({}),
      'SG4004',
      new RegExp(`hook declined.*${hookWords}`),
      /protection/,
    ],
    ['a request that is too large', 'none', () => ({ way: 'small' }), 'SG4006', /413/, /raise its limit/],
    ['a quota', 'quota', () => ({}), 'SG4006', /maximum allowed size/, /maxInputSize/],
  ];
  it.each(refused)('%s', async (_name, trouble, change, code, words, hint) => {
    await ground.repositories.suffer(trouble);
    expect(await ground.push(ledger(change()), made)).toMatchObject({
      kind: 'refused',
      fault: {
        code,
        class: 'human',
        message: expect.stringMatching(words),
        hint: expect.stringMatching(hint),
      },
    });
    expect(await ground.tip()).toBe(before);
  });

  it('and none of it keeps it from landing later', async () => {
    expect(await ground.push(ledger(), made)).toEqual({ kind: 'landed' });
  });

  it('and nobody rewrites or deletes what has landed', async () => {
    const { url } = ledger();
    const gitDir = join(ground.repositories.root, ledgerName);
    const asked = (...args: string[]) => gitAsWriter(authority, gitDir, 'push', ...args);
    const ref = `refs/heads/${branch}`;
    await expect(asked('--force', url, `${before}:${ref}`)).rejects.toThrow(
      /remote rejected.*non-fast-forward/,
    );
    await expect(asked(url, `:${ref}`)).rejects.toThrow(/remote rejected.*deletion prohibited/);
    expect(await ground.tip()).toBe(made.commit);
  });
});

describe.skipIf(programs === null || tinyproxy === null)('through a proxy', () => {
  let proxy: ForwardProxy;

  beforeAll(async () => {
    if (programs === null || tinyproxy === null) return;
    proxy = await startProxy(tinyproxy, join(ground.dir, 'proxy'), {
      ports: [server.port()],
    });
  });
  afterAll(() => proxy?.end());

  it('the source is read and the ledger written', async () => {
    const before = proxy.tunnels();
    expect(await ground.fetchSource(source({ proxy: proxy.url }))).toBe('fetched');
    await expectLands(ledger({ proxy: proxy.url }));
    expect(proxy.tunnels()).toBeGreaterThan(before + 1);
  });

  it('that forbids the port is named; a push is refused', async () => {
    const change: Change = { proxy: proxy.url, certificate: 'expired' };
    const named = { code: 'SG3026', class: 'human', hint: expect.stringMatching(/auth\.proxy/) };
    expect(await ground.fetchSource(source(change))).toMatchObject(named);
    expect(await ground.push(ledger(change), await ground.make(ledger()))).toMatchObject({
      kind: 'refused',
      fault: named,
    });
  });

  it('that wants a password is named', async () => {
    const guarded = await startProxy(tinyproxy ?? '', join(ground.dir, 'guarded'), {
      ports: [server.port()],
      password: 'canary-of-the-proxy',
    });
    expect(await ground.fetchSource(source({ proxy: guarded.url }))).toMatchObject({
      code: 'SG3026',
      class: 'human',
      message: expect.stringMatching(/407/),
      hint: expect.stringMatching(/no password/),
    });
    await guarded.end();
  });

  it('that does not reach the server is named', async () => {
    await server.kill();
    const answer = await ground.fetchSource(source({ proxy: proxy.url }));
    await server.start();
    expect(answer).toMatchObject({
      code: 'SG3002',
      class: 'retry',
      message: expect.stringMatching(/the proxy does not reach/),
    });
  });

  it('that dies in the middle, and is down then, is named; the push lands by another way', async () => {
    const made = await ground.make(ledger());
    await ground.repositories.suffer('pushHangs');
    const pushing = ground.push(ledger({ proxy: proxy.url }), made);
    await ground.untilHanging();
    await proxy.end();
    expect(await pushing).toMatchObject({ kind: 'unknown', fault: { code: 'SG4002', class: 'retry' } });
    await ground.repositories.suffer('none');
    const named = { code: 'SG3002', class: 'retry', hint: expect.stringMatching(/auth\.proxy/) };
    expect(await ground.fetchSource(source({ proxy: proxy.url }))).toMatchObject(named);
    expect(await ground.push(ledger({ proxy: proxy.url }), made)).toMatchObject({
      kind: 'unknown',
      fault: named,
    });
    expect(await ground.push(ledger(), made)).toEqual({ kind: 'landed' });
  });
});
