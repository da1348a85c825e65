/** What git says, and what it means: texts of git, curl, ssh and the hosts, as they come. */
import { describe, expect, it } from 'vitest';
import { explainGit } from '../../src/git/git-fault.ts';
import type { GitResult } from '../../src/git/process.ts';

const failure: GitResult = {
  code: 128,
  signal: null,
  stdout: Buffer.alloc(0),
  stderr: '',
  timedOut: false,
  stopped: null,
  spawnError: null,
  readerError: undefined,
};
const context = {
  doing: 'fetching branch main of https://git.example.com/a.git',
  secrets: ['hunter22'],
  timeoutMs: 5000,
};

function explain(stderr: string, change: Partial<GitResult> = {}) {
  return explainGit(
    { ...failure, stderr, ...change },
    { ...context, names: ['https://git.example.com/a.git'] },
  );
}

describe('explainGit', () => {
  it.each([
    ["fatal: couldn't find remote ref refs/heads/main", 'SG3005'],
    ["fatal: couldn't find remote ref refs/heads/timeout-redirect-403", 'SG3005'],
    ["fatal: unable to access 'https://x/': Could not resolve host: git.example.com", 'SG3002'],
    [
      "fatal: unable to access 'https://x/': Failed to connect to x port 443 after 3 ms: Couldn't connect to server",
      'SG3002',
    ],
    [
      'ssh: connect to host git.example.com port 22: Connection refused\nfatal: Could not read from remote repository.',
      'SG3002',
    ],
    ['ssh: connect to host git.example.com port 22: No route to host', 'SG3002'],
    ['ssh: Could not resolve hostname nowhere: Name or service not known', 'SG3002'],
    ['ssh: connect to host git.example.com port 22: Connection timed out', 'SG3008'],
    [
      "fatal: unable to access 'https://x/': Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds",
      'SG3008',
    ],
    ["fatal: could not read Username for 'https://x': terminal prompts disabled", 'SG3003'],
    ["remote: HTTP Basic: Access denied.\nfatal: Authentication failed for 'https://x/'", 'SG3003'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 403", 'SG3003'],
    [
      'git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.',
      'SG3003',
    ],
    ['Load key "key": error in libcrypto\ngit@x: Permission denied (publickey).', 'SG3003'],
    ["fatal: repository 'https://x/' not found", 'SG3004'],
    [
      "remote: The project you were looking for could not be found or you don't have permission to view it.",
      'SG3004',
    ],
    ["fatal: '/srv/x.git' does not appear to be a git repository", 'SG3004'],
    ['ERROR: Repository not found.\nfatal: Could not read from remote repository.', 'SG3004'],
    [
      "fatal: unable to access 'https://x/': SSL certificate problem: unable to get local issuer certificate",
      'SG3006',
    ],
    [
      "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none",
      'SG3006',
    ],
    [
      "fatal: unable to access 'https://x/': SSL: no alternative certificate subject name matches target host name 'x'",
      'SG3006',
    ],
    [
      "fatal: unable to access 'https://x/': error setting certificate verify locations:  CAfile: /nope",
      'SG3006',
    ],
    [
      '@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@\nHost key verification failed.',
      'SG3007',
    ],
    ['No ED25519 host key is known for git.example.com and you have requested strict checking.', 'SG3007'],
    ['fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output', 'SG3009'],
    ['error: file write error: Read-only file system', 'SG3009'],
    ["fatal: detected dubious ownership in repository at '/srv/x.git'", 'SG3010'],
    ["error: object 1234: hasDotgit: contains '.git'\nfatal: fsck error in packed object", 'SG3011'],
    [
      'error: git upload-pack: git-pack-objects died with error.\nremote: aborting due to possible repository corruption on the remote side.\nfatal: protocol error: bad pack header',
      'SG3016',
    ],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 301", 'SG3012'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 502", 'SG3016'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 429", 'SG3016'],
    ['error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF', 'SG3017'],
    ['fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF', 'SG3017'],
    ['fatal: the remote end hung up unexpectedly', 'SG3017'],
    [
      "fatal: unable to access 'https://x/': SSL: certificate subject name (a) does not match target host name 'x'",
      'SG3006',
    ],
    ["fatal: unable to access 'https://x/': Problem with the SSL CA cert (path? access rights?)", 'SG3006'],
    [
      "fatal: unable to access 'https://x/': gnutls_handshake() failed: An unexpected TLS packet was received.",
      'SG3006',
    ],
    [
      "fatal: unable to access 'https://x/': gnutls_handshake() failed: The TLS connection was non-properly terminated.",
      'SG3017',
    ],
    [
      "fatal: unable to access 'https://x/': OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to x:443",
      'SG3017',
    ],
    [
      'error: RPC failed; curl 56 OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0',
      'SG3017',
    ],
    ["fatal: unable to access 'https://x/': CONNECT tunnel failed, response 403", 'SG3026'],
    ["fatal: unable to access 'https://x/': CONNECT tunnel failed, response 407", 'SG3026'],
    ["fatal: unable to access 'https://x/': Received HTTP code 407 from proxy after CONNECT", 'SG3026'],
    ["fatal: unable to access 'https://x/': cannot complete SOCKS5 connection to x. (2)", 'SG3026'],
    ["fatal: unable to access 'https://x/': cannot complete SOCKS5 connection to x. (4)", 'SG3002'],
    ["fatal: unable to access 'https://x/': CONNECT tunnel failed, response 502", 'SG3002'],
    ["fatal: unable to access 'http://x/': The requested URL returned error: 407", 'SG3026'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 400", 'SG3027'],
    ['error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413', 'SG3027'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 408", 'SG3016'],
    [
      'ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.',
      'SG3003',
    ],
    [
      'ERROR: This deploy key does not have write access to this project.\nfatal: Could not read from remote repository.',
      'SG3003',
    ],
    [
      'ERROR: Permission to marine/ledger.git denied to bot.\nfatal: Could not read from remote repository.',
      'SG3003',
    ],
    [
      'FATAL: W any ledger deploy DENIED by fallthru\nfatal: Could not read from remote repository.',
      'SG3003',
    ],
    ['fatal: something that git has never said', 'SG3019'],
    ['', 'SG3019'],
  ])('%j is %s', (stderr, code) => {
    expect(explain(stderr).code).toBe(code);
  });

  it('judges by what git says, not by what the repository is called', () => {
    const name = 'https://git.example.com/not-found/timeout/permission-denied.git';
    const stderr = `fatal: unable to access '${name}/': Could not resolve host: git.example.com`;
    const found = explainGit({ ...failure, stderr }, { ...context, names: [name] });
    expect(found.code).toBe('SG3002');
  });

  it('takes whom curl cannot connect to for the proxy, where there is one', () => {
    const stderr =
      "fatal: unable to access 'https://x/': Failed to connect to y port 3128 after 0 ms: Couldn't connect";
    const found = (proxied: boolean) => explainGit({ ...failure, stderr }, { ...context, proxied });
    expect(found(false)).toMatchObject({
      code: 'SG3002',
      message: expect.stringContaining('the server cannot be'),
    });
    expect(found(true)).toMatchObject({
      code: 'SG3002',
      message: expect.stringContaining('the proxy cannot be'),
    });
    expect(found(true).hint).toContain('auth.proxy');
  });

  it('names the host key that was sent, and does not repeat how to forget the pinned one', () => {
    const { code, message } = explain(
      `@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @
The fingerprint for the ED25519 key sent by the remote host is
SHA256:/QBbPCb/hh/IBPGUW4+bXzf9jRVdQVCW6aH+sV4o5mA.
  remove with:
  ssh-keygen -f "known_hosts" -R "x"
Host key verification failed.
fatal: Could not read from remote repository.`,
    );
    expect([code, message]).toEqual([
      'SG3007',
      expect.stringContaining(
        '(git: the ED25519 key sent by the remote host is SHA256:/QBbPCb/hh/IBPGUW4+bXzf9jRVdQVCW6aH+sV4o5mA)',
      ),
    ]);
  });

  it('shows no secret, no user information, no query and no control character (CVE-2023-25163, GHSA-mv6w-j4xc-qpfw)', () => {
    const stderr =
      "fatal: unable to access 'https://user:hunter22@x/?token=abc': \u001b[31mred\u202e said hunter22\u0000\nAuthorization: Basic aHVudGVyMjI=";
    const { message } = explain(stderr);
    for (const hidden of ['hunter22', 'user:', 'token=abc', '\u001b', '\u202e', '\u0000', 'aHVudGVyMjI']) {
      expect(message).not.toContain(hidden);
    }
    expect(message).toContain('unable to access');
  });

  it('keeps what a hostile server says short', () => {
    expect(explain(`remote: ${'\u0001'.repeat(16_000)}`).message.length).toBeLessThan(800);
    expect(explain('x\n'.repeat(8000)).message.length).toBeLessThan(800);
  });

  it('tells how it ended where git said nothing', () => {
    expect(explain('', { code: null, signal: 'SIGSEGV' }).message).toContain('SIGSEGV');
    expect(explain('', { code: null, spawnError: 'ENOENT' })).toMatchObject({
      code: 'SG3001',
      class: 'human',
    });
    expect(explain('', { code: null, stopped: 'timeout', timedOut: true })).toMatchObject({ code: 'SG3008' });
    expect(explain('', { code: null, stopped: 'aborted' })).toMatchObject({ code: 'SG3018' });
    expect(explain('', { code: null, stopped: 'outputLimit' })).toMatchObject({ code: 'SG3019' });
  });

  it('takes what git says of our own mirror for damage, unless the disk is full', () => {
    const local = (stderr: string) => explainGit({ ...failure, stderr }, { ...context, local: true }).code;
    expect(local('fatal: bad object HEAD')).toBe('SG3033');
    expect(local('error: inflate: data stream error (incorrect header check)')).toBe('SG3033');
    expect(local('fatal: write error: No space left on device')).toBe('SG3009');
    expect(local('')).toBe('SG3019');
  });
});
