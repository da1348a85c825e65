/** Who may say that somebody pushed: tables of what proves it at each forge, and of all that does not. */
import { describe, expect, it } from 'vitest';
import { type HookProvider, hookProviders } from '../../src/config/config.ts';
import {
  checkSignature,
  isHookSecret,
  mayBeGenuine,
  secretLengthMin,
  timestampToleranceMs,
} from '../../src/http/hook-signature.ts';
import {
  type HeaderTexts,
  hex,
  nextSecret,
  nowSeconds,
  secret,
  signed,
  standard,
  standardSecret,
  startMs,
} from './hook-world.ts';

const body = '{"ref":"refs/heads/main","note":"Stra\u00dfe \ud83d\udea2"}';
const digest = hex(secret, body);

function check(
  provider: HookProvider,
  headers: HeaderTexts,
  secrets: readonly string[] = [secret],
  bytes: string | Uint8Array = body,
  wallMs = startMs,
): string | null {
  const delivery = { headers: new Headers(headers), body: Buffer.from(bytes), wallMs };
  const proof = checkSignature(provider, delivery, secrets);
  if (!secrets.some((one) => isHookSecret(provider, one))) expect(proof).toBeNull();
  // What is proved has not been turned away before.
  if (proof !== null) expect(mayBeGenuine(provider, delivery)).toBe(true);
  return proof?.besides ?? null;
}

/** Whether the body would be read. */
function isRead(provider: HookProvider, headers: HeaderTexts, wallMs = startMs): boolean {
  return mayBeGenuine(provider, { headers: new Headers(headers), wallMs });
}

describe('published examples', () => {
  it('of GitHub and Bitbucket are genuine', () => {
    const key = ["It's a Secret to Everybody"];
    const github = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(check('github', { 'X-Hub-Signature-256': github }, key, 'Hello, World!')).toBe('');
    const bitbucket = 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9';
    expect(check('bitbucket', { 'X-Hub-Signature': bitbucket }, key, 'Hello World!')).toBe('');
  });

  it('of Standard Webhooks is genuine, within five minutes of its time', () => {
    const atMs = 1_614_265_330_000;
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const key = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
    expect(check('gitlab', headers, key, '{"test": 2432232314}', atMs)).toBe('msg_p5jXN8AQM9LWM0D4loKWxJek');
    expect(check('gitlab', headers, key, '{"test": 2432232314}', atMs + timestampToleranceMs + 1)).toBeNull();
  });
});

describe.each(hookProviders)('a delivery of %s', (provider) => {
  it('is genuine by either of two secrets, and by no third', () => {
    const headers = signed(provider, body);
    expect(check(provider, headers)).not.toBeNull();
    expect(check(provider, headers, [secret, nextSecret])).not.toBeNull();
    expect(check(provider, headers, [nextSecret, secret])).not.toBeNull();
    expect(check(provider, headers, ['', secret])).not.toBeNull();
    expect(check(provider, headers, [nextSecret, `${secret}x`, secret])).toBeNull();
  });

  it.each([
    ['no secret', []],
    ['an empty one', ['']],
    ['another one', [nextSecret]],
    ['one with a newline behind it', [`${secret}\n`]],
    ['one in capital letters', [secret.toUpperCase()]],
  ])('proves nothing by %s', (_which, secrets) => {
    expect(check(provider, signed(provider, body), secrets)).toBeNull();
  });

  it('proves nothing without a header', () => {
    expect(check(provider, {})).toBeNull();
    expect(check(provider, {}, [])).toBeNull();
  });

  it.each([1, secretLengthMin - 1])('proves nothing by a secret of %d characters', (length) => {
    const short = 's'.repeat(length);
    expect(check(provider, signed(provider, body, short), [short])).toBeNull();
    expect(check(provider, signed(provider, body, short), [short, secret])).toBeNull();
  });

  it(`is genuine by a secret of ${secretLengthMin} characters, in any letters`, () => {
    for (const just of ['s'.repeat(secretLengthMin), 'Schl\u00fcssel-der-Werft']) {
      const key = provider === 'gitlab' ? Buffer.from(just, 'utf8').toString('latin1') : just;
      expect(check(provider, signed(provider, body, key), [just])).not.toBeNull();
    }
  });

  it('has secrets that are long enough, and others', () => {
    const long = 's'.repeat(secretLengthMin);
    expect(isHookSecret(provider, long)).toBe(true);
    expect(isHookSecret(provider, long.slice(1))).toBe(false);
    expect(isHookSecret(provider, standardSecret)).toBe(true);
    expect(isHookSecret(provider, 'whsec_!!!!!!!!!!!!!!!!')).toBe(provider !== 'gitlab');
  });

  it('proves nothing by what is computed where there is no secret', () => {
    for (const decoy of ['no secret at all', '']) {
      expect(check(provider, signed(provider, body, decoy), [])).toBeNull();
    }
  });

  it('of no bytes is genuine, too', () => {
    expect(check(provider, signed(provider, ''), [secret], '')).not.toBeNull();
  });

  it('has its body read by any digest, without a secret, and not without one', () => {
    expect(isRead(provider, signed(provider, 'another body', nextSecret))).toBe(true);
    expect(isRead(provider, {})).toBe(false);
  });

  it('proves nothing in the headers of the others, which have its body not even read', () => {
    for (const other of hookProviders) {
      if (other === provider) continue;
      expect(isRead(provider, signed(other, body)), other).toBe(false);
      expect(check(provider, signed(other, body)), other).toBeNull();
    }
  });
});

// GitLab's token in clear is no signature: it proves nothing of the body.
describe.each(hookProviders.filter((provider) => provider !== 'gitlab'))('a signature of %s', (provider) => {
  it('proves nothing of another body', () => {
    const headers = signed(provider, body);
    for (const other of [
      `${body} `,
      body.slice(1),
      body.toUpperCase(),
      '',
      JSON.stringify(JSON.parse(body), null, 1),
    ]) {
      expect(check(provider, headers, [secret], other)).toBeNull();
    }
  });
});

describe.each([
  ['github', 'X-Hub-Signature-256', 'sha256='],
  ['bitbucket', 'X-Hub-Signature', 'sha256='],
  ['gitea', 'X-Gitea-Signature', ''],
  ['gitea', 'X-Forgejo-Signature', ''],
] as const)('%s: %s', (provider, name, prefix) => {
  it.each([
    ['as it is', digest],
    ['in capital digits', digest.toUpperCase()],
  ])('proves the body, %s', (_how, digits) => {
    expect(check(provider, { [name]: `${prefix}${digits}` })).toBe('');
  });

  it.each([
    ['one digit short', `${prefix}${digest.slice(0, -1)}`],
    ['one byte short', `${prefix}${digest.slice(0, -2)}`],
    ['one digit too long', `${prefix}${digest}0`],
    ['no hex', `${prefix}${'g'.repeat(64)}`],
    ['empty', ''],
    ['its prefix alone', prefix],
    ['of another algorithm', `sha1=${digest}`],
    ['of an algorithm in capital letters', `SHA256=${digest}`],
    ['with its prefix twice', `sha256=sha256=${digest}`],
    ['quoted', `${prefix}"${digest}"`],
    ['in base64', `${prefix}${Buffer.from(digest, 'hex').toString('base64')}`],
    ['by the secret itself', secret],
  ])('%s proves nothing, and the body is not read', (_how, value) => {
    expect(check(provider, { [name]: value })).toBeNull();
    expect(isRead(provider, { [name]: value })).toBe(false);
  });

  it.each([
    ['with one wrong digit', `${prefix}${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`],
    ['all zeros', `${prefix}${'0'.repeat(64)}`],
  ])('%s proves nothing by any body', (_how, value) => {
    expect(check(provider, { [name]: value })).toBeNull();
    expect(isRead(provider, { [name]: value })).toBe(true);
  });

  it('that is sent twice proves nothing', () => {
    const value = `${prefix}${digest}`;
    expect(
      check(provider, [
        [name, value],
        [name, value],
      ]),
    ).toBeNull();
    expect(
      check(provider, [
        [name, 'x'],
        [name, value],
      ]),
    ).toBeNull();
  });
});

describe('Gitea and Forgejo', () => {
  it('sign with either header, and by no other', () => {
    const wrong = '0'.repeat(64);
    expect(check('gitea', { 'X-Gitea-Signature': wrong, 'X-Forgejo-Signature': digest })).toBe('');
    expect(check('gitea', { 'X-Gitea-Signature': digest, 'X-Forgejo-Signature': wrong })).toBe('');
    expect(check('gitea', { 'X-Hub-Signature-256': `sha256=${digest}` })).toBeNull();
    expect(check('gitea', { 'X-Gitea-Signature': `sha256=${digest}` })).toBeNull();
    expect(check('gitea', { 'X-Gogs-Signature': digest })).toBeNull();
  });

  it('do not sign the form that they send', () => {
    const form = new URLSearchParams({ payload: body }).toString();
    expect(check('gitea', { 'X-Gitea-Signature': digest }, [secret], form)).toBeNull();
  });
});

describe('the generic signature', () => {
  const at = (time: string, signedTime = time): Record<string, string> => ({
    ...signed('generic', body, secret, signedTime),
    'X-Snowgate-Timestamp': time,
  });
  const off = (seconds: number): string => String(startMs / 1_000 + seconds);

  it.each([0, 300, -300])('of %d seconds from now is genuine', (seconds) => {
    expect(check('generic', at(off(seconds)))).toBe(off(seconds));
  });

  it.each([
    ['too old', off(-301)],
    ['too new', off(301)],
    ['in milliseconds', String(startMs)],
    ['empty', ''],
    ['negative', '-1'],
    ['with a fraction', `${nowSeconds}.0`],
    ['in another writing', '0x6a02f0c0'],
    ['an instant', '2026-11-23T12:00:00Z'],
    ['endless', '9'.repeat(400)],
  ])('whose time is %s proves nothing, and the body is not read', (_how, time) => {
    expect(check('generic', at(time))).toBeNull();
    expect(isRead('generic', at(time))).toBe(false);
  });

  it('proves nothing of another time than the signed one', () => {
    expect(check('generic', at(nowSeconds, off(-600)))).toBeNull();
    expect(check('generic', at(`0${nowSeconds}`, nowSeconds))).toBeNull();
    expect(check('generic', { 'X-Snowgate-Signature': `sha256=${digest}` })).toBeNull();
    const unstamped = { 'X-Snowgate-Signature': `sha256=${digest}`, 'X-Snowgate-Timestamp': nowSeconds };
    expect(check('generic', unstamped)).toBeNull();
  });
});

describe("GitLab's signature", () => {
  const id = 'd1e8f0a2-6f1c-4000-8000-000000000001';
  const good = standard(standardSecret, id, nowSeconds, body);
  const headers = { 'webhook-id': id, 'webhook-timestamp': nowSeconds, 'webhook-signature': good };

  it('proves body, time and id', () => {
    expect(check('gitlab', headers, [standardSecret])).toBe(id);
    expect(check('gitlab', headers, [secret, standardSecret])).toBe(id);
    expect(check('gitlab', headers, [standardSecret], `${body} `)).toBeNull();
    expect(check('gitlab', { ...headers, 'webhook-id': 'other' }, [standardSecret])).toBeNull();
    const later = String(startMs / 1_000 + 1);
    expect(check('gitlab', { ...headers, 'webhook-timestamp': later }, [standardSecret])).toBeNull();
  });

  it('may be one of several, within bounds', () => {
    const bad = `v1,${Buffer.alloc(32, 7).toString('base64')}`;
    const list = (text: string): string | null =>
      check('gitlab', { ...headers, 'webhook-signature': text }, [standardSecret]);
    expect(list(`${bad} ${good}`)).toBe(id);
    expect(list(`v1a,zzz ${good} ${bad}`)).toBe(id);
    expect(list(`${`${bad} `.repeat(7)}${good}`)).toBe(id);
    expect(list(`${`${bad} `.repeat(8)}${good}`)).toBeNull();
    expect(list(`${good},${good}`)).toBeNull();
  });

  it.each([
    ['v2', good.replace('v1,', 'v2,')],
    ['v1a', good.replace('v1,', 'v1a,')],
    ['no version', good.replace('v1,', '')],
    ['a cut digest', good.slice(0, -4)],
    ['hex', `v1,${Buffer.from(good.slice(3), 'base64').toString('hex')}`],
    ['nothing', ''],
  ])('as %s proves nothing, and the body is not read', (_how, text) => {
    expect(check('gitlab', { ...headers, 'webhook-signature': text }, [standardSecret])).toBeNull();
    expect(isRead('gitlab', { ...headers, 'webhook-signature': text })).toBe(false);
  });

  it.each([
    ['as text', standardSecret.slice('whsec_'.length)],
    ['too short', `whsec_${Buffer.alloc(secretLengthMin - 1, 1).toString('base64')}`],
    ['empty', 'whsec_'],
    ['no base64', 'whsec_!!!!!!!!!!!!!!!!!!!!!!!!'],
  ])('by a secret that is %s proves nothing', (_how, key) => {
    const made = standard(`whsec_${key.replace('whsec_', '')}`, id, nowSeconds, body);
    expect(check('gitlab', { ...headers, 'webhook-signature': made }, [key])).toBeNull();
  });

  it('cannot be cut otherwise: neither id nor time may hold a full stop', () => {
    // What was signed, read as another id, a time of today and the rest of the body.
    const old = String(startMs / 1_000 - 86_400);
    const text = `{"message":"1.${nowSeconds}.2"}`;
    const recorded = standard(standardSecret, 'x', old, text);
    const moved = {
      'webhook-id': `x.${old}.{"message":"1`,
      'webhook-timestamp': nowSeconds,
      'webhook-signature': recorded,
    };
    expect(standard(standardSecret, moved['webhook-id'], nowSeconds, '2"}')).toBe(recorded);
    expect(check('gitlab', moved, [standardSecret], '2"}')).toBeNull();
  });

  it('and the token are two things: neither secret serves for the other', () => {
    expect(check('gitlab', { 'X-Gitlab-Token': standardSecret }, [standardSecret])).toBeNull();
    const byText = `v1,${Buffer.from(hex(secret, `${id}.${nowSeconds}.`, body), 'hex').toString('base64')}`;
    expect(check('gitlab', { ...headers, 'webhook-signature': byText }, [secret])).toBeNull();
    const both = { ...headers, 'X-Gitlab-Token': secret };
    expect(check('gitlab', both, [secret])).toBe('');
    expect(check('gitlab', both, [secret, standardSecret])).toBe(id);
  });
});

describe("GitLab's token", () => {
  it('has the body read where it is long enough, whatever stands beside it', () => {
    expect(isRead('gitlab', { 'X-Gitlab-Token': 't'.repeat(secretLengthMin - 1) })).toBe(false);
    const token = { 'X-Gitlab-Token': 't'.repeat(secretLengthMin) };
    expect(isRead('gitlab', token)).toBe(true);
    expect(isRead('gitlab', { ...token, 'webhook-id': '.', 'webhook-signature': 'v1,x' })).toBe(true);
  });

  it.each([
    ['cut', secret.slice(0, -1)],
    ['longer', `${secret}x`],
    ['in capital letters', secret.toUpperCase()],
    ['empty', ''],
    ['its digest', hex(secret, '')],
  ])('proves nothing when it is %s', (_how, token) => {
    expect(check('gitlab', { 'X-Gitlab-Token': token })).toBeNull();
  });

  it('that is sent twice proves nothing', () => {
    expect(
      check('gitlab', [
        ['X-Gitlab-Token', secret],
        ['X-Gitlab-Token', secret],
      ]),
    ).toBeNull();
  });
});
