import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findPinnedHost } from '../../src/git/known-hosts.ts';
import { findProgram } from './program.ts';

const dir = mkdtempSync(join(tmpdir(), 'snowgate-test-known-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const file = join(dir, 'known_hosts');

async function find(url: string, text: string): Promise<string> {
  writeFileSync(file, text);
  const found = await findPinnedHost(url, file);
  return found.ok ? found.value : found.fault.code;
}

const keygen = findProgram('ssh-keygen', 'openssh-client');

describe('the pinned host', () => {
  it.each([
    ['git@git.example.com:marine/x.git', `git.example.com ${key}`, 'git.example.com'],
    ['git.example.com:x.git', `# a comment\n\nother,git.example.com ${key}`, 'git.example.com'],
    ['ssh://git@GIT.example.com/x.git', `git.example.com ${key}`, 'git.example.com'],
    ['ssh://git.example.com:22/x.git', `git.example.com ${key}`, 'git.example.com'],
    ['ssh://git@git.example.com:2222/x.git', `[git.example.com]:2222 ${key}`, '[git.example.com]:2222'],
    ['ssh://git@git.example.com:2222/x.git', `git.example.com ${key}`, 'git.example.com'],
    ['ssh://git@[::1]:2222/x.git', `[::1]:2222 ${key}`, '[::1]:2222'],
    ['ssh://git@git.example.com/x.git', `*.example.com ${key}`, 'git.example.com'],
    ['ssh://git@git.example.com/x.git', `@cert-authority *.example.com ${key}`, 'git.example.com'],
    ['ssh://git@git.example.com/x.git', `*.example.com,!git.example.com ${key}`, 'SG7042'],
    ['ssh://git@git.example.com/x.git', `@revoked git.example.com ${key}`, 'SG7042'],
    ['ssh://git@git.example.com/x.git', `[git.example.com]:2222 ${key}`, 'SG7042'],
    ['ssh://git@git.example.com/x.git', `gitxexample.com ${key}`, 'SG7042'],
    ['ssh://git@git.example.com/x.git', 'git.example.com', 'SG7042'],
    ['ssh://git@git.example.com/x.git', '', 'SG7042'],
  ])('of %s in %s is %s', async (url, text, answer) => {
    expect(await find(url, text)).toBe(answer);
  });

  it.skipIf(keygen === null)('is found among hashed names', async () => {
    writeFileSync(file, `git.example.com ${key}\n`);
    execFileSync(keygen ?? '', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(await findPinnedHost('git@git.example.com:x.git', file)).toEqual({
      ok: true,
      value: 'git.example.com',
    });
    expect((await findPinnedHost('git@other.example.com:x.git', file)).ok).toBe(false);
  });
});
