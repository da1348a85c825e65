/** `http`: what listens where, and who may ask. */
import { describe, expect, it } from 'vitest';
import { codes, config, resolve, write } from './written.ts';

const http = (text: string) => ({ rest: `http: ${text}` });
const tokens = 'auth: {tokenFiles: [token]}';

describe('http', () => {
  it('is nothing where it is not written, and on loopback where it is', () => {
    expect(config().http).toBeUndefined();
    expect(config(http('{}')).http).toEqual({
      web: { host: '127.0.0.1', port: 9640 },
      hooks: null,
      probes: { host: '127.0.0.1', port: 9642 },
      hookSecretFiles: new Map(),
      tokenFiles: [],
      redactDevices: false,
    });
  });

  it('is read as written', () => {
    const written =
      '{web: {listen: "0.0.0.0:80"}, probes: {listen: "off"}, hooks: {listen: "[::1]:0", github: {secretFiles: [a, /b]}, generic: {secretFiles: [c]}}, auth: {tokenFiles: [t, /u]}, redactDevices: true}';
    expect(codes(write(http(written)))).toEqual([]);
    expect(config(http(written)).http).toEqual({
      web: { host: '0.0.0.0', port: 80 },
      hooks: { host: '::1', port: 0 },
      probes: null,
      hookSecretFiles: new Map([
        ['github', ['/etc/snowgate/a', '/b']],
        ['generic', ['/etc/snowgate/c']],
      ]),
      tokenFiles: ['/etc/snowgate/t', '/u'],
      redactDevices: true,
    });
  });

  it('takes localhost for the address that it is everywhere', () => {
    expect(config(http('{web: {listen: "localhost:1"}}')).http?.web).toEqual({ host: '127.0.0.1', port: 1 });
  });

  it.each([
    ['beyond loopback without a token', '{web: {listen: "0.0.0.0:80"}}', ['SG2036']],
    ['beyond loopback in the other family', '{web: {listen: "[::]:80"}}', ['SG2036']],
    ['beyond loopback with a token', `{web: {listen: "0.0.0.0:80"}, ${tokens}}`, []],
    ['on another address of loopback', '{web: {listen: "127.1.2.3:80"}}', []],
    ['beyond loopback, said by name', '{web: {listen: "0.0.0.0:80"}, auth: {required: false}}', ['SG2037']],
    ['not at all, without a token', '{web: {listen: "off"}}', []],
    ['probes beyond loopback', '{probes: {listen: "0.0.0.0:80"}}', []],
    ['one address twice', '{web: {listen: "127.0.0.1:9642"}}', ['SG2035']],
    ['one address twice, by another name', '{web: {listen: "localhost:9642"}}', ['SG2035']],
    ['any free port twice', '{web: {listen: "127.0.0.1:0"}, probes: {listen: "127.0.0.1:0"}}', []],
    ['hooks without a provider', '{hooks: {listen: "127.0.0.1:1"}}', ['SG2038']],
    [
      'hooks of an unknown provider',
      '{hooks: {gitea: {secretFiles: [a]}, gtlab: {secretFiles: [a]}}}',
      ['SG1101'],
    ],
    ['no such address', '{web: {listen: "300.1.1.1:80"}}', ['SG2034']],
    ['no such address of the other family', '{web: {listen: "[1:2]:80"}}', ['SG2034']],
    ['no such port', '{web: {listen: "127.0.0.1:65536"}}', ['SG2034']],
    ['a name', '{web: {listen: "example.com:80"}}', ['SG1105']],
    ['no port', '{web: {listen: "127.0.0.1"}}', ['SG1105']],
    ['three secrets', '{hooks: {github: {secretFiles: [a, b, c]}}}', ['SG1106']],
    ['no secret', '{hooks: {github: {secretFiles: []}}}', ['SG1106']],
    ['a secret of its own', '{hooks: {github: {secret: abc}}}', ['SG1102', 'SG1101']],
  ])('listens %s', (_what, written, wanted) => {
    expect(codes(write(http(written))).sort()).toEqual([...wanted].sort());
  });

  it('points at what is wrong', () => {
    const resolved = resolve(write({ rest: 'http:\n  web:\n    listen: "0.0.0.0:80"' }));
    const problems = resolved.ok ? [] : resolved.problems;
    expect(problems).toMatchObject([{ code: 'SG2036', line: 15, column: 13 }]);
  });
});
