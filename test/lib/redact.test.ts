import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, type Redactor, redactShapes } from '../../src/lib/redact.ts';

const canary = 'c4n4ryC4N4RY';
const secretKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE7';

const shapes: readonly (readonly [string, string])[] = [
  ['userinfo in a URL', `fatal: unable to access 'https://user:${canary}@git.example.com/x.git/'`],
  ['a token as user name', `https://${canary}@git.example.com/x.git`],
  ['a password with an at sign', `https://user:p@${canary}@git.example.com/x`],
  ['a password with a slash', `https://user:p/${canary}@git.example.com/x`],
  ['a query', `GET https://git.example.com/x?token=${canary}&b=1 failed`],
  ['a bearer header', `Authorization: Bearer ${canary}`],
  ['a basic header', `> authorization: Basic ${canary}==`],
  ['a bearer word', `sent bearer ${canary}`],
  ['a signature header', `"Authorization":"AWS4-HMAC-SHA256 Credential=X/2026, Signature=${canary}"`],
  ['a GitLab header', `PRIVATE-TOKEN: ${canary}`],
  ['a session token header', `x-amz-security-token: ${canary}`],
  ['a password in a setting', `password=${canary} next`],
  ['a secret key in JSON', `{"SecretAccessKey": "${canary}"}`],
  ['a secret key in XML', `<SecretAccessKey>${canary}</SecretAccessKey>`],
  ['a secret key in an ini file', `aws_secret_access_key = ${canary}`],
  ['a GitHub token', `remote: ghp_${canary}${canary}`],
  ['a GitHub fine-grained token', `github_pat_11${canary}_${canary}`],
  ['a GitHub app token', `x ghs_${canary}${canary} y`],
  ['a GitLab token', `glpat-${canary}${canary}`],
  ['a private key', `-----BEGIN OPENSSH PRIVATE KEY-----\n${canary}\n-----END OPENSSH PRIVATE KEY-----`],
  ['a private key cut short', `-----BEGIN PRIVATE KEY-----\n${canary}`],
];

const harmless: readonly string[] = [
  'commit 0123456789abcdef0123456789abcdef01234567',
  'token 3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea',
  'https://git.example.com/marine/snow-tasks.git',
  'tasks/north-sea/unlock-aurora-2026-11.yaml:12:3: error SG1203',
  'arn:aws:iam::111122223333:role/snowgate',
  'Basic authentication required',
  'git@git.example.com:marine/tasks.git',
];

describe('redaction by shape', () => {
  it.each(shapes)('hides %s', (_name, text) => {
    const shown = redactShapes(text);
    expect(shown).not.toContain(canary);
    expect(shown).toContain('[redacted]');
  });

  it.each([
    ['an access key id', 'AKIAIOSFODNN7EXAMPLE'],
    ['a temporary access key id', 'ASIAIOSFODNN7EXAMPLE'],
    ['a secret access key by itself', secretKey],
    ['a session token by its beginning', `IQoJb3JpZ2luX2Vj${'A1'.repeat(40)}`],
  ])('hides %s', (_name, secret) => {
    expect(redactShapes(`key ${secret} end`)).toBe('key [redacted] end');
  });

  it.each(harmless)('leaves %j alone', (text) => {
    expect(redactShapes(text)).toBe(text);
  });

  it.each([
    ...[
      'proxy-authorization: ',
      'X-Amz-Security-Token=',
      'set-cookie: ',
      'cookie: ',
      'secretAccessKey: ',
      'secret_access_key = ',
      'SessionToken="',
      'session_token=',
      'access_token=',
      'refresh_token=',
      'private_token=',
      'CLIENT_SECRET=',
      'passwd: ',
      'passphrase: ',
      '<SessionToken>',
    ].map((before) => before + canary),
    ...['ABIA', 'ACCA'].map((begin) => begin + 'C4N4RY42'.repeat(2)),
    ...['IQoJ', 'FwoG', 'FQoG'].map((begin) => begin + canary.repeat(4)),
    ...['ghp', 'gho', 'ghu', 'ghs', 'ghr'].map((begin) => `${begin}_${canary}${canary}`),
    ...['pat', 'dt', 'rt', 'cbt', 'ptt', 'ft', 'imt', 'agent', 'oas', 'soat', 'ffct'].map(
      (kind) => `gl${kind}-${canary}${canary}`,
    ),
    ...['ATBB', 'ATCTT3', 'ATATT3'].map((begin) => begin + canary + canary),
  ])('hides what is secret of %j, with no other sign beside it', (text) => {
    const shown = redactShapes(`x ${text} y`);
    expect(shown).toContain('[redacted]');
    expect(shown).not.toMatch(/c4n4ry/i);
  });

  it('hides a query however long the path before it, and no further', () => {
    const path = 'p/'.repeat(3_000);
    expect(redactShapes(`see https://host/${path}?a=1?b#c and why?`)).toBe(
      `see https://host/${path}?[redacted]#c and why?`,
    );
  });

  it('does bounded work on texts made to be slow', () => {
    for (const piece of [
      '://',
      'a://',
      '?',
      'basic ',
      'password=',
      '-----BEGIN PRIVATE KEY-----',
      '://a:',
      'A1',
    ]) {
      expect(redactShapes(piece.repeat(200_000)).length).toBeLessThanOrEqual(1_000_000);
    }
  });
});

/** Ways to write a value into another text, as programs and servers do it. */
const encodings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => JSON.stringify(text).slice(1, -1).split('/').join('\\/'),
  encodeURIComponent,
  (text) => lowerHex(encodeURIComponent(text)),
  encodeURI,
  (text) => lowerHex(encodeURI(text)),
];

/** Each percent-encoded character with the letters that others write it with. */
function lowerHex(encoded: string): string {
  const [begin = '', ...rest] = encoded.split('%');
  return [begin, ...rest.map((one) => one.slice(0, 2).toLowerCase() + one.slice(2))].join('%');
}

/** Register and search as plainly as can be: every place of every form, character by character. */
function hideNaively(text: string, secrets: readonly string[]): string {
  const isHidden = new Array<boolean>(text.length).fill(false);
  for (const secret of secrets.flatMap((one) => [one, one.trim()])) {
    if (secret.length < 4) continue;
    for (const form of encodings.map((encode) => encode(secret))) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1))
        isHidden.fill(true, at, at + form.length);
    }
  }
  const units = Array.from({ length: text.length }, (_, at) =>
    isHidden[at] !== true ? text[at] : isHidden[at - 1] === true ? '' : '[redacted]',
  );
  return redactShapes(units.join(''));
}

function redactorOf(...secrets: readonly string[]): Redactor {
  const redactor = createRedactor();
  for (const [index, secret] of secrets.entries()) redactor.register(secret, `file ${index}`);
  return redactor;
}

/** Two letters, so that secrets begin, end and contain one another; and characters that a pattern or an encoding minds. */
const hostileSecret = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('a', 'b', '.', '*', '(', '[', '\\', '$', '^', '|', '"', '%', '/', ' ', 'é'),
    minLength: 1,
    maxLength: 9,
  }),
);

describe('redaction by value', () => {
  it('hides every character of every form of every value, as a plain search finds them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(hostileSecret, fc.string({ minLength: 4, maxLength: 60 })), { maxLength: 40 }),
        fc.array(fc.oneof(fc.nat(39), fc.string({ maxLength: 8 }), hostileSecret), { maxLength: 12 }),
        fc.constantFrom(...encodings),
        (secrets, pieces, encode) => {
          const text = pieces
            .map((piece) => (typeof piece === 'string' ? piece : encode(secrets[piece] ?? '')))
            .join('');
          const shown = redactorOf(...secrets).redact(text);
          expect(shown).toBe(hideNaively(text, secrets));
          for (const part of shown.split('[redacted]'))
            for (const secret of secrets) expect(secret.length >= 4 && part.includes(secret)).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('knows hundreds of values that begin alike', () => {
    const secrets = Array.from({ length: 600 }, (_, index) => `IQoJb3JpZ2lu/${index}/${'a'.repeat(20)}`);
    const redactor = redactorOf(...secrets);
    for (const secret of secrets) expect(redactor.redact(`is ${secret}!`)).toBe('is [redacted]!');
    expect(redactor.redact('is IQoJb3JpZ2lu/600/')).toBe('is IQoJb3JpZ2lu/600/');
  });

  it.each([
    ['a value that contains another', ['short', 'short-and-long'], 'x short-and-long y short z'],
    ['values that overlap', ['abcX', 'Xdef'], 'x abcXdef y abcX z'],
    ['a value that overlaps itself', ['abab'], 'x ababab y abab z'],
    ['one found after its middle', ['1234zz', '2345zz', '3456', '12345678'], 'x 12345678 y 3456 z'],
    ['values that touch', ['first', 'second'], 'x firstsecond y second z'],
    ['a value with characters of a pattern', ['(a+)+$|[x'], 'x (a+)+$|[x y (a+)+$|[x z'],
    ['a value read with its final newline', [`${canary}\n`], `x ${canary} y ${canary} z`],
  ])('hides whole: %s', (_what, secrets, text) => {
    expect(redactorOf(...secrets).redact(text)).toBe('x [redacted] y [redacted] z');
  });

  it.each([
    ['plain', 'p/q "s" ü?'],
    ['in JSON', String.raw`p/q \"s\" ü?`],
    ['in JSON of PHP', String.raw`p\/q \"s\" ü?`],
    ['percent-encoded', 'p%2Fq%20%22s%22%20%C3%BC%3F'],
    ['percent-encoded by others', 'p%2fq%20%22s%22%20%c3%bc%3f'],
    ['as a path', 'p/q%20%22s%22%20%C3%BC?'],
    ['as a path by others', 'p/q%20%22s%22%20%c3%bc?'],
  ])('hides a value until it is forgotten: %s', (_how, written) => {
    const redactor = redactorOf();
    redactor.register('p/q "s" ü?', 'a file');
    expect(redactor.redact(`x ${written} y`)).toBe('x [redacted] y');
    for (let index = 0; index < 33; index += 1) redactor.register(`token ${index}`, 'a file');
    expect(redactor.redact(`x ${written} y`)).toBe(`x ${written} y`);
  });

  it('hides a value that is all of a text, whatever it begins with', () => {
    expect(redactorOf('\0\0\0\0x').redact('\0\0\0\0x')).toBe('[redacted]');
  });

  it('hides a value that stands where a long text is cut', () => {
    const shown = redactorOf(canary).redact(`${'x '.repeat(32_765)}${canary}`);
    expect(shown).toHaveLength(65_536);
    expect(shown.slice(-8)).toBe('x [redac');
  });

  it('does not take values so short that hiding them would garble every line', () => {
    expect(redactorOf('a', '', 'abc').redact('banana abc')).toBe('banana abc');
  });
});

describe('what is remembered', () => {
  it('is what each source gave last, however often another gives something new', () => {
    const redactor = redactorOf(canary);
    for (let index = 0; index < 5_000; index += 1) redactor.register(`session-${index}-end`, 'a session');
    expect(redactor.redact(`x ${canary} session-4999-end`)).toBe('x [redacted] [redacted]');
  });

  it('is a value until its source has given 32 others', () => {
    const redactor = redactorOf();
    redactor.register(canary, 'a session');
    for (let index = 0; index < 32; index += 1) redactor.register(`session-${index}-end`, 'a session');
    expect(redactor.redact(canary)).toBe('[redacted]');
    redactor.register('the last straw', 'a session');
    expect(redactor.redact(canary)).toBe(canary);
    expect(redactor.redact('session-0-end')).toBe('[redacted]');
  });

  it('is a value for as long as it comes up again, and once it does', () => {
    const redactor = redactorOf();
    for (let index = 0; index < 100; index += 1) {
      redactor.register(canary, 'a session');
      redactor.register(`session-${index}-end`, 'a session');
    }
    expect(redactor.redact(canary)).toBe('[redacted]');
  });

  it('is a value of two sources until both have forgotten it', () => {
    const redactor = redactorOf();
    const others = (source: string): void => {
      for (let index = 0; index < 40; index += 1) redactor.register(`${source} gives ${index}`, source);
    };
    redactor.register(canary, 'one');
    redactor.register(canary, 'two');
    others('one');
    expect(redactor.redact(canary)).toBe('[redacted]');
    others('two');
    expect(redactor.redact(canary)).toBe(canary);
  });
});
