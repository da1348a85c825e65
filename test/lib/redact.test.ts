import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, redactShapes } from '../../src/lib/redact.ts';

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

describe('redaction by value', () => {
  it('hides a registered value wherever it stands, plain, percent-encoded or in JSON', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4, maxLength: 60 }),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          fc.pre(secret.trim().length >= 4 && !'[redacted]'.includes(secret.trim()));
          const redactor = createRedactor();
          redactor.register(secret);
          for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret)]) {
            const shown = redactor.redact(`${before}${form}${after}`);
            // What stands around it may repeat a part of the secret, never the whole.
            expect(shown.replaceAll('[redacted]', '\u0000')).not.toContain(secret);
          }
        },
      ),
    );
  });

  it('hides a value that contains another whole', () => {
    const redactor = createRedactor();
    redactor.register('short');
    redactor.register('short-and-long');
    expect(redactor.redact('x short-and-long y short z')).toBe('x [redacted] y [redacted] z');
  });

  it('hides a value read from a file with its final newline', () => {
    const redactor = createRedactor();
    redactor.register(`${canary}\n`);
    expect(redactor.redact(`is ${canary}`)).toBe('is [redacted]');
  });

  it('does not take values so short that hiding them would garble every line', () => {
    const redactor = createRedactor();
    redactor.register('a');
    redactor.register('');
    expect(redactor.redact('banana')).toBe('banana');
  });
});
