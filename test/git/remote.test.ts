/** Reaching a remote over http and https: credentials, what goes wrong, and what must never be seen of it. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Auth, SourceConfig } from '../../src/config/config.ts';
import { prepareGitHome } from '../../src/git/home.ts';
import { prepareRemote, remoteScheme, showUrl } from '../../src/git/remote.ts';
import { startMs, taskText } from '../contract/source-world.ts';
import type { GitServer, GitServerFault } from '../doubles/git-server.ts';
import { basicAuthorization, startGitServer } from '../doubles/git-server.ts';
import { findProgram, freePort } from './program.ts';
import type { GitSourceWorld } from './source-world.ts';
import { openSourceWorld } from './source-world.ts';

const run = promisify(execFile);
const openssl = findProgram('openssl', 'openssl');
const secret = 'c4n4ry-s3cr3t/with+odd=characters';

let world: GitSourceWorld;
let server: GitServer;
let secretFile = '';

beforeAll(async () => {
  world = await openSourceWorld({ transport: 'http' });
  if (world.server === null) throw new Error('the world has no server');
  server = world.server;
  secretFile = join(world.dir, 'secret');
  await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
});

afterAll(() => world.end());

beforeEach(async () => {
  server.fault = () => null;
  server.authorization = basicAuthorization('x-access-token', secret);
  await writeFile(secretFile, `${secret}\n`);
});

async function fetchWith(change: Partial<SourceConfig> = {}) {
  const auth: Auth = { kind: 'token', tokenFile: secretFile };
  const source = await world.reopen({ auth, ...change });
  const answer = await source.fetch();
  await source.close();
  return answer.ok ? 'fetched' : answer.fault;
}

/** Every file below a folder, as one text. */
async function everything(dir: string): Promise<string> {
  const texts: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) texts.push(await readFile(join(entry.parentPath, entry.name), 'latin1'));
  }
  return texts.join('\n');
}

describe('credentials', () => {
  it('sends a token as the password of x-access-token, and a password with its name', async () => {
    expect(await fetchWith()).toBe('fetched');
    server.authorization = basicAuthorization('bot', secret);
    expect(await fetchWith({ auth: { kind: 'password', username: 'bot', passwordFile: secretFile } })).toBe(
      'fetched',
    );
    expect(await fetchWith()).toMatchObject({ code: 'SG3003', class: 'human' });
    expect(await fetchWith({ auth: { kind: 'none' } })).toMatchObject({ code: 'SG3003' });
  });

  it('reads the file again at each use', async () => {
    const source = await world.reopen({ auth: { kind: 'token', tokenFile: secretFile } });
    expect((await source.fetch()).ok).toBe(true);
    server.authorization = basicAuthorization('x-access-token', 'rotated');
    expect(await source.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3003' } });
    await writeFile(secretFile, 'rotated');
    expect((await source.fetch()).ok).toBe(true);
    await rm(secretFile);
    expect(await source.fetch()).toMatchObject({
      ok: false,
      fault: { code: 'SG3013', message: expect.stringContaining(secretFile) },
    });
    await source.close();
  });

  it.each([
    ['empty', '\n', /is empty/],
    ['two lines', `${secret}\nX-Header: y\n`, /line break/],
    ['far too large', 'x'.repeat(100_000), /larger/],
  ])('refuses a secret file that is %s, and shows nothing of it', async (_name, text, message) => {
    await writeFile(secretFile, text);
    const answer = await fetchWith();
    expect(answer).toMatchObject({ code: 'SG3014', message: expect.stringMatching(message) });
    expect(JSON.stringify(answer)).not.toContain('c4n4ry');
  });

  it('puts no secret into an argument, a URL, a file or a message', async () => {
    const home = await prepareGitHome(world.stateDir, { register: () => undefined });
    if (!home.ok) throw new Error(home.fault.message);
    const auth: Auth = { kind: 'token', tokenFile: secretFile };
    const access = await prepareRemote({ ...world.config, auth }, home.value);
    if (!access.ok) throw new Error(access.fault.message);
    const { env, ...visible } = access.value;
    expect(JSON.stringify({ ...visible, secrets: [] })).not.toContain(secret);
    expect(JSON.stringify(env)).toContain(Buffer.from(`x-access-token:${secret}`).toString('base64'));
    server.authorization = 'Basic other';
    expect(JSON.stringify(await fetchWith())).not.toContain('c4n4ry');
    expect(await everything(world.stateDir)).not.toContain('c4n4ry');
  });

  it('hides what a hostile server says back of them (CVE-2023-25163, GHSA-mv6w-j4xc-qpfw)', async () => {
    const encoded = Buffer.from(`x-access-token:${secret}`).toString('base64');
    server.fault = () => ({
      kind: 'status',
      status: 302,
      location: `https://user:${secret}@evil.example/?t=${encoded}`,
    });
    const answer = JSON.stringify(await fetchWith());
    expect(answer).toContain('SG3012');
    expect(answer).not.toContain(secret);
    expect(answer).not.toContain(encoded);
  });
});

describe('a server in trouble', () => {
  const cases: readonly [string, GitServerFault, string, string][] = [
    ['dies before it answers', { kind: 'cutBefore' }, 'SG3017', 'retry'],
    ['dies in the middle of the refs', { kind: 'cutAfter', bytes: 20 }, 'SG3017', 'retry'],
    ['is forbidden', { kind: 'status', status: 403 }, 'SG3003', 'human'],
    ['has no such repository', { kind: 'status', status: 404 }, 'SG3004', 'human'],
    ['asks for fewer requests', { kind: 'status', status: 429 }, 'SG3016', 'retry'],
    ['fails', { kind: 'status', status: 500 }, 'SG3016', 'retry'],
    ['is down for maintenance', { kind: 'status', status: 503 }, 'SG3016', 'retry'],
  ];
  it.each(cases)('is told: it %s', async (_name, trouble, code, faultClass) => {
    server.fault = () => trouble;
    expect(await fetchWith()).toMatchObject({ code, class: faultClass });
    server.fault = () => null;
    expect(await fetchWith()).toBe('fetched');
  });

  it('is told when it dies in the middle of the objects, and the next fetch is whole', async () => {
    await world.commit({ files: { 'tasks/b.yaml': taskText('b') }, timeMs: startMs });
    await rm(world.stateDir, { recursive: true, force: true });
    server.fault = ({ kind, path }) =>
      kind === 'fetch' && !path.includes('refs') ? { kind: 'cutAfter', bytes: 100 } : null;
    expect(await fetchWith()).toMatchObject({ code: 'SG3017' });
    server.fault = () => null;
    expect(await fetchWith()).toBe('fetched');
  });

  it('is given up when it never answers', async () => {
    server.fault = () => ({ kind: 'hang' });
    const limits = { ...world.config.limits, fetchTimeoutMs: 400 };
    expect(await fetchWith({ limits })).toMatchObject({
      code: 'SG3008',
      message: expect.stringMatching(/0\.4 s/),
    });
  });

  it('is given up at once when snowgate stops', async () => {
    const source = await world.reopen({ auth: { kind: 'token', tokenFile: secretFile } });
    const seen = server.requests.length;
    server.fault = () => ({ kind: 'hang' });
    const fetching = source.fetch();
    while (server.requests.length === seen) await new Promise((resolve) => setTimeout(resolve, 5));
    await source.close();
    expect(await fetching).toMatchObject({ ok: false, fault: { code: 'SG3018' } });
  });

  it('is not followed elsewhere: no credential goes to the place it names', async () => {
    const elsewhere = await startGitServer(join(world.dir, 'srv'));
    const before = server.requests.length;
    server.fault = ({ path }) => ({ kind: 'status', status: 301, location: `${elsewhere.url}${path}` });
    expect(await fetchWith()).toMatchObject({ code: 'SG3012', class: 'human' });
    expect(server.requests.length).toBeGreaterThan(before);
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  it('cannot be reached where nobody listens, and is not there by another name', async () => {
    expect(await fetchWith({ url: `http://127.0.0.1:${await freePort()}/x.git` })).toMatchObject({
      code: 'SG3002',
      class: 'retry',
    });
    expect(await fetchWith({ url: 'http://nowhere.invalid/x.git' })).toMatchObject({ code: 'SG3002' });
    expect(await fetchWith({ url: `${server.url}/other.git` })).toMatchObject({ code: 'SG3004' });
    expect(await fetchWith({ branch: 'redirect-timeout-403' })).toMatchObject({ code: 'SG3005' });
  });

  it('is reached through the proxy that is configured, and no other', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(502).end();
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    const { port } = proxy.address() as AddressInfo;
    process.env.http_proxy = `http://127.0.0.1:${await freePort()}`;
    expect(await fetchWith()).toBe('fetched');
    delete process.env.http_proxy;
    expect(await fetchWith({ proxy: `http://127.0.0.1:${port}` })).toMatchObject({ code: 'SG3016' });
    expect(asked[0]).toContain('/source.git/info/refs');
    await new Promise((resolve) => {
      proxy.close(resolve);
    });
  });
});

describe.skipIf(openssl === null)('TLS', () => {
  it('is trusted by the authority that is configured, and refused without', async () => {
    const key = join(world.dir, 'tls.key');
    const cert = join(world.dir, 'tls.crt');
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = await run(openssl ?? '', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...[...subject, '-keyout', key, '-out', cert],
    ]);
    expect(made.stdout).toBe('');
    const tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
    const secure = await startGitServer(join(world.dir, 'srv'), tls);
    secure.authorization = server.authorization;
    const url = `${secure.url}/source.git`;
    expect(await fetchWith({ url })).toMatchObject({ code: 'SG3006', class: 'human' });
    expect(await fetchWith({ url, caFile: cert })).toBe('fetched');
    expect(await fetchWith({ url, caFile: join(world.dir, 'nowhere') })).toMatchObject({ code: 'SG3013' });
    await secure.close();
  });
});

it('trusts no authority of the machine beside the one that is configured', async () => {
  const home = await prepareGitHome(world.stateDir, { register: () => undefined });
  if (!home.ok) throw new Error(home.fault.message);
  const folderOf = async (caFile?: string): Promise<string | undefined> => {
    const remote = { ...world.config, ...(caFile === undefined ? {} : { caFile }) };
    const access = await prepareRemote(remote, home.value);
    if (!access.ok) throw new Error(access.fault.message);
    const { env } = access.value;
    const key = Object.keys(env).find((name) => env[name] === 'http.sslCAPath');
    return key === undefined ? undefined : env[key.replace('_KEY_', '_VALUE_')];
  };
  // curl would look there, too: where Debian built it, that is /etc/ssl/certs, whatever file is named.
  const folder = await folderOf(secretFile);
  expect(await readdir(folder ?? 'nowhere')).toEqual([]);
  expect(await folderOf()).toBeUndefined();
});

describe('URLs', () => {
  it.each([
    ['https://git.example.com/a.git', 'https'],
    ['HTTPS://git.example.com/a.git', 'https'],
    ['http://127.0.0.1/a.git', 'http'],
    ['ssh://git@git.example.com/a.git', 'ssh'],
    ['git@git.example.com:a.git', 'ssh'],
    ['file:///srv/a.git', 'file'],
    ['/srv/a.git', 'file'],
    ['git://git.example.com/a.git', null],
    ['ext::sh -c touch% /tmp/pwned', null],
    ['fd::7', null],
    ['--upload-pack=touch /tmp/pwned', null],
    ['-oProxyCommand=touch:x', null],
    ['a\nb:c', null],
    ['https://git.example.com/a\nb.git', null],
    ['https://git.example.com/a%0Ahost=b.git', null],
    ['https://git.example.com/a%20b.git', 'https'],
    ['relative/path', null],
    ['', null],
  ])('%j is reached by %s', (url, scheme) => {
    expect(remoteScheme(url)).toBe(scheme);
  });

  it('runs none that it does not know', async () => {
    expect(await fetchWith({ url: 'ext::touch pwned' })).toMatchObject({ code: 'SG3015', class: 'human' });
    expect(await fetchWith({ url: '--upload-pack=touch pwned' })).toMatchObject({ code: 'SG3015' });
  });

  it('shows them without what may be secret', () => {
    expect(showUrl('https://user:pass@git.example.com/a.git?token=x#y')).toBe(
      'https://git.example.com/a.git',
    );
    expect(showUrl('https://u:p@w@git.example.com/a.git')).toBe('https://git.example.com/a.git');
    expect(showUrl('git@git.example.com:a.git')).toBe('git@git.example.com:a.git');
  });
});
